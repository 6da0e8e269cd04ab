"""What the background queue does for the courses; schedules are made by migration 0003."""

from __future__ import annotations

import logging

from django.utils import timezone

from courses.actions import beat_buffer, news, publishing
from courses.actions.quizzes import close_if_overdue
from courses.models import CourseAssignment, QuizAttempt

logger = logging.getLogger(__name__)


def grade_overdue() -> int:
    """Grade open attempts whose time is up, with what was saved, whether or not their owners look again.

    The number graded. One that fails does not hold up the rest.
    """
    now, graded = timezone.now(), 0
    for attempt in QuizAttempt.objects.overdue(now).select_related("user").order_by("ends_at"):
        try:
            close_if_overdue(attempt=attempt, now=now)
            graded += 1
        except Exception:
            logger.exception("attempt %s was not graded", attempt.pk)
    return graded


def derive_course(course_id: int) -> int:
    """After what a course asks for has changed; the number of people found newly complete."""
    return publishing.derive_for_everybody(course_id=course_id)


def tell_assigned(assignment_id: int) -> int:
    """After a course was given to somebody: they are told; the number who had not heard."""
    found = CourseAssignment.objects.select_related("course", "cohort", "organization")
    assignment = found.filter(pk=assignment_id).first()
    return (
        news.tell_assigned(assignment=assignment, day=timezone.localdate()) if assignment is not None else 0
    )


def flush_beats() -> int:
    """Every minute: what still waits in Redis is written; returns how much it was."""
    return beat_buffer.flush()


def tell_reviews() -> int:
    """Every morning: instructors are reminded of content whose review comes due."""
    return news.tell_reviews(day=timezone.localdate())


def tell_due() -> int:
    """Every morning: what has to be complete within a week is called to mind, once."""
    return news.tell_due(day=timezone.localdate())
