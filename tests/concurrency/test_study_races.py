"""Races about studying: many tabs, devices and requests, one honest outcome; and a control for each."""

from __future__ import annotations

import datetime as dt
import threading
import uuid

import pytest
from django.utils import timezone

from courses.actions import completion, discussion, progress, quizzes, reflections, watching
from courses.models import (
    CourseProgress,
    LessonProgress,
    LessonQuestion,
    LessonReply,
    QuizAttempt,
    Reflection,
    ReflectionVersion,
    outlines,
)
from courses.rules import reflections as reflection_rules
from courses.rules.watching import Beat, Turn, judge_watching
from enrollment.models import HourEntry
from tests.factories import courses as make
from tests.people import make_zhang, make_zhao, plant

pytestmark = pytest.mark.race

THREADS = 8
BEGAN = timezone.now().replace(microsecond=0)


@pytest.fixture
def zhang(race_db):
    outlines.forget()
    yield make_zhang(plant())
    outlines.forget()


def at(seconds: float) -> dt.datetime:
    return BEGAN + dt.timedelta(seconds=seconds)


def opened(user, page) -> LessonProgress:
    course, lesson = make.outlines(page)
    return progress.open_lesson(user=user, course=course, lesson=lesson, now=BEGAN)


def ready(user, page) -> LessonProgress:
    row = opened(user, page)
    row.studied_seconds, row.end_reached = row.required_seconds, True
    row.save()
    return row


def errors(outcomes):
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]


# --- Beats ---------------------------------------------------------------------------------------------


def beat(user, page, seconds, start, position, tab):
    return watching.beat(
        user_id=user.pk, lesson_id=page.pk, start=start, position=position, tab=tab, now=at(seconds)
    )


def test_one_beat_sent_many_times_earns_once(zhang, race):
    page = make.film(make.course(), 600)
    opened(zhang, page)
    beat(zhang, page, 0, 0, 0, "tab")
    # Every thread claims a stretch of its own; the clock covers fifteen seconds in all.
    outcomes = race(lambda number: beat(zhang, page, 15, 40 * number, 40 * number + 15, "tab"), THREADS)
    assert errors(outcomes) == []
    assert LessonProgress.objects.get().studied_seconds == 15


def test_lessons_in_many_tabs_together_earn_no_more_than_the_clock(zhang, race):
    course = make.course()
    pages = [make.film(course, 600) for _number in range(THREADS)]
    for page in pages:
        opened(zhang, page)
    step = threading.Barrier(THREADS)

    def watch(number: int) -> None:
        for place in range(0, 75, 15):
            step.wait(timeout=60)
            beat(zhang, pages[number], place, max(0, place - 15), place, f"tab-{number}")

    assert errors(race(watch, THREADS)) == []
    earned = sum(LessonProgress.objects.values_list("studied_seconds", flat=True))
    assert 0 < earned <= 60


def test_control_without_the_account_clock_every_tab_earns(zhang, race, meeting):
    """Each lesson judged by itself: eight tabs earn eight times the time that has passed."""
    course = make.course()
    rows = [opened(zhang, make.film(course, 600)) for _number in range(THREADS)]
    point = meeting(THREADS)

    def careless(number: int) -> None:
        reported = Beat(0, 15, 1.0, True, True, f"tab-{number}")
        judged = judge_watching(
            reported, turn=Turn.MINE, intervals=(), video_seconds=600, last_beat_at=at(0), now=at(15)
        )
        point.wait()
        LessonProgress.objects.filter(pk=rows[number].pk).update(studied_seconds=judged.studied)

    assert errors(race(careless, THREADS)) == []
    assert sum(LessonProgress.objects.values_list("studied_seconds", flat=True)) == 15 * THREADS


# --- Completion -------------------------------------------------------------------------------------------


def test_opening_at_once_makes_one_row(zhang, race):
    page = make.lesson(make.course())
    course, lesson = make.outlines(page)
    outcomes = race(
        lambda _number: progress.open_lesson(user=zhang, course=course, lesson=lesson).pk, THREADS
    )
    assert len(set(outcomes)) == 1
    assert CourseProgress.objects.count() == 1


def test_completing_at_once_credits_once(zhang, race):
    row = ready(zhang, make.lesson(make.course(), minutes=30))
    outcomes = race(lambda _number: completion.complete_lesson(progress_id=row.pk).entry_id, THREADS)
    assert errors(outcomes) == []
    assert len(set(outcomes)) == 1
    assert HourEntry.objects.count() == 1


