"""Completing lessons and tests, deriving courses, and asking `enrollment` for the hours.

Lock order (docs/locking.md): the lesson's progress row, the course's progress row, then the ledger's own.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from courses.models import CourseProgress, LessonProgress
from courses.models.outlines import CourseOutline, LessonOutline, catalogue
from courses.rules.completion import Studied, course_is_complete, lesson_is_complete
from enrollment.actions.hours import credit_hours_in_bulk
from enrollment.models import HourEntry, HourKind, HourRuleCode, Trainee, User
from enrollment.models.rulebook import rules_on
from enrollment.rules.hours import Credit, lesson_rule, quarters_for_lesson, quarters_for_quiz

#: What the ledger cites.
LESSON_EVIDENCE = "lesson"
QUIZ_EVIDENCE = "quiz"
CHUNK = 1000
#: What `derive_course` works out.
DERIVED_FIELDS = [
    "completed_lessons",
    "passed_quizzes",
    "last_lesson",
    "started_at",
    "studied_at",
    "completed_at",
]


def rule_is_met(progress: LessonProgress) -> bool:
    """Whether ``progress`` meets the rule that it was begun under."""
    return lesson_is_complete(
        Studied(
            rule=progress.rule,
            studied_seconds=progress.studied_seconds,
            required_seconds=progress.required_seconds,
            end_reached=progress.end_reached,
            quiz_passed=progress.quiz_passed_at is not None,
            reflection_accepted=progress.reflection_accepted_at is not None,
        )
    )


@transaction.atomic
def complete_lesson(
    *, progress_id: int, now: dt.datetime | None = None, actor: User | None = None
) -> LessonProgress:
    """Complete a lesson whose rule is met: hours, then the course. Does nothing a second time.

    Several requests may find the rule met at the same moment; the row's lock lets one of them through.
    """
    now = now or timezone.now()
    row = LessonProgress.objects.select_for_update().get(pk=progress_id)
    if row.completed_at is not None or not rule_is_met(row):
        return row
    lesson = catalogue().lessons.get(row.lesson_id)
    row.completed_at = now
    row.entry = _credit_lesson(row.user_id, lesson, now, actor) if lesson else None
    row.save(update_fields=["completed_at", "entry"])
    derive_course(user_id=row.user_id, course_id=row.course_id, now=now)
    return row


@transaction.atomic
def pass_quiz(*, progress_id: int, now: dt.datetime, actor: User | None = None) -> LessonProgress:
    """Note that the lesson's test is passed: hours of the test, perhaps the lesson, then the course."""
    row = LessonProgress.objects.select_for_update().get(pk=progress_id)
    if row.quiz_passed_at is not None:
        return row
    lesson = catalogue().lessons.get(row.lesson_id)
    row.quiz_passed_at = now
    row.quiz_entry = _credit_quiz(row.user_id, lesson, now, actor) if lesson else None
    row.save(update_fields=["quiz_passed_at", "quiz_entry"])
    if row.completed_at is None and rule_is_met(row):
        return complete_lesson(progress_id=row.pk, now=now, actor=actor)
    derive_course(user_id=row.user_id, course_id=row.course_id, now=now)
    return row


@transaction.atomic
def derive_course(*, user_id: int, course_id: int, now: dt.datetime | None = None) -> CourseProgress:
    """Bring the progress of one person in one course in line with their lessons. Safe to repeat.

    The row is locked before the lessons are counted, so that of two lessons completed at once the second
    count sees both.
    """
    now = now or timezone.now()
    CourseProgress.objects.bulk_create(
        [CourseProgress(user_id=user_id, course_id=course_id, started_at=now, studied_at=now)],
        ignore_conflicts=True,
    )
    row = CourseProgress.objects.select_for_update().get(user_id=user_id, course_id=course_id)
    studied = list(
        LessonProgress.objects.filter(user_id=user_id, course_id=course_id).values_list(
            "lesson_id", "completed_at", "quiz_passed_at", "opened_at", "studied_at"
        )
    )
    _derive(row, catalogue().courses.get(course_id), studied, now)
    row.save(update_fields=DERIVED_FIELDS)
    return row


LessonRow = tuple[int, dt.datetime | None, dt.datetime | None, dt.datetime, dt.datetime]


