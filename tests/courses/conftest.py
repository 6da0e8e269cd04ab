"""A module of 陈讲师 with one course of three lessons: to read, to watch, and with a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from courses.models import CoursePage, LessonPage, ModulePage, Quiz, outlines
from enrollment.models import User
from tests.factories import courses as make

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _no_catalogue_remembered() -> Iterator[None]:
    """What one test published is nothing to the next."""
    outlines.forget()
    yield
    outlines.forget()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Publishing a page takes tenths of a second: what needs the catalogue is for `make test`."""
    for item in items:
        fixtures = {"db", "school"} & set(getattr(item, "fixturenames", []))
        if HERE in item.path.parents and (fixtures or item.get_closest_marker("django_db")):
            item.add_marker(pytest.mark.slow)


@dataclass(frozen=True)
class School:
    """The small catalogue of these tests."""

    module: ModulePage
    course: CoursePage
    reading: LessonPage
    film: LessonPage
    tested: LessonPage
    quiz: Quiz


@pytest.fixture
def school(chen: User) -> School:
    """陈讲师 teaches the module; the third lesson has a test."""
    module = make.module(chen, title="示例模块")
    course = make.course(module=module, title="惠企政策解读", slug="policy", summary="读懂惠企政策。")
    test = make.quiz(2, module=module)
    return School(
        module=module,
        course=course,
        reading=make.lesson(course, title="读懂政策", slug="reading", minutes=20, least_seconds=30),
        film=make.film(course, 100, title="看懂流程", slug="film", minutes=30),
        tested=make.lesson(course, title="用好政策", slug="tested", minutes=10, least_seconds=30, quiz=test),
        quiz=test,
    )
