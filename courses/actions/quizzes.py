"""Sitting a test: begin, save as one writes, hand in, be graded once."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from cms.refusals import Refused
from courses.actions.completion import pass_quiz
from courses.actions.progress import open_lesson
from courses.models import (
    AttemptStatus,
    LessonProgress,
    QuestionKind,
    QuestionVersion,
    Quiz,
    QuizAttempt,
    QuizQuestion,
)
from courses.models.outlines import CourseOutline, LessonOutline
from courses.rules.grading import GRACE_SECONDS, Item, admissible_answers, grade
from courses.rules.refusals import ATTEMPT_CLOSED, NO_ATTEMPTS_LEFT, QUIZ_EMPTY, QUIZ_MISSING, TIME_IS_UP
from enrollment.models import User

Answers = Mapping[str, Sequence[str]]


def begin(
    *,
    user: User,
    course: CourseOutline,
    lesson: LessonOutline,
    complete: frozenset[int] = frozenset(),
    now: dt.datetime | None = None,
) -> QuizAttempt:
    """Begin the lesson's test, or return to the attempt that is open, on whatever device.

    Raises:
        Refused: what `open_lesson` refuses; ``quiz_missing``, ``quiz_empty`` or ``no_attempts_left``.
    """
    now = now or timezone.now()
    if lesson.quiz_pk is None:
        raise Refused(QUIZ_MISSING)
    open_lesson(user=user, course=course, lesson=lesson, complete=complete, now=now)
    attempt = close_if_overdue(attempt=open_attempt(user=user, quiz_id=lesson.quiz_pk), now=now)
    if attempt is not None and attempt.is_open:
        return attempt
    quiz = Quiz.objects.get(pk=lesson.quiz_pk)
    numbers = list(QuizAttempt.objects.filter(user=user, quiz=quiz).values_list("number", flat=True))
    if quiz.max_attempts is not None and len(numbers) >= quiz.max_attempts:
        raise Refused(NO_ATTEMPTS_LEFT)
    plan = frozen_plan(quiz)
    if not plan:
        raise Refused(QUIZ_EMPTY)
    try:
        with transaction.atomic():
            return QuizAttempt.objects.create(
                user=user,
                quiz=quiz,
                lesson_id=lesson.pk,
                number=max(numbers, default=0) + 1,
                plan=plan,
                pass_percent=quiz.pass_percent,
                possible_points=sum(item["points"] for item in plan),
                begun_at=now,
                ends_at=(
                    now + dt.timedelta(minutes=quiz.time_limit_minutes) if quiz.time_limit_minutes else None
                ),
            )
    except IntegrityError:
        # Another device began at the same moment: both sit the same attempt.
        return QuizAttempt.objects.get(user=user, quiz=quiz, status=AttemptStatus.OPEN)


def open_attempt(*, user: User, quiz_id: int) -> QuizAttempt | None:
    """The attempt that ``user`` has open, if any."""
    return QuizAttempt.objects.filter(user=user, quiz_id=quiz_id, status=AttemptStatus.OPEN).first()


def frozen_plan(quiz: Quiz) -> list[dict[str, object]]:
    """The questions of ``quiz`` as one attempt is given them: versions, their order, the options' order."""
    items = list(
        QuizQuestion.objects.filter(quiz=quiz).select_related("question").order_by("sort_order", "pk")
    )
    versions = {
        (version.question_id, version.number): version
        for version in QuestionVersion.objects.filter(question__in=[item.question_id for item in items])
    }
    pinned = {version.pk: version for version in versions.values()}
    chance = random.SystemRandom()
    plan: list[dict[str, object]] = []
    for item in items:
        version = (
            pinned.get(item.pinned_id)
            if item.pinned_id
            else versions.get((item.question_id, item.question.version_number))
        )
        if version is None:
            continue
        keys = [option["key"] for option in version.options]
        if quiz.shuffles_options and version.kind != QuestionKind.TRUE_FALSE:
            chance.shuffle(keys)
        plan.append({"version": version.pk, "options": keys, "points": item.points})
    if quiz.shuffles_questions:
        chance.shuffle(plan)
    return plan


