"""A trainee's own pages: schedule, session, seats, leave and the calendar's address."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cms.refusals import Refused
from enrollment.dimensions import label_of
from enrollment.models import Role, Trainee
from enrollment.requests import AuthenticatedHttpRequest
from practicum import reports
from practicum.actions import bookings, feeds, leave
from practicum.calendars import feed_for
from practicum.forms import LeaveForm
from practicum.models import (
    FEED_OF,
    Attendance,
    Audience,
    Booking,
    CalendarFeed,
    Leave,
    Session,
    VisitBatch,
    WaitingStatus,
    publishable,
)
from practicum.models.sessions import SessionQuerySet
from practicum.rules.visits import BRIEFED_STAGES
from practicum.views.access import may_plan, trainee_of, visible_session
from practicum.views.seats import seat_context

#: How far the agenda looks ahead.
AGENDA_DAYS = 60
#: How much past a calendar keeps.
FEED_PAST_DAYS = 90
FEED_AHEAD_DAYS = 365


@dataclass
class Day:
    """One square of the month."""

    date: dt.date
    in_month: bool
    is_today: bool
    events: list[dict[str, Any]] = field(default_factory=list)


@login_required
def schedule(request: AuthenticatedHttpRequest) -> HttpResponse:
    """My schedule, as a list of what comes or as a month."""
    today = timezone.localdate()
    if request.GET.get("view") == "month":
        first = _month(request.GET.get("month"), today)
        weeks, listed = _month_of(request, first, today)
        context = {
            "view": "month",
            "weeks": weeks,
            "month": first,
            "listed": listed,
            "previous_url": f"?view=month&month={first - dt.timedelta(days=1):%Y-%m}",
            "following_url": f"?view=month&month={first + dt.timedelta(days=32):%Y-%m}",
            "today_url": "" if first == today.replace(day=1) else "?view=month",
        }
    else:
        start = dt.datetime.combine(today, dt.time(), tzinfo=timezone.get_current_timezone())
        rows = reports.sessions_of(request.user, start, start + dt.timedelta(days=AGENDA_DAYS))
        context = {
            "view": "agenda",
            "today": [row for row in rows if timezone.localdate(row.session.starts_at) <= today],
            "later": [row for row in rows if timezone.localdate(row.session.starts_at) > today],
        }
    context["running"] = reports.run_today(request.user)
    # Staff look at what they run; only a trainee has something to sign in with.
    context["is_trainee"] = Trainee.objects.filter(user=request.user).exists()
    # Trainees are not asked about: their page costs no query more.
    context["plans"] = request.user.scope.has(Role.ADMINISTRATOR, Role.INSTRUCTOR) and may_plan(request.user)
    context["tabs"] = [
        {"label": _("Agenda"), "url": reverse("practicum:schedule"), "current": context["view"] == "agenda"},
        {"label": _("By month"), "url": "?view=month", "current": context["view"] == "month"},
    ]
    return render(request, "practicum/schedule.html", context)


def _month(text: str | None, today: dt.date) -> dt.date:
    try:
        return dt.datetime.strptime(text or "", "%Y-%m").replace(tzinfo=dt.UTC).date()
    except ValueError:
        return today.replace(day=1)


def _month_of(
    request: HttpRequest, first: dt.date, today: dt.date
) -> tuple[list[list[Day]], list[reports.UpcomingSession]]:
    zone = timezone.get_current_timezone()
    weeks = [
        [Day(date, date.month == first.month, date == today) for date in week]
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    ]
    squares = {day.date: day for week in weeks for day in week}
    start = dt.datetime.combine(min(squares), dt.time(), tzinfo=zone)
    end = dt.datetime.combine(max(squares) + dt.timedelta(days=1), dt.time(), tzinfo=zone)
    rows = reports.sessions_of(request.user, start, end)
    for row in rows:
        if (square := squares.get(timezone.localdate(row.session.starts_at))) is not None:
            session = row.session
            square.events.append(
                {
                    "title": session.title,
                    "url": session.get_absolute_url(),
                    "starts_at": session.starts_at,
                    "kind": session.kind,
                    "cancelled": session.is_cancelled,
                }
            )
    return weeks, [row for row in rows if timezone.localdate(row.session.starts_at).month == first.month]


@login_required
def session(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Where, when, how to get there, what to bring, and what can be done now."""
    found = visible_session(request, pk)
    now = timezone.now()
    trainee = Trainee.objects.filter(user=request.user).first()
    attendance = my_leave = booking = None
    is_expected = False
    if trainee is not None:
        attendance = Attendance.objects.filter(session=found, trainee=trainee).first()
        my_leave = Leave.objects.filter(session=found, trainee=trainee).first()
        if found.audience == Audience.BOOKINGS:
            booking = Booking.objects.booked().filter(session=found, trainee=trainee).first()
            is_expected = booking is not None
        else:
            is_expected = found.expected().filter(pk=trainee.pk).exists()
    has_begun = now >= found.starts_at
    context = {
        "session": found,
        "attendance": attendance,
        "leave": my_leave,
        "booking": booking,
        "is_expected": is_expected,
        "is_open": reports.is_open(found, now),
        "is_over": now > found.ends_at,
        "can_book": trainee is not None and found.is_open and not has_begun and not found.is_cancelled,
        "can_leave": is_expected and my_leave is None and not has_begun and not found.is_cancelled,
        **seat_context(found, trainee),
        "dimension": label_of(found.dimension) if found.dimension else "",
        "runs": Session.objects.run_by(request.user).filter(pk=found.pk).exists(),
        "leave_form": LeaveForm(),
        "has_briefing": VisitBatch.objects.filter(session=found, visit__status__in=BRIEFED_STAGES).exists(),
        "crumbs": [{"label": _("Schedule"), "url": reverse("practicum:schedule")}],
    }
    return render(request, "practicum/session.html", context)


