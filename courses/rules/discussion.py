"""Questions about a lesson and the replies to them: when one may be written, accepted or hidden."""

from __future__ import annotations

import re

from cms.refusals import Reason
from cms.refusals import sentence as _

LONGEST_TEXT = 2000
LONGEST_REASON = 300
#: So many questions of one person about one lesson may wait for a reply at a time.
MOST_OPEN = 5

NOTHING_WRITTEN = Reason("post_empty", _("Write something first."), field="text")
TOO_LONG = Reason("post_long", _("At most %(most)s characters; shorten it."), {"most": LONGEST_TEXT}, "text")
MANY_OPEN = Reason(
    "questions_open",
    _("%(most)s of your questions about this lesson still wait for a reply; wait for those first."),
    {"most": MOST_OPEN},
)
TIME_OUTSIDE = Reason(
    "time_outside", _("The video is not that long; give a time inside it."), field="at_seconds"
)
IS_HIDDEN = Reason("post_hidden", _("This is not shown any more."))
NOT_YOURS_TO_ACCEPT = Reason(
    "not_to_accept", _("Whoever asked, or an instructor of the module, accepts an answer.")
)
NOT_YOURS_TO_HIDE = Reason("not_to_hide", _("An instructor of the module or an administrator hides a post."))
REASON_MISSING = Reason(
    "hiding_reason_missing", _("Say why it is hidden; its writer reads that."), field="reason"
)
REASON_LONG = Reason(
    "hiding_reason_long",
    _("The reason is longer than %(most)s characters; shorten it."),
    {"most": LONGEST_REASON},
    "reason",
)


_CLOCK = re.compile(r"(?:(\d{1,2})[:：])?(\d{1,3})[:：](\d{2})", re.ASCII)


def clock(seconds: int) -> str:
    """``12:05``, from an hour on ``1:02:03``."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def seconds_of(text: str) -> int | None:
    """Seconds of a time as people write it (``12:05``, ``1:02:03``); ``None`` for anything else."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds if seconds < 60 else None


def writing_problems(text: str) -> list[Reason]:
    """Why ``text`` cannot be posted; nothing where it can."""
    if not text:
        return [NOTHING_WRITTEN]
    return [TOO_LONG] if len(text) > LONGEST_TEXT else []


def asking_problems(
    *, text: str, at_seconds: int | None, video_seconds: float, open_questions: int
) -> list[Reason]:
    """Why a question cannot be asked. ``video_seconds`` is 0 where the lesson has no video."""
    problems = writing_problems(text)
    if at_seconds is not None and not 0 <= at_seconds <= video_seconds:
        problems.append(TIME_OUTSIDE)
    if open_questions >= MOST_OPEN:
        problems.append(MANY_OPEN)
    return problems


def accepting_problems(*, is_hidden: bool, is_asker: bool, teaches: bool) -> list[Reason]:
    """Why a reply cannot be accepted; ``is_hidden``: the reply or its question is."""
    if not (is_asker or teaches):
        return [NOT_YOURS_TO_ACCEPT]
    return [IS_HIDDEN] if is_hidden else []


def hiding_problems(*, teaches: bool, reason: str) -> list[Reason]:
    """Why a post cannot be hidden."""
    if not teaches:
        return [NOT_YOURS_TO_HIDE]
    if not reason:
        return [REASON_MISSING]
    return [REASON_LONG] if len(reason) > LONGEST_REASON else []
