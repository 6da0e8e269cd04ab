"""The living style page: every component in every state, for those who build and check pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import STAFF_ROLES, HourKind


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Name"), help_text=_("As it stands on the roster."))
    kind = forms.ChoiceField(label=_("Kind"), choices=HourKind.choices, required=False)
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(label=_("Note"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    present = forms.ChoiceField(
        label=_("Attendance"),
        choices=[("yes", _("Present")), ("late", _("Late")), ("no", _("Absent"))],
        widget=forms.RadioSelect,
    )
    agreed = forms.BooleanField(label=_("I have read the rules"), required=False)
    file = forms.FileField(label=_("File"), required=False)


class SampleFilter(forms.Form):
    """What a list is narrowed by."""

    q = forms.CharField(label=_("Search"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("All")), *HourKind.choices], required=False)


def _kinds() -> list[dict[str, Any]]:
    quarters = {HourKind.ONLINE: 34, HourKind.CLASSROOM: 32, HourKind.BASE_VISIT: 16, HourKind.BRANCH: 12}
    whole = 32 * 4
    return [
        {"code": kind.value, "label": kind.label, "quarters": value, "share": value * 100 / whole}
        for kind, value in quarters.items()
    ]


@login_required
def style(request: HttpRequest) -> HttpResponse:
    """Show every component; staff only."""
    scope = request.user.scope
    if not (scope.everything or scope.has(*STAFF_ROLES)):
        raise PermissionDenied
    now = timezone.now()
    columns = [{"label": _("Organization")}, {"label": _("People"), "number": True}, {"label": _("State")}]
    rows = [
        [
            {"text": "示例科技有限公司党支部", "url": "#"},
            {"text": "24"},
            {"text": _("Reached"), "tone": "good"},
        ],
        [
            {"text": "示例物流有限公司党支部", "url": "#"},
            {"text": "11"},
            {"text": _("Not yet"), "tone": "gold"},
        ],
    ]
    refused = SampleForm({"name": "", "kind": "online"})
    refused.is_valid()
    context = {
        "now": now,
        "later": now + dt.timedelta(hours=3),
        "tomorrow": now + dt.timedelta(days=1),
        "tomorrow_later": now + dt.timedelta(days=1, hours=2),
        "kinds": _kinds(),
        "columns": columns,
        "rows": rows,
        "total": [{"text": _("Total")}, {"text": "35"}, {"text": ""}],
        "form": SampleForm(prefix="empty"),
        "refused": refused,
        "filter": SampleFilter(request.GET),
        "page": Paginator(range(230), 20).get_page(4),
        "steps": [_("Upload"), _("Check"), _("Confirm")],
        "timeline": [
            {"title": _("Requested"), "at": now - dt.timedelta(days=3), "done": True},
            {"title": _("Confirmed"), "at": now - dt.timedelta(days=1), "done": True},
            {"title": _("Held")},
        ],
        "tabs": [
            {"label": _("Study record"), "url": "#", "current": True},
            {"label": _("Ledger"), "url": "#", "current": False},
        ],
        "crumbs": [{"label": _("Home"), "url": "/"}],
        "chart": {
            "type": "bar",
            "categories": ["1", "2", "3"],
            "series": [{"name": "A", "data": [12, 30, 44]}],
            "unit": "",
        },
    }
    return render(request, "academy/style.html", context)
