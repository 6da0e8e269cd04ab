"""The page of a class, the classes that take nominations, its terms, and its table of quotas."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from cms.refusals import Refused
from enrollment import reports_classes as reports
from enrollment import reports_life as life
from enrollment.actions import classes
from enrollment.actions.class_terms import set_terms
from enrollment.dimensions import label_of
from enrollment.forms import status_choices
from enrollment.forms_classes import ProposalForm, QuotaTableForm, TermsForm, form_errors
from enrollment.models import ClassSurvey, Trainee
from enrollment.requests import AuthenticatedHttpRequest
from enrollment.rules import class_life
from enrollment.views.class_access import Opened, open_for_anybody, open_for_managers


def survey_that_waits(opened: Opened) -> dt.datetime | None:
    """Until when the survey waits for the person's answer; nothing where it does not."""
    if not opened.rights.is_on_roster:
        return None
    now = timezone.now()
    waiting = ClassSurvey.objects.filter(
        training_class=opened.training_class,
        opened_at__isnull=False,
        closes_at__gt=now,
        training_class__enrollments__trainee__user=opened.user,
        training_class__enrollments__has_answered_survey=False,
    )
    return waiting.values_list("closes_at", flat=True).first()


@login_required
@require_GET
def class_page(request: HttpRequest, pk: int) -> HttpResponse:
    """What a class is: for whom, when, with whom, and what it asks."""
    opened = open_for_anybody(request, pk)
    course, reached = life.course_of(opened.training_class)
    context = opened.context(
        "class_page",
        course=course,
        reached=reached,
        steps=life.steps_of(opened.training_class) if opened.rights.manages else [],
        enrollment=opened.enrollment,
        terms=opened.training_class.terms,
        dimension=label_of(opened.training_class.dimension) if opened.training_class.dimension else "",
        next_statuses=status_choices(
            opened.training_class, class_life.next_statuses(opened.training_class.status)
        ),
        survey_until=survey_that_waits(opened),
        withdrawals=reports.proposed_withdrawals(opened.training_class) if opened.rights.manages else [],
    )
    return render(request, "enrollment/class_page.html", context)


@login_required
@require_GET
def class_open(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Classes that take nominations: whether the person may come, else why not."""
    trainee = Trainee.objects.active().filter(user=request.user).select_related("home_organization").first()
    rows = []
    for training_class in reports.classes_open_to(request.user)[:30]:
        terms = training_class.terms
        against = reports.reasons_against(terms, [trainee]).get(trainee.pk, ()) if trainee else ()
        rows.append({"training_class": training_class, "terms": terms, "reasons": against})
    return render(
        request,
        "enrollment/class_open.html",
        {"rows": rows, "is_trainee": trainee is not None, "section": "me"},
    )


@login_required
@require_http_methods(["GET", "POST"])
def class_terms(request: HttpRequest, pk: int) -> HttpResponse:
    """For whom the class is, and at which share of absence withdrawal is proposed."""
    opened = open_for_managers(request, pk)
    form = TermsForm(request.POST) if request.method == "POST" else TermsForm.of(opened.training_class)
    if request.method == "POST" and form.is_valid():
        try:
            set_terms(
                training_class=opened.training_class,
                cohorts=form.cleaned_data["cohorts"],
                organizations=form.places,
                absence_limit_percent=form.cleaned_data["absence_limit_percent"],
                leave_teacher_hours=form.cleaned_data["leave_teacher_hours"],
                leave_counts_as_absence=form.cleaned_data["leave_counts_as_absence"],
                actor=request.user,
            )
        except Refused as refused:
            form_errors(form, refused.reasons)
        else:
            messages.success(request, _("The terms of the class are saved."))
            return redirect("enrollment:class_terms", pk=pk)
    context = opened.context("class_terms", form=form)
    return render(request, "enrollment/class_terms.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def class_quotas(request: HttpRequest, pk: int) -> HttpResponse:
    """The table of quotas: proposed by formula, changed by hand, saved at once."""
    opened = open_for_managers(request, pk)
    if request.method == "POST":
        return _save_quotas(request, opened)
    if "level" in request.GET:
        form = ProposalForm(request.GET)
        if form.is_valid():
            rows = reports.quota_proposal(opened.training_class, **form.cleaned_data)
            if len(rows) <= reports.LONGEST_TABLE:
                return _quota_page(request, opened, rows, form, is_proposal=True)
            form.add_error(
                "level",
                _("That makes %(rows)s rows, more than anybody checks; propose by park.")
                % {"rows": len(rows)},
            )
        return _quota_page(request, opened, reports.quota_table(opened.training_class), form, status=422)
    return _quota_page(request, opened, reports.quota_table(opened.training_class), ProposalForm())


def _save_quotas(request: HttpRequest, opened: Opened) -> HttpResponse:
    table = QuotaTableForm(request.POST.dict())
    if not table.problems:
        try:
            classes.set_quotas(training_class=opened.training_class, seats=table.seats, actor=request.user)
        except Refused as refused:
            table.problems.append(refused.sentence)
        else:
            messages.success(request, _("The quotas are saved."))
            return redirect("enrollment:class_quotas", pk=opened.training_class.pk)
    rows = reports.quota_table(opened.training_class)
    known = {row.organization.pk: row for row in rows}
    rows += reports.rows_for([key for key in table.typed if key not in known])
    for row in rows:
        if row.organization.pk in table.typed:
            row.proposed = table.seats.get(row.organization.pk, row.seats)
    rows.sort(key=lambda row: row.organization.path)
    return _quota_page(request, opened, rows, ProposalForm(), problems=table.problems, status=422)


def _quota_page(
    request: HttpRequest,
    opened: Opened,
    rows: list[reports.QuotaRow],
    form: ProposalForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    totals = {
        "people": sum(row.people for row in rows),
        "taken": sum(row.taken for row in rows),
        "seats": sum(row.shown for row in rows),
    }
    context = opened.context("class_quotas", rows=rows, form=form, totals=totals, **more)
    return render(request, "enrollment/class_quotas.html", context, status=status)
