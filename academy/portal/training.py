"""What the people of an organization are trained in: sessions by day, and the use of training bases."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from enrollment.models import ROSTER_STATUSES, Enrollment, Organization
from practicum.models import Attendance, Audience, Booking, Session
from practicum.models.sessions import SessionQuerySet


@dataclass
class Day:
    """One square of a month."""

    date: dt.date
    in_month: bool
    is_today: bool
    events: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class BaseUse:
    """How a base was used in a year by the people of an organization."""

    code: str
    name: str
    sessions: int
    people: int


def _moment(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=timezone.get_default_timezone())


def sessions_for(organization: Organization) -> SessionQuerySet:
    """Sessions that stand and that people at or below ``organization`` are expected at; the zone has all."""
    sessions: SessionQuerySet = Session.objects.standing().with_place()
    if organization.depth == 1:
        return sessions
    here = {"trainee__home_organization__path__startswith": organization.path}
    on_roster = Enrollment.objects.filter(
        training_class=OuterRef("training_class"), status__in=ROSTER_STATUSES, **here
    )
    seated = Booking.objects.booked().filter(session=OuterRef("pk"), **here)
    return sessions.filter(Q(Exists(on_roster), audience=Audience.ROSTER) | Q(Exists(seated)))


def month_of(organization: Organization, first: dt.date, today: dt.date) -> list[list[Day]]:
    """The weeks of a month with the sessions of each day (one query)."""
    weeks = [
        [Day(date, date.month == first.month, date == today) for date in week]
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    ]
    squares = {day.date: day for week in weeks for day in week}
    begins, ends = _moment(min(squares)), _moment(max(squares) + dt.timedelta(days=1))
    for session in sessions_for(organization).held_between(begins, ends).order_by("starts_at", "pk"):
        square = squares.get(timezone.localdate(session.starts_at))
        if square is not None:
            square.events.append(
                {
                    "session": session,
                    "anchor": str(session.pk),
                    "title": session.title,
                    "starts_at": session.starts_at,
                    "ends_at": session.ends_at,
                    "place": session.where,
                    "kind": session.kind,
                }
            )
    return weeks


def _attended(organization: Organization, year: int) -> QuerySet[Attendance]:
    """Who of the people counted at or below ``organization`` was at a base in ``year``."""
    return Attendance.objects.attended().filter(
        session__base__isnull=False,
        session__starts_at__gte=_moment(dt.date(year, 1, 1)),
        session__starts_at__lt=_moment(dt.date(year + 1, 1, 1)),
        trainee__standings__year=year,
        trainee__standings__organization__path__startswith=organization.path,
    )


def base_use(organization: Organization, year: int) -> list[BaseUse]:
    """The bases that were visited, by name (one query)."""
    rows = (
        _attended(organization, year)
        .order_by()
        .values_list("session__base__code", "session__base__name")
        .annotate(sessions=Count("session", distinct=True), people=Count("pk"))
    )
    return sorted((BaseUse(*row) for row in rows), key=lambda use: use.name)


def visits_to(organization: Organization, year: int, base: str = "") -> list[dict[str, Any]]:
    """Each visit to a base with how many were there, by day (one query)."""
    attended = _attended(organization, year)
    if base:
        attended = attended.filter(session__base__code=base)
    rows: Any = (
        attended.order_by()
        .values("session", "session__title", "session__starts_at", "session__base__name")
        .annotate(people=Count("pk"))
    )
    return sorted(rows, key=lambda row: (row["session__starts_at"], row["session"]))
