"""The workflow of a visit to a training base, as a table of moves (domain §4).

request → academy check → base confirms, declines or proposes another date or several batches → confirmed →
briefed → held → archived. Withdrawing and cancelling are always open until the visit is held.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from practicum.rules.deadlines import Calendar, working_days_between


class Stage(StrEnum):
    """Where a visit stands."""

    REQUESTED = "requested"
    WITH_BASE = "with_base"
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    BRIEFED = "briefed"
    HELD = "held"
    ARCHIVED = "archived"
    DECLINED = "declined"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Move(StrEnum):
    """What somebody does to a visit."""

    CHECK = "check"
    REJECT = "reject"
    CONFIRM = "confirm"
    DECLINE = "decline"
    PROPOSE = "propose"
    ACCEPT = "accept"
    REFUSE = "refuse"
    BRIEF = "brief"
    HOLD = "hold"
    ARCHIVE = "archive"
    CANCEL = "cancel"


class Party(StrEnum):
    """Who makes a move."""

    ACADEMY = "academy"
    BASE = "base"


#: (stage, move) → (next stage, parties that may make the move).
MOVES: dict[tuple[Stage, Move], tuple[Stage, frozenset[Party]]] = {
    (Stage.REQUESTED, Move.CHECK): (Stage.WITH_BASE, frozenset({Party.ACADEMY})),
    (Stage.REQUESTED, Move.REJECT): (Stage.REJECTED, frozenset({Party.ACADEMY})),
    (Stage.WITH_BASE, Move.CONFIRM): (Stage.CONFIRMED, frozenset({Party.BASE, Party.ACADEMY})),
    (Stage.WITH_BASE, Move.DECLINE): (Stage.DECLINED, frozenset({Party.BASE})),
    (Stage.WITH_BASE, Move.PROPOSE): (Stage.PROPOSED, frozenset({Party.BASE})),
    (Stage.WITH_BASE, Move.REJECT): (Stage.REJECTED, frozenset({Party.ACADEMY})),
    (Stage.PROPOSED, Move.ACCEPT): (Stage.CONFIRMED, frozenset({Party.ACADEMY})),
    (Stage.PROPOSED, Move.REFUSE): (Stage.WITH_BASE, frozenset({Party.ACADEMY})),
    (Stage.PROPOSED, Move.PROPOSE): (Stage.PROPOSED, frozenset({Party.BASE})),
    (Stage.PROPOSED, Move.DECLINE): (Stage.DECLINED, frozenset({Party.BASE})),
    (Stage.CONFIRMED, Move.BRIEF): (Stage.BRIEFED, frozenset({Party.ACADEMY})),
    (Stage.CONFIRMED, Move.HOLD): (Stage.HELD, frozenset({Party.ACADEMY})),
    (Stage.BRIEFED, Move.HOLD): (Stage.HELD, frozenset({Party.ACADEMY})),
    (Stage.HELD, Move.ARCHIVE): (Stage.ARCHIVED, frozenset({Party.ACADEMY})),
    **{
        (stage, Move.CANCEL): (Stage.CANCELLED, frozenset({Party.ACADEMY}))
        for stage in (Stage.REQUESTED, Stage.WITH_BASE, Stage.PROPOSED, Stage.CONFIRMED, Stage.BRIEFED)
    },
}

#: Stages in which a visit waits for an answer and holds no place; several may want the same time.
PENDING_STAGES = frozenset({Stage.REQUESTED, Stage.WITH_BASE, Stage.PROPOSED})
#: Stages that hold the base.
HOLDING_STAGES = frozenset({Stage.CONFIRMED, Stage.BRIEFED, Stage.HELD, Stage.ARCHIVED})
#: Stages after the briefing notice was sent.
BRIEFED_STAGES = frozenset({Stage.BRIEFED, Stage.HELD, Stage.ARCHIVED})
#: Stages after which nothing follows.
FINAL_STAGES = frozenset({Stage.ARCHIVED, Stage.DECLINED, Stage.REJECTED, Stage.CANCELLED})


def next_stage(stage: str, move: Move, party: Party) -> Stage | None:
    """The stage that ``move`` of ``party`` leads to, or None when it may not be made."""
    found = MOVES.get((Stage(stage), move))
    if found is None or party not in found[1]:
        return None
    return found[0]


def moves_open_to(stage: str, party: Party) -> frozenset[Move]:
    """What ``party`` may do at ``stage``."""
    return frozenset(
        move for (at, move), (_next, parties) in MOVES.items() if at == stage and party in parties
    )


@dataclass(frozen=True)
class BaseTerms:
    """What a base offers."""

    capacity_per_batch: int
    batches_per_day: int
    open_weekdays: frozenset[int]
    opens_at: dt.time
    closes_at: dt.time
    lead_days: int
    is_active: bool = True


@dataclass(frozen=True)
class Batch:
    """One group's slot, in local time."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    headcount: int


