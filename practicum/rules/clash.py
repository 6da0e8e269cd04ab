"""Which wants and holdings of a resource overlap.

A span is half open: one that ends at ten and one that begins at ten do not clash.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Label = TypeVar("Label")


@dataclass(frozen=True)
class Resource:
    """One thing or person that can be in one place at a time: ``kind`` names its table."""

    kind: str
    id: int


@dataclass(frozen=True)
class Span(Generic[Label]):
    """``resource`` is taken (or wanted) from ``starts_at`` until just before ``ends_at``."""

    resource: Resource
    starts_at: dt.datetime
    ends_at: dt.datetime
    label: Label


@dataclass(frozen=True)
class Clash(Generic[Label]):
    """``wanted`` cannot be had, because ``taken`` overlaps it."""

    wanted: Span[Label]
    taken: Span[Label]


def overlaps(first_start: dt.datetime, first_end: dt.datetime, second_start: dt.datetime, second_end: dt.datetime) -> bool:
    """Whether two half-open spans share a moment."""
    return first_start < second_end and second_start < first_end


def clashes(wanted: Iterable[Span[Label]], taken: Iterable[Span[Label]]) -> list[Clash[Label]]:
    """Every wanted span with each span it collides with: those ``taken``, and earlier ones among the wanted.

    The result is in the order of ``wanted``; the work is a comparison of neighbours on each resource, so
    a whole year's timetable is checked in one pass.
    """
    lines: dict[Resource, list[tuple[Span[Label], int]]] = defaultdict(list)
    asked = list(wanted)
    for order, span in enumerate(asked):
        lines[span.resource].append((span, order))
    if not lines:
        return []
    for span in taken:
        if span.resource in lines:
            lines[span.resource].append((span, -1))
    found: list[tuple[int, Clash[Label]]] = []
    for line in lines.values():
        line.sort(key=lambda item: (item[0].starts_at, item[1]))
        running: list[tuple[Span[Label], int]] = []
        for span, order in line:
            running = [item for item in running if item[0].ends_at > span.starts_at]
            for other, other_order in running:
                late, early = ((span, order), (other, other_order)) if order > other_order else (
                    (other, other_order), (span, order)
                )
                if late[1] >= 0:
                    found.append((late[1], Clash(wanted=late[0], taken=early[0])))
            running.append((span, order))
    found.sort(key=lambda item: item[0])
    return [clash for _order, clash in found]


def busiest_moment(spans: Iterable[tuple[dt.datetime, dt.datetime]]) -> int:
    """How many of ``spans`` run at once at the busiest moment."""
    edges = sorted(edge for start, end in spans for edge in ((start, 1), (end, -1)))
    running = most = 0
    for _moment, step in edges:
        running += step
        most = max(most, running)
    return most
