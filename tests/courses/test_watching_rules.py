"""What a beat is worth: the clock, the tab, the lesson, and what was watched before."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.rules.watching import (
    HIGHEST_SPEED,
    NOTES_KEPT,
    Beat,
    Holder,
    NotCounted,
    Turn,
    judge_reading,
    judge_watching,
    merge,
    noted,
    required_seconds,
    total,
    whose_turn,
)

NOW = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)


def after(seconds: float) -> dt.datetime:
    return NOW + dt.timedelta(seconds=seconds)


def beat(start: float, position: float, **kwargs) -> Beat:
    return Beat(
        **{
            "start": start,
            "position": position,
            "speed": 1.0,
            "is_playing": True,
            "is_visible": True,
            "tab": "a",
            **kwargs,
        }
    )


def judge(reported: Beat, elapsed: float, *, turn: Turn = Turn.MINE, known=(), length: float = 100):
    return judge_watching(
        reported, turn=turn, intervals=known, video_seconds=length, last_beat_at=NOW, now=after(elapsed)
    )


def holder(progress_id=1, tab="a", is_running=True, at=NOW) -> Holder:
    return Holder(progress_id, tab, is_running, at)


class TestTurn:
    def test_a_free_clock_is_free(self):
        assert whose_turn(None, 1, "a", NOW) is Turn.FREE
        assert whose_turn(holder(is_running=False), 1, "a", NOW) is Turn.FREE

    def test_the_holder_keeps_it_even_after_a_lost_connection(self):
        assert whose_turn(holder(), 1, "a", after(15)) is Turn.MINE
        assert whose_turn(holder(), 1, "a", after(600)) is Turn.MINE

    def test_another_lesson_or_tab_waits_until_the_holder_is_silent(self):
        assert whose_turn(holder(), 2, "b", after(20)) is Turn.OTHER_LESSON
        assert whose_turn(holder(), 1, "b", after(20)) is Turn.OTHER_TAB
        assert whose_turn(holder(), 2, "b", after(46)) is Turn.FREE
        assert whose_turn(holder(), 1, "b", after(46)) is Turn.FREE


class TestWatching:
    def test_a_stretch_within_the_clock_counts_whole(self):
        judged = judge(beat(0, 15), 15)
        assert judged.intervals == ((0, 15),)
        assert (judged.studied, judged.gained, judged.counted_to, judged.reason) == (15, 15, 15, None)

    def test_jitter_is_carried_to_the_next_beat_and_leaves_no_hole(self):
        first = judge(beat(0, 15), 14.5)
        assert (first.studied, first.counted_to, first.reason) == (14.5, 14.5, None)
        second = judge(beat(first.counted_to, 30), 15.5, known=first.intervals)
        assert second.intervals == ((0, 30),)

    def test_jumping_ahead_earns_no_more_than_the_clock_and_says_so(self):
        judged = judge(beat(0, 90), 15)
        assert judged.studied == 15
        assert judged.reason is NotCounted.FASTER_THAN_CLOCK
        assert judged.counted_to == 90

    def test_double_speed_earns_double_and_no_more(self):
        assert judge(beat(0, 30, speed=2.0), 15).studied == 30
        assert judge(beat(0, 60, speed=4.0), 15).studied == 15 * HIGHEST_SPEED
        assert judge(beat(0, 60, speed=-1.0), 15).studied == 0

    def test_what_was_watched_before_does_not_count_again(self):
        judged = judge(beat(0, 15), 15, known=((0, 40),))
        assert (judged.studied, judged.gained, judged.reason) == (40, 0, NotCounted.WATCHED_BEFORE)

    def test_nothing_counts_outside_the_video(self):
        judged = judge(beat(-20, 500), 10_000, length=100)
        assert judged.studied == 100
        assert judged.intervals == ((0, 100),)

    def test_taking_the_clock_over_earns_nothing(self):
        assert judge(beat(0, 15), 15, turn=Turn.FREE).studied == 0

    def test_a_hidden_page_earns_nothing_and_is_told(self):
        judged = judge(beat(0, 15, is_visible=False), 15, turn=Turn.FREE)
        assert (judged.studied, judged.reason) == (0, NotCounted.HIDDEN)

    @pytest.mark.parametrize(
        ("turn", "reason"),
        [(Turn.OTHER_LESSON, NotCounted.OTHER_LESSON), (Turn.OTHER_TAB, NotCounted.OTHER_TAB)],
    )
    def test_out_of_turn_earns_nothing_and_is_told(self, turn, reason):
        judged = judge(beat(0, 15), 15, turn=turn)
        assert (judged.studied, judged.reason) == (0, reason)

    def test_a_lost_connection_loses_nothing_up_to_fifteen_minutes(self):
        assert judge(beat(0, 600), 600, length=3000).studied == 600
        late = judge(beat(0, 1800), 1800, length=3000)
        assert (late.studied, late.reason) == (900, NotCounted.LONG_SILENCE)

    @given(
        beats=st.lists(
            st.tuples(
                st.floats(0, 200),
                st.floats(0, 200),
                st.floats(0, 40),
                st.floats(0, 5),
                st.sampled_from(list(Turn)),
            ),
            max_size=25,
        )
    )
    def test_no_sequence_of_beats_earns_more_than_the_clock_or_the_video(self, beats):
        known, clock, earned = (), 0.0, 0.0
        for start, position, elapsed, speed, turn in beats:
            judged = judge(beat(start, position, speed=speed), elapsed, turn=turn, known=known)
            known = judged.intervals
            clock += elapsed * HIGHEST_SPEED
            earned += judged.gained
            assert judged.studied <= 100.05
            # Rounding of a stretch's ends to hundredths, and seams that are closed.
            assert earned <= clock + 0.15 * len(beats)
            assert all(first[1] < second[0] for first, second in itertools.pairwise(known))


class TestReading:
    def test_time_on_screen_counts_up_to_a_minute_per_beat(self):
        def read(elapsed: float, turn: Turn = Turn.MINE, is_visible: bool = True):
            return judge_reading(turn=turn, is_visible=is_visible, last_beat_at=NOW, now=after(elapsed))

        assert read(15) == (15, None)
        assert read(3600) == (60, None)
        assert read(15, Turn.FREE) == (0, None)
        assert read(15, Turn.FREE, is_visible=False) == (0, NotCounted.HIDDEN)
        assert read(15, Turn.OTHER_LESSON) == (0, NotCounted.OTHER_LESSON)


def test_merge_joins_what_touches():
    assert merge((), (5, 5)) == ()
    assert merge(((0, 10), (20, 30)), (10, 20)) == ((0, 30),)
    assert merge(((0, 10), (20, 30)), (12, 15)) == ((0, 10), (12, 15), (20, 30))
    assert total(((0, 10), (20, 30))) == 20


def test_the_share_to_watch_leaves_out_the_last_moment():
    assert required_seconds(100, 80) == 80
    assert required_seconds(100, 100) == 98
    assert required_seconds(1, 100) == 0


def test_the_record_keeps_one_line_for_a_run_and_only_the_latest():
    notes = noted([], NotCounted.OTHER_TAB, 15, NOW)
    notes = noted(notes, NotCounted.OTHER_TAB, 15, after(15))
    assert len(notes) == 1
    assert notes[0]["seconds"] == 30
    for number in range(NOTES_KEPT + 5):
        reason = NotCounted.HIDDEN if number % 2 else NotCounted.OTHER_LESSON
        notes = noted(notes, reason, 1, after(number))
    assert len(notes) == NOTES_KEPT
