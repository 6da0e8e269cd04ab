"""Training needs: asked by trainees and affairs workers, merged and closed one by one by the academy."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from cms import spreadsheets
from cms.refusals import Refused
from cms.spreadsheets import Sheet
from enrollment import need_answers
from enrollment import reports_plans as reports
from enrollment.actions import needs as actions
from enrollment.actions.journal import note
from enrollment.forms_classes import form_errors
from enrollment.forms_plans import AnswerForm, NeedFilter, NeedForm, SurveyForm
from enrollment.models import NeedStatus, TrainingNeed
from enrollment.requests import numbers_in
from enrollment.views.class_access import class_sections, lists_classes, section_for

PER_PAGE = 30


def _narrowed(request: HttpRequest) -> tuple[NeedFilter, dict[str, Any]]:
    form = NeedFilter(request.GET, years=reports.need_years(request.user))
    chosen = form.cleaned_data if form.is_valid() else {}
    return form, {
        "year": chosen.get("year") or None,
        "field": chosen.get("field"),
        "status": chosen.get("status", ""),
        "q": chosen.get("q", ""),
    }


def _frame(request: HttpRequest) -> dict[str, Any]:
    """Staff come here from the classes, trainees from their own pages."""
    is_staff = lists_classes(request.user)
    return {
        "tabs": class_sections("needs") if is_staff else [],
        "section": section_for(request.user),
    }


@login_required
@require_http_methods(["GET", "POST"])
def needs(request: HttpRequest) -> HttpResponse:
    """The needs that the person sees; administrators merge and close several at once."""
    manages = request.user.scope.everything
    today = timezone.localdate()
    survey = actions.survey_open_on(today)
    survey_form = SurveyForm.of(survey, today)
    answer_form = AnswerForm()
    if request.method == "POST":
        if not manages:
            raise Http404
        if request.POST.get("do") == "survey":
            survey_form = SurveyForm(request.POST)
            if survey_form.is_valid() and _hold(request, survey_form):
                return redirect("enrollment:needs")
        else:
            return _many(request)
    form, chosen = _narrowed(request)
    page = Paginator(reports.needs_of(request.user, **chosen), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        **_frame(request),
        "page": page,
        "form": form,
        "totals": reports.need_totals(request.user, chosen["year"]),
        "survey": survey,
        "survey_form": survey_form if manages else None,
        "answer_form": answer_form,
        "manages": manages,
        "labels": _labels(),
    }
    return render(request, "enrollment/needs.html", context, status=422 if survey_form.errors else 200)


def _labels() -> dict[str, str]:
    named = {source.kind: str(source.label) for source in need_answers.sources()}
    return named | {"text": _("In words")}


def _hold(request: HttpRequest, form: SurveyForm) -> bool:
    try:
        actions.hold_survey(actor=request.user, **form.cleaned_data)
    except Refused as refused:
        form_errors(form, refused.reasons)
        return False
    messages.success(request, _("The needs survey is set."))
    return True


def _many(request: HttpRequest) -> HttpResponse:
    """Merge or close what was chosen in the list."""
    keys = numbers_in(request.POST.getlist("need"))[:PER_PAGE]
    chosen = list(TrainingNeed.objects.manageable_by(request.user).filter(pk__in=keys))
    back = redirect(f"{request.path}?{request.GET.urlencode()}" if request.GET else request.path)
    if not chosen:
        messages.error(request, _("Choose at least one need first."))
        return back
    try:
        if request.POST.get("do") == "merge":
            kept = actions.merge_needs(needs=chosen, actor=request.user)
            messages.success(request, _("Merged into “%(text)s”.") % {"text": kept.text})
        elif request.POST.get("do") == "close":
            closed = actions.close_needs(needs=chosen, actor=request.user, **_answer(request))
            messages.success(
                request,
                ngettext("%(number)s need is closed.", "%(number)s needs are closed.", len(closed))
                % {"number": len(closed)},
            )
        else:
            raise Http404
    except Refused as refused:
        messages.error(request, refused.sentence)
    return back


def _answer(request: HttpRequest) -> dict[str, str]:
    return {
        "kind": request.POST.get("kind", "")[:20],
        "reference": request.POST.get("reference", "")[:200],
        "text": request.POST.get("text", "")[:300],
    }


@login_required
@require_http_methods(["GET", "POST"])
def need_new(request: HttpRequest) -> HttpResponse:
    """Say what is needed."""
    survey = actions.survey_open_on(timezone.localdate())
    form = NeedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = actions.submit_need(actor=request.user, **form.cleaned_data)
        except Refused as refused:
            form_errors(form, refused.reasons)
        else:
            messages.success(request, _("Thank you. You see here what becomes of it."))
            return redirect(asked)
    context = {
        **_frame(request),
        "form": form,
        "survey": survey,
        "place": actions.place_of(request.user),
    }
    return render(request, "enrollment/need_new.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def need(request: HttpRequest, pk: int) -> HttpResponse:
    """One need: what was asked, what it was merged with, and what answered it."""
    rows = TrainingNeed.objects.visible_to(request.user).select_related(
        "field", "organization", "survey", "asked_by", "closed_by", "merged_into__closed_by"
    )
    found = get_object_or_404(rows, pk=pk)
    manages = request.user.scope.everything
    form = AnswerForm()
    if request.method == "POST":
        if not manages:
            raise Http404
        form = AnswerForm(request.POST)
        try:
            if "reopen" in request.POST:
                actions.reopen_need(need=found, actor=request.user)
                return redirect(found)
            if form.is_valid():
                actions.close_needs(needs=[found], actor=request.user, **form.cleaned_data)
                messages.success(request, _("The need is closed; whoever asked is told."))
                return redirect(found)
        except Refused as refused:
            form_errors(form, refused.reasons)
    context = {
        **_frame(request),
        "need": found,
        # Whoever's need was merged sees the answer of the one it was merged into.
        "answered": found.merged_into or found,
        "others": list(
            TrainingNeed.objects.visible_to(request.user)
            .filter(merged_into=found)
            .select_related("organization")[:50]
        ),
        "form": form if manages and found.status == NeedStatus.OPEN else None,
        "manages": manages,
        "labels": _labels(),
    }
    return render(request, "enrollment/need.html", context, status=422 if form.errors else 200)


@login_required
@require_GET
def needs_export(request: HttpRequest) -> HttpResponse:
    """The list as narrowed, as a spreadsheet; logged."""
    _form, chosen = _narrowed(request)
    rows = reports.needs_of(request.user, **chosen)
    heads = [
        _("Year"),
        _("Field"),
        _("What is needed"),
        _("Organization"),
        _("Asked on"),
        _("Status"),
        _("Merged into"),
        _("Answered by"),
        _("What answered it"),
        _("Answer"),
        _("Closed on"),
    ]
    book = spreadsheets.workbook(
        Sheet(_("Training needs"), heads, reports.exported_needs(rows, _labels()), widths=(8, 14, 50, 38))
    )
    data = {name: str(value) for name, value in chosen.items() if value}
    note(request.user, "enrollment.need.export", actor=request.user, data=data)
    return spreadsheets.attachment(book, _("Training needs") + f" {timezone.localdate():%Y-%m-%d}.xlsx")
