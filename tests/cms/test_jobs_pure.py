"""When background work is taken for dead, and what is done about it: rules alone."""

from __future__ import annotations

import datetime as dt

import pytest

from cms.rules.jobs import Care, Pulse, care_for, percent

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def ago(seconds: int) -> dt.datetime:
    return NOW - dt.timedelta(seconds=seconds)


def pulse(*, running=True, attempts=1, queued=10, seen=5, cancelled=False) -> Pulse:
    return Pulse(running, attempts, ago(queued), None if seen is None else ago(seen), cancelled)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (pulse(), Care.NOTHING),
        (pulse(seen=120), Care.NOTHING),
        (pulse(seen=121), Care.QUEUE),
        (pulse(seen=None), Care.QUEUE),
        (pulse(seen=121, attempts=3), Care.GIVE_UP),
        (pulse(running=False, queued=600, seen=None), Care.NOTHING),
        (pulse(running=False, queued=3601, seen=None), Care.QUEUE),
        # The worker is alive: it will hear of it at its next step.
        (pulse(cancelled=True), Care.NOTHING),
        (pulse(cancelled=True, seen=121), Care.CANCEL),
        (pulse(cancelled=True, seen=121, attempts=3), Care.CANCEL),
        (pulse(running=False, cancelled=True), Care.CANCEL),
    ],
)
def test_care(given, expected):
    assert care_for(given, NOW) is expected


@pytest.mark.parametrize(
    ("done", "whole", "expected"), [(0, 0, 0), (0, 7, 0), (1, 3, 33), (3, 3, 99), (9, 3, 99), (-1, 3, 0)]
)
def test_a_hundred_percent_is_kept_for_the_end(done, whole, expected):
    assert percent(done, whole) == expected
