"""What a class asks of presence: who has missed so much that withdrawal is proposed, and leave.

Withdrawal is proposed to the class teacher, who decides; nothing here happens by itself (domain §3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
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


def leave_refusals(
    asked: Span,
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
LEAVE_NOT_ON_ROSTER = Reason("leave_not_on_roster", _("Only people on the roster of a class ask for leave."))
LEAVE_CLASS_CLOSED = Reason("leave_class_closed", _("The class is over; leave can no longer be asked for."))
LEAVE_DECIDED = Reason("class_leave_decided", _("This leave slip has been decided already."))
LEAVE_REFUSAL_REASON = Reason(
    "leave_refusal_reason_missing", _("Say why the leave is refused."), field="answer"
)
NOT_CLASS_TEACHER = Reason("not_class_teacher", _("Only the class teacher decides on leave."))
