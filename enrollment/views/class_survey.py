"""The satisfaction survey of a class: answered on the phone, prepared and read by its teacher."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from cms.refusals import Refused
from enrollment import reports_surveys as reports
from enrollment.actions import surveys as actions
from enrollment.forms_classes import form_errors
from enrollment.forms_surveys import (
    GRADE_WORDS,
    AnswerForm,
    MinimumForm,
    OpeningForm,
    QuestionLines,
    lines_of,
)
from enrollment.rules import survey as rules
from enrollment.rules.survey import State
from enrollment.views.class_access import Opened, open_for_anybody, open_for_managers


@login_required
@require_http_methods(["GET", "POST"])
def class_survey(request: HttpRequest, pk: int) -> HttpResponse:
    """For who takes part the sheet; for who runs the class the survey, how far it is, and its results."""
    opened = open_for_anybody(request, pk)
    # A teacher who takes part in the class answers like anybody else.
    answers_oneself = opened.rights.is_on_roster and "answer" in request.GET
    if opened.rights.manages and not answers_oneself:
        return _run(request, opened)
    if not opened.rights.is_on_roster:
        raise Http404
    return _answer(request, opened)


def _answer(request: HttpRequest, opened: Opened) -> HttpResponse:
    enrollment = opened.enrollment
    standing = reports.standing_of(opened.training_class)
    if enrollment is None:
        raise Http404
    is_open = standing.survey is not None and standing.state == State.OPEN
    form = None
    if is_open and not enrollment.has_answered_survey:
        questions = actions.questions_of(standing.survey)
        form = AnswerForm(questions, request.POST if request.method == "POST" else None)
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            actions.answer_survey(enrollment=enrollment, answers=form.answers if form is not None else {})
        except Refused as refused:
            if form is None:
                messages.error(request, refused.sentence)
                return redirect("enrollment:class_survey", pk=opened.training_class.pk)
            form_errors(form, refused.reasons)
        else:
            messages.success(request, _("Thank you; your answers are handed in without your name."))
            return redirect("enrollment:class_survey", pk=opened.training_class.pk)
    context = opened.context(
        "class_survey", form=form, standing=standing, has_answered=enrollment.has_answered_survey
    )
    status = 422 if form is not None and form.errors else 200
    return render(request, "enrollment/class_survey_answer.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def class_survey_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """A sheet that was filled in on paper, keyed in by who runs the class."""
    opened = open_for_managers(request, pk)
    standing = reports.standing_of(opened.training_class)
    if standing.survey is None or standing.state != State.OPEN:
        messages.error(request, str(rules.NOT_OPEN))
        return redirect("enrollment:class_survey", pk=pk)
    form = AnswerForm(
        actions.questions_of(standing.survey), request.POST if request.method == "POST" else None
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.key_in_sheets(
                training_class=opened.training_class, sheets=[form.answers], actor=request.user
            )
        except Refused as refused:
            form_errors(form, refused.reasons)
        else:
            messages.success(request, _("The sheet is added; here is the next one."))
            return redirect("enrollment:class_survey_paper", pk=pk)
    context = opened.context("class_survey", form=form, standing=standing, is_paper=True)
    status = 422 if form.errors else 200
    return render(request, "enrollment/class_survey_answer.html", context, status=status)


def _run(request: HttpRequest, opened: Opened) -> HttpResponse:
    lines = minimum = opening = None
    if request.method == "POST":
        do = request.POST.get("do", "")
        if do in {"write", "standard"}:
            lines, minimum = QuestionLines(request.POST, prefix="questions"), MinimumForm(request.POST)
        elif do == "open":
            opening = OpeningForm(request.POST)
        try:
            said = _do(request, opened, do, lines, minimum, opening)
        except Refused as refused:
            if do not in {"write", "standard", "open"}:
                messages.error(request, refused.sentence)
                return redirect("enrollment:class_survey", pk=opened.training_class.pk)
            form_errors(opening if opening is not None else minimum, refused.reasons)
        else:
            if said:
                messages.success(request, said)
                return redirect("enrollment:class_survey", pk=opened.training_class.pk)
    standing = reports.standing_of(opened.training_class)
    survey = standing.survey
    context = opened.context(
        "class_survey",
        standing=standing,
        questions=actions.questions_of(survey),
        lines=lines or (lines_of(actions.questions_of(survey)) if standing.state == State.PREPARED else None),
        minimum=minimum
        or MinimumForm(
            initial={"minimum_answers": survey.minimum_answers if survey else rules.MINIMUM_ANSWERS}
        ),
        opening=opening or OpeningForm.proposed(),
        may_open=opened.training_class.status == "running"
        and (standing.state != State.OVER or standing.results is None),
        grade_words=[GRADE_WORDS[grade] for grade in rules.GRADES],
        no_results=rules.NO_RESULTS,
    )
    is_wrong = any(form is not None and not form.is_valid() for form in (lines, minimum, opening))
    return render(request, "enrollment/class_survey.html", context, status=422 if is_wrong else 200)


def _do(request: HttpRequest, opened: Opened, do: str, lines: Any, minimum: Any, opening: Any) -> str:
    """Do what was asked and say so; nothing where the form has to be looked at again."""
    training_class = opened.training_class
    if do in {"write", "standard"}:
        if not (lines.is_valid() and minimum.is_valid()):
            return ""
        questions = [line.question for line in lines if line.question is not None]
        if do == "standard":
            if not request.user.scope.everything:
                raise Http404
            actions.keep_as_standard(questions=questions, actor=request.user)
            return _("These are the standard questions of every survey from now on.")
        actions.write_questions(
            training_class=training_class, questions=questions, actor=request.user, **minimum.cleaned_data
        )
        return _("The questions are saved.")
    if do == "open":
        if not opening.is_valid():
            return ""
        actions.open_survey(training_class=training_class, actor=request.user, **opening.cleaned_data)
        return _("The survey is open until %(until)s; everybody on the roster is told.") % {
            "until": f"{opening.cleaned_data['closes_at']:%Y-%m-%d %H:%M}"
        }
    if do == "close":
        actions.close_survey(training_class=training_class, actor=request.user)
        return _("The survey is over.")
    if do == "remind":
        told = actions.remind_of_survey(training_class=training_class, actor=request.user)
        return ngettext(
            "%(number)s person who has not answered is reminded.",
            "%(number)s people who have not answered are reminded.",
            told,
        ) % {"number": told}
    raise Http404
