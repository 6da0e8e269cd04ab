"""What stands on paper: codes that a stranger types, days, and what of a name a stranger may see."""

from __future__ import annotations

import datetime as dt
import secrets

#: No letters or digits that are mistaken for one another when a code is typed from paper.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 16


def new_code() -> str:
    """A code that nobody guesses (79 bits)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def plain(typed: str) -> str:
    """A code as it is kept, from what somebody typed: without spaces and dashes, in capitals."""
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def masked_name(name: str) -> str:
    """A name as strangers see it: 张*三 for three characters, 张* for two."""
    if len(name) <= 1:
        return "*"
    if len(name) == 2:
        return f"{name[0]}*"
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"


def in_chinese(day: dt.date) -> str:
    """A day as it stands on paper."""
    return f"{day.year}年{day.month}月{day.day}日"
