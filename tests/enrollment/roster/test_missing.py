"""People whom a roster leaves out: they stay, unless somebody says that they have left."""

from __future__ import annotations

import pytest
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions import people, roster, roster_undo
from enrollment.actions.departures import depart_in_bulk, return_in_bulk
from enrollment.actions.organization_mergers import merge
from enrollment.actions.roster_missing import mark_leaving
from enrollment.actions.verification import verify
from enrollment.models import RosterImport, Standing, Trainee
from tests.enrollment.roster.sheets import person, workbook

pytestmark = pytest.mark.django_db
Status = RosterImport.Status
MAKE = "中共示例制造有限公司支部委员会"


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def staff(tree):
    """Three people of one organization and one of another."""
    return {
        name: people.admit(name=name, organization=place, actor=None, phone=f"1370000000{number}")
        for number, (name, place) in enumerate(
            [("张三", tree.soft), ("李四", tree.soft), ("王五", tree.soft), ("赵六", tree.bio)]
        )
    }


def send(rows, actor=None):
    return roster.read_roster(file=workbook(rows), organization=None, actor=actor, name="花名册.xlsx")


def missing(roster_import):
    return [item["name"] for item in roster_import.verdict["missing"]]


def test_those_of_the_files_organizations_whom_it_does_not_name_are_missing(staff):
    assert sorted(missing(send([person("张三", "13700000000")]))) == ["李四", "王五"]


def test_a_row_with_errors_may_mean_somebody(staff):
    read = send([person("张三", "13700000000"), person("李四", "1370000")])
    assert read.verdict["counts"]["errors"] == 1
    assert missing(read) == ["王五"]


def test_who_is_not_marked_stays(staff):
    done = roster.apply_roster(roster_import=send([person("张三", "13700000000")]), actor=None)
    assert done.verdict["applied"]["left"] == 0
    assert Trainee.objects.active().filter(name__in=staff).count() == 4


def test_who_is_marked_leaves_with_the_import_and_comes_back_with_it(staff, zhao):
    read = send([person("张三", "13700000000")])
    gone, kept = staff["李四"].pk, staff["王五"].pk
    assert mark_leaving(roster_import=read, leaving=[gone, staff["赵六"].pk], among=None, actor=zhao) == 1
    # Of those shown on a page exactly the ticked ones are marked; marks on other pages stay.
    assert mark_leaving(roster_import=read, leaving=[], among=[kept], actor=zhao) == 1
    done = roster.apply_roster(roster_import=read, actor=zhao)
    assert done.verdict["applied"]["left"] == 1
    assert Trainee.objects.get(pk=gone).left_on == timezone.localdate()
    assert not Standing.objects.filter(trainee=gone).exists()
    assert Trainee.objects.get(pk=kept).left_on is None
    assert verify().differences == []

    undone = roster_undo.undo_roster(roster_import=done, actor=zhao)
    assert undone.verdict["undone"]["returned"] == 1
    assert Trainee.objects.get(pk=gone).left_on is None
    assert Standing.objects.filter(trainee=gone).exists()
    assert verify().differences == []


def test_who_moved_away_since_the_preview_is_left_alone(staff, tree, zhao):
    read = send([person("张三", "13700000000")])
    mark_leaving(roster_import=read, leaving=[staff["李四"].pk], among=None, actor=zhao)
    people.transfer(trainee=staff["李四"], organization=tree.bio, actor=zhao)
    done = roster.apply_roster(roster_import=read, actor=zhao)
    assert done.verdict["applied"]["left"] == 0
    assert Trainee.objects.get(pk=staff["李四"].pk).left_on is None


def test_marks_are_for_an_import_that_waits(staff, zhao):
    done = roster.apply_roster(roster_import=send([person("张三", "13700000000")]), actor=zhao)
    with pytest.raises(Refused, match="roster_not_ready"):
        mark_leaving(roster_import=done, leaving=[staff["李四"].pk], among=None, actor=zhao)


def test_an_affairs_worker_sees_only_ones_own_as_missing(staff, li):
    read = send([person("张三", "13700000000")], actor=li)
    assert set(missing(read)) <= set(
        Trainee.objects.manageable_by(li).active().values_list("name", flat=True)
    )
    assert "李四" in missing(read)


def test_whose_phone_passed_to_somebody_else_does_not_come_back(staff, tree):
    today = timezone.localdate()
    gone = [staff["李四"].pk, staff["王五"].pk]
    assert depart_in_bulk(trainee_ids=gone, on=today, actor=None) == gone
    assert depart_in_bulk(trainee_ids=gone, on=today, actor=None) == []
    people.admit(name="新人", organization=tree.soft, actor=None, phone="13700000001")
    assert return_in_bulk(trainee_ids=gone, left_on=today, actor=None) == [staff["王五"].pk]
    assert Trainee.objects.get(pk=staff["李四"].pk).left_on == today
    assert verify().differences == []


def test_nobody_comes_back_into_a_dissolved_organization_or_by_a_stranger(staff, tree, outsider):
    today = timezone.localdate()
    gone = [staff["李四"].pk, staff["赵六"].pk]
    depart_in_bulk(trainee_ids=gone, on=today, actor=None)
    assert return_in_bulk(trainee_ids=gone, left_on=today, actor=outsider) == []
    merge(sources=[tree.bio], target=tree.make, actor=None)
    assert return_in_bulk(trainee_ids=gone, left_on=today, actor=None) == [staff["李四"].pk]
    assert verify().differences == []


def test_what_it_costs_does_not_grow(staff, tree, django_assert_max_num_queries):
    for number in range(40):
        people.admit(name=f"学员{number}", organization=tree.soft, actor=None)
    read = send([person("张三", "13700000000")])
    everybody = [item["trainee"] for item in read.verdict["missing"]]
    mark_leaving(roster_import=read, leaving=everybody, among=None, actor=None)
    with django_assert_max_num_queries(70):
        done = roster.apply_roster(roster_import=read, actor=None)
    assert done.verdict["applied"]["left"] == 42
