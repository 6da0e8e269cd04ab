"""What waits for somebody in the admin is theirs to do, and leads to where it is done."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from academy.waiting import KINDS, waiting_for
from courses.actions import discussion, progress, reflections
from enrollment.models import ClassLeave, Enrollment, User
from tests.factories import courses as school
from tests.factories import practicum as make


def codes(user: User) -> dict[str, int]:
    return {waiting.kind.code: waiting.count for waiting in waiting_for(user)}


@pytest.fixture
def asked(zhang: User, chen: User):
    """张学员 hands in a reflection, asks a question and for leave; 陈讲师 teaches course and class."""
    course = school.course(module=school.module(chen), slug="policy")
    lesson = school.lesson(course, slug="reflect", rule="reflect")
    outline, lesson_outline = school.outlines(lesson)
    progress.open_lesson(user=zhang, course=outline, lesson=lesson_outline)
    reflections.hand_in(user=zhang, lesson_id=lesson.pk, text="示例" * 80, key=uuid.uuid4())
    discussion.ask(user=zhang, lesson=lesson_outline, text="示例问题", key=uuid.uuid4())
    training_class = make.TrainingClassFactory(title="示例班", status="running", teacher=chen)
    make.on_roster(training_class, zhang.trainee)
    ClassLeave.objects.create(
        enrollment=Enrollment.objects.get(), starts_at=make.at(9), ends_at=make.at(12), reason="示例"
    )


def test_an_instructor_is_told_what_trainees_wait_for(asked, chen, zhang, sun):
    assert codes(chen) == {"reflections": 1, "questions": 1, "leave": 1}
    # Nobody is told of what others are to do.
    assert codes(zhang) == {}
    assert codes(sun) == {}


def test_the_front_page_of_the_admin_leads_there_at_one_query_a_kind(asked, chen, sign_in):
    with CaptureQueriesContext(connection) as seen:
        waiting_for(User.objects.get(pk=chen.pk))
    assert len(seen) <= len(KINDS) + 3
    page = sign_in(user=chen).get(reverse("wagtailadmin_home")).content.decode()
    for waiting in waiting_for(chen):
        assert f'href="{reverse(waiting.kind.view)}"' in page


def test_every_kind_leads_somewhere():
    assert [reverse(kind.view) for kind in KINDS]
    assert len({kind.code for kind in KINDS}) == len(KINDS)
