"""Whether somebody still sits before a film that plays: asked rarely, and kindly (domain §5).

The server alone decides when it asks. What plays after a question that nobody answered earns nothing; an
answer, however late, lets it go on. Beginning to play is an answer by itself, so nobody who pauses now and
then is ever asked.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

EVERY_MINUTES = 20
GRACE_SECONDS = 90


@dataclass(frozen=True)
class Prompts:
    """How this academy asks; the defaults hold where nobody has set anything."""

    is_on: bool = True
    every_minutes: int = EVERY_MINUTES
    grace_seconds: int = GRACE_SECONDS


#: Where nobody has set anything.
DEFAULT = Prompts()


class Presence(enum.Enum):
    """Where the question stands when a beat arrives."""

    UNASKED = "unasked"
    #: To be asked with the answer to this beat.
    DUE = "due"
    #: Asked, and there is time left to answer.
    OPEN = "open"
    ANSWERED = "answered"
    #: Nobody answered in time.
    IGNORED = "ignored"
    #: Answered after the time was up: it goes on from now.
    LATE = "late"


def presence(
    prompts: Prompts,
    *,
    present_at: dt.datetime | None,
    asked_at: dt.datetime | None,
    is_playing: bool,
    is_answered: bool,
    now: dt.datetime,
) -> Presence:
    """``present_at``: when somebody was last known to be there. Times are the server's."""
    if not prompts.is_on:
        return Presence.UNASKED
    if asked_at is not None:
        in_time = now - asked_at <= dt.timedelta(seconds=prompts.grace_seconds)
        if is_answered:
            return Presence.ANSWERED if in_time else Presence.LATE
        return Presence.OPEN if in_time else Presence.IGNORED
    if is_answered:
        return Presence.ANSWERED
    since = None if present_at is None else now - present_at
    if is_playing and since is not None and since >= dt.timedelta(minutes=prompts.every_minutes):
        return Presence.DUE
    return Presence.UNASKED


def seconds_left(prompts: Prompts, asked_at: dt.datetime, now: dt.datetime) -> int:
    """Until the film pauses."""
    return max(1, int(prompts.grace_seconds - (now - asked_at).total_seconds()))
