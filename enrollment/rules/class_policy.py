"""What a class asks of presence: who has missed so much that withdrawal is proposed, and leave.

Withdrawal is proposed to the class teacher, who decides; nothing here happens by itself (domain §3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cms.refusals import Reason
from cms.refusals import sentence as _


@dataclass(frozen=True)
class Tally:
    """One trainee's presence in a class, in sessions that were judged."""

    sessions: int = 0
    absent: int = 0
    on_leave: int = 0
    late: int = 0
    left_early: int = 0
    #: Quarter hours earned.
    quarters: int = 0


@dataclass(frozen=True)
class AbsencePolicy:
    """At which share of missed sessions, in percent, withdrawal is proposed; None proposes nobody's."""

    limit_percent: int | None = None
    counts_leave: bool = False


def missed(tally: Tally, policy: AbsencePolicy) -> int:
    """Sessions that count as missed."""
    return tally.absent + (tally.on_leave if policy.counts_leave else 0)


def passes_limit(tally: Tally, policy: AbsencePolicy) -> bool:
    """Whether so much was missed that withdrawal is proposed; the limit itself is too much."""
    if policy.limit_percent is None or not tally.sessions:
        return False
    return missed(tally, policy) * 100 >= policy.limit_percent * tally.sessions


def proposed_withdrawals(tallies: Mapping[int, Tally], policy: AbsencePolicy) -> list[int]:
    """Trainees whose withdrawal is proposed, those who missed most first."""
    found = [key for key, tally in tallies.items() if passes_limit(tally, policy)]
    return sorted(found, key=lambda key: (-missed(tallies[key], policy), key))


@dataclass(frozen=True)
class Span:
    """From when to when somebody asks to be away."""

    starts_at: dt.datetime
    ends_at: dt.datetime

    def shares_a_moment_with(self, other: Span) -> bool:
        """Whether the two overlap."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


#: The class teacher decides on leave of up to a day, unless the class says otherwise.
LEAVE_TEACHER_HOURS = 8
#: A day away counts as at most so many hours.
DAY_MINUTES = 480


def length_minutes(spans: Iterable[Span]) -> int:
    """How long somebody is away: a day counts as eight hours at most, the nights between not at all.

    The spans carry local time; what lies on one day is added up before it is cut.
    """
    by_day: dict[dt.date, int] = {}
    for span in spans:
        begin = span.starts_at
        while begin < span.ends_at:
            midnight = dt.datetime.combine(begin.date() + dt.timedelta(days=1), dt.time(), begin.tzinfo)
            end = min(midnight, span.ends_at)
            by_day[begin.date()] = by_day.get(begin.date(), 0) + int((end - begin).total_seconds() // 60)
            begin = end
    return sum(min(minutes, DAY_MINUTES) for minutes in by_day.values())


def is_for_academy(minutes: int, teacher_hours: int) -> bool:
    """Whether leave is so long that the academy decides, and not the class teacher."""
    return minutes > teacher_hours * 60


def leave_refusals(
    spans: Sequence[Span],
    *,
    reason: str,
    first_day: dt.datetime,
    last_day: dt.datetime,
    standing: Iterable[Span],
    now: dt.datetime,
) -> tuple[Reason, ...]:
    """Why leave cannot be asked for; the class lies between the two days, ``standing`` are other slips."""
    if not reason.strip():
        return (LEAVE_REASON_MISSING,)
    others = list(standing)
    for asked in spans:
        against = _span_refusals(asked, first_day=first_day, last_day=last_day, standing=others, now=now)
        if against:
            return against
    return ()


def _span_refusals(
    asked: Span,
    *,
    first_day: dt.datetime,
    last_day: dt.datetime,
    standing: Iterable[Span],
    now: dt.datetime,
) -> tuple[Reason, ...]:
    if asked.ends_at <= asked.starts_at:
        return (LEAVE_BACKWARD,)
    if asked.ends_at <= now:
        return (LEAVE_OVER,)
    if asked.starts_at >= last_day or asked.ends_at <= first_day:
        return (LEAVE_OUTSIDE,)
    if any(asked.shares_a_moment_with(other) for other in standing):
        return (LEAVE_OVERLAPS,)
    return ()


LEAVE_REASON_MISSING = Reason("leave_reason_missing", _("Say why you cannot come."), field="reason")
LEAVE_BACKWARD = Reason("leave_backward", _("Leave ends after it begins."), field="ends_at")
LEAVE_OVER = Reason(
    "leave_over", _("This time is past; ask the class teacher to correct your attendance."), field="ends_at"
)
LEAVE_OUTSIDE = Reason(
    "leave_outside_class", _("The class is not held at that time; look at its days."), field="starts_at"
)
LEAVE_OVERLAPS = Reason(
    "leave_overlaps", _("You have asked for leave in this time already."), field="starts_at"
)
LEAVE_NO_TIME = Reason(
    "leave_no_time",
    _("Choose the sessions you will miss, or say from when to when you are away."),
    field="starts_at",
)
LEAVE_NO_SESSION = Reason(
    "leave_no_session",
    _("One of these sessions is over or is held no more; open the page again."),
    field="sessions",
)
LEAVE_FOR_ACADEMY = Reason(
    "leave_for_academy", _("Leave of this length is decided by the academy, not by the class teacher.")
)
LEAVE_NOT_ON_ROSTER = Reason("leave_not_on_roster", _("Only people on the roster of a class ask for leave."))
LEAVE_CLASS_CLOSED = Reason("leave_class_closed", _("The class is over; leave can no longer be asked for."))
LEAVE_DECIDED = Reason("class_leave_decided", _("This leave slip has been decided already."))
LEAVE_REFUSAL_REASON = Reason(
    "leave_refusal_reason_missing", _("Say why the leave is refused."), field="answer"
)
NOT_CLASS_TEACHER = Reason("not_class_teacher", _("Only the class teacher decides on leave."))
