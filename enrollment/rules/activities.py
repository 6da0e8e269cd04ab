"""Branch activities: three meetings and one lecture, theme days, and what they are worth."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from cms.refusals import Reason
from cms.refusals import sentence as _

LONGEST = dt.timedelta(hours=12)
#: Numbers that an activity may draw; the lowest part of them is checked.
TICKETS = 10_000


def approved_by_rule(
    *, quarters: int, days_since: int, highest_quarters: int | None, latest_days: int | None
) -> bool:
    """Whether an activity counts without anybody's word.

    ``highest_quarters``: worth no more than this (None: no such rule; 0: everything needs a person).
    ``latest_days``: recorded so many days after it was held (None or 0: at any time).
    """
    if highest_quarters is not None and quarters > highest_quarters:
        return False
    return not latest_days or days_since <= latest_days


def is_drawn(ticket: int, percent: Decimal) -> bool:
    """Whether the activity that drew ``ticket`` is checked, where ``percent`` of all are."""
    return ticket < int(percent * TICKETS / 100)


def flaws_of_finding(*, findings: str, passed: bool) -> tuple[Reason, ...]:
    """What is wrong with the result of a check."""
    return () if passed or findings.strip() else (NO_FINDINGS,)


def flaws_of(
    *, title: str, starts_at: dt.datetime, ends_at: dt.datetime, now: dt.datetime, attendees: int
) -> tuple[Reason, ...]:
    """What is wrong with an activity in itself."""
    reasons = []
    if not title.strip():
        reasons.append(NO_TITLE)
    if ends_at <= starts_at:
        reasons.append(BACKWARD)
    elif ends_at - starts_at > LONGEST:
        reasons.append(TOO_LONG)
    if ends_at > now:
        reasons.append(IN_FUTURE)
    if attendees == 0:
        reasons.append(NOBODY)
    return tuple(reasons)


NO_TITLE = Reason("activity_title_missing", _("Give the activity a title."), field="title")
BACKWARD = Reason("activity_backward", _("An activity ends after it begins."), field="ends_at")
TOO_LONG = Reason(
    "activity_too_long",
    _("One activity lasts at most twelve hours; record each day by itself."),
    field="ends_at",
)
IN_FUTURE = Reason("activity_in_future", _("Record an activity after it has taken place."), field="ends_at")
NOBODY = Reason("activity_without_attendees", _("Name at least one person who attended."), field="attendees")

NOT_FOR_YOU = Reason(
    "activity_not_for_you",
    _("Somebody who looks after an organization above it decides, and not who recorded or attended it."),
)
NOT_WAITING = Reason("activity_not_waiting", _("This activity no longer waits for that."))
DECLINED_WITHOUT_REASON = Reason(
    "activity_reason_missing", _("Say why the activity does not count."), field="reason"
)
NO_FINDINGS = Reason(
    "findings_missing", _("Write down what the check found: the hours are reversed for it."), field="findings"
)
NOT_DRAWABLE = Reason("activity_not_drawable", _("Only an activity that counts, and once, is checked."))


def elsewhere(name: str) -> Reason:
    """An attendee belongs to another organization."""
    return Reason(
        "attendee_elsewhere",
        _("%(name)s belongs to another organization."),
        {"name": name},
        field="attendees",
    )


def of_person(name: str, reason: Reason) -> Reason:
    """``reason`` as said of one attendee."""
    return Reason(
        reason.code,
        _("%(name)s: %(why)s"),
        {"name": name, "why": reason},
        field="attendees",
    )
