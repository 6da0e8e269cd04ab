"""Classes: quotas and waitlist, nomination and enrolment, their life, groups and certificates."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Reason, Refused
from enrollment import closing
from enrollment.actions import certificates
from enrollment.actions.archives import archive_class
from enrollment.actions.classes import (
    amend_class,
    complete_in_bulk,
    enrol,
    enrol_in_bulk,
    nominate,
    open_class,
    set_quota,
    set_quotas,
    transition,
    withdraw,
)
from enrollment.actions.groups import divide_into_groups, give_part
from enrollment.actions.people import depart
from enrollment.models import (
    Certificate,
    ClassStatus,
    Cohort,
    Enrollment,
    EnrollmentStatus,
    Quota,
    Trainee,
    TrainingClass,
)
from tests.factories.enrollment import ready_to_close, trainees, training_class

TODAY = timezone.localdate()
WEEK = dt.timedelta(days=7)


def refused_with(code):
    return pytest.raises(Refused, match=code)


def past_class(**details):
    return training_class(starts_on=TODAY - WEEK, **details)


# --- The class itself ------------------------------------------------------------------------------


def test_a_class_gets_the_next_number(db):
    first, second = training_class(), training_class()
    assert (first.code, second.code) == (f"{TODAY.year}-001", f"{TODAY.year}-002")
    assert first.status == ClassStatus.DRAFT


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"title": " "}, "class_title_missing"),
        ({"ends_on": TODAY - WEEK}, "class_dates_backward"),
        ({"capacity": 0}, "class_without_seats"),
        ({"code": "A"}, "class_code_taken"),
    ],
)
def test_what_a_class_must_be(db, details, code):
    training_class(code="A")
    values = {"title": "班", "starts_on": TODAY, "ends_on": TODAY, "actor": None} | details
    with refused_with(code) as refused:
        open_class(**values)
    assert refused.value.sentence
    assert TrainingClass.objects.count() == 1


def test_more_seats_promote_and_fewer_are_refused(soft):
    opened = training_class(capacity=2)
    enrol_in_bulk(training_class=opened, trainees=trainees(soft, 3), actor=None)
    amend_class(training_class=opened, actor=None, capacity=3)
    assert Enrollment.objects.filter(status=EnrollmentStatus.ENROLLED).count() == 3
    with refused_with("capacity_below_needed"):
        amend_class(training_class=opened, actor=None, capacity=2)


# --- Quotas and the waitlist -----------------------------------------------------------------------


def test_a_quota_of_five_and_a_withdrawal(soft, li):
    """Scenario 10: the sixth waits; a withdrawal moves it up."""
    opened = training_class(nominating=True)
    set_quota(training_class=opened, organization=soft, seats=5, actor=None)
    people = trainees(soft, 7)
    held = [nominate(training_class=opened, trainee=person, actor=li) for person in people]
    assert [one.status for one in held] == ["nominated"] * 5 + ["waitlisted"] * 2
    promoted = withdraw(enrollment=held[0], actor=li, reason="出差")
    assert [one.trainee for one in promoted] == [people[5]]
    assert promoted[0].status == EnrollmentStatus.NOMINATED
    assert Enrollment.objects.get(pk=held[6].pk).status == EnrollmentStatus.WAITLISTED


def test_a_park_has_a_quota_for_all_below(park, soft, li):
    opened = training_class(nominating=True)
    of_park = set_quota(training_class=opened, organization=park, seats=1, actor=None)
    of_soft = set_quota(training_class=opened, organization=soft, seats=1, actor=None)
    [person] = trainees(soft, 1)
    assert nominate(training_class=opened, trainee=person, actor=li).quota == of_soft
    assert of_park.enrollments.count() == 0


def test_what_quotas_refuse(soft, bio):
    opened = training_class(capacity=3)
    enrol(training_class=opened, trainee=trainees(soft, 1)[0], actor=None)
    with refused_with("quotas_above_capacity"):
        set_quotas(training_class=opened, seats={soft.pk: 2, bio.pk: 1}, actor=None)
    set_quota(training_class=opened, organization=bio, seats=2, actor=None)
    enrol_in_bulk(training_class=opened, trainees=trainees(bio, 2), actor=None)
    with refused_with("quota_below_taken"):
        set_quota(training_class=opened, organization=bio, seats=1, actor=None)


def test_a_quota_taken_away_frees_its_seats(soft, bio):
    opened = training_class(capacity=2)
    set_quota(training_class=opened, organization=bio, seats=1, actor=None)
    waiting = enrol_in_bulk(training_class=opened, trainees=trainees(soft, 2), actor=None)
    assert len(waiting.waitlisted) == 1
    assert set_quota(training_class=opened, organization=bio, seats=0, actor=None) is None
    assert not Quota.objects.exists()
    assert Enrollment.objects.filter(status=EnrollmentStatus.ENROLLED).count() == 2


# --- Nomination ------------------------------------------------------------------------------------


def test_what_nomination_refuses(soft, bio, li, zhao):
    [mine], [theirs] = trainees(soft, 1), trainees(bio, 1)
    with refused_with("class_not_nominating"):
        nominate(training_class=training_class(), trainee=mine, actor=li)
    opened = training_class(nominating=True, cohort=Cohort.objects.get(code="secretary"))
    set_quota(training_class=opened, organization=soft, seats=5, actor=None)
    with refused_with("not_in_scope"):
        nominate(training_class=opened, trainee=theirs, actor=li)
    with refused_with("wrong_cohort"):
        nominate(training_class=opened, trainee=mine, actor=li)
    anybody = training_class(nominating=True)
    with refused_with("no_quota"):
        nominate(training_class=anybody, trainee=mine, actor=zhao)
    gone = depart(trainee=mine, on=TODAY, actor=None)
    with refused_with("nominee_left"):
        nominate(training_class=anybody, trainee=gone, actor=zhao)


def test_nominating_twice_is_once(soft, li):
    opened = training_class(nominating=True)
    set_quota(training_class=opened, organization=soft, seats=5, actor=None)
    [person] = trainees(soft, 1)
    assert nominate(training_class=opened, trainee=person, actor=li) == nominate(
        training_class=opened, trainee=person, actor=li
    )


def test_the_academy_confirms(soft, li, zhao):
    opened = training_class(nominating=True)
    set_quota(training_class=opened, organization=soft, seats=1, actor=None)
    [person] = trainees(soft, 1)
    nominate(training_class=opened, trainee=person, actor=li)
    assert enrol(training_class=opened, trainee=person, actor=zhao).status == EnrollmentStatus.ENROLLED
    assert Enrollment.objects.count() == 1


# --- Enrolment -------------------------------------------------------------------------------------


def test_enrolling_and_coming_back(soft):
    opened = training_class()
    [person] = trainees(soft, 1)
    held = enrol(training_class=opened, trainee=person, actor=None)
    withdraw(enrollment=held, actor=None, reason="请假")
    with refused_with("not_in_class"):
        withdraw(enrollment=held, actor=None, reason="请假")
    back = enrol(training_class=opened, trainee=person, actor=None)
    assert (back.pk, back.status, back.note) == (held.pk, EnrollmentStatus.ENROLLED, "")


def test_a_withdrawal_needs_a_reason(soft):
    opened = training_class()
    held = enrol(training_class=opened, trainee=trainees(soft, 1)[0], actor=None)
    with refused_with("withdrawal_reason_missing"):
        withdraw(enrollment=held, actor=None, reason=" ")


def test_a_foreign_quota_is_refused(soft, bio):
    opened = training_class()
    quota = set_quota(training_class=opened, organization=bio, seats=1, actor=None)
    with refused_with("foreign_quota"):
        enrol(training_class=opened, trainee=trainees(soft, 1)[0], actor=None, quota=quota)


def test_many_at_once(soft):
    opened = training_class(capacity=4)
    people = trainees(soft, 6)
    result = enrol_in_bulk(training_class=opened, trainees=people, actor=None)
    assert (len(result.enrolled), len(result.waitlisted)) == (4, 2)
    again = enrol_in_bulk(training_class=opened, trainees=people[:4], actor=None)
    assert len(again.already) == 4


def test_bulk_queries_do_not_grow(soft):
    few, many = training_class(capacity=99), training_class(capacity=99)
    with CaptureQueriesContext(connection) as first:
        enrol_in_bulk(training_class=few, trainees=trainees(soft, 2), actor=None)
    people = trainees(soft, 40)
    with CaptureQueriesContext(connection) as second:
        enrol_in_bulk(training_class=many, trainees=people, actor=None)
    assert len(second) <= len(first)


# --- The life of a class ---------------------------------------------------------------------------


def test_the_whole_life(soft, li, zhao):
    opened = past_class(days=2)
    transition(training_class=opened, to="nominating", actor=zhao)
    set_quota(training_class=opened, organization=soft, seats=2, actor=zhao)
    people = trainees(soft, 3)
    for person in people:
        nominate(training_class=opened, trainee=person, actor=li)
    assert transition(training_class=opened, to="running", actor=zhao).status == ClassStatus.RUNNING
    assert Enrollment.objects.filter(status=EnrollmentStatus.ENROLLED).count() == 2
    ready_to_close(opened)
    transition(training_class=opened, to="closed", actor=zhao)
    assert Enrollment.objects.filter(status=EnrollmentStatus.COMPLETED).count() == 2
    assert Enrollment.objects.filter(status=EnrollmentStatus.WITHDRAWN).count() == 1
    with refused_with("class_not_open"):
        enrol(training_class=opened, trainee=people[2], actor=zhao)
    issued = certificates.issue_in_bulk(training_class=opened, actor=zhao)
    assert [one.number for one in issued] == [f"{opened.code}-0001", f"{opened.code}-0002"]
    with refused_with("has_certificates"):
        transition(training_class=opened, to="running", actor=zhao)
    with refused_with("class_not_sealed"):
        transition(training_class=opened, to="archived", actor=zhao)
    opened.refresh_from_db()
    archive_class(training_class=opened, actor=zhao, step=lambda _done, _whole: None)
    opened.refresh_from_db()
    assert opened.status == ClassStatus.ARCHIVED


def test_closing_asks_every_check(soft, zhao):
    opened = past_class(days=2)
    enrol(training_class=opened, trainee=trainees(soft, 1)[0], actor=None)
    transition(training_class=opened, to="running", actor=zhao)
    ready_to_close(opened)
    asked = []

    def no_survey(one):
        asked.append(one.pk)
        return [Reason("survey_missing", "The survey is missing.")]

    closing.register(no_survey)
    try:
        with refused_with("survey_missing") as refused:
            transition(training_class=opened, to="closed", actor=zhao)
    finally:
        closing._checks.remove(no_survey)
    assert asked == [opened.pk]
    assert refused.value.sentence == "The survey is missing."


def test_a_running_class_is_not_closed_before_its_end(soft, zhao):
    opened = training_class(days=5)
    enrol(training_class=opened, trainee=trainees(soft, 1)[0], actor=None)
    transition(training_class=opened, to="running", actor=zhao)
    with refused_with("class_not_over"):
        transition(training_class=opened, to="closed", actor=zhao)


def test_reopening(soft, zhao):
    opened = past_class(days=2)
    held = enrol(training_class=opened, trainee=trainees(soft, 1)[0], actor=None)
    transition(training_class=opened, to="running", actor=zhao)
    ready_to_close(opened)
    for status in ("closed", "running"):
        transition(training_class=opened, to=status, actor=zhao)
    held.refresh_from_db()
    assert held.status == EnrollmentStatus.ENROLLED


def test_cancelling_frees_everybody(soft, zhao):
    opened = training_class()
    enrol(training_class=opened, trainee=trainees(soft, 1)[0], actor=None)
    transition(training_class=opened, to="cancelled", actor=zhao)
    assert Enrollment.objects.get().status == EnrollmentStatus.WITHDRAWN


# --- Groups and certificates -----------------------------------------------------------------------


def test_groups_of_about_ten(soft, bio):
    opened = training_class(capacity=60)
    enrol_in_bulk(training_class=opened, trainees=trainees(soft, 12) + trainees(bio, 13), actor=None)
    assert divide_into_groups(training_class=opened, actor=None) == 3
    sizes = [Enrollment.objects.filter(group_number=number).count() for number in (1, 2, 3)]
    assert sorted(sizes) == [8, 8, 9]
    assert Enrollment.objects.filter(is_group_leader=True).count() == 3
    divide_into_groups(training_class=opened, actor=None)
    assert Enrollment.objects.filter(is_group_leader=True).count() == 3
    with refused_with("group_size"):
        divide_into_groups(training_class=opened, actor=None, size=1)


def test_a_group_has_one_leader_and_a_class_one_monitor(soft, chen, sign_in):
    opened = training_class(capacity=10, teacher=chen)
    enrol_in_bulk(training_class=opened, trainees=trainees(soft, 4), actor=None)
    divide_into_groups(training_class=opened, actor=None, size=2)
    first, second, third, _fourth = Enrollment.objects.order_by("group_number", "pk")

    def say(held, **changes):
        values = {"group": held.group_number, "is_leader": False, "is_monitor": False} | changes
        return give_part(enrollment=held, actor=chen, **values)

    for held in (first, second):
        say(held, is_leader=True, is_monitor=True)
    leading = Enrollment.objects.filter(group_number=1, is_group_leader=True)
    assert list(leading) == list(Enrollment.objects.filter(is_monitor=True)) == [second]
    # The other group keeps its leader; whoever moves there is one of it.
    say(third, group=1)
    assert Enrollment.objects.get(pk=third.pk).group_number == 1
    for changes, code in (
        ({"group": None, "is_leader": True}, "leader_without_group"),
        ({"group": 100}, "no_such_group"),
    ):
        with refused_with(code):
            say(first, **changes)
    withdraw(enrollment=first, actor=chen, reason="调岗")
    with refused_with("not_on_roster"):
        say(first)
    url = reverse("enrollment:class_roster", args=[opened.pk])
    sign_in(user=chen).post(url, {"do": "part", "enrollment": third.pk, "group": "2", "is_monitor": "1"})
    third.refresh_from_db()
    assert (third.group_number, third.is_monitor) == (2, True)
    assert Enrollment.objects.filter(is_monitor=True).count() == 1


def test_a_class_that_is_over_keeps_its_groups(soft, zhao):
    opened = training_class(starts_on=dt.date.today() - dt.timedelta(days=9), days=2)
    enrol_in_bulk(training_class=opened, trainees=trainees(soft, 2), actor=None)
    transition(training_class=opened, to="running", actor=zhao)
    transition(training_class=ready_to_close(opened), to="closed", actor=zhao)
    with refused_with("class_not_open"):
        divide_into_groups(training_class=opened, actor=zhao)
    with refused_with("class_not_open"):
        give_part(
            enrollment=Enrollment.objects.first(), group=1, is_leader=False, is_monitor=True, actor=zhao
        )


def test_a_certificate_is_issued_once_and_revoked_with_a_reason(soft, zhao):
    opened = training_class()
    held = enrol(training_class=opened, trainee=trainees(soft, 1)[0], actor=None)
    with refused_with("not_completed"):
        certificates.issue(enrollment=held, actor=zhao)
    complete_in_bulk(training_class=opened, enrollments=[held], actor=zhao)
    first = certificates.issue(enrollment=held, actor=zhao)
    assert certificates.issue(enrollment=held, actor=zhao) == first
    assert len(first.verification_code) == 16
    with refused_with("revocation_reason_missing"):
        certificates.revoke(certificate=first, actor=zhao, reason="")
    certificates.revoke(certificate=first, actor=zhao, reason="信息有误")
    with refused_with("certificate_revoked"):
        certificates.revoke(certificate=first, actor=zhao, reason="信息有误")
    assert Certificate.objects.count() == 1
    held.refresh_from_db()
    with refused_with("already_completed"):
        withdraw(enrollment=held, actor=zhao, reason="退班")


def test_whom_a_class_is_shown_to(soft, bio, everyone):
    opened = training_class(nominating=True, teacher=everyone["chen"])
    set_quota(training_class=opened, organization=soft, seats=2, actor=None)
    nominate(training_class=opened, trainee=Trainee.objects.get(user=everyone["zhang"]), actor=everyone["li"])
    seen = {name for name, user in everyone.items() if TrainingClass.objects.visible_to(user).exists()}
    assert seen == {"li", "zhang", "chen", "zhao", "zhou"}
    managed = {name for name, user in everyone.items() if TrainingClass.objects.manageable_by(user).exists()}
    assert managed == {"chen", "zhao"}
