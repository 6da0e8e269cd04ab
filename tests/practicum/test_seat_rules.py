"""Fair shares, who moves up, and what follows from empty seats: pure."""

from __future__ import annotations

import datetime as dt

import pytest

from practicum.rules.seats import (
    SeatCount,
    SeatRules,
    Waiting,
    moving_up,
    organization_divisor,
    person_standing,
    share_of,
)

NOW = dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("capacity", "percent", "divisor", "share"),
    [
        (40, 25, 1, 10),
        (30, 25, 1, 8),
        (6, 10, 1, 2),
        (1, 25, 1, 1),
        (40, 100, 1, None),
        (40, 25, 4, 2),
        (40, 1, 4, 1),
    ],
)
def test_a_share_is_a_part_of_the_seats_and_at_least_two(capacity, percent, divisor, share) -> None:
    assert share_of(capacity=capacity, percent=percent, divisor=divisor) == share


def test_one_organization_has_its_share_and_no_more() -> None:
    count = SeatCount(20, booked={1: 3}, held={1: 1}, percent=25)
    assert count.left == 16
    assert count.refusal({1: 1}) is None
    assert count.refusal({1: 2}) == "share_used_up"
    assert count.refusal({2: 5}) is None
    assert SeatCount(20, booked={1: 3}, percent=25, divisors={1: 2}).refusal({1: 1}) == "share_used_up"


def test_seats_kept_are_nobody_elses_and_are_used_first() -> None:
    count = SeatCount(5, booked={1: 1}, held={2: 4})
    assert count.refusal({1: 1}) == "no_seats_left"
    assert count.refusal({2: 1}) == "no_seats_left"
    assert count.refusal({2: 4}, from_hold={2}) is None
    assert count.refusal({2: 5}, from_hold={2}) == "no_seats_left"


def test_groups_move_up_whole_in_order_and_leave_no_seat_empty() -> None:
    queue = [Waiting(1, 7, 3), Waiting(2, 8, 1), Waiting(3, 8, 2), Waiting(4, 9, 1)]
    assert moving_up(queue, SeatCount(10, booked={5: 8})) == [2, 4]
    assert moving_up(queue, SeatCount(10, booked={5: 5})) == [1, 2, 4]
    assert moving_up(queue, SeatCount(10, booked={5: 3})) == [1, 2, 3, 4]
    # Organization 8 has its share of three: the third party keeps its place, the fourth is not held up.
    assert moving_up(queue, SeatCount(10, booked={8: 1}, percent=30)) == [1, 2, 4]


def test_empty_seats_have_graduated_consequences_that_end() -> None:
    def code(*days: int) -> str:
        return person_standing([NOW - day * DAY for day in days], now=NOW).code

    assert code() == code(1) == ""
    assert code(1, 20) == "booking_later"
    assert code(31, 40) == ""
    assert code(1, 20, 90) == "booking_paused"
    assert code(1, 200, 300) == ""
    standing = person_standing([NOW - DAY, NOW - 2 * DAY, NOW - 3 * DAY], now=NOW)
    assert standing.until == NOW + 59 * DAY


@pytest.mark.parametrize(
    ("seats", "missed", "divisor"), [(4, 4, 1), (10, 1, 1), (10, 2, 2), (10, 3, 2), (10, 4, 4), (5, 5, 4)]
)
def test_the_share_of_an_organization_follows_its_empty_seats(seats, missed, divisor) -> None:
    assert organization_divisor(seats=seats, missed=missed) == divisor


def test_deadlines_count_back_from_the_beginning() -> None:
    rules = SeatRules(shares_end_hours=72, give_back_hours=24, hold_hours=48)
    assert rules.shares_end(NOW) == NOW - 3 * DAY
    assert rules.give_back_until(NOW) == NOW - DAY
    assert rules.hold_until(NOW + 10 * DAY, NOW) == NOW + 2 * DAY
    assert rules.hold_until(NOW + 2 * DAY, NOW) == NOW + DAY
