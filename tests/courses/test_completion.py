"""Courses are derived, hours are credited once, in single and in bulk."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from courses.actions import progress
from courses.actions.completion import (
    Completion,
    complete_in_bulk,
    complete_lesson,
    derive_course,
    pass_quiz,
)
from courses.models import CourseProgress, LessonProgress
from enrollment.actions.hours import reverse_entry
from enrollment.models import HourEntry
from tests.factories import courses as make

pytestmark = pytest.mark.django_db


def ready(user, page) -> LessonProgress:
    """Progress in ``page`` whose rule is met."""
    course, lesson = make.outlines(page)
    row = progress.open_lesson(user=user, course=course, lesson=lesson)
    row.studied_seconds = row.required_seconds
    row.end_reached = True
    row.save()
    return row


def test_completing_twice_credits_once(zhang, school):
    row = ready(zhang, school.reading)
    first = complete_lesson(progress_id=row.pk)
    again = complete_lesson(progress_id=row.pk)
    assert first.completed_at == again.completed_at
    assert HourEntry.objects.filter(trainee=zhang.trainee).count() == 1


def test_a_lesson_whose_rule_is_not_met_stays_open(zhang, school):
    course, lesson = make.outlines(school.reading)
    row = progress.open_lesson(user=zhang, course=course, lesson=lesson)
    assert complete_lesson(progress_id=row.pk).completed_at is None
    assert not HourEntry.objects.exists()


def test_reversed_hours_stay_reversed(zhang, school, zhao):
    row = complete_lesson(progress_id=ready(zhang, school.reading).pk)
    reverse_entry(entry=row.entry, actor=zhao, reason="误记")
    complete_lesson(progress_id=row.pk)
    assert HourEntry.objects.filter(trainee=zhang.trainee).standing().count() == 0


def test_the_course_is_complete_when_every_lesson_and_test_is(zhang, school):
    for page in (school.reading, school.film, school.tested):
        complete_lesson(progress_id=ready(zhang, page).pk)
    course = CourseProgress.objects.get(user=zhang)
    assert (course.completed_lessons, course.completed_at) == (3, None)
    row = LessonProgress.objects.get(user=zhang, lesson=school.tested)
    pass_quiz(progress_id=row.pk, now=timezone.now())
    course.refresh_from_db()
    assert course.completed_at is not None
    assert course.passed_quizzes == 1
    kinds = set(HourEntry.objects.values_list("evidence_type", "quarters"))
    assert kinds == {("lesson", 2), ("lesson", 4), ("lesson", 1), ("quiz", 2)}


def test_a_lesson_added_later_takes_no_completion_away(zhang, school):
    for page in (school.reading, school.film, school.tested):
        complete_lesson(progress_id=ready(zhang, page).pk)
    pass_quiz(progress_id=LessonProgress.objects.get(user=zhang, lesson=school.tested).pk, now=timezone.now())
    make.lesson(school.course)
    course = derive_course(user_id=zhang.pk, course_id=school.course.pk)
    assert course.completed_at is not None


def test_staff_without_a_roster_record_complete_without_hours(chen, school):
    assert complete_lesson(progress_id=ready(chen, school.reading).pk).completed_at is not None
    assert not HourEntry.objects.exists()


def test_finishing_the_last_of_thirty_costs_no_more_than_the_first(zhang, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    course = make.course(needs_quizzes=False)
    pages = [make.lesson(course, least_seconds=0) for _number in range(30)]
    rows = [ready(zhang, page) for page in pages]
    complete_lesson(progress_id=rows[0].pk)  # the year's first entry makes the standing
    costs = []
    for row in rows[1:]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            complete_lesson(progress_id=row.pk)
        costs.append(len(queries))
    assert costs[-1] <= costs[0]
    assert CourseProgress.objects.get(user=zhang).completed_at is not None


def test_many_at_once_do_what_one_by_one_does(zhang, wang, school):
    when = timezone.now() - dt.timedelta(days=3)
    rows = [
        Completion(user.pk, page.pk, when, quiz_passed=page == school.tested)
        for user in (zhang, wang)
        for page in (school.reading, school.film, school.tested)
    ]
    result = complete_in_bulk(rows=[*rows, Completion(zhang.pk, 999_999, when)])
    assert (result.completed, result.already, result.unknown, result.courses_completed) == (6, 0, 1, 2)
    assert HourEntry.objects.count() == 8
    row = LessonProgress.objects.get(user=wang, lesson=school.tested)
    assert row.entry is not None
    assert row.quiz_entry is not None
    assert row.studied_at == when
    again = complete_in_bulk(rows=rows)
    assert (again.completed, again.already, again.courses_completed) == (0, 6, 0)
    assert HourEntry.objects.count() == 8


def test_many_at_once_cost_the_same_for_more_people(school, tree, django_user_model):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.people import enrol_on_roster

    people = [
        django_user_model.objects.create_user(f"p{number}", name=f"示例学员{number}") for number in range(12)
    ]
    for person in people:
        enrol_on_roster(person, tree.soft)
    when = timezone.now()

    def cost(some) -> int:
        with CaptureQueriesContext(connection) as queries:
            complete_in_bulk(rows=[Completion(person.pk, school.reading.pk, when) for person in some])
        return len(queries)

    assert cost(people[:2]) >= cost(people[2:])
