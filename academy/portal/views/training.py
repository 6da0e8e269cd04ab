"""Below the zone dashboard: the training calendar of an organization, and how its people used the bases."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from academy import reports
from academy.portal import training as reads
from academy.portal.views.zone import organization_and_year
from cms import spreadsheets
from cms.spreadsheets import Sheet
from cms.templatetags.ui import day as day_name
from enrollment.actions.journal import note
from enrollment.models import TrainingClass


def _month(text: str, year: int, today: dt.date) -> dt.date:
    """The month asked for within ``year``; else the present one, or January of another year."""
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 12:
        return dt.date(year, int(text), 1)
    return today.replace(day=1) if year == today.year else dt.date(year, 1, 1)


def _lead_on(request: HttpRequest, events: list[dict[str, Any]]) -> None:
    """Lead each entry of the calendar to the roster of its class where it may be seen, or to its base."""
    wanted = {event["session"].training_class_id for event in events}
    classes = TrainingClass.objects.visible_to(request.user).filter(pk__in=wanted - {None})
    rosters = set(classes.values_list("pk", flat=True)) if events else set()
    for event in events:
        session = event["session"]
        if session.training_class_id in rosters:
            event["url"] = reverse("enrollment:class_roster", args=[session.training_class_id])
        elif session.base is not None:
            event["url"] = reverse("practicum:base", args=[session.base.code])
        else:
            event["url"] = f"#session-{session.pk}"


def _columns() -> list[dict[str, Any]]:
    return [
        {"label": _("Training base")},
        {"label": _("Visits"), "number": True},
        {"label": _("Person-visits"), "number": True},
    ]


@require_GET
@login_required
def training(request: HttpRequest, code: str) -> HttpResponse:
    """One month of sessions, the use of bases in the year, and the visits behind it."""
    organization, ancestors, year = organization_and_year(request, code)
    today = timezone.localdate()
    first = _month(request.GET.get("month", ""), year, today)
    here = f"?year={year}"
    use = reads.base_use(organization, year)
    chosen = next((one for one in use if one.code == request.GET.get("base", "")), None)
    weeks = reads.month_of(organization, first, today)
    _lead_on(request, [event for week in weeks for day in week for event in day.events])
    context = {
        "section": "zone",
        "organization": organization,
        "year": year,
        "years": reports.zone_years(),
        "crumbs": [
            {
                "label": str(place),
                "url": f"{reverse('portal:zone_organization', args=[place.code])}?year={year}",
            }
            for place in [*ancestors, organization]
        ],
        "month": first,
        "weeks": weeks,
        "is_empty": not any(day.events for week in weeks for day in week if day.in_month),
        "previous_url": f"{here}&month={first.month - 1}" if first.month > 1 else "",
        "following_url": f"{here}&month={first.month + 1}" if first.month < 12 else "",
        "use_chart": {
            "type": "bar",
            "horizontal": True,
            "categories": [one.name for one in use],
            "series": [{"name": _("Person-visits"), "data": [one.people for one in use]}],
        },
        "use_columns": _columns(),
        "use_rows": [
            [
                {"text": one.name, "url": reverse("practicum:base", args=[one.code])},
                {"text": str(one.sessions), "url": f"{here}&month={first.month}&base={one.code}#visits"},
                {"text": str(one.people)},
            ]
            for one in use
        ],
        "chosen": chosen,
        "all_visits_url": f"{here}&month={first.month}#visits",
        "visit_columns": [
            {"label": _("Session")},
            {"label": _("Day")},
            {"label": _("Training base")},
            {"label": _("People"), "number": True},
        ],
        "visit_rows": [
            [
                {"text": row["session__title"]},
                {"text": day_name(timezone.localtime(row["session__starts_at"]))},
                {"text": row["session__base__name"]},
                {"text": str(row["people"])},
            ]
            for row in reads.visits_to(organization, year, chosen.code if chosen else "")
        ],
        "export_url": f"{reverse('portal:zone_training_export', args=[code])}{here}",
    }
    return render(request, "academy/zone_training.html", context)


@require_GET
@login_required
def training_export(request: HttpRequest, code: str) -> HttpResponse:
    """The use of bases and every visit as a spreadsheet; logged."""
    organization, _ancestors, year = organization_and_year(request, code)
    use = [[one.name, one.sessions, one.people] for one in reads.base_use(organization, year)]
    visits = [
        [
            timezone.localdate(row["session__starts_at"]).isoformat(),
            row["session__title"],
            row["session__base__name"],
            row["people"],
        ]
        for row in reads.visits_to(organization, year)
    ]
    heads = [_("Day"), _("Session"), _("Training base"), _("People")]
    book = spreadsheets.workbook(
        Sheet(_("Base use"), [column["label"] for column in _columns()], use),
        Sheet(_("Visits"), heads, visits, widths=(14, 38, 30)),
    )
    note(organization, "academy.export", actor=request.user, data={"what": "base_use", "year": year})
    name = _("%(organization)s base use %(year)s") % {"organization": organization, "year": year}
    return spreadsheets.attachment(book, f"{name}.xlsx")
