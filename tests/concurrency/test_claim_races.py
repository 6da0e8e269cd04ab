"""Races about claims, checks and exemptions; and twenty processes that credit the same evidence."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import DatabaseError, connections
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.branch import check_activity, draw_activity, record_activity
from enrollment.actions.claims import decide, propose_adjustment, send_training, withdraw_claim
from enrollment.actions.exemptions import exempt
from enrollment.actions.roles import grant_role
from enrollment.actions.verification import verify
from enrollment.evidence import EvidenceFile
from enrollment.models import (
    BranchActivity,
    Exemption,
    ExternalTraining,
    HourAdjustment,
    HourEntry,
    Role,
    Standing,
    User,
)
from tests.factories.enrollment import trainees
from tests.people import make_li, make_zhang, plant

pytestmark = pytest.mark.race

ROOT = Path(__file__).resolve().parents[2]
YEAR = timezone.localdate().year
NINE = timezone.make_aware(dt.datetime(YEAR, 3, 3, 9))
THREADS = 6
PROCESSES = 20


@pytest.fixture
def tree(race_db):
    return plant()


@pytest.fixture
def administrators(tree):
    """Several, each of whom may decide."""
    made = [User.objects.create_user(f"admin{number}", password="x") for number in range(THREADS)]
    for user in made:
        grant_role(user=user, role=Role.ADMINISTRATOR)
    return list(User.objects.filter(pk__in=[user.pk for user in made]).order_by("pk"))


def agrees():
    verdict = verify()
    assert verdict.agrees, [str(difference) for difference in verdict.differences]


def codes(outcomes):
    return Counter(outcome.code if isinstance(outcome, Refused) else "done" for outcome in outcomes)


def proposed(tree, by):
    [person] = trainees(tree.soft, 1)
    return propose_adjustment(
        trainee=person, title="补录", reason="旧系统", year=YEAR, quarters=8, submission_key="one", actor=by
    )


# --- Claims -----------------------------------------------------------------------------------------


def test_a_claim_is_decided_once(tree, administrators, race):
    claim = proposed(tree, make_li(tree))
    outcomes = race(lambda n: decide(claim=claim, actor=administrators[n], approve=True).pk, THREADS)
    assert codes(outcomes) == {"done": 1, "claim_not_waiting": THREADS - 1}
    assert HourEntry.objects.count() == 1
    agrees()


def test_control_without_the_lock_everybody_decides(tree, administrators, race, meeting):
    claim = proposed(tree, make_li(tree))
    point = meeting(THREADS)

    def careless(number):
        waits = HourAdjustment.objects.get(pk=claim.pk).is_open
        point.wait()
        if waits:
            HourAdjustment.objects.filter(pk=claim.pk).update(
                status="approved", decided_by=administrators[number], decided_at=timezone.now()
            )
        return waits

    assert race(careless, THREADS) == [True] * THREADS


def test_approved_and_taken_back_at_once_the_hours_say_what_the_claim_says(tree, administrators, race):
    claim = proposed(tree, make_li(tree))

    def work(number):
        if number % 2:
            return withdraw_claim(claim=claim, actor=administrators[number], reason="有误").pk
        return decide(claim=claim, actor=administrators[number], approve=True).pk

    outcomes = race(work, THREADS)
    assert not [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, Refused)]
    claim.refresh_from_db()
    assert claim.status == "withdrawn"
    assert not HourEntry.objects.standing().exists()
    agrees()


def test_the_same_training_sent_many_times_is_kept_once(tree, race):
    zhang = make_zhang(tree)

    def send(number):
        return send_training(
            trainee=zhang.trainee,
            title="轮训",
            organizer="区委党校",
            starts_at=NINE,
            ends_at=NINE + dt.timedelta(hours=8),
            unit="day",
            amount=Decimal(1),
            evidence=EvidenceFile("pdf", "the same", b"%PDF-1.4 %%EOF"),
            evidence_name="证明.pdf",
            submission_key=f"form-{number}",
            actor=zhang,
        ).pk

    assert codes(race(send, THREADS)) == {"done": 1, "evidence_sent_before": THREADS - 1}
    assert ExternalTraining.objects.count() == 1


# --- Checks and exemptions ----------------------------------------------------------------------------


def test_a_check_is_settled_once(tree, administrators, race):
    people = trainees(tree.soft, 3)
    activity = record_activity(
        organization=tree.soft,
        form="theme_day",
        title="主题党日",
        starts_at=NINE,
        ends_at=NINE + dt.timedelta(hours=2),
        attendees=people,
        submission_key="k",
        actor=make_li(tree),
    )
    if activity.check_state == "":
        draw_activity(activity=activity, actor=administrators[0])
    outcomes = race(
        lambda n: (
            check_activity(activity=activity, actor=administrators[n], passed=False, findings="未举行").pk
        ),
        THREADS,
    )
    assert codes(outcomes) == {"done": 1, "activity_not_waiting": THREADS - 1}
    assert HourEntry.objects.count() == 6
    assert BranchActivity.objects.get().check_state == "finding"
    agrees()


def given(person):
    return exempt(trainee=person, ground="age", reason="高龄", starts_on=dt.date(YEAR, 2, 1), actor=None).pk


def test_overlapping_exemptions_leave_one(tree, race):
    [person] = trainees(tree.soft, 1)
    outcomes = race(lambda _n: given(person), THREADS)
    assert codes(outcomes) == {"done": 1, "exemption_overlaps": THREADS - 1}
    assert Exemption.objects.count() == 1
    agrees()


def test_control_without_the_lock_the_database_refuses(tree, race, meeting):
    """Check and write apart: nobody is told why, and only the constraint holds."""
    [person] = trainees(tree.soft, 1)
    point = meeting(THREADS)

    def careless(number):
        is_free = not Exemption.objects.filter(trainee=person).exists()
        point.wait()
        if is_free:
            Exemption.objects.create(
                trainee=person, ground="age", reason="高龄", starts_on=dt.date(YEAR, 2, 1 + number)
            )

    outcomes = race(careless, THREADS)
    assert sum(isinstance(outcome, DatabaseError) for outcome in outcomes) == THREADS - 1
    assert Exemption.objects.count() == 1


# --- Processes ----------------------------------------------------------------------------------------


def crowd(person, number, way):
    """Let processes credit the same evidence at once; the entries they were given."""
    name = str(connections["default"].settings_dict["NAME"])
    program = [sys.executable, "-m", "tests.concurrency.crediting_processes"]
    done = subprocess.run(
        [*program, name, str(person.pk), str(number), way],
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        timeout=240,
    )
    return json.loads(done.stdout)


def test_twenty_processes_credit_the_same_evidence_once(tree):
    [person] = trainees(tree.soft, 1)
    given_entries = crowd(person, PROCESSES, "carefully")
    assert len(given_entries) == PROCESSES
    assert set(given_entries) == {HourEntry.objects.get().pk}, "all of them were given the one entry"
    assert Standing.objects.get(trainee=person).earned_quarters == 8
    agrees()


def test_control_processes_that_look_and_then_write_count_it_several_times(tree):
    [person] = trainees(tree.soft, 1)
    assert len(set(crowd(person, 4, "carelessly"))) == 4
    assert HourEntry.objects.count() == 4
    assert not verify().agrees
