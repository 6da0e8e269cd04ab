"""Printed forms: who may have them, what stands on them, in every way that they are taken along."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from wagtail.models import ModelLogEntry

from cms.forms_on_paper import FORMS
from enrollment.actions.classes import enrol_in_bulk, set_quota
from enrollment.actions.groups import divide_into_groups
from enrollment.actions.notices import attach, begin_notice, publish_notice
from enrollment.models import ClassLeave, Enrollment, SurveySheet, TrainingClass
from practicum.models import BaseHost, Leave
from tests.factories import practicum as make
from tests.factories.enrollment import credited, survey_held, trainees, training_class
from tests.papers import fonts, metadata, needs_paper, pages, words

pytestmark = pytest.mark.slow

WAYS = ("form", "form_print", "form_pdf", "form_xlsx")


@pytest.fixture
def world(zhang, chen, soft, zhao, sun):
    """A class with people, groups, a quota, a session and a leave slip."""
    one = training_class(title="示例书记班", teacher=chen, nominating=True, description="第一段。\n第二段。")
    set_quota(training_class=one, organization=soft, seats=5, actor=None)
    enrol_in_bulk(training_class=one, trainees=[zhang.trainee, *trainees(soft, 4)], actor=None)
    divide_into_groups(training_class=one, actor=zhao, size=3)
    session = make.session(title="示例党课", training_class=one)
    published = publish_notice(notice=begin_notice(training_class=one, actor=zhao), actor=zhao)
    attach(notice=published, file=SimpleUploadedFile("食宿安排.pdf", b"%PDF-1.7"), actor=zhao)
    survey_held(one)
    SurveySheet.objects.bulk_create(
        SurveySheet(survey=one.survey, answers={"1": 5, "9": "合适", "10": "现场教学收获最大"})
        for _ in range(5)
    )
    leave = Leave.objects.create(session=session, trainee=zhang.trainee, reason="出差")
    away = ClassLeave.objects.create(
        enrollment=one.enrollments.get(trainee=zhang.trainee),
        starts_at=make.at(9),
        ends_at=make.at(12),
        reason="住院",
    )
    credited(zhang.trainee, 6)
    base = make.TrainingBaseFactory(name="示例车间基地")
    BaseHost.objects.create(base=base, user=sun)
    return {
        "roster": one.pk,
        "groups": one.pk,
        "quotas": one.pk,
        "notice": one.pk,
        "survey-summary": one.pk,
        "timetable": one.pk,
        "attendance": one.pk,
        "sign-in-sheet": session.pk,
        "leave-slip": leave.pk,
        "class-leave-slip": away.pk,
        "study-record": zhang.trainee.pk,
        "organization-record": soft.code,
        "base-year": f"{base.code}-{timezone.localdate().year}",
    }


def address(way, code, key):
    return reverse(f"forms:{way}", args=[code, key])


def test_every_form_is_tried_here(world):
    assert set(world) == set(FORMS) - {"annual-return"}


STAFF = {"li", "chen", "zhao", "zhou"}


@pytest.mark.parametrize(
    ("code", "allowed"),
    [
        ("roster", STAFF),
        ("groups", STAFF),
        ("quotas", STAFF),
        ("notice", STAFF | {"zhang"}),
        ("survey-summary", {"chen", "zhao"}),
        ("timetable", STAFF | {"zhang"}),
        ("attendance", {"chen", "zhao"}),
        ("sign-in-sheet", {"chen", "zhao"}),
        ("leave-slip", {"zhang", "chen", "zhao"}),
        ("class-leave-slip", {"zhang", "chen", "zhao"}),
        ("study-record", {"zhang", "li", "zhao"}),
        ("organization-record", {"li", "zhao", "zhou"}),
        ("base-year", {"zhao", "sun"}),
    ],
)
def test_who_may_have_it(world, everyone, sign_in, code, allowed):
    for way in ("form", "form_xlsx"):
        got = {
            name
            for name, user in everyone.items()
            if sign_in(user=user).get(address(way, code, world[code])).status_code == 200
        }
        assert got == allowed, way


EXPECTED = {
    "roster": ["花名册", "张学员", "示例书记班", "中共示例软件有限公司支部委员会"],
    "groups": ["第 1 组", "第 2 组", "组长", "张学员"],
    "quotas": ["名额分配表", "合计"],
    "notice": [
        "党建院〔",
        "示例书记班",
        "附件：1. 名额分配表",
        "2. 食宿安排.pdf",
        "中共示例软件有限公司支部委员会",
    ],
    "survey-summary": ["满意度测评汇总表", "授课讲师的水平", "现场教学收获最大"],
    "timetable": ["课程表", "示例党课"],
    "attendance": ["考勤汇总", "示例党课", "迟到"],
    "sign-in-sheet": ["签到表", "示例党课", "张学员", "签到签名", "签退签名"],
    "leave-slip": ["请假条", "张学员", "出差", "示例党课"],
    "class-leave-slip": ["请假条", "张学员", "住院"],
    "study-record": ["学习档案", "张学员", "1.5"],
    "organization-record": ["教育培训档案", "张学员", "1.5"],
    "base-year": ["实训基地年度报告", "示例车间基地"],
}


@pytest.mark.parametrize("code", EXPECTED)
def test_what_stands_on_it(world, zhao, sign_in, code, tmp_path):
    client = sign_in(user=zhao)
    page = client.get(address("form_print", code, world[code])).content.decode()
    book = load_workbook(io.BytesIO(client.get(address("form_xlsx", code, world[code])).content))
    cells = "\n".join(
        str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row if cell
    )
    for part in EXPECTED[code]:
        assert part in page, part
        # A spreadsheet names each table by what it is; the group and the annex are names of sheets.
        assert part in cells or any(part in name for name in book.sheetnames), part
    entries = ModelLogEntry.objects.filter(action="cms.form.export")
    assert [entry.data for entry in entries.order_by("timestamp", "pk")] == [
        {"form": code, "as": "print"},
        {"form": code, "as": "xlsx"},
    ]


@needs_paper
@pytest.mark.parametrize("code", EXPECTED)
def test_as_pdf(world, zhao, sign_in, code, tmp_path):
    content = sign_in(user=zhao).get(address("form_pdf", code, world[code])).content
    text = words(content, tmp_path)
    for part in EXPECTED[code]:
        assert "".join(part.split()) in text, part
    assert "第1页" in text
    assert 'pdfaid:part="2"' in metadata(content, tmp_path)
    assert all(font["embedded"] and font["subset"] for font in fonts(content, tmp_path))


@needs_paper
def test_a_long_roster_repeats_its_head_and_counts_its_pages(world, soft, zhao, sign_in, tmp_path):
    one = TrainingClass.objects.get()
    TrainingClass.objects.update(capacity=500)
    for person in trainees(soft, 120):
        Enrollment.objects.create(training_class=one, trainee=person, status="enrolled")
    content = sign_in(user=zhao).get(address("form_pdf", "roster", one.pk)).content
    number = pages(content, tmp_path)
    text = words(content, tmp_path)
    assert number >= 3
    assert text.count("手机号码") == number
    assert f"第{number}页共{number}页" in text


@pytest.mark.parametrize("code", ["roster", "groups", "sign-in-sheet"])
def test_its_queries_do_not_grow(world, soft, zhao, sign_in, code):
    client = sign_in(user=zhao)
    one = TrainingClass.objects.get()
    url = address("form", code, world[code])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for person in trainees(soft, 30):
        Enrollment.objects.create(training_class=one, trainee=person, status="enrolled", group_number=1)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


def test_cells_are_no_formulas(world, zhang, zhao, sign_in):
    from enrollment.models import Trainee

    Trainee.objects.filter(pk=zhang.trainee.pk).update(name='=HYPERLINK("http://x")')
    book = load_workbook(
        io.BytesIO(sign_in(user=zhao).get(address("form_xlsx", "roster", world["roster"])).content)
    )
    found = [
        cell for row in book.worksheets[-1].iter_rows() for cell in row if "HYPERLINK" in str(cell.value)
    ]
    assert found
    assert all(cell.data_type == "s" and str(cell.value).startswith("'=") for cell in found)


def test_an_affairs_worker_gets_own_people_only(world, bio, li, sign_in):
    [stranger] = trainees(bio, 1)
    Enrollment.objects.create(training_class_id=world["roster"], trainee=stranger, status="enrolled")
    page = sign_in(user=li).get(address("form_print", "roster", world["roster"])).content.decode()
    assert "张学员" in page
    assert stranger.name not in page


@pytest.mark.parametrize("key", ["0", "999999", "²", "x", "9" * 30])
@pytest.mark.parametrize("code", ["roster", "sign-in-sheet", "leave-slip", "study-record", "nothing"])
def test_what_is_not_there(db, zhao, sign_in, code, key):
    assert sign_in(user=zhao).get(address("form", code, key)).status_code == 404


def test_without_the_engine_everything_else_works(world, zhao, sign_in, monkeypatch):
    from cms import pdf

    monkeypatch.setattr(pdf, "why_resting", lambda: pdf.FONT_MISSING)
    client = sign_in(user=zhao)
    page = client.get(address("form", "roster", world["roster"])).content.decode()
    assert "fonts-noto-cjk" in page
    assert "form.pdf" not in page
    assert client.get(address("form_pdf", "roster", world["roster"])).status_code == 302
    for way in ("form_print", "form_xlsx"):
        assert client.get(address(way, "roster", world["roster"])).status_code == 200
