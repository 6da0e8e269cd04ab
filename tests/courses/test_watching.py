"""Beats against the database: progress, completion, hours, tabs, replays, rights."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from cms.refusals import Refused
from courses.actions import progress, watching
from courses.models import CourseProgress, LessonProgress, StudyClock
from courses.rules.watching import NotCounted
from enrollment.models import HourEntry
from tests.factories import courses as make

pytestmark = pytest.mark.django_db


def opened(user, page, now=None):
    course, lesson = make.outlines(page)
    return progress.open_lesson(user=user, course=course, lesson=lesson, now=now)


class Player:
    """A player that beats at given times of the server."""

    def __init__(self, user, page, tab="tab-a"):
        self.user, self.page, self.tab = user, page, tab
        self.began = timezone.now().replace(microsecond=0)

    def beat(self, at: float, start: float, position: float, **kwargs):
        return watching.beat(
            user_id=self.user.pk,
            lesson_id=self.page.pk,
            start=start,
            position=position,
            tab=kwargs.pop("tab", self.tab),
            now=self.began + dt.timedelta(seconds=at),
            **kwargs,
        )


def test_watching_to_the_share_completes_the_lesson_and_credits_its_hours(zhang, school):
    opened(zhang, school.film)
    player = Player(zhang, school.film)
    player.beat(0, 0, 0)
    for place in range(0, 75, 15):
        answer = player.beat(place + 15, place, place + 15)
    assert not answer.is_complete
    answer = player.beat(90, 75, 90)
    assert answer.is_complete
    entry = HourEntry.objects.get(trainee=zhang.trainee)
    assert (entry.evidence_type, entry.evidence_id) == ("lesson", str(school.film.pk))
    assert entry.quarters == 4  # 30 minutes and more: one hour
    row = LessonProgress.objects.get(user=zhang, lesson=school.film)
    assert row.entry_id == entry.pk
    assert CourseProgress.objects.get(user=zhang).completed_lessons == 1


def test_a_beat_cannot_earn_more_than_the_time_since_the_last(zhang, school):
    opened(zhang, school.film)
    player = Player(zhang, school.film)
    player.beat(0, 0, 0)
    answer = player.beat(10, 0, 100)
    assert answer.watched_seconds == 10
    assert answer.reason is NotCounted.FASTER_THAN_CLOCK
    assert LessonProgress.objects.get(user=zhang).not_counted[0]["code"] == "faster_than_clock"


def test_the_same_beat_again_earns_nothing(zhang, school):
    opened(zhang, school.film)
    player = Player(zhang, school.film)
    player.beat(0, 0, 0)
    for _again in range(4):
        answer = player.beat(15, 0, 15)
    assert answer.watched_seconds == 15


def test_two_tabs_of_one_lesson_earn_once(zhang, school):
    opened(zhang, school.film)
    player = Player(zhang, school.film)
    player.beat(0, 0, 0)
    player.beat(15, 0, 15)
    refused = player.beat(16, 40, 55, tab="tab-b")
    assert refused.reason is NotCounted.OTHER_TAB
    assert player.beat(30, 15, 30).watched_seconds == 30
    row = LessonProgress.objects.get(user=zhang)
    assert row.position == 30  # the second tab did not move the place to resume


def test_one_lesson_earns_at_a_time_and_the_other_takes_over_when_it_is_paused(zhang, school):
    other = make.film(school.course, 100)
    opened(zhang, school.film)
    opened(zhang, other)
    first, second = Player(zhang, school.film), Player(zhang, other, tab="tab-b")
    second.began = first.began
    first.beat(0, 0, 0)
    first.beat(15, 0, 15)
    assert second.beat(20, 0, 15).reason is NotCounted.OTHER_LESSON
    first.beat(25, 15, 25, is_playing=False)
    # Taking over earns nothing; from then on it counts.
    assert second.beat(30, 0, 15).watched_seconds == 0
    assert second.beat(40, 15, 25).watched_seconds == 10
    assert first.beat(41, 25, 41).reason is NotCounted.OTHER_LESSON
    earned = sum(LessonProgress.objects.filter(user=zhang).values_list("studied_seconds", flat=True))
    assert earned <= 41


def test_a_silent_tab_is_taken_over(zhang, school):
    opened(zhang, school.film)
    player = Player(zhang, school.film)
    player.beat(0, 0, 0)
    assert player.beat(60, 0, 15, tab="tab-b").reason is None
    assert StudyClock.objects.get(user=zhang).tab == "tab-b"
    assert player.beat(70, 15, 25, tab="tab-b").watched_seconds == 10


def test_a_lost_connection_loses_nothing(zhang, school):
    opened(zhang, school.film)
    player = Player(zhang, school.film)
    player.beat(0, 0, 0)
    player.beat(15, 0, 15)
    assert player.beat(75, 15, 75).watched_seconds == 75


def test_a_hidden_tab_pauses(zhang, school):
    opened(zhang, school.film)
    player = Player(zhang, school.film)
    player.beat(0, 0, 0)
    assert player.beat(10, 0, 10, is_visible=False).watched_seconds == 10
    hidden = player.beat(25, 10, 25, is_visible=False)
    assert (hidden.watched_seconds, hidden.reason) == (10, NotCounted.HIDDEN)


def test_a_lesson_has_to_be_opened_and_published(zhang, school):
    player = Player(zhang, school.film)
    with pytest.raises(Refused) as refusal:
        player.beat(0, 0, 0)
    assert refusal.value.code == "not_opened"
    opened(zhang, school.film)
    school.film.unpublish()
    with pytest.raises(Refused):
        player.beat(0, 0, 0)


def test_reading_needs_the_end_and_the_time_by_the_servers_clock(zhang, school):
    began = timezone.now()
    opened(zhang, school.reading, began)

    def read(at: float, share: float):
        return progress.read_on(
            user_id=zhang.pk,
            lesson_id=school.reading.pk,
            share=share,
            is_visible=True,
            tab="t",
            now=began + dt.timedelta(seconds=at),
        )

    read(0, 0)
    assert not read(10, 1.0).is_complete
    assert not read(20, 1.0).is_complete
    assert read(31, 0.2).is_complete  # the end stays reached
    entry = HourEntry.objects.get(trainee=zhang.trainee)
    assert entry.quarters == 2  # 15 to 30 minutes: half an hour


def test_the_rule_in_force_at_the_beginning_is_kept(zhang, school):
    row = opened(zhang, school.reading)
    school.reading.least_seconds = 5000
    school.reading.save_revision().publish()
    assert opened(zhang, school.reading).required_seconds == row.required_seconds == 30


def test_a_course_in_order_opens_lesson_by_lesson(zhang, school):
    school.course.is_sequential = True
    school.course.save_revision().publish()
    course, second = make.outlines(school.film)
    with pytest.raises(Refused) as refusal:
        progress.open_lesson(user=zhang, course=course, lesson=second)
    assert refusal.value.code == "lesson_locked"
    done = frozenset({school.reading.pk})
    assert progress.open_lesson(user=zhang, course=course, lesson=second, complete=done).pk


def test_whoever_is_not_on_the_roster_may_not_study(school, django_user_model):
    stranger = django_user_model.objects.create_user("nobody", password="x")
    course, lesson = make.outlines(school.reading)
    with pytest.raises(Refused) as refusal:
        progress.open_lesson(user=stranger, course=course, lesson=lesson)
    assert refusal.value.code == "may_not_study"
