"""The annual plan: written, approved, published, turned into classes, and compared with what was done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from cms import spreadsheets
from cms.refusals import Refused
from cms.spreadsheets import Sheet
from cms.templatetags.ui import month_name
from enrollment import reports_plans as reports
from enrollment.actions import plans as actions
from enrollment.actions.journal import note
from enrollment.forms_classes import form_errors
from enrollment.forms_plans import EntryForm, YearForm
from enrollment.models import AnnualPlan, PlanEntry
from enrollment.requests import number_in
from enrollment.rules import plans as rules
from enrollment.views.class_access import class_sections, lists_classes, section_for


@login_required
@require_http_methods(["GET", "POST"])
def plan_list(request: HttpRequest) -> HttpResponse:
    """The plans there are; administrators begin the next."""
    if not lists_classes(request.user):
        raise Http404
    form = YearForm(initial={"year": timezone.localdate().year + 1})
    if request.method == "POST":
        if not request.user.scope.everything:
            raise Http404
        form = YearForm(request.POST)
        if form.is_valid():
            try:
                return redirect(actions.begin_plan(year=form.cleaned_data["year"], actor=request.user))
            except Refused as refused:
                form_errors(form, refused.reasons)
    context = {
        "plans": list(AnnualPlan.objects.visible_to(request.user).select_related("approved_by")),
        "form": form if request.user.scope.everything else None,
        "tabs": class_sections("plans"),
        "section": section_for(request.user),
    }
    return render(request, "enrollment/plan_list.html", context, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, year: int) -> HttpResponse:
    """One year: entries by month, what became of them, and the next one to write."""
    found = get_object_or_404(AnnualPlan.objects.visible_to(request.user), year=year)
    manages = request.user.scope.everything
    entry = _entry(found, request.GET.get("entry", "")) if manages else None
    form = EntryForm.of(entry) if entry is not None else EntryForm()
    if request.method == "POST":
        if not manages:
            raise Http404
        if request.POST.get("do") == "entry":
            form = EntryForm(request.POST)
            if form.is_valid() and _save(request, found, entry, form):
                return redirect(found)
        else:
            return _act(request, found)
    months, total = reports.months_of(found)
    context = {
        "plan": found,
        "months": months,
        "total": total,
        "manages": manages,
        "moves": _moves(found) if manages else [],
        "form": form if manages and found.is_draft else None,
        "entry": entry,
        "tabs": class_sections("plans"),
        "section": section_for(request.user),
    }
    return render(request, "enrollment/plan.html", context, status=422 if form.errors else 200)


def _entry(found: AnnualPlan, key: str) -> PlanEntry | None:
    number = number_in(key)
    return None if number is None else PlanEntry.objects.filter(plan=found, pk=number).first()


def _moves(found: AnnualPlan) -> list[tuple[str, str]]:
    labels = {
        "approved": _("Approve the plan"),
        "published": _("Publish the plan"),
        "draft": _("Back to draft"),
    }
    return [(to, labels[to]) for to in ("draft", "approved", "published") if to in rules.NEXT[found.status]]


def _save(request: HttpRequest, found: AnnualPlan, entry: PlanEntry | None, form: EntryForm) -> bool:
    try:
        actions.save_entry(plan=found, entry=entry, actor=request.user, **form.cleaned_data)
    except Refused as refused:
        form_errors(form, refused.reasons)
        return False
    messages.success(request, _("The entry is saved."))
    return True


Deed = Callable[[HttpRequest, AnnualPlan], HttpResponse]


def _move(request: HttpRequest, found: AnnualPlan) -> HttpResponse:
    moved = actions.move_plan(plan=found, to=request.POST.get("to", ""), actor=request.user)
    messages.success(request, _("The plan is now: %(status)s.") % {"status": moved.get_status_display()})
    return redirect(found)


def _remove(request: HttpRequest, found: AnnualPlan) -> HttpResponse:
    entry = get_object_or_404(PlanEntry, plan=found, pk=number_in(request.POST.get("entry", "")))
    actions.remove_entry(entry=entry, actor=request.user)
    messages.success(request, _("The entry is taken out."))
    return redirect(found)


def _open(request: HttpRequest, found: AnnualPlan) -> HttpResponse:
    entry = get_object_or_404(PlanEntry, plan=found, pk=number_in(request.POST.get("entry", "")))
    opened = actions.open_from_entry(entry=entry, actor=request.user)
    messages.success(request, _("The class is opened as a draft; look at its days and its teacher."))
    return redirect(opened)


def _link(request: HttpRequest, found: AnnualPlan) -> HttpResponse:
    entry = get_object_or_404(PlanEntry, plan=found, pk=number_in(request.POST.get("entry", "")))
    outside = reports.outside_of(found).filter(code=request.POST.get("code", "").strip()[:30]).first()
    if outside is None:
        raise Refused(rules.NO_CLASS_OUTSIDE)
    actions.link_class(entry=entry, training_class=outside, actor=request.user)
    messages.success(request, _("The class is now in the plan."))
    return redirect(found)


DEEDS: dict[str, Deed] = {"move": _move, "remove": _remove, "open": _open, "link": _link}


def _act(request: HttpRequest, found: AnnualPlan) -> HttpResponse:
    deed = DEEDS.get(request.POST.get("do", ""))
    if deed is None:
        raise Http404
    try:
        return deed(request, found)
    except Refused as refused:
        messages.error(request, refused.sentence)
        return redirect(found)


@login_required
@require_GET
def plan_export(request: HttpRequest, year: int) -> HttpResponse:
    """The plan with what became of it, as a spreadsheet; logged."""
    found = get_object_or_404(AnnualPlan.objects.visible_to(request.user), year=year)
    heads = [
        _("Month"),
        _("Title"),
        _("Cohort"),
        _("Days of training"),
        _("Seats"),
        _("Budget (yuan)"),
        _("Responsible"),
        _("Class number"),
        _("Status"),
        _("People on the roster"),
        _("Remarks"),
    ]
    rows: list[list[Any]] = [
        [
            month_name(entry.month),
            entry.title,
            str(entry.cohort or _("Everybody")),
            entry.days,
            entry.seats,
            entry.budget,
            entry.responsible,
            entry.training_class.code if entry.training_class else "",
            entry.training_class.get_status_display() if entry.training_class else _("Not opened yet"),
            entry.people if entry.training_class else None,
            entry.note,
        ]
        for entry in reports.entries_of(found)
    ]
    name = _("Annual plan %(year)s") % {"year": year}
    book = spreadsheets.workbook(Sheet(name, heads, rows, widths=(8, 38, 16)))
    note(found, "enrollment.plan.export", actor=request.user, data={"entries": len(rows)})
    return spreadsheets.attachment(book, f"{name}.xlsx")
