"""Open sessions: what is open, how seats are shared, booking for an organization, seats that stayed empty."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from cms.refusals import Refused
from enrollment.models import Organization, Trainee
from enrollment.requests import AuthenticatedHttpRequest
from practicum import reports_seats
from practicum.actions import bookings, missed_seats
from practicum.actions.seat_terms import set_terms
from practicum.forms_seats import AppealAnswerForm, AppealForm, HoldForm, PeopleFilterForm, SeatTermsForm
from practicum.models import (
    Audience,
    Booking,
    MissedSeat,
    MissedStatus,
    SeatHold,
    SeatTerms,
    Session,
    WaitingParty,
    WaitingPerson,
)
from practicum.models.seat_counts import rules_of
from practicum.views.access import visible_session

#: So many people are listed for choosing; a name finds the others.
MOST_PEOPLE = 60


def _crumbs(session: Session | None = None) -> list[dict[str, str]]:
    found = [{"label": _("Schedule"), "url": reverse("practicum:schedule")}]
    if session is not None:
        found.append({"label": _("Open visits"), "url": reverse("practicum:open_visits")})
        found.append({"label": session.title, "url": reverse("practicum:session", args=[session.pk])})
    return found


def _open_session(request: AuthenticatedHttpRequest, pk: int) -> Session:
    session = visible_session(request, pk)
    if not session.is_open or session.audience != Audience.BOOKINGS:
        raise Http404
    return session


@login_required
@require_safe
def open_visits(request: AuthenticatedHttpRequest) -> HttpResponse:
    """What has seats to book, the nearest first."""
    rows = reports_seats.open_to(request.user, timezone.now())
    context = {
        "rows": rows,
        "may_send": bool(request.user.scope.everything or request.user.scope.managed_paths),
        "crumbs": _crumbs(),
    }
    return render(request, "practicum/open_visits.html", context)


@login_required
def seats(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """How seats are shared, for everybody; staff say how, and see who comes."""
    session = _open_session(request, pk)
    manages = Session.objects.manageable_by(request.user).filter(pk=pk).exists()
    if request.method == "POST" and not manages:
        raise Http404
    terms = SeatTerms.objects.filter(session=session).first() or SeatTerms(session=session)
    form = SeatTermsForm(request.POST or None, instance=terms)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            set_terms(session=session, rules=form.instance.rules, now=timezone.now(), actor=request.user)
            messages.success(request, _("The seats are shared like this from now on."))
            return redirect("practicum:seats", pk=pk)
        status = 422
    rows = Booking.objects.booked().filter(session=session).select_related("trainee__home_organization")
    context = {
        "session": session,
        "plan": reports_seats.seat_plan(session, timezone.now()),
        "manages": manages,
        "form": form,
        "booked": list(rows) if manages else [],
        "crumbs": _crumbs(session),
    }
    return render(request, "practicum/seats.html", context, status=status)


@login_required
def seat_people(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Seats for several of one's people at once: booked, waited for, or kept without names."""
    session = _open_session(request, pk)
    scope = request.user.scope
    if not (scope.everything or scope.managed_paths):
        raise Http404
    organizations = Organization.objects.manageable_by(request.user).order_by("path")
    people = Trainee.objects.manageable_by(request.user).active()
    hold_form = HoldForm(
        request.POST if "hold" in request.POST else None,
        organizations=organizations,
        initial={"organization": organizations.first()},
    )
    status, chosen = 200, set(request.POST.getlist("people"))
    if request.method == "POST":
        try:
            told = _deed(request, session, people, hold_form)
        except Refused as refused:
            messages.error(request, refused.sentence)
            status = 409
        else:
            if told:
                messages.success(request, told)
                return redirect("practicum:seat_people", pk=pk)
            status = 422
    now = timezone.now()
    search = PeopleFilterForm(request.GET)
    text = search.cleaned_data["q"].strip() if search.is_valid() else ""
    narrowed = people.filter(name__icontains=text) if text else people
    booked = set(Booking.objects.booked().filter(session=session).values_list("trainee", flat=True))
    waiting = set(
        WaitingPerson.objects.filter(
            party__in=WaitingParty.objects.waiting().filter(session=session)
        ).values_list("trainee", flat=True)
    )
    listed = list(
        narrowed.select_related("home_organization").order_by("home_organization__path", "name", "pk")[
            : MOST_PEOPLE + 1
        ]
    )
    context = {
        "session": session,
        "plan": reports_seats.seat_plan(session, now),
        "people": [
            {"person": one, "is_booked": one.pk in booked, "is_waiting": one.pk in waiting,
             "is_chosen": str(one.pk) in chosen}
            for one in listed[:MOST_PEOPLE]
        ],
        "is_cut": len(listed) > MOST_PEOPLE,
        "search": search,
        "hold_form": hold_form,
        "holds": list(
            SeatHold.objects.holding(now)
            .filter(session=session, organization__in=organizations)
            .select_related("organization")
        ),
        "crumbs": _crumbs(session),
    }  # fmt: skip
    return render(request, "practicum/seat_people.html", context, status=status)


