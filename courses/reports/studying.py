"""What the course and lesson pages need to know of a person: one query.

These are the pages that everybody opens all day, so the mark of the catalogue, whether the person is on the
roster, and their progress in the course are read together, by a statement that is written out. Times are only
asked whether they are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from courses.models import LessonProgress
from courses.models.outlines import Catalogue, CourseOutline, catalogue, held_catalogue

_READ = """
SELECT s.mark,
       EXISTS (SELECT 1 FROM enrollment_trainee t WHERE t.user_id = %s AND t.left_on IS NULL),
       p.lesson_id, p.completed_at, p.quiz_passed_at, p.rule, p.studied_seconds, p.required_seconds,
       p.position, p.entry_id, e.quarters, q.quarters, r.status
FROM courses_catalogstamp s
LEFT JOIN courses_lessonprogress p ON p.user_id = %s AND p.course_id = %s
LEFT JOIN enrollment_hourentry e ON e.id = p.entry_id
LEFT JOIN enrollment_hourentry q ON q.id = p.quiz_entry_id
LEFT JOIN courses_reflection r ON r.progress_id = p.id
WHERE s.id = 1
"""


class LessonRow(NamedTuple):
    """One person in one lesson."""

    lesson_id: int
    completed_at: object
    quiz_passed_at: object
    rule: str
    studied_seconds: float
    required_seconds: float
    position: float
    entry_id: int | None
    quarters: int | None
    quiz_quarters: int | None
    #: Where the reflection stands, if one was handed in.
    reflection: str | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the lesson is complete."""
        return self.completed_at is not None


def row_of(progress: LessonProgress) -> LessonRow:
    """The same of a lesson that was just opened."""
    return LessonRow(
        lesson_id=progress.lesson_id,
        completed_at=progress.completed_at,
        quiz_passed_at=progress.quiz_passed_at,
        rule=progress.rule,
        studied_seconds=progress.studied_seconds,
        required_seconds=progress.required_seconds,
        position=progress.position,
        entry_id=progress.entry_id,
        quarters=progress.entry.quarters if progress.entry else None,
        quiz_quarters=progress.quiz_entry.quarters if progress.quiz_entry else None,
    )


@dataclass(frozen=True)
class Studying:
    """One person (or a stranger) in one published course."""

    held: Catalogue
    course: CourseOutline
    is_learner: bool
    rows: dict[int, LessonRow]

    @property
    def complete(self) -> frozenset[int]:
        """Lessons that are complete."""
        return frozenset(pk for pk, row in self.rows.items() if row.completed_at is not None)

    @property
    def passed(self) -> frozenset[int]:
        """Lessons whose test is passed."""
        return frozenset(pk for pk, row in self.rows.items() if row.quiz_passed_at is not None)


def studying(user_id: int | None, slug: str) -> Studying | None:
    """Where the person stands in the course at ``slug``; ``None`` where no such course is published."""
    held = held_catalogue()
    for _attempt in range(3):
        course = held.courses_by_slug.get(slug)
        mark, is_learner, rows = _read(user_id, course.pk if course else 0)
        if mark == held.mark:
            break
        # Something was published since this process last looked.
        held = catalogue()
    return Studying(held, course, is_learner, rows) if course else None


def _read(user_id: int | None, course_id: int) -> tuple[int, bool, dict[int, LessonRow]]:
    with connection.cursor() as cursor:
        cursor.execute(_READ, (user_id or 0, user_id or 0, course_id))
        found = cursor.fetchall()
    if not found:
        return 0, False, {}
    rows = {row[2]: LessonRow(*row[2:]) for row in found if row[2] is not None}
    return found[0][0], bool(found[0][1]), rows