def _derive(
    row: CourseProgress, course: CourseOutline | None, studied: list[LessonRow], now: dt.datetime
) -> None:
    live = course.lesson_pks if course else frozenset(lesson for lesson, *_ in studied)
    complete = {lesson for lesson, completed_at, *_ in studied if completed_at and lesson in live}
    passed = {lesson for lesson, _c, passed_at, *_ in studied if passed_at and lesson in live}
    row.completed_lessons = len(complete)
    row.passed_quizzes = len(passed)
    if studied:
        latest = max(studied, key=lambda lesson: lesson[4])
        row.last_lesson_id = latest[0]
        row.started_at = min(opened_at for *_, opened_at, _studied_at in studied)
        row.studied_at = latest[4]
    if (
        row.completed_at is None
        and course is not None
        and course_is_complete(
            lessons=course.lesson_pks,
            complete=complete,
            quizzes=course.quiz_lesson_pks,
            passed=passed,
            needs_quizzes=course.needs_quizzes,
        )
    ):
        row.completed_at = now


def _credit_lesson(
    user_id: int, lesson: LessonOutline, now: dt.datetime, actor: User | None
) -> HourEntry | None:
    trainee = Trainee.objects.filter(user_id=user_id).first()
    credit = _lesson_credit(trainee.pk, lesson, now) if trainee else None
    return _post(trainee, credit, actor)


def _credit_quiz(
    user_id: int, lesson: LessonOutline, now: dt.datetime, actor: User | None
) -> HourEntry | None:
    trainee = Trainee.objects.filter(user_id=user_id).first()
    credit = _quiz_credit(trainee.pk, lesson, now) if trainee else None
    return _post(trainee, credit, actor)


def _lesson_credit(trainee_id: int, lesson: LessonOutline, when: dt.datetime) -> Credit | None:
    """The hours of a lesson under the rules in force on its day; ``None`` where they give none."""
    rules = rules_on(timezone.localdate(when))
    quarters = quarters_for_lesson(lesson.minutes, rules)
    rule = rules.get(lesson_rule(lesson.minutes))
    if quarters <= 0 or rule is None:
        return None
    return Credit(
        trainee_id=trainee_id,
        kind=HourKind.ONLINE,
        quarters=quarters,
        title=lesson.title[:200],
        evidence_type=LESSON_EVIDENCE,
        evidence_id=str(lesson.pk),
        occurred_at=when,
        rule_id=rule.pk,
    )


def _quiz_credit(trainee_id: int, lesson: LessonOutline, when: dt.datetime) -> Credit | None:
    """The same for the lesson's test. A test that stands in two lessons counts once: it is the evidence."""
    rules = rules_on(timezone.localdate(when))
    quarters = quarters_for_quiz(rules)
    rule = rules.get(HourRuleCode.QUIZ_PASSED)
    if quarters <= 0 or rule is None or lesson.quiz_pk is None:
        return None
    title: str = gettext("Test: %(title)s") % {"title": lesson.quiz_title or lesson.title}
    return Credit(
        trainee_id=trainee_id,
        kind=HourKind.ONLINE,
        quarters=quarters,
        title=title[:200],
        evidence_type=QUIZ_EVIDENCE,
        evidence_id=str(lesson.quiz_pk),
        occurred_at=when,
        rule_id=rule.pk,
    )


def _post(trainee: Trainee | None, credit: Credit | None, actor: User | None) -> HourEntry | None:
    """The ledger's entry for ``credit``; a refusal (somebody has left) leaves the study complete."""
    if trainee is None or credit is None:
        return None
    result = credit_hours_in_bulk(credits=[credit], actor=actor)
    return next(iter([*result.posted, *result.already]), None)


# --- Many at once ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Completion:
    """That somebody completed a lesson at ``completed_at``; with ``quiz_passed`` its test as well."""

    user_id: int
    lesson_id: int
    completed_at: dt.datetime
    quiz_passed: bool = False


@dataclass
class BulkCompletion:
    """What became of many completions. Lessons that are not published are counted as unknown."""

    completed: int = 0
    already: int = 0
    unknown: int = 0
    courses_completed: int = 0


def complete_in_bulk(*, rows: Iterable[Completion], actor: User | None = None) -> BulkCompletion:
    """Record completions that were established elsewhere (an import, the demo academy), with their hours.

    Sent again, nothing is recorded twice. A chunk takes a fixed number of queries and one transaction.
    """
    result = BulkCompletion()
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        with transaction.atomic():
            _complete_chunk(chunk, actor, result)
    return result


