"""Asked rarely whether one is there; unanswered, nothing more is earned."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from courses.models import LessonProgress, PresencePrompts, StudyClock
from courses.rules.presence import Presence, Prompts, presence, seconds_left
from courses.rules.watching import NotCounted
from enrollment.models import User
from tests.courses.test_watching import Player, opened
from tests.factories import courses as make

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def at(
    minutes: float, *, asked: float | None = None, prompts: Prompts | None = None, **kwargs: bool
) -> Presence:
    return presence(
        prompts or Prompts(every_minutes=20, grace_seconds=60),
        present_at=NOON,
        asked_at=None if asked is None else NOON + dt.timedelta(minutes=asked),
        is_playing=kwargs.get("is_playing", True),
        is_answered=kwargs.get("is_answered", False),
        now=NOON + dt.timedelta(minutes=minutes),
    )


def test_it_is_asked_after_the_minutes_set_and_not_before() -> None:
    assert at(19.9) is Presence.UNASKED
    assert at(20) is Presence.DUE
    assert at(200, is_playing=False) is Presence.UNASKED
    assert at(200, prompts=Prompts(is_on=False)) is Presence.UNASKED


def test_an_answer_counts_in_time_and_begins_anew_when_late() -> None:
    assert at(20.5, asked=20) is Presence.OPEN
    assert at(21, asked=20, is_answered=True) is Presence.ANSWERED
    assert at(21.1, asked=20) is Presence.IGNORED
    assert at(21.1, asked=20, is_answered=True) is Presence.LATE
    assert seconds_left(Prompts(grace_seconds=60), NOON, NOON + dt.timedelta(seconds=20)) == 40
    assert seconds_left(Prompts(grace_seconds=60), NOON, NOON + dt.timedelta(seconds=90)) == 1


@pytest.fixture
def player(zhang: User, chen: User) -> Player:
    """张学员 before an hour of film, asked every five minutes."""
    PresencePrompts.objects.create(every_minutes=5, grace_seconds=60)
    film = make.film(make.course(module=make.module(chen)), 3600)
    opened(zhang, film)
    return Player(zhang, film)


def watch(player: Player, begin: int, end: int, step: int = 15, **kwargs: Any) -> Any:
    answer = None
    for second in range(begin, end, step):
        answer = player.beat(second + step, second, second + step, **kwargs)
    return answer


@pytest.mark.django_db
def test_a_question_that_is_answered_costs_nothing(player: Player) -> None:
    player.beat(0, 0, 0)
    assert watch(player, 0, 285).ask_seconds is None
    assert player.beat(300, 285, 300).ask_seconds == 60
    # A reload in between: the question stands.
    assert player.beat(315, 300, 315).ask_seconds == 45
    answered = player.beat(330, 315, 330, is_answered=True)
    assert answered.ask_seconds is None
    assert answered.watched_seconds == 330
    assert watch(player, 330, 600).ask_seconds is None
    assert LessonProgress.objects.get().not_counted == []


@pytest.mark.django_db
def test_after_an_ignored_question_nothing_is_earned_until_somebody_answers(player: Player) -> None:
    player.beat(0, 0, 0)
    watch(player, 0, 360)
    ignored = player.beat(375, 360, 375)
    assert ignored.reason is NotCounted.NO_ANSWER
    assert ignored.watched_seconds == 360
    assert not StudyClock.objects.get().is_running
    # However long a page plays on by itself.
    for second in (390, 405, 4000):
        assert player.beat(second, second - 15, second).watched_seconds == 360
    late = player.beat(4015, 400, 415, is_answered=True)
    assert late.watched_seconds == 360
    assert player.beat(4030, 415, 430).watched_seconds == 375
    notes = LessonProgress.objects.get().not_counted
    assert [note["code"] for note in notes] == ["no_answer"]


@pytest.mark.django_db
def test_whoever_pauses_and_goes_on_is_not_asked(player: Player) -> None:
    player.beat(0, 0, 0)
    watch(player, 0, 270)
    player.beat(280, 270, 280, is_playing=False)
    player.beat(290, 280, 280)
    assert player.beat(305, 280, 295).ask_seconds is None
    assert StudyClock.objects.get().present_at == player.began + dt.timedelta(seconds=290)


@pytest.mark.django_db
def test_another_page_of_the_same_account_is_not_stopped_by_it(player: Player) -> None:
    player.beat(0, 0, 0)
    watch(player, 0, 375)
    assert player.beat(420, 375, 375, tab="tab-b").reason is None
    assert player.beat(435, 375, 390, tab="tab-b").watched_seconds == 375


@pytest.mark.django_db
def test_administrators_set_it_and_others_do_not(client: Client, zhao: User, chen: User) -> None:
    address = "/admin/settings/courses/presenceprompts/"
    client.force_login(chen)
    assert client.get(address).status_code == 302
    client.force_login(zhao)
    page = client.get(address, follow=True)
    assert "every_minutes" in page.content.decode()
    data = {"is_on": "on", "every_minutes": 30, "grace_seconds": 20}
    refused = client.post(page.request["PATH_INFO"], data).content.decode()
    assert "30" in refused
    client.post(page.request["PATH_INFO"], {**data, "grace_seconds": 120})
    assert PresencePrompts.load().grace_seconds == 120


@pytest.mark.django_db
def test_switched_off_nobody_is_asked(player: Player) -> None:
    PresencePrompts.objects.update(is_on=False)
    player.beat(0, 0, 0)
    assert watch(player, 0, 900).ask_seconds is None


@pytest.mark.django_db
def test_the_page_is_told_and_a_beat_stays_within_four_queries(
    player: Player, client: Client, zhang: User
) -> None:
    client.force_login(zhang)
    address = reverse("courses:beat", args=[player.page.pk])

    def beat(**kwargs: Any) -> Any:
        data = {"from": 0, "position": 1, "playing": True, "session": "t", **kwargs}
        return client.post(address, data, content_type="application/json").json()

    beat()
    StudyClock.objects.update(present_at=NOON)
    with CaptureQueriesContext(connection) as queries:
        assert beat()["ask_seconds"] == 60
    assert len(queries) <= 4
    with CaptureQueriesContext(connection) as queries:
        assert beat(present=True)["ask_seconds"] is None
    assert len(queries) <= 4
    record = client.get(reverse("courses:record", args=[player.page.pk])).content.decode()
    assert "60" in record
