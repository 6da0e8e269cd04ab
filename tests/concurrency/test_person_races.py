"""Races about people's records: mergers that overlap, hours and places that arrive; with controls."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.classes import enrol
from enrollment.actions.hours import credit_hours
from enrollment.actions.people import transfer
from enrollment.actions.person_mergers import merge_people, undo_merger
from enrollment.actions.transfers import (
    accept_transfer,
    decline_transfer,
    start_transfer,
    withdraw_transfer,
)
from enrollment.actions.verification import verify
from enrollment.models import (
    SEATED_STATUSES,
    Enrollment,
    HourEntry,
    PersonMerger,
    PersonTransfer,
    Standing,
    Trainee,
)
from tests.factories.enrollment import credited, trainees, training_class
from tests.people import plant

pytestmark = pytest.mark.race

THREADS = 8
YEAR = timezone.localdate().year


@pytest.fixture
def tree(race_db):
    return plant()


def crashed(outcomes):
    return [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, Refused)]


def agrees():
    verdict = verify()
    assert verdict.agrees, [str(difference) for difference in verdict.differences]


def merged_into_somebody_gone():
    """Records that lead to one that has been merged away itself: nobody is found there."""
    return Trainee.objects.filter(merged_into__merged_into__isnull=False)


def test_mergers_that_overlap_leave_one_record_of_each_person(tree, race):
    people = trainees(tree.soft, 4)
    for person in people:
        credited(person, 4)

    def work(number):
        keeper, other = people[number % 4], people[(number + 1 + number // 4) % 4]
        return merge_people(keeper=keeper, other=other, actor=None).pk

    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    done = [one for one in outcomes if isinstance(one, int)]
    assert done
    assert {one.code for one in outcomes if isinstance(one, Refused)} <= {"already_merged"}
    assert not merged_into_somebody_gone().exists()
    gone = Trainee.objects.filter(merged_into__isnull=False)
    assert gone.count() == PersonMerger.objects.count() == len(done)
    assert not HourEntry.objects.standing().filter(trainee__in=gone).exists()
    assert sum(Standing.objects.filter(year=YEAR).values_list("earned_quarters", flat=True)) == 16
    agrees()


def test_control_without_the_lock_two_records_are_merged_into_each_other(tree, race, meeting):
    """Each looks whether the two stand, both see that they do, both write."""
    one, other = trainees(tree.soft, 2)
    looked = meeting(2)

    def work(number):
        keeper, goes = (one, other) if number else (other, one)
        assert not Trainee.objects.filter(pk__in=[one.pk, other.pk], merged_into__isnull=False).exists()
        looked.wait()
        Trainee.objects.filter(pk=goes.pk).update(merged_into=keeper, left_on=timezone.localdate())

    assert crashed(race(work, 2)) == []
    assert merged_into_somebody_gone().count() == 2


def test_hours_and_places_that_arrive_meanwhile_reach_the_record_that_stays(tree, race):
    keeper, other = trainees(tree.soft, 2)
    classes = [training_class(capacity=20) for _ in range(2)]
    credited(other, 4, evidence_id="before")

    def work(number):
        if number == THREADS // 2:
            return merge_people(keeper=keeper, other=other, actor=None).pk
        if number % 3 == 2:
            enrol(training_class=classes[number % 2], trainee=other, actor=None)
            return None
        # Some of the same evidence, from two processes at once.
        return credited(other, 4, evidence_id=f"meanwhile-{number // 2}").trainee_id

    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    assert {one.code for one in outcomes if isinstance(one, Refused)} <= {"nominee_left", "changed_meanwhile"}
    merged = PersonMerger.objects.exists()
    # A place that was taken while it looked lets the merger be repeated; nothing else stops it.
    if not merged:
        merge_people(keeper=keeper, other=other, actor=None)
    assert not HourEntry.objects.standing().filter(trainee=other).exists()
    evidence = list(HourEntry.objects.standing().values_list("trainee_id", "evidence_id"))
    assert len(evidence) == len(set(evidence))
    assert {number for _pk, number in evidence} >= {"before", "meanwhile-0", "meanwhile-1", "meanwhile-3"}
    assert not Enrollment.objects.filter(trainee=other, status__in=SEATED_STATUSES).exists()
    agrees()


def test_control_hours_written_without_the_lock_stay_with_the_record_that_went(tree, race, meeting):
    """The credit looks who it is for, the merger takes everything along, the credit writes."""
    keeper, other = trainees(tree.soft, 2)
    looked, merged = meeting(2), meeting(2)

    def work(number):
        if number:
            looked.wait()
            merge_people(keeper=keeper, other=other, actor=None)
            merged.wait()
            return
        person = Trainee.objects.get(pk=other.pk)
        assert person.merged_into_id is None
        looked.wait()
        merged.wait()
        HourEntry.objects.create(
            trainee=person, organization=tree.soft, year=YEAR, kind="online", quarters=4, title="示例",
            evidence_type="lesson", evidence_id="late",
        )  # fmt: skip

    assert crashed(race(work, 2)) == []
    assert HourEntry.objects.standing().get().trainee_id == other.pk
    assert not verify().agrees


def test_taking_back_twice_at_once_is_once(tree, race):
    keeper, other = trainees(tree.soft, 2)
    credited(other, 4)
    merger = merge_people(keeper=keeper, other=other, actor=None)

    def work(number):
        if number % 4 == 3:
            return credit_hours(
                trainee=keeper, kind="external", quarters=4, title="外训", evidence_type="external",
                evidence_id=str(number), occurred_at=timezone.now(),
            ).pk  # fmt: skip
        undo_merger(merger=PersonMerger.objects.get(pk=merger.pk), actor=None)
        return "undone"

    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    assert outcomes.count("undone") == 1
    assert {one.code for one in outcomes if isinstance(one, Refused)} == {"merger_undone"}
    assert HourEntry.objects.standing().filter(trainee=other).count() == 1
    agrees()


def test_a_transfer_while_the_record_is_merged_strands_nobody(tree, race):
    pairs = [trainees(tree.soft, 2) for _ in range(4)]

    def work(number):
        keeper, other = pairs[number // 2]
        if number % 2:
            return merge_people(keeper=keeper, other=other, actor=None).pk
        person = keeper if number % 4 else other
        return transfer(trainee=person, organization=tree.bio, on=dt.date.today(), actor=None).pk

    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    assert {one.code for one in outcomes if isinstance(one, Refused)} <= {
        "trainee_has_left",
        "changed_meanwhile",
    }
    for keeper, _other in pairs:
        held = Trainee.objects.get(pk=keeper.pk)
        assert held.appointments.current().get().organization_id == held.home_organization_id
    agrees()


# --- Transfers ----------------------------------------------------------------------------------------------


def test_accepted_declined_and_withdrawn_at_once_is_one_of_them(tree, race):
    [person] = trainees(tree.soft, 1)
    offered = start_transfer(
        trainee=person, organization=tree.bio, on=timezone.localdate(), reason="调动", actor=None
    )

    def work(number):
        row = PersonTransfer.objects.get(pk=offered.pk)
        if number % 3 == 0:
            return accept_transfer(transfer=row, actor=None).state
        if number % 3 == 1:
            return decline_transfer(transfer=row, actor=None, answer="否").state
        return withdraw_transfer(transfer=row, actor=None).state

    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    [done] = [one for one in outcomes if not isinstance(one, Exception)]
    assert {one.code for one in outcomes if isinstance(one, Refused)} == {"transfer_not_open"}
    person.refresh_from_db()
    offered.refresh_from_db()
    assert offered.state == done
    assert (person.home_organization == tree.bio) == (done == "accepted")
    agrees()


def test_control_answered_without_the_lock_the_record_and_the_person_disagree(tree, race, meeting):
    """Both look, both see that it waits; one moves the person, the other writes that it was declined."""
    [person] = trainees(tree.soft, 1)
    offered = start_transfer(
        trainee=person, organization=tree.bio, on=timezone.localdate(), reason="调动", actor=None
    )
    looked, accepted = meeting(2), meeting(2)

    def work(number):
        row = PersonTransfer.objects.get(pk=offered.pk)
        assert row.is_open
        looked.wait()
        if number:
            accept_transfer(transfer=row, actor=None)
            accepted.wait()
            return
        accepted.wait()
        PersonTransfer.objects.filter(pk=row.pk).update(state="declined", answered_at=timezone.now())

    assert crashed(race(work, 2)) == []
    person.refresh_from_db()
    offered.refresh_from_db()
    assert (offered.state, person.home_organization) == ("declined", tree.bio)


def test_several_offers_of_one_person_are_one(tree, race):
    [person] = trainees(tree.soft, 1)
    targets = [tree.bio, tree.make]

    def work(number):
        return start_transfer(
            trainee=person,
            organization=targets[number % 2],
            on=timezone.localdate(),
            reason="调动",
            actor=None,
        ).pk

    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    assert {one.code for one in outcomes if isinstance(one, Refused)} == {"transfer_open"}
    assert PersonTransfer.objects.open().count() == 1
