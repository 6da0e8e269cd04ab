"""On which days the sessions of a series are held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from practicum.rules.deadlines import Calendar

#: So many days a series may span, first and last included; so many sessions it may have.
LONGEST_DAYS = 400
MOST_SESSIONS = 200
WEEK = 7


@dataclass(frozen=True)
class Pattern:
    """Certain weekdays (1 is Monday) from ``first_on`` to ``last_on``, every ``every_weeks``-th week."""

    weekdays: frozenset[int]
    first_on: dt.date
    last_on: dt.date
    every_weeks: int = 1
    #: Nothing is held on public holidays; nothing on days that are worked to make up for one.
    skips_holidays: bool = True
    skips_makeup_days: bool = True
    #: Single days without a session.
    left_out: frozenset[dt.date] = frozenset()

    @property
    def flaw(self) -> tuple[str, str] | None:
        """What is wrong with it in itself: the code of the refusal and the field; None when it is sound."""
        if not self.weekdays:
            return "series_without_weekday", "weekdays"
        if self.last_on < self.first_on:
            return "series_out_of_order", "last_on"
        if (self.last_on - self.first_on).days >= LONGEST_DAYS:
            return "series_too_long", "last_on"
        return None


def days_of(pattern: Pattern, calendar: Calendar) -> list[dt.date]:
    """The days of ``pattern`` in order; ``calendar`` knows the holidays and make-up workdays."""
    monday = pattern.first_on - dt.timedelta(days=pattern.first_on.isoweekday() - 1)
    found = []
    for step in range((pattern.last_on - pattern.first_on).days + 1):
        day = pattern.first_on + dt.timedelta(days=step)
        if day.isoweekday() not in pattern.weekdays or day in pattern.left_out:
            continue
        if (day - monday).days // WEEK % pattern.every_weeks:
            continue
        is_working = calendar.get(day)
        if (is_working is False and pattern.skips_holidays) or (is_working and pattern.skips_makeup_days):
            continue
        found.append(day)
    return found


@dataclass(frozen=True)
class Change:
    """What a changed series means for its days to come."""

    kept: tuple[dt.date, ...]
    dropped: tuple[dt.date, ...]
    fresh: tuple[dt.date, ...]


def change(
    wanted: Collection[dt.date], *, open_days: Collection[dt.date], fixed: Collection[dt.date]
) -> Change:
    """Compare the days that are ``wanted`` from now on with those that follow the series now (``open_days``).

    ``fixed`` days have a session that no change of the series touches: held, moved or called off by itself.
    """
    return Change(
        kept=tuple(sorted(day for day in open_days if day in wanted)),
        dropped=tuple(sorted(day for day in open_days if day not in wanted)),
        fresh=tuple(sorted(day for day in wanted if day not in open_days and day not in fixed)),
    )
