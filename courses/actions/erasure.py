"""What goes of studying when a person is erased; what was completed and passed stays, as hours cite it."""

from __future__ import annotations

from collections.abc import Collection

from courses.models import LessonProgress, QuizAttempt, StudyClock


def erase(trainees: Collection[int], users: Collection[int]) -> None:
    """Which stretches were watched, what was answered, and the clock. The caller has locked the people."""
    StudyClock.objects.filter(user__in=users).delete()
    LessonProgress.objects.filter(user__in=users).update(intervals=[], not_counted=[], position=0)
    QuizAttempt.objects.filter(user__in=users).update(answers={})
