"""Satisfaction surveys of the demo's classes: those of the past with their answers, and one that is open."""

from __future__ import annotations

import datetime as dt
import random

from django.utils import timezone

from enrollment.actions.surveys import open_survey, write_questions
from enrollment.actions.surveys import standard_questions as standard
from enrollment.models import (
    ROSTER_STATUSES,
    ClassSurvey,
    Enrollment,
    SurveySheet,
    TrainingClass,
    User,
)
from enrollment.rules.survey import Answer, Kind, Question

#: The share of a class that answers, and how grades fall from best to worst.
RETURNED = 0.87
GRADES = ((5, 62), (4, 29), (3, 7), (2, 2))
SAID = {
    "最有收获的内容": (
        "现场教学点的做法可以直接借鉴。",
        "发展党员流程讲得细，回去就能用。",
        "支部之间的交流讨论。",
        "案例教学，尤其是产业链党建的案例。",
    ),
    "意见和建议": (
        "希望增加分组讨论的时间。",
        "建议把课件提前发到平台上。",
        "上午开始时间可以晚半小时，方便园区外学员。",
        "多安排实训基地现场教学。",
    ),
}


def hold_past(*, training_class: TrainingClass, actor: User) -> None:
    """The survey of a class that is over, as it was held on its last days."""
    dice = random.Random(f"academy demo survey {training_class.code}")
    survey = write_questions(training_class=training_class, questions=standard(), actor=actor)
    last = timezone.make_aware(dt.datetime.combine(training_class.ends_on, dt.time(18)))
    people = list(
        Enrollment.objects.filter(training_class=training_class, status__in=ROSTER_STATUSES).values_list(
            "pk", flat=True
        )
    )
    answering = [pk for pk in people if dice.random() < RETURNED]
    questions = standard()
    # As it was then: the actions open and answer a survey now.
    ClassSurvey.objects.filter(pk=survey.pk).update(opened_at=last - dt.timedelta(days=1), closes_at=last)
    SurveySheet.objects.bulk_create(
        SurveySheet(survey=survey, answers=_filled(questions, dice)) for _ in answering
    )
    Enrollment.objects.filter(pk__in=answering).update(has_answered_survey=True)


def open_one(*, teacher: User) -> None:
    """In a class that runs now the survey waits for its trainees."""
    running = TrainingClass.objects.running().filter(enrollments__trainee__user__username="zhang")
    held = running.order_by("ends_on", "pk").first()
    if held is not None:
        evening = dt.datetime.combine(timezone.localdate() + dt.timedelta(days=3), dt.time(20))
        open_survey(training_class=held, closes_at=timezone.make_aware(evening), actor=teacher)


def _filled(questions: list[Question], dice: random.Random) -> dict[str, Answer]:
    sheet: dict[str, Answer] = {}
    grades, weights = zip(*GRADES, strict=True)
    for question in questions:
        if question.kind == Kind.RATING:
            sheet[str(question.number)] = dice.choices(grades, weights)[0]
        elif question.kind == Kind.CHOICE:
            sheet[str(question.number)] = dice.choices(question.choices, (1, 8, 1))[0]
        elif dice.random() < 0.07:
            sheet[str(question.number)] = dice.choice(SAID[question.text])
    return sheet
