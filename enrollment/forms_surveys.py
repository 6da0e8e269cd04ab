"""Shapes of what is entered around the satisfaction survey of a class."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.forms_classes import MOMENT_FORMAT
from enrollment.models import QuestionKind
from enrollment.rules import survey as rules
from enrollment.rules.survey import Answers, Kind, Question

#: The words of the five grades.
GRADE_WORDS = {
    5: _("Very satisfied"),
    4: _("Satisfied"),
    3: _("So-so"),
    2: _("Dissatisfied"),
    1: _("Very dissatisfied"),
}
#: Empty lines below the questions.
SPARE = 2


class QuestionForm(forms.Form):
    """One line of the questions; without a text the question goes."""

    text = forms.CharField(label=_("Question"), required=False, max_length=rules.LONGEST_QUESTION)
    kind = forms.ChoiceField(label=_("How it is answered"), choices=QuestionKind.choices)
    choices = forms.CharField(
        label=_("Answers to choose from, separated by “/”"), required=False, max_length=450
    )

    @property
    def question(self) -> Question | None:
        """The line as a question, or nothing."""
        text = self.cleaned_data["text"].strip()
        kind = Kind(self.cleaned_data["kind"])
        given = self.cleaned_data["choices"].replace("／", "/").split("/")
        choices = tuple(one.strip() for one in given if one.strip()) if kind == Kind.CHOICE else ()
        return Question(0, kind, text, choices) if text else None


QuestionLines = forms.formset_factory(
    QuestionForm, extra=SPARE, max_num=rules.MOST_QUESTIONS + SPARE, absolute_max=rules.MOST_QUESTIONS + SPARE
)


def lines_of(questions: Sequence[Question]) -> Any:
    """The questions as lines to be changed."""
    return QuestionLines(
        prefix="questions",
        initial=[
            {"text": one.text, "kind": one.kind.value, "choices": " / ".join(one.choices)}
            for one in questions
        ],
    )


class MinimumForm(forms.Form):
    """From how many answers on results are shown."""

    minimum_answers = forms.IntegerField(
        label=_("Results from so many answers on"), min_value=rules.FEWEST, max_value=1000
    )


class OpeningForm(forms.Form):
    """Until when a survey is open."""

    closes_at = forms.DateTimeField(
        label=_("Open until"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT_FORMAT),
        input_formats=[MOMENT_FORMAT, "%Y-%m-%d %H:%M"],
    )

    @classmethod
    def proposed(cls) -> OpeningForm:
        """In the evening of a day soon."""
        day = timezone.localdate() + dt.timedelta(days=rules.OPEN_DAYS)
        return cls(initial={"closes_at": dt.datetime.combine(day, dt.time(20))})


class AnswerForm(forms.Form):
    """A sheet of a survey: a field ``q<number>`` for each question."""

    def __init__(self, questions: Sequence[Question], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            self.fields[f"q{question.number}"] = self._field(question)

    @staticmethod
    def _field(question: Question) -> forms.Field:
        if question.kind == Kind.TEXT:
            return forms.CharField(
                label=question.text,
                required=False,
                max_length=rules.LONGEST_ANSWER,
                widget=forms.Textarea(attrs={"rows": 3}),
            )
        choices = (
            list(GRADE_WORDS.items())
            if question.kind == Kind.RATING
            else [(choice, choice) for choice in question.choices]
        )
        return forms.ChoiceField(
            label=question.text,
            choices=choices,
            widget=forms.RadioSelect(attrs={"class": "btn-check", "autocomplete": "off"}),
            error_messages={"required": _("Please answer this question.")},
        )

    @property
    def answers(self) -> Answers:
        """What was answered, by number; grades as figures."""
        return {
            question.number: int(value) if question.kind == Kind.RATING else value
            for question in self.questions
            if (value := self.cleaned_data[f"q{question.number}"]) != ""
        }
