"""Honest minutes: what a beat of the player or of a reader is worth (domain §5; docs/rules/progress.md).

A beat says “since my last beat I played from here to there”. The server's clock decides what of it counts.
Positions and lengths are seconds; times are the server's.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass

#: Faster playing than this earns no more than this.
HIGHEST_SPEED = 2.0
#: A player beats about every 15 s. One that was silent for longer than this lets another lesson take over.
SILENT_AFTER = dt.timedelta(seconds=45)
#: A lost connection loses nothing up to here; a longer silence counts as no more than this.
LONGEST_GAP = dt.timedelta(minutes=15)
#: One reading beat stands for at most this much time: a page left open overnight is not study.
LONGEST_READING_BEAT = dt.timedelta(seconds=60)
#: What a stretch may exceed the clock by before the trainee is told that part of it did not count.
NOTICE_SECONDS = 2.0
#: A share of 100 % is reached this close to the end: players stop a moment before it.
END_SECONDS = 2.0
#: Stretches closer than this are one: the rounding of players, far below any beat.
SEAM_SECONDS = 0.05
#: How much of the record of what did not count is kept per lesson.
NOTES_KEPT = 20

Interval = tuple[float, float]


class Turn(enum.Enum):
    """Whose turn it is when a beat arrives."""

    MINE = "mine"
    FREE = "free"
    OTHER_LESSON = "other_lesson"
    OTHER_TAB = "other_tab"


class NotCounted(enum.StrEnum):
    """Why a minute, or part of it, did not count."""

    OTHER_LESSON = "other_lesson"
    OTHER_TAB = "other_tab"
    HIDDEN = "hidden"
    FASTER_THAN_CLOCK = "faster_than_clock"
    WATCHED_BEFORE = "watched_before"
    LONG_SILENCE = "long_silence"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True)
class Holder:
    """Who holds the account's study clock: which progress row, in which tab, and when it last beat."""

    progress_id: int
    tab: str
    is_running: bool
    last_beat_at: dt.datetime | None
    present_at: dt.datetime | None = None
    asked_at: dt.datetime | None = None


@dataclass(frozen=True)
class Beat:
    """What the browser reports. ``start``–``position`` is the stretch played since the last beat."""

    start: float
    position: float
    speed: float
    is_playing: bool
    is_visible: bool
    tab: str
    #: Somebody has answered, with a key or a finger, the question whether they are there.
    is_answered: bool = False


@dataclass(frozen=True)
class Judgement:
    """What a beat earned. ``counted_to``: the player carries what lies after it into its next beat."""

    intervals: tuple[Interval, ...]
    studied: float
    gained: float
    counted_to: float
    reason: NotCounted | None = None


def whose_turn(holder: Holder | None, progress_id: int, tab: str, now: dt.datetime) -> Turn:
    """Whether this lesson in this tab may earn now. One lesson earns at a time per account."""
    if holder is None or not holder.is_running:
        return Turn.FREE
    if holder.progress_id == progress_id and holder.tab == tab:
        return Turn.MINE
    if holder.last_beat_at is None or now - holder.last_beat_at > SILENT_AFTER:
        return Turn.FREE
    return Turn.OTHER_TAB if holder.progress_id == progress_id else Turn.OTHER_LESSON


def merge(intervals: Sequence[Interval], new: Interval) -> tuple[Interval, ...]:
    """``intervals`` (disjoint, ascending) with ``new`` in it, joined where they touch."""
    start, end = new
    if end <= start:
        return tuple(intervals)
    before = [pair for pair in intervals if pair[1] < start - SEAM_SECONDS]
    after = [pair for pair in intervals if pair[0] > end + SEAM_SECONDS]
    touched = intervals[len(before) : len(intervals) - len(after)]
    if touched:
        start = min(start, touched[0][0])
        end = max(end, touched[-1][1])
    return (*before, (round(start, 2), round(end, 2)), *after)


def total(intervals: Sequence[Interval]) -> float:
    """Seconds in ``intervals``."""
    return sum(end - start for start, end in intervals)


def judge_watching(
    beat: Beat,
    *,
    turn: Turn,
    intervals: Sequence[Interval],
    video_seconds: float,
    last_beat_at: dt.datetime | None,
    now: dt.datetime,
) -> Judgement:
    """What a beat of the player earns: never more than the clock, never outside the video, nothing twice.

    A beat that takes the clock over earns nothing: its lesson is paid from this moment on.
    """
    known = tuple(intervals)
    studied = total(known)
    start = min(max(0.0, beat.start), video_seconds)
    position = min(max(0.0, beat.position), video_seconds)
    stretch = position - start
    nothing = Judgement(known, studied, 0.0, position)
    if turn is Turn.OTHER_LESSON or turn is Turn.OTHER_TAB:
        return Judgement(known, studied, 0.0, position, NotCounted(turn.value))
    if turn is Turn.FREE or last_beat_at is None:
        return nothing if beat.is_visible else Judgement(known, studied, 0.0, position, NotCounted.HIDDEN)
    if stretch <= 0:
        return nothing
    silence = now - last_beat_at
    seconds = max(0.0, min(silence, LONGEST_GAP).total_seconds())
    allowed = seconds * min(max(beat.speed, 0.0), HIGHEST_SPEED)
    counted_to = start + min(stretch, allowed)
    merged = merge(known, (start, counted_to))
    new_total = total(merged)
    gained = max(0.0, new_total - studied)
    reason = None
    if stretch > allowed + NOTICE_SECONDS:
        reason = NotCounted.LONG_SILENCE if silence > LONGEST_GAP else NotCounted.FASTER_THAN_CLOCK
        # What the clock refused is not carried on: it was not played in this time.
        return Judgement(merged, new_total, gained, position, reason)
    if gained < SEAM_SECONDS and counted_to - start > NOTICE_SECONDS:
        reason = NotCounted.WATCHED_BEFORE
    return Judgement(merged, new_total, gained, counted_to, reason)


def judge_reading(
    *, turn: Turn, is_visible: bool, last_beat_at: dt.datetime | None, now: dt.datetime
) -> tuple[float, NotCounted | None]:
    """Seconds that a beat of a reader adds, and why none were. The turn is decided as for videos."""
    if turn is Turn.OTHER_LESSON or turn is Turn.OTHER_TAB:
        return 0.0, NotCounted(turn.value)
    if not is_visible and turn is Turn.FREE:
        return 0.0, NotCounted.HIDDEN
    if turn is Turn.FREE or last_beat_at is None:
        return 0.0, None
    return max(0.0, min(now - last_beat_at, LONGEST_READING_BEAT).total_seconds()), None


def required_seconds(video_seconds: float, percent: int) -> float:
    """Unique seconds of a video that complete its lesson."""
    return max(0.0, min(video_seconds * percent / 100, video_seconds - END_SECONDS))


def noted(
    notes: Sequence[dict[str, object]], reason: NotCounted, seconds: float, now: dt.datetime
) -> list[dict[str, object]]:
    """The record of what did not count with one more beat; a run of the same reason is one line."""
    kept = [dict(note) for note in notes]
    if kept and kept[-1]["code"] == reason.value:
        last = kept[-1]
        last["seconds"] = round(float(str(last["seconds"])) + seconds, 1)
        last["until"] = now.isoformat(timespec="seconds")
    else:
        stamp = now.isoformat(timespec="seconds")
        kept.append({"code": reason.value, "seconds": round(seconds, 1), "from": stamp, "until": stamp})
    return kept[-NOTES_KEPT:]
