"""Captions of videos: checked line by line when they come, corrected in place, every version kept."""

from __future__ import annotations

from cms.refusals import Reason, Refused
from cms.rules.captions import Cue, read


def check_captions(raw: bytes) -> list[Cue]:
    """The captions in a file.

    Raises:
        Refused: a reason of `cms.rules.captions` that names the line.
    """
    found = read(raw)
    if isinstance(found, Reason):
        raise Refused(found)
    return found
