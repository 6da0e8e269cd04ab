"""Categories and modules as the ledger of hours knows them: what lessons and tests belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from courses.models.outlines import catalogue, held_catalogue
from enrollment.dimensions import Dimension
from enrollment.dimensions import register as offer


def published() -> list[Dimension]:
    """Each category, and below it its modules."""
    found = []
    for category in catalogue().categories:
        if not category.code:
            continue
        found.append(Dimension(category.code, category.title))
        found += [
            Dimension(f"{category.code}/{module.code}", f"{category.title} · {module.title}")
            for module in category.modules
            if module.code
        ]
    return found


def _looked_up(known: Mapping[int, str], ids: Collection[str]) -> Mapping[str, str]:
    return {one: known[int(one)] for one in ids if one.isdecimal() and known.get(int(one))}


def of_lessons(ids: Collection[str]) -> Mapping[str, str]:
    """What completed lessons belong to.

    Whoever credits one has just read the catalogue, so the one in memory knows it: no query under the lock.
    """
    return _looked_up(held_catalogue().dimension_of_lesson, ids)


def of_quizzes(ids: Collection[str]) -> Mapping[str, str]:
    """What passed tests belong to."""
    return _looked_up(held_catalogue().dimension_of_quiz, ids)


def register() -> None:
    """Tell the ledger."""
    offer(published, {"lesson": of_lessons, "quiz": of_quizzes})