def test_control_without_the_row_lock_everybody_completes(zhang, race, meeting):
    """Check, then write: every request finds the lesson open and goes on to credit it."""
    row = ready(zhang, make.lesson(make.course(), minutes=30))
    point = meeting(THREADS)

    def careless(_number: int) -> bool:
        found = LessonProgress.objects.get(pk=row.pk)
        is_open = found.completed_at is None
        point.wait()
        return is_open

    assert race(careless, THREADS) == [True] * THREADS


def test_all_lessons_completed_at_once_complete_the_course(zhang, race):
    course = make.course()
    rows = [ready(zhang, make.lesson(course)) for _number in range(THREADS)]
    outcomes = race(lambda number: completion.complete_lesson(progress_id=rows[number].pk).pk, THREADS)
    assert errors(outcomes) == []
    standing = CourseProgress.objects.get()
    assert standing.completed_lessons == THREADS
    assert standing.completed_at is not None
    assert HourEntry.objects.count() == THREADS


def test_control_counting_before_the_lock_loses_lessons(zhang, race, meeting):
    """Count, then write, without the course's row locked: nobody sees what others complete."""
    course = make.course()
    rows = [ready(zhang, make.lesson(course)) for _number in range(THREADS)]
    point = meeting(THREADS)

    def careless(number: int) -> int:
        seen = LessonProgress.objects.filter(course_id=course.pk).complete().count()
        point.wait()
        LessonProgress.objects.filter(pk=rows[number].pk).update(completed_at=BEGAN)
        CourseProgress.objects.update(completed_lessons=seen + 1)
        return seen

    race(careless, THREADS)
    assert CourseProgress.objects.get().completed_lessons < THREADS


# --- Tests --------------------------------------------------------------------------------------------------


def test_beginning_on_many_devices_is_one_attempt_graded_once(zhang, race):
    page = make.lesson(make.course(), quiz=make.quiz(2))
    course, lesson = make.outlines(page)
    opened(zhang, page)
    outcomes = race(lambda _number: quizzes.begin(user=zhang, course=course, lesson=lesson).pk, THREADS)
    assert errors(outcomes) == []
    assert len(set(outcomes)) == 1

    answers = {"0": ["a"], "1": ["a"]}
    graded = race(
        lambda _number: quizzes.submit(attempt_id=outcomes[0], user=zhang, answers=answers).graded_at, THREADS
    )
    assert errors(graded) == []
    assert len(set(graded)) == 1
    assert QuizAttempt.objects.get().has_passed
    assert HourEntry.objects.filter(evidence_type="quiz").count() == 1


def test_control_two_devices_that_only_look_first_begin_twice(zhang, race, meeting):
    """Look, then create: every device finds nothing open; the unique constraint refuses the rest."""
    page = make.lesson(make.course(), quiz=make.quiz(1))
    opened(zhang, page)
    point = meeting(THREADS)

    def careless(_number: int) -> bool:
        nothing_open = not QuizAttempt.objects.filter(user=zhang, status="open").exists()
        point.wait()
        return nothing_open

    assert race(careless, THREADS) == [True] * THREADS


# --- Reflections -----------------------------------------------------------------------------------------

TEXT = "示例心得" * 40


def reflected(user, number: int = 1) -> Reflection:
    """A reflection of ``user`` that waits, in its ``number``-th version."""
    page = make.lesson(make.course(), minutes=30, rule="reflect")
    opened(user, page)
    for _version in range(number):
        version = reflections.hand_in(user=user, lesson_id=page.pk, text=TEXT, key=uuid.uuid4())
    return version.reflection


def hand_in(reflection: Reflection, user, key: uuid.UUID) -> int:
    lesson_id = reflection.progress.lesson_id
    return reflections.hand_in(user=user, lesson_id=lesson_id, text=TEXT, key=key).number


def test_one_form_handed_in_many_times_at_once_is_one_version(zhang, race):
    page = make.lesson(make.course(), rule="reflect")
    opened(zhang, page)
    key = uuid.uuid4()
    outcomes = race(
        lambda _number: reflections.hand_in(user=zhang, lesson_id=page.pk, text=TEXT, key=key).pk, THREADS
    )
    assert errors(outcomes) == []
    assert len(set(outcomes)) == 1
    assert ReflectionVersion.objects.count() == 1


