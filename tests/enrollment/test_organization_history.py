"""The dated history of organizations: written by every action, read as of a day, never altered."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.organization_history import Basis
from enrollment.actions.organizations import amend, dissolve, found, move, rename
from enrollment.models import (
    ChangeKind,
    HistoryIsAppendOnly,
    HourEntry,
    Organization,
    OrganizationChange,
    OrganizationStanding,
)
from enrollment.reports_organizations import as_of, timeline
from enrollment.rules.organization_history import Line, Status, day_refusals, status_on, value_on
from tests.factories.enrollment import branches, credited, trainees

TODAY = timezone.localdate()
DAY = dt.timedelta(days=1)


def refused_with(code):
    return pytest.raises(Refused, match=code)


def then(organization, day):
    row = Organization.objects.get(pk=organization.pk)
    return as_of([row], day)[row.pk]


# --- Rules -----------------------------------------------------------------------------------------


def test_a_value_is_read_from_its_lines():
    lines = [Line(dt.date(2020, 1, 1), "a", "b"), Line(dt.date(2022, 1, 1), "b", "c")]
    assert value_on(lines, dt.date(2019, 1, 1), "c") == "a"
    assert value_on(lines, dt.date(2020, 1, 1), "c") == "b"
    assert value_on(lines, dt.date(2021, 12, 31), "c") == "b"
    assert value_on(lines, dt.date(2022, 1, 1), "c") == "c"
    assert value_on([], dt.date(2022, 1, 1), "c") == "c"


def test_the_day_of_dissolution_is_the_first_without_it():
    founded, dissolved = dt.date(2020, 1, 1), dt.date(2021, 1, 1)
    assert status_on(dt.date(2019, 12, 31), founded, dissolved) is Status.NOT_YET
    assert status_on(dt.date(2020, 12, 31), founded, dissolved) is Status.ACTIVE
    assert status_on(dissolved, founded, dissolved) is Status.DISSOLVED
    assert status_on(dissolved, None, None) is Status.ACTIVE


@pytest.mark.parametrize(
    ("on", "moves", "codes"),
    [
        (dt.date(2026, 5, 1), False, []),
        (dt.date(2026, 5, 3), False, ["change_in_future"]),
        (dt.date(2019, 1, 1), False, ["change_before_founding", "change_before_last"]),
        (dt.date(2024, 1, 1), False, ["change_before_last"]),
        (dt.date(2025, 12, 31), True, ["change_not_this_year"]),
    ],
)
def test_days_that_fit(on, moves, codes):
    reasons = day_refusals(
        on=on,
        today=dt.date(2026, 5, 2),
        founded_on=dt.date(2020, 1, 1),
        last_on=dt.date(2025, 1, 1),
        moves_people=moves,
    )
    assert [reason.code for reason in reasons] == codes


# --- Written by every action -----------------------------------------------------------------------


def test_a_founding_is_the_first_line(tree, zhao):
    day = dt.date(2021, 7, 1)
    new = found(parent=tree.park_a, code="N1", name="示例新支部", kind="branch", actor=zhao, founded_on=day)
    [line] = OrganizationChange.objects.filter(organization=new)
    assert (line.kind, line.effective_on, line.after) == (ChangeKind.FOUNDED, day, "示例新支部")
    assert (line.parent_after, line.recorded_by) == (tree.park_a, zhao)
    assert then(new, day - DAY).status is Status.NOT_YET
    assert then(new, day).status is Status.ACTIVE
    assert then(new, day - DAY).parent_id == tree.park_a.pk


def test_names_as_of_a_day(tree, zhao):
    old = tree.soft.name
    first, second = TODAY - 100 * DAY, TODAY - 10 * DAY
    rename(
        organization=tree.soft,
        name="第二个名字",
        actor=zhao,
        basis=Basis(first, "企业更名", "示例党〔2026〕1号"),
    )
    rename(organization=tree.soft, name="第三个名字", actor=zhao, basis=Basis(second))
    assert then(tree.soft, first - DAY).name == old
    assert then(tree.soft, first).name == "第二个名字"
    assert then(tree.soft, second - DAY).name == "第二个名字"
    assert then(tree.soft, TODAY).name == "第三个名字"
    line = OrganizationChange.objects.get(organization=tree.soft, effective_on=first)
    assert (line.before, line.reason, line.document_number) == (old, "企业更名", "示例党〔2026〕1号")
    with refused_with("change_before_last"):
        rename(organization=tree.soft, name="第四个名字", actor=zhao, basis=Basis(first))
    with refused_with("change_in_future"):
        rename(organization=tree.soft, name="第四个名字", actor=zhao, basis=Basis(TODAY + DAY))
    assert then(tree.soft, TODAY).name == "第三个名字"


def test_the_same_name_twice_is_one_line(tree, zhao):
    for _ in range(2):
        rename(organization=tree.soft, name="同一个名字", actor=zhao)
    assert OrganizationChange.objects.filter(kind=ChangeKind.RENAMED).count() == 1


def test_places_as_of_a_day(tree, zhao):
    day = TODAY - 5 * DAY
    made = found(
        parent=tree.park_a,
        code="N2",
        name="示例支部",
        kind="branch",
        actor=zhao,
        founded_on=TODAY - 400 * DAY,
    )
    move(organization=made, parent=tree.park_b, actor=zhao, basis=Basis(day, "调整隶属"))
    assert then(made, day - DAY).parent_id == tree.park_a.pk
    assert then(made, day).parent_id == tree.park_b.pk
    move(organization=made, parent=tree.park_b, actor=zhao)
    assert OrganizationChange.objects.filter(organization=made, kind=ChangeKind.MOVED).count() == 1


def test_kinds_and_endings(tree, zhao):
    day = TODAY - 3 * DAY
    made = found(
        parent=tree.park_a,
        code="N3",
        name="示例支部",
        kind="branch",
        actor=zhao,
        founded_on=TODAY - 400 * DAY,
    )
    amend(organization=made, actor=zhao, kind="general_branch", basis=Basis(day))
    amend(organization=made, actor=zhao, star=5)
    assert (then(made, day - DAY).kind, then(made, day).kind) == ("branch", "general_branch")
    dissolve(organization=made, on=TODAY, actor=zhao, reason="企业注销")
    dissolve(organization=made, on=TODAY, actor=zhao, reason="企业注销")
    assert [line.kind for line in timeline(made)] == ["dissolved", "regraded", "founded"]
    assert then(made, TODAY - DAY).status is Status.ACTIVE
    assert then(made, TODAY).status is Status.DISSOLVED
    with refused_with("already_dissolved"):
        dissolve(organization=made, on=TODAY - DAY, actor=zhao)


def test_many_at_the_price_of_two_queries(tree, django_assert_num_queries):
    rows = branches(tree.park_a, 30)
    for row in rows[:5]:
        rename(organization=row, name=f"新{row.pk}", actor=None)
    with django_assert_num_queries(2):
        found_then = as_of(rows, TODAY)
    assert {one.parent_id for one in found_then.values()} == {tree.park_a.pk}


# --- Never altered ---------------------------------------------------------------------------------


def test_history_is_only_added_to(tree):
    line = OrganizationChange.objects.filter(organization=tree.soft).first()
    line.reason = "改写"
    with pytest.raises(HistoryIsAppendOnly):
        line.save()
    with pytest.raises(HistoryIsAppendOnly):
        line.delete()
    with pytest.raises(HistoryIsAppendOnly):
        OrganizationChange.objects.update(reason="改写")
    with pytest.raises(HistoryIsAppendOnly):
        OrganizationChange.objects.all().delete()
    for statement in (
        "UPDATE enrollment_organizationchange SET reason = 'x'",
        "DELETE FROM enrollment_organizationchange",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_moving_changes_no_past_figure(tree, zhao):
    """Ledger entries and yearly figures name the organization; a move changes only where it stands."""
    [person] = trainees(tree.make, 1)
    last_year = timezone.make_aware(dt.datetime(TODAY.year - 1, 6, 1, 9))
    credited(person, 8, occurred_at=last_year)
    entries = list(HourEntry.objects.values_list("pk", "organization_id", "year"))
    figures = list(OrganizationStanding.objects.order_by("pk").values())
    assert figures
    move(organization=tree.make, parent=tree.park_b, actor=zhao)
    rename(organization=tree.make, name="改名", actor=zhao)
    assert list(HourEntry.objects.values_list("pk", "organization_id", "year")) == entries
    assert list(OrganizationStanding.objects.order_by("pk").values()) == figures


def test_who_sees_a_history(tree, everyone):
    def seen(name):
        return set(
            OrganizationChange.objects.visible_to(everyone[name]).values_list("organization__code", flat=True)
        )

    assert seen("zhao") == {"ZONE", "PARK-A", "PARK-B", "SOFT", "MAKE", "BIO"}
    assert seen("li") == {"SOFT"}
    assert seen("outsider") == set()
