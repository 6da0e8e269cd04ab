"""For those who teach a course: who is where, and where people stop."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet

from courses.models import CourseProgress, LessonProgress, LessonQuestion, Reflection
from courses.models.outlines import CourseOutline, LessonOutline
from courses.rules.discussion import clock
from courses.rules.heat import heat, middle_days

#: Lines of videos are read from everybody's progress; a figure some minutes old serves as well.
HEAT_KEPT_SECONDS = 300


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


@dataclass(frozen=True)
class HeatLine:
    """One video: how many people watched each part of it."""

    lesson: LessonOutline
    viewers: int
    counts: list[int]

    @property
    def parts(self) -> list[tuple[str, int]]:
        """Each part with the moment at which it begins."""
        length = self.lesson.video.duration_seconds / len(self.counts) if self.lesson.video else 0
        return [(clock(int(place * length)), count) for place, count in enumerate(self.counts)]


def heat_lines(course: CourseOutline) -> list[HeatLine]:
    """Where the videos of ``course`` are watched (one query, read through; kept for some minutes)."""
    films = [lesson for lesson in course.lessons if lesson.has_film and lesson.video]
    if not films:
        return []
    key = f"courses:heat:{course.pk}:{'-'.join(str(film.pk) for film in films)}"
    known: dict[int, tuple[int, list[int]]] | None = cache.get(key)
    if known is None:
        watched: dict[int, list[list[list[float]]]] = {film.pk: [] for film in films}
        rows = LessonProgress.objects.filter(course_id=course.pk, lesson_id__in=watched)
        for lesson_id, stretches in rows.values_list("lesson_id", "intervals").iterator(chunk_size=2000):
            if stretches:
                watched[lesson_id].append(stretches)
        known = {
            film.pk: (len(watched[film.pk]), heat(watched[film.pk], film.video.duration_seconds))
            for film in films
            if film.video
        }
        cache.set(key, known, HEAT_KEPT_SECONDS)
    return [HeatLine(film, *known[film.pk]) for film in films]


def days_to_complete(course: CourseOutline) -> float | None:
    """Days in which half of those who completed ``course`` did so; nothing where nobody has (one query)."""
    done = CourseProgress.objects.filter(course_id=course.pk, completed_at__isnull=False)
    spans = done.values_list("started_at", "completed_at")
    return middle_days((begun, ended) for begun, ended in spans if ended is not None)


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
