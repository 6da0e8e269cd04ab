"""How somebody's target and shortfall of a year came about, as facts that are said in sentences (domain §2).

Nothing is computed twice: the runs of days are those of `requirement`, what counts is that of `standing`.
This module only says why.
"""

from __future__ import annotations

from dataclasses import dataclass

from enrollment.rules.explanation.counts import counted_lines
from enrollment.rules.explanation.facts import (
    Closing,
    Excused,
    Facts,
    Held,
    Line,
    NewSecretary,
    OpenClass,
    TargetVersion,
)
from enrollment.rules.explanation.missing import deadline_reason, missing_lines, ways_lines
from enrollment.rules.explanation.target import target_lines

__all__ = [
    "Closing",
    "Excused",
    "Explanation",
    "Facts",
    "Held",
    "Line",
    "NewSecretary",
    "OpenClass",
    "TargetVersion",
    "deadline_reason",
    "explain",
]


@dataclass(frozen=True)
class Explanation:
    """The answer: why this target, what counts, what is missing, what would close the gap."""

    target: tuple[Line, ...]
    counts: tuple[Line, ...]
    missing: tuple[Line, ...]
    ways: tuple[Line, ...]


def explain(facts: Facts) -> Explanation:
    """Everything there is to say about ``facts``, in the order in which it is read."""
    return Explanation(
        target=tuple(target_lines(facts)),
        counts=tuple(counted_lines(facts)),
        missing=tuple(missing_lines(facts)),
        ways=tuple(ways_lines(facts)),
    )
