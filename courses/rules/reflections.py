"""Reflections (心得体会): when one may be handed in, and when its reader may decide on it."""

from __future__ import annotations

from dataclasses import dataclass

from cms.refusals import Reason
from cms.refusals import sentence as _

LONGEST_TEXT = 20_000
MOST_PICTURES = 9
LONGEST_COMMENT = 2000

WAITING, RETURNED, ACCEPTED = "waiting", "returned", "accepted"

NOT_ASKED = Reason("reflection_not_asked", _("This lesson asks for no reflection."))
ALREADY_ACCEPTED = Reason(
    "reflection_accepted", _("Your reflection has already been accepted; it stays as it is.")
)
NOT_WAITING = Reason("reflection_not_waiting", _("This reflection has already been decided on."))
HANDED_IN_ANEW = Reason(
    "reflection_anew", _("A newer version has been handed in meanwhile. Read it, then decide.")
)
NOT_PUBLISHED = Reason(
    "reflection_not_published",
    _("The lesson is not published at present. Publish it first, so that its hours are credited."),
)
OWN = Reason("reflection_own", _("Your own reflection is read by somebody else."))
COMMENT_MISSING = Reason(
    "comment_missing", _("Say what is still missing, so that it can be handed in again."), field="comment"
)
COMMENT_TOO_LONG = Reason(
    "comment_too_long",
    _("The comment is longer than %(most)s characters; shorten it."),
    {"most": LONGEST_COMMENT},
    "comment",
)


@dataclass(frozen=True)
class Standing:
    """Where a reflection stands: ``number`` is that of its latest version, 0 before the first."""

    status: str = ""
    number: int = 0


def written_characters(text: str) -> int:
    """Characters of ``text`` without spaces and line ends, as Chinese texts are counted."""
    return len("".join(text.split()))


def hand_in_problems(
    *, is_asked: bool, standing: Standing, text: str, least_characters: int, pictures: int
) -> list[Reason]:
    """Why a reflection cannot be handed in; nothing where it can.

    One that still waits may be replaced by a newer version; one that was accepted may not. Pictures do not
    stand in for words.
    """
    if not is_asked:
        return [NOT_ASKED]
    if standing.status == ACCEPTED:
        return [ALREADY_ACCEPTED]
    problems = []
    written = written_characters(text)
    # A reflection without a word is none, even where the author asks for no length.
    if written < max(1, least_characters):
        problems.append(
            Reason(
                "reflection_short",
                _("Write at least %(least)s characters; there are %(written)s so far."),
                {"least": max(1, least_characters), "written": written},
                "text",
            )
        )
    if len(text) > LONGEST_TEXT:
        problems.append(
            Reason(
                "reflection_long",
                _("A reflection has at most %(most)s characters; shorten it."),
                {"most": LONGEST_TEXT},
                "text",
            )
        )
    if pictures > MOST_PICTURES:
        problems.append(
            Reason(
                "too_many_pictures",
                _("At most %(most)s pictures can be handed in; take some out."),
                {"most": MOST_PICTURES},
                "pictures",
            )
        )
    return problems


def decision_problems(
    *,
    standing: Standing,
    read_number: int,
    is_own: bool,
    accepts: bool,
    comment: str,
    is_published: bool = True,
) -> list[Reason]:
    """Why whoever has read version ``read_number`` cannot decide; nothing where they can."""
    if is_own:
        return [OWN]
    if standing.number != read_number:
        return [HANDED_IN_ANEW]
    if standing.status != WAITING:
        return [NOT_WAITING]
    if accepts and not is_published:
        return [NOT_PUBLISHED]
    if not accepts and not comment:
        return [COMMENT_MISSING]
    if len(comment) > LONGEST_COMMENT:
        return [COMMENT_TOO_LONG]
    return []