def _deed(request: AuthenticatedHttpRequest, session: Session, people: Any, hold_form: HoldForm) -> str:
    """Do what the button says; what was done, in words."""
    now, actor = timezone.now(), request.user
    if "hold" in request.POST:
        if not hold_form.is_valid():
            return ""
        kept = bookings.hold(session=session, now=now, actor=actor, **hold_form.cleaned_data)
        until = f"{timezone.localtime(kept.expires_at):%Y-%m-%d %H:%M}"
        return _("The seats are kept until %(until)s. Name who comes by then.") % {"until": until}
    if "release" in request.POST:
        organization = get_object_or_404(
            Organization.objects.manageable_by(request.user), pk=_number(request.POST["release"])
        )
        bookings.release_hold(session=session, organization=organization, now=now, actor=actor)
        return _("The seats were given back.")
    if "give_back" in request.POST:
        person = get_object_or_404(people, pk=_number(request.POST["give_back"]))
        bookings.give_back(session=session, trainee=person, now=now, actor=actor)
        return _("The seat of %(name)s was given back.") % {"name": person.name}
    keys = [_number(text) for text in request.POST.getlist("people")]
    chosen = list(people.filter(pk__in=keys).order_by("pk"))
    if "stop" in request.POST:
        bookings.stop_waiting(session=session, trainees=chosen, actor=actor)
        return _("They no longer wait.")
    if "wait" in request.POST:
        party = bookings.wait(session=session, trainees=chosen, now=now, actor=actor)
        if party.status == "seated":
            return _("There were seats: all of them have one.")
        return _("They wait together and get seats together.")
    bookings.book_together(session=session, trainees=chosen, now=now, actor=actor, from_hold=True)
    return ngettext("%(number)s person has a seat.", "%(number)s people have a seat.", len(chosen)) % {
        "number": len(chosen)
    }


def _number(text: str) -> int:
    """A key out of a form; what is no number is nobody's key."""
    return int(text) if text.isdecimal() and len(text) < 18 else 0


# --- Seats that stayed empty --------------------------------------------------------------------------------


@login_required
@require_safe
def missed(request: AuthenticatedHttpRequest) -> HttpResponse:
    """One's own seats that stayed empty, what follows from them, and how to object."""
    rows = MissedSeat.objects.filter(trainee__user=request.user).select_related("session")
    context = {"rows": list(rows[:50]), "form": AppealForm(), "crumbs": _crumbs()}
    return render(request, "practicum/missed_seats.html", context)


@login_required
@require_POST
def appeal(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Object."""
    row = get_object_or_404(MissedSeat.objects.filter(trainee__user=request.user), pk=pk)
    try:
        missed_seats.appeal(
            missed=row, text=request.POST.get("appeal", ""), now=timezone.now(), actor=request.user
        )
        messages.success(request, _("Your objection was sent. Until it is decided, the seat does not count."))
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect("practicum:missed_seats")


@login_required
@require_safe
def appeals(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Objections that wait for a decision, and what was decided lately."""
    rows = MissedSeat.objects.manageable_by(request.user).select_related(
        "session", "trainee", "organization", "decided_by"
    )
    waiting = list(rows.filter(status=MissedStatus.APPEALED).order_by("appealed_at")[:50])
    decided = rows.filter(decided_at__isnull=False).order_by("-decided_at")[:20]
    if not request.user.scope.everything and not Session.objects.manageable_by(request.user).exists():
        raise Http404
    context = {
        "waiting": waiting,
        "decided": list(decided),
        "form": AppealAnswerForm(),
        "crumbs": _crumbs(),
    }
    return render(request, "practicum/appeals.html", context)


@login_required
@require_POST
def appeal_decide(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Excuse, or let it count."""
    row = get_object_or_404(MissedSeat.objects.manageable_by(request.user), pk=pk)
    try:
        missed_seats.decide(
            missed=row,
            excuse="excuse" in request.POST,
            answer=request.POST.get("answer", ""),
            now=timezone.now(),
            actor=request.user,
        )
        messages.success(request, _("Decided; the person was told."))
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect("practicum:appeals")


def seat_context(session: Session, trainee: Trainee | None) -> dict[str, Any]:
    """What the card of seats on a session's page wants to know."""
    if not session.is_open:
        return {}
    now = timezone.now()
    rules = rules_of(session)
    return {
        "plan": reports_seats.seat_plan(session, now),
        "queue_place": reports_seats.place_in_queue(session, trainee) if trainee is not None else 0,
        "is_late": now > rules.give_back_until(session.starts_at),
    }
