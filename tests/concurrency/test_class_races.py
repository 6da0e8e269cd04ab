"""Races about training classes: quotas, leave and numbers of notices; a control without the lock for each."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import Sum
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions import class_leave, classes
from enrollment.models import ClassLeave, ClassLeaveStatus, Enrollment, Quota
from enrollment.rules import capacity
from tests.factories.enrollment import branches, trainees, training_class
from tests.people import make_zhao, plant

pytestmark = pytest.mark.race

THREADS = 8


@pytest.fixture
def tree(race_db):
    return plant()


def errors(outcomes):
    return [item for item in outcomes if isinstance(item, Exception) and not isinstance(item, Refused)]


# --- Quotas ------------------------------------------------------------------------------------------


def test_organizations_that_race_for_quotas_never_overrun_the_class(tree, race):
    """Eight organizations are given three seats each at once; the class has ten."""
    opened = training_class(capacity=10)
    places = branches(tree.park_a, THREADS)

    def work(number):
        return classes.set_quotas(training_class=opened, seats={places[number].pk: 3}, actor=None)

    outcomes = race(work, THREADS)
    assert errors(outcomes) == []
    assert {item.code for item in outcomes if isinstance(item, Refused)} == {"quotas_above_capacity"}
    assert Quota.objects.aggregate(seats=Sum("seats"))["seats"] == 9


def test_control_without_the_lock_the_class_is_overrun(tree, race, meeting):
    opened = training_class(capacity=10)
    places = branches(tree.park_a, THREADS)
    point = meeting(THREADS)

    def careless(number):
        given = dict(Quota.objects.filter(training_class=opened).values_list("organization_id", "seats"))
        against = capacity.quota_refusals(
            capacity=10, taken_without_quota=0, seats=given | {places[number].pk: 3}, taken={}
        )
        point.wait()
        if not against:
            Quota.objects.create(training_class=opened, organization=places[number], seats=3)

    race(careless, THREADS)
    assert Quota.objects.aggregate(seats=Sum("seats"))["seats"] == 3 * THREADS


def test_two_organizations_under_one_quota_never_overrun_it(tree, race):
    """SOFT and MAKE share the seats of their park; both nominate at once."""
    opened = training_class(capacity=50)
    classes.set_quota(training_class=opened, organization=tree.park_a, seats=3, actor=None)
    classes.transition(training_class=opened, to="nominating", actor=None)
    people = trainees(tree.soft, THREADS // 2) + trainees(tree.make, THREADS // 2)
    outcomes = race(
        lambda n: classes.nominate(training_class=opened, trainee=people[n], actor=None).status, THREADS
    )
    assert errors(outcomes) == []
    assert outcomes.count("nominated") == 3
    assert outcomes.count("waitlisted") == THREADS - 3


# --- Leave -------------------------------------------------------------------------------------------


@pytest.fixture
def slip(tree):
    [person] = trainees(tree.soft, 1)
    opened = training_class()
    classes.enrol(training_class=opened, trainee=person, actor=None)
    classes.transition(training_class=opened, to="running", actor=None)
    tomorrow = timezone.now() + dt.timedelta(days=1)
    return class_leave.ask_class_leave(
        enrollment=Enrollment.objects.get(),
        starts_at=tomorrow,
        ends_at=tomorrow + dt.timedelta(hours=3),
        reason="出差",
        actor=None,
    )


def test_a_slip_is_decided_once(tree, slip, race):
    zhao = make_zhao(tree)

    def work(number):
        return class_leave.decide_class_leave(
            leave=slip, approve=number % 2 == 0, actor=zhao, answer="已处理"
        ).status

    outcomes = race(work, THREADS)
    assert errors(outcomes) == []
    assert sum(isinstance(item, str) for item in outcomes) == 1
    slip.refresh_from_db()
    assert slip.status in outcomes


def test_control_without_the_lock_a_slip_is_decided_twice(tree, slip, race, meeting):
    point = meeting(THREADS)

    def careless(number):
        row = ClassLeave.objects.get(pk=slip.pk)
        point.wait()
        if not row.is_requested:
            return False
        row.status = ClassLeaveStatus.APPROVED if number % 2 else ClassLeaveStatus.REFUSED
        row.decided_at = timezone.now()
        row.save()
        return True

    assert race(careless, THREADS).count(True) == THREADS