@login_required
def session_calendar(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """One session for a calendar programme; it bears the identity that the feeds give it."""
    found = visible_session(request, pk)
    address = request.build_absolute_uri(found.get_absolute_url())
    response = HttpResponse(
        feed_for([found], address_of=lambda _pk: address), content_type="text/calendar; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="session-{found.pk}.ics"'
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
def briefing(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """The briefing notice of a visit, to read and print: for visitors once it was sent, for staff before."""
    found = visible_session(request, pk)
    batch = VisitBatch.objects.select_related("visit__base").filter(session=found).first()
    if batch is None:
        raise Http404
    visit = batch.visit
    runs = Session.objects.run_by(request.user).filter(pk=found.pk).exists()
    if not runs and visit.status not in BRIEFED_STAGES:
        raise Http404
    context = {
        "session": found,
        "visit": visit,
        "is_draft": visit.status not in BRIEFED_STAGES,
        "riders": reports.riders_of(found),
        "crumbs": [{"label": found.title, "url": reverse("practicum:session", args=[found.pk])}],
    }
    return render(request, "practicum/briefing.html", context)


@login_required
@require_POST
def seat(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Take a seat or give it back; wait for one or no longer."""
    found = visible_session(request, pk)
    trainee = trainee_of(request.user)
    now = timezone.now()
    try:
        if request.POST.get("give_back"):
            bookings.give_back(session=found, trainee=trainee, now=now, actor=request.user)
            messages.success(request, _("Your seat was given back."))
        elif request.POST.get("stop_waiting"):
            bookings.stop_waiting(session=found, trainees=[trainee], actor=request.user)
            messages.success(request, _("You no longer wait."))
        elif request.POST.get("wait"):
            party = bookings.wait(session=found, trainees=[trainee], now=now, actor=request.user)
            is_seated = party.status == WaitingStatus.SEATED
            messages.success(
                request,
                _("You have a seat.")
                if is_seated
                else _("You wait. As soon as a seat is yours, you are told."),
            )
        else:
            bookings.book(session=found, trainee=trainee, now=now, actor=request.user)
            messages.success(request, _("You have a seat."))
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect("practicum:session", pk=found.pk)


@login_required
@require_POST
def ask_leave(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Ask to miss a session."""
    found = visible_session(request, pk)
    form = LeaveForm(request.POST)
    try:
        leave.ask(
            session=found,
            trainee=trainee_of(request.user),
            reason_given=form.data.get("reason", ""),
            now=timezone.now(),
            actor=request.user,
        )
        messages.success(request, _("Your leave was asked for; the class teacher decides."))
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect("practicum:session", pk=found.pk)


def webcal(address: str) -> str:
    """``address`` as calendar programmes take it up by themselves."""
    return address.replace("https://", "webcal://", 1).replace("http://", "webcal://", 1)


@login_required
def subscribe(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The secret address of one's calendar; a new one makes the old one useless."""
    if request.method == "POST":
        feeds.renew(user=request.user, now=timezone.now())
        messages.success(request, _("The old address no longer works. Enter the new one in your calendar."))
        return redirect("practicum:subscribe")
    feed = feeds.feed_of(user=request.user)
    address = request.build_absolute_uri(reverse("practicum:feed", args=[feed.token]))
    context = {
        "address": address,
        "webcal": webcal(address),
        "may_share": any(publishable(kind, request.user).exists() for kind in FEED_OF),
        "crumbs": [{"label": _("Schedule"), "url": reverse("practicum:schedule")}],
    }
    return render(request, "practicum/subscribe.html", context)


def feed(request: HttpRequest, token: str) -> HttpResponse:
    """A calendar for whoever knows the secret address; a revoked one leads nowhere."""
    found = (
        CalendarFeed.objects.select_related("user")
        .filter(token=token, revoked_at__isnull=True, user__is_active=True)
        .first()
    )
    if found is None:
        raise Http404
    return calendar_file(request, Session.objects.attended_by(found.user))


def calendar_file(request: HttpRequest, rows: SessionQuerySet, name: str = "") -> HttpResponse:
    """``rows`` of the last months and the coming year as a calendar programme fetches them."""
    now = timezone.now()
    sessions = rows.held_between(
        now - dt.timedelta(days=FEED_PAST_DAYS), now + dt.timedelta(days=FEED_AHEAD_DAYS)
    ).with_place()
    body = feed_for(
        sessions,
        address_of=lambda pk: request.build_absolute_uri(reverse("practicum:session", args=[pk])),
        name=name,
    )
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="academy.ics"'
    response["Cache-Control"] = "private, max-age=300"
    return response
