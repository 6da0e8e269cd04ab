"""Races about the figures of parks: credits, folding and moves at once; with controls."""

from __future__ import annotations

import pytest
from django.db import connection

from enrollment.actions import park_figures
from enrollment.actions.organizations import move
from enrollment.actions.verification import verify
from enrollment.models import Organization, ParkFigure
from tests.factories.enrollment import credited, trainees
from tests.people import plant

pytestmark = pytest.mark.race

THREADS = 8


@pytest.fixture
def tree(race_db):
    return plant()


def differing():
    return [str(difference) for difference in verify().differences]


def crashed(outcomes):
    return [one for one in outcomes if isinstance(one, Exception)]


def test_credits_while_others_fold_are_all_counted(tree, race):
    people = trainees(tree.soft, THREADS)

    def work(number):
        for _ in range(4):
            if number % 3 == 0:
                park_figures.fold()
            else:
                credited(people[number], 4, kind="online")

    assert crashed(race(work, THREADS)) == []
    park_figures.fold()
    assert not ParkFigure.objects.filter(organization__isnull=False).exists()
    assert differing() == []


def test_control_folding_without_the_lock_counts_twice(tree, race, meeting, monkeypatch):
    """Both read the same differences before either takes them away."""
    if connection.vendor == "sqlite":
        pytest.skip("PostgreSQL only: SQLite has one writer")
    [person] = trainees(tree.soft, 1)
    credited(person, 4, kind="online")
    both = meeting(2)
    unlocked = type(ParkFigure.objects.all())
    monkeypatch.setattr(unlocked, "select_for_update", lambda rows, **_kwargs: rows)
    add = park_figures._add_to_sums

    def after_both_have_read(changes):
        both.wait()
        add(changes)

    monkeypatch.setattr(park_figures, "_add_to_sums", after_both_have_read)
    assert crashed(race(lambda _number: park_figures.fold(), 2)) == []
    monkeypatch.undo()
    assert differing() != []


def test_credits_while_their_organization_moves_count_in_its_new_park(tree, race):
    people = trainees(tree.soft, THREADS)

    def work(number):
        if number == 0:
            move(organization=tree.soft, parent=tree.park_b, actor=None)
            return
        for _ in range(3):
            credited(people[number], 4, kind="online")

    assert crashed(race(work, THREADS)) == []
    assert differing() == []


def test_control_a_credit_between_folding_and_moving_counts_twice(tree, race, meeting, monkeypatch):
    """Nobody is held back: the credit is in the sum that moves, and still a difference."""
    if connection.vendor == "sqlite":
        pytest.skip("PostgreSQL only: SQLite has one writer")
    [person] = trainees(tree.soft, 1)
    folded, posted = meeting(2), meeting(2)
    monkeypatch.setattr(park_figures, "hold_back", lambda: None)
    fold = park_figures.fold

    def before_the_credit():
        fold()
        folded.wait()
        posted.wait()

    monkeypatch.setattr(park_figures, "fold", before_the_credit)

    def work(number):
        if number == 0:
            move(organization=Organization.objects.get(code="SOFT"), parent=tree.park_b, actor=None)
            return
        folded.wait()
        credited(person, 4, kind="online")
        posted.wait()

    assert crashed(race(work, 2)) == []
    monkeypatch.undo()
    assert differing() != []
