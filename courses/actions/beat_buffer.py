"""Where Redis is configured, beats of films that just play on wait there and are written in batches.

Only what may be lost waits: a beat of whoever holds the clock, which plays on and completes nothing.
Everything else (beginning, pausing, leaving, questions, refusals, completion) first settles what waits, then
goes to the database as it does without Redis. So losing Redis loses at most what was watched in the last
`FLUSH_SECONDS`, and never a completion or an hour. Written twice, it changes nothing.
See docs/rules/progress.md.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from django.db import connection, transaction

from courses.actions.study_clock import BeatState
from courses.models import LessonProgress, StudyClock
from courses.rules.presence import Prompts
from courses.rules.watching import Holder, Judgement, merge, total

logger = logging.getLogger(__name__)

#: What waits is written about so often, by the beat that finds the time come.
FLUSH_SECONDS = 10
#: So many rows in one transaction.
BATCH = 500
#: Redis that does not answer is left alone for so long; beats go to the database meanwhile.
REST_SECONDS = 30
#: How often something is written again that changed at that moment.
ATTEMPTS = 4
#: A beat never waits longer than this for Redis.
TIMEOUT_SECONDS = 0.5
#: What nobody wrote is forgotten: far longer than any flush takes.
FORGET_SECONDS = 3600
_WAITING, _TURN = "academy:beats:waiting", "academy:beats:turn"

#: Set, or take away, what is still as it was read.
_REPLACE = """
local now = redis.call('GET', KEYS[1])
if (now or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('SADD', KEYS[2], ARGV[4])
return 1
"""
_REMOVE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[2])
return 1
"""

_rests_until = 0.0


@dataclass(frozen=True)
class Waiting:
    """What waits of one account. ``raw`` is how Redis holds it."""

    lesson_id: int
    state: BeatState
    #: How the row stood when the first of it was judged, and after each beat since.
    steps: tuple[tuple[int, dt.datetime | None], ...]
    raw: str


@lru_cache(maxsize=4)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        decode_responses=True,
    )


def _server() -> redis.Redis | None:
    """Redis, where it is configured and answered lately."""
    if not settings.REDIS_URL or time.monotonic() < _rests_until:
        return None
    return _client(settings.REDIS_URL)


def _failed(error: Exception) -> None:
    global _rests_until  # noqa: PLW0603 - one per process: whether Redis answers
    _rests_until = time.monotonic() + REST_SECONDS
    logger.warning("Beats go to the database: %s", error)


def _key(user_id: int) -> str:
    return f"academy:beats:{user_id}"


def waiting(user_id: int) -> Waiting | None:
    """What waits of an account; nothing where Redis is not configured or does not answer."""
    server = _server()
    if server is None:
        return None
    try:
        raw = server.get(_key(user_id))
    except redis.RedisError as error:
        _failed(error)
        return None
    return _read(user_id, str(raw)) if raw else None


class Kept(enum.Enum):
    """What became of a beat that was to wait."""

    WAITS = "waits"
    #: Another beat of the account was quicker: it is judged again.
    OVERTAKEN = "overtaken"
    #: There is no Redis: it is written.
    NOWHERE = "nowhere"


def keep(
    *,
    state: BeatState,
    judged: Judgement,
    position: float,
    lesson_id: int,
    now: dt.datetime,
    before: Waiting | None,
) -> Kept:
    """Let a beat wait. ``before`` is what waited already; ``state`` is what it was judged by."""
    server = _server()
    if server is None or state.holder is None:
        return Kept.NOWHERE
    kept = dataclasses.replace(
        state,
        intervals=judged.intervals,
        studied_seconds=round(judged.studied, 2),
        position=position,
        beat_at=now,
        beats=state.beats + 1,
        holder=dataclasses.replace(state.holder, last_beat_at=now),
    )
    steps = [*(before.steps if before else [(state.beats, state.beat_at)]), (kept.beats, kept.beat_at)]
    raw = _written(lesson_id, kept, steps)
    known = before.raw if before else ""
    arguments = (_key(state.user_id), _WAITING, known, raw, FORGET_SECONDS, state.user_id)
    try:
        was_kept = server.eval(_REPLACE, 2, *arguments)
        is_time = bool(was_kept) and server.set(_TURN, "1", nx=True, px=FLUSH_SECONDS * 1000)
    except redis.RedisError as error:
        _failed(error)
        return Kept.NOWHERE
    if is_time:
        flush()
    return Kept.WAITS if was_kept else Kept.OVERTAKEN


