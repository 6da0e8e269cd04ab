"""What an organization was on a day: name, place, whether it existed; and which days may be named.

A history is read from its dated lines. Before the first line of an aspect its ``before`` held; without any
line the present value has always held. So organizations that are older than the history read right too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from cms.refusals import Reason
from cms.refusals import sentence as _

Value = TypeVar("Value")

IN_FUTURE = Reason(
    "change_in_future",
    _("The change takes effect on %(day)s, which has not come yet; record it on that day."),
    field="on",
)
BEFORE_FOUNDING = Reason(
    "change_before_founding",
    _("The organization was founded only on %(day)s; choose a later day."),
    field="on",
)
BEFORE_LAST = Reason(
    "change_before_last",
    _("A change of %(day)s is already recorded; choose that day or a later one."),
    field="on",
)
NOT_THIS_YEAR = Reason(
    "change_not_this_year",
    _("People change places within this year, so that past figures stand; choose %(day)s or later."),
    field="on",
)


class Status(Enum):
    """Whether an organization existed on a day."""

    NOT_YET = "not_yet"
    ACTIVE = "active"
    DISSOLVED = "dissolved"


@dataclass(frozen=True)
class Line(Generic[Value]):
    """One change of one aspect: from ``day`` on it is ``after``."""

    day: dt.date
    before: Value
    after: Value


def value_on(lines: Sequence[Line[Value]], day: dt.date, present: Value) -> Value:
    """The value of an aspect on ``day``; ``lines`` stand in the order of their days."""
    held = [line for line in lines if line.day <= day]
    if held:
        return held[-1].after
    return lines[0].before if lines else present


def status_on(day: dt.date, founded_on: dt.date | None, dissolved_on: dt.date | None) -> Status:
    """Whether it existed on ``day``; the day it was dissolved is the first without it."""
    if founded_on is not None and day < founded_on:
        return Status.NOT_YET
    if dissolved_on is not None and day >= dissolved_on:
        return Status.DISSOLVED
    return Status.ACTIVE


def day_refusals(
    *,
    on: dt.date,
    today: dt.date,
    founded_on: dt.date | None,
    last_on: dt.date | None,
    moves_people: bool = False,
) -> list[Reason]:
    """Why a change may not take effect ``on`` that day; ``last_on`` is the last change of the same aspect."""
    reasons = []
    if on > today:
        reasons.append(_with_day(IN_FUTURE, on))
    if founded_on is not None and on < founded_on:
        reasons.append(_with_day(BEFORE_FOUNDING, founded_on))
    if last_on is not None and on < last_on:
        reasons.append(_with_day(BEFORE_LAST, last_on))
    if moves_people and on.year < today.year:
        reasons.append(_with_day(NOT_THIS_YEAR, dt.date(today.year, 1, 1)))
    return reasons


def _with_day(reason: Reason, day: dt.date) -> Reason:
    return Reason(reason.code, reason.message, {"day": day.isoformat()}, reason.field)
