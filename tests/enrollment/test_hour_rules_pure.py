"""From minutes to hours; overlaps; standings; seats; the life of a class. No database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules import activities, class_life, hours, people, standing
from enrollment.rules.capacity import (
    QuotaSeats,
    SeatPlan,
    Waiting,
    capacity_refusal,
    promotions,
    quota_refusals,
)
from enrollment.rules.hours import Credit, Span
from enrollment.rules.standing import Earned

ZONE = ZoneInfo("Asia/Shanghai")
NOON = dt.datetime(2026, 5, 1, 12, tzinfo=ZONE)


@dataclass
class Rule:
    value: Decimal


RULES = {
    "online_long": Rule(Decimal(1)),
    "online_medium": Rule(Decimal("0.5")),
    "online_short": Rule(Decimal("0.25")),
    "quiz_passed": Rule(Decimal("0.5")),
}


@pytest.mark.parametrize(
    ("minutes", "quarters"), [(0, 0), (1, 1), (14, 1), (15, 2), (29, 2), (30, 4), (90, 4)]
)
def test_lessons(minutes, quarters):
    assert hours.quarters_for_lesson(minutes, RULES) == quarters


def test_without_a_rule_a_lesson_is_worth_nothing():
    assert hours.quarters_for_lesson(40, {}) == 0
    assert hours.quarters_for_quiz({}) == 0
    assert hours.quarters_for_quiz(RULES) == 2


@pytest.mark.parametrize(
    ("minutes", "quarters"), [(45, 4), (90, 8), (0, 0), (-5, 0), (60, 5), (5, 0), (6, 1), (180, 16)]
)
def test_sessions(minutes, quarters):
    assert hours.quarters_for_session(minutes, 45) == quarters


def test_an_hour_has_minutes():
    with pytest.raises(ValueError, match="positive"):
        hours.quarters_for_session(45, 0)


@given(st.integers(0, 100_000), st.integers(1, 120))
def test_rounding_errs_by_half_a_quarter_at_most(minutes, per_hour):
    exact = minutes * 4 / per_hour
    assert abs(hours.quarters_for_session(minutes, per_hour) - exact) <= 0.5 + 1e-9


MOMENTS = st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 3))
SPANS = st.tuples(MOMENTS, MOMENTS).filter(lambda pair: pair[0] < pair[1]).map(lambda pair: Span(*pair))


@given(SPANS, SPANS)
def test_overlap_is_mutual(one, other):
    assert one.overlaps(other) == other.overlaps(one)
    assert one.overlaps(one)


def test_one_may_begin_when_the_other_ends():
    hour = dt.timedelta(hours=1)
    first, second = Span(NOON, NOON + hour), Span(NOON + hour, NOON + 2 * hour)
    assert not first.overlaps(second)
    assert hours.first_clash(second, [first]) is None
    assert hours.first_clash(Span(NOON, NOON + 2 * hour), [first]) == first


def credit(**changes):
    values = {
        "trainee_id": 1,
        "kind": "classroom",
        "quarters": 4,
        "title": "课",
        "evidence_type": "attendance",
        "evidence_id": "1",
        "occurred_at": NOON,
    }
    return Credit(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quarters": 0}, "hours_not_positive"),
        ({"quarters": -4}, "hours_not_positive"),
        ({"quarters": 401}, "hours_too_many"),
        ({"evidence_id": ""}, "evidence_missing"),
        ({"evidence_type": ""}, "evidence_missing"),
        ({"starts_at": NOON}, "period_incomplete"),
        ({"starts_at": NOON, "ends_at": NOON}, "period_backward"),
    ],
)
def test_flaws_of_a_credit(changes, code):
    assert [reason.code for reason in hours.flaws_of(credit(**changes))] == [code]


def test_a_sound_credit_has_no_flaws():
    assert hours.flaws_of(credit()) == ()


def test_the_clash_is_named_with_its_time():
    same = hours.overlap("主题党日", Span(NOON, NOON + dt.timedelta(hours=2)))
    assert "主题党日" in str(same)
    assert "2026-05-01 12:00–14:00" in str(same)
    over_night = hours.overlap("值班", Span(NOON, NOON + dt.timedelta(hours=20)))
    assert "2026-05-02 08:00" in str(over_night)


# --- Standing --------------------------------------------------------------------------------------


def judged(quarters, online=0, centralized=0, required=128, **more):
    return standing.verdict(
        earned=Earned(quarters, online, centralized),
        required_quarters=required,
        is_exempt=more.pop("is_exempt", False),
        **more,
    )


def codes(verdict):
    return [reason.code for reason in verdict.reasons]


def test_short_and_reached():
    short = judged(100)
    assert (short.has_reached, short.shortfall_quarters, codes(short)) == (False, 28, ["shortfall"])
    assert str(short.reasons[0].params["hours"]) == "7"
    assert codes(judged(128)) == ["reached"]


def test_the_exempt_are_neither():
    exempt = judged(0, is_exempt=True, centralized_required=1)
    assert (exempt.has_reached, exempt.shortfall_quarters, codes(exempt)) == (False, 0, ["exempt"])


def test_a_committee_member_needs_a_centralized_training():
    assert codes(judged(224, required=224, centralized_required=1)) == ["centralized_missing"]
    assert judged(224, centralized=1, required=224, centralized_required=1).has_reached


def test_a_cap_on_online_hours():
    capped = judged(128, online=100, online_cap_percent=50)
    assert (capped.counted_quarters, capped.shortfall_quarters) == (92, 36)
    assert codes(capped) == ["shortfall", "online_capped"]
    assert judged(128, online=128).has_reached, "off by default"


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 300), st.integers(0, 100))
def test_counted_hours_stay_within_what_was_earned(rest, online, required, cap):
    earned = Earned(rest + online, online)
    assert rest <= standing.counted(earned, required, cap) <= rest + online


# --- Posts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("post", "cohort", "on_committee"),
    [
        ("secretary", "secretary", True),
        ("deputy_secretary", "affairs_worker", True),
        ("publicity_member", "affairs_worker", True),
        ("affairs_worker", "affairs_worker", False),
        ("member", "member", False),
    ],
)
def test_cohorts(post, cohort, on_committee):
    assert (people.cohort_of(post), people.is_on_committee(post)) == (cohort, on_committee)


def test_every_post_has_its_cohort():
    from enrollment.models import COMMITTEE_POSTS, Post

    assert set(people.COHORT_OF_POST) == set(Post.values)
    assert {post for post in Post.values if people.is_on_committee(post)} == set(COMMITTEE_POSTS)


# --- Seats -----------------------------------------------------------------------------------------


def test_a_quota_keeps_its_seats():
    plan = SeatPlan(5, {1: QuotaSeats(3)})
    assert [plan.take(None) for _ in range(3)] == [True, True, False]
    assert [plan.take(1) for _ in range(4)] == [True, True, True, False]
    assert plan.taken == 5


def test_promotion_follows_the_queue():
    plan = SeatPlan(4, {1: QuotaSeats(2, 1), 2: QuotaSeats(1, 1)}, 0)
    queue = [Waiting(10, 2), Waiting(11, 1), Waiting(12, 1), Waiting(13, None), Waiting(14, None)]
    assert promotions(queue, plan) == [11, 13]


def test_quotas_fit_the_class():
    refused = quota_refusals(capacity=10, taken_without_quota=4, seats={1: 4, 2: 3}, taken={1: 5})
    assert [reason.code for reason in refused] == ["quota_below_taken", "quotas_above_capacity"]
    assert refused[1].params == {"total": 7, "free": 6}
    assert quota_refusals(capacity=10, taken_without_quota=4, seats={1: 6}, taken={1: 5}) == ()


def test_a_class_keeps_the_seats_it_promised():
    plan = SeatPlan(10, {1: QuotaSeats(4, 1)}, 3)
    assert capacity_refusal(capacity=7, plan=plan) is None
    assert capacity_refusal(capacity=6, plan=plan).params == {"needed": 7}


@given(
    capacity=st.integers(0, 20),
    seats=st.lists(st.integers(0, 8), max_size=4),
    wishes=st.lists(st.integers(-1, 3), max_size=60),
)
def test_seats_are_never_given_twice(capacity, seats, wishes):
    while sum(seats) > capacity:
        seats.pop()
    plan = SeatPlan(capacity, {number: QuotaSeats(size) for number, size in enumerate(seats)})
    for wish in wishes:
        plan.take(wish if 0 <= wish < len(seats) else None)
    assert plan.taken <= capacity
    assert all(quota.taken <= quota.seats for quota in plan.quotas.values())
    for number in plan.quotas:
        while plan.take(number):
            pass
    assert all(quota.taken == quota.seats for quota in plan.quotas.values()), "what was promised is there"


# --- The life of a class ---------------------------------------------------------------------------


def facts(status, **more):
    values = {"ends_on": dt.date(2026, 5, 1), "today": dt.date(2026, 5, 1), "on_roster": 3}
    return class_life.ClassFacts(status=status, **(values | more))


@pytest.mark.parametrize(
    ("status", "to", "more", "expected"),
    [
        ("draft", "nominating", {}, []),
        ("draft", "closed", {}, ["class_status_not_next"]),
        ("cancelled", "running", {}, ["class_status_not_next"]),
        ("archived", "running", {}, ["class_status_not_next"]),
        ("nominating", "running", {"on_roster": 0}, ["roster_empty"]),
        ("nominating", "running", {"on_roster": 0, "nominated": 1}, []),
        ("nominating", "draft", {}, ["has_people"]),
        ("running", "closed", {}, []),
        ("running", "closed", {"today": dt.date(2026, 4, 30)}, ["class_not_over"]),
        ("running", "closed", {"closing_reasons": (class_life.NOT_OPEN,)}, ["class_not_open"]),
        ("running", "cancelled", {"certificates": 1}, ["has_certificates"]),
        ("closed", "running", {"certificates": 1}, ["has_certificates"]),
        ("closed", "running", {}, []),
    ],
)
def test_changes_of_status(status, to, more, expected):
    assert [reason.code for reason in class_life.refusals(facts(status, **more), to)] == expected


def test_every_status_has_its_place():
    from enrollment.models import ClassStatus

    assert set(class_life.NEXT) == set(ClassStatus.values)
    assert set().union(*class_life.NEXT.values()) <= set(ClassStatus.values)


# --- Branch activities -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": " "}, "activity_title_missing"),
        ({"ends_at": NOON}, "activity_backward"),
        ({"ends_at": NOON + dt.timedelta(hours=13)}, "activity_too_long"),
        ({"now": NOON}, "activity_in_future"),
        ({"attendees": 0}, "activity_without_attendees"),
    ],
)
def test_flaws_of_an_activity(changes, code):
    values = {
        "title": "主题党日",
        "starts_at": NOON,
        "ends_at": NOON + dt.timedelta(hours=2),
        "now": NOON + dt.timedelta(days=1),
        "attendees": 5,
    }
    assert activities.flaws_of(**values) == ()
    assert [reason.code for reason in activities.flaws_of(**(values | changes))] == [code]
