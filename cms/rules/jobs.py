"""Background work that somebody waits for: when its worker is taken for dead, and what happens then."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from cms.refusals import Reason
from cms.refusals import sentence as _

#: A worker says at least this often that it is alive; silent for longer, it is taken for dead.
STALL_SECONDS = 120
#: Work that waited for longer than this may have lost its place in the queue, and is put there again.
LOST_SECONDS = 3600
#: Work that took this many workers with it is not tried again.
MOST_ATTEMPTS = 3
#: Results hold personal data: they are not kept for longer than they are needed.
KEEP_DAYS = 7
#: So much may one person have at work at the same time.
MOST_AT_ONCE = 5

NOT_ALLOWED = Reason("job_not_allowed", _("You may not do this, or no longer."))
TOO_MANY = Reason(
    "too_many_jobs", _("Too much of yours is being worked on at once; wait until something is done.")
)
INTERRUPTED = Reason(
    "job_interrupted", _("The work was interrupted several times and has been given up. Try it again later.")
)
UPLOAD_GONE = Reason("upload_gone", _("The file is not there any more. Choose it again."))
UNEXPECTED = Reason(
    "job_failed",
    _("Something went wrong that was not foreseen; the administrators can read what. Try it again later."),
)


@dataclass(frozen=True)
class Pulse:
    """What tells whether work goes on. ``seen_at`` is when its worker was last heard of."""

    is_running: bool
    attempts: int
    queued_at: dt.datetime
    seen_at: dt.datetime | None
    cancel_asked: bool

    def has_stalled(self, now: dt.datetime) -> bool:
        """Whether the worker must be taken for dead."""
        return self.is_running and (
            self.seen_at is None or now - self.seen_at > dt.timedelta(seconds=STALL_SECONDS)
        )


class Care(enum.Enum):
    """What open work needs."""

    NOTHING = "nothing"
    QUEUE = "queue"
    GIVE_UP = "give_up"
    CANCEL = "cancel"


def care_for(pulse: Pulse, now: dt.datetime) -> Care:
    """What to do about work that is not at its end."""
    stalled = pulse.has_stalled(now)
    if pulse.cancel_asked and (stalled or not pulse.is_running):
        return Care.CANCEL
    if stalled:
        return Care.GIVE_UP if pulse.attempts >= MOST_ATTEMPTS else Care.QUEUE
    if not pulse.is_running and now - pulse.queued_at > dt.timedelta(seconds=LOST_SECONDS):
        return Care.QUEUE
    return Care.NOTHING


def percent(done: int, whole: int) -> int:
    """How much of it is done; 100 is kept for what has ended."""
    return min(99, max(0, done) * 100 // whole) if whole > 0 else 0
