"""How many hours something could be used: days it is open, less those on which it is closed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal


def open_minutes(
    first: dt.date,
    last: dt.date,
    *,
    minutes_a_day: int,
    is_open_on: Callable[[dt.date], bool],
    closed: Iterable[tuple[dt.date, dt.date]],
) -> int:
    """Minutes from ``first`` to ``last`` (both included) on open days outside the spans of ``closed``."""
    spans = list(closed)
    days = (first + dt.timedelta(days=step) for step in range((last - first).days + 1))
    return minutes_a_day * sum(
        is_open_on(day) and not any(begin <= day <= end for begin, end in spans) for day in days
    )


def share(part: int | Decimal, whole: int | Decimal) -> int | None:
    """``part`` of ``whole`` in per cent; nothing where there is no whole."""
    return round(part * 100 / whole) if whole else None
