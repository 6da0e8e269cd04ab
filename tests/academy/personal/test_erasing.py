"""Somebody with a trace in every corner is erased: no table and no file says the name any more."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import models
from django.utils import timezone
from wagtail.admin.models import FormState
from wagtail.models import ModelLogEntry

from courses.actions import discussion
from courses.models import LessonQuestion, LessonReply
from courses.models.outlines import catalogue
from enrollment.actions import departures, roster
from enrollment.actions.erasure import due, erase_due
from enrollment.actions.messages import notify
from enrollment.actions.people import admit
from enrollment.models import (
    ERASED_NAME,
    BranchActivity,
    Enrollment,
    ExternalTraining,
    HourAdjustment,
    Message,
    NeedField,
    NeedsSurvey,
    OrganizationContact,
    RosterImport,
    Trainee,
    TrainingNeed,
)
from practicum.models import BaseHost, Lecturer, Visit, VisitPaper
from tests.enrollment.roster.sheets import person, workbook
from tests.factories import courses as study
from tests.factories import practicum as make

NAME, PHONE = "甄名实", "13911118888"
LONG_AGO = dt.date(2023, 3, 1)
NOW = timezone.now()
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


def left(trainee):
    trainee.appointments.update(started_on=dt.date(2020, 1, 1))
    departures.depart_in_bulk(trainee_ids=[trainee.pk], on=LONG_AGO, actor=None)
    trainee.refresh_from_db()
    return trainee


@pytest.fixture
def everywhere(zhang, tree, zhao, li, chen, wang):
    """张学员, called by a name of nobody else's, with something of everything."""
    user, trainee = zhang, zhang.trainee
    Trainee.objects.filter(pk=trainee.pk).update(name=NAME, phone=PHONE)
    user.name, user.phone = NAME, PHONE
    user.save(update_fields=["name", "phone"])
    trainee.refresh_from_db()
    # Study: asks, is answered by name, answers others.
    lesson = study.lesson(study.course(module=study.module(chen)))
    outline = _outline(lesson)
    asked = discussion.ask(user=user, lesson=outline, text=f"我是{NAME}，请问…", key=uuid.uuid4())
    discussion.reply(question=asked, user=chen, text=f"{NAME}同志，答复如下", key=uuid.uuid4())
    other = discussion.ask(user=wang, lesson=outline, text="另一个问题", key=uuid.uuid4())
    discussion.reply(question=other, user=user, text=f"{NAME}也遇到过", key=uuid.uuid4())
    discussion.reply(question=other, user=chen, text=f"谢谢{NAME}", key=uuid.uuid4())
    # Needs, claims, branch life, classes.
    TrainingNeed.objects.create(
        survey=NeedsSurvey.objects.create(year=2026, opens_on=LONG_AGO, closes_on=LONG_AGO),
        field=NeedField.objects.first(), text=f"{NAME}希望学党务", organization=tree.soft, asked_by=user,
        asked_at=NOW,
    )  # fmt: skip
    ExternalTraining.objects.create(
        trainee=trainee, title=f"{NAME}外训", organizer="党校", unit="day", amount=1, quarters=32,
        submission_key="k", starts_at=NOW, ends_at=NOW + HOUR, submitted_by=user,
        evidence=ContentFile(b"x", name="x.pdf"), evidence_name=f"{NAME}.pdf", evidence_digest="e",
    )  # fmt: skip
    HourAdjustment.objects.create(
        trainee=trainee, title=f"{NAME}补录", quarters=4, submission_key="a", submitted_by=li, year=2023,
        reason=f"{NAME}材料齐全",
    )  # fmt: skip
    held = BranchActivity.objects.create(
        organization=tree.soft, form="theme_day", title=f"{NAME}讲党课", recorded_by=li, submission_key="b",
        starts_at=NOW, ends_at=NOW + HOUR,
    )  # fmt: skip
    held.attendees.add(trainee)
    training_class = make.TrainingClassFactory(status="closed")
    Enrollment.objects.create(
        training_class=training_class, trainee=trainee, status="withdrawn", note=f"{NAME}因病退班"
    )
    visit = Visit.objects.create(
        base=make.TrainingBaseFactory(), training_class=training_class, title="参观", starts_at=NOW,
        ends_at=NOW + HOUR, headcount=9, leader_name=NAME, leader_phone=PHONE, briefing=f"联系{NAME}",
        host_comment=f"{NAME}组织有序", requested_by=user,
    )  # fmt: skip
    VisitPaper.objects.create(
        visit=visit, name=f"{NAME}保险单.pdf", file=ContentFile(b"x", name="p.pdf"), size=1, added_at=NOW,
        added_by=user,
    )  # fmt: skip
    # Others hold it: a contact, messages, a half-filled form, a roster with its file.
    OrganizationContact.objects.create(
        organization=tree.soft, role="联络员", name=NAME, phone=PHONE, starts_on=LONG_AGO
    )
    notify(kind="leave_asked", recipients=[li.pk], key="n", context={"name": NAME, "reason": f"{NAME}有事"})
    FormState.objects.create(
        user=zhao, content_type=ContentType.objects.get_for_model(Trainee), object_id=str(trainee.pk),
        data=f"name={NAME}", last_updated_at=NOW,
    )  # fmt: skip
    read = roster.read_roster(
        file=workbook([person(NAME, PHONE, note="改备注")]), organization=None, actor=zhao, name="花名册.xlsx"
    )
    roster.apply_roster(roster_import=read, actor=zhao)
    return left(trainee)