@dataclass(frozen=True)
class Refusal:
    """Why a slot will not do: a code and what its sentence names."""

    code: str
    params: tuple[tuple[str, object], ...] = ()


def unmet_terms(
    batch: Batch,
    terms: BaseTerms,
    *,
    batches_that_day: int,
    closed_for: Sequence[tuple[dt.date, dt.date, str]] = (),
    today: dt.date | None = None,
    calendar: Calendar | None = None,
) -> list[Refusal]:
    """What stands between ``batch`` and the base; empty when it fits.

    ``batches_that_day`` counts the other batches of that day. ``today`` switches the lead time on: staff
    entering what was agreed long ago leave it out.
    """
    found: list[Refusal] = []
    day = batch.starts_at.date()
    if not terms.is_active:
        found.append(Refusal("base_not_active"))
    if batch.headcount > terms.capacity_per_batch:
        found.append(
            Refusal(
                "base_over_capacity", (("headcount", batch.headcount), ("capacity", terms.capacity_per_batch))
            )
        )
    if day.isoweekday() not in terms.open_weekdays:
        found.append(Refusal("base_closed_that_weekday", (("day", day),)))
    elif batch.starts_at.time() < terms.opens_at or (
        batch.ends_at.date() > day or batch.ends_at.time() > terms.closes_at
    ):
        found.append(
            Refusal(
                "base_closed_that_hour",
                (("opens", terms.opens_at.strftime("%H:%M")), ("closes", terms.closes_at.strftime("%H:%M"))),
            )
        )
    for first, last, reason in closed_for:
        if first <= batch.ends_at.date() and day <= last:
            found.append(Refusal("base_blacked_out", (("first", first), ("last", last), ("why", reason))))
            break
    if batches_that_day >= terms.batches_per_day:
        found.append(Refusal("base_day_full", (("day", day), ("batches", terms.batches_per_day))))
    if today is not None and working_days_between(today, day, calendar or {}) < terms.lead_days:
        found.append(Refusal("base_lead_time", (("days", terms.lead_days),)))
    return found


def spread(headcount: int, batches: int, capacity: int) -> list[int] | None:
    """``headcount`` people over batches that stand, nearly equal; None when they do not hold them."""
    if not batches <= headcount <= batches * capacity:
        return None
    size, rest = divmod(headcount, batches)
    return [size + 1] * rest + [size] * (batches - rest)


@dataclass(frozen=True)
class Readiness:
    """What of a visit's preparation is done, as the checklist shows it and the briefing demands it."""

    has_headcount: bool
    has_leader: bool
    is_insured: bool
    has_safety_plan: bool
    has_seats_for_all: bool
    has_briefing: bool

    @property
    def items(self) -> list[tuple[str, bool]]:
        """The points in the order of work: code, and whether it is done."""
        return [
            ("headcount", self.has_headcount),
            ("leader", self.has_leader),
            ("insurance", self.is_insured),
            ("safety_plan", self.has_safety_plan),
            ("vehicles", self.has_seats_for_all),
            ("briefing", self.has_briefing),
        ]


def split(headcount: int, capacity: int) -> list[int]:
    """Batches of nearly equal size, none over ``capacity``: 48 people at 40 → 24 and 24."""
    if headcount <= 0:
        return []
    count = -(-headcount // capacity)
    size, rest = divmod(headcount, count)
    return [size + 1] * rest + [size] * (count - rest)
