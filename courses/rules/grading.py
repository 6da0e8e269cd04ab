"""Grading: which answers are right, and what they amount to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: Keys of options in the order they are written: A, B, C …
OPTION_KEYS = "abcdefghijklmnop"
#: Answers that arrive this long after the time was up still count: the network's share, not the trainee's.
GRACE_SECONDS = 15


@dataclass(frozen=True)
class Item:
    """One question as it was given: its right keys, the keys on offer, and its points."""

    correct: frozenset[str]
    offered: tuple[str, ...]
    points: int


@dataclass(frozen=True)
class Grade:
    """What an attempt came to. ``outcome`` holds one flag per question, in order."""

    earned: int
    possible: int
    outcome: tuple[bool, ...]
    has_passed: bool


def answer_is_right(item: Item, answer: Sequence[str]) -> bool:
    """Whether exactly the right options were chosen; half of several right answers is not right."""
    return bool(item.correct) and frozenset(answer) == item.correct


def grade(items: Sequence[Item], answers: Mapping[str, Sequence[str]], pass_percent: int) -> Grade:
    """Grade ``answers`` (by place, as text) against ``items``; passed from ``pass_percent`` points on."""
    outcome = tuple(answer_is_right(item, answers.get(str(place), ())) for place, item in enumerate(items))
    earned = sum(item.points for item, right in zip(items, outcome, strict=True) if right)
    possible = sum(item.points for item in items)
    return Grade(earned, possible, outcome, possible > 0 and earned * 100 >= pass_percent * possible)


def admissible_answers(
    offered: Sequence[Sequence[str]], is_multiple: Sequence[bool], answers: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """``answers`` without what was never on offer; one choice where one is asked for."""
    kept: dict[str, list[str]] = {}
    for place, keys in enumerate(offered):
        chosen = [key for key in dict.fromkeys(answers.get(str(place), ())) if key in keys]
        if chosen:
            kept[str(place)] = sorted(chosen) if is_multiple[place] else chosen[:1]
    return kept


def options_problem(options: Sequence[Mapping[str, object]], kind: str) -> str | None:
    """Why ``options`` cannot be the options of a question of ``kind``; ``None`` when they can.

    Returns one of ``too_few``, ``too_many``, ``empty``, ``repeated``, ``no_key``, ``several_keys``.
    """
    texts = [str(option.get("text", "")).strip() for option in options]
    right = sum(1 for option in options if option.get("correct"))
    checks = (
        (len(options) < 2, "too_few"),
        (len(options) > len(OPTION_KEYS) or (kind == "true_false" and len(options) != 2), "too_many"),
        (not all(texts), "empty"),
        (len(set(texts)) < len(texts), "repeated"),
        (right == 0, "no_key"),
        (right > 1 and kind != "multiple", "several_keys"),
    )
    return next((code for failed, code in checks if failed), None)
