"""Messages: on which channels one goes out, when, and what happens when a channel does not take it.

Times are local and aware; the caller passes ``now``. The inbox is no channel: a message stands there at once.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cms.refusals import Reason
from cms.refusals import sentence as _


class Group(enum.StrEnum):
    """What a message is about; people choose their channels for each."""

    CLASSES = "classes"
    SCHEDULE = "schedule"
    STUDY = "study"
    WORK = "work"


class Channel(enum.StrEnum):
    """The ways out of the academy."""

    EMAIL = "email"
    SMS = "sms"
    WECOM = "wecom"


class Digest(enum.StrEnum):
    """How often somebody wants to hear."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    WEEKLY = "weekly"


#: When a digest goes, and on which day of the week (0 is Monday) the weekly one does.
DIGEST_TIME = dt.time(8, 0)
DIGEST_WEEKDAY = 0
QUIET_FROM = dt.time(22, 0)
QUIET_UNTIL = dt.time(7, 0)
#: The pause in minutes after the first, second … failed attempt; after the last it is given up.
PAUSES_MINUTES = (1, 5, 30, 120, 360)
MOST_ATTEMPTS = len(PAUSES_MINUTES) + 1
#: A sender that has not said what came of it for so long is taken for dead.
LEASE_SECONDS = 180
#: How long it is written down that a channel failed with; longer texts are cut.
ERROR_LENGTH = 300

UNKNOWN_CHANNEL = Reason(
    "unknown_channel", _("“Channels” names a way that does not exist; choose among those that are offered.")
)
HALF_QUIET = Reason(
    "half_quiet_hours", _("“Quiet until” and “Quiet from” belong together: give both times, or neither.")
)

#: Of a channel's answer: it may go better later, or it never will.
RETRY, REFUSED = True, False


@dataclass(frozen=True)
class Wishes:
    """What a person chose. Equal times mean that no hour is quiet."""

    channels: Mapping[str, Iterable[str]] = field(
        default_factory=lambda: {group.value: (Channel.EMAIL.value,) for group in Group}
    )
    quiet_from: dt.time = QUIET_FROM
    quiet_until: dt.time = QUIET_UNTIL
    digest: str = Digest.AT_ONCE


def is_quiet(moment: dt.time, wishes: Wishes) -> bool:
    """Whether ``moment`` lies in the quiet hours, which may pass midnight; their end is no longer quiet."""
    begin, end = wishes.quiet_from, wishes.quiet_until
    if begin == end:
        return False
    if begin < end:
        return begin <= moment < end
    return moment >= begin or moment < end


def after_quiet(at: dt.datetime, wishes: Wishes) -> dt.datetime:
    """``at``, or the end of the quiet hours it falls in."""
    if not is_quiet(at.time(), wishes):
        return at
    end = at.replace(hour=wishes.quiet_until.hour, minute=wishes.quiet_until.minute, second=0, microsecond=0)
    return end if end > at else end + dt.timedelta(days=1)


def next_digest(now: dt.datetime, digest: str) -> dt.datetime:
    """When the digest that ``now`` is too late for by nothing goes: ``now`` itself without a digest."""
    if digest == Digest.AT_ONCE:
        return now
    at = now.replace(hour=DIGEST_TIME.hour, minute=DIGEST_TIME.minute, second=0, microsecond=0)
    if at < now:
        at += dt.timedelta(days=1)
    if digest == Digest.WEEKLY:
        at += dt.timedelta(days=(DIGEST_WEEKDAY - at.weekday()) % 7)
    return at


def due_at(now: dt.datetime, wishes: Wishes, *, is_urgent: bool) -> dt.datetime:
    """When a message of ``now`` goes out. What is urgent waits for no digest, but for the morning."""
    wanted = now if is_urgent else next_digest(now, wishes.digest)
    return after_quiet(wanted, wishes)


def channels_for(
    group: str, wishes: Wishes, *, reachable: Iterable[str], offered: Iterable[str]
) -> Sequence[str]:
    """On which channels a message of ``group`` goes: chosen, offered here, and with an address."""
    possible = set(reachable) & set(offered)
    chosen = set(wishes.channels.get(group, ()))
    return [channel.value for channel in Channel if channel.value in chosen & possible]


@dataclass(frozen=True)
class Verdict:
    """What becomes of a delivery that did not go through: the next try, or None when it is given up."""

    next_try_at: dt.datetime | None


def after_failure(now: dt.datetime, wishes: Wishes, *, attempts: int, may_go_later: bool) -> Verdict:
    """What follows the failed attempt number ``attempts`` (from 1); a refusal for good is not tried again."""
    if not may_go_later or attempts >= MOST_ATTEMPTS:
        return Verdict(None)
    pause = dt.timedelta(minutes=PAUSES_MINUTES[max(attempts, 1) - 1])
    return Verdict(after_quiet(now + pause, wishes))
