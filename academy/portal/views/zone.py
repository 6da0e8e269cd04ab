"""The zone dashboard: from the zone to a park to an organization, to its people."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django import forms
from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from academy import jobs, reports
from academy.forms_on_paper import key_of
from academy.portal.background import in_background
from academy.reports import ZoneReport
from cms import spreadsheets
from cms.paging import CountedSoFar
from cms.spreadsheets import Sheet
from cms.templatetags.ui import hours, month_name
from enrollment.actions.journal import note
from enrollment.models import CohortCode, HourKind, Organization, Standing
from enrollment.reports import Figures, PlaceFigures
from enrollment.requests import number_in

PEOPLE_PER_PAGE = 50
MONTHS = 12

STATES = (
    ("reached", gettext_lazy("Target reached")),
    ("short", gettext_lazy("Still short")),
    ("exempt", gettext_lazy("Exempt")),
)


class PeopleFilter(forms.Form):
    """What narrows the list of people behind a figure."""

    year = forms.TypedChoiceField(
        label=gettext_lazy("Year"),
        coerce=int,
        required=False,
        choices=lambda: [(year, str(year)) for year in reports.zone_years()],
    )
    cohort = forms.ChoiceField(
        label=gettext_lazy("Cohort"), choices=[("", gettext_lazy("All")), *CohortCode.choices], required=False
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"), choices=[("", gettext_lazy("All")), *STATES], required=False
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("With hours of the kind"),
        choices=[("", gettext_lazy("All")), *HourKind.choices],
        required=False,
    )
    month = forms.TypedChoiceField(
        label=gettext_lazy("With hours in the month"),
        coerce=int,
        empty_value=0,
        choices=lambda: [
            ("", gettext_lazy("All")),
            *((month, month_name(month)) for month in range(1, MONTHS + 1)),
        ],
        required=False,
    )
    own = forms.BooleanField(label=gettext_lazy("Without the organizations below"), required=False)


def _organization(request: HttpRequest, code: str | None) -> tuple[Organization, list[Organization]]:
    """The organization asked for, if the person may see the dashboard and it."""
    if not reports.may_see_zone(request.user.scope):
        raise PermissionDenied
    found = reports.zone_organization(request.user, code)
    if found is None:
        raise Http404
    return found


def _year(request: HttpRequest) -> int:
    """The year asked for; this one when none or nonsense is."""
    asked = request.GET.get("year", "")
    return next((year for year in reports.zone_years() if str(year) == asked), timezone.localdate().year)


def organization_and_year(request: HttpRequest, code: str) -> tuple[Organization, list[Organization], int]:
    """The same for the pages below the dashboard, with the year asked for."""
    organization, ancestors = _organization(request, code)
    return organization, ancestors, _year(request)


def _people_url(organization: Organization, year: int, **choices: str) -> str:
    query = {"year": year, **{name: value for name, value in choices.items() if value}}
    return f"{reverse('portal:zone_people', args=[organization.code])}?{urlencode(query)}"


def _percent(figures: Figures) -> str:
    return "—" if figures.share is None else f"{figures.share}%"


def _row(place: PlaceFigures, report: ZoneReport) -> list[dict[str, str]]:
    """One organization: people, exempt, reached, and the share of each cohort; each leads to its list."""
    organization, year = place.organization, report.year
    is_own = organization.pk == report.organization.pk
    own = "on" if is_own else ""
    name = {"text": organization.short_name or organization.name}
    if is_own:
        name = {"text": _("Directly at %(name)s") % {"name": organization.short_name or organization.name}}
    else:
        name["url"] = f"{reverse('portal:zone_organization', args=[organization.code])}?year={year}"
    total = place.total
    cells = [
        name,
        {"text": str(total.people), "url": _people_url(organization, year, own=own)},
        {"text": str(total.exempt), "url": _people_url(organization, year, state="exempt", own=own)},
        {"text": str(total.reached), "url": _people_url(organization, year, state="reached", own=own)},
        {"text": _percent(total), "url": _people_url(organization, year, state="short", own=own)},
    ]
    for cohort, figures in place.cohorts:
        cell = {"text": _percent(figures)}
        if figures.people:
            cell["url"] = _people_url(organization, year, cohort=cohort, own=own)
        cells.append(cell)
    return cells


def _columns() -> list[dict[str, Any]]:
    return [
        {"label": _("Organization")},
        {"label": _("People"), "number": True},
        {"label": _("Exempt"), "number": True},
        {"label": _("Reached"), "number": True},
        {"label": _("Share reached"), "number": True},
        *({"label": str(cohort.label), "number": True} for cohort in CohortCode),
    ]


def _share_chart(report: ZoneReport) -> dict[str, Any]:
    places = [place for place in report.places if place.total.counted]
    return {
        "type": "bar",
        "percent": True,
        "categories": [str(place.organization) for place in places],
        "series": [
            {"name": str(cohort.label), "data": [place.by_cohort[cohort].share or 0 for place in places]}
            for cohort in CohortCode
        ],
    }


def _kind_rows(report: ZoneReport) -> list[list[dict[str, str]]]:
    return [
        [
            {"text": kind.label, "url": _people_url(report.organization, report.year, kind=kind.code)},
            {"text": hours(kind.quarters)},
            {"text": f"{round(kind.share)}%"},
        ]
        for kind in report.by_kind
    ]


def _month_rows(report: ZoneReport) -> list[list[dict[str, str]]]:
    """Each month leads to who earned hours in it; a month without hours leads nowhere."""
    rows = []
    for month, quarters in report.by_month:
        cell = {"text": month_name(month)}
        if url := _month_url(report, month, quarters):
            cell["url"] = url
        rows.append([cell, {"text": hours(quarters)}])
    return rows


def _month_url(report: ZoneReport, month: int, quarters: int) -> str:
    """Where the people stand who earned hours in a month; nowhere when nobody did."""
    return _people_url(report.organization, report.year, month=str(month)) if quarters > 0 else ""


@require_GET
@login_required
def zone(request: HttpRequest, code: str | None = None) -> HttpResponse:
    """The three cohorts by what lies below an organization, hours by kind, and the year by month."""
    organization, ancestors = _organization(request, code)
    year = _year(request)
    asked = number_in(request.GET.get("page", "")) or 1
    report = reports.zone_report(organization, ancestors, year, page=asked)
    cohorts = [
        {
            "label": cohort.label,
            "figures": figures,
            "percent": figures.share or 0,
            "url": _people_url(organization, year, cohort=cohort),
        }
        for cohort, figures in report.total.cohorts
    ]
    # Few bars tell something; a hundred tell nothing, and the table is there.
    shows_shares = (
        1 < len([place for place in report.places if place.total.counted]) <= 12
        and report.page is not None
        and not report.page.has_other_pages()
    )
    context = {
        "section": "zone",
        "report": report,
        "page": report.page,
        "total": report.total.total,
        "cohorts": cohorts,
        "year": year,
        "years": reports.zone_years(),
        "crumbs": [
            {
                "label": str(place),
                "url": f"{reverse('portal:zone_organization', args=[place.code])}?year={year}",
            }
            for place in ancestors
        ],
        "columns": _columns(),
        "rows": [_row(place, report) for place in report.places],
        "return_key": key_of(organization, year),
        "people_url": _people_url(organization, year),
        "reached_url": _people_url(organization, year, state="reached"),
        "exempt_url": _people_url(organization, year, state="exempt"),
        "short_url": _people_url(organization, year, state="short"),
        "share_chart": _share_chart(report) if shows_shares else None,
        "share_columns": [
            {"label": _("Organization")},
            *({"label": str(cohort.label), "number": True} for cohort in CohortCode),
        ],
        "share_rows": [
            [{"text": str(place.organization)}, *({"text": _percent(f)} for _code, f in place.cohorts)]
            for place in report.places
            if place.total.counted
        ],
        "kind_chart": {
            "type": "bar",
            "horizontal": True,
            "unit": "",
            "categories": [kind.label for kind in report.by_kind],
            "series": [{"name": _("Hours"), "data": [kind.quarters / 4 for kind in report.by_kind]}],
            "urls": [_people_url(organization, year, kind=kind.code) for kind in report.by_kind],
        },
        "kind_columns": [
            {"label": _("Kind")},
            {"label": _("Hours"), "number": True},
            {"label": _("Share"), "number": True},
        ],
        "kind_rows": _kind_rows(report),
        "month_chart": {
            "type": "line",
            "categories": [month_name(month) for month, _quarters in report.by_month],
            "series": [{"name": _("Hours"), "data": [quarters / 4 for _m, quarters in report.by_month]}],
            "urls": [_month_url(report, month, quarters) for month, quarters in report.by_month],
        },
        "month_columns": [{"label": _("Month")}, {"label": _("Hours"), "number": True}],
        "month_rows": _month_rows(report),
    }
    return render(request, "academy/zone.html", context)


@require_GET
@login_required
def zone_export(request: HttpRequest, code: str) -> HttpResponse:
    """The figures of a dashboard page as a spreadsheet; who took them, and which, is logged."""
    organization, ancestors = _organization(request, code)
    year = _year(request)
    report = reports.zone_report(organization, ancestors, year)
    heads = [_("Organization"), _("Cohort"), _("People"), _("Exempt"), _("Reached"), _("Share reached (%)")]
    heads += [_("Hours required"), _("Hours earned")]
    rows = [
        [
            place.organization.name,
            str(cohort.label),
            figures.people,
            figures.exempt,
            figures.reached,
            figures.share,
            float(figures.required),
            float(figures.earned),
        ]
        for place in report.places
        for cohort, figures in place.cohorts
    ]
    book = spreadsheets.workbook(
        Sheet(_("Cohorts"), heads, rows),
        Sheet(
            _("Hours by kind"), [_("Kind"), _("Hours")], [[k.label, k.quarters / 4] for k in report.by_kind]
        ),
        Sheet(
            _("Hours by month"),
            [_("Month"), _("Hours")],
            [[month_name(month), quarters / 4] for month, quarters in report.by_month],
        ),
    )
    note(organization, "academy.export", actor=request.user, data={"what": "zone_figures", "year": year})
    name = _("%(organization)s figures %(year)s") % {"organization": organization, "year": year}
    return spreadsheets.attachment(book, f"{name}.xlsx")


def _state(standing: Standing) -> dict[str, str]:
    tone = "info" if standing.is_exempt else "good" if standing.has_reached else "gold"
    return {"text": jobs.state_in_words(standing), "tone": tone}


def _person_row(standing: Standing) -> list[dict[str, str]]:
    cohort = CohortCode(standing.cohort)
    return [
        {
            "text": standing.trainee.name,
            "url": reverse("portal:person_explanation", args=[standing.trainee_id]),
        },
        {"text": str(standing.organization)},
        {"text": str(cohort.label)},
        {"text": "—" if standing.is_exempt else hours(standing.required_quarters)},
        {"text": hours(standing.earned_quarters)},
        _state(standing),
    ]


def _chosen(request: HttpRequest, code: str) -> tuple[PeopleFilter, dict[str, Any]]:
    """The filter, and which people of the organization ``code`` it asks for."""
    form = PeopleFilter(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    return form, {
        "code": code,
        "year": chosen.get("year") or _year(request),
        "cohort": chosen.get("cohort", ""),
        "state": chosen.get("state", ""),
        "kind": chosen.get("kind", ""),
        "month": chosen.get("month") or 0,
        "own": chosen.get("own", False),
    }


@require_GET
@login_required
def zone_people(request: HttpRequest, code: str) -> HttpResponse:
    """The people behind a figure, by organization and name."""
    organization, ancestors = _organization(request, code)
    form, chosen = _chosen(request, code)
    year = chosen["year"]
    people = jobs.zone_people(request.user, organization, chosen)
    page = CountedSoFar(people, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "zone",
        "organization": organization,
        "year": year,
        "form": form,
        "page": page,
        "crumbs": [
            {
                "label": str(place),
                "url": f"{reverse('portal:zone_organization', args=[place.code])}?year={year}",
            }
            for place in [*ancestors, organization]
        ],
        "columns": [
            {"label": _("Name")},
            {"label": _("Organization")},
            {"label": _("Cohort")},
            {"label": _("Hours required"), "number": True},
            {"label": _("Hours earned"), "number": True},
            {"label": _("State")},
        ],
        "rows": [_person_row(standing) for standing in page.object_list],
        "export_url": f"{reverse('portal:zone_people_export', args=[code])}?{request.GET.urlencode()}",
        "is_long": page.paginator.count > jobs.LONGEST_AT_ONCE,
    }
    note(
        organization,
        "academy.view_people",
        actor=request.user,
        data={"year": year, "shown": len(page.object_list)},
    )
    return render(request, "academy/zone_people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def zone_people_export(request: HttpRequest, code: str) -> HttpResponse:
    """The list of people as a spreadsheet; logged with its filters and its length.

    Sent as a form, and whenever the list is long, it is prepared in the background.
    """
    organization, _ancestors = _organization(request, code)
    _form, chosen = _chosen(request, code)
    if request.method == "POST":
        title = _("People of %(organization)s %(year)s") % {
            "organization": organization,
            "year": chosen["year"],
        }
        return in_background(request, jobs.ZONE_PEOPLE, title, chosen)
    if jobs.zone_people(request.user, organization, chosen).count() > jobs.LONGEST_AT_ONCE:
        notices.info(request, _("This list is long. Ask for it here, and it is prepared in the background."))
        return redirect(f"{reverse('portal:zone_people', args=[code])}?{request.GET.urlencode()}")
    target = BytesIO()
    name = jobs.write_zone_people(target, request.user, chosen)
    return spreadsheets.attachment(target.getvalue(), name)
