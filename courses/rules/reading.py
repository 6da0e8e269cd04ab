"""How long reading a lesson takes at the least."""

from __future__ import annotations

#: Characters of Chinese that a quick reader takes in within a minute; most read 300 to 500.
CHARACTERS_PER_MINUTE = 800
#: No text is read in less.
LEAST_SECONDS = 15


def least_seconds(characters: int, study_minutes: int, set_seconds: int | None = None) -> int:
    """Seconds before a reading lesson can be complete.

    ``set_seconds`` is the author's own figure. Otherwise the length of the text decides, and never asks
    for more than the study time that the lesson is announced with.
    """
    if set_seconds is not None:
        return set_seconds
    return min(max(LEAST_SECONDS, characters * 60 // CHARACTERS_PER_MINUTE), study_minutes * 60)
