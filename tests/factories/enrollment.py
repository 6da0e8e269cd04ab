"""People, organizations and classes by the dozen, written through the same actions that users use."""

from __future__ import annotations

import datetime as dt
from itertools import count
from typing import Any

from django.utils import timezone

from enrollment import closing
from enrollment.actions.classes import open_class, transition
from enrollment.actions.closing_checklist import tick_items
from enrollment.actions.hours import credit_hours
from enrollment.actions.organizations import Founding, found_in_bulk
from enrollment.actions.people import Admission, admit_in_bulk
from enrollment.actions.surveys import standard_questions, write_questions
from enrollment.models import (
    ClassStatus,
    ClassSurvey,
    HourEntry,
    HourKind,
    Organization,
    Trainee,
    TrainingClass,
)

_numbers = count(1)


def branches(parent: Organization, number: int) -> list[Organization]:
    """``number`` branches below ``parent``."""
    rows = []
    for _ in range(number):
        serial = next(_numbers)
        rows.append(
            Founding(f"B{serial:05d}", f"中共示例{serial}号支部委员会", "branch", parent_code=parent.code)
        )
    return found_in_bulk(rows=rows, actor=None)


def trainees(organization: Organization, number: int, **details: Any) -> list[Trainee]:
    """``number`` people on the roster of ``organization`` since years ago."""
    details.setdefault("started_on", dt.date(2020, 1, 1))
    rows = []
    for _ in range(number):
        serial = next(_numbers)
        rows.append(
            Admission(
                name=f"学员{serial}", organization_id=organization.pk, phone=f"139{serial:08d}", **details
            )
        )
    return admit_in_bulk(rows=rows, actor=None)


def training_class(*, nominating: bool = False, days: int = 3, **details: Any) -> TrainingClass:
    """A class that began today (``nominating``: with nominations open)."""
    today = timezone.localdate()
    details.setdefault("title", "示例培训班")
    details.setdefault("starts_on", today)
    details.setdefault("ends_on", details["starts_on"] + dt.timedelta(days=days))
    opened = open_class(actor=None, **details)
    if nominating:
        opened = transition(training_class=opened, to=ClassStatus.NOMINATING, actor=None)
    return opened


def credited(trainee: Trainee, quarters: int, **details: Any) -> HourEntry:
    """An entry of ``quarters`` in the ledger of ``trainee``, on evidence of its own."""
    details.setdefault("kind", HourKind.ONLINE)
    details.setdefault("title", "示例课程")
    details.setdefault("evidence_type", "lesson")
    details.setdefault("evidence_id", next(_numbers))
    details.setdefault("occurred_at", timezone.now())
    return credit_hours(trainee=trainee, quarters=quarters, **details)


def survey_held(opened: TrainingClass) -> ClassSurvey:
    """The survey of a class as it is when it is over and nobody has answered."""
    over = timezone.now() - dt.timedelta(minutes=1)
    if not ClassSurvey.objects.filter(training_class=opened).exists():
        write_questions(training_class=opened, questions=standard_questions(), actor=None)
    held, _new = ClassSurvey.objects.update_or_create(
        training_class=opened, defaults={"opened_at": over - dt.timedelta(days=1), "closes_at": over}
    )
    return held


def ready_to_close(opened: TrainingClass) -> TrainingClass:
    """A running class whose checklist somebody has vouched for, as far as one may."""
    survey_held(opened)
    notes = {item.code: "示例" for item in closing.items() if item.may_be_vouched_for(opened)}
    tick_items(training_class=opened, notes=notes, actor=None)
    return opened
