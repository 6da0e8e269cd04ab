"""Which courses stand before a course, and whether somebody may begin it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence


def missing(required: Sequence[int], complete: Collection[int], *, has_begun: bool) -> tuple[int, ...]:
    """The courses of ``required`` that must be completed first, in their order.

    Who has begun goes on: a course that is put before it later locks nobody out.
    """
    return () if has_begun else tuple(course for course in required if course not in complete)


def leads_back(
    course: int, chosen: Iterable[int], before: Callable[[Collection[int]], Iterable[int]]
) -> bool:
    """Whether ``course`` would stand before itself, with ``chosen`` before it.

    ``before`` names what stands directly before any of some courses; it is asked once for each step back.
    """
    seen: set[int] = set()
    frontier = set(chosen)
    while frontier:
        if course in frontier:
            return True
        seen |= frontier
        frontier = set(before(frontier)) - seen
    return False
