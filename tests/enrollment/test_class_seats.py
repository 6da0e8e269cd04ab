"""Seats of a class, kept by the database too: no quota and no class ever holds more people than seats."""

from __future__ import annotations

import importlib

import pytest
from django.db import IntegrityError, transaction

from cms.refusals import Refused
from enrollment.actions import classes
from enrollment.actions.classes import joining, life, quotas
from enrollment.models import SEATED_STATUSES, Enrollment, Quota, TrainingClass
from enrollment.rules import capacity
from enrollment.rules.capacity import QuotaSeats, SeatPlan
from tests.factories.enrollment import trainees, training_class

#: A plan that knows of no limit, as one that was read before others wrote.
MANY = 1000


@pytest.fixture
def full(tree):
    """A class of four seats, two of them SOFT's, both taken; one more is taken without a quota, one waits."""
    opened = training_class(capacity=4)
    classes.set_quota(training_class=opened, organization=tree.soft, seats=2, actor=None)
    classes.transition(training_class=opened, to="nominating", actor=None)
    for person in trainees(tree.soft, 3):
        classes.nominate(training_class=opened, trainee=person, actor=None)
    [guest] = trainees(tree.bio, 1)
    classes.enrol(training_class=opened, trainee=guest, actor=None)
    return opened


def raw(case, opened, tree):
    """Writes that no action makes."""
    quota = Quota.objects.get()
    waiting = Enrollment.objects.filter(status="waitlisted")
    if case == "one more under the quota":
        [person] = trainees(tree.soft, 1)
        Enrollment.objects.create(training_class=opened, trainee=person, quota=quota)
    elif case == "up from the waitlist":
        waiting.update(status="enrolled")
    elif case == "over from no quota":
        Enrollment.objects.filter(quota=None).update(quota=quota)
    elif case == "two more in the class":
        for person in trainees(tree.bio, 2):
            Enrollment.objects.create(training_class=opened, trainee=person, status="enrolled")
    elif case == "a smaller quota":
        Quota.objects.update(seats=1)
    elif case == "a larger quota":
        Quota.objects.update(seats=5)
    elif case == "another quota":
        Quota.objects.create(training_class=opened, organization=tree.bio, seats=3)
    else:
        TrainingClass.objects.filter(pk=opened.pk).update(capacity=2)


@pytest.mark.parametrize(
    ("case", "constraint"),
    [
        ("one more under the quota", "enrollment_enrollment_within_quota"),
        ("up from the waitlist", "enrollment_enrollment_within_quota"),
        ("over from no quota", "enrollment_enrollment_within_quota"),
        ("two more in the class", "enrollment_enrollment_within_class"),
        ("a smaller quota", "enrollment_quota_covers_taken"),
        ("a larger quota", "enrollment_quota_within_class"),
        ("another quota", "enrollment_quota_within_class"),
        ("a smaller class", "enrollment_trainingclass_covers_seats"),
    ],
)
def test_the_database_refuses_it_by_name(full, tree, case, constraint):
    before = list(Enrollment.objects.order_by("pk").values_list("pk", "status", "quota"))
    with pytest.raises(IntegrityError, match=constraint) as refused, transaction.atomic():
        raw(case, full, tree)
    assert str(capacity.overrun(str(refused.value)))
    assert list(Enrollment.objects.order_by("pk").values_list("pk", "status", "quota")) == before


def test_what_is_allowed_stays_allowed(full, tree):
    """A seat is given back and taken; the nominated are enrolled; a class is called off."""
    held = Enrollment.objects.filter(status="nominated").first()
    promoted = classes.withdraw(enrollment=held, actor=None, reason="出差")
    assert [one.status for one in promoted] == ["enrolled"]
    classes.transition(training_class=full, to="running", actor=None)
    assert Enrollment.objects.filter(quota__isnull=False, status="enrolled").count() == 2
    classes.transition(training_class=full, to="cancelled", actor=None)
    assert not Enrollment.objects.seated().exists()


def test_seats_go_from_one_quota_to_another_in_whatever_order(tree):
    opened = training_class(capacity=10)
    first, second = sorted([tree.soft.pk, tree.bio.pk])
    classes.set_quotas(training_class=opened, seats={first: 2, second: 8}, actor=None)
    classes.set_quotas(training_class=opened, seats={first: 8, second: 2}, actor=None)
    classes.set_quotas(training_class=opened, seats={first: 2, second: 8}, actor=None)
    assert dict(Quota.objects.values_list("organization", "seats")) == {first: 2, second: 8}


def test_where_the_rule_was_deceived_the_sentence_is_still_said(full, tree, monkeypatch):
    """As when somebody wrote without holding the class: the rule sees free seats, the database does not."""
    quota = Quota.objects.get()

    def plan(_row):
        return SeatPlan(2 * MANY, {quota.pk: QuotaSeats(MANY)})

    for module in (joining, quotas):
        monkeypatch.setattr(module, "seat_plan", plan)
    [member], [guest] = trainees(tree.soft, 1), trainees(tree.bio, 1)
    with pytest.raises(Refused, match="quota_full_meanwhile"):
        classes.nominate(training_class=full, trainee=member, actor=None)
    classes.enrol(training_class=full, trainee=guest, actor=None)
    with pytest.raises(Refused, match="class_full_meanwhile"):
        classes.enrol(training_class=full, trainee=trainees(tree.make, 1)[0], actor=None)
    monkeypatch.setattr(life, "seat_plan", lambda _row: SeatPlan(MANY))
    with pytest.raises(Refused, match="seats_given_meanwhile"):
        classes.amend_class(training_class=full, actor=None, capacity=3)
    monkeypatch.setattr(capacity, "quota_refusals", lambda **_: ())
    with pytest.raises(Refused, match="quota_taken_meanwhile"):
        classes.set_quotas(training_class=full, seats={tree.soft.pk: 1}, actor=None)
    with pytest.raises(Refused, match="quotas_given_meanwhile"):
        classes.set_quotas(training_class=full, seats={tree.bio.pk: 3}, actor=None)


def test_the_database_knows_which_statuses_hold_a_seat():
    guards = importlib.import_module("enrollment.migrations.0028_seats_guarded")
    assert set(guards.SEATED) == set(SEATED_STATUSES)
    names = {name for *_rest, name in guards.SQLITE.values()}
    assert names == set(capacity.OVERRUN)
