"""The annual plan 年度培训计划: its life, what an entry must be, and when its class is held."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from cms.refusals import Reason
from cms.refusals import sentence as _

NEXT: dict[str, frozenset[str]] = {
    "draft": frozenset({"approved"}),
    "approved": frozenset({"draft", "published"}),
    # A plan that changes in mid-year goes back to draft and is approved again.
    "published": frozenset({"draft"}),
}
#: The longest class that is planned, in days.
MOST_DAYS = 60


@dataclass(frozen=True)
class Entry:
    """What is planned: in which month, for how many days and people, at what cost in yuan."""

    title: str
    month: int
    days: int
    seats: int
    budget: Decimal | None = None


def entry_refusals(entry: Entry) -> tuple[Reason, ...]:
    """Why this cannot stand in a plan."""
    reasons = []
    if not entry.title.strip():
        reasons.append(TITLE_MISSING)
    if not 1 <= entry.month <= 12:
        reasons.append(BAD_MONTH)
    if not 1 <= entry.days <= MOST_DAYS:
        reasons.append(BAD_DAYS)
    if entry.seats < 1:
        reasons.append(BAD_SEATS)
    if entry.budget is not None and entry.budget < 0:
        reasons.append(BAD_BUDGET)
    return tuple(reasons)


def move_refusal(status: str, to: str, *, entries: int) -> Reason | None:
    """Why a plan cannot become ``to``."""
    if to not in NEXT.get(status, frozenset()):
        return NOT_NEXT
    if to == "approved" and not entries:
        return EMPTY
    return None


def opening_refusal(status: str, *, has_class: bool) -> Reason | None:
    """Why an entry cannot become a class."""
    if has_class:
        return HAS_CLASS
    return NOT_APPROVED if status == "draft" else None


def dates_of(year: int, month: int, days: int, *, today: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of an entry's class: from the first working day of its month, or from today on.

    Only working days (Monday to Friday) are counted; holidays are for whoever opens the class.
    """
    first = max(dt.date(year, month, 1), today)
    while first.weekday() >= 5:
        first += dt.timedelta(days=1)
    last, left = first, days - 1
    while left:
        last += dt.timedelta(days=1)
        left -= last.weekday() < 5
    return first, last


TITLE_MISSING = Reason("entry_title_missing", _("Name what is planned."), field="title")
BAD_MONTH = Reason("entry_month", _("The month lies between 1 and 12."), field="month")
BAD_DAYS = Reason("entry_days", _("A class is planned for 1 to 60 days."), field="days")
BAD_SEATS = Reason("entry_seats", _("Plan at least one seat."), field="seats")
BAD_BUDGET = Reason("entry_budget", _("The budget is no negative figure."), field="budget")
NOT_NEXT = Reason("plan_status_not_next", _("The plan cannot change to this status from its present one."))
EMPTY = Reason("plan_empty", _("There is nothing in the plan yet; add an entry first."))
NOT_DRAFT = Reason(
    "plan_not_draft", _("The plan is approved: take it back to draft before you change its entries.")
)
HAS_CLASS = Reason("entry_has_class", _("A class has been opened from this entry already."))
NOT_APPROVED = Reason("plan_not_approved", _("Classes are opened once the plan is approved."))
PLAN_EXISTS = Reason("plan_exists", _("There is a plan for this year already."), field="year")
BAD_YEAR = Reason("plan_year", _("The year lies between 2000 and 2100."), field="year")
NO_CLASS_OUTSIDE = Reason(
    "no_class_outside_plan", _("There is no class with this number that is outside the plan."), field="code"
)
