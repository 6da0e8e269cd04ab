"""What taking a roster import back may do: only what nobody has built upon since. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from enrollment.rules.roster.judgement import Outcome

#: A post and the organization it is held in go back together, because one dated record holds both.
PLACE = ("post", "organization_id")


class Stays(StrEnum):
    """Why something that the import wrote stays as it is."""

    IN_USE = "in_use"
    CHANGED_SINCE = "changed_since"
    TAKEN = "taken"
    LEFT = "left"
    BEYOND = "beyond"
    DISSOLVED = "dissolved"


@dataclass(frozen=True, slots=True)
class Written:
    """One row of the import as it was written: a new person, or fields with what stood there and stands."""

    number: int
    trainee_id: int
    outcome: Outcome
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Present:
    """The same person now."""

    values: Mapping[str, Any]
    is_touched: bool
    is_used: bool
    has_left: bool
    is_beyond: bool = False


@dataclass(frozen=True, slots=True)
class Undoing:
    """What becomes of one row: the person goes, fields go back, or (in part) it stays for a reason."""

    row: Written
    removes: bool = False
    restores: Mapping[str, Any] = field(default_factory=dict)
    stays: Stays | None = None


def undoing_of(row: Written, now: Present | None) -> Undoing:
    """Decide for one row. ``now`` is None when the person is no longer there: nothing is left to do.

    A new person goes only if nothing was recorded of them since (hours, classes, an account) and nobody
    edited them. A changed field goes back only while it still says what the import wrote.
    """
    if now is None:
        return Undoing(row)
    if now.has_left or now.is_beyond:
        return Undoing(row, stays=Stays.LEFT if now.has_left else Stays.BEYOND)
    if row.outcome is Outcome.NEW:
        if now.is_used:
            return Undoing(row, stays=Stays.IN_USE)
        if now.is_touched:
            return Undoing(row, stays=Stays.CHANGED_SINCE)
        return Undoing(row, removes=True)
    restores = {
        name: known for name, (known, said) in row.changes.items() if _same(now.values.get(name), said)
    }
    place = [name for name in PLACE if name in row.changes]
    if any(name not in restores for name in place):
        for name in place:
            restores.pop(name, None)
    stays = Stays.CHANGED_SINCE if len(restores) < len(row.changes) else None
    return Undoing(row, restores=restores, stays=stays)


def _same(stored: Any, said: Any) -> bool:
    """Whether the record still says what the file said; a month in the file is its first day here."""
    if isinstance(stored, str) and isinstance(said, str) and len(said) == 7 and len(stored) == 10:
        return stored == f"{said}-01"
    return bool(stored == said)
