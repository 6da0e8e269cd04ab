"""When a lesson and a course are complete."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

#: Reading has reached the end from this share of the text on; the last lines need not leave the screen.
END_SHARE = 0.97


@dataclass(frozen=True)
class Studied:
    """What is known of one person in one lesson."""

    rule: str
    studied_seconds: float
    required_seconds: float
    end_reached: bool
    quiz_passed: bool
    reflection_accepted: bool = False


def lesson_is_complete(studied: Studied) -> bool:
    """Whether the rule that the lesson was begun under is met."""
    if studied.rule == "quiz":
        return studied.quiz_passed
    if studied.rule == "reflect":
        return studied.reflection_accepted
    if studied.studied_seconds + 0.5 < studied.required_seconds:
        return False
    # A video without a length (still being prepared) is not complete by doing nothing.
    return studied.end_reached if studied.rule == "read" else studied.required_seconds > 0


def course_is_complete(
    *,
    lessons: Collection[int],
    complete: Collection[int],
    quizzes: Collection[int],
    passed: Collection[int],
    needs_quizzes: bool,
) -> bool:
    """Whether a course is: every lesson (by id), and every lesson's test where they belong to it.

    ``quizzes`` are the lessons that have a test, ``passed`` those whose test is passed.
    """
    if not lessons or not set(lessons) <= set(complete):
        return False
    return not needs_quizzes or set(quizzes) <= set(passed)


def lesson_is_open(place: int, *, is_sequential: bool, complete_before: Collection[bool]) -> bool:
    """Whether the lesson at ``place`` may be studied; in sequence, all before it are complete."""
    return not is_sequential or all(list(complete_before)[:place])
