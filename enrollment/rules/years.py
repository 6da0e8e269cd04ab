"""Closing a year, and changing the rules that its hours are counted by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from cms.refusals import Reason
from cms.refusals import sentence as _


@dataclass(frozen=True)
class Closure:
    """A closed year; ``late_until`` None means that late records are taken without end."""

    year: int
    late_until: dt.datetime | None


def late_until(closed_at: dt.datetime, days: int | None) -> dt.datetime | None:
    """Until when late records are taken by a rule of ``days``; None (no rule): without end."""
    return None if days is None else closed_at + dt.timedelta(days=days)


def refusal_of_late(closure: Closure | None, now: dt.datetime) -> Reason | None:
    """Why nothing is posted to a year any more; None where it is open, or takes late records."""
    if closure is None or closure.late_until is None or now <= closure.late_until:
        return None
    return Reason(
        "year_frozen",
        _("%(year)s is frozen: late records were taken until %(day)s. An administrator can reopen the year."),
        {"year": closure.year, "day": f"{closure.late_until:%Y-%m-%d}"},
        field="year",
    )


YEAR_NOT_OVER = Reason("year_not_over", _("Only a year that is over can be closed."), field="year")
YEAR_CLOSED = Reason("year_closed", _("This year is closed already."), field="year")
RULE_IN_USE = Reason(
    "rule_in_use",
    _("Hours have been posted under this version; add a new version with its own date instead."),
    field="value",
)
RULES_OVERLAP = Reason(
    "rules_overlap",
    _("Another version of this rule begins within these dates; end this one before it."),
    field="effective_to",
)
RULE_DATES_BACKWARD = Reason(
    "rule_dates_backward", _("A rule cannot end before it takes effect."), field="effective_to"
)
RULE_NEGATIVE = Reason("rule_negative", _("A rule's value cannot be negative."), field="value")
RULE_SAME_DAY = Reason(
    "rule_same_day", _("This rule already has a version from that day."), field="effective_from"
)
SOURCE_MISSING = Reason("source_missing", _("Name the document this figure comes from."), field="source")
MINIMUM_NOT_POSITIVE = Reason(
    "minimum_not_positive", _("A minimum is above zero; end it instead."), field="hours"
)
MINIMUMS_OVERLAP = Reason(
    "minimums_overlap",
    _("Another version of this minimum holds within these dates; end it first."),
    field="effective_from",
)
