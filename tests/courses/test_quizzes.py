"""Sitting a test: frozen versions, saving, time, grading once, attempts."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from django_q.models import Schedule

from cms.refusals import Refused
from courses import tasks
from courses.actions import quizzes
from courses.actions.questions import create_question, keep_version
from courses.models import LessonProgress, QuestionVersion, QuizAttempt
from enrollment.models import HourEntry
from tests.factories import courses as make

pytestmark = pytest.mark.django_db

RIGHT = {"0": ["a"], "1": ["a"]}
WRONG = {"0": ["b"], "1": ["b"]}


def begin(user, school, **kwargs) -> QuizAttempt:
    course, lesson = make.outlines(school.tested)
    return quizzes.begin(user=user, course=course, lesson=lesson, **kwargs)


def test_a_passed_test_is_graded_once_and_earns_half_an_hour(zhang, school):
    attempt = begin(zhang, school)
    graded = quizzes.submit(attempt_id=attempt.pk, user=zhang, answers=RIGHT)
    assert (graded.percent, graded.has_passed, graded.outcome) == (100, True, [True, True])
    again = quizzes.submit(attempt_id=attempt.pk, user=zhang, answers=WRONG)
    assert again.percent == 100
    entry = HourEntry.objects.get(evidence_type="quiz")
    assert (entry.quarters, entry.evidence_id) == (2, str(school.quiz.pk))
    assert LessonProgress.objects.get(user=zhang).quiz_entry_id == entry.pk


def test_passing_again_earns_nothing_more(zhang, school):
    for _number in range(2):
        quizzes.submit(attempt_id=begin(zhang, school).pk, user=zhang, answers=RIGHT)
    assert HourEntry.objects.filter(evidence_type="quiz").count() == 1


def test_an_open_attempt_is_found_again_with_its_answers(zhang, school):
    attempt = begin(zhang, school)
    quizzes.save_answers(attempt_id=attempt.pk, user=zhang, answers={"0": ["b"]})
    quizzes.save_answers(attempt_id=attempt.pk, user=zhang, answers={"1": ["c"]})
    elsewhere = begin(zhang, school)
    assert elsewhere.pk == attempt.pk
    assert elsewhere.answers == {"0": ["b"], "1": ["c"]}
    quizzes.save_answers(attempt_id=attempt.pk, user=zhang, answers={"0": []})
    assert begin(zhang, school).answers == {"1": ["c"]}


def test_a_question_edited_meanwhile_does_not_change_the_attempt(zhang, school):
    attempt = begin(zhang, school)
    question = school.quiz.items.first().question
    question.options = [
        {"type": "option", "value": {"text": "新选项一", "correct": False}},
        {"type": "option", "value": {"text": "新选项二", "correct": True}},
    ]
    question.save()
    assert keep_version(question=question).number == 2
    assert quizzes.submit(attempt_id=attempt.pk, user=zhang, answers=RIGHT).percent == 100
    later = begin(zhang, school)
    assert QuestionVersion.objects.get(pk=later.plan[0]["version"]).number == 2


def test_saving_a_question_unchanged_makes_no_version(db):
    question = make.question()
    assert keep_version(question=question).number == 1
    assert question.versions.count() == 1


def test_the_server_keeps_the_time(zhang, school):
    school.quiz.time_limit_minutes = 10
    school.quiz.save()
    began = timezone.now()
    attempt = begin(zhang, school, now=began)
    quizzes.save_answers(
        attempt_id=attempt.pk, user=zhang, answers=RIGHT, now=began + dt.timedelta(minutes=9)
    )
    late = began + dt.timedelta(minutes=11)
    with pytest.raises(Refused) as refusal:
        quizzes.save_answers(attempt_id=attempt.pk, user=zhang, answers=WRONG, now=late)
    assert refusal.value.code == "time_is_up"
    graded = quizzes.submit(attempt_id=attempt.pk, user=zhang, answers=WRONG, now=late)
    assert graded.percent == 100  # what was saved in time
    assert graded.graded_at == attempt.ends_at


def test_an_attempt_left_open_is_graded_when_its_time_is_up(zhang, school):
    school.quiz.time_limit_minutes = 10
    school.quiz.save()
    began = timezone.now() - dt.timedelta(hours=1)
    first = begin(zhang, school, now=began)
    second = begin(zhang, school)
    first.refresh_from_db()
    assert not first.is_open
    assert second.number == 2


def test_the_queue_grades_what_nobody_comes_back_to(zhang, wang, li, school):
    school.quiz.time_limit_minutes = 10
    school.quiz.save()
    began = timezone.now() - dt.timedelta(hours=1)
    saved = begin(zhang, school, now=began)
    quizzes.save_answers(attempt_id=saved.pk, user=zhang, answers=RIGHT, now=began + dt.timedelta(minutes=9))
    empty = begin(wang, school, now=began)
    running = begin(li, school)
    assert tasks.grade_overdue() == 2
    for attempt in (saved, empty, running):
        attempt.refresh_from_db()
    assert (saved.percent, saved.has_passed, saved.graded_at) == (100, True, saved.ends_at)
    assert HourEntry.objects.filter(evidence_type="quiz", trainee__user=zhang).count() == 1
    assert (empty.is_open, empty.percent) == (False, 0)
    assert running.is_open
    assert tasks.grade_overdue() == 0


def test_within_the_grace_nothing_is_graded(zhang, school):
    school.quiz.time_limit_minutes = 10
    school.quiz.save()
    attempt = begin(zhang, school)
    assert list(QuizAttempt.objects.overdue(attempt.ends_at + dt.timedelta(seconds=15))) == []
    assert list(QuizAttempt.objects.overdue(attempt.ends_at + dt.timedelta(seconds=16))) == [attempt]


def test_one_attempt_that_cannot_be_graded_does_not_hold_up_the_others(zhang, wang, school, caplog):
    school.quiz.time_limit_minutes = 10
    school.quiz.save()
    began = timezone.now() - dt.timedelta(hours=1)
    broken, sound = begin(zhang, school, now=began), begin(wang, school, now=began)
    QuizAttempt.objects.filter(pk=broken.pk).update(
        plan=[{"version": 0, "options": ["a"], "points": 1}], ends_at=began
    )
    assert tasks.grade_overdue() == 1
    sound.refresh_from_db()
    assert not sound.is_open
    assert f"attempt {broken.pk} was not graded" in caplog.text


def test_the_queue_is_told_to_grade(db):
    schedule = Schedule.objects.get(func="courses.tasks.grade_overdue")
    assert (schedule.schedule_type, schedule.minutes, schedule.repeats) == (Schedule.MINUTES, 5, -1)


def test_attempts_may_be_limited(zhang, school):
    school.quiz.max_attempts = 1
    school.quiz.save()
    quizzes.submit(attempt_id=begin(zhang, school).pk, user=zhang, answers=WRONG)
    with pytest.raises(Refused) as refusal:
        begin(zhang, school)
    assert refusal.value.code == "no_attempts_left"


def test_a_handed_in_attempt_takes_no_more_answers(zhang, school):
    attempt = begin(zhang, school)
    quizzes.submit(attempt_id=attempt.pk, user=zhang, answers=RIGHT)
    with pytest.raises(Refused) as refusal:
        quizzes.save_answers(attempt_id=attempt.pk, user=zhang, answers=WRONG)
    assert refusal.value.code == "attempt_closed"


def test_nobody_answers_for_somebody_else(zhang, wang, school):
    attempt = begin(zhang, school)
    with pytest.raises(QuizAttempt.DoesNotExist):
        quizzes.save_answers(attempt_id=attempt.pk, user=wang, answers=RIGHT)


def test_a_lesson_may_be_completed_by_its_test(zhang, school):
    page = make.lesson(school.course, quiz=make.quiz(1), rule="quiz", minutes=20)
    course, lesson = make.outlines(page)
    attempt = quizzes.begin(user=zhang, course=course, lesson=lesson)
    quizzes.submit(attempt_id=attempt.pk, user=zhang, answers={"0": ["a"]})
    row = LessonProgress.objects.get(user=zhang, lesson=page)
    assert row.is_complete
    assert set(HourEntry.objects.values_list("evidence_type", flat=True)) == {"lesson", "quiz"}


def test_a_question_without_a_key_is_refused(db):
    with pytest.raises(Refused) as refusal:
        create_question(module=None, kind="single", text="题目", options=[{"text": "甲"}, {"text": "乙"}])
    assert refusal.value.code == "options_no_key"
