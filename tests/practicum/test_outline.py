"""The schematic outline of a park."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practicum.rules.outline import MARGIN, Spot, outline

#: Ten metres are near enough.
COORDINATE = st.integers(0, 3000)
SPOTS = st.lists(
    st.builds(Spot, st.floats(117.0, 117.3), st.floats(36.5, 36.8)),
    min_size=1,
    max_size=12,
)


def turns(ring: list[Spot]) -> list[float]:
    return [
        (b.longitude - a.longitude) * (c.latitude - a.latitude)
        - (b.latitude - a.latitude) * (c.longitude - a.longitude)
        for a, b, c in zip(ring, ring[1:], ring[2:], strict=False)
    ]


def test_nothing_has_no_outline() -> None:
    assert outline([]) == []


def test_one_base_has_a_ring_around_it() -> None:
    ring = outline([Spot(117.1, 36.7)])
    assert ring[0] == ring[-1]
    assert max(spot.latitude for spot in ring) == pytest.approx(36.7 + MARGIN, abs=1e-5)


@given(SPOTS)
def test_it_is_closed_convex_and_holds_every_base(spots: list[Spot]) -> None:
    ring = outline(spots)
    assert ring[0] == ring[-1]
    assert all(turn > 0 for turn in turns(ring))
    for spot in spots:
        for a, b in itertools.pairwise(ring):
            assert (b.longitude - a.longitude) * (spot.latitude - a.latitude) > (b.latitude - a.latitude) * (
                spot.longitude - a.longitude
            )


def test_the_order_of_bases_does_not_matter() -> None:
    spots = [Spot(117.1, 36.6), Spot(117.2, 36.7), Spot(117.15, 36.5)]
    assert outline(spots) == outline(spots[::-1])
