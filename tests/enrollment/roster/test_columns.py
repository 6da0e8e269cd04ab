"""Columns of a roster as somebody told them: asked where headings say nothing, remembered, forgotten."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from django.utils.translation import gettext

from cms.refusals import Refused
from enrollment.actions import roster
from enrollment.actions.roster_columns import choose_columns, forget_columns, look_at_row
from enrollment.models import RosterColumns, RosterImport, Trainee
from enrollment.roster.sheets import write_corrections
from enrollment.rules.roster import Column, find_header, header_at
from enrollment.rules.roster.mapping import (
    CORRECTIONS,
    Lack,
    digest_of,
    example,
    find_told_header,
    headings,
    likely_header,
    shortfalls,
)
from tests.enrollment.roster.sheets import SOFT, person, workbook

Status = RosterImport.Status
ODD = ["人", "在哪", "怎么找", "身份证号"]
ROW = ["张三", SOFT, "13900000001", None]


def odd(*rows, heads=ODD[:3], above=()):
    return workbook([*above, heads, *rows] if above else rows, header=None if above else heads)


# --- Rules -----------------------------------------------------------------------------------------


def test_headings_are_a_set_whatever_their_order():
    assert digest_of({0: "姓 名", 1: "电话"}) == digest_of({3: "电话", 5: "姓名"})
    assert digest_of({0: "姓名", 1: "电话"}) != digest_of({0: "姓名", 1: "电话", 2: "电话"})
    assert headings({0: "电话", 2: "", 4: "电话"}) == {0: "电话", 4: "电话#2"}


def test_rows_to_correct_have_the_headings_of_their_file():
    with translation.override("zh-hans"):
        assert gettext("What to correct") in CORRECTIONS
    assert digest_of({0: "姓名", 1: "更正说明"}) == digest_of({0: "姓名"})


def test_what_was_told_outranks_what_a_heading_says():
    rows = [["名单"], ["姓名", "手机", "备用手机"], ["张三", "1", "2"]]
    assert find_header(rows).columns == {0: Column.NAME, 1: Column.PHONE}
    told = {digest_of({0: "姓名", 1: "手机", 2: "备用手机"}): {"姓名": Column.NAME, "备用手机": Column.PHONE}}
    found = find_told_header(rows, told)
    assert (found.row, found.columns, found.is_told) == (2, {0: Column.NAME, 2: Column.PHONE}, True)


def test_a_told_header_is_found_where_none_names_its_columns():
    rows = [["2026年名单"], [], ["在哪", "人"], [SOFT, "张三"]]
    assert find_told_header(rows, {}) is None
    told = {digest_of({0: "人", 1: "在哪"}): {"人": Column.NAME, "在哪": Column.ORGANIZATION}}
    found = find_told_header(rows, told)
    assert (found.row, found.columns) == (3, {0: Column.ORGANIZATION, 1: Column.NAME})


def test_the_likely_header_is_the_row_of_most_words():
    rows = [["花名册"], ["人", "在哪", "怎么找"], ["张三", SOFT, "13900000001"], ["李四", SOFT, "2"]]
    assert likely_header(rows).row == 2
    assert likely_header([["一个词"], ["两个"]]) is None
    assert likely_header([]) is None
    assert header_at(rows, 1).titles == {0: "人", 1: "在哪", 2: "怎么找"}


def test_what_columns_lack():
    told = [Column.NAME, Column.PHONE, Column.PHONE]
    found = shortfalls(told, has_default_organization=False)
    assert [(one.lack, one.column) for one in found] == [
        (Lack.TWICE, Column.PHONE),
        (Lack.ORGANIZATION, None),
    ]
    assert shortfalls([Column.NAME], has_default_organization=True) == []
    assert [one.lack for one in shortfalls([], has_default_organization=True)] == [Lack.NAME]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("13900000001", "139****0001"),
        ("11010519491231002X", "110****002X"),
        (13900000001, "139****0001"),
        ("电话13900000001或13800000002", "电话139****0001或138****0002"),
        ("1985.05", "1985.05"),
        (None, ""),
        ("长" * 40, "长" * 29 + "…"),
    ],
)
def test_examples_show_no_long_number(value, shown):
    assert example(value) == shown


# --- Asked, remembered, used ---------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def asked(tree, li):
    found = roster.read_roster(file=odd(ROW[:3]), organization=None, actor=li, name="名单.xlsx")
    assert found.status == Status.COLUMNS
    return found


TOLD = {0: "name", 1: "organization", 2: "phone"}


@pytest.mark.django_db
def test_unknown_headings_lead_to_a_question_with_examples(asked):
    assert [(one["title"], one["field"], one["examples"]) for one in asked.verdict["columns"]] == [
        ("人", "", ["张三"]),
        ("在哪", "", [SOFT[:29] + "…" if len(SOFT) > 30 else SOFT]),
        ("怎么找", "", ["139****0001"]),
    ]
    assert asked.verdict["header_row"] == 1
    assert not Trainee.objects.filter(name="张三").exists()


@pytest.mark.django_db
def test_what_is_told_is_used_now_and_next_time_and_can_be_forgotten(asked, li, zhao):
    assert choose_columns(roster_import=asked, told=TOLD, actor=li)
    assert asked.status == Status.READING
    assert roster.judge_roster(roster_import=asked).status == Status.READY
    assert asked.verdict["counts"]["new"] == 1
    assert asked.verdict["columns_told"]

    # The next time by itself, with the columns in another order.
    heads, row = ["怎么找", "人", "在哪"], ["13900000002", "李四", SOFT]
    again = roster.read_roster(file=odd(row, heads=heads), organization=None, actor=li)
    assert (again.status, again.verdict["counts"]["new"]) == (Status.READY, 1)
    assert again.verdict["rows"][0]["person"]["phone"] == "13900000002"

    # Told once more, it is the same memory; another organization has none.
    assert choose_columns(roster_import=again, told={1: "name", 2: "organization"}, actor=li)
    remembered = RosterColumns.objects.get()
    assert remembered.told == {"人": "name", "在哪": "organization"}
    other = roster.read_roster(file=odd(row, heads=heads), organization=None, actor=zhao)
    assert other.status == Status.COLUMNS

    forget_columns(columns=remembered, actor=li)
    last = roster.read_roster(file=odd(row, heads=heads), organization=None, actor=li)
    assert last.status == Status.COLUMNS


@pytest.mark.django_db
def test_the_command_uses_what_the_organization_told(asked, li, tree, tmp_path):
    path = tmp_path / "odd.xlsx"
    path.write_bytes(odd(["王五", SOFT, "13900000005"]).getvalue())
    with pytest.raises(CommandError) as refused:
        call_command("import_roster", str(path), "--organization", "SOFT")
    assert "姓名" in str(refused.value)
    RosterColumns.objects.create(
        organization=tree.soft,
        digest=digest_of({0: "人", 1: "在哪", 2: "怎么找"}),
        told={"人": "name", "怎么找": "phone"},
    )
    call_command("import_roster", str(path), "--organization", "SOFT", stdout=io.StringIO())
    assert Trainee.objects.get(name="王五").home_organization == tree.soft
    with pytest.raises(CommandError):
        call_command("import_roster", str(path))


@pytest.mark.django_db
def test_a_missing_column_is_one_sentence_not_one_a_row(tree, zhao, tmp_path):
    rows = [["张三", "13900000001"], ["李四", "13900000002"]]
    found = roster.read_roster(file=workbook(rows, header=["姓名", "手机号"]), organization=None, actor=zhao)
    assert found.status == Status.COLUMNS
    assert found.verdict["lacks"] == [[Lack.ORGANIZATION, ""]]
    path = tmp_path / "short.xlsx"
    path.write_bytes(workbook(rows, header=["姓名", "手机号"]).getvalue())
    for dry in ([], ["--dry-run"]):
        with pytest.raises(CommandError):
            call_command("import_roster", str(path), *dry)
    assert not Trainee.objects.filter(name="张三").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({1: "organization"}, "roster_columns_without_name"),
        ({0: "name"}, "roster_columns_without_organization"),
        ({0: "name", 1: "organization", 2: "name"}, "roster_columns_told_twice"),
        ({0: "name", 7: "organization"}, "roster_columns_of_another_file"),
        ({0: "name", 1: "salary"}, "roster_columns_of_another_file"),
    ],
)
def test_what_cannot_be_told(asked, li, told, code):
    with pytest.raises(Refused) as refused:
        choose_columns(roster_import=asked, told=told, actor=li)
    assert refused.value.code == code
    assert refused.value.sentence
    assert not RosterColumns.objects.exists()
    asked.refresh_from_db()
    assert asked.status == Status.COLUMNS


@pytest.mark.django_db
def test_columns_are_told_once_and_not_after_applying(asked, li):
    choose_columns(roster_import=asked, told=TOLD, actor=li)
    with pytest.raises(Refused) as refused:
        choose_columns(roster_import=asked, told=TOLD, actor=li)
    assert refused.value.code == "roster_columns_taken"
    roster.judge_roster(roster_import=asked)
    roster.apply_roster(roster_import=asked, actor=li)
    assert not any("examples" in column for column in asked.verdict["columns"])
    with pytest.raises(Refused) as refused:
        choose_columns(roster_import=asked, told=TOLD, actor=li)
    assert refused.value.code == "roster_not_ready"


@pytest.mark.django_db
def test_headings_in_another_row(tree, li):
    above = [["甲栏", "乙栏", "丙栏", "丁栏"], ["说明文字", "另一说明"]]
    found = roster.read_roster(file=odd(ROW[:3], above=above), organization=None, actor=li)
    assert found.verdict["header_row"] == 1
    assert found.verdict["choices"][2] == [3, "人、在哪、怎么找"]
    look_at_row(roster_import=found, row=3, actor=li)
    roster.judge_roster(roster_import=found)
    assert [one["title"] for one in found.verdict["columns"]] == ["人", "在哪", "怎么找"]
    choose_columns(roster_import=found, told=TOLD, actor=li)
    roster.judge_roster(roster_import=found)
    assert [row["number"] for row in found.verdict["rows"]] == [4]
    with pytest.raises(Refused):
        look_at_row(roster_import=found, row=3, actor=li)


@pytest.mark.django_db
def test_identity_numbers_go_with_the_file_also_when_left_out(tree, li):
    row = ["张三", SOFT, "1390000", "11010519491231002X"]
    found = roster.read_roster(file=odd(row, heads=ODD), organization=None, actor=li)
    choose_columns(roster_import=found, told=TOLD, actor=li)
    roster.judge_roster(roster_import=found)
    assert found.status == Status.READY
    assert not found.file
    assert "11010519491231002X" not in str(found.verdict)
    # Told anew, the file has to be sent again; what was told is remembered.
    assert not choose_columns(roster_import=found, told={**TOLD, 3: "identity"}, actor=li)
    assert found.status == Status.FAILED
    again = roster.read_roster(file=odd(row, heads=ODD), organization=None, actor=li)
    assert again.status == Status.READY
    assert again.verdict["rows"][0]["person"]["identity_tail"] == "002X"


@pytest.mark.django_db
def test_the_rows_to_correct_come_back_with_their_columns(asked, li):
    wrong = roster.read_roster(file=odd(["李四", SOFT, "139"]), organization=None, actor=li)
    choose_columns(roster_import=wrong, told=TOLD, actor=li)
    roster.judge_roster(roster_import=wrong)
    assert wrong.verdict["counts"]["errors"] == 1
    target = io.BytesIO()
    with translation.override("zh-hans"):
        write_corrections(target, wrong.verdict)
    target.seek(0)
    again = roster.read_roster(file=target, organization=None, actor=li)
    assert (again.status, again.verdict["counts"]["errors"]) == (Status.READY, 1)


@pytest.mark.django_db
def test_a_text_file_is_asked_about_too(tree, li):
    text = io.StringIO()
    csv.writer(text).writerows([["示例"], ODD[:3], ROW[:3]])
    found = roster.read_roster(
        file=io.BytesIO(text.getvalue().encode("gb18030")), organization=None, actor=li, name="名单.csv"
    )
    assert found.status == Status.COLUMNS
    assert found.verdict["header_row"] == 2


@pytest.mark.django_db
def test_a_known_header_is_not_asked_about(tree, li):
    found = roster.read_roster(file=workbook([person()]), organization=None, actor=li)
    assert (found.status, found.verdict["columns_told"]) == (Status.READY, False)
    assert found.verdict["columns"][1]["examples"] == ["张三"]
