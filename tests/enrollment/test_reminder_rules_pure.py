"""Whom a reminder of the year's hours reaches, and which class it names: the rules alone."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.reminders import (
    BEHIND_FROM_MONTH,
    GAP_DAYS,
    Need,
    OpenClass,
    is_behind,
    next_class,
    wants_reminder,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
moments = st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2027, 12, 31)).map(
    lambda one: one.replace(tzinfo=SHANGHAI)
)
needs = st.builds(
    Need,
    required_quarters=st.integers(0, 400),
    earned_quarters=st.integers(-8, 500),
    lacks_centralized=st.booleans(),
    is_exempt=st.booleans(),
    has_left=st.booleans(),
    reminded_at=st.none() | moments,
)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@given(need=needs, now=moments)
def test_nobody_is_reminded_without_need(need, now):
    if wants_reminder(need, now):
        assert need.shortfall_quarters > 0 or need.lacks_centralized
        assert not need.is_exempt
        assert not need.has_left
        assert now.month >= BEHIND_FROM_MONTH


@given(need=needs, now=moments)
def test_never_twice_in_the_gap(need, now):
    if need.reminded_at is not None and now - need.reminded_at < dt.timedelta(days=GAP_DAYS):
        assert not wants_reminder(need, now)


@given(need=needs, day=moments.map(dt.datetime.date))
def test_who_has_reached_the_target_is_never_behind(need, day):
    if need.earned_quarters >= need.required_quarters:
        assert not is_behind(need, day)


@given(need=needs, now=moments, more=st.integers(1, 100))
def test_whoever_earns_more_is_reminded_no_sooner(need, now, more):
    better = Need(
        need.required_quarters,
        need.earned_quarters + more,
        need.lacks_centralized,
        need.is_exempt,
        need.has_left,
        need.reminded_at,
    )
    assert wants_reminder(need, now) or not wants_reminder(better, now)


SHORT = {
    "required_quarters": 128,
    "earned_quarters": 60,
    "lacks_centralized": False,
    "is_exempt": False,
    "has_left": False,
}


@pytest.mark.parametrize(
    ("changes", "reminded_at", "now", "wanted"),
    [
        ({}, None, "2026-11-25 09:00", True),
        ({}, "2026-10-26 09:00", "2026-11-25 09:00", True),
        ({}, "2026-10-26 09:01", "2026-11-25 09:00", False),
        ({"earned_quarters": 128}, None, "2026-11-25 09:00", False),
        ({"earned_quarters": 127}, None, "2026-11-25 09:00", True),
        # In summer half the hours are in time; in spring nobody is pressed.
        ({}, None, "2026-06-01 09:00", False),
        ({"earned_quarters": 40}, None, "2026-06-01 09:00", True),
        ({"earned_quarters": 0}, None, "2026-03-31 09:00", False),
        ({"earned_quarters": 128, "lacks_centralized": True}, None, "2026-06-30 09:00", False),
        ({"earned_quarters": 128, "lacks_centralized": True}, None, "2026-07-01 09:00", True),
        ({"is_exempt": True}, None, "2026-11-25 09:00", False),
        ({"has_left": True}, None, "2026-11-25 09:00", False),
    ],
)
def test_who_is_reminded(changes, reminded_at, now, wanted):
    need = Need(**(SHORT | changes), reminded_at=at(reminded_at) if reminded_at else None)
    assert wants_reminder(need, at(now)) is wanted


def open_class(pk: int, day: int, **changes) -> OpenClass:
    values = {"cohort": None, "is_centralized": True, "seats": {"0001": 3}}
    return OpenClass(pk, f"第{pk}班", dt.date(2026, 12, day), **(values | changes))


def named(*classes: OpenClass, lacks: bool = False, joined=frozenset(), path: str = "00010002") -> int | None:
    found = next_class(classes, cohort="member", path=path, lacks_centralized=lacks, joined=joined)
    return found.pk if found else None


def test_the_earliest_class_one_may_join_is_named():
    assert named(open_class(1, 9), open_class(2, 3)) == 2
    assert named() is None


def test_not_one_of_another_cohort_nor_without_a_seat_nor_elsewhere():
    assert named(open_class(1, 9, cohort="secretary")) is None
    assert named(open_class(1, 9, seats={"0001": 0})) is None
    assert named(open_class(1, 9, seats={})) is None
    assert named(open_class(1, 9), path="0002") is None
    # The nearest quota counts, as for a nomination.
    assert named(open_class(1, 9, seats={"0001": 3, "00010002": 0})) is None


def test_not_one_that_the_person_is_in():
    assert named(open_class(1, 3), open_class(2, 9), joined=frozenset({1})) == 2


def test_a_centralized_one_goes_first_where_it_lacks():
    plain, centralized = open_class(1, 3, is_centralized=False), open_class(2, 9)
    assert named(plain, centralized) == 1
    assert named(plain, centralized, lacks=True) == 2
    assert named(plain, lacks=True) == 1
