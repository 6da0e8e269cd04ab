"""Races about hours and seats: many threads, one right outcome; and a control without the lock for each."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.branch import record_activity
from enrollment.actions.classes import enrol, open_class, seat_plan, set_quota, withdraw
from enrollment.actions.hours import Credit, credit_hours, credit_hours_in_bulk, reverse_entry
from enrollment.actions.organizations import found
from enrollment.actions.people import appoint
from enrollment.actions.verification import verify
from enrollment.models import (
    BranchActivity,
    Enrollment,
    EnrollmentStatus,
    HourEntry,
    HourSpan,
    Organization,
    OrganizationStanding,
    Standing,
)
from tests.factories.enrollment import trainees
from tests.people import make_li, plant

pytestmark = pytest.mark.race

NOON = timezone.make_aware(dt.datetime(timezone.localdate().year, 3, 3, 12))
HOUR = dt.timedelta(hours=1)
THREADS = 8


@pytest.fixture
def tree(race_db):
    return plant()


def credit(person, evidence_id, **changes):
    values = {
        "kind": "classroom",
        "quarters": 8,
        "title": "集中培训",
        "evidence_type": "attendance",
        "occurred_at": NOON,
    }
    return credit_hours(trainee=person, evidence_id=evidence_id, **(values | changes))


def agrees():
    verdict = verify()
    assert verdict.agrees, [str(difference) for difference in verdict.differences]


def errors(outcomes):
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]


# --- The same evidence -----------------------------------------------------------------------------


def test_the_same_evidence_posts_once(tree, race):
    [person] = trainees(tree.soft, 1)
    outcomes = race(lambda _number: credit(person, 1).pk, THREADS)
    assert errors(outcomes) == []
    assert len(set(outcomes)) == 1
    assert HourEntry.objects.count() == 1
    assert Standing.objects.get(trainee=person).earned_quarters == 8
    agrees()


def test_control_without_the_lock_the_constraint_is_hit(tree, race, meeting):
    """Check, then write, in two steps: all but one run into the unique constraint instead of being told."""
    [person] = trainees(tree.soft, 1)
    point = meeting(THREADS)

    def careless(_number):
        found = HourEntry.objects.filter(trainee=person, evidence_id="1").first()
        point.wait()
        if found is not None:
            return found.pk
        return HourEntry.objects.create(
            trainee=person,
            organization=tree.soft,
            year=NOON.year,
            kind="classroom",
            quarters=8,
            title="x",
            evidence_type="attendance",
            evidence_id="1",
        ).pk

    outcomes = race(careless, THREADS)
    assert sum(isinstance(outcome, IntegrityError) for outcome in outcomes) == THREADS - 1


# --- Overlaps --------------------------------------------------------------------------------------


def test_overlapping_credits_post_one(tree, race):
    [person] = trainees(tree.soft, 1)
    outcomes = race(
        lambda number: credit(person, number, starts_at=NOON, ends_at=NOON + (number + 1) * HOUR).pk, THREADS
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(refused) == THREADS - 1
    assert {one.code for one in refused} == {"hours_overlap"}
    assert HourSpan.objects.count() == 1
    agrees()


def test_control_without_the_lock_overlaps_are_stored(tree, race, meeting):
    """PostgreSQL's exclusion constraint catches it; SQLite, with check and write apart, does not."""
    [person] = trainees(tree.soft, 1)
    entries = [credit(person, number) for number in range(THREADS)]
    point = meeting(THREADS)

    def careless(number):
        is_free = not HourSpan.objects.filter(trainee=person).exists()
        point.wait()
        if is_free:
            HourSpan.objects.create(
                entry=entries[number], trainee=person, starts_at=NOON, ends_at=NOON + HOUR
            )

    race(careless, THREADS)
    assert HourSpan.objects.count() == (1 if connection.vendor == "postgresql" else THREADS)


# --- Projections -----------------------------------------------------------------------------------


def test_many_people_of_one_organization(tree, race):
    """Each thread credits other people; the organization's one row must lose no difference."""
    people = trainees(tree.soft, THREADS * 3)

    def work(number):
        for person in people[number::THREADS]:
            credit(person, 1)
        mine = [
            Credit(p.pk, "online", 120, "课", "lesson", str(number), NOON) for p in people[number::THREADS]
        ]
        return len(credit_hours_in_bulk(credits=mine).posted)

    assert errors(race(work, THREADS)) == []
    row = OrganizationStanding.objects.get(organization=tree.soft, cohort="member")
    assert (row.reached, row.earned_quarters) == (len(people), len(people) * 128)
    agrees()


def test_control_reading_then_writing_loses_differences(tree, race, meeting):
    trainees(tree.soft, 1)
    point = meeting(THREADS)

    def careless(_number):
        row = OrganizationStanding.objects.get(organization=tree.soft, cohort="member")
        point.wait()
        row.earned_quarters += 8
        row.save()

    race(careless, THREADS)
    row = OrganizationStanding.objects.get(organization=tree.soft, cohort="member")
    assert row.earned_quarters < THREADS * 8