def settle(user_id: int) -> None:
    """Write what waits of an account now, before anything is read of it or decided about it."""
    for _attempt in range(ATTEMPTS):
        found = waiting(user_id)
        if found is None or _forget(_write([found])):
            return


def flush() -> int:
    """Write what waits of everybody, in batches; returns how much that was."""
    server = _server()
    if server is None:
        return 0
    written = 0
    try:
        users = sorted(int(user_id) for user_id in server.smembers(_WAITING))
    except redis.RedisError as error:
        _failed(error)
        return 0
    for start in range(0, len(users), BATCH):
        batch = users[start : start + BATCH]
        try:
            values = server.mget([_key(user_id) for user_id in batch])
        except redis.RedisError as error:
            _failed(error)
            return written
        found = [_read(user_id, str(raw)) for user_id, raw in zip(batch, values, strict=True) if raw]
        _forget(_write(found))
        written += len(found)
    return written


def _forget(found: Sequence[Waiting]) -> bool:
    """Take away what is settled, unless more has come to it; whether all of it could be."""
    server = _server()
    if server is None:
        return True
    gone = True
    try:
        for one in found:
            arguments = (_key(one.state.user_id), _WAITING, one.raw, one.state.user_id)
            gone = bool(server.eval(_REMOVE, 2, *arguments)) and gone
    except redis.RedisError as error:
        _failed(error)
    return gone


_UPDATE = """
UPDATE courses_lessonprogress
SET intervals = %s, studied_seconds = %s, position = %s, beat_at = %s, studied_at = %s, beats = %s
WHERE id = %s AND beats = %s
"""


@transaction.atomic
def _write(found: Sequence[Waiting]) -> list[Waiting]:
    """Bring the rows to what waited, in order of their numbers; returns what is settled by it.

    Nothing is locked: a row is written only while it is at a step of what waited. Where somebody else has
    written it meanwhile, or taken the clock over, it was judged without knowing of that, and is dropped.
    """
    wanted = {one.state.pk: one for one in found}
    now = {
        row.pk: row
        for row in LessonProgress.objects.filter(pk__in=wanted).only("pk", "beats", "beat_at", "intervals")
    }
    clocks = StudyClock.objects.filter(user__in=[one.state.user_id for one in found])
    turns = dict(clocks.values_list("user_id", "turn"))
    settled = []
    for pk, one in sorted(wanted.items()):
        row, state = now.get(pk), one.state
        settled.append(one)
        if row is None or (row.beats, row.beat_at) not in one.steps or turns.get(state.user_id) != state.turn:
            continue
        merged = tuple((start, end) for start, end in row.intervals)
        for stretch in state.intervals:
            merged = merge(merged, stretch)
        stored = connection.ops.adapt_datetimefield_value(state.beat_at)
        values: list[Any] = [
            json.dumps(merged),
            round(total(merged), 2),
            state.position,
            stored,
            stored,
            state.beats,
        ]
        with connection.cursor() as cursor:
            cursor.execute(_UPDATE, [*values, pk, row.beats])
            if cursor.rowcount != 1:
                # Somebody wrote it between: looked at again.
                settled.remove(one)
    return settled


def _written(lesson_id: int, state: BeatState, steps: Sequence[tuple[int, dt.datetime | None]]) -> str:
    data = {"lesson": lesson_id, "steps": steps, **dataclasses.asdict(state)}
    return json.dumps(data, default=lambda moment: moment.isoformat(), sort_keys=True)


def _read(user_id: int, raw: str) -> Waiting:
    data: dict[str, Any] = json.loads(raw)
    lesson_id, holder = data.pop("lesson"), data.pop("holder")
    steps = tuple((beats, _moment(beat_at)) for beats, beat_at in data.pop("steps"))
    for name in ("last_beat_at", "present_at", "asked_at"):
        holder[name] = _moment(holder[name])
    data["beat_at"] = _moment(data["beat_at"])
    data["intervals"] = tuple((start, end) for start, end in data["intervals"])
    data["prompts"] = Prompts(**data["prompts"])
    state = BeatState(**{**data, "holder": Holder(**holder), "user_id": user_id})
    return Waiting(lesson_id, state, steps, raw)


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
