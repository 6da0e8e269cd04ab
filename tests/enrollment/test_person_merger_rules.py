"""Posts beside posts, hours beside hours, places beside places: the pure rules of making two records one."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.hours import Span
from enrollment.rules.person_mergers import (
    Days,
    Fate,
    Record,
    fate_of,
    is_further,
    refusals,
    timeline,
    uncovered,
)

ORIGIN = dt.date(2024, 1, 1)


def day(number):
    return ORIGIN + dt.timedelta(days=number)


def days(first, last=None, key=1):
    return Days(key, day(first), None if last is None else day(last))


def said(found):
    return [((one.starts_on - ORIGIN).days, one.ends_on and (one.ends_on - ORIGIN).days) for one in found]


@pytest.mark.parametrize(
    ("mine", "taken", "left"),
    [
        (days(0), [], [(0, None)]),
        (days(0), [days(10)], [(0, 9)]),
        (days(10), [days(0)], []),
        (days(0), [days(10, 20)], [(0, 9), (21, None)]),
        (days(0, 30), [days(30, 40)], [(0, 29)]),
        (days(0, 30), [days(31, 40)], [(0, 30)]),
        (days(5, 8), [days(0, 5), days(8, 9)], [(6, 7)]),
    ],
)
def test_what_lies_outside(mine, taken, left):
    assert said(uncovered(mine, taken)) == left


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 20)), max_size=4),
    st.tuples(st.integers(0, 40), st.integers(0, 30)),
)
def test_each_day_is_told_of_once(taken, mine):
    others = [days(start, start + length, key=9) for start, length in taken]
    own = days(mine[0], mine[0] + mine[1])
    left = uncovered(own, others)

    def covered(spans):
        return [
            n for one in spans for n in range((one.starts_on - ORIGIN).days, (one.ends_on - ORIGIN).days + 1)
        ]

    kept = covered(left)
    assert len(kept) == len(set(kept))
    assert set(kept) == set(covered([own])) - set(covered(others))


def test_the_chosen_record_tells_of_its_own_days():
    found = timeline([days(10, key=1)], [days(0, 4, key=2), days(5, key=3), days(20, key=4)])
    assert {key: said(pieces) for key, pieces in found.items()} == {2: [(0, 4)], 3: [(5, 9)], 4: []}


def at(first, last):
    zero = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Span(zero + dt.timedelta(hours=first), zero + dt.timedelta(hours=last))


@pytest.mark.parametrize(
    ("evidence", "span", "fate"),
    [
        (("lesson", "9"), None, Fate.MOVED),
        (("lesson", "1"), None, Fate.SAME_EVIDENCE),
        (("external", "9"), at(3, 5), Fate.OVERLAP),
        # One may begin when the other ends.
        (("external", "9"), at(4, 5), Fate.MOVED),
        (("attendance", "7"), at(3, 5), Fate.TOGETHER),
    ],
)
def test_hours_beside_hours(evidence, span, fate):
    assert (
        fate_of(
            evidence,
            span,
            counted={("lesson", "1")},
            occupied=[at(0, 4)],
            superseded={("attendance", "7")},
        )
        == fate
    )


def test_the_further_place():
    assert is_further("completed", "enrolled")
    assert not is_further("waitlisted", "nominated")
    assert not is_further("enrolled", "enrolled")


def record(number, **known):
    known = {"has_left": False, "is_merged": False, "account_id": None, **known}
    return Record(number, **known)


@pytest.mark.parametrize(
    ("keeper", "other", "closing", "administrator", "codes"),
    [
        (record(1), record(2), None, False, []),
        (record(1), record(1), None, True, ["same_record"]),
        (record(1, is_merged=True), record(2), None, True, ["already_merged"]),
        (record(1, has_left=True), record(2), None, True, ["keeper_has_left"]),
        (record(1, has_left=True), record(2, has_left=True), None, True, []),
        (record(1, account_id=7), record(2), None, True, ["own_record"]),
        (record(1), record(2), record(2, has_roles=True), False, ["roles_at_stake"]),
        (record(1), record(2), record(2, has_roles=True), True, []),
        (record(1), record(2), record(2, has_roles=True, is_superuser=True), True, ["superuser_account"]),
    ],
)
def test_why_not(keeper, other, closing, administrator, codes):
    found = refusals(keeper, other, closing=closing, actor_account=7, is_administrator=administrator)
    assert [reason.code for reason in found] == codes