def test_credits_posts_and_reversals_at_once(tree, race):
    """The same people are credited, reversed and moved; no deadlock, and everything agrees."""
    people = trainees(tree.soft, 6)
    entries = [credit(person, 0) for person in people]

    def work(number):
        if number % 4 == 0:
            bulk = [Credit(p.pk, "online", 4, "课", "lesson", str(number), NOON) for p in reversed(people)]
            return len(credit_hours_in_bulk(credits=bulk).posted)
        if number % 4 == 1:
            return appoint(trainee=people[number % 6], post="secretary", organization=tree.bio, actor=None).pk
        if number % 4 == 2:
            return reverse_entry(entry=entries[number % 6], actor=None, reason="有误").pk
        return [credit(person, number).pk for person in people[:1]]

    outcomes = race(work, THREADS)
    assert [error for error in errors(outcomes) if not isinstance(error, Refused)] == []
    agrees()


def test_reversing_twice_is_once(tree, race):
    [person] = trainees(tree.soft, 1)
    entry = credit(person, 1)
    outcomes = race(lambda _n: reverse_entry(entry=entry, actor=None, reason="有误").pk, THREADS)
    assert Counter(type(outcome).__name__ for outcome in outcomes) == {"int": 1, "Refused": THREADS - 1}
    assert HourEntry.objects.count() == 2
    agrees()


# --- Seats -----------------------------------------------------------------------------------------


def a_class(**details):
    today = timezone.localdate()
    return open_class(title="示例班", starts_on=today, ends_on=today, actor=None, **details)


def test_a_quota_is_never_overrun(tree, race):
    opened = a_class(capacity=50)
    set_quota(training_class=opened, organization=tree.soft, seats=3, actor=None)
    people = trainees(tree.soft, THREADS)
    outcomes = race(
        lambda number: enrol(training_class=opened, trainee=people[number], actor=None).status, THREADS
    )
    assert Counter(outcomes) == {"enrolled": 3, "waitlisted": THREADS - 3}


def test_control_without_the_lock_everybody_finds_a_seat_and_only_the_database_refuses(tree, race, meeting):
    opened = a_class(capacity=50)
    quota = set_quota(training_class=opened, organization=tree.soft, seats=3, actor=None)
    people = trainees(tree.soft, THREADS)
    point = meeting(THREADS)
    found_free: list[int] = []

    def careless(number):
        is_free = seat_plan(opened).take(quota.pk)
        point.wait()
        if is_free:
            found_free.append(number)
            Enrollment.objects.create(
                training_class=opened, trainee=people[number], status=EnrollmentStatus.ENROLLED, quota=quota
            )

    outcomes = race(careless, THREADS)
    assert len(found_free) == THREADS
    assert Enrollment.objects.count() == 3
    refused = [outcome for outcome in outcomes if isinstance(outcome, DatabaseError)]
    assert len(refused) == THREADS - 3


def test_the_same_person_enrols_once(tree, race):
    opened = a_class()
    [person] = trainees(tree.soft, 1)
    outcomes = race(lambda _n: enrol(training_class=opened, trainee=person, actor=None).pk, THREADS)
    assert errors(outcomes) == []
    assert len(set(outcomes)) == 1


def test_withdrawals_promote_each_waiting_person_once(tree, race):
    opened = a_class(capacity=4)
    people = trainees(tree.soft, 10)
    held = [enrol(training_class=opened, trainee=person, actor=None) for person in people]
    outcomes = race(lambda number: len(withdraw(enrollment=held[number], actor=None, reason="出差")), n=4)
    assert outcomes == [1, 1, 1, 1]
    assert Counter(Enrollment.objects.values_list("status", flat=True)) == {
        "enrolled": 4,
        "withdrawn": 4,
        "waitlisted": 2,
    }
    assert Enrollment.objects.filter(pk__in=[one.pk for one in held[4:8]], status="enrolled").count() == 4


# --- Forms sent twice ------------------------------------------------------------------------------


def test_an_activity_sent_many_times_is_recorded_once(tree, race):
    li = make_li(tree)
    people = trainees(tree.soft, 3)

    def send(_number):
        return record_activity(
            organization=tree.soft,
            form="theme_day",
            title="主题党日",
            starts_at=NOON,
            ends_at=NOON + 2 * HOUR,
            attendees=people,
            submission_key="one-form",
            actor=li,
        ).pk

    outcomes = race(send, THREADS)
    assert errors(outcomes) == []
    assert len(set(outcomes)) == 1
    assert BranchActivity.objects.count() == 1
    assert HourEntry.objects.count() == 3
    agrees()


def test_organizations_founded_at_once_stand_apart(tree, race):
    outcomes = race(
        lambda number: (
            found(
                parent=tree.park_b, code=f"N{number}", name=f"示例{number}支部", kind="branch", actor=None
            ).path
        ),
        THREADS,
    )
    assert errors(outcomes) == []
    assert len(set(outcomes)) == THREADS
    assert not any(Organization.find_problems())


def test_a_refusal_leaves_nothing_behind(tree, race_db):
    [person] = trainees(tree.soft, 1)

    @transaction.atomic
    def both():
        credit(person, 1)
        credit(person, 2, quarters=0)

    with pytest.raises(Refused):
        both()
    assert not HourEntry.objects.exists()
    agrees()
