"""Whom a class is for, seats by formula, presence that is too little, and leave."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Refused
from enrollment import presence
from enrollment.actions import class_leave, classes
from enrollment.actions.class_terms import set_terms
from enrollment.models import (
    ClassLeave,
    ClassLeaveStatus,
    Cohort,
    EnrollmentStatus,
    Message,
    Quota,
)
from enrollment.reports_classes import proposed_withdrawals, quota_proposal
from enrollment.rules import class_policy as policy
from enrollment.rules.class_policy import AbsencePolicy, Tally, passes_limit
from enrollment.rules.class_policy import proposed_withdrawals as proposed
from enrollment.rules.eligibility import Terms, refusals
from tests.factories.enrollment import branches, trainees, training_class

TODAY = timezone.localdate()


def terms(opened, **changes):
    values = {
        "cohorts": [],
        "organizations": [],
        "absence_limit_percent": None,
        "leave_counts_as_absence": False,
        "actor": None,
    }
    return set_terms(training_class=opened, **(values | changes))


def at(hour, days=0):
    day = TODAY + dt.timedelta(days=days)
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))


# --- Whom a class is for -----------------------------------------------------------------------------


def test_terms_are_read_in_words():
    open_to_all = Terms()
    assert open_to_all.is_open
    assert refusals(open_to_all, cohort="member", path="0001") == ()
    narrow = Terms({"secretary": "书记"}, {"00010001": "软件园区"})
    assert refusals(narrow, cohort="secretary", path="000100010002") == ()
    both = refusals(narrow, cohort="member", path="00010002")
    assert [reason.code for reason in both] == ["wrong_cohort", "wrong_place"]
    assert "书记" in str(both[0])
    assert "软件园区" in str(both[1])


def test_a_nomination_keeps_to_cohorts_and_places(tree, soft, bio, wang, zhang):
    opened = training_class(nominating=True, cohort=Cohort.objects.get(code="secretary"))
    classes.set_quotas(training_class=opened, seats={soft.pk: 5, bio.pk: 5}, actor=None)
    with pytest.raises(Refused, match="wrong_cohort"):
        classes.nominate(training_class=opened, trainee=zhang.trainee, actor=None)
    terms(opened, cohorts=[Cohort.objects.get(code="member")])
    assert classes.nominate(training_class=opened, trainee=zhang.trainee, actor=None)
    terms(opened, organizations=[tree.park_b])
    with pytest.raises(Refused, match="wrong_place"):
        classes.nominate(training_class=opened, trainee=wang.trainee, actor=None)


def test_who_is_not_eligible_reads_why(tree, soft, zhang, li, sign_in):
    opened = training_class(nominating=True, cohort=Cohort.objects.get(code="secretary"))
    classes.set_quota(training_class=opened, organization=soft, seats=5, actor=None)
    page = sign_in(user=zhang).get(reverse("enrollment:class_open")).content.decode()
    assert "您不符合" in page
    [row] = (
        sign_in(user=li)
        .get(reverse("portal:workbench_class", args=[opened.pk]), {"q": "张学员"})
        .context["found"]
    )
    assert [reason.code for reason in row["reasons"]] == ["wrong_cohort"]


# --- Seats by formula --------------------------------------------------------------------------------


def test_seats_follow_people_of_the_cohort(tree, soft, bio):
    trainees(soft, 6)
    trainees(tree.make, 3)
    trainees(bio, 9)
    trainees(bio, 5, post="secretary")
    opened = training_class(capacity=9, cohort=Cohort.objects.get(code="member"))
    by_park = quota_proposal(opened, level="park", minimum_one=True)
    assert [(row.organization.code, row.people, row.proposed) for row in by_park] == [
        ("PARK-A", 9, 5),
        ("PARK-B", 9, 4),
    ]
    by_branch = quota_proposal(opened, level="organization", minimum_one=True, seats=6)
    assert {row.organization.code: row.proposed for row in by_branch} == {"SOFT": 2, "MAKE": 1, "BIO": 3}
    terms(opened, organizations=[tree.park_a])
    assert {row.organization.code for row in quota_proposal(opened, level="park", minimum_one=True)} == {
        "PARK-A"
    }


def test_a_proposal_keeps_what_is_taken(tree, soft, bio):
    people = trainees(soft, 2)
    trainees(bio, 50)
    opened = training_class(capacity=4)
    classes.set_quota(training_class=opened, organization=soft, seats=3, actor=None)
    classes.enrol_in_bulk(training_class=opened, trainees=people, actor=None)
    rows = {row.organization.code: row for row in quota_proposal(opened, level="park", minimum_one=False)}
    assert (rows["SOFT"].proposed, rows["SOFT"].taken) == (2, 2)
    assert sum(row.proposed for row in rows.values()) == 4


def test_the_table_is_saved_at_once_or_not_at_all(soft, bio, zhao, sign_in):
    opened = training_class(capacity=10)
    classes.set_quota(training_class=opened, organization=soft, seats=2, actor=None)
    url = reverse("enrollment:class_quotas", args=[opened.pk])
    client = sign_in(user=zhao)
    refused = client.post(url, {f"seats-{soft.pk}": "8", "more_organization": "BIO", "more_seats": "3"})
    assert refused.status_code == 422
    assert {row.organization.code: row.shown for row in refused.context["rows"]}["SOFT"] == 8
    assert dict(Quota.objects.values_list("organization__code", "seats")) == {"SOFT": 2}
    assert client.post(url, {f"seats-{soft.pk}": "x"}).status_code == 422
    assert client.post(url, {"more_organization": "无此组织", "more_seats": "1"}).status_code == 422
    saved = client.post(url, {f"seats-{soft.pk}": "7", "more_organization": "BIO", "more_seats": "3"})
    assert saved.status_code == 302
    assert dict(Quota.objects.values_list("organization__code", "seats")) == {"SOFT": 7, "BIO": 3}
    client.post(url, {f"seats-{soft.pk}": "0"})
    assert dict(Quota.objects.values_list("organization__code", "seats")) == {"BIO": 3}


def test_the_tables_queries_do_not_grow(park, zhao, sign_in):
    opened = training_class(capacity=200)
    client = sign_in(user=zhao)
    url = reverse("enrollment:class_quotas", args=[opened.pk])

    def cost(number):
        for branch in branches(park, number):
            trainees(branch, 2)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert len(client.get(url, {"level": "organization"}).context["rows"]) >= number
        return len(captured)

    client.get(url, {"level": "organization"})
    assert cost(2) == cost(12)


# --- Presence ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tally", "policy", "is_past"),
    [
        (Tally(10, absent=3), AbsencePolicy(30), True),
        (Tally(10, absent=2, on_leave=5), AbsencePolicy(30), False),
        (Tally(10, absent=2, on_leave=5), AbsencePolicy(30, counts_leave=True), True),
        (Tally(10, absent=10), AbsencePolicy(None), False),
        (Tally(), AbsencePolicy(1), False),
    ],
)
def test_the_share_of_absence(tally, policy, is_past):
    assert passes_limit(tally, policy) is is_past


def test_who_missed_most_is_named_first():
    tallies = {1: Tally(10, absent=3), 2: Tally(10, absent=6), 3: Tally(10)}
    assert proposed(tallies, AbsencePolicy(30)) == [2, 1]


def test_withdrawal_is_proposed_and_not_done(soft, chen, sign_in, monkeypatch):
    person, other = trainees(soft, 2)
    opened = training_class(teacher=chen)
    classes.enrol_in_bulk(training_class=opened, trainees=[person, other], actor=None)
    classes.transition(training_class=opened, to="running", actor=None)
    monkeypatch.setattr(
        presence, "_readers", [lambda _c: {person.pk: Tally(8, absent=3), other.pk: Tally(8)}]
    )
    assert proposed_withdrawals(opened) == []
    opened = terms(opened, absence_limit_percent=30)
    [found] = proposed_withdrawals(opened)
    assert (found.enrollment.trainee, found.missed, found.percent) == (person, 3, 37)
    page = sign_in(user=chen).get(reverse("enrollment:class_page", args=[opened.pk]))
    assert [row.enrollment.trainee for row in page.context["withdrawals"]] == [person]
    assert set(opened.enrollments.values_list("status", flat=True)) == {EnrollmentStatus.ENROLLED}


# --- Leave -------------------------------------------------------------------------------------------


@pytest.fixture
def running(zhang, wang, chen):
    opened = training_class(teacher=chen)
    classes.enrol_in_bulk(training_class=opened, trainees=[zhang.trainee, wang.trainee], actor=None)
    return classes.transition(training_class=opened, to="running", actor=None)


def ask(opened, user, **changes):
    values = {"starts_at": at(9, 1), "ends_at": at(12, 1), "reason": "出差", "actor": user}
    held = opened.enrollments.get(trainee=user.trainee)
    return class_leave.ask_class_leave(enrollment=held, **(values | changes))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": " "}, "leave_reason_missing"),
        ({"ends_at": at(9, 1)}, "leave_backward"),
        ({"starts_at": at(9, -2), "ends_at": at(9, -1)}, "leave_over"),
        ({"starts_at": at(9, 40), "ends_at": at(9, 41)}, "leave_outside_class"),
    ],
)
def test_leave_that_cannot_be_asked_for(running, zhang, changes, code):
    with pytest.raises(Refused, match=code):
        ask(running, zhang, **changes)
    assert not ClassLeave.objects.exists()


def test_leave_is_decided_once_by_the_class_teacher(running, zhang, wang, chen, li):
    slip = ask(running, zhang)
    with pytest.raises(Refused, match="leave_overlaps"):
        ask(running, zhang, ends_at=at(18, 1))
    assert Message.objects.filter(recipient=chen, kind="leave_asked").count() == 1
    for stranger in (li, wang):
        with pytest.raises(Refused, match="not_class_teacher"):
            class_leave.decide_class_leave(leave=slip, approve=True, actor=stranger)
    with pytest.raises(Refused, match="leave_refusal_reason_missing"):
        class_leave.decide_class_leave(leave=slip, approve=False, actor=chen)
    class_leave.decide_class_leave(leave=slip, approve=True, actor=chen)
    with pytest.raises(Refused, match="class_leave_decided"):
        class_leave.decide_class_leave(leave=slip, approve=False, answer="不同意", actor=chen)
    assert Message.objects.filter(recipient=zhang, kind="leave_decided").count() == 1
    slip.refresh_from_db()
    assert slip.status == ClassLeaveStatus.APPROVED


def test_the_page_of_leave(running, zhang, wang, chen, li, sign_in):
    url = reverse("enrollment:class_leave", args=[running.pk])
    form = {
        "kind": "sick",
        "starts_at": at(9, 1).strftime("%Y-%m-%dT%H:%M"),
        "ends_at": at(12, 1).strftime("%Y-%m-%dT%H:%M"),
        "reason": "住院",
    }
    assert sign_in(user=zhang).post(url, form | {"reason": ""}).status_code == 422
    assert sign_in(user=zhang).post(url, form).status_code == 302
    slip = ClassLeave.objects.get()
    decide = reverse("enrollment:class_leave_decide", args=[running.pk, slip.pk])
    paper = reverse("forms:form", args=["class-leave-slip", slip.pk])
    # A fellow trainee sees nothing of it; an affairs worker who is not in the class has no such page.
    assert sign_in(user=wang).get(url).context["waiting"] == []
    assert sign_in(user=wang).get(paper).status_code == 404
    assert sign_in(user=wang).post(decide, {"take_back": "1"}).status_code == 404
    assert sign_in(user=li).get(url).status_code == 404
    assert sign_in(user=chen).get(url).context["waiting"] == [slip]
    sign_in(user=chen).post(decide, {"approve": "1"})
    assert "住院" in sign_in(user=zhang).get(paper).content.decode()
    slip.refresh_from_db()
    assert slip.status == ClassLeaveStatus.APPROVED


def test_one_takes_back_what_nobody_decided(running, zhang, chen):
    slip = ask(running, zhang)
    class_leave.take_back_class_leave(leave=slip, actor=zhang)
    with pytest.raises(Refused, match="class_leave_decided"):
        class_leave.decide_class_leave(leave=slip, approve=True, actor=chen)
    assert ask(running, zhang).is_requested


def moment(day, hour, minute=0):
    return dt.datetime(2026, 3, day, hour, minute)


@pytest.mark.parametrize(
    ("spans", "minutes"),
    [
        ([(moment(2, 9), moment(2, 12))], 180),
        # A day is eight hours at most, and the nights between are none.
        ([(moment(2, 8), moment(2, 20))], 480),
        ([(moment(2, 14), moment(4, 12))], 480 + 480 + 480),
        ([(moment(2, 9), moment(2, 12)), (moment(2, 14), moment(2, 17, 30))], 390),
        ([(moment(2, 8), moment(2, 14)), (moment(2, 14), moment(2, 20))], 480),
    ],
)
def test_how_long_leave_is(spans, minutes):
    assert policy.length_minutes([policy.Span(*span) for span in spans]) == minutes


def test_long_leave_is_decided_by_the_academy(running, zhang, chen, zhao, sign_in):
    slip = ask(running, zhang, starts_at=at(9, 1), ends_at=at(18, 2))
    assert slip.minutes == 960
    assert not Message.objects.filter(recipient=chen, kind="leave_asked").exists()
    assert Message.objects.filter(recipient=zhao, kind="leave_asked").count() == 1
    with pytest.raises(Refused, match="leave_for_academy"):
        class_leave.decide_class_leave(leave=slip, approve=True, actor=chen)
    page = sign_in(user=chen).get(reverse("enrollment:class_leave", args=[running.pk])).content.decode()
    assert 'name="approve"' not in page
    assert class_leave.decide_class_leave(leave=slip, approve=True, actor=zhao).status == "approved"


def test_a_class_may_leave_it_all_to_its_teacher(running, zhang, chen):
    running.leave_teacher_hours = 40
    running.save()
    slip = ask(running, zhang, starts_at=at(9, 1), ends_at=at(18, 2))
    assert class_leave.decide_class_leave(leave=slip, approve=True, actor=chen).status == "approved"


def test_a_session_that_is_not_in_the_timetable_is_refused(running, zhang):
    with pytest.raises(Refused, match="leave_no_session"):
        ask(running, zhang, sessions=[4711])
    with pytest.raises(Refused, match="leave_no_time"):
        ask(running, zhang, starts_at=None)
    assert not ClassLeave.objects.exists()
