"""Search over the published catalogue: nothing is found that could not be opened."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from wagtail.query import PageQuerySet

from courses.models import CoursePage, LessonPage
from courses.models.outlines import Catalogue, CourseOutline, LessonOutline
from courses.rules.snippets import Piece, marked, snippet

LESSONS_PER_PAGE = 10
COURSES_SHOWN = 6


@dataclass(frozen=True)
class FoundCourse:
    """A course whose title or summary was found."""

    course: CourseOutline
    title: list[Piece]
    text: list[Piece]


@dataclass(frozen=True)
class FoundLesson:
    """A lesson with the place in its text."""

    lesson: LessonOutline
    course: CourseOutline
    title: list[Piece]
    text: list[Piece]


@dataclass(frozen=True)
class Findings:
    """What a search found. ``page`` is the page of lessons."""

    courses: list[FoundCourse]
    lessons: list[FoundLesson]
    page: Page[LessonPage]

    @property
    def total(self) -> int:
        """Everything found."""
        return len(self.courses) + self.page.paginator.count


def search_catalogue(
    *,
    held: Catalogue,
    query: str,
    path: str = "",
    with_lessons: bool = True,
    within: Collection[CourseOutline] | None = None,
    page_number: str | int | None = 1,
) -> Findings:
    """Courses and lessons for ``query`` at or below the page with tree path ``path``.

    ``with_lessons`` is for those who may open lessons; others are shown courses alone. ``within`` leaves only
    these courses and their lessons.
    """
    shown_courses = _below(CoursePage.objects.live(), path)
    shown_lessons = _below(LessonPage.objects.live(), path) if with_lessons else LessonPage.objects.none()
    if within is not None:
        shown_courses = shown_courses.filter(pk__in=[course.pk for course in within])
        shown_lessons = shown_lessons.filter(pk__in=[pk for course in within for pk in course.lesson_pks])
    courses = [
        FoundCourse(outline, marked(outline.title, query), snippet(outline.summary, query))
        for page in shown_courses.search(query)[:COURSES_SHOWN]
        if (outline := held.courses.get(page.pk)) is not None
    ]
    found = shown_lessons.search(query) if with_lessons else shown_lessons
    page = Paginator(found, LESSONS_PER_PAGE).get_page(page_number)
    lessons = [
        FoundLesson(
            lesson,
            held.courses[lesson.course_pk],
            marked(lesson.title, query),
            snippet(text_of(row), query),
        )
        for row in page.object_list
        if (lesson := held.lessons.get(row.pk)) is not None
    ]
    return Findings(courses, lessons, page)


def text_of(lesson: LessonPage) -> str:
    """The words of a lesson: its summary and its text."""
    body = lesson.body
    return " ".join([lesson.summary, *body.stream_block.get_searchable_content(body)])


def _below(pages: PageQuerySet, path: str) -> PageQuerySet:
    return pages.filter(path__startswith=path) if path else pages
