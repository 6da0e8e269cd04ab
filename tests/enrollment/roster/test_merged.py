"""A roster of yesterday that names somebody by a record that has been merged into another one since."""

from __future__ import annotations

import datetime as dt

import pytest

from enrollment.actions import roster
from enrollment.actions.people import admit, depart
from enrollment.actions.person_mergers import merge_people, undo_merger
from enrollment.models import Trainee
from enrollment.rules.roster import Alias, Outcome, Person, Row, Stored, judge
from tests.enrollment.roster.sheets import person as line
from tests.enrollment.roster.sheets import workbook

OLD, NEW = "13900000001", "13900000002"


@pytest.fixture
def merged(tree, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    stays = admit(
        name="热合曼", organization=tree.soft, phone=NEW, actor=None, started_on=dt.date(2020, 1, 1)
    )
    went = admit(
        name="阿卜杜·热合曼", organization=tree.make, phone=OLD, actor=None, started_on=dt.date(2020, 1, 1)
    )
    merger = merge_people(keeper=stays, other=went, actor=None)
    return stays, went, merger


def imported(*lines):
    read = roster.read_roster(file=workbook(list(lines)), organization=None, actor=None)
    return roster.apply_roster(roster_import=read, actor=None)


@pytest.mark.django_db
@pytest.mark.parametrize("phone", [OLD, ""])
def test_the_file_finds_the_record_that_stays_and_changes_nothing_back(tree, merged, phone):
    stays, _went, _merger = merged
    done = imported(line("阿卜杜·热合曼", phone, organization=tree.make.name))
    assert done.verdict["applied"]["new"] == 0
    [row] = done.verdict["rows"]
    assert row["trainee"] == stays.pk
    # What neither record knew is taken from the file.
    assert row["changes"].keys() == {"gender", "ethnicity", "born_on", "education", "joined_on"}
    stays.refresh_from_db()
    # What staff chose stays chosen.
    assert (stays.name, stays.phone, stays.home_organization) == ("热合曼", NEW, tree.soft)
    assert Trainee.objects.active().count() == 1


@pytest.mark.django_db
def test_what_the_file_says_anew_is_written_to_the_record_that_stays(tree, merged):
    stays, _went, _merger = merged
    done = imported(line("阿卜杜·热合曼", OLD, organization=tree.bio.name))
    assert done.verdict["applied"]["changed"] == 1
    stays.refresh_from_db()
    assert stays.home_organization == tree.bio


@pytest.mark.django_db
def test_the_phone_of_a_merged_record_may_be_somebody_elses_by_now(tree, merged):
    rival = admit(
        name="示例后来", organization=tree.make, phone=OLD, actor=None, started_on=dt.date(2020, 1, 1)
    )
    done = imported(line("示例后来", OLD, organization=tree.make.name))
    assert [row["trainee"] for row in done.verdict["rows"]] == [rival.pk]


@pytest.mark.django_db
def test_taken_back_each_is_found_again_and_nobody_by_a_record_whose_person_left(tree, merged):
    stays, went, merger = merged
    undo_merger(merger=merger, actor=None)
    done = imported(line("阿卜杜·热合曼", OLD, organization=tree.make.name))
    assert [row["trainee"] for row in done.verdict["rows"]] == [went.pk]
    merge_people(keeper=stays, other=went, actor=None)
    depart(trainee=stays, on=dt.date.today(), actor=None)
    # Whoever left comes back as somebody new, as everybody does.
    assert imported(line("阿卜杜·热合曼", OLD, organization=tree.make.name)).verdict["applied"]["new"] == 1


def test_an_alias_does_not_make_two_namesakes_of_one():
    stored = Stored(1, "示例甲", 5, phone=NEW, known_as=(Alias("示例甲", 5, OLD),))
    [judged] = judge([Row(1, Person(name="示例甲", organization_id=5))], [stored])
    assert (judged.outcome, judged.trainee_id) == (Outcome.UNCHANGED, 1)
