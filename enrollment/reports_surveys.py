"""How far the satisfaction survey of a class is, and its results once they may be seen."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from enrollment.models import ROSTER_STATUSES, ClassSurvey, Enrollment, TrainingClass
from enrollment.rules import survey as rules
from enrollment.rules.survey import Question, State, Summary


@dataclass(frozen=True)
class Standing:
    """Where the survey of a class stands; ``results`` are None until they may be seen."""

    survey: ClassSurvey | None
    state: State
    people: int
    answers: int
    on_paper: int
    results: Summary | None

    @property
    def percent(self) -> int:
        """The share of the roster that has answered 回收率."""
        return round(100 * self.answers / self.people) if self.people else 0


def standing_of(training_class: TrainingClass) -> Standing:
    """Where the survey of ``training_class`` stands (four queries at most)."""
    survey = ClassSurvey.objects.filter(training_class=training_class).first()
    people = Enrollment.objects.filter(training_class=training_class, status__in=ROSTER_STATUSES).count()
    if survey is None:
        return Standing(None, State.PREPARED, people, 0, 0, None)
    state = survey.state_at(timezone.now())
    # How many, and not what: answers are read only where they may be shown.
    on_paper = list(survey.sheets.order_by().values_list("is_on_paper", flat=True))
    shown = rules.may_show(state, answers=len(on_paper), minimum=survey.minimum_answers)
    return Standing(survey, state, people, len(on_paper), sum(on_paper), _results(survey) if shown else None)


def asked_in(survey: ClassSurvey) -> list[Question]:
    """Its questions in order."""
    return [row.asked for row in survey.questions.order_by("number")]


def _results(survey: ClassSurvey) -> Summary:
    sheets = survey.sheets.values_list("answers", flat=True)
    return rules.summary(
        asked_in(survey), [{int(number): answer for number, answer in one.items()} for one in sheets]
    )
