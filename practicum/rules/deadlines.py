"""Deadlines counted in working days (domain §4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

SATURDAY = 5
#: The headcount of a visit is due so many working days ahead, the last changes so many.
HEADCOUNT_DUE_DAYS = 5
CHANGES_DUE_DAYS = 2

#: Days that differ from the week: True for a make-up workday, False for a holiday.
Calendar = Mapping[dt.date, bool]


def is_working_day(day: dt.date, calendar: Calendar) -> bool:
    """Whether ``day`` is worked: Monday to Friday, save where ``calendar`` says otherwise."""
    return calendar.get(day, day.weekday() < SATURDAY)


def working_days_before(day: dt.date, count: int, calendar: Calendar) -> dt.date:
    """The last day on which something due ``count`` working days before ``day`` is in time."""
    while count > 0:
        day -= dt.timedelta(days=1)
        if is_working_day(day, calendar):
            count -= 1
    return day


class Moment(StrEnum):
    """When the number of people is said or changed."""

    IN_TIME = "in_time"
    LATE = "late"
    CLOSED = "closed"


def headcount_moment(today: dt.date, visit_day: dt.date, calendar: Calendar) -> Moment:
    """Whether the headcount is in time today, late but still to be changed, or closed (domain §4)."""
    if today <= working_days_before(visit_day, HEADCOUNT_DUE_DAYS, calendar):
        return Moment.IN_TIME
    if today <= working_days_before(visit_day, CHANGES_DUE_DAYS, calendar):
        return Moment.LATE
    return Moment.CLOSED


def working_days_between(first: dt.date, last: dt.date, calendar: Calendar) -> int:
    """Working days after ``first`` up to ``last``, ``last`` included; 0 when it is not later."""
    days = (last - first).days
    return sum(is_working_day(first + dt.timedelta(days=step), calendar) for step in range(1, days + 1))
