"""What a claim of hours must be, what it is worth, and who decides about it (domain §2)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules.hours import HIGHEST_QUARTERS, QUARTERS_PER_HOUR, quarters_from_hours

HALF_DAY, DAY, HOUR = "half_day", "day", "hour"
#: Whole half days, half and whole days, quarter hours.
STEPS = {HALF_DAY: Decimal(1), DAY: Decimal("0.5"), HOUR: Decimal("0.25")}
LONGEST = dt.timedelta(days=31)


def worth(unit: str, amount: Decimal, *, half_day: Decimal, day: Decimal) -> int:
    """Quarters that ``amount`` of ``unit`` is worth, with the hours that half a day and a day count."""
    each = {HALF_DAY: half_day, DAY: day, HOUR: Decimal(1)}[unit]
    return quarters_from_hours(amount * each)


def most(starts_at: dt.datetime, ends_at: dt.datetime, *, day: Decimal, hour_minutes: int) -> int:
    """The most quarters that a training between two local moments can be worth.

    A day's hours for each day; of a single day no more than the clock gives, at ``hour_minutes`` to the hour.
    """
    days = (ends_at.date() - starts_at.date()).days + 1
    whole = quarters_from_hours(day * days)
    by_clock = int((ends_at - starts_at).total_seconds() // 60) * QUARTERS_PER_HOUR // hour_minutes
    return min(whole, by_clock) if days == 1 else whole


def flaws_of_training(
    *,
    title: str,
    organizer: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    unit: str,
    amount: Decimal,
    quarters: int,
    day: Decimal,
    hour_minutes: int,
    now: dt.datetime,
) -> tuple[Reason, ...]:
    """What is wrong with an external training in itself; the moments are local."""
    reasons = []
    if not title.strip():
        reasons.append(NO_TITLE)
    if not organizer.strip():
        reasons.append(NO_ORGANIZER)
    if amount <= 0 or amount % STEPS[unit]:
        reasons.append(NOT_IN_STEPS)
    if ends_at <= starts_at:
        reasons.append(BACKWARD)
    elif ends_at - starts_at > LONGEST:
        reasons.append(TOO_LONG)
    elif ends_at > now:
        reasons.append(IN_FUTURE)
    elif quarters > (limit := most(starts_at, ends_at, day=day, hour_minutes=hour_minutes)):
        reasons.append(too_much(Decimal(limit) / QUARTERS_PER_HOUR))
    return tuple(reasons)


def flaws_of_adjustment(
    *, title: str, reason: str, quarters: int, year: int, this_year: int
) -> tuple[Reason, ...]:
    """What is wrong with an adjustment in itself."""
    reasons = []
    if not title.strip():
        reasons.append(NO_TITLE)
    if not reason.strip():
        reasons.append(NO_REASON)
    if quarters <= 0:
        reasons.append(NOT_POSITIVE)
    elif quarters > HIGHEST_QUARTERS:
        reasons.append(MORE_THAN_A_RECORD)
    if year > this_year:
        reasons.append(YEAR_TO_COME)
    return tuple(reasons)


def too_much(hours: Decimal) -> Reason:
    """More hours are claimed than the time can hold."""
    return Reason(
        "claims_too_much",
        _("Between these times at most %(hours)s hours can be earned; correct the times or the figure."),
        {"hours": f"{hours.normalize():f}"},
        field="amount",
    )


NO_TITLE = Reason("claim_title_missing", _("Say what the hours are for."), field="title")
NO_ORGANIZER = Reason("claim_organizer_missing", _("Name who held the training."), field="organizer")
NO_REASON = Reason("claim_reason_missing", _("Say why: the reason stays in the ledger."), field="reason")
NOT_IN_STEPS = Reason(
    "claim_not_in_steps",
    _("Give whole half days, halves of days, or quarters of hours, above zero."),
    field="amount",
)
BACKWARD = Reason("claim_backward", _("The training must end after it begins."), field="ends_at")
TOO_LONG = Reason(
    "claim_too_long", _("One record covers at most 31 days; send each part by itself."), field="ends_at"
)
IN_FUTURE = Reason("claim_in_future", _("Send it in after the training is over."), field="ends_at")
NOT_POSITIVE = Reason(
    "hours_not_positive", _("There are no hours to post: the figure must be above zero."), field="hours"
)
MORE_THAN_A_RECORD = Reason(
    "hours_too_many", _("One record cannot stand for more than 100 hours."), field="hours"
)
YEAR_TO_COME = Reason("claim_year_to_come", _("Hours are posted to this year or a past one."), field="year")
NOT_YOURS = Reason("claim_not_yours", _("You cannot send this in for this person."), field="trainee")
NOT_FOR_YOU = Reason(
    "claim_not_for_you", _("Nobody decides about what they sent themselves, or about their own hours.")
)
NOT_WAITING = Reason("claim_not_waiting", _("This has already been decided or taken back."))
DECLINED_WITHOUT_REASON = Reason("decision_reason_missing", _("Say why it is declined."), field="decision")
WITHDRAWN_WITHOUT_REASON = Reason("withdrawal_reason_missing", _("Say why it is taken back."), field="reason")
NOT_YOURS_TO_WITHDRAW = Reason("claim_not_yours_to_withdraw", _("You cannot take this back."))
NOTHING_TO_WITHDRAW = Reason("claim_closed", _("It was declined or taken back already."))
FILE_AGAIN = Reason(
    "evidence_sent_before",
    _("This evidence has already been sent in for this person; take that one back first to correct it."),
    field="file",
)


def same_time(title: str) -> Reason:
    """Another claim of this person stands for some of the same time."""
    return Reason(
        "training_sent_before",
        _("“%(title)s” has already been sent in for some of this time; take it back first to correct it."),
        {"title": title},
        field="starts_at",
    )


EMPTY_FILE = Reason("evidence_empty", _("The file is empty; choose it again."), field="file")
WRONG_FILE = Reason(
    "evidence_wrong_kind",
    _("Evidence is a PDF, JPG or PNG file; this one is something else, whatever its name says."),
    field="file",
)
BROKEN_FILE = Reason(
    "evidence_broken", _("The file cannot be read; photograph or save it again."), field="file"
)


def too_large(megabytes: int) -> Reason:
    """The file is larger than is kept."""
    return Reason(
        "evidence_too_large",
        _("The file is larger than %(megabytes)s MB; make it smaller."),
        {"megabytes": megabytes},
        field="file",
    )
