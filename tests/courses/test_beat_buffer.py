"""Beats that wait in a real Redis: written in batches, settled before decisions, lost by seconds only."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.actions import beat_buffer
from courses.actions.completion import complete_lesson
from courses.models import LessonProgress, StudyClock
from courses.rules.watching import NotCounted
from enrollment.models import HourEntry, User
from tests.courses.conftest import School
from tests.courses.test_watching import Player, opened

pytestmark = pytest.mark.django_db
PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")


@pytest.fixture(scope="module")
def socket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("r") / "s"


@pytest.fixture
def server(socket: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    if PROGRAM is None:
        pytest.skip("Redis is not installed")
    settings_of = ("--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no")
    process = subprocess.Popen([PROGRAM, *settings_of], stdout=subprocess.DEVNULL, cwd=socket.parent)
    settings.REDIS_URL = f"unix://{socket}"
    monkeypatch.setattr(beat_buffer, "_rests_until", 0.0)
    client = beat_buffer._client(settings.REDIS_URL)
    for _attempt in range(200):
        try:
            client.flushall()
            break
        except Exception:
            time.sleep(0.02)
    # The first beat of all would write at once: here nothing is written before it is asked for.
    client.set(beat_buffer._TURN, "1")
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def player(server: Any, zhang: User, school: School) -> Player:
    opened(zhang, school.film)
    player = Player(zhang, school.film)
    player.beat(0, 0, 0)
    return player


def stored() -> LessonProgress:
    return LessonProgress.objects.get()


def test_playing_on_asks_the_database_nothing_once_it_waits(player: Player) -> None:
    player.beat(15, 0, 15)
    with CaptureQueriesContext(connection) as queries:
        assert player.beat(30, 15, 30).watched_seconds == 30
    assert len(queries) == 0
    assert stored().studied_seconds == 0
    assert beat_buffer.flush() == 1
    assert (stored().studied_seconds, stored().position, stored().intervals) == (30, 30, [[0, 30]])
    assert beat_buffer.flush() == 0
    # A repeated beat earns nothing.
    assert player.beat(30, 15, 30).watched_seconds == 30


def test_the_beat_that_finds_the_time_come_writes(player: Player, settings: Any) -> None:
    player.beat(15, 0, 15)
    beat_buffer._client(settings.REDIS_URL).delete(beat_buffer._TURN)
    player.beat(30, 15, 30)
    assert stored().studied_seconds == 30


def test_written_twice_it_changes_nothing_and_what_came_between_counts(player: Player, zhang: User) -> None:
    player.beat(15, 0, 15)
    first = beat_buffer.waiting(zhang.pk)
    assert first is not None
    player.beat(30, 15, 30)
    # A worker that had read before the second beat, and could not take away what it wrote.
    beat_buffer._write([first])
    assert stored().studied_seconds == 15
    assert not beat_buffer._forget([first])
    beat_buffer.flush()
    beat_buffer._write([first])
    assert (stored().studied_seconds, stored().beats) == (30, 3)


def test_pausing_and_completing_settle_what_waits(player: Player) -> None:
    for second in range(0, 75, 15):
        player.beat(second + 15, second, second + 15)
    answer = player.beat(90, 75, 90)
    assert answer.is_complete
    assert HourEntry.objects.count() == 1
    player.beat(105, 90, 95, is_playing=False)
    assert stored().studied_seconds == 95
    assert not StudyClock.objects.get().is_running


def test_another_tab_is_judged_by_all_that_was_watched(player: Player, zhang: User) -> None:
    player.beat(15, 0, 15)
    assert player.beat(16, 40, 55, tab="tab-b").reason is NotCounted.OTHER_TAB
    assert stored().studied_seconds == 15
    player.beat(30, 15, 30)
    player.beat(90, 0, 0, tab="tab-b")
    assert stored().studied_seconds == 30
    assert player.beat(105, 30, 45).reason is NotCounted.OTHER_TAB


def test_what_was_judged_without_knowing_of_another_write_is_dropped(player: Player, zhang: User) -> None:
    player.beat(15, 0, 15)
    LessonProgress.objects.update(beats=7)
    beat_buffer.flush()
    assert stored().studied_seconds == 0
    player.beat(30, 15, 30)
    StudyClock.objects.update(turn=9)
    beat_buffer.settle(zhang.pk)
    assert stored().studied_seconds == 0
    assert beat_buffer.waiting(zhang.pk) is None


def test_a_killed_redis_loses_the_last_seconds_and_no_hours(
    player: Player, server: subprocess.Popen[bytes]
) -> None:
    for second in range(0, 60, 15):
        player.beat(second + 15, second, second + 15)
    beat_buffer.flush()
    player.beat(75, 60, 75)
    server.kill()
    server.wait()
    # The next beat goes to the database at once; the one that waited is lost, nothing before it.
    answer = player.beat(90, 75, 90)
    assert (answer.reason, answer.watched_seconds) == (None, 75)
    assert stored().intervals == [[0, 60], [75, 90]]
    answer = player.beat(95, 90, 95)
    assert answer.is_complete
    entry = HourEntry.objects.get()
    assert complete_lesson(progress_id=stored().pk).entry_id == entry.pk
