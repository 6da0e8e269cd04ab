"""At the door: the code on the screen, scanning it, typing it, and the personal code."""

from __future__ import annotations

import datetime as dt
from typing import Any

import segno
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from enrollment.requests import AuthenticatedHttpRequest
from practicum import reports, tickets
from practicum.actions import attendance as actions
from practicum.actions.attendance import CheckinResult
from practicum.models import Attendance, Direction, Session, new_nonce
from practicum.rules.code import IN, OUT, WINDOW_SECONDS, code_at, direction_of
from practicum.views.access import run_session, trainee_of

#: Codes handed to the screen at a time: this window's and the next two, so that it goes on through a short
#: loss.
CODES_AHEAD = 3
NAMES_SHOWN = 12


def qr_svg(text: str) -> str:
    """A QR code as an inline drawing that scales to its frame."""
    code: str = segno.make_qr(text, error="m").svg_inline(
        omitsize=True, border=2, svgclass="qr", lineclass=None
    )
    return code


# --- The screen ------------------------------------------------------------------------------------------


@login_required
@never_cache
def code_screen(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Full screen: a large QR code, the same in digits, who has arrived."""
    session = run_session(request, pk)
    now = timezone.now()
    direction = request.GET.get("direction") or (OUT if now >= _middle(session) else IN)
    direction = OUT if direction == OUT else IN
    context = {
        "session": session,
        "direction": direction,
        "state": _state(request, session, direction, now),
        "state_url": f"{reverse('practicum:code_state', args=[session.pk])}?direction={direction}",
        "is_open": reports.is_open(session, now),
    }
    return render(request, "practicum/code_screen.html", context)


@login_required
@never_cache
def code_state(request: AuthenticatedHttpRequest, pk: int) -> JsonResponse:
    """What the screen asks for every few seconds."""
    session = run_session(request, pk)
    direction = OUT if request.GET.get("direction") == OUT else IN
    return JsonResponse(_state(request, session, direction, timezone.now()))


def _middle(session: Session) -> dt.datetime:
    return session.starts_at + (session.ends_at - session.starts_at) / 2


def _state(request: HttpRequest, session: Session, direction: str, now: dt.datetime) -> dict[str, Any]:
    codes = []
    for ahead in range(CODES_AHEAD):
        code = code_at(
            secret=session.secret,
            session_id=session.pk,
            direction=direction,
            moment=now + dt.timedelta(seconds=ahead * WINDOW_SECONDS),
        )
        address = request.build_absolute_uri(reverse("practicum:scan", args=[session.pk, code.digits]))
        codes.append(
            {
                "digits": code.digits,
                "from": code.shown_from.timestamp(),
                "until": code.shown_until.timestamp(),
                "qr": qr_svg(address),
            }
        )
    counted = reports.tally(session)
    return {
        "now": now.timestamp(),
        "window": WINDOW_SECONDS,
        "open": reports.is_open(session, now),
        "codes": codes,
        "expected": counted.expected,
        "done": counted.signed_out if direction == OUT else counted.signed_in,
        "names": list(reports.latest_arrivals(session, direction, NAMES_SHOWN)),
    }


# --- The phone -------------------------------------------------------------------------------------------


@require_GET
@never_cache
def scan(request: HttpRequest, pk: int, digits: str) -> HttpResponse:
    """Where the QR code leads.

    A good code becomes a ticket, then the person signs in (if need be) and confirms.
    """
    session = get_object_or_404(Session, pk=pk)
    now = timezone.now()
    direction = direction_of(digits, secret=session.secret, session_id=session.pk, now=now)
    if direction is None:
        return render(request, "practicum/scan_late.html", {"session": session}, status=410)
    response = redirect("practicum:checkin", pk=session.pk)
    response.set_cookie(
        tickets.COOKIE,
        tickets.issue(session_id=session.pk, direction=direction, now=now),
        max_age=int(tickets.LIFETIME.total_seconds()),
        path=tickets.COOKIE_PATH,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


@login_required
@never_cache
def checkin(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Confirm a scan, or type the code. Sent as JSON it is answered in JSON."""
    if request.method == "POST":
        return _check_in(request, pk)
    sessions = Session.objects.with_place().attended_by(request.user)
    session = sessions.filter(pk=pk).first()
    ticket = _ticket(request, pk)
    if session is None and ticket is None:
        raise Http404
    session = session or get_object_or_404(Session.objects.with_place(), pk=pk)
    done = Attendance.objects.filter(session=session, trainee__user=request.user).first()
    context = {
        "session": session,
        "ticket": ticket,
        "attendance": done,
        "nonce": ticket.nonce if ticket else new_nonce(),
        "is_open": reports.is_open(session, timezone.now()),
    }
    return render(request, "practicum/checkin.html", context)


def _ticket(request: HttpRequest, pk: int) -> tickets.Ticket | None:
    text = request.COOKIES.get(tickets.COOKIE)
    return tickets.read(text, session_id=pk, now=timezone.now()) if text else None


def _check_in(request: HttpRequest, pk: int) -> HttpResponse:
    digits = request.POST.get("code", "").replace(" ", "")
    ticket = None if digits else _ticket(request, pk)
    try:
        result = actions.check_in_self(
            session_id=pk,
            user=request.user,
            nonce=ticket.nonce if ticket else request.POST.get("nonce", "")[:64] or new_nonce(),
            now=timezone.now(),
            digits=digits,
            scanned=(ticket.direction, ticket.scanned_at) if ticket else None,
        )
    except Session.DoesNotExist as error:
        raise Http404 from error
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse(_told(result), status=200 if result.is_done else 409)
    context = {"result": result, "session_id": pk, "nonce": new_nonce()}
    return render(request, "practicum/checked_in.html", context, status=200 if result.is_done else 409)


def _told(result: CheckinResult) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "outcome": result.outcome,
        "direction": result.direction,
        "at": result.at.isoformat(),
    }
    if result.refusal is not None:
        answer["code"] = result.refusal.code
        answer["message"] = str(result.refusal)
    return answer


