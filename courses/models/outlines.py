"""The published catalogue as every process holds it in memory.

What trainees are shown of the catalogue is the same for all of them. It is read once, kept as plain values
under the mark of `CatalogStamp`, and read again when that mark has changed: a page then costs one small
query for the mark instead of a walk through the page tree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock

from django.urls import reverse
from wagtail.models import Page

from cms.models import AcademyImage, Video
from courses.models.catalogue import (
    CatalogPage,
    CatalogStamp,
    CategoryPage,
    CompletionRule,
    CoursePage,
    LessonPage,
    ModulePage,
)

COVER = "fill-640x360|format-webp"


@dataclass(frozen=True)
class LessonOutline:
    """One published lesson, without its text."""

    pk: int
    course_pk: int
    course_slug: str
    place: int
    slug: str
    title: str
    summary: str
    minutes: int
    rule: str
    watch_percent: int
    least_seconds: int | None
    quiz_pk: int | None
    quiz_title: str
    video: Video | None
    revision: str
    url: str
    reflection_task: str = ""
    reflection_least_characters: int = 0

    @property
    def has_film(self) -> bool:
        """Whether there is a video that can be played now."""
        return self.video is not None and self.video.status == Video.Status.READY

    @property
    def is_watched(self) -> bool:
        """Whether watching completes it."""
        return self.rule == CompletionRule.WATCH


@dataclass(frozen=True)
class CourseOutline:
    """One published course with its lessons in order."""

    pk: int
    path: str
    slug: str
    title: str
    summary: str
    cover_url: str
    cohorts: tuple[str, ...]
    is_mandatory: bool
    is_sequential: bool
    needs_quizzes: bool
    module_pk: int
    url: str
    lessons: tuple[LessonOutline, ...] = field(default=())
    #: Published courses to be completed before this one.
    prerequisites: tuple[int, ...] = ()
    review_due_on: dt.date | None = None

    @cached_property
    def minutes(self) -> int:
        """Study time of all lessons."""
        return sum(lesson.minutes for lesson in self.lessons)

    @cached_property
    def lesson_pks(self) -> frozenset[int]:
        """Primary keys of the lessons."""
        return frozenset(lesson.pk for lesson in self.lessons)

    @cached_property
    def quiz_lesson_pks(self) -> frozenset[int]:
        """Primary keys of the lessons that have a test."""
        return frozenset(lesson.pk for lesson in self.lessons if lesson.quiz_pk)

    @cached_property
    def by_slug(self) -> dict[str, LessonOutline]:
        """Lessons by their address."""
        return {lesson.slug: lesson for lesson in self.lessons}

    def after(self, lesson: LessonOutline) -> LessonOutline | None:
        """The lesson after ``lesson``; ``None`` after the last."""
        return self.lessons[lesson.place + 1] if lesson.place + 1 < len(self.lessons) else None

    def before(self, lesson: LessonOutline) -> LessonOutline | None:
        """The lesson before ``lesson``; ``None`` before the first."""
        return self.lessons[lesson.place - 1] if lesson.place else None


@dataclass(frozen=True)
class ModuleOutline:
    """One published module with its courses in order."""

    pk: int
    path: str
    code: str
    title: str
    summary: str
    category_pk: int
    instructor_pks: frozenset[int]
    courses: tuple[CourseOutline, ...]


@dataclass(frozen=True)
class CategoryOutline:
    """One published category with its modules in order."""

    pk: int
    code: str
    title: str
    summary: str
    modules: tuple[ModuleOutline, ...]

    @property
    def courses(self) -> Iterator[CourseOutline]:
        """Courses of all modules."""
        return (course for module in self.modules for course in module.courses)


@dataclass(frozen=True)
class Catalogue:
    """Everything that is published, in order, with ways to find it."""

    mark: int
    title: str
    introduction: str
    categories: tuple[CategoryOutline, ...]

    @cached_property
    def modules(self) -> dict[int, ModuleOutline]:
        """Modules by primary key."""
        return {module.pk: module for category in self.categories for module in category.modules}

    @cached_property
    def courses(self) -> dict[int, CourseOutline]:
        """Courses by primary key."""
        return {course.pk: course for module in self.modules.values() for course in module.courses}

    @cached_property
    def courses_by_slug(self) -> dict[str, CourseOutline]:
        """Courses by their address."""
        return {course.slug: course for course in self.courses.values()}

    @cached_property
    def lessons(self) -> dict[int, LessonOutline]:
        """Lessons by primary key."""
        return {lesson.pk: lesson for course in self.courses.values() for lesson in course.lessons}

    @cached_property
    def dimension_of_lesson(self) -> dict[int, str]:
        """Codes of category and module of each lesson, as the ledger keeps them; empty without a code."""
        return {
            lesson.pk: f"{category.code}/{module.code}" if category.code and module.code else category.code
            for category in self.categories
            for module in category.modules
            for course in module.courses
            for lesson in course.lessons
        }

    @cached_property
    def dimension_of_quiz(self) -> dict[int, str]:
        """The same of each test; of one that stands in several lessons, that of the first."""
        found: dict[int, str] = {}
        for lesson in self.lessons.values():
            if lesson.quiz_pk is not None:
                found.setdefault(lesson.quiz_pk, self.dimension_of_lesson[lesson.pk])
        return found

    @cached_property
    def category_of_module(self) -> dict[int, CategoryOutline]:
        """The category of each module by the module's primary key."""
        return {module.pk: category for category in self.categories for module in category.modules}