def _complete_chunk(chunk: list[Completion], actor: User | None, result: BulkCompletion) -> None:
    held = catalogue()
    known = {(row.user_id, row.lesson_id): row for row in chunk if row.lesson_id in held.lessons}
    result.unknown += sum(1 for row in chunk if row.lesson_id not in held.lessons)
    people = {user_id for user_id, _lesson_id in known}
    lessons = {lesson_id for _user_id, lesson_id in known}
    LessonProgress.objects.bulk_create(
        [_opened(row, held.lessons[row.lesson_id]) for _key, row in sorted(known.items())],
        ignore_conflicts=True,
    )
    progress = [
        row
        for row in LessonProgress.objects.select_for_update()
        .filter(user_id__in=people, lesson_id__in=lessons)
        .order_by("pk")
        if (row.user_id, row.lesson_id) in known
    ]
    trainees = dict(Trainee.objects.filter(user_id__in=people).values_list("user_id", "pk"))
    changed: list[LessonProgress] = []
    credits: list[Credit] = []
    for row in progress:
        wanted = known[(row.user_id, row.lesson_id)]
        lesson = held.lessons[row.lesson_id]
        completes = row.completed_at is None
        passes = wanted.quiz_passed and lesson.quiz_pk is not None and row.quiz_passed_at is None
        result.completed += completes
        result.already += not completes
        trainee_id = trainees.get(row.user_id)
        if completes:
            row.completed_at = wanted.completed_at
            if trainee_id and (credit := _lesson_credit(trainee_id, lesson, wanted.completed_at)):
                credits.append(credit)
        if passes:
            row.quiz_passed_at = wanted.completed_at
            if trainee_id and (credit := _quiz_credit(trainee_id, lesson, wanted.completed_at)):
                credits.append(credit)
        if completes or passes:
            changed.append(row)
    posted = credit_hours_in_bulk(credits=credits, actor=actor)
    entries = {
        (entry.trainee_id, entry.evidence_type, entry.evidence_id): entry.pk
        for entry in (*posted.posted, *posted.already)
    }
    for row in changed:
        trainee_id = trainees.get(row.user_id, 0)
        lesson = held.lessons[row.lesson_id]
        row.entry_id = row.entry_id or entries.get((trainee_id, LESSON_EVIDENCE, str(row.lesson_id)))
        if row.quiz_passed_at is not None:
            row.quiz_entry_id = row.quiz_entry_id or entries.get(
                (trainee_id, QUIZ_EVIDENCE, str(lesson.quiz_pk))
            )
    # An upsert of rows that exist: ten times cheaper than an update with a case for each of them.
    LessonProgress.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["user", "lesson"],
        update_fields=["completed_at", "quiz_passed_at", "entry", "quiz_entry"],
        batch_size=500,
    )
    result.courses_completed += derive_courses_in_bulk(
        pairs={(row.user_id, row.course_id) for row in changed}
    )


def _opened(row: Completion, lesson: LessonOutline) -> LessonProgress:
    return LessonProgress(
        user_id=row.user_id,
        lesson_id=lesson.pk,
        course_id=lesson.course_pk,
        rule=lesson.rule,
        opened_at=row.completed_at - dt.timedelta(minutes=lesson.minutes),
        studied_at=row.completed_at,
    )


@transaction.atomic
def derive_courses_in_bulk(*, pairs: Collection[tuple[int, int]]) -> int:
    """`derive_course` for many ``(user, course)`` pairs; returns how many courses it found newly complete."""
    users = {user_id for user_id, _course_id in pairs}
    courses = {course_id for _user_id, course_id in pairs}
    studied: dict[tuple[int, int], list[LessonRow]] = defaultdict(list)
    for user_id, course_id, *lesson in LessonProgress.objects.filter(
        user_id__in=users, course_id__in=courses
    ).values_list(
        "user_id", "course_id", "lesson_id", "completed_at", "quiz_passed_at", "opened_at", "studied_at"
    ):
        if (user_id, course_id) in pairs:
            studied[(user_id, course_id)].append(tuple(lesson))  # type: ignore[arg-type]
    CourseProgress.objects.bulk_create(
        [
            CourseProgress(user_id=user_id, course_id=course_id, started_at=rows[0][3], studied_at=rows[0][4])
            for (user_id, course_id), rows in sorted(studied.items())
        ],
        ignore_conflicts=True,
    )
    held = catalogue()
    changed, newly = [], 0
    for row in (
        CourseProgress.objects.select_for_update()
        .filter(user_id__in=users, course_id__in=courses)
        .order_by("pk")
    ):
        lessons = studied.get((row.user_id, row.course_id))
        if lessons:
            was_complete = row.completed_at is not None
            _derive(row, held.courses.get(row.course_id), lessons, max(lesson[4] for lesson in lessons))
            newly += row.completed_at is not None and not was_complete
            changed.append(row)
    CourseProgress.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["user", "course"],
        update_fields=DERIVED_FIELDS,
        batch_size=500,
    )
    return newly
