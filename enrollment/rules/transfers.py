"""When somebody may be handed over to another organization, and when a transfer is called to mind."""

from __future__ import annotations

import datetime as dt

from cms.refusals import Reason
from cms.refusals import sentence as _

#: An unanswered transfer is called to mind after so many days, and again after as many, so often at most.
REMIND_AFTER_DAYS = 7
MOST_REMINDERS = 3
#: A transfer may take effect so many days ahead at most: posts are kept as they are, not as they are planned.
FURTHEST_AHEAD_DAYS = 31


def refusals(
    *,
    reason: str,
    on: dt.date,
    today: dt.date,
    post_since: dt.date | None,
    has_left: bool,
    is_there: bool,
) -> list[Reason]:
    """Why a transfer on day ``on`` is not started; ``post_since``: when the present post began."""
    if has_left:
        return [HAS_LEFT]
    found: list[Reason] = []
    if not reason.strip():
        found.append(REASON_MISSING)
    if is_there:
        found.append(THERE_ALREADY)
    if on > today + dt.timedelta(days=FURTHEST_AHEAD_DAYS):
        found.append(TOO_FAR_AHEAD)
    if post_since is not None and on < post_since:
        found.append(BEFORE_POST)
    return found


def wants_reminder(*, started_at: dt.datetime, reminders: int, now: dt.datetime) -> bool:
    """Whether the next reminder is due: one a week, a few in all."""
    if reminders >= MOST_REMINDERS:
        return False
    return now - started_at >= dt.timedelta(days=REMIND_AFTER_DAYS * (reminders + 1))


HAS_LEFT = Reason("trainee_has_left", _("This person has left and is no longer on the roster."))
REASON_MISSING = Reason("reason_missing", _("Say why this person goes."), field="reason")
THERE_ALREADY = Reason(
    "there_already", _("This person is in that organization already."), field="organization"
)
TOO_FAR_AHEAD = Reason(
    "too_far_ahead", _("A transfer takes effect within a month; start it later."), field="on"
)
BEFORE_POST = Reason(
    "before_current_post", _("The day must not lie before the present post began."), field="on"
)
ALREADY_OPEN = Reason("transfer_open", _("A transfer of this person waits for an answer already."))
NOT_OPEN = Reason("transfer_not_open", _("This transfer has been answered or withdrawn already."))
NOT_GIVER = Reason("not_giver", _("Only who keeps the person's record may start or withdraw a transfer."))
NOT_RECEIVER = Reason("not_receiver", _("Only the receiving organization may answer this transfer."))
ANSWER_MISSING = Reason("answer_missing", _("Say why it is declined."), field="answer")
DESTINATION_MISSING = Reason("destination_missing", _("Say where this person goes."), field="destination")
MOVED_MEANWHILE = Reason(
    "moved_meanwhile",
    _("This person is no longer in the giving organization; the transfer can only be withdrawn."),
)
UNSETTLED = Reason(
    "transfer_unsettled", _("A transfer of one of them waits for an answer; settle it before merging.")
)
