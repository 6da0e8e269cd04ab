"""The two records that most of these tests are about."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from courses.actions.completion import Completion, complete_in_bulk
from courses.models import outlines
from enrollment.actions.branch import record_activity
from enrollment.actions.certificates import issue
from enrollment.actions.classes import complete_in_bulk as complete_class
from enrollment.actions.corrections import ask_correction
from enrollment.actions.exemptions import exempt
from enrollment.actions.invitations import invite_trainees
from enrollment.actions.messages import notify
from enrollment.actions.people import admit
from enrollment.models import (
    Enrollment,
)
from tests.academy.mergers.lives import HOUR, YEAR, Lives, held
from tests.factories import courses as catalogue
from tests.factories import practicum as make
from tests.people import account


@pytest.fixture(autouse=True)
def _no_catalogue_remembered():
    outlines.forget()
    yield
    outlines.forget()


@pytest.fixture
def lives(tree, zhang, li, zhao):
    """张学员 has two records and two accounts; the second one was made in another branch last year."""
    second = account("zhang2", "张学员", "13800000033")
    keeper = zhang.trainee
    other = admit(
        name="张 学员", organization=tree.make, user=second, phone="13800000033", actor=None,
        started_on=dt.date(YEAR - 1, 3, 1), post="secretary", identity_tail="0021",
    )  # fmt: skip
    today = timezone.localdate()
    both = make.TrainingClassFactory(title="两人都在的班", starts_on=today - dt.timedelta(days=40))
    alone = make.TrainingClassFactory(title="一人的班", starts_on=today - dt.timedelta(days=40))
    make.on_roster(both, keeper, other)
    make.on_roster(alone, other)
    shared = held("同堂课", [(keeper, 100), (other, 180)], days_ago=20, training_class=both)
    single = held("独堂课", [(other, 180)], days_ago=10, training_class=alone)
    complete_class(training_class=both, enrollments=Enrollment.objects.filter(trainee=other), actor=None)
    issue(enrollment=Enrollment.objects.get(trainee=other, training_class=both), actor=None)
    course = catalogue.course()
    lessons = [catalogue.lesson(course, minutes=40).pk for _ in range(2)]
    when = timezone.now()
    complete_in_bulk(
        rows=[
            Completion(zhang.pk, lessons[0], when),
            Completion(second.pk, lessons[0], when - HOUR),
            Completion(second.pk, lessons[1], when),
        ]
    )
    begin = timezone.now() - dt.timedelta(days=5)
    activity = record_activity(
        organization=tree.park_a, form="theme_day", title="主题党日", starts_at=begin, ends_at=begin + 2 *
        HOUR, attendees=[keeper, other], submission_key="two-of-one", actor=zhao,
    )  # fmt: skip
    exempt(trainee=other, ground="illness", reason="住院", starts_on=today, ends_on=today, actor=None)
    for person in (keeper, other):
        ask_correction(trainee=person, text="请更正手机号码")
    invite_trainees(trainees=[other], actor=zhao)
    for user in (zhang, second):
        notify(kind="records_merged", recipients=[user.pk], key="both", context={"name": "张"})
    notify(kind="records_merged", recipients=[second.pk], key="alone", context={"name": "张"})
    return Lives(keeper, other, shared, single, lessons[0], lessons[1], activity)
