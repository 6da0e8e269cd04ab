"""For those who teach a course: who is where, and where people stop."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from courses.models import CourseProgress, LessonProgress, LessonQuestion, Reflection
from courses.models.outlines import CourseOutline, LessonOutline


@dataclass(frozen=True)
class LessonFigures:
    """One lesson of the funnel."""

    lesson: LessonOutline
    opened: int
    completed: int
    passed: int
    of_begun: int

    @property
    def opened_percent(self) -> int:
        """Those who opened it, of everyone who began the course."""
        return 100 * self.opened // self.of_begun if self.of_begun else 0

    @property
    def completed_percent(self) -> int:
        """Those who completed it, of everyone who began the course."""
        return 100 * self.completed // self.of_begun if self.of_begun else 0


@dataclass(frozen=True)
class CourseFollowing:
    """A course as its instructors follow it; ``people`` is to be paged."""

    course: CourseOutline
    begun: int
    completed: int
    funnel: list[LessonFigures]
    people: QuerySet[CourseProgress]
    #: What waits for those who teach it.
    reflections_waiting: int = 0
    questions_waiting: int = 0

    @property
    def completed_percent(self) -> int:
        """Those who completed the course, of those who began it."""
        return 100 * self.completed // self.begun if self.begun else 0


def follow_course(course: CourseOutline) -> CourseFollowing:
    """Figures of ``course`` (four queries) and the people in it, the latest first (one query a page)."""
    totals = CourseProgress.objects.filter(course_id=course.pk).aggregate(
        begun=Count("pk"), completed=Count("pk", filter=Q(completed_at__isnull=False))
    )
    by_lesson = {
        row["lesson_id"]: row
        for row in LessonProgress.objects.filter(course_id=course.pk)
        .values("lesson_id")
        .annotate(
            opened=Count("pk"),
            completed=Count("pk", filter=Q(completed_at__isnull=False)),
            passed=Count("pk", filter=Q(quiz_passed_at__isnull=False)),
        )
    }
    nothing = {"opened": 0, "completed": 0, "passed": 0}
    return CourseFollowing(
        course=course,
        begun=totals["begun"],
        completed=totals["completed"],
        funnel=[
            LessonFigures(
                lesson=lesson,
                opened=by_lesson.get(lesson.pk, nothing)["opened"],
                completed=by_lesson.get(lesson.pk, nothing)["completed"],
                passed=by_lesson.get(lesson.pk, nothing)["passed"],
                of_begun=totals["begun"],
            )
            for lesson in course.lessons
        ],
        people=CourseProgress.objects.filter(course_id=course.pk)
        .select_related("user__trainee__home_organization", "last_lesson")
        .order_by("-studied_at", "-pk"),
        reflections_waiting=Reflection.objects.of_course(course.pk).waiting().count(),
        questions_waiting=LessonQuestion.objects.filter(course_id=course.pk, lesson__live=True)
        .waiting()
        .count(),
    )
