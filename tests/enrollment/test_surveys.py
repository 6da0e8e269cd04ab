"""The satisfaction survey of a class: asked, answered once and namelessly, shown late enough."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from cms.refusals import Refused
from enrollment import archiving, closing
from enrollment.actions import classes, surveys
from enrollment.models import ClassSurvey, Enrollment, Message, SurveyQuestion, SurveySheet
from enrollment.reports_life import steps_of
from enrollment.rules import survey as rules
from enrollment.rules.survey import Kind, Question, State
from tests.factories.enrollment import survey_held, trainees, training_class

HOUR = dt.timedelta(hours=1)
NOW = timezone.now()
GRADE = Question(1, Kind.RATING, "总体评价")
LENGTH = Question(2, Kind.CHOICE, "时长", ("偏短", "合适"))
WORDS = Question(3, Kind.TEXT, "意见")
THREE = [GRADE, LENGTH, WORDS]


def codes(refused):
    return [reason.code for reason in refused.value.reasons]


# --- Rules -------------------------------------------------------------------------------------------


def test_where_a_survey_stands():
    assert rules.state(None, None, NOW) == State.PREPARED
    assert rules.state(NOW - HOUR, NOW + HOUR, NOW) == State.OPEN
    assert rules.state(NOW - HOUR, NOW, NOW) == State.OVER


@pytest.mark.parametrize(
    ("questions", "code"),
    [
        ([], "survey_no_questions"),
        ([WORDS], "survey_no_questions"),
        ([GRADE] * 31, "survey_too_many_questions"),
        ([Question(1, Kind.RATING, " ")], "survey_question_empty"),
        ([Question(1, Kind.RATING, "问" * 121)], "survey_question_long"),
        ([Question(1, Kind.CHOICE, "时长", ("合适",))], "survey_choices"),
        ([Question(1, Kind.CHOICE, "时长", ("合适", "合适"))], "survey_choices"),
    ],
)
def test_questions_that_cannot_be_asked(questions, code):
    assert [reason.code for reason in rules.question_refusals(questions)] == [code]


def test_each_wrong_answer_is_named_at_its_question():
    found = rules.answer_refusals(THREE, {1: 6, 2: "随便", 3: "字" * 501})
    assert [(reason.field, reason.code) for reason in found] == [
        ("q1", "survey_answer_unknown"),
        ("q2", "survey_answer_unknown"),
        ("q3", "survey_answer_long"),
    ]
    assert [reason.field for reason in rules.answer_refusals(THREE, {})] == ["q1", "q2"]
    assert rules.answer_refusals(THREE, {1: 5, 2: "合适"}) == ()


@pytest.mark.parametrize(
    ("state", "answers", "minimum", "shown"),
    [
        (State.OPEN, 50, 5, False),
        (State.OVER, 4, 5, False),
        (State.OVER, 5, 5, True),
        # Never fewer than three, whatever somebody writes into the row.
        (State.OVER, 2, 1, False),
    ],
)
def test_results_wait_for_the_end_and_for_enough(state, answers, minimum, shown):
    assert rules.may_show(state, answers=answers, minimum=minimum) is shown


def test_a_survey_is_not_opened_again_once_its_results_were_to_be_seen():
    facts = {"class_status": "running", "closes_at": NOW + HOUR, "now": NOW, "minimum": 5}
    assert rules.opening_refusals(now_is=State.OVER, answers=4, **facts) == ()
    assert rules.opening_refusals(now_is=State.OVER, answers=5, **facts) == (rules.RESULTS_STAND,)


def test_a_small_class_is_closed_when_everybody_has_answered():
    facts = {"now_is": State.OVER, "minimum": 5, "closes_at": NOW}
    assert rules.closing_reason(answers=3, people=3, **facts) is None
    assert rules.closing_reason(answers=2, people=3, **facts).params["minimum"] == 3
    assert rules.closing_reason(answers=5, people=300, **facts) is None


def test_figures_are_those_of_a_plain_count():
    sheets = [{1: 5, 2: "合适", 3: "乙"}, {1: 4, 2: "合适", 3: "甲"}, {1: 2, 2: "偏短"}]
    found = rules.summary(THREE, sheets)
    assert (found.answers, found.graded[0].counts) == (3, (1, 1, 0, 1, 0))
    assert found.graded[0].mean == pytest.approx(11 / 3)
    assert found.satisfied_percent == pytest.approx(200 / 3)
    assert found.chosen[0].counts == (("偏短", 1), ("合适", 2))
    assert set(found.said[0].texts) == {"甲", "乙"}


# --- The survey of a class ---------------------------------------------------------------------------


@pytest.fixture
def running(soft, zhang, chen):
    opened = training_class(teacher=chen, starts_on=timezone.localdate() - dt.timedelta(days=3), days=3)
    people = [zhang.trainee, *trainees(soft, 5)]
    classes.enrol_in_bulk(training_class=opened, trainees=people, actor=None)
    return classes.transition(training_class=opened, to="running", actor=None)


@pytest.fixture
def survey(running, chen):
    surveys.write_questions(training_class=running, questions=THREE, actor=chen)
    return surveys.open_survey(training_class=running, closes_at=timezone.now() + HOUR, actor=chen)


def places(running):
    return list(Enrollment.objects.filter(training_class=running).order_by("pk"))


def answer_all(running, number):
    for grade, held in enumerate(places(running)[:number]):
        surveys.answer_survey(enrollment=held, answers={1: 5 - grade % 2, 2: "合适", 3: f"意见{grade}"})


def test_a_new_survey_asks_the_standard_questions(running, chen):
    opened = surveys.open_survey(training_class=running, closes_at=timezone.now() + HOUR, actor=chen)
    asked = [question.text for question in surveys.questions_of(opened)]
    assert asked == [question.text for question in surveys.standard_questions()]
    assert len(asked) == 11
    assert "对本次培训的总体评价" in asked


def test_the_standard_questions_are_changed_for_later_surveys(running, zhao):
    surveys.keep_as_standard(questions=THREE, actor=zhao)
    opened = surveys.open_survey(training_class=running, closes_at=timezone.now() + HOUR, actor=zhao)
    assert [question.text for question in surveys.questions_of(opened)] == ["总体评价", "时长", "意见"]


def test_questions_stand_once_the_survey_was_opened(survey, running, chen):
    with pytest.raises(Refused, match="survey_questions_stand"):
        surveys.write_questions(training_class=running, questions=[GRADE], actor=chen)
    assert survey.questions.count() == 3


def test_each_person_answers_once_and_nothing_joins_them_with_it(survey, running, zhang):
    held = places(running)[0]
    before = held.updated_at
    with pytest.raises(Refused) as refused:
        surveys.answer_survey(enrollment=held, answers={1: 5})
    assert codes(refused) == ["survey_unanswered"]
    assert not SurveySheet.objects.exists()
    surveys.answer_survey(enrollment=held, answers={1: 5, 2: "合适", 3: ""})
    with pytest.raises(Refused, match="survey_answered"):
        surveys.answer_survey(enrollment=held, answers={1: 1, 2: "偏短"})
    sheet = SurveySheet.objects.get()
    assert sheet.answers == {"1": 5, "2": "合适"}
    held.refresh_from_db()
    assert (held.has_answered_survey, held.updated_at) == (True, before)
    # A sheet knows its survey and nothing else: no person, no time, no key that counts up.
    assert {field.name for field in SurveySheet._meta.fields} == {"id", "survey", "answers", "is_on_paper"}
    assert sheet.pk.version == 4
    assert not ModelLogEntry.objects.filter(user=zhang).exists()


def test_who_may_not_answer(survey, running, soft, chen):
    [stranger] = trainees(soft, 1)
    waiting = Enrollment.objects.create(training_class=running, trainee=stranger, status="waitlisted")
    with pytest.raises(Refused, match="survey_not_on_roster"):
        surveys.answer_survey(enrollment=waiting, answers={1: 5, 2: "合适"})
    surveys.close_survey(training_class=running, actor=chen)
    with pytest.raises(Refused, match="survey_not_open"):
        surveys.answer_survey(enrollment=places(running)[0], answers={1: 5, 2: "合适"})


def test_sheets_of_paper_are_no_more_than_people(survey, running, chen):
    answer_all(running, 4)
    surveys.key_in_sheets(training_class=running, sheets=[{1: 3, 2: "偏短"}] * 2, actor=chen)
    with pytest.raises(Refused, match="survey_all_answered"):
        surveys.key_in_sheets(training_class=running, sheets=[{1: 3, 2: "偏短"}], actor=chen)
    assert SurveySheet.objects.filter(is_on_paper=True).count() == 2


def test_everybody_is_told_and_who_has_not_answered_is_reminded_once_a_day(survey, running, zhang, chen):
    assert Message.objects.filter(recipient=zhang, kind="class_survey").count() == 1
    assert surveys.remind_of_survey(training_class=running, actor=chen) == 1
    with pytest.raises(Refused, match="survey_reminded_today"):
        surveys.remind_of_survey(training_class=running, actor=chen)
    answer_all(running, 1)
    ClassSurvey.objects.update(reminded_on=None)
    assert surveys.remind_of_survey(training_class=running, actor=chen) == 0
    assert Message.objects.filter(recipient=zhang, kind="class_survey").count() == 2


def test_the_day_before_the_end_reminds_by_itself(survey, running, zhang):
    assert surveys.remind_before_the_end(now=timezone.now()) == 0
    ClassSurvey.objects.update(opened_at=timezone.now() - dt.timedelta(days=2))
    assert surveys.remind_before_the_end(now=timezone.now()) == 1
    assert surveys.remind_before_the_end(now=timezone.now()) == 0
    assert Message.objects.filter(recipient=zhang, kind="class_survey").count() == 2
    assert not mail.outbox


def test_the_checklist_is_judged_by_the_survey(running, chen):
    def item():
        return next(line for line in closing.checklist(running) if line.item.code == "survey").checked

    assert [reason.code for reason in item().missing] == ["survey_missing"]
    surveys.write_questions(training_class=running, questions=THREE, actor=chen)
    surveys.open_survey(training_class=running, closes_at=timezone.now() + HOUR, actor=chen)
    assert ([reason.code for reason in item().missing], item().may_be_ticked) == (["survey_open"], False)
    [step] = [one.step for one in steps_of(running) if one.step.code == "survey"]
    assert step.missing.code == "survey_open"
    answer_all(running, 4)
    surveys.close_survey(training_class=running, actor=chen)
    assert ([reason.code for reason in item().missing], item().may_be_ticked) == (["survey_too_few"], True)
    surveys.open_survey(training_class=running, closes_at=timezone.now() + HOUR, actor=chen)
    surveys.answer_survey(enrollment=places(running)[4], answers={1: 5, 2: "合适"})
    surveys.close_survey(training_class=running, actor=chen)
    assert item().is_done
    with pytest.raises(Refused, match="survey_results_stand"):
        surveys.open_survey(training_class=running, closes_at=timezone.now() + HOUR, actor=chen)


def test_the_database_keeps_results_from_showing_persons(running):
    survey_held(running)
    with pytest.raises(IntegrityError, match="answers_hide_persons"), transaction.atomic():
        ClassSurvey.objects.update(minimum_answers=2)
    with pytest.raises(IntegrityError, match="open_until"), transaction.atomic():
        ClassSurvey.objects.update(closes_at=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        SurveyQuestion.objects.create(number=1, kind="rating", text="又一个第一题")


# --- Pages -------------------------------------------------------------------------------------------


def page(running):
    return reverse("enrollment:class_survey", args=[running.pk])


def test_a_trainee_answers_on_the_phone(survey, running, zhang, sign_in):
    client = sign_in(user=zhang)
    assert page(running) in client.get(running.get_absolute_url()).content.decode()
    wrong = client.post(page(running), {"q1": "5"})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors.keys() == {"q2"}
    assert client.post(page(running), {"q1": "5", "q2": "合适", "q3": "=1+1"}).status_code == 302
    assert SurveySheet.objects.get().answers == {"1": 5, "2": "合适", "3": "=1+1"}
    again = client.get(page(running))
    assert (again.context["form"], again.context["has_answered"]) == (None, True)
    assert (
        page(running) + '">' not in client.get(running.get_absolute_url()).content.decode().split("tabs")[0]
    )


def test_who_has_no_business_there(survey, running, outsider, li, sign_in):
    assert sign_in(user=outsider).get(page(running)).status_code == 404
    assert sign_in(user=li).get(page(running)).status_code == 404
    assert (
        sign_in(user=li).get(reverse("enrollment:class_survey_paper", args=[running.pk])).status_code == 404
    )


def test_results_are_nowhere_before_the_end(survey, running, chen, sign_in):
    answer_all(running, 6)
    client = sign_in(user=chen)
    summary = reverse("forms:form", args=["survey-summary", running.pk])
    assert client.get(page(running)).context["standing"].results is None
    assert client.get(summary).status_code == 404
    client.post(page(running), {"do": "close"})
    shown = client.get(page(running))
    assert shown.context["standing"].results.answers == 6
    assert "意见3" in shown.content.decode()
    assert client.get(summary).status_code == 200


def test_the_summary_comes_out_every_way_and_is_logged(survey, running, chen, sign_in):
    held = places(running)
    surveys.answer_survey(enrollment=held[0], answers={1: 5, 2: "合适", 3: '=HYPERLINK("http://x")'})
    for one in held[1:]:
        surveys.answer_survey(enrollment=one, answers={1: 4, 2: "合适"})
    surveys.close_survey(training_class=running, actor=chen)
    client = sign_in(user=chen)
    for way in ("form", "form_print", "form_xlsx", "form_pdf"):
        assert client.get(reverse(f"forms:{way}", args=["survey-summary", running.pk])).status_code == 200
    taken = ModelLogEntry.objects.filter(action="cms.form.export")
    assert {json.dumps(row.data, sort_keys=True) for row in taken} == {
        json.dumps({"as": way, "form": "survey-summary"}, sort_keys=True) for way in ("print", "xlsx", "pdf")
    }
    from io import BytesIO

    from openpyxl import load_workbook

    answer = client.get(reverse("forms:form_xlsx", args=["survey-summary", running.pk]))
    book = load_workbook(BytesIO(b"".join(answer)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert any("HYPERLINK" in str(cell.value) for cell in cells)
    assert not any(cell.data_type == "f" for cell in cells)


def test_questions_are_written_on_the_page(running, chen, sign_in):
    client = sign_in(user=chen)
    data = {
        "do": "write",
        "minimum_answers": "8",
        "questions-TOTAL_FORMS": "3",
        "questions-INITIAL_FORMS": "0",
        "questions-0-text": "总体评价",
        "questions-0-kind": "rating",
        "questions-1-text": "时长",
        "questions-1-kind": "choice",
        "questions-1-choices": "偏短／合适 / 偏长",
        "questions-2-text": "",
        "questions-2-kind": "text",
    }
    assert client.post(page(running), data | {"questions-1-choices": "合适"}).status_code == 422
    assert not ClassSurvey.objects.exists()
    assert client.post(page(running), data).status_code == 302
    written = ClassSurvey.objects.get()
    assert written.minimum_answers == 8
    assert [(row.text, row.choices) for row in written.questions.all()] == [
        ("总体评价", []),
        ("时长", ["偏短", "合适", "偏长"]),
    ]
    # The standard questions are the academy's.
    assert client.post(page(running), data | {"do": "standard"}).status_code == 404


def test_the_archive_holds_figures_and_no_sheets(survey, running, chen):
    answer_all(running, 6)
    before = dict(archiving.records_of(running))["records/survey.json"].decode()
    assert "意见" not in before
    surveys.close_survey(training_class=running, actor=chen)
    after = dict(archiving.records_of(running))["records/survey.json"].decode()
    assert "意见3" in after
    assert "grade_5" in after


def test_pages_ask_the_same_number_of_queries_for_any_number_of_answers(survey, running, chen, sign_in, soft):
    answer_all(running, 5)
    surveys.close_survey(training_class=running, actor=chen)
    client = sign_in(user=chen)
    client.get(page(running))
    with CaptureQueriesContext(connection) as few:
        client.get(page(running))
    SurveySheet.objects.bulk_create(
        SurveySheet(survey=survey, answers={"1": 4, "2": "合适", "3": "好"}) for _ in range(40)
    )
    with CaptureQueriesContext(connection) as many:
        client.get(page(running))
    assert len(many) == len(few)
