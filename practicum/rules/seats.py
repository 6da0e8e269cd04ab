"""Seats of a session that people book: who may have one, fair shares, and who moves up."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

#: However small the share, an organization may send so many people.
LEAST_SHARE = 2


def booking_refusal(
    *, capacity: int, taken: int, is_open: bool, is_cancelled: bool, starts_at: dt.datetime, now: dt.datetime
) -> str | None:
    """The code of the reason why no further seat is given, or None."""
    if is_cancelled:
        return "session_cancelled"
    if not is_open:
        return "not_open_for_booking"
    if now >= starts_at:
        return "session_has_begun"
    if taken >= capacity:
        return "no_seats_left"
    return None


@dataclass(frozen=True)
class SeatRules:
    """How seats are shared. Hours count back from the session's beginning, ``hold_hours`` from now."""

    share_percent: int = 25
    shares_end_hours: int = 72
    give_back_hours: int = 24
    hold_hours: int = 48

    def shares_end(self, starts_at: dt.datetime) -> dt.datetime:
        """From then on seats that are left go to anybody."""
        return starts_at - dt.timedelta(hours=self.shares_end_hours)

    def give_back_until(self, starts_at: dt.datetime) -> dt.datetime:
        """Until then a seat is given back without any consequence."""
        return starts_at - dt.timedelta(hours=self.give_back_hours)

    def hold_until(self, starts_at: dt.datetime, now: dt.datetime) -> dt.datetime:
        """How long seats are kept without names: some hours, never beyond the last day to give back."""
        return min(now + dt.timedelta(hours=self.hold_hours), self.give_back_until(starts_at))


def share_of(*, capacity: int, percent: int, divisor: int = 1) -> int | None:
    """How many seats one organization may have; None when there is no limit. ``divisor`` cuts it down."""
    if percent >= 100 and divisor == 1:
        return None
    share = max(LEAST_SHARE, math.ceil(capacity * percent / 100))
    return min(capacity, max(1, share // divisor))


@dataclass(frozen=True)
class SeatCount:
    """Seats of one session at one moment, by the organizations whose people have them.

    ``held`` are kept without names. ``divisors`` cut the share of organizations that let seats stay empty.
    """

    capacity: int
    booked: Mapping[int, int] = field(default_factory=dict)
    held: Mapping[int, int] = field(default_factory=dict)
    percent: int = 100
    divisors: Mapping[int, int] = field(default_factory=dict)

    @property
    def taken(self) -> int:
        """Seats that nobody else can have."""
        return sum(self.booked.values()) + sum(self.held.values())

    @property
    def left(self) -> int:
        """Seats that can still be had."""
        return max(0, self.capacity - self.taken)

    def of(self, organization: int) -> int:
        """Seats of one organization, with names or without."""
        return self.booked.get(organization, 0) + self.held.get(organization, 0)

    def share(self, organization: int) -> int | None:
        """What ``organization`` may have at most; None when there is no limit."""
        return share_of(
            capacity=self.capacity, percent=self.percent, divisor=self.divisors.get(organization, 1)
        )

    def refusal(self, wanted: Mapping[int, int], *, from_hold: Set[int] = frozenset()) -> str | None:
        """Why ``wanted`` further seats by organization are not given, or None.

        Organizations in ``from_hold`` name people for seats that they hold already.
        """
        total = 0
        for organization, number in wanted.items():
            kept = min(number, self.held.get(organization, 0)) if organization in from_hold else 0
            fresh = number - kept
            total += fresh
            share = self.share(organization)
            if fresh and share is not None and self.of(organization) + fresh > share:
                return "share_used_up"
        return "no_seats_left" if total > self.left else None

    def with_booked(self, wanted: Mapping[int, int]) -> SeatCount:
        """The same after ``wanted`` people have got seats."""
        booked = dict(self.booked)
        for organization, number in wanted.items():
            booked[organization] = booked.get(organization, 0) + number
        return SeatCount(self.capacity, booked, self.held, self.percent, self.divisors)


@dataclass(frozen=True)
class Waiting:
    """People of one organization who wait together: all of them get seats or none."""

    key: int
    organization: int
    people: int


def moving_up(waiting: Iterable[Waiting], count: SeatCount) -> list[int]:
    """Who of ``waiting`` (longest first) gets seats now.

    In order. Whoever does not fit, because the group is larger than what is left or its organization has its
    share, keeps its place; the seats go to the next who fits, so that none stays empty for somebody's sake.
    """
    found = []
    for party in waiting:
        wanted = {party.organization: party.people}
        if count.refusal(wanted) is None:
            found.append(party.key)
            count = count.with_booked(wanted)
    return found


# --- Seats that stayed empty ------------------------------------------------------------------------------

#: What counts is this young.
MEMORY = dt.timedelta(days=180)
#: How long somebody may object.
APPEAL_DAYS = 14
#: From the second on: seats only when shares have ended, for so long after the last.
LATER_FROM, LATER_FOR = 2, dt.timedelta(days=30)
#: From the third on: no seats of open sessions, for so long after the last.
PAUSED_FROM, PAUSED_FOR = 3, dt.timedelta(days=60)
#: An organization is judged only by so many seats of the same time.
LEAST_SEATS = 5
#: Share of its seats that stayed empty (percent) from which its own share is cut to a half, to a quarter.
HALF_FROM, QUARTER_FROM = 20, 40


@dataclass(frozen=True)
class PersonStanding:
    """What follows for a person from seats that stayed empty: ``code`` of the refusal and until when."""

    missed: int = 0
    code: str = ""
    until: dt.datetime | None = None


def person_standing(missed_at: Sequence[dt.datetime], *, now: dt.datetime) -> PersonStanding:
    """The first is only called to mind; then seats come later; then not for a while."""
    recent = sorted(moment for moment in missed_at if now - MEMORY < moment <= now)
    if len(recent) >= PAUSED_FROM and now < (until := recent[-1] + PAUSED_FOR):
        return PersonStanding(len(recent), "booking_paused", until)
    if len(recent) >= LATER_FROM and now < (until := recent[-1] + LATER_FOR):
        return PersonStanding(len(recent), "booking_later", until)
    return PersonStanding(len(recent))


def organization_divisor(*, seats: int, missed: int) -> int:
    """By what the share of an organization is divided, by its seats of the last half year."""
    if seats < LEAST_SEATS:
        return 1
    percent = missed * 100 / seats
    return 4 if percent >= QUARTER_FROM else 2 if percent >= HALF_FROM else 1


def may_appeal(*, noted_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether it is still time to object."""
    return now <= noted_at + dt.timedelta(days=APPEAL_DAYS)
