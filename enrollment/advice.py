"""What would help somebody who is short of hours. Higher apps add their advice when they start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Suggestion:
    """Something to study next, and where it is (a path on this site)."""

    title: str
    url: str


#: Gets accounts and says for each what it suggests, at a number of queries that does not grow with them.
Adviser = Callable[[Sequence[int]], dict[int, Suggestion]]

_advisers: list[Adviser] = []


def register(adviser: Adviser) -> Adviser:
    """Ask ``adviser`` too. Registering twice is once."""
    if adviser not in _advisers:
        _advisers.append(adviser)
    return adviser


def suggestions(user_ids: Sequence[int]) -> dict[int, Suggestion]:
    """What is suggested to each of ``user_ids``; whoever registered first is heard first."""
    found: dict[int, Suggestion] = {}
    for adviser in _advisers:
        found = adviser(user_ids) | found
    return found
