"""Attendance, judged from events by the policy of the class (domain §3 and §5).

Events are facts; a status is an opinion about them that can be formed again at any time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

IN = "in"
OUT = "out"
RULING = "ruling"


class Status(StrEnum):
    """What is said of one person's presence at one session."""

    PENDING = "pending"
    PRESENT = "present"
    LATE = "late"
    LEFT_EARLY = "left_early"
    ABSENT = "absent"
    ON_LEAVE = "on_leave"
    EXCEPTION = "exception"


#: Statuses of people who were there; only these earn hours.
ATTENDED = frozenset({Status.PRESENT, Status.LATE, Status.LEFT_EARLY})
#: What staff may rule.
RULINGS = frozenset({Status.PRESENT, Status.LATE, Status.LEFT_EARLY, Status.ABSENT, Status.ON_LEAVE})


@dataclass(frozen=True)
class Policy:
    """How a class judges attendance, in minutes; defaults from domain §3."""

    late_after: int = 10
    early_before: int = 10
    needs_sign_out: bool = True
    #: Sign-in opens so long before the session begins.
    opens_before: int = 30
    #: Signing out is taken until so long after the session ended.
    closes_after: int = 60


@dataclass(frozen=True)
class Timing:
    """When a session is held."""

    starts_at: dt.datetime
    ends_at: dt.datetime


@dataclass(frozen=True)
class Sign:
    """An event that counts.

    ``effective_at`` is the time it stands for; ``order`` that in which it was recorded.
    """

    direction: str
    effective_at: dt.datetime
    order: int = 0
    ruling: str = ""


@dataclass(frozen=True)
class Presence:
    """What the events say: first sign-in, last sign-out, and the last ruling of staff, if any."""

    signed_in_at: dt.datetime | None = None
    signed_out_at: dt.datetime | None = None
    ruling: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of this person."""
        return self.signed_in_at is None and self.signed_out_at is None and not self.ruling


def presence(signs: Iterable[Sign]) -> Presence:
    """Fold events, in any order, into what they say."""
    signed_in: dt.datetime | None = None
    signed_out: dt.datetime | None = None
    ruling = ""
    ruled_in_order = -1
    for sign in signs:
        if sign.direction == IN:
            signed_in = sign.effective_at if signed_in is None else min(signed_in, sign.effective_at)
        elif sign.direction == OUT:
            signed_out = sign.effective_at if signed_out is None else max(signed_out, sign.effective_at)
        elif sign.order > ruled_in_order:
            ruling, ruled_in_order = sign.ruling, sign.order
    return Presence(signed_in, signed_out, ruling)


def window_refusal(direction: str, *, timing: Timing, policy: Policy, now: dt.datetime) -> str | None:
    """The code of the reason why ``direction`` is not taken at ``now``, or None when it is."""
    minute = dt.timedelta(minutes=1)
    if direction == IN:
        if now < timing.starts_at - policy.opens_before * minute:
            return "not_open_yet"
        if now >= timing.ends_at:
            return "sign_in_closed"
        return None
    if now < timing.starts_at:
        return "sign_out_not_open_yet"
    if now > timing.ends_at + policy.closes_after * minute:
        return "sign_out_closed"
    return None


def judge(
    found: Presence, *, timing: Timing, policy: Policy, on_leave: bool = False, is_over: bool = True
) -> Status:
    """The status that follows from ``found``.

    While the session runs (``is_over`` false) nothing is held against anybody: whoever signed in is pending.
    A sign-in without the sign-out that the class needs is an exception for staff to settle, not an absence;
    so is a sign-out without a sign-in.
    """
    if found.ruling:
        return Status(found.ruling)
    if found.signed_in_at is None and found.signed_out_at is None:
        if on_leave:
            return Status.ON_LEAVE
        return Status.ABSENT if is_over else Status.PENDING
    if not is_over:
        return Status.PENDING
    if found.signed_in_at is None:
        return Status.EXCEPTION
    if found.signed_out_at is None:
        if policy.needs_sign_out:
            return Status.EXCEPTION
    elif found.signed_out_at < found.signed_in_at:
        return Status.EXCEPTION
    elif found.signed_out_at < timing.ends_at - dt.timedelta(minutes=policy.early_before):
        return Status.LEFT_EARLY
    if found.signed_in_at > timing.starts_at + dt.timedelta(minutes=policy.late_after):
        return Status.LATE
    return Status.PRESENT


def earned_quarters(
    status: str,
    *,
    quarters: int,
    timing: Timing,
    signed_in_at: dt.datetime | None,
    signed_out_at: dt.datetime | None,
) -> int:
    """Quarter hours that ``status`` earns of a session worth ``quarters``.

    Present earns all. Late, or left early, earns the share of the session that was attended, rounded down
    to whole quarters; where staff ruled without times, all. Everything else earns nothing.
    """
    if status not in ATTENDED:
        return 0
    if status == Status.PRESENT:
        return quarters
    whole = (timing.ends_at - timing.starts_at).total_seconds()
    begin = max(signed_in_at or timing.starts_at, timing.starts_at)
    end = min(signed_out_at or timing.ends_at, timing.ends_at)
    attended = max(0.0, (end - begin).total_seconds())
    return int(quarters * attended // whole)
