"""How many seats of a class each organization is proposed: by its people, by largest remainder.

The method is Hamilton's (largest remainder), kept within a floor and a ceiling for each organization. Whole
numbers and fractions only: the same people give the same seats on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Claim:
    """One organization: its ``people`` of the class's cohorts, and the seats they hold already."""

    key: int
    people: int
    taken: int = 0


@dataclass(frozen=True)
class _Bounds:
    """Between which numbers of seats an organization ends."""

    key: int
    people: int
    floor: int
    ceiling: int

    def at(self, rate: Fraction) -> Fraction:
        """Its share, in fractions of a seat, where each person counts ``rate`` seats."""
        return max(Fraction(self.floor), min(Fraction(self.ceiling), rate * self.people))


def proposal(claims: Iterable[Claim], *, seats: int, minimum_one: bool) -> dict[int, int]:
    """Seats by key for each of ``claims``, together at most ``seats``.

    Nobody is proposed fewer seats than are taken, or more than there are people (and taken seats). With
    ``minimum_one`` every organization with people gets a seat; where there are not so many, the larger ones.
    Equal claims are decided by the lower key, so that the proposal repeats itself.
    """
    rows = sorted(claims, key=lambda claim: (-claim.people, claim.key))
    bounds = _bounded(rows, seats, minimum_one)
    target = min(seats, sum(row.ceiling for row in bounds))
    rate = _rate(bounds, target)
    exact = {row.key: row.at(rate) for row in bounds}
    given = {key: int(share) for key, share in exact.items()}
    left = target - sum(given.values())
    # The largest remainders first; rows are in order of people, and sorting keeps that among equals.
    by_remainder = sorted(bounds, key=lambda row: exact[row.key] - given[row.key], reverse=True)
    for row in by_remainder:
        if left <= 0:
            break
        if given[row.key] < row.ceiling and exact[row.key] > given[row.key]:
            given[row.key] += 1
            left -= 1
    return given


def _bounded(rows: Sequence[Claim], seats: int, minimum_one: bool) -> list[_Bounds]:
    free = seats - sum(claim.taken for claim in rows)
    bounds = []
    for claim in rows:
        floor = claim.taken
        if minimum_one and claim.people and not floor and free > 0:
            floor, free = 1, free - 1
        bounds.append(_Bounds(claim.key, claim.people, floor, max(floor, claim.people)))
    return bounds


def _rate(bounds: Sequence[_Bounds], target: int) -> Fraction:
    """Seats for each person at which all shares together make ``target``; they grow with the rate."""

    def whole(rate: Fraction) -> Fraction:
        return sum((row.at(rate) for row in bounds), Fraction(0))

    turns = sorted(
        {Fraction(edge, row.people) for row in bounds if row.people for edge in (row.floor, row.ceiling)}
        | {Fraction(0)}
    )
    low, high = 0, len(turns) - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if whole(turns[middle]) <= target else (low, middle)
    if whole(turns[high]) <= target:
        return turns[high]
    begin, end = whole(turns[low]), whole(turns[high])
    if end == begin or begin >= target:
        return turns[low]
    # Between two turns the sum is a straight line.
    return turns[low] + (turns[high] - turns[low]) * (target - begin) / (end - begin)
