"""The schematic outline of a park: the area that its bases take up, drawn around them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

#: How far the outline keeps from a base, in degrees of latitude (about 400 m).
MARGIN = 0.0036
#: Corners of the ring that is laid around each base, so that the outline is round.
CORNERS = 12


@dataclass(frozen=True, order=True)
class Spot:
    """A place on the map, in degrees."""

    longitude: float
    latitude: float


def outline(spots: Iterable[Spot]) -> list[Spot]:
    """The convex outline around ``spots`` with a margin, counter-clockwise and closed; empty for none."""
    ring = sorted({corner for spot in spots for corner in _around(spot)})
    if not ring:
        return []
    hull = _half(ring)[:-1] + _half(ring[::-1])[:-1]
    return [*hull, hull[0]]


def _around(spot: Spot) -> list[Spot]:
    # A degree of longitude is shorter than one of latitude, by the cosine of the latitude.
    wide = MARGIN / max(0.2, math.cos(math.radians(spot.latitude)))
    angles = (2 * math.pi * number / CORNERS for number in range(CORNERS))
    return [
        Spot(
            round(spot.longitude + wide * math.cos(angle), 5),
            round(spot.latitude + MARGIN * math.sin(angle), 5),
        )
        for angle in angles
    ]


def _half(spots: list[Spot]) -> list[Spot]:
    """One side of the hull (Andrew's monotone chain)."""
    side: list[Spot] = []
    for spot in spots:
        while len(side) > 1 and _turn(side[-2], side[-1], spot) <= 0:
            side.pop()
        side.append(spot)
    return side


def _turn(first: Spot, second: Spot, third: Spot) -> float:
    return (second.longitude - first.longitude) * (third.latitude - first.latitude) - (
        second.latitude - first.latitude
    ) * (third.longitude - first.longitude)
