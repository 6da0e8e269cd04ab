"""Reads about seats: what is open, how the seats of a session are shared, and who waits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from enrollment.models import Organization, Trainee, User
from practicum.models import Audience, Booking, SeatHold, Session, WaitingParty, WaitingPerson
from practicum.models.seat_counts import count_of, rules_of
from practicum.models.sessions import SessionQuerySet
from practicum.rules.seats import SeatCount, SeatRules, share_of

#: So many open sessions are listed.
MOST_LISTED = 60


def open_sessions(now: dt.datetime) -> SessionQuerySet:
    """Sessions to come whose seats can be booked, with ``taken`` counted in the same query."""
    booked = (
        Booking.objects.booked()
        .filter(session=OuterRef("pk"))
        .order_by()
        .values("session")
        .annotate(number=Count("pk"))
        .values("number")
    )
    held = (
        SeatHold.objects.holding(now)
        .filter(session=OuterRef("pk"))
        .order_by()
        .values("session")
        .annotate(number=Sum("seats"))
        .values("number")
    )
    return (
        Session.objects.standing()
        .filter(audience=Audience.BOOKINGS, is_open=True, starts_at__gt=now)
        .with_place()
        .annotate(taken=Coalesce(Subquery(booked), 0) + Coalesce(Subquery(held), 0))
    )


@dataclass(frozen=True)
class OpenSession:
    """One line of the list of what is open."""

    session: Session
    left: int
    is_mine: bool
    is_waiting: bool


def open_to(user: User, now: dt.datetime) -> list[OpenSession]:
    """What is open, and whether ``user`` has a seat or waits (three queries)."""
    rows = list(open_sessions(now).visible_to(user)[:MOST_LISTED])
    keys = [row.pk for row in rows]
    mine = set(
        Booking.objects.booked()
        .filter(session__in=keys, trainee__user=user)
        .values_list("session_id", flat=True)
    )
    waits = set(
        WaitingPerson.objects.filter(
            party__in=WaitingParty.objects.waiting().filter(session__in=keys), trainee__user=user
        ).values_list("party__session_id", flat=True)
    )
    return [
        OpenSession(row, max(0, (row.seats or 0) - row.taken), row.pk in mine, row.pk in waits)
        for row in rows
    ]


@dataclass(frozen=True)
class ShareLine:
    """What one organization has of a session."""

    organization: str
    booked: int
    held: int
    share: int | None


@dataclass(frozen=True)
class QueueLine:
    """One party that waits; nobody is named."""

    place: int
    organization: str
    people: int
    asked_at: dt.datetime


@dataclass(frozen=True)
class SeatPlan:
    """How the seats of a session are shared, as everybody may read it."""

    rules: SeatRules
    count: SeatCount
    share: int | None
    shares_end: dt.datetime
    give_back_until: dt.datetime
    shares_run: bool
    lines: list[ShareLine]
    queue: list[QueueLine]


def seat_plan(session: Session, now: dt.datetime) -> SeatPlan:
    """Shares and queue of one session; queries do not grow with organizations or people."""
    rules = rules_of(session)
    parties = list(
        WaitingParty.objects.waiting()
        .filter(session=session)
        .select_related("organization")
        .annotate(number=Count("members"))
        .order_by("asked_at", "pk")
    )
    bare = count_of(session, rules=rules, now=now, judged=())
    seated = {*bare.booked, *bare.held}
    count = count_of(session, rules=rules, now=now, judged=seated)
    names = {one.pk: str(one) for one in Organization.objects.filter(pk__in=seated)}
    lines = [
        ShareLine(names[pk], count.booked.get(pk, 0), count.held.get(pk, 0), count.share(pk)) for pk in seated
    ]
    shares_end = rules.shares_end(session.starts_at)
    return SeatPlan(
        rules=rules,
        count=count,
        share=share_of(capacity=count.capacity, percent=rules.share_percent),
        shares_end=shares_end,
        give_back_until=rules.give_back_until(session.starts_at),
        shares_run=now < shares_end,
        lines=sorted(lines, key=lambda line: line.organization),
        queue=[
            QueueLine(place, str(one.organization), one.number, one.asked_at)
            for place, one in enumerate(parties, 1)
        ],
    )


def place_in_queue(session: Session, trainee: Trainee) -> int:
    """Which place ``trainee`` has among those who wait; 0 when not waiting."""
    queue = WaitingParty.objects.waiting().filter(session=session).order_by("asked_at", "pk")
    mine = set(queue.filter(members__trainee=trainee).values_list("pk", flat=True))
    keys = list(queue.values_list("pk", flat=True))
    return next((place for place, key in enumerate(keys, 1) if key in mine), 0)
