"""The satisfaction survey of a class 满意度测评: prepared, opened, answered, reminded of, closed.

The survey's row is locked, so that an answer and the end of the survey follow each other. An answer is two
writes that know nothing of each other: the place in the class is marked, and a sheet without a name is added.
No entry of the log says who answered when.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.classes import lock_class
from enrollment.actions.journal import note
from enrollment.actions.messages import notify
from enrollment.models import (
    ROSTER_STATUSES,
    ClassSurvey,
    Enrollment,
    SurveyQuestion,
    SurveySheet,
    TrainingClass,
    User,
)
from enrollment.rules import survey as rules
from enrollment.rules.survey import Answers, Question, State

#: Who has not answered so long before the end is reminded once by itself.
REMIND_BEFORE = dt.timedelta(hours=36)


def survey_page(training_class: TrainingClass) -> str:
    """The address of a class's survey."""
    return reverse("enrollment:class_survey", args=[training_class.pk])


def standard_questions() -> list[Question]:
    """What the academy asks of every class unless its teacher asks something else."""
    return [row.asked for row in SurveyQuestion.objects.filter(survey__isnull=True).order_by("number")]


def questions_of(survey: ClassSurvey | None) -> list[Question]:
    """The questions of a survey; of none that was prepared yet the standard ones."""
    if survey is None:
        return standard_questions()
    return [row.asked for row in survey.questions.order_by("number")]


def _replace(survey: ClassSurvey | None, questions: Iterable[Question]) -> None:
    SurveyQuestion.objects.filter(survey=survey).delete()
    SurveyQuestion.objects.bulk_create(
        [
            SurveyQuestion(
                survey=survey,
                number=number,
                kind=question.kind.value,
                text=question.text.strip(),
                choices=list(question.choices),
            )
            for number, question in enumerate(questions, 1)
        ]
    )


def _survey_of(row: TrainingClass) -> ClassSurvey:
    """The survey of a locked class; without one it is begun with the standard questions."""
    survey, is_new = ClassSurvey.objects.get_or_create(training_class=row)
    if is_new:
        _replace(survey, standard_questions())
    return _lock(survey)


def _lock(survey: ClassSurvey) -> ClassSurvey:
    return ClassSurvey.objects.select_for_update(of=("self",), no_key=True).get(pk=survey.pk)


@transaction.atomic
def write_questions(
    *,
    training_class: TrainingClass,
    questions: Sequence[Question],
    actor: User | None,
    minimum_answers: int = rules.MINIMUM_ANSWERS,
) -> ClassSurvey:
    """Say what the survey of a class asks, and from how many answers on results are shown.

    Raises:
        Refused: nothing to answer, a question that is wrong (by its place), or the survey was opened.
    """
    row = lock_class(training_class)
    against = rules.question_refusals(questions)
    if minimum_answers < rules.FEWEST:
        against += (rules.TOO_FEW_WANTED,)
    if against:
        raise Refused(*against)
    survey = _survey_of(row)
    stands = rules.change_refusal(survey.state_at(timezone.now()))
    if stands is not None:
        raise Refused(stands)
    _replace(survey, questions)
    survey.minimum_answers = minimum_answers
    survey.save(update_fields=["minimum_answers"])
    note(row, "enrollment.class_survey.write", actor=actor, data={"questions": len(questions)})
    return survey


@transaction.atomic
def keep_as_standard(*, questions: Sequence[Question], actor: User) -> None:
    """Ask these questions in every survey that is begun from now on.

    Raises:
        Refused: a question that is wrong (by its place).
    """
    against = rules.question_refusals(questions)
    if against:
        raise Refused(*against)
    # All rows are replaced: of two who do it at once the constraint on the number refuses one.
    list(SurveyQuestion.objects.select_for_update().filter(survey__isnull=True).order_by("pk"))
    _replace(None, questions)
    note(actor, "enrollment.class_survey.standard", actor=actor, data={"questions": len(questions)})


@transaction.atomic
def open_survey(*, training_class: TrainingClass, closes_at: dt.datetime, actor: User | None) -> ClassSurvey:
    """Open the survey until ``closes_at``, or move its end; who has not answered is told when it opens.

    Raises:
        Refused: the class does not run, an end that is past, or results that were shown.
    """
    row = lock_class(training_class)
    survey = _survey_of(row)
    now = timezone.now()
    against = rules.opening_refusals(
        class_status=row.status,
        now_is=survey.state_at(now),
        closes_at=closes_at,
        now=now,
        answers=survey.sheets.count(),
        minimum=survey.minimum_answers,
    )
    if against:
        raise Refused(*against)
    was = survey.state_at(now)
    survey.opened_at = survey.opened_at or now
    survey.closes_at = closes_at
    survey.save(update_fields=["opened_at", "closes_at"])
    note(row, "enrollment.class_survey.open", actor=actor, data={"until": closes_at.isoformat()})
    if was != State.OPEN:
        _tell(row, survey, f"class-survey:{survey.pk}:{survey.closes_at:%Y%m%d%H%M}")
    return survey


