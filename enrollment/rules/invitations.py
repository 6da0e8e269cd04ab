"""The code of an invitation: sixteen characters that cannot be mistaken for one another, typed or scanned."""

from __future__ import annotations

#: Crockford's alphabet: no I, L, O or U. Sixteen of 32 letters are 80 bits: too many to try.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
_MISTAKEN = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None, "－": None, "　": None})


def normalized(typed: str) -> str:
    """What was meant by ``typed``: capitals, no hyphens, look-alikes put right; empty if it is no code."""
    code = typed.strip().upper().translate(_MISTAKEN)
    return code if len(code) == LENGTH and all(letter in ALPHABET for letter in code) else ""


def spelled(code: str) -> str:
    """``code`` in groups of four, as it is printed."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
