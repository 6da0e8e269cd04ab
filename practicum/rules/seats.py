"""Seats of a session that people book."""

from __future__ import annotations

import datetime as dt


def booking_refusal(
    *, capacity: int, taken: int, is_open: bool, is_cancelled: bool, starts_at: dt.datetime, now: dt.datetime
) -> str | None:
    """The code of the reason why no further seat is given, or None."""
    if is_cancelled:
        return "session_cancelled"
    if not is_open:
        return "not_open_for_booking"
    if now >= starts_at:
        return "session_has_begun"
    if taken >= capacity:
        return "no_seats_left"
    return None
