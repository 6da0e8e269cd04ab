"""What publishing a change does to those who study the course. It takes nothing away; it may ask for more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Demand:
    """What a course asks for: its lessons and the lessons whose test belongs to it, by number."""

    lessons: frozenset[int]
    tests: frozenset[int] = frozenset()
    needs_quizzes: bool = True

    @property
    def needed_tests(self) -> frozenset[int]:
        """Lessons whose test must be passed."""
        return self.tests if self.needs_quizzes else frozenset()


@dataclass(frozen=True)
class Tally:
    """One person in the course: how much of the demand is met before and after the change."""

    user_id: int
    is_complete: bool
    lessons_before: int
    lessons_after: int
    tests_before: int
    tests_after: int


class Effect(Enum):
    """What the change does to one person."""

    NONE = "none"
    GAINS = "gains"
    KEEPS = "keeps"
    MORE = "more"
    LESS = "less"


def effect_on(tally: Tally, before: Demand, after: Demand) -> Effect:
    """What becomes of ``tally``. Who is complete stays complete, whatever is asked of others from now on."""
    left_before = _left(before, tally.lessons_before, tally.tests_before)
    left_after = _left(after, tally.lessons_after, tally.tests_after)
    if tally.is_complete:
        return Effect.KEEPS if left_after else Effect.NONE
    if not left_after and after.lessons:
        return Effect.GAINS
    if left_after > left_before:
        return Effect.MORE
    return Effect.LESS if left_after < left_before else Effect.NONE


def _left(demand: Demand, lessons: int, tests: int) -> int:
    return len(demand.lessons) - lessons + len(demand.needed_tests) - tests


def divide(tallies: Iterable[Tally], before: Demand, after: Demand) -> dict[Effect, list[int]]:
    """People (by number) under what the change does to them."""
    found: dict[Effect, list[int]] = {effect: [] for effect in Effect}
    for tally in tallies:
        found[effect_on(tally, before, after)].append(tally.user_id)
    return found
