"""How many seats of a session are taken and by whom: read in one place, under the lock of whoever decides."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable

from django.db.models import Count, Sum
from django.utils import timezone

from practicum.models.seats import MissedSeat, SeatHold, SeatTerms
from practicum.models.sessions import Booking, Session, SessionStatus
from practicum.rules.seats import MEMORY, SeatCount, SeatRules, organization_divisor, person_standing


def rules_of(session: Session) -> SeatRules:
    """How its seats are shared: as said for it, else as usual."""
    terms = SeatTerms.objects.filter(session=session).first()
    return terms.rules if terms is not None else SeatRules()


def count_of(session: Session, *, rules: SeatRules, now: dt.datetime, judged: Collection[int]) -> SeatCount:
    """Seats as they are now; the shares of organizations in ``judged`` as what stayed empty has them.

    Computed from the rows each time. Whoever gives seats has locked the session's row before.
    """
    booked = (
        Booking.objects.booked()
        .filter(session=session)
        .order_by()
        .values_list("trainee__home_organization")
        .annotate(number=Count("pk"))
    )
    held = (
        SeatHold.objects.holding(now)
        .filter(session=session)
        .order_by()
        .values_list("organization")
        .annotate(number=Sum("seats"))
    )
    is_shared = now < rules.shares_end(session.starts_at)
    percent = rules.share_percent if is_shared else 100
    return SeatCount(
        capacity=session.seats or 0,
        booked=dict(booked),
        held=dict(held),
        percent=percent,
        divisors=divisors_of(judged, now=now) if is_shared and judged and percent < 100 else {},
    )


def divisors_of(organizations: Collection[int], *, now: dt.datetime) -> dict[int, int]:
    """By what the shares of organizations are divided (two queries)."""
    since = now - MEMORY
    missed: Counter[int] = Counter(
        dict(
            MissedSeat.objects.counting()
            .filter(organization__in=organizations, session__ends_at__gt=since)
            .order_by()
            .values_list("organization")
            .annotate(number=Count("pk"))
        )
    )
    if not missed:
        return {}
    seats = dict(
        Booking.objects.filter(
            session__is_open=True,
            session__status=SessionStatus.SETTLED,
            session__ends_at__gt=since,
            trainee__home_organization__in=missed,
        )
        .order_by()
        .values_list("trainee__home_organization")
        .annotate(number=Count("pk"))
    )
    return {
        one: organization_divisor(seats=max(seats.get(one, 0), number), missed=number)
        for one, number in missed.items()
    }


def standings_of(trainees: Iterable[int], *, now: dt.datetime) -> dict[int, tuple[str, dt.datetime]]:
    """People whom seats that stayed empty hold back: the code of the refusal, and until when (one query)."""
    moments: dict[int, list[dt.datetime]] = {}
    rows = MissedSeat.objects.counting().filter(trainee__in=list(trainees), session__ends_at__gt=now - MEMORY)
    for trainee_id, noted_at, ended_at in rows.values_list("trainee", "noted_at", "session__ends_at"):
        # Noted late, it weighs as long as if it had been noted on the day.
        moments.setdefault(trainee_id, []).append(min(noted_at, ended_at))
    found = {}
    for trainee_id, missed_at in moments.items():
        standing = person_standing(missed_at, now=now)
        if standing.code and standing.until is not None:
            found[trainee_id] = (standing.code, timezone.localtime(standing.until))
    return found
