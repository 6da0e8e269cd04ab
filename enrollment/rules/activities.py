"""Branch activities: three meetings and one lecture, theme days, and what they are worth."""

from __future__ import annotations

import datetime as dt

from cms.refusals import Reason
from cms.refusals import sentence as _

LONGEST = dt.timedelta(hours=12)


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
