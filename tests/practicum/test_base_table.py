"""The directory of bases goes out as a table and comes back: unchanged, changed, or refused row by row."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.urls import reverse
from openpyxl import Workbook, load_workbook
from wagtail.models import ModelLogEntry

from cms.refusals import Refused
from practicum.actions import base_imports as steps
from practicum.actions.base_table import write_bases
from practicum.models import BaseImport, TrainingBase
from practicum.rules import base_table as rules
from tests.factories import practicum as make

KNOWN = {
    "organization": {"SOFT": 7},
    "park": {},
    "field": {"软件": 3},
    "chain": {},
    "modules": {"M1": 4, "M2": 5},
}


# --- Cells -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "raw", "told"),
    [
        ("open_weekdays", "周一、周三、周五", "135"),
        ("open_weekdays", "12345", "12345"),
        ("opens_at", dt.time(9), "09:00"),
        ("closes_at", "9:30", "09:30"),
        ("capacity_per_batch", 40, 40),
        ("latitude", "36.68", "36.680000"),
        ("title_awarded_on", dt.datetime(2025, 6, 30), "2025-06-30"),
        ("modules", "M2、M1", [4, 5]),
        ("field", "软件", 3),
        ("is_step_free", "", False),
        ("teaching_points", "展厅 ｜ 车间", "展厅\n车间"),
        ("contact_phone", "'+86 531 0000", "+86 531 0000"),
        ("title_level", "市级", "city"),
    ],
)
def test_a_cell_says_what_it_means(name, raw, told):
    assert rules.read_cell(name, raw, KNOWN) == told


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("code", "甲 一"),
        ("open_weekdays", "星期八"),
        ("opens_at", "上午"),
        ("capacity_per_batch", "四十"),
        ("latitude", "北纬"),
        ("title_awarded_on", "2025-06"),
        ("modules", "M9"),
        ("status", "开放"),
    ],
)
def test_a_cell_that_says_something_else_is_named(name, raw):
    line = rules.read_line(4, {name: raw}, known=KNOWN)
    assert [problem.field for problem in line.problems] == [name]
    assert str(line.problems[0])


# --- The table ---------------------------------------------------------------------------------------------


def table(rows: list[dict[str, object]]) -> io.BytesIO:
    book = Workbook()
    names = list(rows[0])
    book.active.append([rules.TITLES[name][0] for name in names])
    for row in rows:
        book.active.append([row[name] for name in names])
    target = io.BytesIO()
    book.save(target)
    return target


def judged(file: io.BytesIO, actor, name="bases.xlsx") -> BaseImport:
    return steps.judge_table(received=steps.receive_table(file=file, actor=actor, name=name))


NEW = {"code": "b900", "name": "示例新基地", "unit": "示例公司", "theme": "示例主题", "address": "示例路9号"}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_what_is_taken_away_comes_back_unchanged(base, zhao, soft, kind):
    base.organization, base.contact_phone, base.route = soft, "+86 531 0000", "第一行\n第二行"
    base.latitude, base.title_level, base.title_expires_on = "36.123456", "city", dt.date(2028, 1, 1)
    base.save()
    make.TrainingBaseFactory(status="suspended", open_weekdays="67")
    target = io.BytesIO()
    assert write_bases(target, TrainingBase.objects.prefetch_related("modules"), kind=kind) == 2
    found = judged(target, zhao, f"bases.{kind}")
    assert found.status == "ready", found.error
    assert found.counts == {"error": 0, "new": 0, "changed": 0, "unchanged": 2}, found.words


@pytest.mark.django_db
def test_new_and_changed_bases_are_shown_then_written_whole_and_logged(base, zhao):
    rows = [NEW, {**NEW, "code": base.code, "name": "改名的基地"}]
    found = judged(table(rows), zhao)
    assert (found.counts["new"], found.counts["changed"]) == (1, 1)
    assert TrainingBase.objects.count() == 1
    assert steps.begin_applying(received=found)
    steps.apply_table(received=found, actor=zhao)
    steps.apply_table(received=found, actor=zhao)
    base.refresh_from_db()
    assert base.name == "改名的基地"
    assert TrainingBase.objects.get(code="b900").capacity_per_batch == 40
    assert ModelLogEntry.objects.filter(action="practicum.bases_import").count() == 1
    assert set(
        ModelLogEntry.objects.filter(user=zhao, action__startswith="wagtail.").values_list(
            "action", flat=True
        )
    ) == {
        "wagtail.create",
        "wagtail.edit",
    }


@pytest.mark.django_db
def test_a_wrong_row_is_named_and_nothing_can_be_applied(base, zhao):
    rows = [
        {**NEW, "capacity_per_batch": "40", "status": "接待中"},
        {**NEW, "capacity_per_batch": "0", "status": "接待中"},
        {**NEW, "code": "b901", "capacity_per_batch": "40", "status": "已暂停"},
        {**NEW, "code": "b902", "capacity_per_batch": "40", "status": "接待中", "theme": "长" * 121},
    ]
    found = judged(table(rows), zhao)
    told = {row["number"]: " ".join(row["told"]) for row in found.words if row["outcome"] == "error"}
    assert set(told) == {3, 4, 5}
    assert "120" in told[5]
    with pytest.raises(Refused):
        steps.begin_applying(received=found)
    assert TrainingBase.objects.count() == 1


@pytest.mark.django_db
def test_what_changed_since_the_preview_is_shown_anew(base, zhao):
    found = judged(table([{**NEW, "code": base.code}]), zhao)
    TrainingBase.objects.filter(pk=base.pk).update(name=NEW["name"])
    with pytest.raises(Refused) as caught:
        steps.apply_table(received=found, actor=zhao)
    assert caught.value.code == "table_changed_since"
    found.refresh_from_db()
    assert found.status == "ready"
    base.refresh_from_db()
    assert base.theme == "非公企业党建"


@pytest.mark.django_db
def test_the_pages_send_show_and_export(base, zhao, sign_in, django_assert_max_num_queries):
    client = sign_in(user=zhao)
    file = table([{**NEW, "code": base.code}])
    file.name = "bases.xlsx"
    file.seek(0)
    answer = client.post(reverse("practicum_bases:import"), {"file": file})
    found = BaseImport.objects.get()
    assert answer["Location"] == reverse("practicum_bases:import_one", args=[found.pk])
    steps.judge_table(received=found)
    assert "示例新基地" in client.get(answer["Location"]).content.decode()
    for _ in range(30):
        make.TrainingBaseFactory()
    with django_assert_max_num_queries(22):
        sheet = client.get(reverse("practicum_bases:table"))
    assert load_workbook(io.BytesIO(sheet.content)).active.max_row == 32
    assert "示例" in client.get(reverse("practicum_bases:table_csv")).content.decode("utf-8-sig")
