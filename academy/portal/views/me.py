"""Pages about oneself: study record, ledger, certificates, personal data."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from academy import reports
from academy.portal import own_data, own_register
from academy.templatetags.shell import me_tabs
from cms.pdf import why_resting
from cms.refusals import Refused
from cms.spreadsheets import attachment, workbook
from enrollment.actions.corrections import ask_correction
from enrollment.actions.journal import note
from enrollment.dimensions import choices as dimension_choices
from enrollment.models import (
    CorrectionRequest,
    HourEntry,
    HourKind,
    RetentionSubject,
    Trainee,
    User,
    months_kept,
)
from enrollment.reports import ledger_of, year_of, years_of
from enrollment.requests import AuthenticatedHttpRequest

#: How many requests for correction are shown.
REQUESTS_SHOWN = 5
#: What each kind of evidence is called.
EVIDENCE: dict[str, str | Promise] = {
    "lesson": _("Lesson completed"),
    "quiz": _("Test passed"),
    "attendance": _("Attendance signed"),
    "branch": _("Branch record"),
    "branch_activity": _("Branch record"),
    "external": _("External training, proof on file"),
    "adjustment": _("Adjustment"),
}


def _trainee(request: AuthenticatedHttpRequest) -> Trainee | None:
    """The roster record of the person who asks; staff may have none."""
    return (
        Trainee.objects.filter(user=request.user)
        .select_related("home_organization", "host_organization")
        .first()
    )


def _year(request: HttpRequest, years: list[int]) -> int:
    asked = request.GET.get("year", "")
    return next((year for year in years if str(year) == asked), years[0])


def _page(
    request: HttpRequest, template: str, here: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    return render(request, template, {"tabs": me_tabs(f"portal:{here}"), **context}, status=status)


@require_GET
@login_required
def me(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The study record: this year, the years before, classes and posts."""
    trainee = _trainee(request)
    if trainee is None:
        return _page(request, "academy/me_without_roster.html", "me", {})
    year = timezone.localdate().year
    standings = list(reports.standings_of(trainee))
    report = year_of(trainee, year)
    return _page(
        request,
        "academy/me.html",
        "me",
        {
            "trainee": trainee,
            "report": report,
            "kinds": reports.shares(
                {row.kind: row.quarters for row in report.by_kind}, report.required_quarters
            ),
            "standings": standings,
            "classes": list(reports.classes_of(trainee)),
            "appointments": list(reports.appointments_of(trainee)),
        },
    )


def evidence_url(kind: str, row: Any) -> str:
    """The address of a piece of evidence."""
    if kind == "session":
        return reverse("practicum:session", args=[row])
    return row.url


@require_GET
@login_required
def ledger(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Every entry of a year: what for, by which evidence, under which rule, and what was reversed and why."""
    trainee = _trainee(request)
    if trainee is None:
        return _page(request, "academy/me_without_roster.html", "ledger", {})
    years = years_of(trainee)
    year = _year(request, years)
    entries: list[HourEntry] = list(ledger_of(trainee, year))
    urls = reports.evidence_urls(entries, evidence_url)
    names = dict(dimension_choices())
    lines = [
        {
            "entry": entry,
            "kind": HourKind(entry.kind),
            "dimension": names.get(entry.dimension, entry.dimension),
            "evidence": EVIDENCE.get(entry.evidence_type, entry.evidence_type),
            "url": urls.get(entry.pk, ""),
            "reversal": getattr(entry, "reversal", None),
        }
        for entry in entries
    ]
    return _page(
        request,
        "academy/ledger.html",
        "ledger",
        {
            "trainee": trainee,
            "year": year,
            "years": years,
            "lines": lines,
            "total": sum(entry.quarters for entry in entries),
        },
    )


@require_GET
@login_required
def certificates(request: AuthenticatedHttpRequest) -> HttpResponse:
    """One's certificates, with the number by which others can check them."""
    trainee = _trainee(request)
    if trainee is None:
        return _page(request, "academy/me_without_roster.html", "certificates", {})
    trainee.proof_years = years_of(trainee)  # type: ignore[attr-defined]
    return _page(
        request,
        "academy/certificates.html",
        "certificates",
        {
            "trainee": trainee,
            "certificates": list(reports.certificates_of(trainee)),
            "resting": why_resting(),
        },
    )


@require_GET
@login_required
def personal_data(request: AuthenticatedHttpRequest) -> HttpResponse:
    """What the academy holds about the person, why, and who sees it."""
    trainee = _trainee(request)
    return _page(
        request, "academy/personal_data.html", "personal_data", _personal_data(request.user, trainee)
    )


def _personal_data(user: User, trainee: Trainee | None) -> dict[str, Any]:
    register = {
        "held": own_register.held_about(user, trainee),
        "kept_months": months_kept(RetentionSubject.PEOPLE),
    }
    if trainee is None:
        return register | {"trainee": None}
    asked = CorrectionRequest.objects.filter(trainee=trainee).select_related("answered_by")
    return register | {
        "trainee": trainee,
        "looks": own_data.looks_at(trainee, own_data.LOOKS_SHOWN),
        "asked": list(asked[:REQUESTS_SHOWN]),
    }


@require_POST
@login_required
def ask_for_correction(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Say what is wrong in one's own record; what was typed stays when it is refused."""
    trainee = _trainee(request)
    if trainee is None:
        raise Http404
    text = request.POST.get("text", "")[:500]
    try:
        ask_correction(trainee=trainee, text=text)
    except Refused as refused:
        context = _personal_data(request.user, trainee) | {"refusal": refused.sentence, "text": text}
        return _page(request, "academy/personal_data.html", "personal_data", context, status=422)
    messages.success(request, gettext("Your request was sent to those who keep your record."))
    return redirect("portal:personal_data")


@require_GET
@login_required
def personal_data_copy(request: AuthenticatedHttpRequest) -> HttpResponse:
    """A copy of everything held about the person, as a spreadsheet; taking it is logged too."""
    trainee = _trainee(request)
    content = workbook(*own_data.sheets_about(request.user, trainee))
    note(request.user, "academy.own_data", actor=request.user)
    name = gettext("My data")
    return attachment(content, f"{name} {timezone.localdate():%Y-%m-%d}.xlsx")
