"""Reminders of the year's hours: whom, how seldom, and which class would help.

They are few on purpose (domain §6). Nobody is pressed in the first months, then who falls behind the year,
and from autumn everybody who is short; never twice in ``GAP_DAYS``, never once the target is reached.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: Between two reminders of one person lie at least so many days.
GAP_DAYS = 30
#: A new secretary hears of the first training so many days before it is due, then monthly until it is held.
SECRETARY_DAYS = 90
#: From this month on whoever falls behind the year is reminded; from the second one whoever is short at all.
BEHIND_FROM_MONTH = 4
SHORT_FROM_MONTH = 10
#: A centralized training that is still to come, and summaries for those who look after others, from here on.
CENTRALIZED_FROM_MONTH = 7


@dataclass(frozen=True)
class Need:
    """What decides whether somebody is reminded. Hours are in quarters; earned are those that count."""

    required_quarters: int
    earned_quarters: int
    lacks_centralized: bool
    is_exempt: bool
    has_left: bool
    reminded_at: dt.datetime | None

    @property
    def shortfall_quarters(self) -> int:
        """What is missing."""
        return max(0, self.required_quarters - self.earned_quarters)


def is_behind(need: Need, day: dt.date) -> bool:
    """Whether less has been earned than the part of the year that has passed."""
    days = 366 if calendar.isleap(day.year) else 365
    return need.earned_quarters * days < need.required_quarters * day.timetuple().tm_yday


def is_time_again(last: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether the last reminder is long enough ago."""
    return last is None or now - last >= dt.timedelta(days=GAP_DAYS)


def wants_reminder(need: Need, now: dt.datetime) -> bool:
    """Whether to remind somebody at ``now`` (local time)."""
    if need.is_exempt or need.has_left or not is_time_again(need.reminded_at, now):
        return False
    if need.lacks_centralized and now.month >= CENTRALIZED_FROM_MONTH:
        return True
    if need.shortfall_quarters <= 0:
        return False
    if now.month >= SHORT_FROM_MONTH:
        return True
    return now.month >= BEHIND_FROM_MONTH and is_behind(need, now.date())


def wants_secretary_reminder(
    deadline: dt.date, trained_on: dt.date | None, last: dt.datetime | None, now: dt.datetime
) -> bool:
    """Whether to remind a new secretary of the first training: from ``SECRETARY_DAYS`` before its day on."""
    if trained_on is not None or not is_time_again(last, now):
        return False
    return (deadline - now.date()).days <= SECRETARY_DAYS


@dataclass(frozen=True)
class OpenClass:
    """A class that takes nominations. ``seats``: by tree path what is left of the quota."""

    pk: int
    title: str
    starts_on: dt.date
    cohort: str | None
    is_centralized: bool
    seats: Mapping[str, int] = field(default_factory=dict)


def may_join(one: OpenClass, *, cohort: str, path: str) -> bool:
    """Whether somebody of ``cohort`` at ``path`` may be nominated: the nearest quota has a seat."""
    if one.cohort is not None and one.cohort != cohort:
        return False
    covering = [own for own in one.seats if path.startswith(own)]
    return bool(covering) and one.seats[max(covering, key=len)] > 0


def next_class(
    classes: Iterable[OpenClass], *, cohort: str, path: str, lacks_centralized: bool, joined: frozenset[int]
) -> OpenClass | None:
    """The class that would help: the earliest one may join and is not in; centralized where that lacks."""
    possible = [one for one in classes if one.pk not in joined and may_join(one, cohort=cohort, path=path)]
    return min(
        possible,
        key=lambda one: (lacks_centralized and not one.is_centralized, one.starts_on, one.pk),
        default=None,
    )
