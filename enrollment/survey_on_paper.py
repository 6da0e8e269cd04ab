"""The summary of a class's satisfaction survey 满意度测评汇总表 as a printed form."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.forms_on_paper import Column, Form, Sheet, Table, register
from enrollment.forms_on_paper import class_facts
from enrollment.forms_surveys import GRADE_WORDS
from enrollment.models import TrainingClass, User
from enrollment.reports_surveys import standing_of
from enrollment.requests import number_in
from enrollment.rules.survey import GRADES, Summary


def find_results(user: User, key: str) -> TrainingClass | None:
    """A class that ``user`` runs, once the results of its survey may be seen."""
    rows = TrainingClass.objects.manageable_by(user).select_related("teacher")
    found = rows.filter(pk=number_in(key) or 0).first()
    if found is None:
        return None
    found.survey_standing = standing_of(found)  # type: ignore[attr-defined]
    return found if found.survey_standing.results is not None else None  # type: ignore[attr-defined]


def _to_survey(training_class: TrainingClass, _user: User) -> str:
    return reverse("enrollment:class_survey", args=[training_class.pk])


def survey_summary(training_class: TrainingClass, _user: User) -> Sheet:
    """满意度测评汇总表: grades, choices, and what was said, without a name (what `find_results` has read)."""
    standing = training_class.survey_standing  # type: ignore[attr-defined]
    results: Summary = standing.results
    return Sheet(
        title=_("Summary of the satisfaction survey"),
        subtitle=training_class.title,
        facts=[
            *class_facts(training_class),
            (_("Held until"), f"{timezone.localtime(standing.survey.closes_at):%Y-%m-%d %H:%M}"),
            (
                _("Answers"),
                _("%(answers)s of %(people)s (%(percent)s%%)")
                % {"answers": results.answers, "people": standing.people, "percent": standing.percent},
            ),
            (_("Satisfied overall"), f"{results.satisfied_percent:.1f}%"),
            (_("Mean grade (of 5)"), f"{results.mean:.2f}"),
        ],
        tables=[_grades(results), *_choices(results), *_said(results)],
        notes=[_("The survey is anonymous: answers are kept without a name and without a time.")],
        is_landscape=True,
    )


def _grades(results: Summary) -> Table:
    columns = [
        Column(_("No."), True, 5),
        Column(_("Question"), width=37),
        *(Column(GRADE_WORDS[grade], True, 8) for grade in GRADES),
        Column(_("Mean"), True, 8),
        Column(_("Share satisfied"), True),
    ]
    rows: list[list[Any]] = [
        [number, row.question.text, *row.counts, f"{row.mean:.2f}", f"{row.satisfied_percent:.1f}%"]
        for number, row in enumerate(results.graded, 1)
    ]
    totals = [sum(row.counts[place] for row in results.graded) for place in range(len(GRADES))]
    return Table(
        columns,
        rows,
        _("Grades"),
        ["", _("Together"), *totals, f"{results.mean:.2f}", f"{results.satisfied_percent:.1f}%"],
    )


def _choices(results: Summary) -> list[Table]:
    return [
        Table(
            [Column(_("Answer"), width=60), Column(_("Chosen"), True, 20), Column(_("Share"), True)],
            [[choice, count, f"{100 * count / results.answers:.1f}%"] for choice, count in row.counts],
            row.question.text,
        )
        for row in results.chosen
    ]


def _said(results: Summary) -> list[Table]:
    return [
        Table(
            [Column(_("No."), True, 8), Column(_("What was said"))],
            [[number, text] for number, text in enumerate(row.texts, 1)],
            row.question.text,
        )
        for row in results.said
        if row.texts
    ]


def register_forms() -> None:
    """Offer it."""
    register(
        Form(
            "survey-summary",
            gettext_lazy("Summary of the satisfaction survey"),
            find_results,
            survey_summary,
            _to_survey,
        )
    )
