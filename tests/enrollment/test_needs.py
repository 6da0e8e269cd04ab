"""Training needs: asked while a survey is open, merged, and closed one by one with what answered them."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from cms.refusals import Refused
from enrollment import need_answers
from enrollment.actions import needs
from enrollment.actions.needs import Asked
from enrollment.models import Message, NeedField, NeedStatus, TrainingNeed
from enrollment.reports_plans import need_totals, needs_of
from tests.factories import courses as school
from tests.factories import practicum as make
from tests.factories.enrollment import training_class

TODAY = timezone.localdate()
MONTH = dt.timedelta(days=30)


@pytest.fixture
def survey(zhao):
    return needs.hold_survey(year=TODAY.year + 1, opens_on=TODAY, closes_on=TODAY + MONTH, actor=zhao)


@pytest.fixture
def field(db):
    return NeedField.objects.get(code="theory")


def ask(user, field, text="怎样开好主题党日"):
    return needs.submit_need(field=field, text=text, actor=user)


def test_there_are_six_fields_as_data(db):
    assert NeedField.objects.filter(is_active=True).count() == 6


# --- Asking ------------------------------------------------------------------------------------------


def test_a_need_is_asked_while_the_survey_is_open(survey, field, zhang, li, chen, soft, zhao):
    assert ask(zhang, field).organization == soft
    assert ask(li, field).asked_by == li
    for text, code in ((" ", "need_text_missing"), ("长" * 301, "need_too_long")):
        with pytest.raises(Refused, match=code):
            ask(zhang, field, text)
    with pytest.raises(Refused, match="need_place_missing"):
        ask(chen, field)
    NeedField.objects.update(is_active=False)
    field.refresh_from_db()
    with pytest.raises(Refused, match="need_field_missing"):
        ask(zhang, field)
    needs.hold_survey(year=survey.year, opens_on=TODAY - MONTH, closes_on=TODAY - MONTH, actor=zhao)
    with pytest.raises(Refused, match="survey_closed"):
        ask(zhang, field)
    with pytest.raises(Refused, match="survey_backward"):
        needs.hold_survey(year=2031, opens_on=TODAY, closes_on=TODAY - MONTH, actor=zhao)


def test_who_sees_a_need(survey, field, zhang, wang, li, chen, outsider, zhao, zhou):
    asked = ask(zhang, field)
    for user, sees in ((zhang, True), (li, True), (zhao, True), (zhou, True)):
        assert TrainingNeed.objects.visible_to(user).filter(pk=asked.pk).exists() is sees
    for stranger in (wang, chen, outsider):
        assert not TrainingNeed.objects.visible_to(stranger).exists()


# --- Merging and closing -----------------------------------------------------------------------------


def test_needs_are_merged_into_the_earliest_and_answered_together(survey, field, zhang, wang, li, zhao):
    first, second, third = ask(zhang, field), ask(wang, field, "主题党日"), ask(li, field, "组织生活")
    with pytest.raises(Refused, match="need_not_yours"):
        needs.merge_needs(needs=[first, second], actor=li)
    with pytest.raises(Refused, match="need_nothing_to_merge"):
        needs.merge_needs(needs=[first], actor=zhao)
    needs.merge_needs(needs=[third, second], actor=zhao)
    assert needs.merge_needs(needs=[first, second], actor=zhao) == first
    assert set(first.merged.values_list("pk", flat=True)) == {second.pk, third.pk}
    with pytest.raises(Refused, match="need_not_open"):
        needs.merge_needs(needs=[first, second], actor=zhao)
    needs.close_needs(needs=[first], kind="text", text="已列入明年计划", actor=zhao)
    told = Message.objects.filter(kind="need_answered")
    assert set(told.values_list("recipient", flat=True)) == {zhang.pk, wang.pk, li.pk}
    totals = need_totals(zhao, survey.year)
    assert (totals.whole, totals.closed, totals.open, totals.share) == (3, 3, 0, 100)


def test_a_need_is_closed_with_a_class_a_course_a_visit_or_words(survey, field, zhang, chen, zhao):
    opened = training_class(title="支部书记班")
    module = school.module(chen)
    course = school.course(module=module, slug="policy")
    base = make.TrainingBaseFactory(name="示例红色车间")
    for kind, reference, title in (
        ("class", opened.code, "支部书记班"),
        ("course", course.title, course.title),
        ("visit", base.code, "示例红色车间"),
    ):
        [closed] = needs.close_needs(needs=[ask(zhang, field)], kind=kind, reference=reference, actor=zhao)
        assert (closed.answer_title, closed.closed_by) == (title, zhao)
        assert closed.answer_url.startswith("/")
    asked = ask(zhang, field)
    for details, code in (
        ({"kind": "class", "reference": "没有这个班"}, "need_answer_not_found"),
        ({"kind": "nonsense", "reference": opened.code}, "need_answer_not_found"),
        ({"kind": "text", "text": " "}, "need_answer_missing"),
    ):
        with pytest.raises(Refused, match=code):
            needs.close_needs(needs=[asked], actor=zhao, **details)
    needs.close_needs(needs=[asked], kind="text", text="已答复", actor=zhao)
    with pytest.raises(Refused, match="need_not_open"):
        needs.close_needs(needs=[asked], kind="text", text="再答复", actor=zhao)
    reopened = needs.reopen_need(need=asked, actor=zhao)
    assert (reopened.status, reopened.answer_text) == (NeedStatus.OPEN, "")
    assert {source.kind for source in need_answers.sources()} == {"class", "course", "visit"}


def test_the_database_asks_for_an_answer(survey, field, zhang):
    asked = ask(zhang, field)
    for change in ({"status": "closed"}, {"status": "merged"}, {"answer_kind": "text"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            TrainingNeed.objects.filter(pk=asked.pk).update(**change)


# --- Pages -------------------------------------------------------------------------------------------


def test_the_pages(survey, field, zhang, wang, zhao, sign_in):
    new = reverse("enrollment:need_new")
    listed = reverse("enrollment:needs")
    client = sign_in(user=zhang)
    assert client.post(new, {"field": field.pk, "text": ""}).status_code == 422
    asked = client.post(new, {"field": field.pk, "text": "=怎样写好党建材料"})
    page = asked["Location"]
    assert client.get(page).status_code == 200
    assert client.post(page, {"kind": "text", "text": "自己答复"}).status_code == 404
    assert client.post(listed, {"do": "close", "need": "1"}).status_code == 404
    assert sign_in(user=wang).get(page).status_code == 404
    need = TrainingNeed.objects.get()
    client = sign_in(user=zhao)
    assert client.post(page, {"kind": "text", "text": ""}).status_code == 422
    client.post(listed, {"do": "close", "need": [need.pk], "kind": "text", "text": "已安排"})
    need.refresh_from_db()
    assert need.status == NeedStatus.CLOSED
    assert "已安排" in sign_in(user=zhang).get(page).content.decode()
    book = sign_in(user=zhao).get(reverse("enrollment:needs_export"), {"status": "closed"}).content
    rows = list(load_workbook(BytesIO(book)).active.iter_rows(values_only=True))
    assert rows[1][2] == "'=怎样写好党建材料"
    assert len(rows) == 2


def test_the_list_is_narrowed_and_its_queries_do_not_grow(survey, field, soft, zhao, sign_in):
    client = sign_in(user=zhao)
    url = reverse("enrollment:needs")

    def cost(number):
        rows = [Asked(field, f"需求{number}", soft) for _ in range(number)]
        needs.record_needs(survey=survey, rows=rows, actor=None, at=timezone.now())
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        return len(captured)

    cost(1)
    assert cost(2) == cost(20)
    assert needs_of(zhao, q="需求20").count() == 20
    assert needs_of(zhao, status="closed").count() == 0
    assert needs_of(zhao, year=survey.year + 1).count() == 0
