"""What is called to mind before a visit or session, and when; each once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from practicum.rules.deadlines import (
    CHANGES_DUE_DAYS,
    HEADCOUNT_DUE_DAYS,
    Calendar,
    working_days_before,
    working_days_between,
)


@dataclass(frozen=True)
class ReminderTerms:
    """How early things are called to mind; 0 is never."""

    headcount_days: int = 2
    host_days: int = 3
    names_hours: int = 12
    tells_of_tomorrow: bool = True


class Call(StrEnum):
    """What is said of a visit to those who prepare it."""

    HEADCOUNT = "headcount"
    HEADCOUNT_MISSED = "headcount_missed"
    ROSTER = "roster"
    ROSTER_MISSED = "roster_missed"


def call_for(
    *,
    today: dt.date,
    visit_day: dt.date,
    calendar: Calendar,
    days: int,
    is_stated: bool,
    headcount: int,
    named: int | None,
) -> Call | None:
    """What is due of a visit today, or None.

    First the headcount, then as many names as it says (``named`` None: nobody is named beforehand). Some
    working days before the day it is due; once it is missed, until nothing can be changed any more.
    """
    if days <= 0 or today > working_days_before(visit_day, CHANGES_DUE_DAYS, calendar):
        return None
    due = working_days_before(visit_day, HEADCOUNT_DUE_DAYS, calendar)
    if today < working_days_before(due, days, calendar):
        return None
    is_missed = today > due
    if not is_stated:
        return Call.HEADCOUNT_MISSED if is_missed else Call.HEADCOUNT
    if named is not None and named < headcount:
        return Call.ROSTER_MISSED if is_missed else Call.ROSTER
    return None


def is_silent(*, asked_on: dt.date, today: dt.date, calendar: Calendar, days: int) -> bool:
    """Whether a base has had so many working days to answer and did not."""
    return days > 0 and working_days_between(asked_on, today, calendar) >= days
