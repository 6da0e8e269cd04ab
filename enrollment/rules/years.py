"""Closing a year, and changing the rules that its hours are counted by."""

from __future__ import annotations

from cms.refusals import Reason
from cms.refusals import sentence as _

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
