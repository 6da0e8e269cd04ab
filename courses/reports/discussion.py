"""What is asked about a lesson. Who may see the questions is who may see the lesson."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet

from courses.models import LessonProgress, LessonQuestion, LessonReply
from courses.models.access import may_follow, may_study
from courses.models.outlines import CourseOutline, LessonOutline, catalogue
from courses.rules.completion import lesson_is_open
from enrollment.models import User


@dataclass(frozen=True)
class Place:
    """A published lesson as somebody may see it; ``teaches``: they teach its module, or run the academy."""

    course: CourseOutline
    lesson: LessonOutline
    teaches: bool


def place_of(user: User, lesson_id: int) -> Place | None:
    """The lesson with this number for ``user``; ``None`` where it is not published or not theirs to see.

    At most one query besides those of the account: a course studied in order asks what is complete.
    """
    held = catalogue()
    lesson = held.lessons.get(lesson_id)
    if lesson is None:
        return None
    course = held.courses[lesson.course_pk]
    if may_follow(user, held.modules[course.module_pk].instructor_pks):
        return Place(course, lesson, teaches=True)
    if not may_study(user):
        return None
    if course.is_sequential:
        opened = dict(
            LessonProgress.objects.filter(user_id=user.pk, course_id=course.pk).values_list(
                "lesson_id", "completed_at"
            )
        )
        # What was opened once stays open, as the lesson itself does.
        if lesson.pk not in opened and not lesson_is_open(
            lesson.place,
            is_sequential=True,
            complete_before=[bool(opened.get(before.pk)) for before in course.lessons[: lesson.place]],
        ):
            return None
    return Place(course, lesson, teaches=False)


def questions_of(place: Place, user: User) -> QuerySet[LessonQuestion]:
    """The questions about a lesson with their replies, the latest first (two queries a page; to be paged).

    What is hidden is there for those who teach and for its writer.
    """
    visible = Q() if place.teaches else Q(hidden_at__isnull=True) | Q(author_id=user.pk)
    replies = LessonReply.objects.filter(visible).select_related("author").order_by("written_at", "pk")
    return (
        LessonQuestion.objects.filter(visible, lesson_id=place.lesson.pk)
        .select_related("author")
        .prefetch_related(Prefetch("replies", queryset=replies))
        .order_by("-written_at", "-pk")
    )


def question_for(user: User, question_id: int) -> tuple[Place, LessonQuestion] | None:
    """One question where ``user`` may see it."""
    question = LessonQuestion.objects.filter(pk=question_id).first()
    place = place_of(user, question.lesson_id) if question is not None else None
    if question is None or place is None:
        return None
    if question.is_hidden and not place.teaches and question.author_id != user.pk:
        return None
    return place, question


def reply_for(user: User, reply_id: int) -> tuple[Place, LessonReply] | None:
    """One reply where ``user`` may see it and its question."""
    reply = LessonReply.objects.filter(pk=reply_id).first()
    found = question_for(user, reply.question_id) if reply is not None else None
    if reply is None or found is None:
        return None
    if reply.is_hidden and not found[0].teaches and reply.author_id != user.pk:
        return None
    return found[0], reply


def questions_waiting(user: User) -> QuerySet[LessonQuestion]:
    """Questions that wait for ``user`` as an instructor, those waiting longest first; to be paged."""
    return (
        LessonQuestion.objects.manageable_by(user)
        .waiting()
        .exclude(author=user)
        .filter(lesson__live=True)
        .select_related("author__trainee__home_organization", "lesson", "course")
        .order_by("written_at", "pk")
    )
