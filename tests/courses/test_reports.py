"""What the portal shows: where to go on, what is due, how far one is."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from cms.refusals import Refused
from courses.actions import progress
from courses.actions.assignments import assign_course
from courses.actions.completion import Completion, complete_in_bulk
from courses.reports import catalog_progress, continue_learning, due_courses
from enrollment.models import Cohort, CohortCode, Exemption
from tests.factories import courses as make

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 6, 1)


def test_going_on_where_one_stopped(zhang, school, django_assert_num_queries):
    now = timezone.now()
    complete_in_bulk(rows=[Completion(zhang.pk, school.reading.pk, now)])
    [standing] = continue_learning(zhang)
    assert standing.next_lesson.slug == "film"
    assert (standing.completed_lessons, standing.total_lessons, standing.percent) == (1, 3, 33)
    for _number in range(4):
        course = make.course()
        page = make.lesson(course)
        outlines = make.outlines(page)
        progress.open_lesson(user=zhang, course=outlines[0], lesson=outlines[1])
    assert len(continue_learning(zhang)) == 3
    with django_assert_num_queries(3):
        continue_learning(zhang)


def test_a_complete_course_is_not_offered_again(zhang, school):
    now = timezone.now()
    complete_in_bulk(
        rows=[
            Completion(zhang.pk, page.pk, now, quiz_passed=True)
            for page in (school.reading, school.film, school.tested)
        ]
    )
    assert continue_learning(zhang) == []
    overview = catalog_progress(zhang)
    assert (overview.complete, overview.begun, overview.total) == (1, 1, 1)
    assert overview.of(make.outlines(school.reading)[0]).percent == 100


class TestDue:
    def test_through_cohort_class_and_organization_above(self, zhang, tree, school, zhao):
        first, second, third = make.course(), make.course(), make.course()
        member = Cohort.objects.get(code=CohortCode.MEMBER)
        assign_course(course=first, due_on=TODAY + dt.timedelta(days=9), cohort=member, actor=zhao)
        assign_course(course=second, due_on=TODAY + dt.timedelta(days=3), organization=tree.park_a)
        assign_course(course=third, due_on=TODAY, organization=tree.park_b)
        due = due_courses(zhang, TODAY)
        assert [item.course.pk for item in due] == [second.pk, first.pk]
        assert not due[0].is_overdue

    def test_other_cohorts_are_not_asked(self, zhang, school):
        secretary = Cohort.objects.get(code=CohortCode.SECRETARY)
        assign_course(course=school.course, due_on=TODAY, cohort=secretary)
        assert due_courses(zhang, TODAY) == []

    def test_overdue_and_never_for_the_exempt(self, zhang, tree, school, zhao):
        assign_course(course=school.course, due_on=TODAY - dt.timedelta(days=1), organization=tree.soft)
        assert due_courses(zhang, TODAY)[0].is_overdue
        Exemption.objects.create(
            trainee=zhang.trainee, ground="age", reason="年老", starts_on=TODAY, recorded_by=zhao
        )
        assert not due_courses(zhang, TODAY)[0].is_overdue

    def test_what_is_complete_is_not_due(self, zhang, tree, school):
        assign_course(course=school.course, due_on=TODAY, organization=tree.zone)
        rows = [
            Completion(zhang.pk, page.pk, timezone.now(), quiz_passed=True)
            for page in (school.reading, school.film, school.tested)
        ]
        complete_in_bulk(rows=rows)
        assert due_courses(zhang, TODAY) == []

    def test_given_again_the_date_moves(self, tree, school):
        first = assign_course(course=school.course, due_on=TODAY, organization=tree.zone)
        second = assign_course(
            course=school.course, due_on=TODAY + dt.timedelta(days=5), organization=tree.zone
        )
        assert first.pk == second.pk
        with pytest.raises(Refused):
            assign_course(course=school.course, due_on=TODAY)

    def test_the_cost_does_not_grow(self, zhang, tree, school):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        def cost() -> int:
            due_courses(zhang, TODAY)
            with CaptureQueriesContext(connection) as queries:
                due_courses(zhang, TODAY)
            return len(queries)

        assign_course(course=school.course, due_on=TODAY, organization=tree.zone)
        before = cost()
        for _number in range(4):
            assign_course(course=make.course(), due_on=TODAY, organization=tree.zone)
        assert cost() == before <= 6