@login_required
@never_cache
def enter(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Type the six digits; the session they belong to is found among one's own that are open now."""
    now = timezone.now()
    trainee_of(request.user)
    window = dt.timedelta(hours=4)
    sessions = [
        session
        for session in Session.objects.attended_by(request.user)
        .held_between(now - window, now + window)
        .standing()
        .with_place()
        if reports.is_open(session, now)
    ]
    if request.method == "POST":
        digits = request.POST.get("code", "").replace(" ", "")
        for session in sessions:
            if direction_of(digits, secret=session.secret, session_id=session.pk, now=now) is not None:
                return _check_in(request, session.pk)
        if sessions:
            # A wrong code is refused, counted and kept like any other.
            return _check_in(request, sessions[0].pk)
    context = {"sessions": sessions, "nonce": new_nonce(), "was_sent": request.method == "POST"}
    return render(request, "practicum/enter.html", context)


@login_required
@never_cache
def my_code(request: AuthenticatedHttpRequest) -> HttpResponse:
    """One's own QR code, for staff or a host to scan."""
    trainee = trainee_of(request.user)
    drawing = mark_safe(qr_svg(tickets.personal_code(trainee)))  # noqa: S308 -- drawn here, from a signed number
    return render(request, "practicum/my_code.html", {"trainee": trainee, "qr": drawing})


# --- Staff with a camera -----------------------------------------------------------------------------------


@login_required
@never_cache
def scanner(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Scan personal codes with the camera of a phone."""
    session = run_session(request, pk)
    direction = OUT if request.GET.get("direction") == OUT else IN
    counted = reports.tally(session)
    context = {"session": session, "direction": direction, "tally": counted}
    return render(request, "practicum/scanner.html", context)


@login_required
@require_POST
def scanned(request: AuthenticatedHttpRequest, pk: int) -> JsonResponse:
    """One scan of the camera: who it was and what became of it."""
    session = run_session(request, pk)
    person = tickets.person_of(request.POST.get("code", ""))
    if person is None:
        return JsonResponse(
            {"outcome": "refused", "message": _("This is not a personal code of the academy.")}, status=400
        )
    direction = Direction.OUT if request.POST.get("direction") == OUT else Direction.IN
    nonce = request.POST.get("nonce", "")[:64]
    if not nonce:
        raise PermissionDenied
    result = actions.check_in(
        session=session,
        trainee=person,
        direction=direction,
        source="personal",
        nonce=nonce,
        now=timezone.now(),
        actor=request.user,
    )
    answer = _told(result)
    known = Q(pk=person) | Q(merged_records=person)
    expected = session.expected().filter(known).values_list("name", flat=True).first()
    # Somebody who is not expected here is not named to the host.
    answer["name"] = expected or ""
    return JsonResponse(answer, status=200 if result.is_done else 409)
