"""Where people watch a video and where they stop, and how long a course takes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from statistics import median

#: A video is divided into so many parts of equal length, however long it is.
PARTS = 24

Stretch = Sequence[float]


def heat(watched: Iterable[Sequence[Stretch]], seconds: float) -> list[int]:
    """How many people watched each of `PARTS` parts of a video ``seconds`` long, at least half of the part.

    ``watched`` holds, for each person, merged stretches (start, end) in seconds.
    """
    counts = [0] * PARTS
    if seconds <= 0:
        return counts
    length = seconds / PARTS
    for stretches in watched:
        seen = [0.0] * PARTS
        for start, end in stretches:
            first = max(0, int(start / length))
            last = min(PARTS - 1, int(end / length))
            for part in range(first, last + 1):
                seen[part] += max(0.0, min(end, (part + 1) * length) - max(start, part * length))
        for part, time in enumerate(seen):
            counts[part] += 2 * time >= length
    return counts


def middle_days(spans: Iterable[tuple[dt.datetime, dt.datetime]]) -> float | None:
    """The days in which half of the people were done, at least one; nothing where nobody is."""
    days = [max(1, (ended - begun).days + 1) for begun, ended in spans]
    return median(days) if days else None
