"""The rotating code on the screen: issued and judged by the server's clock (domain §5).

Time is cut into windows of twenty seconds. The code of a window is six digits of an HMAC over the
session, the direction and the window, keyed with the session's own secret; the QR code carries the same six
digits. A code is good in its own window and in the one after it, for those who type or whose phone is slow;
later it is useless, so a photograph passed on comes too late.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass

WINDOW_SECONDS = 20
#: Windows after its own in which a code is still taken.
WINDOWS_TOLERATED = 1
CODE_DIGITS = 6
#: Wrong codes one person may try within a minute before being asked to wait.
TRIES_A_MINUTE = 5

IN = "in"
OUT = "out"


@dataclass(frozen=True)
class Code:
    """A code with the span in which the screen shows it."""

    digits: str
    direction: str
    shown_from: dt.datetime
    shown_until: dt.datetime


def window_of(moment: dt.datetime) -> int:
    """The number of the window that ``moment`` lies in."""
    return int(moment.timestamp()) // WINDOW_SECONDS


def digits_for(*, secret: str, session_id: int, direction: str, window: int) -> str:
    """The six digits of one window."""
    message = f"{session_id}:{direction}:{window}".encode()
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**CODE_DIGITS).zfill(CODE_DIGITS)


def code_at(*, secret: str, session_id: int, direction: str, moment: dt.datetime) -> Code:
    """The code that the screen shows at ``moment``."""
    window = window_of(moment)
    begin = dt.datetime.fromtimestamp(window * WINDOW_SECONDS, tz=dt.UTC)
    return Code(
        digits=digits_for(secret=secret, session_id=session_id, direction=direction, window=window),
        direction=direction,
        shown_from=begin,
        shown_until=begin + dt.timedelta(seconds=WINDOW_SECONDS),
    )


def is_good(digits: str, *, secret: str, session_id: int, direction: str, now: dt.datetime) -> bool:
    """Whether ``digits`` is the code of this moment's window or of one just before it."""
    if len(digits) != CODE_DIGITS or not digits.isascii() or not digits.isdigit():
        return False
    window = window_of(now)
    good = False
    for back in range(WINDOWS_TOLERATED + 1):
        expected = digits_for(secret=secret, session_id=session_id, direction=direction, window=window - back)
        good |= hmac.compare_digest(expected, digits)
    return good


def direction_of(digits: str, *, secret: str, session_id: int, now: dt.datetime) -> str | None:
    """Which way ``digits`` leads (``in`` or ``out``), or None when it is good for neither."""
    for direction in (IN, OUT):
        if is_good(digits, secret=secret, session_id=session_id, direction=direction, now=now):
            return direction
    return None
