"""Where somebody stands in the catalogue. Every report here costs the same whatever the catalogue holds."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from courses.models import CourseAssignment, CourseProgress, LessonProgress
from courses.models.outlines import Catalogue, CourseOutline, LessonOutline, catalogue
from enrollment.models import Exemption, Trainee, User


@dataclass(frozen=True)
class CourseStanding:
    """One person in one course. ``next_lesson`` is where to go on; ``None`` when every lesson is complete.

    ``has_begun``: a lesson was opened.
    """

    course: CourseOutline
    completed_lessons: int = 0
    is_complete: bool = False
    studied_at: dt.datetime | None = None
    next_lesson: LessonOutline | None = None
    has_begun: bool = False

    @property
    def total_lessons(self) -> int:
        """Lessons of the course."""
        return len(self.course.lessons)

    @property
    def percent(self) -> int:
        """Complete lessons in percent; 100 only for a course that is complete."""
        if self.is_complete:
            return 100
        return min(99, 100 * self.completed_lessons // self.total_lessons) if self.total_lessons else 0

    @property
    def url(self) -> str:
        """Where to go on."""
        return self.next_lesson.url if self.next_lesson else self.course.url


@dataclass(frozen=True)
class DueCourse:
    """A course that was given to somebody, with the day it is due."""

    standing: CourseStanding
    due_on: dt.date
    is_mandatory: bool
    is_overdue: bool

    @property
    def course(self) -> CourseOutline:
        """The course."""
        return self.standing.course


@dataclass(frozen=True)
class CatalogProgress:
    """One person in the whole catalogue."""

    standings: dict[int, CourseStanding]
    complete: int
    begun: int
    total: int

    @property
    def completed(self) -> frozenset[int]:
        """Courses that are complete."""
        return frozenset(pk for pk, standing in self.standings.items() if standing.is_complete)

    def of(self, course: CourseOutline) -> CourseStanding:
        """Where they stand in ``course``."""
        return self.standings.get(course.pk) or CourseStanding(course)


def catalog_progress(user: User, held: Catalogue | None = None) -> CatalogProgress:
    """Where ``user`` stands in each course (one query beside the catalogue's own)."""
    held = held or catalogue()
    standings: dict[int, CourseStanding] = {}
    for course_id, completed, completed_at, studied_at in CourseProgress.objects.filter(
        user_id=user.pk
    ).values_list("course_id", "completed_lessons", "completed_at", "studied_at"):
        course = held.courses.get(course_id)
        if course is not None:
            standings[course_id] = CourseStanding(
                course, completed, completed_at is not None, studied_at, has_begun=True
            )
    return CatalogProgress(
        standings=standings,
        complete=sum(standing.is_complete for standing in standings.values()),
        begun=len(standings),
        total=len(held.courses),
    )


def continue_learning(user: User, limit: int = 3) -> list[CourseStanding]:
    """Courses that ``user`` has begun and not completed, the latest first (three queries)."""
    held = catalogue()
    rows = [
        row
        for row in CourseProgress.objects.filter(user_id=user.pk, completed_at__isnull=True)
        .order_by("-studied_at")
        .values_list("course_id", "completed_lessons", "studied_at")[: limit * 3]
        if row[0] in held.courses
    ][:limit]
    done = _complete_lessons(user, [row[0] for row in rows])
    return [
        CourseStanding(
            course=held.courses[course_id],
            completed_lessons=completed,
            studied_at=studied_at,
            next_lesson=_next(held.courses[course_id], done),
            has_begun=True,
        )
        for course_id, completed, studied_at in rows
    ]


def due_courses(user: User, day: dt.date | None = None) -> list[DueCourse]:
    """Courses given to ``user`` and not complete, the earliest due first (at most six queries).

    Somebody who is exempt is never overdue.
    """
    day = day or timezone.localdate()
    trainee = Trainee.objects.filter(user_id=user.pk).first()
    if trainee is None:
        return []
    held = catalogue()
    earliest: dict[int, tuple[dt.date, bool]] = {}
    for course_id, due_on, is_mandatory in (
        CourseAssignment.objects.for_trainee(trainee, day)
        .order_by("due_on")
        .values_list("course_id", "due_on", "is_mandatory")
    ):
        known = earliest.get(course_id)
        earliest[course_id] = (known[0], known[1] or is_mandatory) if known else (due_on, is_mandatory)
    if not earliest:
        return []
    progress = catalog_progress(user, held)
    done = _complete_lessons(user, list(earliest))
    late = [course_id for course_id, (due_on, _mandatory) in earliest.items() if due_on < day]
    is_exempt = bool(late) and _is_exempt(trainee, day)
    due = []
    for course_id, (due_on, is_mandatory) in earliest.items():
        course = held.courses.get(course_id)
        if course is None or progress.of(course).is_complete:
            continue
        known_standing = progress.of(course)
        due.append(
            DueCourse(
                standing=CourseStanding(
                    course=course,
                    completed_lessons=known_standing.completed_lessons,
                    studied_at=known_standing.studied_at,
                    next_lesson=_next(course, done),
                    has_begun=known_standing.has_begun,
                ),
                due_on=due_on,
                is_mandatory=is_mandatory,
                is_overdue=due_on < day and not is_exempt,
            )
        )
    return due


def _complete_lessons(user: User, course_ids: list[int]) -> frozenset[int]:
    if not course_ids:
        return frozenset()
    return frozenset(
        LessonProgress.objects.filter(user_id=user.pk, course_id__in=course_ids)
        .complete()
        .values_list("lesson_id", flat=True)
    )


def _next(course: CourseOutline, done: frozenset[int]) -> LessonOutline | None:
    return next((lesson for lesson in course.lessons if lesson.pk not in done), None)


def _is_exempt(trainee: Trainee, day: dt.date) -> bool:
    return Exemption.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=day), trainee=trainee, starts_on__lte=day
    ).exists()
