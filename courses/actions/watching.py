"""Beats of the video player."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from django.utils import timezone

from cms.refusals import Refused
from courses.actions import beat_buffer
from courses.actions.beat_buffer import Kept
from courses.actions.completion import complete_lesson
from courses.actions.study_clock import BeatState, ask, hear, read_state, rest_clock, save_beat, take_clock
from courses.rules.presence import Presence, presence, seconds_left
from courses.rules.refusals import NOT_OPENED
from courses.rules.watching import Beat, Judgement, NotCounted, Turn, judge_watching, whose_turn

#: How often a beat is judged again because another one of the same account was faster.
ATTEMPTS = 4


@dataclass(frozen=True)
class BeatAnswer:
    """What a beat came to. ``counted_to`` is where the player's next stretch begins."""

    watched_seconds: float
    share: float
    counted_to: float
    is_complete: bool
    reason: NotCounted | None = None
    #: Seconds in which to answer whether somebody is there; nothing where nobody is asked.
    ask_seconds: int | None = None


def beat(
    *,
    user_id: int,
    lesson_id: int,
    position: float,
    start: float | None = None,
    is_playing: bool = True,
    is_visible: bool = True,
    speed: float = 1.0,
    is_answered: bool = False,
    tab: str,
    now: dt.datetime | None = None,
) -> BeatAnswer:
    """Judge one beat: what was played from ``start`` (or the last known place) to ``position``.

    In the usual case one query reads and one writes; where Redis is configured, a film that just plays on
    asks the database nothing (`courses.actions.beat_buffer`). A repeated beat earns nothing; of two that
    arrive at once, one is judged after the other. ``is_answered``: somebody said that they are there.

    Raises:
        Refused: ``not_opened``: the lesson was never opened by this account, or is not published.
    """
    now = now or timezone.now()
    for _attempt in range(ATTEMPTS):
        waits = beat_buffer.waiting(user_id)
        if waits is not None and waits.lesson_id != lesson_id:
            beat_buffer.settle(user_id)
            waits = None
        state = waits.state if waits else read_state(user_id=user_id, lesson_id=lesson_id)
        if state is None:
            raise Refused(NOT_OPENED)
        if state.rule != "watch" or state.video_seconds <= 0:
            return _answer(state, state.studied_seconds, position, state.is_complete)
        reported = Beat(
            start=state.position if start is None else start,
            position=position,
            speed=speed,
            is_playing=is_playing,
            is_visible=is_visible,
            tab=tab,
            is_answered=is_answered,
        )
        turn = whose_turn(state.holder, state.pk, tab, now)
        there = _presence(state, reported, now)
        if there in (Presence.IGNORED, Presence.LATE):
            # Nothing of what played meanwhile counts; a late answer begins anew.
            turn, judged = Turn.FREE, _nothing(state, reported)
        else:
            judged = judge_watching(
                reported,
                turn=turn,
                intervals=state.intervals,
                video_seconds=state.video_seconds,
                last_beat_at=state.beat_at,
                now=now,
            )
        if _just_plays_on(state, reported, turn, judged, there):
            place = min(max(0.0, position), state.video_seconds)
            kept = beat_buffer.keep(
                state=state, judged=judged, position=place, lesson_id=lesson_id, now=now, before=waits
            )
            if kept is Kept.WAITS:
                return _answer(state, judged.studied, judged.counted_to, state.is_complete)
            if kept is Kept.OVERTAKEN:
                continue
        if waits is not None:
            # Whatever is more than playing on is decided on what the database says.
            beat_buffer.settle(user_id)
            continue
        if not _write(state, reported, turn, judged, there, now):
            continue
        is_complete = state.is_complete
        if not is_complete and judged.studied + 0.5 >= state.required_seconds:
            is_complete = complete_lesson(progress_id=state.pk, now=now).is_complete
        answer = _answer(state, judged.studied, judged.counted_to, is_complete, judged.reason)
        return replace(answer, ask_seconds=_asked(state, there, now)) if turn is Turn.MINE else answer
    # Beaten to it several times in a row: nothing is lost, the player keeps the stretch for its next beat.
    assert state is not None
    return _answer(state, state.studied_seconds, reported.start, state.is_complete)


def _just_plays_on(state: BeatState, reported: Beat, turn: Turn, judged: Judgement, there: Presence) -> bool:
    """Whether a beat of the holder changes nothing but how much was watched, so that it may wait."""
    return (
        turn is Turn.MINE
        and there is Presence.UNASKED
        and reported.is_playing
        and reported.is_visible
        and judged.reason is None
        and (state.is_complete or judged.studied + 0.5 < state.required_seconds)
    )


def _presence(state: BeatState, reported: Beat, now: dt.datetime) -> Presence:
    """Where the question stands for this page; another lesson, tab or device was opened by somebody."""
    holder = state.holder
    if holder is None or (holder.progress_id, holder.tab) != (state.pk, reported.tab):
        return Presence.UNASKED
    return presence(
        state.prompts,
        present_at=holder.present_at,
        asked_at=holder.asked_at,
        is_playing=holder.is_running and reported.is_playing and reported.is_visible,
        is_answered=reported.is_answered,
        now=now,
    )


def _nothing(state: BeatState, reported: Beat) -> Judgement:
    position = min(max(0.0, reported.position), state.video_seconds)
    return Judgement(state.intervals, state.studied_seconds, 0.0, position, NotCounted.NO_ANSWER)


def _asked(state: BeatState, there: Presence, now: dt.datetime) -> int | None:
    if there is Presence.DUE:
        return state.prompts.grace_seconds
    if there is Presence.OPEN and state.holder is not None and state.holder.asked_at is not None:
        return seconds_left(state.prompts, state.holder.asked_at, now)
    return None


def _write(
    state: BeatState, reported: Beat, turn: Turn, judged: Judgement, there: Presence, now: dt.datetime
) -> bool:
    refused = turn in (Turn.OTHER_LESSON, Turn.OTHER_TAB)
    goes_on = reported.is_playing and reported.is_visible and there is not Presence.IGNORED
    takes_over = turn is Turn.FREE and goes_on
    lost = max(0.0, min(reported.position, state.video_seconds) - max(0.0, reported.start) - judged.gained)
    written = save_beat(
        state=state,
        now=now,
        studied=round(judged.studied, 2),
        intervals=judged.intervals,
        # A second page that is refused must not move the place at which the first resumes.
        position=state.position if refused else min(max(0.0, reported.position), state.video_seconds),
        reason=judged.reason,
        lost_seconds=lost if judged.reason else 0.0,
        keeps_time=turn is Turn.MINE or takes_over,
        as_holder=turn is Turn.MINE,
    )
    # The lesson's own time is set before the clock is taken: a holder is paid from no earlier moment.
    if written and takes_over:
        return take_clock(state=state, tab=reported.tab, now=now)
    if written and there is Presence.IGNORED:
        rest_clock(state=state)
    elif written and turn is Turn.MINE:
        if there is Presence.DUE:
            ask(state=state, now=now)
        elif there is Presence.ANSWERED:
            hear(state=state, now=now)
        if not goes_on:
            rest_clock(state=state)
    return written


def _answer(
    state: BeatState, studied: float, counted_to: float, is_complete: bool, reason: NotCounted | None = None
) -> BeatAnswer:
    share = (
        1.0 if is_complete else min(1.0, studied / state.required_seconds) if state.required_seconds else 0.0
    )
    return BeatAnswer(round(studied, 1), round(share, 4), round(counted_to, 2), is_complete, reason)
