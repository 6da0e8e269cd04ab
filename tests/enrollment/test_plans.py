"""The annual plan: entries, life, classes that come of it, and the plan against what was done."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from cms.refusals import Refused
from enrollment import closing
from enrollment.actions import classes, plans
from enrollment.models import AnnualPlan, Cohort, PlanEntry, TrainingClass
from enrollment.reports_plans import months_of
from enrollment.rules import plans as rules
from tests.factories.enrollment import ready_to_close, trainees, training_class

TODAY = timezone.localdate()


# --- Rules -------------------------------------------------------------------------------------------


def test_dates_are_working_days():
    """1 August 2026 is a Saturday: five days run from Monday the 3rd to Friday the 7th, six to Monday."""
    before = dt.date(2026, 1, 1)
    assert rules.dates_of(2026, 8, 5, today=before) == (dt.date(2026, 8, 3), dt.date(2026, 8, 7))
    assert rules.dates_of(2026, 8, 6, today=before) == (dt.date(2026, 8, 3), dt.date(2026, 8, 10))
    late = dt.date(2026, 9, 16)
    assert rules.dates_of(2026, 8, 1, today=late) == (late, late)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": " "}, "entry_title_missing"),
        ({"month": 13}, "entry_month"),
        ({"days": 0}, "entry_days"),
        ({"seats": 0}, "entry_seats"),
        ({"budget": Decimal(-1)}, "entry_budget"),
    ],
)
def test_what_an_entry_must_be(changes, code):
    values = {"title": "书记班", "month": 3, "days": 3, "seats": 50, "budget": None}
    assert rules.entry_refusals(rules.Entry(**values)) == ()
    assert [reason.code for reason in rules.entry_refusals(rules.Entry(**(values | changes)))] == [code]


# --- Life --------------------------------------------------------------------------------------------


@pytest.fixture
def plan(zhao):
    return plans.begin_plan(year=TODAY.year, actor=zhao)


def entry(plan, **changes):
    values = {"title": "书记示范班", "month": TODAY.month, "days": 3, "seats": 40, "actor": None}
    return plans.save_entry(plan=plan, **(values | changes))


def test_a_plan_is_approved_published_and_changed_only_as_a_draft(plan, zhao):
    with pytest.raises(Refused, match="plan_exists"):
        plans.begin_plan(year=plan.year, actor=zhao)
    with pytest.raises(Refused, match="plan_empty"):
        plans.move_plan(plan=plan, to="approved", actor=zhao)
    kept = entry(plan)
    with pytest.raises(Refused, match="plan_status_not_next"):
        plans.move_plan(plan=plan, to="published", actor=zhao)
    with pytest.raises(Refused, match="plan_not_approved"):
        plans.open_from_entry(entry=kept, actor=zhao)
    approved = plans.move_plan(plan=plan, to="approved", actor=zhao)
    assert approved.approved_by == zhao
    for deed in (lambda: entry(plan), lambda: plans.remove_entry(entry=kept, actor=zhao)):
        with pytest.raises(Refused, match="plan_not_draft"):
            deed()
    assert plans.move_plan(plan=plan, to="published", actor=zhao).published_at is not None
    plans.move_plan(plan=plan, to="draft", actor=zhao)
    assert entry(plan, entry=kept, seats=60).seats == 60
    plans.remove_entry(entry=kept, actor=zhao)
    assert not PlanEntry.objects.exists()


def test_an_entry_becomes_a_class_once(plan, zhao):
    cohort = Cohort.objects.get(code="secretary")
    kept = entry(plan, cohort=cohort)
    plans.move_plan(plan=plan, to="approved", actor=zhao)
    opened = plans.open_from_entry(entry=kept, actor=zhao)
    assert (opened.title, opened.capacity, opened.cohort, opened.status) == (
        "书记示范班",
        40,
        cohort,
        "draft",
    )
    assert {line.item.code: line.checked.is_done for line in closing.checklist(opened)}["plan"]
    with pytest.raises(Refused, match="entry_has_class"):
        plans.open_from_entry(entry=kept, actor=zhao)
    assert TrainingClass.objects.count() == 1


def test_a_class_that_was_opened_before_is_taken_into_the_plan(plan, zhao, sign_in):
    opened = training_class(code="A-1")
    first, second = entry(plan), entry(plan)
    plans.move_plan(plan=plan, to="approved", actor=zhao)
    url = reverse("enrollment:plan", args=[plan.year])
    client = sign_in(user=zhao)
    client.post(url, {"do": "link", "entry": first.pk, "code": "NOWHERE"})
    assert PlanEntry.objects.filter(training_class__isnull=False).count() == 0
    client.post(url, {"do": "link", "entry": first.pk, "code": "A-1"})
    assert PlanEntry.objects.get(pk=first.pk).training_class == opened
    with pytest.raises(Refused, match="no_class_outside_plan"):
        plans.link_class(entry=second, training_class=opened, actor=zhao)


def test_the_database_holds_what_the_rules_say(plan):
    for bad in ({"month": 0}, {"seats": 0}, {"budget": Decimal(-1)}):
        values = {"plan": plan, "title": "班", "month": 1, "seats": 1}
        with pytest.raises(IntegrityError), transaction.atomic():
            PlanEntry.objects.create(**(values | bad))
    with pytest.raises(IntegrityError), transaction.atomic():
        AnnualPlan.objects.filter(pk=plan.pk).update(status="approved")


# --- Plan and done -----------------------------------------------------------------------------------


def held(opened, soft, people):
    classes.enrol_in_bulk(training_class=opened, trainees=trainees(soft, people), actor=None)
    classes.transition(training_class=opened, to="running", actor=None)
    TrainingClass.objects.filter(pk=opened.pk).update(starts_on=TODAY, ends_on=TODAY)
    return classes.transition(training_class=ready_to_close(opened), to="closed", actor=None)


def test_the_plan_against_what_was_done(plan, zhao, soft):
    first, second = entry(plan), entry(plan, title="党员班", seats=10, month=12)
    plans.move_plan(plan=plan, to="approved", actor=zhao)
    held(plans.open_from_entry(entry=first, actor=zhao), soft, 7)
    held(training_class(title="计划外的班"), soft, 2)
    _months, total = months_of(plan)
    assert (total.entries, total.seats) == (2, 50)
    assert (total.opened, total.held, total.people, total.outside) == (2, 2, 9, 1)
    assert second.training_class is None


def test_the_pages(plan, zhao, chen, li, zhang, sign_in):
    url = reverse("enrollment:plan", args=[plan.year])
    client = sign_in(user=zhao)
    form = {"do": "entry", "title": "=书记班", "month": 3, "days": 2, "seats": 30}
    assert client.post(url, form | {"seats": 0}).status_code == 422
    assert client.post(url, form).status_code == 302
    kept = PlanEntry.objects.get()
    client.post(f"{url}?entry={kept.pk}", form | {"seats": 35})
    assert PlanEntry.objects.get().seats == 35
    # A draft is nobody's but the administrators'.
    for user in (chen, li):
        assert sign_in(user=user).get(url).status_code == 404
    client = sign_in(user=zhao)
    client.post(url, {"do": "move", "to": "approved"})
    client.post(url, {"do": "move", "to": "published"})
    assert sign_in(user=li).get(url).status_code == 200
    assert sign_in(user=li).post(url, {"do": "open", "entry": kept.pk}).status_code == 404
    assert sign_in(user=zhang).get(url).status_code == 404
    opened = sign_in(user=zhao).post(url, {"do": "open", "entry": kept.pk})
    assert opened["Location"] == TrainingClass.objects.get().get_absolute_url()
    book = sign_in(user=li).get(reverse("enrollment:plan_export", args=[plan.year])).content
    rows = list(load_workbook(BytesIO(book)).active.iter_rows(values_only=True))
    assert rows[1][1] == "'=书记班"


def test_the_pages_queries_do_not_grow(plan, zhao, sign_in):
    client = sign_in(user=zhao)
    url = reverse("enrollment:plan", args=[plan.year])

    def cost(number):
        for _ in range(number):
            entry(plan)
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        return len(captured)

    cost(1)
    assert cost(2) == cost(15)
