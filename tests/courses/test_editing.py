"""Editing a lesson, a test or the order of a course wipes no result and takes no hour back."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from courses.actions import authoring, progress, reflections
from courses.actions.completion import complete_lesson, derive_course, pass_quiz
from courses.models import CourseProgress, LessonProgress
from enrollment.models import HourEntry
from tests.factories import courses as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def studied(zhang, chen, school):
    """张学员 has completed the whole course, its test and a reflection included."""
    asked = make.lesson(school.course, slug="reflect", rule="reflect", minutes=30)
    for page in (school.reading, school.film, school.tested, asked):
        course, lesson = make.outlines(page)
        row = progress.open_lesson(user=zhang, course=course, lesson=lesson)
        LessonProgress.objects.filter(pk=row.pk).update(
            studied_seconds=row.required_seconds, end_reached=True, intervals=[[0, row.required_seconds]]
        )
        complete_lesson(progress_id=row.pk)
    pass_quiz(progress_id=LessonProgress.objects.get(user=zhang, lesson=school.tested).pk, now=timezone.now())
    version = reflections.hand_in(user=zhang, lesson_id=asked.pk, text="心得" * 60, key=uuid.uuid4())
    reflections.accept(reflection=version.reflection, number=1, actor=chen)
    assert CourseProgress.objects.get(user=zhang).completed_at is not None
    return school


def results(user) -> tuple:
    """All that is known of what somebody has done."""
    lessons = LessonProgress.objects.filter(user=user).order_by("lesson").values()
    entries = HourEntry.objects.filter(trainee__user=user).order_by("pk").values()
    return list(lessons), list(entries), CourseProgress.objects.get(user=user).completed_at


def rewrite(school) -> None:
    school.reading.body = authoring.stream_data([{"type": "paragraph", "value": "<p>全新的正文</p>"}], {})
    school.reading.least_seconds = 9000
    authoring.publish(page=school.reading)


def change_the_rules(school) -> None:
    school.reading.rule, school.reading.quiz = "quiz", school.quiz
    authoring.publish(page=school.reading)
    school.film.watch_percent = 100
    authoring.publish(page=school.film)


def exchange_the_film(school) -> None:
    school.film.video = make.video(9999)
    authoring.publish(page=school.film)


def take_the_test_away(school) -> None:
    school.tested.quiz = None
    authoring.publish(page=school.tested)


def change_the_hours(school) -> None:
    school.reading.study_minutes = 600
    authoring.publish(page=school.reading)


def reorder(school) -> None:
    school.tested.move(school.course, pos="first-child")
    school.course.refresh_from_db()
    school.course.is_sequential = True
    authoring.publish(page=school.course)


def add_a_lesson(school) -> None:
    make.lesson(school.course)


def withdraw_and_return(school) -> None:
    school.reading.unpublish()
    authoring.publish(page=school.reading)


@pytest.mark.parametrize(
    "edit",
    [
        rewrite,
        change_the_rules,
        exchange_the_film,
        take_the_test_away,
        change_the_hours,
        reorder,
        add_a_lesson,
        withdraw_and_return,
    ],
)
def test_no_edit_wipes_a_result(edit, zhang, studied):
    before = results(zhang)
    edit(studied)
    # Nor does deriving anew, or completing once more.
    for row in LessonProgress.objects.filter(user=zhang):
        complete_lesson(progress_id=row.pk)
    derive_course(user_id=zhang.pk, course_id=studied.course.pk)
    assert results(zhang) == before
