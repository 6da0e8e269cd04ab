"""Branch activities: approved by rule or person, drawn by lot, checked by another, reversed on a finding."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.branch import (
    Activity,
    check_activity,
    decide_activity,
    draw_activity,
    record_activities_in_bulk,
    record_activity,
)
from enrollment.actions.roles import grant_role
from enrollment.actions.verification import verify
from enrollment.models import BranchActivity, HourEntry, HourRule, Role, Standing, User, rulebook
from enrollment.rules import activities as rules
from tests.factories.enrollment import credited, trainees

YEAR = timezone.localdate().year
NINE = timezone.make_aware(dt.datetime(YEAR, 3, 3, 9))


def agrees():
    verdict = verify()
    assert verdict.agrees, [str(difference) for difference in verdict.differences]


def set_rule(code, value):
    HourRule.objects.filter(code=code).update(value=value)
    rulebook.forget()


def recorded(soft, actor, people, *, hours=2, key="k", starts_at=NINE):
    return record_activity(
        organization=soft,
        form="theme_day",
        title="主题党日",
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(hours=hours),
        attendees=people,
        submission_key=key,
        actor=actor,
    )


# --- Rules -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quarters", "since", "highest", "latest", "approved"),
    [
        (16, 300, None, None, True),
        (16, 0, 16, 0, True),
        (17, 0, 16, 0, False),
        (4, 0, 0, 0, False),
        (4, 30, 16, 30, True),
        (4, 31, 16, 30, False),
    ],
)
def test_what_counts_without_a_person(quarters, since, highest, latest, approved):
    decision = rules.approved_by_rule(
        quarters=quarters, days_since=since, highest_quarters=highest, latest_days=latest
    )
    assert decision is approved


def test_the_lot_draws_its_share():
    assert sum(rules.is_drawn(ticket, Decimal(5)) for ticket in range(rules.TICKETS)) == 500
    assert not any(rules.is_drawn(ticket, Decimal(0)) for ticket in range(rules.TICKETS))
    assert all(rules.is_drawn(ticket, Decimal(100)) for ticket in range(rules.TICKETS))


# --- Approval ----------------------------------------------------------------------------------------


def test_a_short_one_counts_at_once_and_a_long_one_waits(soft, li, zhao):
    people = trainees(soft, 2)
    assert recorded(soft, li, people).approval == "rule"
    long = recorded(soft, li, people, hours=9, key="long", starts_at=NINE + dt.timedelta(days=1))
    assert long.approval == "waiting"
    assert HourEntry.objects.count() == 2, "nothing of the long one yet"
    decide_activity(activity=long, actor=zhao, approve=True)
    assert HourEntry.objects.filter(evidence_id=str(long.pk), quarters=48).count() == 2
    with pytest.raises(Refused, match="activity_not_waiting"):
        decide_activity(activity=long, actor=zhao, approve=True)
    agrees()


def test_one_recorded_late_waits_where_the_rule_says_so(soft, li):
    set_rule("branch_days", 30)
    now = timezone.now()
    fresh, late = (now - dt.timedelta(days=days) for days in (29, 40))
    assert recorded(soft, li, trainees(soft, 1), starts_at=fresh).approval == "rule"
    assert recorded(soft, li, trainees(soft, 1), key="late", starts_at=late).approval == "waiting"


def test_declining_needs_a_reason_and_posts_nothing(soft, li, zhao):
    long = recorded(soft, li, trainees(soft, 1), hours=9)
    with pytest.raises(Refused, match="activity_reason_missing"):
        decide_activity(activity=long, actor=zhao, approve=False)
    declined = decide_activity(activity=long, actor=zhao, approve=False, reason="与学习无关")
    assert (declined.approval, declined.approval_reason) == ("declined", "与学习无关")
    assert not HourEntry.objects.exists()


def test_an_overlap_found_at_approval_leaves_it_waiting(soft, li, zhao):
    [person] = trainees(soft, 1)
    long = recorded(soft, li, [person], hours=9)
    credited(person, 4, starts_at=NINE, ends_at=NINE + dt.timedelta(hours=1), occurred_at=NINE)
    with pytest.raises(Refused) as refused:
        decide_activity(activity=long, actor=zhao, approve=True)
    assert person.name in refused.value.sentence
    long.refresh_from_db()
    assert long.approval == "waiting"


def test_who_judges(soft, tree, li, wang, zhang, zhao, outsider):
    """Those above, and not who recorded or attended it."""
    long = recorded(soft, li, [zhang.trainee], hours=9)
    grant_role(user=wang, role=Role.AFFAIRS_WORKER, organization=soft)
    grant_role(user=outsider, role=Role.AFFAIRS_WORKER, organization=tree.park_a)
    grant_role(user=zhang, role=Role.AFFAIRS_WORKER, organization=tree.park_a)
    judges = {
        user.username
        for user in User.objects.all()
        if BranchActivity.objects.judged_by(user).filter(pk=long.pk).exists()
    }
    assert judges == {"zhao", "outsider"}
    with pytest.raises(Refused, match="activity_not_for_you"):
        decide_activity(activity=long, actor=li, approve=True)


def test_an_administrator_does_not_approve_what_they_recorded(soft, zhao):
    long = recorded(soft, zhao, trainees(soft, 1), hours=9)
    with pytest.raises(Refused, match="activity_not_for_you"):
        decide_activity(activity=long, actor=zhao, approve=True)
    with pytest.raises(IntegrityError, match="two_people"), transaction.atomic():
        BranchActivity.objects.update(approval="person", approved_by=zhao)


# --- The lot and the check --------------------------------------------------------------------------


def waiting_keys():
    drawn_ones = BranchActivity.objects.filter(check_state="waiting")
    return set(drawn_ones.values_list("submission_key", flat=True))


def test_the_same_activity_always_draws_the_same(soft, li):
    set_rule("branch_checks", 50)
    people = trainees(soft, 1)
    ids = tuple(person.pk for person in people)
    rows = [
        Activity(
            soft.pk,
            "theme_day",
            f"活动{day}",
            NINE + dt.timedelta(days=day),
            NINE + dt.timedelta(days=day, hours=1),
            ids,
            f"key-{day}",
        )
        for day in range(40)
    ]
    with transaction.atomic():
        record_activities_in_bulk(rows=rows, actor=li)
        first = waiting_keys()
        transaction.set_rollback(True)
    record_activities_in_bulk(rows=rows, actor=li)
    second = set(
        BranchActivity.objects.filter(check_state="waiting").values_list("submission_key", flat=True)
    )
    assert first == second
    assert 8 <= len(second) <= 32, "about half of forty"
    assert HourEntry.objects.count() == 40, "drawn ones count until somebody finds otherwise"


def test_what_is_taken_over_is_not_drawn(soft, li):
    set_rule("branch_checks", 100)
    [person] = trainees(soft, 1)
    row = Activity(soft.pk, "theme_day", "旧", NINE, NINE + dt.timedelta(hours=1), (person.pk,), "old")
    record_activities_in_bulk(rows=[row], actor=li, draws=False)
    assert BranchActivity.objects.get().check_state == ""


def drawn(soft, li, people):
    set_rule("branch_checks", 100)
    found = recorded(soft, li, people)
    assert found.check_state == "waiting"
    return found


def test_a_check_that_passes_changes_no_hours(soft, li, zhao):
    activity = drawn(soft, li, trainees(soft, 2))
    with pytest.raises(Refused, match="activity_not_for_you"):
        check_activity(activity=activity, actor=li, passed=True)
    passed = check_activity(activity=activity, actor=zhao, passed=True, findings="签到表齐全")
    assert (passed.check_state, passed.checked_by) == ("passed", zhao)
    assert HourEntry.objects.count() == 2
    with pytest.raises(Refused, match="activity_not_waiting"):
        check_activity(activity=activity, actor=zhao, passed=True)


def test_a_finding_reverses_those_who_were_not_there(soft, li, zhao):
    people = trainees(soft, 3)
    activity = drawn(soft, li, people)
    with pytest.raises(Refused, match="findings_missing"):
        check_activity(activity=activity, actor=zhao, passed=False, absent=[people[0].pk])
    check_activity(
        activity=activity, actor=zhao, passed=False, findings="签到表无此人", absent=[people[0].pk]
    )
    earned = dict(Standing.objects.values_list("trainee_id", "earned_quarters"))
    assert [earned[person.pk] for person in people] == [0, 11, 11]
    assert HourEntry.objects.get(reverses__isnull=False).note == "签到表无此人"
    agrees()


def test_a_finding_about_the_whole_reverses_everybody(soft, li, zhao):
    people = trainees(soft, 3)
    activity = drawn(soft, li, people)
    check_activity(activity=activity, actor=zhao, passed=False, findings="当日未举行")
    assert set(Standing.objects.filter(trainee__in=people).values_list("earned_quarters", flat=True)) == {0}
    assert HourEntry.objects.count() == 6
    agrees()


def test_an_administrator_draws_by_hand_once(soft, li, zhao):
    set_rule("branch_checks", 0)
    activity = recorded(soft, li, trainees(soft, 1))
    assert activity.check_state == ""
    draw_activity(activity=activity, actor=zhao)
    with pytest.raises(Refused, match="activity_not_drawable"):
        draw_activity(activity=activity, actor=zhao)


def test_the_database_wants_a_finding_in_words(soft, li, zhao):
    activity = drawn(soft, li, trainees(soft, 1))
    with pytest.raises(IntegrityError, match="checked_by_somebody"), transaction.atomic():
        BranchActivity.objects.filter(pk=activity.pk).update(check_state="finding", checked_by=zhao)


# --- The pages --------------------------------------------------------------------------------------


def test_from_the_list_to_the_finding(sign_in, soft, li, zhang, zhao):
    activity = drawn(soft, li, [zhang.trainee])
    office, desk = sign_in(user=zhao), sign_in(user=li)
    listed = office.get(reverse("portal:workbench_activities"), {"state": "waiting"})
    assert listed.context["waiting"] == 1
    address = reverse("portal:workbench_activity", args=[activity.pk])
    assert not desk.get(address).context["may_check"]
    page = office.get(address)
    assert page.context["may_check"]
    assert [one.quarters for one in page.context["attendance"]] == [11]
    judge = reverse("portal:workbench_activity_judge", args=[activity.pk])
    desk.post(judge, {"verdict": "passed"})
    assert BranchActivity.objects.get().check_state == "waiting"
    office.post(judge, {"verdict": "some", "words": "未到场", "absent": [zhang.trainee.pk, "x"]})
    assert BranchActivity.objects.get().check_state == "finding"
    assert [one.is_reversed for one in desk.get(address).context["attendance"]] == [True]


def test_other_branches_are_out_of_reach(sign_in, soft, tree, li, outsider):
    activity = recorded(soft, li, trainees(soft, 1))
    grant_role(user=outsider, role=Role.AFFAIRS_WORKER, organization=tree.bio)
    client = sign_in(user=User.objects.get(pk=outsider.pk))
    assert client.get(reverse("portal:workbench_activity", args=[activity.pk])).status_code == 404
    assert client.post(reverse("portal:workbench_activity_judge", args=[activity.pk])).status_code == 404
