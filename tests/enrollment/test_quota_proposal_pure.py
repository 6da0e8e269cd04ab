"""Seats by formula: largest remainder within floors and ceilings, for any people and seats."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.quota import Claim, proposal

people = st.integers(0, 400)
crowds = st.lists(st.tuples(people, st.integers(0, 3)), min_size=1, max_size=40)


def claims_of(rows):
    return [Claim(number, count, min(taken, count)) for number, (count, taken) in enumerate(rows)]


def test_the_textbook_case():
    """Hamilton 1792: 21 + 16 + 10 over 7 seats are 3.13, 2.38 and 1.49."""
    claims = [Claim(1, 21), Claim(2, 16), Claim(3, 10)]
    assert proposal(claims, seats=7, minimum_one=False) == {1: 3, 2: 2, 3: 2}


def test_a_small_organization_gets_one_where_wanted():
    claims = [Claim(1, 100), Claim(2, 100), Claim(3, 1)]
    assert proposal(claims, seats=10, minimum_one=False)[3] == 0
    assert proposal(claims, seats=10, minimum_one=True) == {1: 5, 2: 4, 3: 1}


def test_fewer_seats_than_organizations_go_to_the_larger():
    claims = [Claim(number, number) for number in range(1, 6)]
    assert proposal(claims, seats=2, minimum_one=True) == {5: 1, 4: 1, 3: 0, 2: 0, 1: 0}


def test_who_has_nobody_gets_nothing():
    assert proposal([Claim(1, 0), Claim(2, 3)], seats=9, minimum_one=True) == {1: 0, 2: 3}


@given(crowds, st.integers(0, 300), st.booleans())
def test_every_proposal_is_within_its_bounds(rows, seats, minimum_one):
    claims = claims_of(rows)
    taken = sum(claim.taken for claim in claims)
    seats = max(seats, taken)
    given_out = proposal(claims, seats=seats, minimum_one=minimum_one)
    assert given_out.keys() == {claim.key for claim in claims}
    assert sum(given_out.values()) == min(seats, sum(max(c.people, c.taken) for c in claims))
    for claim in claims:
        assert claim.taken <= given_out[claim.key] <= max(claim.people, claim.taken)
    wanting = [claim for claim in claims if claim.people]
    if minimum_one and seats - taken >= len(wanting):
        assert all(given_out[claim.key] >= 1 for claim in wanting)


@given(st.lists(people, min_size=1, max_size=40), st.integers(0, 300))
def test_without_bounds_it_keeps_the_quota_rule_and_the_order(counts, seats):
    claims = [Claim(number, count) for number, count in enumerate(counts)]
    whole = sum(counts)
    seats = min(seats, whole)
    given_out = proposal(claims, seats=seats, minimum_one=False)
    for claim in claims:
        if whole:
            assert abs(given_out[claim.key] - seats * claim.people / whole) < 1
    for more in claims:
        for fewer in claims:
            if more.people > fewer.people:
                assert given_out[more.key] >= given_out[fewer.key]


@given(crowds, st.integers(0, 300), st.booleans(), st.randoms())
def test_the_order_of_claims_does_not_matter(rows, seats, minimum_one, dice):
    claims = claims_of(rows)
    shuffled = list(claims)
    dice.shuffle(shuffled)
    assert proposal(claims, seats=seats, minimum_one=minimum_one) == proposal(
        shuffled, seats=seats, minimum_one=minimum_one
    )
