"""The closing checklist, and what each step of a class's life still misses."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Reason, Refused
from enrollment import closing
from enrollment.actions import classes
from enrollment.actions.closing_checklist import tick_items, untick_item
from enrollment.closing import Item
from enrollment.models import ClosingTick
from enrollment.rules import checklist as rules
from enrollment.rules.checklist import Checked, LifeFacts, StepState, steps
from tests.factories.enrollment import ready_to_close, survey_held, trainees, training_class

TODAY = timezone.localdate()
DAY = dt.date(2026, 5, 1)
MISSING = (Reason("missing", "It is missing."),)


# --- Rules -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "is_done"),
    [
        (Checked("a"), True),
        (Checked("a", MISSING), False),
        (Checked("a", MISSING, is_ticked=True), True),
        (Checked("a", MISSING, may_be_ticked=False, is_ticked=True), False),
    ],
)
def test_what_is_done(item, is_done):
    assert item.is_done is is_done
    assert bool(rules.open_reasons([item])) is not is_done


def facts(**changes):
    values = {"status": "draft", "starts_on": DAY, "ends_on": DAY, "today": DAY}
    return LifeFacts(**(values | changes))


def test_a_new_class_misses_everything_and_the_first_thing_comes_first():
    found = steps(facts())
    assert [step.code for step in found] == list(rules.STEPS)
    assert found[0].state == StepState.NOW
    assert {step.state for step in found[1:]} == {StepState.LATER}
    assert all(step.missing is not None for step in found)


def test_a_step_that_is_done_gives_way_to_the_next():
    found = {
        step.code: step
        for step in steps(
            facts(status="running", on_roster=30, grouped=28, items={"plan": True, "notice": True})
        )
    }
    assert found["plan"].state == found["notice"].state == found["nomination"].state == StepState.DONE
    assert found["quota"].state == StepState.NOW
    assert found["groups"].missing.params == {"people": 2}
    assert found["attendance"].missing.code == "class_runs"


def test_what_was_left_out_before_the_end_is_no_longer_missing():
    found = {step.code: step for step in steps(facts(status="closed", on_roster=3, certified=1))}
    assert found["notice"].state == StepState.PASSED
    assert found["certificates"].missing.params == {"people": 2}
    assert found["archive"].missing is not None
    assert {step.state for step in steps(facts(status="cancelled"))} <= {StepState.PASSED, StepState.DONE}


# --- The checklist -----------------------------------------------------------------------------------


@pytest.fixture
def running(soft, chen):
    opened = training_class(teacher=chen, starts_on=TODAY - dt.timedelta(days=7), days=2)
    classes.enrol_in_bulk(training_class=opened, trainees=trainees(soft, 2), actor=None)
    return classes.transition(training_class=opened, to="running", actor=None)


def codes(opened):
    return {line.item.code: line.checked.is_done for line in closing.checklist(opened)}


def test_a_class_is_closed_when_every_item_is_in_order(running, zhao):
    assert codes(running) == {
        "plan": False,
        "notice": False,
        "roster": True,
        "timetable": False,
        "attendance": True,
        "survey": False,
    }
    with pytest.raises(Refused) as refused:
        classes.transition(training_class=running, to="closed", actor=zhao)
    assert [reason.code for reason in refused.value.reasons] == [
        "plan_missing",
        "notice_missing",
        "class_without_sessions",
        "survey_missing",
    ]
    ready_to_close(running)
    assert classes.transition(training_class=running, to="closed", actor=zhao).status == "closed"


def test_who_vouches_is_named(running, chen, sign_in):
    url = reverse("enrollment:class_closing", args=[running.pk])
    client = sign_in(user=chen)
    client.post(url, {"item": "survey", "note": "现场测评"})
    # Nobody vouches for a survey that was never held.
    assert not ClosingTick.objects.exists()
    survey_held(running)
    client.post(url, {"item": "survey", "note": " "})
    assert not ClosingTick.objects.exists()
    client.post(url, {"item": "survey", "note": "现场测评"})
    tick = ClosingTick.objects.get()
    assert (tick.ticked_by, tick.note) == (chen, "现场测评")
    assert "陈讲师" in client.get(url).content.decode()
    client.post(url, {"item": "survey", "untick": "1"})
    assert not ClosingTick.objects.exists()


@pytest.mark.parametrize(
    ("code", "refusal"), [("nothing", "checklist_no_item"), ("attendance", "checklist_not_by_hand")]
)
def test_what_nobody_can_vouch_for(running, zhao, code, refusal):
    with pytest.raises(Refused, match=refusal):
        tick_items(training_class=running, notes={code: "示例"}, actor=zhao)


def test_the_checklist_is_kept_while_the_class_runs(running, zhao):
    ready_to_close(running)
    classes.transition(training_class=running, to="closed", actor=zhao)
    with pytest.raises(Refused, match="checklist_not_running"):
        untick_item(training_class=running, code="survey", actor=zhao)
    with pytest.raises(Refused, match="checklist_not_running"):
        tick_items(training_class=running, notes={"survey": "示例"}, actor=zhao)


def test_a_higher_app_knows_better(running, monkeypatch):
    monkeypatch.setattr(closing, "_items", dict(closing._items))
    closing.offer(Item("survey", "测评", lambda _class: [], lambda _class: "/", may_be_ticked=False))
    assert codes(running)["survey"] is True
    assert [item.code for item in closing.items()][-1] == "survey"


def test_the_page_of_the_class_leads_to_what_is_missing(running, chen, li, sign_in, soft):
    page = sign_in(user=chen).get(reverse("enrollment:class_page", args=[running.pk]))
    found = {one.step.code: one for one in page.context["steps"]}
    assert found["quota"].url == reverse("enrollment:class_quotas", args=[running.pk])
    assert found["timetable"].url == reverse("practicum:timetable", args=[running.pk])
    assert page.context["reached"] == 3
    classes.set_quota(training_class=running, organization=soft, seats=5, actor=None)
    assert sign_in(user=li).get(reverse("enrollment:class_page", args=[running.pk])).context["steps"] == []


def test_its_queries_do_not_grow_with_people(running, soft, chen, sign_in):
    client = sign_in(user=chen)
    url = reverse("enrollment:class_page", args=[running.pk])
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    classes.enrol_in_bulk(training_class=running, trainees=trainees(soft, 30), actor=None)
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few) <= 22
