"""Races about training classes: quotas, leave and numbers of notices; a control without the lock for each."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError
from django.db.models import Max, Sum
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions import archives, class_leave, classes, needs, notices, plans
from enrollment.actions.closing_checklist import tick_items
from enrollment.actions.needs import Asked
from enrollment.models import (
    ClassArchive,
    ClassLeave,
    ClassLeaveStatus,
    ClassNotice,
    ClosingTick,
    Enrollment,
    NeedField,
    PlanEntry,
    Quota,
    TrainingClass,
    TrainingNeed,
)
from enrollment.rules import archive as archive_rules
from enrollment.rules import capacity
from tests.factories.enrollment import branches, ready_to_close, trainees, training_class
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


def test_control_without_the_lock_only_the_database_keeps_quotas_within_the_class(tree, race, meeting):
    opened = training_class(capacity=10)
    places = branches(tree.park_a, THREADS)
    point = meeting(THREADS)

    def careless(number):
        given = dict(Quota.objects.filter(training_class=opened).values_list("organization_id", "seats"))
        against = capacity.quota_refusals(
            capacity=10, taken_without_quota=0, seats=given | {places[number].pk: 3}, taken={}
        )
        point.wait()
        assert not against
        Quota.objects.create(training_class=opened, organization=places[number], seats=3)

    outcomes = race(careless, THREADS)
    refused = [one for one in outcomes if isinstance(one, IntegrityError)]
    assert [capacity.overrun(str(one)).code for one in refused] == ["quotas_given_meanwhile"] * (THREADS - 3)
    assert Quota.objects.aggregate(seats=Sum("seats"))["seats"] == 9


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


def test_control_without_the_lock_only_the_database_keeps_people_within_a_quota(tree, race, meeting):
    opened = training_class(capacity=50)
    quota = classes.set_quota(training_class=opened, organization=tree.park_a, seats=3, actor=None)
    people = trainees(tree.soft, THREADS // 2) + trainees(tree.make, THREADS // 2)
    point = meeting(THREADS)

    def careless(number):
        assert classes.seat_plan(opened).free_for(quota.pk) == 3
        point.wait()
        Enrollment.objects.create(training_class=opened, trainee=people[number], quota=quota)

    outcomes = race(careless, THREADS)
    refused = [one for one in outcomes if isinstance(one, IntegrityError)]
    assert {capacity.overrun(str(one)).code for one in refused} == {"quota_full_meanwhile"}
    assert Enrollment.objects.filter(quota=quota).seated().count() == 3


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


# --- Numbers of notices ------------------------------------------------------------------------------


def test_classes_that_publish_at_once_get_different_numbers(tree, race):
    zhao = make_zhao(tree)
    begun = [
        notices.begin_notice(training_class=training_class(title=f"第{number}班"), actor=zhao)
        for number in range(THREADS)
    ]
    outcomes = race(lambda n: notices.publish_notice(notice=begun[n], actor=zhao).serial, THREADS)
    assert errors(outcomes) == []
    assert sorted(outcomes) == list(range(1, THREADS + 1))


def test_control_who_reads_the_last_number_alone_takes_one_twice(tree, race, meeting):
    zhao = make_zhao(tree)
    begun = [
        notices.begin_notice(training_class=training_class(title=f"第{number}班"), actor=zhao)
        for number in range(THREADS)
    ]
    point = meeting(THREADS)

    def careless(number):
        last = ClassNotice.objects.aggregate(last=Max("serial"))["last"] or 0
        point.wait()
        # Without an agency in the number the constraint does not compare.
        ClassNotice.objects.filter(pk=begun[number].pk).update(serial=last + 1)
        return last + 1

    assert set(race(careless, THREADS)) == {1}


# --- The closing checklist ---------------------------------------------------------------------------


@pytest.fixture
def running(tree):
    opened = training_class()
    classes.enrol_in_bulk(training_class=opened, trainees=trainees(tree.soft, 1), actor=None)
    return classes.transition(training_class=opened, to="running", actor=None)


def test_one_item_is_vouched_for_once(running, race):
    def work(number):
        return tick_items(training_class=running, notes={"notice": f"第{number}次"}, actor=None)

    assert sorted(race(work, THREADS)) == [0] * (THREADS - 1) + [1]


def test_control_without_the_lock_everybody_finds_it_open(running, race, meeting):
    point = meeting(THREADS)

    def careless(number):
        is_open = not ClosingTick.objects.filter(training_class=running, code="notice").exists()
        point.wait()
        if is_open:
            ClosingTick.objects.create(
                training_class=running, code="notice", note=str(number), ticked_at=timezone.now()
            )

    outcomes = race(careless, THREADS)
    assert sum(isinstance(item, IntegrityError) for item in outcomes) == THREADS - 1


# --- Plans and needs ---------------------------------------------------------------------------------


@pytest.fixture
def planned(tree):
    zhao = make_zhao(tree)
    plan = plans.begin_plan(year=timezone.localdate().year, actor=zhao)
    entry = plans.save_entry(plan=plan, title="书记班", month=1, days=1, seats=9, actor=zhao)
    plans.move_plan(plan=plan, to="approved", actor=zhao)
    return entry, zhao


def test_an_entry_becomes_one_class(planned, race):
    entry, zhao = planned
    outcomes = race(lambda _n: plans.open_from_entry(entry=entry, actor=zhao).pk, THREADS)
    assert errors(outcomes) == []
    assert sum(isinstance(item, int) for item in outcomes) == 1
    assert TrainingClass.objects.count() == 1


def test_control_without_the_lock_an_entry_becomes_several(planned, race, meeting):
    entry, _zhao = planned
    point = meeting(THREADS)

    def careless(number):
        kept = PlanEntry.objects.get(pk=entry.pk)
        point.wait()
        if kept.training_class_id is None:
            kept.training_class = training_class(code=f"R-{number}")
            kept.save()

    race(careless, THREADS)
    assert TrainingClass.objects.count() == THREADS


@pytest.fixture
def asked(tree):
    zhao = make_zhao(tree)
    today = timezone.localdate()
    survey = needs.hold_survey(year=today.year, opens_on=today, closes_on=today, actor=zhao)
    rows = [Asked(NeedField.objects.all()[0], f"需求{number}", tree.soft) for number in range(3)]
    return needs.record_needs(survey=survey, rows=rows, actor=zhao, at=timezone.now()), zhao


def test_a_need_is_closed_or_merged_once(asked, race):
    rows, zhao = asked

    def work(number):
        if number % 2:
            return needs.merge_needs(needs=rows[:2], actor=zhao).pk
        return needs.close_needs(needs=[rows[1]], kind="text", text=f"答复{number}", actor=zhao)[0].pk

    outcomes = race(work, THREADS)
    assert errors(outcomes) == []
    assert sum(isinstance(item, int) for item in outcomes) == 1
    rows[1].refresh_from_db()
    assert rows[1].status in {"closed", "merged"}


def test_control_without_the_lock_a_need_is_closed_twice(asked, race, meeting):
    rows, _zhao = asked
    point = meeting(THREADS)

    def careless(number):
        row = TrainingNeed.objects.get(pk=rows[1].pk)
        point.wait()
        if row.status != "open":
            return False
        row.status, row.answer_kind, row.closed_at = "closed", "text", timezone.now()
        row.save()
        return True

    assert race(careless, THREADS).count(True) == THREADS


# --- The archive -------------------------------------------------------------------------------------


@pytest.fixture
def closed(tree, running):
    ended = timezone.localdate() - dt.timedelta(days=1)
    TrainingClass.objects.filter(pk=running.pk).update(starts_on=ended, ends_on=ended)
    return classes.transition(training_class=ready_to_close(running), to="closed", actor=None)


def packed_twice(closed):
    return [archives.pack(training_class=closed, step=lambda _done, _whole: None) for _ in range(THREADS)]


def test_a_class_is_sealed_once(closed, race):
    packed = packed_twice(closed)
    outcomes = race(lambda n: archives.seal(training_class=closed, packed=packed[n], actor=None).pk, THREADS)
    assert errors(outcomes) == []
    assert {item.code for item in outcomes if isinstance(item, Refused)} == {"archive_not_closed"}
    assert ClassArchive.objects.count() == 1


def test_control_without_the_lock_a_change_slips_in_before_the_seal(closed, race, meeting):
    """The records are compared, then somebody changes them, then the seal is set on what was before."""
    [packed, *_others] = packed_twice(closed)
    point = meeting(2)

    def careless(number):
        if number:
            point.wait()
            Enrollment.objects.filter(training_class=closed).update(note="改动")
            point.wait()
            return None
        said = archive_rules.digests_in(packed.manifest)
        assert not archive_rules.record_differences(said, archives.record_digests(closed))
        point.wait()
        point.wait()
        ClassArchive.objects.create(
            training_class=closed,
            file="x",
            size=1,
            manifest=packed.manifest.decode(),
            digest=archive_rules.digest(packed.manifest),
            sealed_at=packed.sealed_at,
        )
        return True

    assert errors(race(careless, 2)) == []
    assert archives.verify_records(ClassArchive.objects.get()) != []
