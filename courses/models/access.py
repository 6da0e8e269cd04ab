"""Who may study: people on the roster and everyone who works in the academy."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from enrollment.models import Role, Trainee, User


def may_study(user: Any) -> bool:
    """Whether ``user`` may open published lessons (one query for trainees, two for others; asked once)."""
    if not user.is_authenticated or not user.is_active:
        return False
    answer: bool | None = getattr(user, "_may_study", None)
    if answer is None:
        answer = (
            user.is_superuser
            or Trainee.objects.active().filter(user_id=user.pk).exists()
            or bool(user.scope.roles)
        )
        user._may_study = answer
    return answer


def may_see_lessons(user: Any, pages: Collection[int]) -> bool:
    """Whether ``user`` may study one of ``pages``: then they may have the documents that it links to.

    As the lesson's own page asks: a lesson whose course or module was taken down stays published itself.
    """
    from courses.models.outlines import catalogue

    return bool(pages) and may_study(user) and not catalogue().lessons.keys().isdisjoint(pages)


def may_follow(user: User, instructor_pks: frozenset[int]) -> bool:
    """Whether ``user`` may see how others study in a module with these instructors."""
    return user.is_authenticated and user.is_active and (user.scope.everything or user.pk in instructor_pks)


def may_teach(user: Any) -> bool:
    """Whether ``user`` has anything to do with teaching: instructors, and administrators."""
    if not user.is_authenticated or not user.is_active:
        return False
    return bool(user.scope.everything or user.scope.has(Role.INSTRUCTOR))