def test_many_versions_handed_in_at_once_follow_each_other(zhang, race):
    reflection = reflected(zhang)
    outcomes = race(lambda _number: hand_in(reflection, zhang, uuid.uuid4()), THREADS)
    assert errors(outcomes) == []
    assert sorted(outcomes) == list(range(2, THREADS + 2))


def test_accepted_by_many_at_once_completes_once(zhang, race):
    reflection, zhao = reflected(zhang), make_zhao(None)
    outcomes = race(
        lambda _number: reflections.accept(reflection=reflection, number=1, actor=zhao).pk, THREADS
    )
    assert [error.code for error in errors(outcomes)] == ["reflection_not_waiting"] * (THREADS - 1)
    assert HourEntry.objects.count() == 1


def test_accepted_while_handed_in_anew_never_accepts_what_was_not_read(zhang, race):
    """Whoever comes second is refused: either the first version completes the lesson, or none does yet."""
    reflection, zhao = reflected(zhang), make_zhao(None)

    def act(number: int):
        if number % 2:
            return hand_in(reflection, zhang, uuid.uuid4())
        return reflections.accept(reflection=reflection, number=1, actor=zhao).pk

    codes = {error.code for error in errors(race(act, THREADS))}
    reflection.refresh_from_db()
    row = LessonProgress.objects.get()
    if reflection.status == "accepted":
        assert (reflection.number, ReflectionVersion.objects.count()) == (1, 1)
        assert row.completed_at is not None
        assert codes == {"reflection_accepted", "reflection_not_waiting"}
    else:
        assert reflection.number == THREADS // 2 + 1
        assert row.completed_at is None
        assert codes == {"reflection_anew"}


def test_control_without_the_lock_the_reader_and_the_writer_both_find_it_open(zhang, race, meeting):
    """Check, then write: the acceptance and the newer version are both let through."""
    reflection = reflected(zhang)
    point = meeting(2)

    def careless(number: int) -> list:
        row = Reflection.objects.get(pk=reflection.pk)
        if number:
            found = reflection_rules.hand_in_problems(
                is_asked=True, standing=row.standing, text=TEXT, least_characters=100, pictures=0
            )
        else:
            found = reflection_rules.decision_problems(
                standing=row.standing, read_number=1, is_own=False, accepts=True, comment=""
            )
        point.wait()
        return found

    assert race(careless, 2) == [[], []]


# --- Questions about a lesson ----------------------------------------------------------------------------


def asked_and_replied(user) -> LessonReply:
    _course, lesson = make.outlines(make.lesson(make.course()))
    question = discussion.ask(user=user, lesson=lesson, text="问", key=uuid.uuid4())
    return discussion.reply(question=question, user=user, text="答", key=uuid.uuid4())


def test_a_reply_hidden_while_it_is_accepted_does_not_stand_as_the_answer(zhang, race):
    said, zhao = asked_and_replied(zhang), make_zhao(None)

    def act(number: int):
        if number % 2:
            return discussion.hide(post=said, reason="无关", actor=zhao).pk
        return discussion.accept(reply=said, actor=zhang).pk

    codes = {error.code for error in errors(race(act, THREADS))}
    assert codes <= {"post_hidden"}
    assert LessonQuestion.objects.get().accepted is None


def test_control_without_the_lock_a_hidden_reply_is_accepted(zhang, race, meeting):
    """Check, then write: the reply was found in sight, is hidden, and becomes the answer all the same."""
    said, zhao = asked_and_replied(zhang), make_zhao(None)
    point = meeting(2)

    def careless(number: int) -> None:
        if number:
            point.wait()
            discussion.hide(post=said, reason="无关", actor=zhao)
            point.wait()
        else:
            assert not LessonReply.objects.get(pk=said.pk).is_hidden
            point.wait()
            point.wait()
            LessonQuestion.objects.filter(pk=said.question_id).update(accepted=said)

    assert errors(race(careless, 2)) == []
    said.refresh_from_db()
    assert said.is_hidden
    assert LessonQuestion.objects.get().accepted == said


def test_one_reply_sent_many_times_at_once_is_one(zhang, race):
    question, key = asked_and_replied(zhang).question, uuid.uuid4()
    outcomes = race(
        lambda _number: discussion.reply(question=question, user=zhang, text="再问", key=key).pk, THREADS
    )
    assert errors(outcomes) == []
    assert len(set(outcomes)) == 1
