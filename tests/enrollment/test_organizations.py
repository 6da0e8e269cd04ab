"""The tree of organizations, branch activities, hour rules and reports."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.refusals import Refused
from enrollment import reports
from enrollment.actions.branch import Activity, record_activities_in_bulk, record_activity
from enrollment.actions.exemptions import exempt
from enrollment.actions.hour_rules import apply_rules, remove_rule, save_rule
from enrollment.actions.organizations import (
    Founding,
    amend,
    dissolve,
    found,
    found_in_bulk,
    move,
    rename,
    repair_tree,
)
from enrollment.actions.people import appoint
from enrollment.actions.verification import verify
from enrollment.models import BranchActivity, HourEntry, HourRule, Organization, Standing
from tests.factories.enrollment import branches, credited, trainees

YEAR = timezone.localdate().year
NOON = timezone.make_aware(dt.datetime(YEAR, 3, 3, 12))
HOUR = dt.timedelta(hours=1)


def refused_with(code):
    return pytest.raises(Refused, match=code)


def no_problems():
    assert not any(Organization.find_problems())


# --- The tree --------------------------------------------------------------------------------------


def test_the_tree_is_sound(tree):
    no_problems()
    assert tree.soft.park_path == tree.park_a.path
    assert [child.code for child in tree.zone.get_children()] == ["PARK-A", "PARK-B"]


def test_many_are_founded_with_their_parents(tree):
    rows = [Founding("C1", "示例总支", "general_branch", "PARK-B")]
    rows += [Founding(f"D{i}", f"示例{i}支部", "branch", "C1") for i in range(40)]
    with CaptureQueriesContext(connection) as queries:
        new = found_in_bulk(rows=rows, actor=None)
    assert len(queries) < 20
    assert len(new) == 41
    no_problems()
    child = Organization.objects.get(code="D39")
    assert child.get_parent().code == "C1"
    assert child.path.startswith(tree.park_b.path)
    found(
        parent=Organization.objects.get(code="C1"), code="D40", name="示例40支部", kind="branch", actor=None
    )
    no_problems()


def test_what_founding_refuses(tree):
    rows = [
        Founding("", "x", "branch", "ZONE"),
        Founding("E1", " ", "branch", "ZONE"),
        Founding("E2", "x", "castle", "ZONE"),
        Founding("SOFT", "x", "branch", "ZONE"),
        Founding("E3", "x", "branch", "NOWHERE"),
    ]
    with pytest.raises(Refused) as refused:
        found_in_bulk(rows=rows, actor=None)
    assert [reason.code for reason in refused.value.reasons] == [
        "code_missing",
        "organization_name_missing",
        "kind_unknown",
        "code_taken",
        "parent_unknown",
    ]
    assert "NOWHERE" in refused.value.sentence
    assert Organization.objects.count() == 6


def test_moving_takes_everything_along(tree):
    [below] = branches(tree.make, 1)
    [person] = trainees(below, 1)
    credited(person, 8)
    move(organization=tree.make, parent=tree.park_b, actor=None)
    no_problems()
    below.refresh_from_db()
    assert below.path.startswith(Organization.objects.get(pk=tree.park_b.pk).path)
    assert verify().agrees
    with refused_with("into_itself"):
        move(organization=tree.make, parent=below, actor=None)


def test_renaming_and_amending(tree, zhao):
    rename(organization=tree.soft, name="新名", short_name="新", actor=zhao)
    amend(organization=tree.soft, actor=zhao, star=5, is_social=True)
    tree.soft.refresh_from_db()
    assert (tree.soft.name, str(tree.soft), tree.soft.star, tree.soft.is_social) == ("新名", "新", 5, True)
    with refused_with("organization_name_missing"):
        rename(organization=tree.soft, name="", actor=zhao)
    with refused_with("kind_unknown"):
        amend(organization=tree.soft, actor=zhao, kind="castle")


def test_dissolving(tree, zhang):
    today = timezone.localdate()
    with refused_with("still_has_members"):
        dissolve(organization=tree.soft, on=today, actor=None)
    with refused_with("still_has_children"):
        dissolve(organization=tree.park_b, on=today, actor=None)
    dissolve(organization=tree.bio, on=today, actor=None)
    dissolve(organization=tree.park_b, on=today, actor=None)
    with refused_with("parent_dissolved"):
        found(
            parent=Organization.objects.get(pk=tree.park_b.pk), code="X", name="x", kind="branch", actor=None
        )


def test_repairing_the_tree(tree):
    Organization.objects.filter(pk=tree.zone.pk).update(numchild=9)
    assert repair_tree() == 1
    no_problems()


# --- Branch activities -----------------------------------------------------------------------------


def activity(tree, user, people, **changes):
    values = {
        "organization": tree.soft,
        "form": "theme_day",
        "title": "主题党日",
        "starts_at": NOON,
        "ends_at": NOON + 2 * HOUR,
        "attendees": people,
        "submission_key": "k1",
        "actor": user,
    }
    return record_activity(**(values | changes))


def test_an_activity_posts_once(tree, li):
    """Scenario 11: sent twice, hours post once."""
    people = trainees(tree.soft, 3)
    first = activity(tree, li, people)
    assert activity(tree, li, people) == first
    assert BranchActivity.objects.count() == 1
    assert [entry.quarters for entry in HourEntry.objects.all()] == [11, 11, 11], "120 minutes of 45"
    assert HourEntry.objects.first().rule.code == "hour_minutes"


def test_an_overlap_saves_nothing_and_names_the_person(tree, li):
    people = trainees(tree.soft, 2)
    credited(people[1], 4, title="党课", starts_at=NOON, ends_at=NOON + HOUR, occurred_at=NOON)
    with refused_with("hours_overlap") as refused:
        activity(tree, li, people)
    assert people[1].name in refused.value.sentence
    assert "党课" in refused.value.sentence
    assert not BranchActivity.objects.exists()
    assert HourEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": ""}, "activity_title_missing"),
        ({"ends_at": NOON}, "activity_backward"),
        ({"attendees": []}, "activity_without_attendees"),
        ({"ends_at": NOON + 20 * HOUR}, "activity_too_long"),
    ],
)
def test_what_an_activity_refuses(tree, li, changes, code):
    with refused_with(code):
        activity(tree, li, trainees(tree.soft, 1), **changes)


def test_people_of_elsewhere_are_named(tree, li):
    [stranger] = trainees(tree.bio, 1)
    with refused_with("attendee_elsewhere") as refused:
        activity(tree, li, [stranger])
    assert stranger.name in refused.value.sentence


def test_a_mobile_member_attends_where_they_live(tree, li):
    people = trainees(tree.bio, 1, host_organization_id=tree.soft.pk)
    activity(tree, li, people)
    assert HourEntry.objects.get().organization == tree.bio


def test_many_activities(tree, li):
    people = trainees(tree.soft, 4)
    ids = tuple(person.pk for person in people)
    rows = [
        Activity(
            tree.soft.pk,
            "theme_day",
            f"活动{i}",
            NOON + i * 24 * HOUR,
            NOON + (i * 24 + 2) * HOUR,
            ids,
            f"s{i}",
        )
        for i in range(5)
    ]
    overlapping = Activity(tree.soft.pk, "theme_day", "重叠", NOON, NOON + HOUR, ids[:1], "s9")
    result = record_activities_in_bulk(rows=[*rows, overlapping], actor=li)
    assert len(result.recorded) == 6
    assert [reason.code for _row, reason in result.refused] == ["hours_overlap"]
    assert HourEntry.objects.count() == 20
    assert record_activities_in_bulk(rows=rows, actor=li).already == 5
    assert verify().agrees


# --- Hour rules ------------------------------------------------------------------------------------


def test_the_rules_of_an_empty_academy(hour_rules):
    values = {code: rule.value for code, rule in hour_rules.items()}
    assert (values["target_member"], values["target_committee"]) == (32, 56)
    assert values["hour_minutes"] == 45
    assert values["online_cap"] == 0
    assert all(rule.source for rule in hour_rules.values())


def new_version(**changes):
    values = {
        "code": "target_member",
        "value": Decimal(40),
        "effective_from": dt.date(YEAR, 1, 1),
        "source": "示例通知",
    }
    return HourRule(**(values | changes))


def test_a_new_target_ends_the_old_and_moves_the_requirements(
    zhang, zhao, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        save_rule(rule=new_version(), actor=zhao)
    old = HourRule.objects.filter(code="target_member").order_by("effective_from")[1]
    assert old.effective_to == dt.date(YEAR - 1, 12, 31)
    assert Standing.objects.get(trainee=zhang.trainee).required_quarters == 160
    assert apply_rules(since=dt.date(YEAR, 1, 1)) == 0
    assert verify().agrees


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"value": Decimal(-1)}, "rule_negative"),
        ({"source": ""}, "source_missing"),
        ({"effective_to": dt.date(YEAR - 1, 1, 1)}, "rule_dates_backward"),
        ({"effective_from": dt.date(2024, 1, 1)}, "rule_same_day"),
        ({"effective_from": dt.date(2020, 1, 1)}, "rules_overlap"),
    ],
)
def test_what_a_rule_refuses(db, changes, code):
    with refused_with(code):
        save_rule(rule=new_version(**changes), actor=None)


def test_a_version_in_use_stays(zhang, hour_rules):
    rule = hour_rules["online_long"]
    credited(zhang.trainee, 4, rule=rule)
    rule = HourRule.objects.get(pk=rule.pk)
    rule.value = Decimal(2)
    with refused_with("rule_in_use"):
        save_rule(rule=rule, actor=None)
    with refused_with("rule_in_use"):
        remove_rule(rule=rule, actor=None)
    rule.refresh_from_db()
    rule.note = "说明"
    save_rule(rule=rule, actor=None)


def test_a_cap_on_online_hours(zhang, zhao):
    old = HourRule.objects.get(code="online_cap")
    save_rule(rule=new_version(code="online_cap", value=Decimal(50)), actor=zhao)
    assert old.pk
    credited(zhang.trainee, 128, kind="online")
    assert not Standing.objects.get(trainee=zhang.trainee).has_reached
    credited(zhang.trainee, 64, kind="classroom")
    assert Standing.objects.get(trainee=zhang.trainee).has_reached
    assert verify().agrees


# --- Reports ---------------------------------------------------------------------------------------


def test_the_year_of_a_person(zhang, django_assert_max_num_queries):
    credited(zhang.trainee, 6, kind="online")
    credited(zhang.trainee, 16, kind="classroom")
    reports.hour_rules_on(timezone.localdate())
    with django_assert_max_num_queries(5):
        report = reports.year_of(zhang.trainee, YEAR)
    assert (report.required, report.earned, report.shortfall) == (32, Decimal("5.5"), Decimal("26.5"))
    assert [(row.kind, row.hours) for row in report.by_kind] == [("online", Decimal("1.5")), ("classroom", 4)]
    assert (report.exempt, report.has_reached, report.percent) == (False, False, 17)
    assert [reason.code for reason in report.reasons] == ["shortfall"]
    assert [reason.code for reason in report.basis] == ["member_days"]


def test_a_year_without_anything(zhang):
    report = reports.year_of(zhang.trainee, YEAR - 3)
    assert (report.required, report.earned) == (32, 0)


def test_the_exempt_are_never_short(zhang):
    exempt(trainee=zhang.trainee, ground="age", reason="年老", starts_on=dt.date(YEAR, 1, 1), actor=None)
    report = reports.year_of(zhang.trainee, YEAR)
    assert (report.exempt, report.shortfall) == (True, 0)


def test_the_zone_by_park_and_cohort(everyone, tree, zhou, django_assert_num_queries):
    credited(everyone["zhang"].trainee, 128)
    credited(everyone["outsider"].trainee, 64)
    zhou.scope  # noqa: B018 (one query of the request, not of the report)
    with django_assert_num_queries(2):
        rows = reports.zone_figures(zhou, YEAR)
    assert [row.organization.code for row in rows] == ["PARK-A", "PARK-B"]
    members = rows[0].by_cohort["member"]
    assert (members.people, members.reached, members.share, members.earned) == (1, 1, 100, 32)
    assert rows[1].by_cohort["member"].share == 0
    total = reports.zone_total(rows)
    assert (total["all"].people, total["member"].people, total["secretary"].people) == (4, 2, 1)


def test_everybody_sees_their_own_part(everyone, tree):
    rows = reports.zone_figures(everyone["li"], YEAR)
    assert [(row.organization.code, row.total.people) for row in rows] == [("PARK-A", 3)]
    assert reports.zone_figures(everyone["outsider"], YEAR) == []
    assert len(reports.zone_figures(everyone["zhao"], YEAR)) == 2


def test_drilling_down(everyone, tree, django_assert_max_num_queries):
    user = everyone["zhou"]
    user.scope  # noqa: B018
    trainees(tree.park_a, 2)
    with django_assert_max_num_queries(3):
        rows = reports.organization_figures(tree.park_a, YEAR, user)
    assert [(row.organization.code, row.total.people) for row in rows] == [
        ("PARK-A", 2),
        ("SOFT", 3),
        ("MAKE", 0),
    ]
    below = reports.organization_figures(tree.park_a, YEAR, everyone["li"])
    assert [row.organization.code for row in below] == ["SOFT"]


def test_who_needs_attention(everyone, tree):
    credited(everyone["zhang"].trainee, 128)
    exempt(
        trainee=everyone["wang"].trainee,
        ground="age",
        reason="年老",
        starts_on=dt.date(YEAR, 1, 1),
        actor=None,
    )
    rows = reports.needs_attention(everyone["li"], YEAR)
    assert [(row.trainee.name, row.missing_quarters) for row in rows] == [("李干事", 128)]


def test_new_secretaries_have_a_deadline(zhang, zhou):
    """Scenario 8: appointed on 1 March, trained by 1 September."""
    appoint(trainee=zhang.trainee, post="secretary", started_on=dt.date(YEAR, 3, 1), actor=None)
    [row] = reports.new_secretary_deadlines(zhou, dt.date(YEAR, 8, 1))
    assert (row.deadline, row.is_done) == (dt.date(YEAR, 9, 1), False)
    credited(zhang.trainee, 16, kind="classroom", starts_at=NOON, ends_at=NOON + HOUR, occurred_at=NOON)
    assert reports.new_secretary_deadlines(zhou, dt.date(YEAR, 8, 1))[0].is_done
    assert reports.new_secretary_deadlines(zhou, dt.date(YEAR, 9, 2)) == []
