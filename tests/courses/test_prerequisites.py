"""What a course builds on, and when its content is to be reviewed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cms.refusals import Refused
from courses.actions.authoring import publish
from courses.actions.completion import Completion, complete_in_bulk
from courses.actions.news import REVIEW_DAYS_BEFORE, tell_reviews
from courses.actions.progress import open_lesson
from courses.actions.quizzes import begin
from courses.models import CoursePage, LessonPage
from courses.models.outlines import catalogue
from courses.rules.prerequisites import leads_back, missing
from enrollment.models import Message, User
from tests.courses.conftest import School
from tests.factories import courses as make


def test_what_is_complete_is_not_missing_and_who_has_begun_goes_on() -> None:
    assert missing((1, 2, 3), {2}, has_begun=False) == (1, 3)
    assert missing((1, 2), {1, 2}, has_begun=False) == ()
    assert missing((1, 2), (), has_begun=True) == ()


numbers = st.integers(1, 6)


@given(st.lists(st.tuples(numbers, numbers), max_size=12), numbers)
def test_a_way_back_is_found_however_long_it_is(edges: list[tuple[int, int]], course: int) -> None:
    def step(courses: Collection[int]) -> set[int]:
        return {first for at, first in edges if at in courses}

    # Every course that six steps reach: no way without a circle is longer.
    reached: set[int] = set()
    for _step in range(6):
        reached |= step({course, *reached})
    assert leads_back(course, step({course}), step) is (course in reached)


@pytest.fixture
def advanced(school: School) -> tuple[CoursePage, LessonPage]:
    course = make.course(module=school.module, title="政策进阶", slug="advanced")
    course.prerequisites = [school.course]
    publish(page=course)
    return course, make.lesson(course, slug="first", quiz=school.quiz)


def complete(user: User, school: School) -> None:
    now = timezone.now()
    lessons = (school.reading, school.film, school.tested)
    complete_in_bulk(rows=[Completion(user.pk, lesson.pk, now, True) for lesson in lessons])


@pytest.mark.django_db
def test_the_course_opens_when_what_comes_before_is_complete(
    advanced: tuple[CoursePage, LessonPage], school: School, zhang: User, client: Client
) -> None:
    course, lesson = advanced
    client.force_login(zhang)
    address = reverse("courses:lesson", args=[course.slug, lesson.slug])
    closed = client.get(address)
    assert closed.status_code == 403
    assert school.course.title in closed.content.decode()
    page = client.get(reverse("courses:course", args=[course.slug])).content.decode()
    assert f'class="btn btn-primary btn-lg" href="{catalogue().courses[school.course.pk].url}"' in page
    held = catalogue()
    with pytest.raises(Refused) as caught:
        begin(user=zhang, course=held.courses[course.pk], lesson=held.lessons[lesson.pk])
    assert caught.value.code == "course_locked"
    complete(zhang, school)
    assert client.get(address).status_code == 200
    assert "course-first" not in client.get(reverse("courses:course", args=[course.slug])).content.decode()


@pytest.mark.django_db
def test_who_has_begun_goes_on(school: School, zhang: User, wang: User) -> None:
    course = make.course(module=school.module)
    first, second = make.lesson(course), make.lesson(course)
    held = catalogue()
    open_lesson(user=zhang, course=held.courses[course.pk], lesson=held.lessons[first.pk])
    course.prerequisites = [school.course]
    publish(page=course)
    held = catalogue()
    open_lesson(user=zhang, course=held.courses[course.pk], lesson=held.lessons[second.pk])
    with pytest.raises(Refused):
        open_lesson(user=wang, course=held.courses[course.pk], lesson=held.lessons[second.pk])


@pytest.mark.django_db
def test_the_catalogue_says_what_is_missing_for_no_query_more(
    advanced: tuple[CoursePage, LessonPage], school: School, zhang: User, client: Client
) -> None:
    client.force_login(zhang)

    def cost() -> tuple[int, str]:
        client.get(reverse("courses:catalog"))
        with CaptureQueriesContext(connection) as queries:
            text = client.get(reverse("courses:catalog")).content.decode()
        return len(queries), text

    one, text = cost()
    card = text.partition(advanced[0].title)[2].partition("</article>")[0]
    assert school.course.title in card
    more = make.course(module=school.module)
    more.prerequisites = [school.course, advanced[0]]
    publish(page=more)
    assert cost()[0] == one
    complete(zhang, school)
    card = cost()[1].partition(advanced[0].title)[2].partition("</article>")[0]
    assert school.course.title not in card


@pytest.mark.django_db
def test_what_is_not_published_holds_nobody_up(
    advanced: tuple[CoursePage, LessonPage], school: School, zhang: User
) -> None:
    school.course.unpublish()
    held = catalogue()
    open_lesson(user=zhang, course=held.courses[advanced[0].pk], lesson=held.lessons[advanced[1].pk])


@pytest.mark.django_db
def test_courses_do_not_stand_before_themselves(
    advanced: tuple[CoursePage, LessonPage], school: School
) -> None:
    school.course.prerequisites = [advanced[0]]
    with pytest.raises(ValidationError) as caught:
        school.course.full_clean()
    assert "prerequisites" in caught.value.message_dict
    school.course.prerequisites = [school.course]
    with pytest.raises(ValidationError):
        school.course.full_clean()


@pytest.mark.django_db
def test_instructors_are_reminded_of_a_review_twice_and_no_oftener(
    school: School, chen: User, zhao: User, client: Client
) -> None:
    day = timezone.localdate()
    school.course.review_due_on = day + dt.timedelta(days=REVIEW_DAYS_BEFORE)
    publish(page=school.course)
    assert tell_reviews(day=day - dt.timedelta(days=1)) == 0
    assert tell_reviews(day=day) == 1
    assert tell_reviews(day=day + dt.timedelta(days=3)) == 0
    assert tell_reviews(day=school.course.review_due_on) == 1
    assert tell_reviews(day=school.course.review_due_on + dt.timedelta(days=30)) == 0
    told = Message.objects.filter(recipient=chen, kind="course_review")
    assert told.count() == 2
    assert not Message.objects.filter(recipient=zhao, kind="course_review").exists()
    client.force_login(chen)
    assert "lesson-why" not in client.get(reverse("courses:teaching")).content.decode()
    school.course.review_due_on = day
    publish(page=school.course)
    assert "lesson-why" in client.get(reverse("courses:teaching")).content.decode()


@pytest.mark.django_db
def test_without_instructors_the_administrators_are_reminded(zhao: User) -> None:
    make.course(review_due_on=timezone.localdate())
    assert tell_reviews(day=timezone.localdate()) == 1
    assert Message.objects.get(kind="course_review").recipient == zhao
