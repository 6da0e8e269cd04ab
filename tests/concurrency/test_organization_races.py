"""Races about organizations: mergers against transfers, admissions and one another; with a control."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from cms.refusals import Refused
from enrollment.actions import roster
from enrollment.actions.organization_mergers import merge, split
from enrollment.actions.organizations import move
from enrollment.actions.people import Amendment, admit, appoint_locked, transfer
from enrollment.actions.roster_missing import mark_leaving
from enrollment.actions.roster_undo import undo_roster
from enrollment.actions.standings import lock_trainees
from enrollment.actions.verification import verify
from enrollment.models import Appointment, ChangeKind, Organization, OrganizationChange, Trainee
from tests.enrollment.roster.sheets import person as line
from tests.enrollment.roster.sheets import workbook
from tests.factories.enrollment import trainees
from tests.people import plant

pytestmark = pytest.mark.race

THREADS = 8


@pytest.fixture
def tree(race_db):
    return plant()


def stranded():
    """People on the roster of an organization that no longer exists."""
    return Trainee.objects.active().filter(home_organization__dissolved_on__isnull=False)


def crashed(outcomes):
    return [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, Refused)]


def test_a_transfer_into_a_merging_organization_strands_nobody(tree, race):
    trainees(tree.make, 4)
    people = trainees(tree.bio, THREADS)

    def work(number):
        if number == THREADS // 2:
            return merge(sources=[tree.make], target=tree.soft, actor=None).pk
        if number % 2:
            return admit(name=f"新人{number}", organization=tree.make, actor=None).pk
        return transfer(trainee=people[number], organization=tree.make, actor=None).pk

    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    assert not stranded().exists()
    assert Organization.objects.get(code="MAKE").merged_into == tree.soft
    refused = {one.code for one in outcomes if isinstance(one, Refused)}
    assert refused <= {"organization_dissolved"}
    assert verify().agrees


def test_control_without_the_lock_somebody_is_stranded(tree, race, meeting):
    """The transfer looks, the merger closes the organization, the transfer writes."""
    [person] = trainees(tree.bio, 1)
    looked, merged = meeting(2), meeting(2)

    def work(number):
        if number == 0:
            looked.wait()
            merge(sources=[tree.make], target=tree.soft, actor=None)
            merged.wait()
            return
        assert Organization.objects.get(code="MAKE").dissolved_on is None
        looked.wait()
        merged.wait()
        with transaction.atomic():
            appoint_locked(
                [Amendment(trainee_id=person.pk, organization_id=tree.make.pk)], lock_trainees([person.pk])
            )

    assert crashed(race(work, 2)) == []
    assert list(stranded()) == [person]


def test_an_import_taken_back_during_a_merger_strands_nobody(tree, race, settings, tmp_path):
    """One import moved people out of the organization that is merged; another let somebody there go."""
    settings.MEDIA_ROOT = tmp_path
    first, *others = [
        (f"示例{letter}", f"1380000000{number}") for number, letter in enumerate("甲乙丙丁戊己")
    ]

    def imported(rows, leaving=()):
        read = roster.read_roster(file=workbook(rows), organization=None, actor=None)
        mark_leaving(roster_import=read, leaving=leaving, among=None, actor=None)
        return roster.apply_roster(roster_import=read, actor=None)

    imported([line(*one, organization=tree.make.name) for one in (first, *others)])
    Appointment.objects.update(started_on=dt.date(2020, 1, 1))
    moved = imported([line(*one, organization=tree.bio.name) for one in others])
    leaving = Trainee.objects.get(name=first[0]).pk
    left = imported([line("示例新", "13911112222", organization=tree.make.name)], leaving=[leaving])
    assert moved.verdict["applied"] == {"new": 0, "changed": 5, "left": 0}
    assert left.verdict["applied"]["left"] == 1

    def work(number):
        if number == 0:
            return merge(sources=[tree.make], target=tree.soft, actor=None).pk
        return undo_roster(roster_import=(moved, left)[number % 2], actor=None).pk

    assert crashed(race(work, THREADS)) == []
    assert not stranded().exists()
    assert verify().agrees


def test_a_merger_and_transfers_out_of_it(tree, race):
    """Whoever is leaving for elsewhere meanwhile ends in one place, by one chain of appointments."""
    people = trainees(tree.make, THREADS)

    def work(number):
        if number == 0:
            return merge(sources=[tree.make], target=tree.soft, actor=None).pk
        return transfer(trainee=people[number], organization=tree.bio, actor=None).pk

    assert crashed(race(work, THREADS)) == []
    assert not stranded().exists()
    for person in Trainee.objects.all():
        assert person.appointments.current().get().organization_id == person.home_organization_id
    assert verify().agrees


def test_each_into_the_other_leaves_one(tree, race):
    def work(number):
        one, other = (tree.make, tree.soft) if number % 2 else (tree.soft, tree.make)
        return merge(sources=[one], target=other, actor=None).pk

    trainees(tree.make, 2)
    trainees(tree.soft, 2)
    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    assert OrganizationChange.objects.filter(kind=ChangeKind.MERGED).count() == 1
    assert Organization.objects.filter(code__in=["SOFT", "MAKE"], dissolved_on__isnull=True).count() == 1
    assert not stranded().exists()


def test_moves_mergers_and_splits_at_once_keep_the_tree_sound(tree, race):
    people = trainees(tree.soft, 4)

    def work(number):
        if number % 4 == 0:
            return move(organization=tree.make, parent=tree.park_b, actor=None).pk
        if number % 4 == 1:
            return merge(sources=[tree.park_b], target=tree.park_a, actor=None).pk
        if number % 4 == 2:
            return split(
                organization=tree.soft,
                code="SOFT-2",
                name="示例软件第二支部",
                people=[person.pk for person in people[:2]],
                children=[],
                actor=None,
            ).pk
        return move(organization=tree.park_a, parent=tree.zone, actor=None).pk

    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    assert not any(Organization.find_problems())
    assert Organization.objects.filter(code="SOFT-2").count() == 1
    assert not Organization.objects.active().filter(path__startswith=tree.park_b.path).exists()
    assert verify().agrees
