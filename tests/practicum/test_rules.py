"""The pure rules of the practicum."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practicum.rules.attendance import (
    ATTENDED,
    IN,
    OUT,
    RULING,
    RULINGS,
    Policy,
    Presence,
    Sign,
    Status,
    Timing,
    earned_quarters,
    judge,
    presence,
    window_refusal,
)
from practicum.rules.clash import Agenda, Resource, agenda_of, overlaps
from practicum.rules.code import WINDOW_SECONDS, code_at, digits_for, direction_of, is_good
from practicum.rules.deadlines import is_working_day, working_days_before, working_days_between
from practicum.rules.reasons import SENTENCES, reason
from practicum.rules.seats import booking_refusal
from practicum.rules.visits import (
    FINAL_STAGES,
    MOVES,
    PENDING_STAGES,
    BaseTerms,
    Batch,
    Move,
    Party,
    Stage,
    moves_open_to,
    next_stage,
    split,
    unmet_terms,
)

NINE = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)  # a Monday
TIMING = Timing(NINE, NINE + dt.timedelta(hours=3))
POLICY = Policy()
minutes = st.integers(min_value=-300, max_value=600).map(lambda count: NINE + dt.timedelta(minutes=count))


def after(count: float) -> dt.datetime:
    return NINE + dt.timedelta(minutes=count)


# --- Clashes --------------------------------------------------------------------------------------------


def test_neighbours_do_not_clash() -> None:
    agenda = agenda_of([("room", 1, after(0), after(60), 7)])
    room = Resource("room", 1)
    assert agenda.collisions(room, after(60), after(120)) == []
    assert agenda.collisions(room, after(-60), after(0)) == []
    assert [taken.holder for taken in agenda.collisions(room, after(59), after(61))] == [7]
    assert agenda.collisions(Resource("room", 2), after(0), after(60)) == []
    assert agenda.collisions(Resource("base", 1), after(0), after(60)) == []


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 40), st.integers(1, 12)), max_size=40))
def test_an_agenda_finds_exactly_what_a_look_at_every_pair_finds(
    wishes: list[tuple[int, int, int]],
) -> None:
    agenda = Agenda()
    held: list[tuple[Resource, dt.datetime, dt.datetime, int]] = []
    for number, (resource_id, start, length) in enumerate(wishes):
        resource = Resource("room", resource_id)
        begin, end = after(start), after(start + length)
        expected = {
            holder
            for other, other_begin, other_end, holder in held
            if other == resource and overlaps(begin, end, other_begin, other_end)
        }
        assert {taken.holder for taken in agenda.collisions(resource, begin, end)} == expected
        if not expected:
            agenda.take(resource, begin, end, number)
            held.append((resource, begin, end, number))
    for index, (resource, begin, end, _holder) in enumerate(held):
        for other, other_begin, other_end, _other in held[:index]:
            assert other != resource or not overlaps(begin, end, other_begin, other_end)


# --- The rotating code ----------------------------------------------------------------------------------


def test_a_code_is_good_in_its_window_and_the_next_and_then_never() -> None:
    code = code_at(secret="s", session_id=1, direction=IN, moment=NINE)
    assert len(code.digits) == 6
    last = code.shown_until - dt.timedelta(microseconds=1)
    for moment in (code.shown_from, last, last + dt.timedelta(seconds=WINDOW_SECONDS)):
        assert is_good(code.digits, secret="s", session_id=1, direction=IN, now=moment)
    late = code.shown_until + dt.timedelta(seconds=WINDOW_SECONDS)
    assert not is_good(code.digits, secret="s", session_id=1, direction=IN, now=late)
    # Nor before it was shown.
    early = code.shown_from - dt.timedelta(seconds=1)
    assert not is_good(code.digits, secret="s", session_id=1, direction=IN, now=early)


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_a_code_opens_its_own_session_and_direction_only(window: int, session_id: int) -> None:
    now = dt.datetime.fromtimestamp(window, tz=dt.UTC)
    mine = code_at(secret="mine", session_id=session_id, direction=OUT, moment=now).digits
    assert direction_of(mine, secret="mine", session_id=session_id, now=now) in (IN, OUT)
    assert is_good(mine, secret="mine", session_id=session_id, direction=OUT, now=now)
    others = {
        digits_for(
            secret=secret, session_id=other, direction=direction, window=window // WINDOW_SECONDS + step
        )
        for secret, other, direction, step in (
            ("other", session_id, OUT, 0),
            ("mine", session_id + 1, OUT, 0),
            ("mine", session_id, IN, 0),
            ("mine", session_id, OUT, 3),
        )
    }
    # Six digits may agree by chance; all four never do.
    assert others != {mine}


@pytest.mark.parametrize("digits", ["", "12345", "1234567", "abcdef", "１２３４５６", "12 456", "-12345"])
def test_what_is_not_six_digits_is_no_code(digits: str) -> None:
    assert not is_good(digits, secret="s", session_id=1, direction=IN, now=NINE)


# --- Attendance -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("came", "went", "status"),
    [
        (0, 180, Status.PRESENT),
        (-20, 200, Status.PRESENT),
        (10, 170, Status.PRESENT),
        (10.5, 180, Status.LATE),
        (0, 169.5, Status.LEFT_EARLY),
        (0, None, Status.EXCEPTION),
        (None, 180, Status.EXCEPTION),
        (100, 50, Status.EXCEPTION),
        (None, None, Status.ABSENT),
    ],
)
def test_status_follows_from_the_times(came: float | None, went: float | None, status: Status) -> None:
    found = Presence(None if came is None else after(came), None if went is None else after(went))
    assert judge(found, timing=TIMING, policy=POLICY) == status


def test_nothing_is_held_against_anybody_while_the_session_runs() -> None:
    assert judge(Presence(), timing=TIMING, policy=POLICY, is_over=False) == Status.PENDING
    assert judge(Presence(after(0)), timing=TIMING, policy=POLICY, is_over=False) == Status.PENDING


def test_a_class_without_sign_out_needs_none() -> None:
    lenient = Policy(needs_sign_out=False)
    assert judge(Presence(after(0)), timing=TIMING, policy=lenient) == Status.PRESENT
    assert judge(Presence(after(60)), timing=TIMING, policy=lenient) == Status.LATE


def test_leave_counts_only_for_who_did_not_come() -> None:
    assert judge(Presence(), timing=TIMING, policy=POLICY, on_leave=True) == Status.ON_LEAVE
    came = Presence(after(0), after(180))
    assert judge(came, timing=TIMING, policy=POLICY, on_leave=True) == Status.PRESENT


@given(st.lists(st.tuples(st.sampled_from([IN, OUT]), minutes)), st.randoms())
def test_the_order_in_which_events_arrive_does_not_matter(events: list, random) -> None:
    signs = [Sign(direction, moment, order) for order, (direction, moment) in enumerate(events)]
    shuffled = list(signs)
    random.shuffle(shuffled)
    assert presence(signs) == presence(shuffled)
    assert presence(signs + signs) == presence(signs)


@given(st.lists(st.sampled_from(sorted(RULINGS)), min_size=1), minutes)
def test_the_last_ruling_wins_whatever_the_clock_says(rulings: list[str], moment: dt.datetime) -> None:
    signs = [Sign(RULING, moment, order, ruling) for order, ruling in enumerate(rulings)]
    found = presence([Sign(IN, moment, 99), *reversed(signs)])
    assert judge(found, timing=TIMING, policy=POLICY) == rulings[-1]


@given(
    st.one_of(st.none(), minutes),
    st.one_of(st.none(), minutes),
    st.integers(0, 64),
    st.booleans(),
    st.booleans(),
)
def test_hours_are_earned_only_by_presence_and_never_more_than_the_session_is_worth(
    came: dt.datetime | None, went: dt.datetime | None, quarters: int, asks: bool, leave: bool
) -> None:
    policy = Policy(needs_sign_out=asks)
    status = judge(Presence(came, went), timing=TIMING, policy=policy, on_leave=leave)
    earned = earned_quarters(status, quarters=quarters, timing=TIMING, signed_in_at=came, signed_out_at=went)
    assert 0 <= earned <= quarters
    if status not in ATTENDED:
        assert earned == 0
    if status == Status.PRESENT:
        assert earned == quarters


def test_late_and_early_earn_their_share_in_whole_quarters() -> None:
    def earned(status: Status, came: float, went: float) -> int:
        return earned_quarters(
            status, quarters=16, timing=TIMING, signed_in_at=after(came), signed_out_at=after(went)
        )

    assert earned(Status.LATE, 20, 180) == 14  # 160 of 180 minutes
    assert earned(Status.LEFT_EARLY, 0, 90) == 8
    assert earned(Status.LEFT_EARLY, -30, 90) == 8
    assert earned(Status.LEFT_EARLY, 0, 1) == 0


@pytest.mark.parametrize(
    ("direction", "minute", "refusal"),
    [
        (IN, -31, "not_open_yet"),
        (IN, -30, None),
        (IN, 179, None),
        (IN, 180, "sign_in_closed"),
        (OUT, -1, "sign_out_not_open_yet"),
        (OUT, 0, None),
        (OUT, 240, None),
        (OUT, 241, "sign_out_closed"),
    ],
)
def test_windows_of_sign_in_and_sign_out(direction: str, minute: int, refusal: str | None) -> None:
    assert window_refusal(direction, timing=TIMING, policy=POLICY, now=after(minute)) == refusal


# --- Deadlines ------------------------------------------------------------------------------------------

HOLIDAY = {dt.date(2026, 10, 1): False, dt.date(2026, 9, 27): True}


def test_deadlines_step_over_weekends_holidays_and_count_make_up_workdays() -> None:
    assert working_days_before(dt.date(2026, 3, 9), 5, {}) == dt.date(2026, 3, 2)
    assert working_days_before(dt.date(2026, 3, 9), 1, {}) == dt.date(2026, 3, 6)
    assert working_days_before(dt.date(2026, 10, 2), 1, HOLIDAY) == dt.date(2026, 9, 30)
    assert is_working_day(dt.date(2026, 9, 27), HOLIDAY)  # a Sunday
    assert working_days_before(dt.date(2026, 9, 28), 1, HOLIDAY) == dt.date(2026, 9, 27)


@given(st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)), st.integers(0, 20))
def test_counting_back_and_forth_agree(day: dt.date, count: int) -> None:
    due = working_days_before(day, count, HOLIDAY)
    assert due <= day
    between = working_days_between(due, day, HOLIDAY)
    assert between in (count, count - 1) if not is_working_day(day, HOLIDAY) else between == count


# --- Visits ---------------------------------------------------------------------------------------------

TERMS = BaseTerms(
    capacity_per_batch=40,
    batches_per_day=2,
    open_weekdays=frozenset({1, 2, 3, 4, 5}),
    opens_at=dt.time(9),
    closes_at=dt.time(17),
    lead_days=5,
)
SLOT = Batch(NINE, NINE + dt.timedelta(hours=2), 40)


def codes(batch: Batch, terms: BaseTerms = TERMS, **details) -> set[str]:
    details.setdefault("batches_that_day", 0)
    return {found.code for found in unmet_terms(batch, terms, **details)}


def test_a_base_takes_what_its_terms_say() -> None:
    assert codes(SLOT) == set()
    assert codes(Batch(NINE, after(120), 41)) == {"base_over_capacity"}
    assert codes(SLOT, batches_that_day=2) == {"base_day_full"}
    saturday = dt.timedelta(days=5)
    assert codes(Batch(NINE + saturday, after(120) + saturday, 10)) == {"base_closed_that_weekday"}
    assert codes(Batch(after(-60), after(60), 10)) == {"base_closed_that_hour"}
    assert codes(Batch(after(400), after(500), 10)) == {"base_closed_that_hour"}
    assert codes(SLOT, closed_for=[(NINE.date(), NINE.date(), "检修")]) == {"base_blacked_out"}
    assert codes(SLOT, today=NINE.date() - dt.timedelta(days=3)) == {"base_lead_time"}
    assert codes(SLOT, today=NINE.date() - dt.timedelta(days=7)) == set()
    suspended = BaseTerms(**{**TERMS.__dict__, "is_active": False})
    assert codes(SLOT, suspended) == {"base_not_active"}


def test_every_stage_is_reachable_and_final_ones_end() -> None:
    reached, edge = {Stage.REQUESTED}, [Stage.REQUESTED]
    while edge:
        stage = edge.pop()
        for (at_stage, _move), (to, _parties) in MOVES.items():
            if at_stage == stage and to not in reached:
                reached.add(to)
                edge.append(to)
    assert reached == set(Stage)
    for stage in FINAL_STAGES:
        assert not moves_open_to(stage, Party.ACADEMY)
        assert not moves_open_to(stage, Party.BASE)


@given(st.lists(st.tuples(st.sampled_from(list(Move)), st.sampled_from(list(Party))), max_size=20))
def test_no_order_of_moves_confirms_without_academy_and_base(moves: list[tuple[Move, Party]]) -> None:
    stage, made = Stage.REQUESTED, set()
    for move, party in moves:
        if (following := next_stage(stage, move, party)) is not None:
            stage = following
            made.add(move)
    if stage in {Stage.CONFIRMED, Stage.BRIEFED, Stage.HELD, Stage.ARCHIVED}:
        assert Move.CHECK in made
        assert made & {Move.CONFIRM, Move.ACCEPT}
    if stage in PENDING_STAGES:
        assert not made & {Move.DECLINE, Move.REJECT, Move.CANCEL}


@given(st.integers(0, 500), st.integers(1, 80))
def test_a_group_is_split_evenly(headcount: int, capacity: int) -> None:
    batches = split(headcount, capacity)
    assert sum(batches) == headcount
    assert all(0 < size <= capacity for size in batches)
    assert not batches or max(batches) - min(batches) <= 1


# --- Seats and refusals ---------------------------------------------------------------------------------


def test_seats_end() -> None:
    def refusal(**changes) -> str | None:
        given_ = {
            "capacity": 40,
            "taken": 39,
            "is_open": True,
            "is_cancelled": False,
            "starts_at": after(60),
            "now": NINE,
            **changes,
        }
        return booking_refusal(**given_)

    assert refusal() is None
    assert refusal(taken=40) == "no_seats_left"
    assert refusal(is_open=False) == "not_open_for_booking"
    assert refusal(is_cancelled=True) == "session_cancelled"
    assert refusal(now=after(60)) == "session_has_begun"


def test_every_code_a_rule_gives_has_a_sentence() -> None:
    for code in ("no_seats_left", "sign_in_closed", "base_lead_time", "occupied"):
        assert code in SENTENCES
    assert "40" in str(reason("base_over_capacity", headcount=48, capacity=40))
