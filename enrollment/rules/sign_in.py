"""When an account is locked after failed sign-ins (domain §7: five failures, fifteen minutes).

An attempt is counted *before* its password is checked and taken back when it proves right. However many
guesses arrive at once, no more than the allowed number are ever judged between two locks.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class LockOut:
    """How many failures lock an account, and for how many minutes."""

    failures: int
    minutes: int


@dataclass(frozen=True)
class Record:
    """Failures so far (attempts that are being judged included) and until when the account is locked."""

    failures: int = 0
    locked_until: dt.datetime | None = None


class Verdict(Enum):
    """What becomes of an attempt."""

    JUDGE = "judge"
    #: As many attempts as are allowed are being judged at this moment; their outcome decides.
    WAIT = "wait"
    LOCKED = "locked"


def attempt(record: Record, *, now: dt.datetime, limit: LockOut) -> tuple[Verdict, Record]:
    """Return what to do with an attempt at ``now``, and the record that counts it."""
    if record.locked_until is not None:
        if now < record.locked_until:
            return Verdict.LOCKED, record
        record = Record()
    if record.failures >= limit.failures:
        return Verdict.WAIT, record
    return Verdict.JUDGE, Record(record.failures + 1, None)


def failure(record: Record, *, now: dt.datetime, limit: LockOut) -> Record:
    """Return the record after an attempt that was counted proved wrong."""
    failures = max(record.failures, 1)
    if failures < limit.failures:
        return Record(failures, record.locked_until)
    return Record(failures, record.locked_until or now + dt.timedelta(minutes=limit.minutes))


def success() -> Record:
    """Return the record after a right password: nothing is held against the account any more."""
    return Record()
