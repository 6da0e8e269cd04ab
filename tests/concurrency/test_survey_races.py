"""Races about satisfaction surveys: one answer a person; a control without the lock."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions import classes, surveys
from enrollment.models import ClassSurvey, Enrollment, SurveySheet
from enrollment.rules.survey import Kind, Question
from tests.factories.enrollment import trainees, training_class
from tests.people import plant

pytestmark = pytest.mark.race

THREADS = 8
QUESTIONS = [Question(1, Kind.RATING, "总体评价")]


@pytest.fixture
def held(race_db):
    tree = plant()
    opened = training_class()
    classes.enrol_in_bulk(training_class=opened, trainees=trainees(tree.soft, 1), actor=None)
    running = classes.transition(training_class=opened, to="running", actor=None)
    surveys.write_questions(training_class=running, questions=QUESTIONS, actor=None)
    until = timezone.now() + dt.timedelta(hours=1)
    surveys.open_survey(training_class=running, closes_at=until, actor=None)
    return Enrollment.objects.get(training_class=running)


def test_one_person_who_sends_many_times_answers_once(held, race):
    outcomes = race(lambda _n: surveys.answer_survey(enrollment=held, answers={1: 5}), THREADS)
    assert sum(isinstance(item, Refused) for item in outcomes) == THREADS - 1
    assert SurveySheet.objects.count() == 1


def test_control_without_the_lock_one_person_answers_many_times(held, race, meeting):
    point = meeting(THREADS)
    survey = ClassSurvey.objects.get()

    def careless(_number):
        has_answered = Enrollment.objects.get(pk=held.pk).has_answered_survey
        point.wait()
        if not has_answered:
            SurveySheet.objects.create(survey=survey, answers={"1": 5})
            Enrollment.objects.filter(pk=held.pk).update(has_answered_survey=True)

    race(careless, THREADS)
    assert SurveySheet.objects.count() == THREADS