@transaction.atomic
def close_survey(*, training_class: TrainingClass, actor: User | None) -> ClassSurvey:
    """End an open survey now.

    Raises:
        Refused: it is not open.
    """
    row = lock_class(training_class)
    survey = _locked(row)
    now = timezone.now()
    if survey is None or survey.state_at(now) != State.OPEN:
        raise Refused(rules.NOT_OPEN)
    survey.closes_at = now
    survey.save(update_fields=["closes_at"])
    note(row, "enrollment.class_survey.close", actor=actor)
    return survey


def _locked(row: TrainingClass) -> ClassSurvey | None:
    found = ClassSurvey.objects.filter(training_class=row).first()
    return None if found is None else _lock(found)


def _waited_for(row: TrainingClass) -> list[int]:
    """Accounts of those on the roster who have not answered."""
    return list(
        Enrollment.objects.filter(
            training_class=row,
            status__in=ROSTER_STATUSES,
            has_answered_survey=False,
            trainee__user__isnull=False,
        ).values_list("trainee__user_id", flat=True)
    )


def _tell(row: TrainingClass, survey: ClassSurvey, key: str, *, again: bool = False) -> int:
    return notify(
        kind="class_survey",
        recipients=_waited_for(row),
        key=key,
        context={"title": row.title, "closes_at": survey.closes_at, "again": again},
        link=survey_page(row),
    )


@transaction.atomic
def remind_of_survey(*, training_class: TrainingClass, actor: User | None) -> int:
    """Remind those who have not answered, once a day; return how many. Nobody is told who they are.

    Raises:
        Refused: the survey is not open, or they were reminded today.
    """
    row = lock_class(training_class)
    survey = _locked(row)
    now = timezone.now()
    if survey is None or survey.state_at(now) != State.OPEN:
        raise Refused(rules.NOT_OPEN)
    today = timezone.localdate(now)
    if survey.reminded_on == today:
        raise Refused(rules.REMINDED_TODAY)
    survey.reminded_on = today
    survey.save(update_fields=["reminded_on"])
    told = _tell(row, survey, f"class-survey:{survey.pk}:again:{today:%Y%m%d}", again=True)
    note(row, "enrollment.class_survey.remind", actor=actor, data={"people": told})
    return told


def remind_before_the_end(*, now: dt.datetime) -> int:
    """Every day: remind whoever has not answered a survey that ends soon, unless somebody did so before."""
    ending = TrainingClass.objects.filter(
        survey__closes_at__gt=now,
        survey__closes_at__lte=now + REMIND_BEFORE,
        survey__opened_at__lt=now - dt.timedelta(hours=12),
        survey__reminded_on__isnull=True,
    ).order_by("pk")
    told = 0
    for row in ending:
        try:
            told += remind_of_survey(training_class=row, actor=None)
        except Refused:
            # Closed, or reminded of by hand, since it was looked for.
            continue
    return told


# --- Answering ---------------------------------------------------------------------------------------------


@transaction.atomic
def answer_survey(*, enrollment: Enrollment, answers: Answers) -> None:
    """Hand in the answers of somebody on the roster, once; what they are is kept without the person.

    Raises:
        Refused: not on the roster, the survey is not open, answered before, or a question left open
        (at its field, ``q<number>``).
    """
    survey = _locked(enrollment.training_class)
    held = Enrollment.objects.get(pk=enrollment.pk)
    refusal = rules.answering_refusal(
        State.PREPARED if survey is None else survey.state_at(timezone.now()),
        is_on_roster=held.status in ROSTER_STATUSES,
        has_answered=held.has_answered_survey,
    )
    if refusal is not None or survey is None:
        raise Refused(refusal or rules.NOT_OPEN)
    _keep(survey, [answers])
    # Without the moment of the last change: that would be the moment of the answer.
    Enrollment.objects.filter(pk=held.pk).update(has_answered_survey=True)


@transaction.atomic
def key_in_sheets(
    *, training_class: TrainingClass, sheets: Sequence[Answers], actor: User | None
) -> list[SurveySheet]:
    """Add sheets that were filled in on paper, as long as there are no more answers than people.

    Raises:
        Refused: the survey is not open, everybody has answered, or a question left open.
    """
    row = lock_class(training_class)
    survey = _locked(row)
    if survey is None or survey.state_at(timezone.now()) != State.OPEN:
        raise Refused(rules.NOT_OPEN)
    people = Enrollment.objects.filter(training_class=row, status__in=ROSTER_STATUSES).count()
    if survey.sheets.count() + len(sheets) > people:
        raise Refused(rules.ALL_ANSWERED)
    kept = _keep(survey, sheets, is_on_paper=True)
    note(row, "enrollment.class_survey.paper", actor=actor, data={"sheets": len(kept)})
    return kept


def _keep(survey: ClassSurvey, sheets: Sequence[Answers], *, is_on_paper: bool = False) -> list[SurveySheet]:
    questions = questions_of(survey)
    asked = {question.number for question in questions}
    rows = []
    for answers in sheets:
        against = rules.answer_refusals(questions, answers)
        if against:
            raise Refused(*against)
        given = {
            str(number): answer for number, answer in answers.items() if number in asked and answer != ""
        }
        rows.append(SurveySheet(survey=survey, answers=given, is_on_paper=is_on_paper))
    return SurveySheet.objects.bulk_create(rows)
