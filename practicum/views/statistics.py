"""Statistics of the practicum: a period, a park, tables; and the same as a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from cms import spreadsheets
from enrollment.actions.journal import note
from enrollment.models import Organization, OrganizationKind
from enrollment.requests import AuthenticatedHttpRequest
from practicum.reports_statistics import statistics

LONGEST_DAYS = 366
DAY = {"type": "date"}


class PeriodForm(forms.Form):
    """From when to when, and where."""

    first = forms.DateField(label=gettext_lazy("from"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    last = forms.DateField(label=gettext_lazy("to"), widget=forms.DateInput(attrs=DAY, format="%Y-%m-%d"))
    park = forms.ModelChoiceField(
        label=gettext_lazy("Park"),
        required=False,
        empty_label=gettext_lazy("All parks"),
        queryset=Organization.objects.filter(kind=OrganizationKind.PARK),
    )

    def clean(self) -> dict[str, Any]:
        """A period in order, of a year at most."""
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and not 0 <= (last - first).days < LONGEST_DAYS:
            raise forms.ValidationError(_("Name a first and a later last day, at most a year apart."))
        return data


def _asked(request: AuthenticatedHttpRequest) -> PeriodForm:
    """What is asked for: this year so far, unless the address says otherwise."""
    if not request.user.scope.everything:
        raise PermissionDenied
    today = timezone.localdate()
    given = {"first": today.replace(month=1, day=1), "last": today} | request.GET.dict()
    return PeriodForm(given)


@login_required
@require_GET
def page(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The tables."""
    form = _asked(request)
    tables = []
    if form.is_valid():
        for sums in statistics(**form.cleaned_data):
            columns = [{"label": head, "number": place > 0} for place, head in enumerate(sums.heads)]
            total = _cells(sums.total) if sums.total else None
            rows = [_cells(row) for row in sums.rows]
            tables.append({"title": sums.title, "columns": columns, "rows": rows, "total": total})
    context = {"form": form, "tables": tables, "export_url": _export_url(request)}
    return render(request, "practicum/statistics.html", context, status=200 if tables else 422)


@login_required
@require_GET
def export(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The same as .xlsx, a sheet for each table; logged."""
    form = _asked(request)
    if not form.is_valid():
        return page(request)
    asked = form.cleaned_data
    book = spreadsheets.workbook(
        *(
            spreadsheets.Sheet(sums.title, sums.heads, [*sums.rows, *([sums.total] if sums.total else [])])
            for sums in statistics(**asked)
        )
    )
    data = {"first": asked["first"].isoformat(), "last": asked["last"].isoformat()}
    note(request.user, "practicum.statistics_export", actor=request.user, data=data)
    name = _("Practicum statistics") + f" {asked['first']}–{asked['last']}.xlsx"
    return spreadsheets.attachment(book, name)


def _cells(row: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"text": "—" if cell is None else cell} for cell in row]


def _export_url(request: AuthenticatedHttpRequest) -> str:
    return f"{reverse('practicum:statistics_export')}?{request.GET.urlencode()}"
