"""Reading and writing the state behind a beat, with one query each.

A beat is the most frequent request of the academy (one every 15 seconds from everyone who watches), so its
two statements are written out: building them anew each time cost more than running them.
Nothing is locked: a row is written only if it is still the one that was read (``beats``, ``turn``);
otherwise the beat is judged again. See docs/rules/progress.md and docs/locking.md.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django.db import connection

from courses.models import StudyClock
from courses.rules.presence import DEFAULT, Prompts
from courses.rules.watching import Holder, Interval, NotCounted, noted

_READ = """
SELECT p.id, p.rule, p.video_seconds, p.required_seconds, p.studied_seconds, p.intervals, p.position,
       p.end_reached, p.beat_at, p.beats, p.not_counted, p.completed_at,
       c.progress_id, c.tab, c.is_running, c.turn, h.beat_at, c.present_at, c.asked_at, c.taken_at,
       s.is_on, s.every_minutes, s.grace_seconds
FROM courses_lessonprogress p
JOIN wagtailcore_page page ON page.id = p.lesson_id AND page.live
LEFT JOIN courses_studyclock c ON c.user_id = p.user_id
LEFT JOIN courses_lessonprogress h ON h.id = c.progress_id
LEFT JOIN courses_presenceprompts s ON s.id = (SELECT MIN(id) FROM courses_presenceprompts)
WHERE p.user_id = %s AND p.lesson_id = %s
"""

_WRITE = """
UPDATE courses_lessonprogress
SET intervals = %s, studied_seconds = %s, position = %s, end_reached = %s, beat_at = %s, studied_at = %s,
    not_counted = %s, beats = beats + 1
WHERE id = %s AND beats = %s
"""

#: The holder writes only while the clock is still its own.
_AS_HOLDER = " AND EXISTS (SELECT 1 FROM courses_studyclock c WHERE c.user_id = %s AND c.turn = %s)"


@dataclass(frozen=True)
class BeatState:
    """Where one person stands in one lesson, and who holds the account's clock."""

    pk: int
    user_id: int
    rule: str
    video_seconds: float
    required_seconds: float
    studied_seconds: float
    intervals: tuple[Interval, ...]
    position: float
    end_reached: bool
    beat_at: dt.datetime | None
    beats: int
    not_counted: list[dict[str, Any]]
    is_complete: bool
    holder: Holder | None
    turn: int
    prompts: Prompts = DEFAULT


def read_state(*, user_id: int, lesson_id: int) -> BeatState | None:
    """The state of a published lesson that was opened; otherwise ``None``."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, (user_id, lesson_id))
        row = cursor.fetchone()
    if row is None:
        return None
    holder = None
    if row[12] is not None:
        holder = Holder(
            progress_id=row[12],
            tab=row[13],
            is_running=bool(row[14]),
            last_beat_at=_moment(row[16]),
            present_at=_moment(row[17]) or _moment(row[19]),
            asked_at=_moment(row[18]),
        )
    return BeatState(
        pk=row[0],
        user_id=user_id,
        rule=row[1],
        video_seconds=row[2],
        required_seconds=row[3],
        studied_seconds=row[4],
        intervals=tuple((start, end) for start, end in _json(row[5])),
        position=row[6],
        end_reached=bool(row[7]),
        beat_at=_moment(row[8]),
        beats=row[9],
        not_counted=_json(row[10]),
        is_complete=row[11] is not None,
        holder=holder,
        turn=row[15] or 0,
        prompts=DEFAULT if row[20] is None else Prompts(bool(row[20]), row[21], row[22]),
    )


def save_beat(
    *,
    state: BeatState,
    now: dt.datetime,
    studied: float,
    intervals: tuple[Interval, ...] | None = None,
    position: float | None = None,
    end_reached: bool | None = None,
    reason: NotCounted | None = None,
    lost_seconds: float = 0.0,
    keeps_time: bool,
    as_holder: bool,
) -> bool:
    """Write what a beat came to, unless another beat was faster (then ``False``, and nothing is written).

    ``keeps_time``: the beat moves the lesson's own clock; a refused one must not.
    """
    notes = noted(state.not_counted, reason, lost_seconds, now) if reason else state.not_counted
    values: list[Any] = [
        json.dumps(state.intervals if intervals is None else intervals),
        studied,
        state.position if position is None else position,
        state.end_reached if end_reached is None else end_reached,
        _stored(now if keeps_time else state.beat_at),
        _stored(now),
        json.dumps(notes),
        state.pk,
        state.beats,
    ]
    statement = _WRITE
    if as_holder:
        statement += _AS_HOLDER
        values += [state.user_id, state.turn]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        written: int = cursor.rowcount
    return written == 1


def take_clock(*, state: BeatState, tab: str, now: dt.datetime) -> bool:
    """Take the account's clock for this lesson in this tab; ``False`` when somebody else just did."""
    if state.holder is None:
        clock = StudyClock(
            user_id=state.user_id, progress_id=state.pk, tab=tab, turn=1, taken_at=now, present_at=now
        )
        StudyClock.objects.bulk_create([clock], ignore_conflicts=True)
        return StudyClock.objects.filter(
            user_id=state.user_id, turn=1, progress_id=state.pk, tab=tab, taken_at=now
        ).exists()
    taken = StudyClock.objects.filter(user_id=state.user_id, turn=state.turn).update(
        progress_id=state.pk,
        tab=tab,
        is_running=True,
        turn=state.turn + 1,
        taken_at=now,
        present_at=now,
        asked_at=None,
    )
    return taken == 1


def rest_clock(*, state: BeatState) -> None:
    """Let the clock rest: whoever studies next takes it and begins a new span."""
    StudyClock.objects.filter(user_id=state.user_id, turn=state.turn).update(is_running=False)


def ask(*, state: BeatState, now: dt.datetime) -> None:
    """Note that the holder is asked whether somebody is there; asked already, it stays the first question."""
    StudyClock.objects.filter(user_id=state.user_id, turn=state.turn, asked_at=None).update(asked_at=now)


def hear(*, state: BeatState, now: dt.datetime) -> None:
    """Note that somebody is there."""
    StudyClock.objects.filter(user_id=state.user_id, turn=state.turn).update(asked_at=None, present_at=now)


def _stored(moment: dt.datetime | None) -> Any:
    return connection.ops.adapt_datetimefield_value(moment) if moment is not None else None


def _moment(value: dt.datetime | None) -> dt.datetime | None:
    # SQLite keeps times without their zone, in UTC.
    return value.replace(tzinfo=dt.UTC) if value is not None and value.tzinfo is None else value


def _json(value: Any) -> list[Any]:
    rows: list[Any] = json.loads(value) if isinstance(value, (str, bytes)) else value
    return rows
