"""Which wants of a resource collide with what is already taken.

A span is half open: one that ends at ten and one that begins at ten do not collide.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, order=True)
class Resource:
    """One thing or person that can be in one place at a time: ``kind`` names its table."""

    kind: str
    id: int


class Taken(NamedTuple):
    """A stretch of time that something holds; ``holder`` says what, for the sentence."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    holder: int


@dataclass
class Agenda:
    """Who and what is taken when. Lines are kept in order, so that a question costs a binary search."""

    lines: dict[Resource, list[Taken]] = field(default_factory=lambda: defaultdict(list))

    def collisions(self, resource: Resource, starts_at: dt.datetime, ends_at: dt.datetime) -> list[Taken]:
        """What holds ``resource`` at some moment of the half-open span, earliest first."""
        line = self.lines.get(resource)
        if not line:
            return []
        at = bisect_left(line, ends_at, key=lambda taken: taken.starts_at)
        found = []
        # Spans of one line do not overlap one another, so that the first miss going back ends the search.
        for taken in reversed(line[:at]):
            if taken.ends_at <= starts_at:
                break
            found.append(taken)
        return found[::-1]

    def take(self, resource: Resource, starts_at: dt.datetime, ends_at: dt.datetime, holder: int) -> None:
        """Note that ``holder`` has ``resource``; call it only where there are no collisions."""
        insort(self.lines[resource], Taken(starts_at, ends_at, holder))


def agenda_of(rows: Iterable[tuple[str, int, dt.datetime, dt.datetime, int]]) -> Agenda:
    """An agenda from rows of (kind, id, start, end, holder), in any order."""
    agenda = Agenda()
    for kind, resource_id, starts_at, ends_at, holder in rows:
        agenda.lines[Resource(kind, resource_id)].append(Taken(starts_at, ends_at, holder))
    for line in agenda.lines.values():
        line.sort()
    return agenda


def overlaps(
    first_start: dt.datetime, first_end: dt.datetime, second_start: dt.datetime, second_end: dt.datetime
) -> bool:
    """Whether two half-open spans share a moment."""
    return first_start < second_end and second_start < first_end
