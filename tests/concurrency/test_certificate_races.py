"""Races about certificates and proofs: numbers follow each other, one takes another's place once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.certificates import issue_in_bulk, reissue
from enrollment.actions.people import admit
from enrollment.actions.proofs import issue_proof
from enrollment.models import Certificate, Enrollment, EnrollmentStatus, ProofKind, StudyProof, User
from tests.factories.enrollment import credited, trainees, training_class
from tests.people import plant

pytestmark = pytest.mark.race

THREADS = 8


@pytest.fixture
def completed(race_db):
    tree = plant()
    one = training_class(title="示例班")
    for person in trainees(tree.soft, THREADS):
        Enrollment.objects.create(training_class=one, trainee=person, status=EnrollmentStatus.COMPLETED)
    return one


def test_numbers_follow_each_other_whoever_issues_them(completed, race):
    people = list(Enrollment.objects.order_by("pk"))

    def work(number):
        issued = issue_in_bulk(training_class=completed, enrollments=[people[number]], actor=None)
        return issued[0].number

    numbers = race(work, THREADS)
    assert sorted(numbers) == [f"{completed.code}-{number:04d}" for number in range(1, THREADS + 1)]


def test_one_takes_the_place_of_another_once(completed, race):
    first = issue_in_bulk(training_class=completed, actor=None)[0]
    outcomes = race(lambda _number: reissue(certificate=first, actor=None, reason="更名").number, THREADS)
    assert [one for one in outcomes if isinstance(one, str)] == [f"{completed.code}-{THREADS + 1:04d}"]
    refused = [one for one in outcomes if isinstance(one, Refused)]
    assert len(refused) == THREADS - 1
    assert {one.code for one in refused} == {"certificate_replaced"}
    assert Certificate.objects.in_force().count() == THREADS


def test_control_without_the_lock_both_take_the_same_number(completed, race, meeting):
    """Counting and writing parted: two find the same next number, and one of them meets the constraint."""
    people = list(Enrollment.objects.order_by("pk")[:2])
    counted = meeting(2)

    def work(number):
        held = people[number]
        ours = Certificate.objects.filter(training_class=completed).count() + 1
        counted.wait()
        with transaction.atomic():
            return Certificate.objects.create(
                number=f"{completed.code}-{ours:04d}",
                verification_code=f"CODE{number}",
                training_class=completed,
                enrollment=held,
                template_id=1,
            ).number

    outcomes = race(work, 2)
    assert len([one for one in outcomes if isinstance(one, IntegrityError)]) == 1


def test_one_set_of_figures_has_one_proof(race_db, race):
    tree = plant()
    actor = User.objects.create_user("zhang", password="Academy-test-2026", name="张学员")
    trainee = admit(name="张学员", organization=tree.soft, actor=None, started_on=dt.date(2020, 1, 1))
    credited(trainee, 4)
    year = timezone.localdate().year

    def work(_number):
        return issue_proof(trainee=trainee, kind=ProofKind.YEAR, year=year, day_year=year, actor=actor).number

    assert len(set(race(work, THREADS))) == 1
    assert StudyProof.objects.count() == 1