_held: Catalogue | None = None
_building = Lock()


def catalogue() -> Catalogue:
    """The catalogue as it is published now: one query, more only when something has changed."""
    global _held  # noqa: PLW0603
    mark = CatalogStamp.current()
    held = _held
    if held is not None and held.mark == mark:
        return held
    with _building:
        if _held is None or _held.mark != mark:
            _held = _build(mark)
        return _held


def held_catalogue() -> Catalogue:
    """The catalogue as this process holds it, perhaps older than what is published; compare its mark."""
    return _held or catalogue()


def forget() -> None:
    """Read the catalogue anew at the next question (tests roll back what they made)."""
    global _held  # noqa: PLW0603
    _held = None


def _parent(page: Page) -> str:
    return str(page.path[: -Page.steplen])


def _build(mark: int) -> Catalogue:
    root = CatalogPage.objects.live().first()
    lessons: dict[str, list[LessonPage]] = {}
    for lesson in (
        LessonPage.objects.live().defer("body").select_related("video__poster", "quiz").order_by("path")
    ):
        lessons.setdefault(_parent(lesson), []).append(lesson)
    course_pages = list(CoursePage.objects.live().prefetch_related("cohorts").order_by("path"))
    covers = _covers({page.cover_id for page in course_pages if page.cover_id})
    courses: dict[str, list[CoursePage]] = {}
    for course in course_pages:
        courses.setdefault(_parent(course), []).append(course)
    module_pages: dict[str, list[ModulePage]] = {}
    for module in ModulePage.objects.live().order_by("path"):
        module_pages.setdefault(_parent(module), []).append(module)
    instructors: dict[int, set[int]] = {}
    for module_pk, user_pk in ModulePage.instructors.through.objects.values_list("modulepage_id", "user_id"):
        instructors.setdefault(module_pk, set()).add(user_pk)

    live_courses = {page.pk for page in course_pages}
    before: dict[int, list[int]] = {}
    for course_pk, first_pk in CoursePage.prerequisites.through.objects.order_by("pk").values_list(
        "from_coursepage_id", "to_coursepage_id"
    ):
        # What is not published can be completed by nobody, and holds nobody up.
        if first_pk in live_courses:
            before.setdefault(course_pk, []).append(first_pk)

    def course_outline(page: CoursePage, module_pk: int) -> CourseOutline:
        return CourseOutline(
            pk=page.pk,
            path=page.path,
            slug=page.slug,
            title=page.title,
            summary=page.summary,
            cover_url=covers.get(page.cover_id, ""),
            cohorts=tuple(cohort.code for cohort in page.cohorts.all()),
            is_mandatory=page.is_mandatory,
            is_sequential=page.is_sequential,
            needs_quizzes=page.needs_quizzes,
            module_pk=module_pk,
            url=reverse("courses:course", args=[page.slug]),
            lessons=tuple(
                _lesson_outline(lesson, page, place)
                for place, lesson in enumerate(lessons.get(page.path, []))
            ),
            prerequisites=tuple(before.get(page.pk, ())),
            review_due_on=page.review_due_on,
        )

    categories = tuple(
        CategoryOutline(
            pk=category.pk,
            code=category.code or "",
            title=category.title,
            summary=category.summary,
            modules=tuple(
                ModuleOutline(
                    pk=module.pk,
                    path=module.path,
                    code=module.code or "",
                    title=module.title,
                    summary=module.summary,
                    category_pk=category.pk,
                    instructor_pks=frozenset(instructors.get(module.pk, ())),
                    courses=tuple(course_outline(page, module.pk) for page in courses.get(module.path, [])),
                )
                for module in module_pages.get(category.path, [])
            ),
        )
        for category in CategoryPage.objects.live().order_by("path")
    )
    return Catalogue(
        mark=mark,
        title=root.title if root else "",
        introduction=root.introduction if root else "",
        categories=categories,
    )


def _lesson_outline(lesson: LessonPage, course: CoursePage, place: int) -> LessonOutline:
    return LessonOutline(
        pk=lesson.pk,
        course_pk=course.pk,
        course_slug=course.slug,
        place=place,
        slug=lesson.slug,
        title=lesson.title,
        summary=lesson.summary,
        minutes=lesson.study_minutes,
        rule=lesson.rule,
        watch_percent=lesson.watch_percent,
        least_seconds=lesson.least_seconds,
        quiz_pk=lesson.quiz_id,
        quiz_title=lesson.quiz.title if lesson.quiz else "",
        video=lesson.video,
        revision=f"{lesson.live_revision_id or 0}-{lesson.last_published_at or ''}",
        url=reverse("courses:lesson", args=[course.slug, lesson.slug]),
        reflection_task=lesson.reflection_task,
        reflection_least_characters=lesson.reflection_least_characters,
    )


def _covers(pks: set[int]) -> dict[int, str]:
    """Addresses of the covers; pictures whose file cannot be read are left out."""
    found = {}
    for image in AcademyImage.objects.filter(pk__in=pks).prefetch_renditions(COVER):
        try:
            found[image.pk] = image.get_rendition(COVER).url
        except OSError:
            continue
    return found
