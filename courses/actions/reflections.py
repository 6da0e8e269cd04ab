"""Handing in reflections, and deciding on them.

Both take the lock of the lesson's progress row: of a handing in and an acceptance at the same moment, the
second sees the first and is refused with a sentence. Pictures are stored before the lock is taken.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress

from django.core.files.base import ContentFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from wagtail.log_actions import log

from cms.pictures import Picture
from cms.refusals import Refused
from cms.sanitizing import plain_words
from courses.actions.completion import complete_lesson
from courses.models import (
    CompletionRule,
    LessonProgress,
    Reflection,
    ReflectionPicture,
    ReflectionStatus,
    ReflectionVersion,
)
from courses.models.outlines import catalogue
from courses.rules import reflections as rules
from courses.rules.refusals import NOT_OPENED
from enrollment.actions.messages import notify
from enrollment.models import User


def hand_in(
    *,
    user: User,
    lesson_id: int,
    text: str,
    key: uuid.UUID,
    pictures: Sequence[Picture] = (),
    keep: Collection[int] = (),
    now: dt.datetime | None = None,
) -> ReflectionVersion:
    """Hand in a reflection, or a newer version of it; the instructors of the module are told.

    ``pictures`` come with this version, ``keep`` names those of earlier versions that stay in it. ``key`` is
    the form's own: sent twice, it is one version. Earlier versions stay as they were, with their answers.

    Raises:
        Refused: ``not_opened``, ``reflection_not_asked``, ``reflection_accepted``, ``reflection_short``,
            ``reflection_long`` or ``too_many_pictures``.
    """
    now = now or timezone.now()
    words = plain_words(text)
    progress = LessonProgress.objects.filter(user=user, lesson_id=lesson_id).first()
    if progress is None:
        raise Refused(NOT_OPENED)
    stored: list[ReflectionPicture] = []
    taken = False
    try:
        for picture in pictures[: rules.MOST_PICTURES + 1]:
            row = ReflectionPicture(width=picture.width, height=picture.height)
            row.file.save("picture.jpg", ContentFile(picture.content), save=False)
            stored.append(row)
        with transaction.atomic():
            version, taken = _hand_in(progress.pk, words, key, stored, keep, now)
    finally:
        if not taken:
            # Refused, or sent twice: nobody refers to these files.
            for row in stored:
                with suppress(OSError):
                    row.file.storage.delete(str(row.file.name))
    return version


def _hand_in(
    progress_id: int,
    text: str,
    key: uuid.UUID,
    stored: Sequence[ReflectionPicture],
    keep: Collection[int],
    now: dt.datetime,
) -> tuple[ReflectionVersion, bool]:
    """The version, and whether it is a new one. Called inside a transaction."""
    progress = LessonProgress.objects.select_for_update().get(pk=progress_id)
    reflection = Reflection.objects.filter(progress=progress).first()
    if reflection is not None:
        known = reflection.versions.filter(key=key).first()
        if known is not None:
            return known, False
    kept = list(reflection.pictures.filter(pk__in=keep)) if reflection is not None else []
    lesson = catalogue().lessons.get(progress.lesson_id)
    problems = rules.hand_in_problems(
        is_asked=progress.rule == CompletionRule.REFLECT and lesson is not None,
        standing=reflection.standing if reflection is not None else rules.Standing(),
        text=text,
        least_characters=lesson.reflection_least_characters if lesson is not None else 0,
        pictures=len(kept) + len(stored),
    )
    if problems:
        raise Refused(*problems)
    if reflection is None:
        reflection = Reflection(progress=progress, number=0)
    reflection.status = ReflectionStatus.WAITING
    reflection.number += 1
    reflection.handed_in_at = now
    reflection.save()
    for row in stored:
        row.reflection = reflection
        row.save()
    version = ReflectionVersion.objects.create(
        reflection=reflection, number=reflection.number, key=key, text=text, handed_in_at=now
    )
    version.pictures.set([*kept, *stored])
    LessonProgress.objects.filter(pk=progress.pk).update(studied_at=now)
    log(reflection, "courses.reflection.hand_in", user=progress.user, data={"version": version.number})
    _tell_instructors(reflection, progress)
    return version, True


@transaction.atomic
def accept(
    *, reflection: Reflection, number: int, actor: User, comment: str = "", now: dt.datetime | None = None
) -> Reflection:
    """Accept version ``number``, the one that was read: the lesson is complete, with its hours.

    Raises:
        Refused: ``reflection_own``, ``reflection_anew``, ``reflection_not_waiting``,
            ``reflection_not_published`` or ``comment_too_long``.
    """
    now = now or timezone.now()
    row, progress = _decide(reflection, number, actor, plain_words(comment), now, accepts=True)
    progress.reflection_accepted_at = now
    progress.save(update_fields=["reflection_accepted_at"])
    complete_lesson(progress_id=progress.pk, now=now, actor=actor)
    return row


@transaction.atomic
def hand_back(
    *, reflection: Reflection, number: int, actor: User, comment: str, now: dt.datetime | None = None
) -> Reflection:
    """Hand version ``number`` back with a comment; its writer goes on from it.

    Raises:
        Refused: as `accept`, and ``comment_missing``.
    """
    row, _progress = _decide(
        reflection, number, actor, plain_words(comment), now or timezone.now(), accepts=False
    )
    return row


def _decide(
    reflection: Reflection, number: int, actor: User, comment: str, now: dt.datetime, *, accepts: bool
) -> tuple[Reflection, LessonProgress]:
    progress = LessonProgress.objects.select_for_update().get(pk=reflection.progress_id)
    row = Reflection.objects.get(pk=reflection.pk)
    lesson = catalogue().lessons.get(progress.lesson_id)
    problems = rules.decision_problems(
        standing=row.standing,
        read_number=number,
        is_own=progress.user_id == actor.pk,
        accepts=accepts,
        comment=comment,
        is_published=lesson is not None,
    )
    if problems:
        raise Refused(*problems)
    verdict = ReflectionStatus.ACCEPTED if accepts else ReflectionStatus.RETURNED
    row.status = verdict
    row.save(update_fields=["status"])
    row.versions.filter(number=number).update(
        verdict=verdict, comment=comment, decided_by=actor, decided_at=now
    )
    log(
        row,
        "courses.reflection.accept" if accepts else "courses.reflection.hand_back",
        user=actor,
        data={"version": number},
    )
    notify(
        kind="reflection_accepted" if accepts else "reflection_returned",
        recipients=[progress.user_id],
        key=f"reflection:{row.pk}:{number}",
        context={"title": lesson.title if lesson else progress.lesson.title, "comment": comment},
        link=reverse("courses:reflection", args=[progress.lesson_id]),
    )
    return row, progress


def _tell_instructors(reflection: Reflection, progress: LessonProgress) -> None:
    """Those who teach the module hear that something waits; the next one only after they have read it."""
    held = catalogue()
    lesson, course = held.lessons[progress.lesson_id], held.courses[progress.course_id]
    readers = held.modules[course.module_pk].instructor_pks - {progress.user_id}
    notify(
        kind="reflection_waiting",
        recipients=sorted(readers),
        key=f"reflection:{reflection.pk}:waiting:{reflection.number}",
        context={"title": lesson.title, "name": progress.user.get_full_name()},
        link=reverse("courses:teaching_reflection", args=[reflection.pk]),
    )
