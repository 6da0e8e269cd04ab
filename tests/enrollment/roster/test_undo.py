"""Taking an import back: what it wrote goes, what somebody built upon stays, and nothing is half done."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from cms.refusals import Refused
from enrollment import tasks
from enrollment.actions import people, roster, roster_undo
from enrollment.actions.exemptions import exempt
from enrollment.actions.standings import rebuild_standings, this_year
from enrollment.actions.verification import verify
from enrollment.models import (
    Appointment,
    Exemption,
    Organization,
    OrganizationStanding,
    RosterImport,
    Standing,
    Trainee,
)
from enrollment.rules.roster import Outcome
from enrollment.rules.roster.undoing import Present, Stays, Undoing, Written, undoing_of
from tests.enrollment.roster.sheets import person, workbook

pytestmark = pytest.mark.django_db
Status = RosterImport.Status
MAKE = "中共示例制造有限公司支部委员会"


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def applied(rows, actor=None):
    read = roster.read_roster(file=workbook(rows), organization=None, actor=actor, name="花名册.xlsx")
    assert read.verdict["counts"]["errors"] == 0
    return roster.apply_roster(roster_import=read, actor=actor)


def undo(roster_import, actor=None):
    return roster_undo.undo_roster(roster_import=roster_import, actor=actor)


def everything():
    """All that is stored of people, with what is computed from it."""
    personal = [
        name.attname for name in Trainee._meta.concrete_fields if name.attname not in {"id", "updated_at"}
    ]
    figures = ("organization_id", "year", "cohort", "people", "exempt", "reached", "required_quarters")
    return {
        "people": sorted(map(str, Trainee.objects.values(*personal))),
        "posts": sorted(
            map(
                str,
                Appointment.objects.values(
                    "trainee__name", "organization_id", "post", "cohort", "on_committee", "ended_on"
                ),
            )
        ),
        "standings": sorted(
            map(
                str,
                Standing.objects.values("trainee__name", "organization_id", "cohort", "required_quarters"),
            )
        ),
        "figures": sorted(map(str, OrganizationStanding.objects.filter(people__gt=0).values(*figures))),
    }


def test_new_and_changed_people_are_as_before(tree):
    applied([person("张三"), person("李四", "13900000002"), person("王五", "13900000003", organization=MAKE)])
    # Their posts began long ago, so that a change of post today begins a new one.
    Appointment.objects.update(started_on=dt.date(2020, 1, 1))
    before = everything()
    second = applied(
        [
            person("张三", "13900000009"),
            person("李四", "13900000002", organization=MAKE),
            person("赵六", "13900000004"),
        ]
    )
    assert second.verdict["applied"] == {"new": 1, "changed": 2, "left": 0}
    assert everything() != before
    undone = undo(second)
    assert undone.status == Status.UNDONE
    assert undone.verdict["undone"] == {"removed": 1, "restored": 2, "returned": 0, "stayed": 0}
    assert everything() == before
    assert verify().differences == []

    # Once more changes nothing; and the same file can be applied again.
    assert undo(second).verdict["undone"]["removed"] == 1
    assert everything() == before


def test_a_post_changed_on_its_first_day_is_corrected_in_place(tree):
    applied([person("张三")])
    Appointment.objects.update(started_on=timezone.localdate())
    rebuild_standings(year=this_year())
    before = everything()
    undo(applied([person("张三", organization=MAKE)]))
    assert everything() == before


def test_what_was_built_upon_stays_with_its_reason(tree, zhao):
    first = applied([person("张三"), person("李四", "13900000002"), person("王五", "13900000003")])
    used, edited, fresh = (Trainee.objects.get(name=name) for name in ("张三", "李四", "王五"))
    exempt(
        trainee=used,
        ground=Exemption.Ground.ILLNESS,
        reason="病休",
        starts_on=timezone.localdate(),
        actor=zhao,
    )
    people.amend(trainee=edited, actor=zhao, education="本科")
    undone = undo(first)
    assert undone.verdict["undone"] == {"removed": 1, "restored": 0, "returned": 0, "stayed": 2}
    assert sorted(undone.verdict["stayed"].values()) == [Stays.CHANGED_SINCE, Stays.IN_USE]
    assert set(Trainee.objects.filter(name__in=("张三", "李四", "王五")).values_list("pk", flat=True)) == {
        used.pk,
        edited.pk,
    }
    assert not Trainee.objects.filter(pk=fresh.pk).exists()
    assert verify().differences == []


def test_everything_that_points_to_a_person_is_use(tree):
    """A new kind of record about people is noticed without being named anywhere."""
    pointing = {relation.related_model for relation in Trainee._meta.related_objects}
    assert pointing > set(roster_undo.FROM_THE_FIRST_DAY)
    assert {"HourEntry", "Enrollment", "Attendance", "Booking", "BranchActivity", "Exemption"} <= {
        model.__name__ for model in pointing - set(roster_undo.FROM_THE_FIRST_DAY)
    }


def test_a_phone_that_passed_to_somebody_else_is_not_taken_from_them(tree):
    applied([person("张三", "13900000001")])
    second = applied([person("张三", "13900000009")])
    people.admit(name="李四", organization=tree.soft, actor=None, phone="13900000001")
    undone = undo(second)
    assert undone.verdict["undone"] == {"removed": 0, "restored": 0, "returned": 0, "stayed": 1}
    assert list(undone.verdict["stayed"].values()) == [Stays.TAKEN]
    assert Trainee.objects.get(name="张三").phone == "13900000009"


def test_nobody_is_put_back_into_a_dissolved_organization(tree):
    applied([person("张三")])
    second = applied([person("张三", organization=MAKE)])
    soft = Organization.objects.get(pk=tree.soft.pk)
    Organization.objects.filter(pk=soft.pk).update(dissolved_on=timezone.localdate())
    assert list(undo(second).verdict["stayed"].values()) == [Stays.DISSOLVED]
    assert Trainee.objects.get(name="张三").home_organization.name == MAKE


def test_only_an_applied_import_is_taken_back(tree):
    read = roster.read_roster(file=workbook([person()]), organization=None, actor=None, name="花名册.xlsx")
    for act in (undo, lambda item: roster_undo.begin_undoing(roster_import=item)):
        with pytest.raises(Refused, match="roster_not_applied"):
            act(read)
    read.refresh_from_db()
    assert read.status == Status.READY


def test_the_task_takes_it_back_and_may_come_twice(tree, zhao):
    done = applied([person("张三")], actor=zhao)
    assert roster_undo.begin_undoing(roster_import=done)
    for _time in range(2):
        assert tasks.undo_roster(done.pk, zhao.pk) == Status.UNDONE
    assert not roster_undo.begin_undoing(roster_import=done)
    assert not Trainee.objects.filter(name="张三").exists()


def test_what_many_rows_cost(tree, django_assert_max_num_queries):
    """One query a person, by which the search forgets them; all else is asked in chunks."""
    rows = [person(f"学员{letter}", f"1390000{number:04}") for number, letter in enumerate(LETTERS)]
    done = applied(rows)
    with django_assert_max_num_queries(80 + len(rows)):
        assert undo(done).verdict["undone"]["removed"] == len(rows)


LETTERS = [chr(0x4E00 + number) for number in range(300)]


# --- The rule ------------------------------------------------------------------------------------------


def row(outcome=Outcome.CHANGED, **changes):
    return Written(number=2, trainee_id=1, outcome=outcome, changes=changes)


def now(**values):
    flags = {name: values.pop(name, False) for name in ("is_touched", "is_used", "has_left", "is_beyond")}
    return Present(values=values, **flags)


@pytest.mark.parametrize(
    ("written", "present", "removes", "restores", "stays"),
    [
        (row(Outcome.NEW), None, False, {}, None),
        (row(Outcome.NEW), now(), True, {}, None),
        (row(Outcome.NEW), now(is_used=True, is_touched=True), False, {}, Stays.IN_USE),
        (row(Outcome.NEW), now(is_touched=True), False, {}, Stays.CHANGED_SINCE),
        (row(Outcome.NEW), now(has_left=True), False, {}, Stays.LEFT),
        (row(Outcome.NEW), now(is_beyond=True), False, {}, Stays.BEYOND),
        (row(phone=("1", "2")), now(phone="2"), False, {"phone": "1"}, None),
        (row(phone=("1", "2")), now(phone="3"), False, {}, Stays.CHANGED_SINCE),
        (
            row(phone=("1", "2"), note=("", "b")),
            now(phone="3", note="b"),
            False,
            {"note": ""},
            Stays.CHANGED_SINCE,
        ),
        (row(born_on=(None, "1980-05")), now(born_on="1980-05-01"), False, {"born_on": None}, None),
        (
            row(post=("member", "secretary"), organization_id=(1, 2)),
            now(post="deputy", organization_id=2),
            False,
            {},
            Stays.CHANGED_SINCE,
        ),
        (row(phone=("1", "2")), now(phone="2", has_left=True), False, {}, Stays.LEFT),
    ],
)
def test_the_rule(written, present, removes, restores, stays):
    assert undoing_of(written, present) == Undoing(written, removes, restores, stays)
