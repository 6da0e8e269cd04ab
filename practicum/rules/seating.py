"""Who rides in which vehicle: groups stay together where they can (domain §4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Seating:
    """People (by key) in each vehicle, in the order of the vehicles, and those without a seat."""

    vehicles: list[list[int]] = field(default_factory=list)
    left_over: list[int] = field(default_factory=list)


def seating(groups: Sequence[Sequence[int]], seats: Sequence[int]) -> Seating:
    """Place ``groups`` in order: whole in the first vehicle with room for them, parted where none has."""
    found = Seating([[] for _vehicle in seats])
    left = list(seats)
    for group in groups:
        whole = next((number for number, free in enumerate(left) if free >= len(group)), None)
        if whole is not None:
            found.vehicles[whole] += group
            left[whole] -= len(group)
            continue
        rest = list(group)
        for number, free in enumerate(left):
            found.vehicles[number] += rest[:free]
            left[number] -= len(rest[:free])
            rest = rest[free:]
        found.left_over += rest
    return found
