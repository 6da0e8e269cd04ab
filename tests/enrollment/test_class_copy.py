"""A class held again: what comes along, and what does not."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions import classes, notices
from enrollment.actions.class_copy import copy_class
from enrollment.actions.class_terms import set_terms
from enrollment.actions.organization_mergers import merge
from enrollment.actions.organizations import dissolve
from enrollment.actions.surveys import questions_of, write_questions
from enrollment.models import Cohort, Enrollment, Quota, TrainingClass
from enrollment.rules.survey import Kind, Question
from tests.factories.enrollment import branches, trainees, training_class

TODAY = timezone.localdate()
NEXT = dt.date(2031, 3, 3)


@pytest.fixture
def source(soft, bio, chen, zhao, tree):
    opened = training_class(
        title="2030年书记班",
        teacher=chen,
        capacity=30,
        starts_on=dt.date(2030, 3, 4),
        ends_on=dt.date(2030, 3, 6),
        late_after_minutes=5,
        cohort=Cohort.objects.get(code="secretary"),
    )
    classes.set_quotas(training_class=opened, seats={soft.pk: 4, bio.pk: 6}, actor=zhao)
    set_terms(
        training_class=opened,
        cohorts=[Cohort.objects.get(code="member")],
        organizations=[tree.park_a, tree.park_b],
        absence_limit_percent=30,
        leave_counts_as_absence=True,
        actor=zhao,
    )
    classes.enrol_in_bulk(training_class=opened, trainees=trainees(soft, 3), actor=zhao)
    notices.publish_notice(notice=notices.begin_notice(training_class=opened, actor=zhao), actor=zhao)
    opened.refresh_from_db()
    return opened


def quotas(opened):
    return dict(Quota.objects.filter(training_class=opened).values_list("organization__code", "seats"))


def test_everything_but_people_and_numbers(source, zhao):
    copied = copy_class(source=source, title="2031年书记班", starts_on=NEXT, actor=zhao).training_class
    assert (copied.starts_on, copied.ends_on, copied.status, copied.year) == (
        NEXT,
        NEXT + dt.timedelta(days=2),
        "draft",
        2031,
    )
    for name in ("capacity", "teacher", "cohort", "late_after_minutes", "absence_limit_percent"):
        assert getattr(copied, name) == getattr(source, name), name
    assert copied.leave_counts_as_absence
    assert copied.terms.places.keys() == source.terms.places.keys()
    assert copied.terms.cohorts.keys() == source.terms.cohorts.keys()
    assert quotas(copied) == quotas(source) == {"SOFT": 4, "BIO": 6}
    assert not Enrollment.objects.filter(training_class=copied).exists()
    assert copied.code != source.code


def test_the_survey_asks_the_same_and_nobody_has_answered(source, zhao):
    asked = [Question(1, Kind.RATING, "总体评价"), Question(2, Kind.TEXT, "意见")]
    write_questions(training_class=source, questions=asked, minimum_answers=8, actor=zhao)
    copied = copy_class(source=source, title="2031年书记班", starts_on=NEXT, actor=zhao).training_class
    assert questions_of(copied.survey) == asked
    assert (copied.survey.minimum_answers, copied.survey.opened_at) == (8, None)
    assert not copied.survey.sheets.exists()


def test_the_notice_speaks_of_the_new_class(source, zhao):
    copied = copy_class(source=source, title="2031年书记班", starts_on=NEXT, actor=zhao).training_class
    notice = copied.notice
    assert (notice.revision, notice.number) == (0, "")
    assert "2031年书记班" in notice.title
    text = notices.text_of(notice)
    assert "2031年3月3日" in text
    assert "2030年" not in text


def test_quotas_follow_organizations_that_merged_and_name_those_that_are_gone(
    source, tree, soft, bio, zhao, park
):
    [gone] = branches(park, 1)
    classes.set_quota(training_class=source, organization=gone, seats=2, actor=zhao)
    # A class that is over keeps its quotas as they were; one under way would give the seats back.
    for status in ("running", "closed"):
        type(source).objects.filter(pk=source.pk).update(status=status)
    dissolve(organization=gone, on=TODAY, actor=zhao)
    merge(sources=[soft], target=tree.make, actor=zhao)
    copied = copy_class(source=source, title="班", starts_on=NEXT, actor=zhao)
    assert quotas(copied.training_class) == {"MAKE": 4, "BIO": 6}
    assert copied.dropped == [gone]


def test_a_number_that_is_taken_copies_nothing(source, zhao):
    with pytest.raises(Refused, match="class_code_taken"):
        copy_class(source=source, title="班", starts_on=NEXT, code=source.code, actor=zhao)
    assert TrainingClass.objects.count() == 1


def test_the_page(source, zhao, chen, sign_in):
    url = reverse("enrollment:class_copy", args=[source.pk])
    assert sign_in(user=chen).get(url).status_code == 404
    client = sign_in(user=zhao)
    form = client.get(url).context["form"]
    assert form.initial["starts_on"].weekday() == source.starts_on.weekday()
    assert "2031" in form.initial["title"]
    assert client.post(url, {"title": "", "starts_on": "2031-03-03"}).status_code == 422
    assert client.post(url, {"title": "新班", "starts_on": "2031-03-03"}).status_code == 302
    assert TrainingClass.objects.filter(title="新班").exists()