def _outline(page):
    return next(
        lesson for course in catalogue().courses.values() for lesson in course.lessons if lesson.pk == page.pk
    )


def said_anywhere(*words):
    """Tables in which one of ``words`` still stands."""
    kinds = (models.CharField, models.TextField, models.JSONField)
    found = set()
    for model in apps.get_models(include_auto_created=True):
        names = [field.attname for field in model._meta.concrete_fields if isinstance(field, kinds)]
        for row in model._base_manager.values(*names) if names else []:
            if any(word in str(row) for word in words):
                found.add(model._meta.label)
    return found


def test_no_table_and_no_file_says_the_name_any_more(
    everywhere, zhang, zhao, settings, django_capture_on_commit_callbacks
):
    before = said_anywhere(NAME)
    assert len(before) >= 16, before
    file = Path(RosterImport.objects.get().file.path)
    assert file.exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert erase_due(today=timezone.localdate(), actor=zhao) == 1
    assert said_anywhere(NAME, PHONE) == set()
    assert not file.exists()
    # What others need stays.
    assert LessonReply.objects.filter(text=f"{ERASED_NAME}同志，答复如下").exists()
    assert LessonQuestion.objects.filter(text="另一个问题").exists()
    assert TrainingNeed.objects.get().text == f"{ERASED_NAME}希望学党务"
    assert TrainingNeed.objects.get().asked_by is None
    assert Visit.objects.get().host_comment == f"{ERASED_NAME}组织有序"
    assert Message.objects.get(key="n").context == {"name": ERASED_NAME, "reason": f"{ERASED_NAME}有事"}
    assert RosterImport.objects.get().verdict["counts"]["rows"] == 1
    assert ModelLogEntry.objects.filter(action="enrollment.person.erase").count() == 1


def test_somebody_of_another_name_keeps_it(everywhere, tree, zhao, li):
    stays = admit(name="钱留下", organization=tree.soft, actor=None)
    Enrollment.objects.create(
        training_class=make.TrainingClassFactory(), trainee=stays, note=f"接替{NAME}，钱留下报名"
    )
    erase_due(today=timezone.localdate(), actor=zhao)
    # Words about somebody else are theirs; a name in them is found only where the erased person belongs.
    assert "钱留下报名" in Enrollment.objects.get(trainee=stays).note


@pytest.mark.parametrize("duty", ["host", "lecturer", "module", "class"])
def test_whoever_still_has_a_duty_stays(everywhere, zhang, zhao, tree, duty):
    if duty == "host":
        BaseHost.objects.create(base=make.TrainingBaseFactory(), user=zhang)
    elif duty == "lecturer":
        Lecturer.objects.create(name=NAME, user=zhang)
    elif duty == "module":
        study.module(zhang)
    else:
        make.TrainingClassFactory(teacher=zhang)
    assert [one.is_held for one in due(timezone.localdate())] == [True]
    assert erase_due(today=timezone.localdate(), actor=zhao) == 0
