"""What goes of studying when a person is erased; what was completed and passed stays, as hours cite it."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from django.db import transaction

from courses.models import LessonProgress, QuizAttempt, ReflectionPicture, ReflectionVersion, StudyClock


def erase(trainees: Collection[int], users: Collection[int]) -> None:
    """What was watched, answered and written, and the clock. The caller has locked the people."""
    StudyClock.objects.filter(user__in=users).delete()
    LessonProgress.objects.filter(user__in=users).update(intervals=[], not_counted=[], position=0)
    QuizAttempt.objects.filter(user__in=users).update(answers={})
    ReflectionVersion.objects.filter(reflection__progress__user__in=users).update(text="", comment="")
    pictures = ReflectionPicture.objects.filter(reflection__progress__user__in=users)
    for picture in pictures:
        transaction.on_commit(partial(picture.file.storage.delete, str(picture.file.name)))
    pictures.delete()
