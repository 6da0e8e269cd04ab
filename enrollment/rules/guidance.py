"""What a record of guidance has to say. Pure."""

from __future__ import annotations

import datetime as dt

from cms.refusals import Reason
from cms.refusals import sentence as _

#: A record is written soon after the deed; later it is from memory.
LATEST_DAYS = 60

NO_SUMMARY = Reason("guidance_summary_missing", _("Say in a few words what was done."), field="summary")
IN_FUTURE = Reason("guidance_in_future", _("Record a visit after it has taken place."), field="held_on")
TOO_OLD = Reason(
    "guidance_too_old",
    _("Record guidance within %(days)s days; choose a later day."),
    {"days": LATEST_DAYS},
    field="held_on",
)
FOLLOW_UP_HALF = Reason(
    "guidance_follow_up_half",
    _("A follow-up needs both: what is to follow, and by which day."),
    field="follow_up_by",
)
FOLLOW_UP_PAST = Reason(
    "guidance_follow_up_past",
    _("The day of the follow-up lies before the visit; choose a later one."),
    field="follow_up_by",
)
NOTHING_OPEN = Reason("guidance_nothing_open", _("This record has no follow-up that waits."))
NO_SETTLEMENT = Reason(
    "guidance_settlement_missing", _("Say in a few words how it was settled."), field="settlement"
)
NOT_YOURS = Reason("guidance_not_yours", _("Your service group does not look after this organization."))


def flaws_of(
    *, held_on: dt.date, summary: str, follow_up: str, follow_up_by: dt.date | None, today: dt.date
) -> tuple[Reason, ...]:
    """What is wrong with a record in itself."""
    reasons = []
    if held_on > today:
        reasons.append(IN_FUTURE)
    elif (today - held_on).days > LATEST_DAYS:
        reasons.append(TOO_OLD)
    if not summary.strip():
        reasons.append(NO_SUMMARY)
    if bool(follow_up.strip()) != (follow_up_by is not None):
        reasons.append(FOLLOW_UP_HALF)
    elif follow_up_by is not None and follow_up_by < held_on:
        reasons.append(FOLLOW_UP_PAST)
    return tuple(reasons)
