"""What a session and a visit count for: by themselves, by their class, by their base; and in the ledger."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enrollment.actions.hour_rules import save_minimum
from enrollment.models import HourEntry, HourMinimum
from enrollment.reports import year_of
from practicum.actions import attendance, sessions, visits
from practicum.actions.attendance import Attended
from practicum.models import Session, Visit
from tests.factories import courses as teach
from tests.factories import practicum as make

LATER = {"starts_at": make.at(9, days=3), "ends_at": make.at(12, days=3)}

pytestmark = pytest.mark.django_db


@pytest.fixture
def taught(base):
    """A category with two modules; the base serves both, the later one was linked first."""
    category = teach.category(code="theory", title="理论武装")
    first = teach.module(category=category, code="original", title="原著研读")
    second = teach.module(category=category, code="practice", title="基层实践")
    base.modules.set([second, first])
    base.save()
    return category


def test_a_session_counts_for_what_its_class_says(taught, training_class):
    training_class.dimension = "theory/practice"
    training_class.save()
    assert make.session(training_class=training_class).dimension == "theory/practice"
    assert make.session(training_class=training_class, dimension="", **LATER).dimension == ""


def test_without_a_word_of_the_class_the_first_module_of_the_base_counts(taught, training_class, base):
    asked = make.plan(training_class=training_class, base=base)
    assert sessions.with_dimensions([asked])[0].dimension == "theory/original"
    training_class.dimension = "theory/practice"
    assert sessions.with_dimensions([asked])[0].dimension == "theory/practice"
    assert sessions.with_dimensions([make.plan()])[0].dimension == ""


def test_one_query_tells_for_any_number_of_bases(taught, base):
    from courses.models.outlines import catalogue

    catalogue()
    others = [make.TrainingBaseFactory() for _number in range(4)]
    plans = [make.plan(base=one) for one in (base, *others)]
    with CaptureQueriesContext(connection) as few:
        sessions.with_dimensions(plans[:1])
    with CaptureQueriesContext(connection) as many:
        sessions.with_dimensions(plans)
    assert len(many) == len(few)


def held(training_class, trainee, *, days_ago=1, **details):
    """A session of some days ago at which ``trainee`` was."""
    session = make.session(training_class=training_class, **details)
    begin = timezone.now() - dt.timedelta(days=days_ago)
    Session.objects.filter(pk=session.pk).update(starts_at=begin, ends_at=begin + dt.timedelta(hours=3))
    session.refresh_from_db()
    there = Attended(session.pk, trainee.pk, session.starts_at, session.ends_at)
    attendance.record_in_bulk(attended=[there], actor=None)
    attendance.settle(session=session, now=timezone.now(), actor=None)
    return session


def test_hours_of_a_session_fill_the_minimum_of_its_module(taught, training_class, zhang):
    year = timezone.localdate().year
    save_minimum(
        minimum=HourMinimum(
            dimension="theory/original",
            hours=Decimal(2),
            effective_from=dt.date(year, 1, 1),
            source="学院年度计划",
        ),
        actor=None,
    )

    def missing():
        return "minimum_missing" in [reason.code for reason in year_of(zhang.trainee, year).reasons]

    held(training_class, zhang.trainee, dimension="theory/practice")
    assert missing()
    held(training_class, zhang.trainee, dimension="theory/original", days_ago=2, **LATER)
    entry = HourEntry.objects.get(dimension="theory/original")
    assert entry.quarters >= 8
    assert not missing()


def test_a_visit_passes_on_what_it_counts_for(taught, training_class, base, zhao):
    def agreed(days, **details):
        return visits.schedule_visit(
            base=base,
            training_class=training_class,
            starts_at=make.at(9, days=days),
            ends_at=make.at(11, days=days),
            actor=zhao,
            now=timezone.now(),
            **details,
        )

    agreed(11)
    agreed(12, dimension="theory/practice")
    assert list(Session.objects.order_by("starts_at").values_list("dimension", flat=True)) == [
        "theory/original",
        "theory/practice",
    ]
    assert Visit.objects.filter(dimension="theory/practice").count() == 1


def test_it_is_shown_and_chosen(taught, training_class, zhang, zhao, sign_in):
    session = make.session(training_class=training_class, dimension="theory/original")
    page = sign_in(user=zhang).get(reverse("practicum:session", args=[session.pk]))
    assert "理论武装 · 原著研读" in page.content.decode()
    client = sign_in(user=zhao)
    edit = reverse("practicum_sessions:edit", args=[session.pk])
    form = client.get(edit).context["form"]
    assert form["dimension"].initial == "theory/original"
    assert [code for code, _label in form.fields["dimension"].choices] == [
        "",
        "-",
        "theory",
        "theory/original",
        "theory/practice",
    ]
    for chosen, counted in (("theory/practice", "theory/practice"), ("-", ""), ("", "")):
        data = {
            name: form[name].value() if form[name].value() is not None else ""
            for name in form.fields
            if name not in {"vehicles", "starts_at", "ends_at"}
        }
        data |= {
            "starts_at": timezone.localtime(session.starts_at).strftime("%Y-%m-%d %H:%M"),
            "ends_at": timezone.localtime(session.ends_at).strftime("%Y-%m-%d %H:%M"),
            "dimension": chosen,
        }
        assert client.post(edit, data).status_code == 302
        session.refresh_from_db()
        assert session.dimension == counted


def test_the_ledger_of_a_person_names_it(taught, training_class, zhang, sign_in):
    held(training_class, zhang.trainee, dimension="theory/original")
    assert "理论武装 · 原著研读" in sign_in(user=zhang).get(reverse("portal:ledger")).content.decode()
