"""What every app does when a person is erased: the registry that higher apps fill when they start.

An eraser takes away (or makes nameless) what its app holds about people and their accounts. It is called
inside the transaction that erases them, after the people were locked, with ids of trainees and of accounts;
it writes set by set, so that its cost does not grow with what each person did.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

Eraser = Callable[[Collection[int], Collection[int]], None]

ERASERS: list[Eraser] = []


def register(eraser: Eraser) -> None:
    """Add an app's eraser; adding it again changes nothing."""
    if eraser not in ERASERS:
        ERASERS.append(eraser)