def is_overdue(attempt: QuizAttempt, now: dt.datetime) -> bool:
    """Whether the time was up so long ago that nothing can still be on its way."""
    return attempt.ends_at is not None and now > attempt.ends_at + dt.timedelta(seconds=GRACE_SECONDS)


def close_if_overdue(*, attempt: QuizAttempt | None, now: dt.datetime | None = None) -> QuizAttempt | None:
    """Grade an open attempt whose time is up, with what was saved."""
    now = now or timezone.now()
    if attempt is None or not attempt.is_open or not is_overdue(attempt, now):
        return attempt
    return submit(attempt_id=attempt.pk, user=attempt.user, answers={}, now=now)


@transaction.atomic
def save_answers(
    *, attempt_id: int, user: User, answers: Answers, now: dt.datetime | None = None
) -> QuizAttempt:
    """Keep what was just answered. Only the given places change, so two devices do not wipe each other.

    Raises:
        Refused: ``attempt_closed`` or ``time_is_up``.
    """
    now = now or timezone.now()
    attempt = QuizAttempt.objects.select_for_update().get(pk=attempt_id, user=user)
    if not attempt.is_open:
        raise Refused(ATTEMPT_CLOSED)
    if is_overdue(attempt, now):
        raise Refused(TIME_IS_UP)
    versions = _versions(attempt)
    attempt.answers = _merged(attempt, versions, answers)
    attempt.saved_at = now
    attempt.saves += 1
    attempt.save(update_fields=["answers", "saved_at", "saves"])
    return attempt


@transaction.atomic
def submit(*, attempt_id: int, user: User, answers: Answers, now: dt.datetime | None = None) -> QuizAttempt:
    """Hand in and grade, once: handed in again, the attempt comes back as it was graded.

    Answers that arrive after the time was up are not taken; those saved before are.
    """
    now = now or timezone.now()
    attempt = QuizAttempt.objects.select_for_update().get(pk=attempt_id, user=user)
    if not attempt.is_open:
        return attempt
    versions = _versions(attempt)
    if answers and not is_overdue(attempt, now):
        attempt.answers = _merged(attempt, versions, answers)
        attempt.saved_at = now
    result = grade(
        [
            Item(
                correct=versions[item["version"]].correct_keys,
                offered=tuple(item["options"]),
                points=item["points"],
            )
            for item in attempt.plan
        ],
        attempt.answers,
        attempt.pass_percent,
    )
    attempt.status = AttemptStatus.GRADED
    attempt.graded_at = min(now, attempt.ends_at) if attempt.ends_at else now
    attempt.earned_points = result.earned
    attempt.possible_points = result.possible
    attempt.outcome = list(result.outcome)
    attempt.has_passed = result.has_passed
    attempt.save()
    if attempt.has_passed:
        progress = LessonProgress.objects.get(user=user, lesson_id=attempt.lesson_id)
        pass_quiz(progress_id=progress.pk, now=now)
    return attempt


def _versions(attempt: QuizAttempt) -> dict[int, QuestionVersion]:
    return QuestionVersion.objects.in_bulk([item["version"] for item in attempt.plan])


def _merged(
    attempt: QuizAttempt, versions: Mapping[int, QuestionVersion], answers: Answers
) -> dict[str, list[str]]:
    kept = admissible_answers(
        [item["options"] for item in attempt.plan],
        [versions[item["version"]].kind == QuestionKind.MULTIPLE for item in attempt.plan],
        answers,
    )
    merged: dict[str, list[str]] = dict(attempt.answers)
    for place in answers:
        if place in kept:
            merged[place] = kept[place]
        else:
            merged.pop(place, None)  # unticked
    return merged
