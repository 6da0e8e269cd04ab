"""The living style page: every component in every state, for those who build and check pages."""

from __future__ import annotations

import calendar as months
import datetime as dt
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.models import Job, JobStatus
from cms.rules import jobs as job_rules
from enrollment.models import STAFF_ROLES, HourKind
from practicum.views.bases import map_tiles

#: The roots of frontend/styles/_base.scss that pages use, with what they are for.
COLOURS = (
    ("brand", _("The red: what is done, and where one is")),
    ("brand-soft", _("Red ground")),
    ("gold", _("The gold: honours, and what is due")),
    ("gold-soft", _("Gold ground")),
    ("good-text", _("Reached")),
    ("good-soft", _("Ground of what was reached")),
    ("info-text", _("Good to know.")),
    ("muted", _("Explanations")),
    ("line", _("Lines")),
    ("track", _("Tracks of bars and rings")),
    ("paper", _("Paper: cards and tables")),
)


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


class SampleFile(forms.Form):
    """A field that asks for a file."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("At most 20 MB. Nothing is saved before you confirm the preview."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )


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


def _month(now: dt.datetime) -> list[list[dict[str, Any]]]:
    """This month with a few invented dates in it."""
    today = timezone.localdate(now)
    events = {
        today: [
            {"title": "示例课程：党务工作实务", "url": "#", "starts_at": now, "place": "一号教室"},
            {"title": "示例直播", "url": "#", "starts_at": now, "kind": "live"},
        ],
        today.replace(day=8): [
            {
                "title": "示例实训基地参访",
                "url": "#",
                "starts_at": now.replace(day=8),
                "ends_at": now.replace(day=8) + dt.timedelta(hours=2),
                "kind": "base_visit",
                "place": "示例制造有限公司",
            }
        ],
        today.replace(day=19): [
            {
                "title": "示例沙龙",
                "url": "#",
                "starts_at": now.replace(day=19),
                "kind": "forum",
                "cancelled": True,
            }
        ],
    }
    return [
        [
            {
                "date": day,
                "in_month": day.month == today.month,
                "is_today": day == today,
                "events": events.get(day, []),
            }
            for day in week
        ]
        for week in months.Calendar().monthdatescalendar(today.year, today.month)
    ]


def _map() -> dict[str, Any]:
    """Two parks and three bases, as practicum.views.bases.base_map gives them."""
    spots = [("示例园区一", 117.10, 36.66), ("示例园区一", 117.12, 36.67), ("示例园区二", 117.16, 36.68)]
    rings = {
        "示例园区一": [[117.09, 36.65], [117.13, 36.65], [117.13, 36.68], [117.09, 36.68], [117.09, 36.65]],
        "示例园区二": [[117.15, 36.67], [117.17, 36.67], [117.17, 36.69], [117.15, 36.69], [117.15, 36.67]],
    }
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "properties": {"kind": "park", "name": name},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }
        for name, ring in rings.items()
    ]
    features += [
        {
            "type": "Feature",
            "properties": {
                "kind": "base",
                "code": f"sample-{number}",
                "name": f"示例基地{number}",
                "text": "示例主题",
                "park": park,
                "url": "#",
            },
            "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
        }
        for number, (park, longitude, latitude) in enumerate(spots, start=1)
    ]
    return {"type": "FeatureCollection", "features": features}


def _charts() -> list[tuple[str, Any, dict[str, Any]]]:
    quarters = ["一季度", "二季度", "三季度", "四季度"]
    two = [
        {"name": HourKind.ONLINE.label, "data": [120, 340, 410, 520]},
        {"name": HourKind.BRANCH.label, "data": [80, 150, 260, 300]},
    ]
    return [
        ("sample-bar", _("Bars"), {"type": "bar", "categories": quarters, "series": two[:1]}),
        ("sample-stacked", _("Stacked bars"), {"type": "stacked", "categories": quarters, "series": two}),
        ("sample-line", _("Line"), {"type": "line", "categories": quarters, "series": two}),
    ]


def _jobs(now: dt.datetime) -> list[Job]:
    """Background work in every state, none of it real."""
    asked = {"pk": 0, "title": "示例花名册.xlsx", "created_at": now}
    return [
        Job(status=JobStatus.WAITING, **asked),
        Job(status=JobStatus.RUNNING, **asked),
        Job(status=JobStatus.RUNNING, done=4210, whole=11998, **asked),
        Job(status=JobStatus.RUNNING, done=4210, whole=11998, cancel_asked_at=now, **asked),
        Job(status=JobStatus.DONE, file="jobs/sample", ended_at=now, **asked),
        Job(status=JobStatus.FAILED, message=str(job_rules.INTERRUPTED), ended_at=now, **asked),
        Job(status=JobStatus.CANCELLED, ended_at=now, **asked),
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
        "files": SampleFile(prefix="file"),
        "no_file": SampleFile({}, {}, prefix="no-file"),
        "jobs": _jobs(now),
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
        "crumbs_deep": [
            {"label": _("Home"), "url": "/"},
            {"label": _("Training bases"), "url": reverse("practicum:base_list")},
        ],
        "colours": COLOURS,
        "month": timezone.localdate(now),
        "weeks": _month(timezone.localtime(now)),
        "map_data": _map(),
        "tiles": map_tiles(),
        "no_tiles": {},
        "charts": _charts(),
    }
    return render(request, "academy/style.html", context)
