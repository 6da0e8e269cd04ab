"""Saying what the columns of a roster hold, and forgetting it."""

from __future__ import annotations

from django.contrib import messages as notices
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from academy.portal.workbench.access import WorkerRequest, for_organization_workers
from academy.portal.workbench.forms import ColumnsForm
from academy.portal.workbench.views.imports import import_of, later, page_of
from cms.refusals import Refused
from enrollment.actions import roster_columns
from enrollment.models import RosterColumns
from enrollment.requests import number_in


@require_POST
@for_organization_workers
def choose(request: WorkerRequest, pk: int) -> HttpResponse:
    """Take what somebody said of each column, remember it, and read the file again."""
    found = import_of(request, pk)
    form = ColumnsForm(request.POST, columns=found.verdict.get("columns", ()))
    try:
        # A choice that no page of ours offers is refused like a column of another file.
        told = form.told() if form.is_valid() else {-1: ""}
        if roster_columns.choose_columns(roster_import=found, told=told, actor=request.user):
            later("enrollment.tasks.judge_roster", found.pk)
    except Refused as refused:
        if found.status in roster_columns.OPEN:
            return page_of(request, found, columns_form=form, refused=refused)
        notices.error(request, refused.sentence)
    return redirect("portal:workbench_import", pk=pk)


@require_POST
@for_organization_workers
def look(request: WorkerRequest, pk: int) -> HttpResponse:
    """Take another row for the header."""
    found = import_of(request, pk, with_rows=False)
    try:
        row = number_in(request.POST.get("row", "")) or 0
        roster_columns.look_at_row(roster_import=found, row=row, actor=request.user)
        later("enrollment.tasks.judge_roster", found.pk)
    except Refused as refused:
        notices.error(request, refused.sentence)
    return redirect("portal:workbench_import", pk=pk)


@require_POST
@for_organization_workers
def forget(request: WorkerRequest, pk: int) -> HttpResponse:
    """Forget what was said of one set of headings."""
    columns = get_object_or_404(
        RosterColumns.objects.manageable_by(request.user).select_related("organization"), pk=pk
    )
    roster_columns.forget_columns(columns=columns, actor=request.user)
    notices.success(request, _("Forgotten: the next file with these headings is understood by them alone."))
    return redirect("portal:workbench_imports")
