"""Roster import: upload, preview, confirm, result, and the rows to correct."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_q.tasks import async_task

from academy.portal.workbench import reports
from academy.portal.workbench.access import WorkerRequest, crumb, for_organization_workers, tabs
from academy.portal.workbench.forms import ColumnsForm, RosterForm
from cms.refusals import Refused
from cms.spreadsheets import attachment
from enrollment.actions import roster, roster_undo
from enrollment.actions.journal import note
from enrollment.actions.roster_missing import mark_leaving
from enrollment.models import (
    MemberStatus,
    Organization,
    Post,
    RetentionSubject,
    RosterColumns,
    RosterImport,
    Trainee,
    kept_until,
)
from enrollment.requests import number_in, numbers_in
from enrollment.roster import messages
from enrollment.roster.sheets import write_corrections
from enrollment.roster.verdict import problems_of

ROWS_PER_PAGE = 50
IMPORTS_PER_PAGE = 20
Status = RosterImport.Status
AT_WORK = (Status.READING, Status.APPLYING, Status.UNDOING)
#: Errors first: they are what somebody has to do something about.
OUTCOMES = {
    "error": "errors",
    "new": "new",
    "changed": "changed",
    "unchanged": "unchanged",
    "duplicate": "duplicates",
}
#: The tab of people whom the file leaves out.
MISSING = "missing"
CHOICES: dict[str, dict[Any, Any]] = {
    "gender": dict(Trainee._meta.get_field("gender").choices or ()),
    "post": dict(Post.choices),
    "member_status": dict(MemberStatus.choices),
}


def later(task: str, *arguments: Any) -> None:
    """Queue ``task`` once the request's writes stand."""
    transaction.on_commit(lambda: async_task(task, *arguments))


def import_of(request: WorkerRequest, pk: int, *, with_rows: bool = True) -> RosterImport:
    """An import that this person may work on."""
    imports = reports.imports_of(request.user).select_related("organization", "uploaded_by")
    found: RosterImport = get_object_or_404(imports if with_rows else imports.defer("verdict"), pk=pk)
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization_workers
def imports(request: WorkerRequest) -> HttpResponse:
    """Upload a roster; below, what was sent before."""
    form = RosterForm(request.POST or None, request.FILES or None)
    into = reports.organization_to_import_into(request.user)
    if request.method == "POST" and form.is_valid():
        try:
            received = roster.receive_roster(
                file=form.cleaned_data["file"],
                organization=into,
                actor=request.user,
                name=form.cleaned_data["file"].name,
            )
        except Refused as refused:
            form.add_error("file", refused.sentence)
        else:
            later("enrollment.tasks.judge_roster", received.pk)
            return redirect("portal:workbench_import", pk=received.pk)
    earlier = reports.imports_of(request.user).defer("verdict").select_related("uploaded_by")
    return render(
        request,
        "academy/workbench/imports.html",
        {
            "form": form,
            "into": into,
            "page": Paginator(earlier, IMPORTS_PER_PAGE).get_page(request.GET.get("page")),
            "remembered": RosterColumns.objects.manageable_by(request.user).select_related(
                "organization", "chosen_by"
            )[:IMPORTS_PER_PAGE],
            "tabs": tabs("workbench_imports"),
        },
        status=422 if form.is_bound and form.errors else 200,
    )


@require_GET
@for_organization_workers
def roster_import(request: WorkerRequest, pk: int) -> HttpResponse:
    """The preview with its verdicts, and after confirmation the result."""
    return page_of(request, import_of(request, pk))


def page_of(
    request: WorkerRequest,
    found: RosterImport,
    *,
    columns_form: ColumnsForm | None = None,
    refused: Refused | None = None,
) -> HttpResponse:
    """The page of an import; with ``refused``, what was said of its columns stays as it was said."""
    context: dict[str, Any] = {
        "roster_import": found,
        "tabs": tabs("workbench_imports"),
        "crumbs": [crumb("workbench_imports", _("Roster import"))],
        "working": found.status in AT_WORK,
        "progress": found.verdict.get("progress"),
    }
    if found.status in (Status.COLUMNS, Status.READY):
        context["columns_form"] = columns_form or ColumnsForm(columns=found.verdict.get("columns", ()))
        context["columns_told"] = found.verdict.get("columns_told", False)
        context["file_is_gone"] = not found.file
        context["waits_until"] = kept_until(RetentionSubject.UPLOADS, timezone.localdate(found.uploaded_at))
    if refused is not None:
        context["lacks"] = refused.reasons
    elif found.status == Status.COLUMNS:
        context["lacks"] = messages.lacks(found.verdict.get("lacks", ()))
    if "counts" in found.verdict:
        context.update(_preview(request, found))
    return render(request, "academy/workbench/import.html", context, status=422 if refused else 200)


def _preview(request: WorkerRequest, found: RosterImport) -> dict[str, Any]:
    counts = found.verdict["counts"]
    present = [outcome for outcome, name in OUTCOMES.items() if counts[name]]
    wanted = request.GET.get("verdict", "")
    outcome = wanted if wanted in {*OUTCOMES, MISSING} else (present or ["new"])[0]
    missing = found.verdict.get("missing", [])
    leaving = set(found.verdict.get("leaving", ()))
    rows = (
        missing if outcome == MISSING else [row for row in found.verdict["rows"] if row["outcome"] == outcome]
    )
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    here = reverse("portal:workbench_import", args=[found.pk])
    return {
        "counts": counts,
        "outcome": outcome,
        "verdict_tabs": [
            {
                "label": f"{messages.OUTCOMES[name]} {counts[OUTCOMES[name]]}",
                "url": f"{here}?verdict={name}",
                "current": name == outcome,
            }
            for name in OUTCOMES
        ]
        + [
            {
                "label": " ".join([_("Not in the file"), str(len(missing))]),
                "url": f"{here}?verdict={MISSING}",
                "current": outcome == MISSING,
            }
        ],
        "notes": [messages.NOTES[name] for name in found.verdict.get("notes", ())],
        "page": page,
        "rows": _missing(list(page), leaving) if outcome == MISSING else _shown(list(page)),
        "missing": len(missing),
        "leaving": len(leaving),
        "to_write": counts["new"] + counts["changed"] + len(leaving),
        "applied": found.verdict.get("applied"),
        "undone": found.verdict.get("undone"),
        "stayed": _staying(
            found, {int(number): why for number, why in found.verdict.get("stayed", {}).items()}
        ),
    }


def _missing(people: list[dict[str, Any]], leaving: set[int]) -> list[dict[str, Any]]:
    """People whom the file leaves out, in words; organizations cost one query."""
    ids = {person["organization_id"] for person in people}
    names = dict(Organization.objects.filter(pk__in=ids).order_by().values_list("pk", "name"))
    return [
        {
            "trainee": person["trainee"],
            "name": person["name"],
            "organization": names.get(person["organization_id"], "—"),
            "post": CHOICES["post"].get(person["post"], person["post"]),
            "is_leaving": person["trainee"] in leaving,
        }
        for person in people
    ]


def _shown(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one page with everything in words; organizations cost one query."""
    ids = {row["person"].get("organization_id") for row in rows}
    ids |= {value for row in rows for value in row.get("changes", {}).get("organization_id", ())}
    names = dict(Organization.objects.filter(pk__in=ids - {None}).order_by().values_list("pk", "name"))

    def said(name: str, value: Any) -> str:
        if value in (None, ""):
            return "—"
        if name == "organization_id":
            return names.get(value, "—")
        if name == "phone":
            return _masked(str(value))
        if name == "identity_digest":
            return "****"
        return str(CHOICES.get(name, {}).get(value, value))

    return [
        {
            "number": row["number"],
            "name": row["person"].get("name") or "—",
            "organization": names.get(row["person"].get("organization_id"), "—"),
            "post": said("post", row["person"].get("post")),
            "phone": _masked(row["person"].get("phone") or ""),
            "born_on": row["person"].get("born_on") or "",
            "problems": problems_of(row),
            "duplicate_of": row.get("duplicate_of"),
            "changes": [
                {"label": messages.FIELDS[name], "old": said(name, old), "new": said(name, new)}
                for name, (old, new) in row.get("changes", {}).items()
            ],
        }
        for row in rows
    ]


def _masked(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 7 else phone


@require_GET
@for_organization_workers
def status(request: WorkerRequest, pk: int) -> HttpResponse:
    """Polled by htmx while work goes on; when it is done, the page is loaded anew."""
    found = import_of(request, pk, with_rows=False)
    if found.status not in AT_WORK:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = reverse("portal:workbench_import", args=[pk])
        return response
    progress = None
    if found.status == Status.READING:
        progress = RosterImport.objects.values_list("verdict", flat=True).get(pk=pk).get("progress")
    return render(request, "academy/workbench/_progress.html", {"roster_import": found, "progress": progress})


@require_POST
@for_organization_workers
def apply(request: WorkerRequest, pk: int) -> HttpResponse:
    """Confirm the preview."""
    found = import_of(request, pk, with_rows=False)
    try:
        if roster.begin_applying(roster_import=found, actor=request.user):
            later("enrollment.tasks.apply_roster", found.pk, request.user.pk)
    except Refused as refused:
        notices.error(request, refused.sentence)
    return redirect("portal:workbench_import", pk=pk)


@require_POST
@for_organization_workers
def mark(request: WorkerRequest, pk: int) -> HttpResponse:
    """Say who of those whom the file leaves out has left: those ticked on a page, all, or nobody."""
    found = import_of(request, pk, with_rows=False)
    everybody = request.POST.get("everybody")
    try:
        if everybody in ("keep", "leave"):
            people = RosterImport.objects.values_list("verdict", flat=True).get(pk=pk).get("missing", ())
            leaving = [person["trainee"] for person in people] if everybody == "leave" else []
            marked = mark_leaving(roster_import=found, leaving=leaving, among=None, actor=request.user)
        else:
            marked = mark_leaving(
                roster_import=found,
                leaving=numbers_in(request.POST.getlist("leaving")),
                among=numbers_in(request.POST.getlist("shown")),
                actor=request.user,
            )
    except Refused as refused:
        notices.error(request, refused.sentence)
    else:
        notices.success(
            request,
            ngettext(
                "%(number)s person is marked as having left; that is saved when you confirm.",
                "%(number)s people are marked as having left; that is saved when you confirm.",
                marked,
            )
            % {"number": marked},
        )
    page = number_in(request.POST.get("page", "")) or 1
    return redirect(f"{reverse('portal:workbench_import', args=[pk])}?verdict={MISSING}&page={page}")


@require_POST
@for_organization_workers
def discard(request: WorkerRequest, pk: int) -> HttpResponse:
    """Drop an import."""
    roster.discard_roster(roster_import=import_of(request, pk, with_rows=False), actor=request.user)
    notices.info(request, _("The import was discarded; nothing was saved."))
    return redirect("portal:workbench_imports")


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization_workers
def undo(request: WorkerRequest, pk: int) -> HttpResponse:
    """What taking an applied import back would do; sent, it is done in the background."""
    found = import_of(request, pk)
    here = redirect("portal:workbench_import", pk=pk)
    try:
        if request.method == "POST":
            if roster_undo.begin_undoing(roster_import=found):
                later("enrollment.tasks.undo_roster", found.pk, request.user.pk)
            return here
        undoings = roster_undo.plan_undoing(roster_import=found, actor=request.user)
    except Refused as refused:
        notices.error(request, refused.sentence)
        return here
    if found.status != Status.APPLIED:
        return here
    staying = [undoing for undoing in undoings if undoing.stays]
    page = Paginator(staying, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "academy/workbench/import_undo.html",
        {
            "roster_import": found,
            "tabs": tabs("workbench_imports"),
            "crumbs": [
                crumb("workbench_imports", _("Roster import")),
                {"label": found.file_name, "url": reverse("portal:workbench_import", args=[pk])},
            ],
            "removes": sum(undoing.removes for undoing in undoings),
            "restores": sum(bool(undoing.restores) for undoing in undoings),
            "stays": len(staying),
            "page": page,
            "rows": _staying(found, {item.row.number: str(item.stays) for item in page}),
        },
    )


def _staying(found: RosterImport, reasons: dict[int, str]) -> list[dict[str, Any]]:
    """The rows of an import that stay, with their reasons in words."""
    return [
        {
            "number": row["number"],
            "name": row["person"].get("name") or "—",
            "reason": messages.STAYS[reasons[row["number"]]],
        }
        for row in found.verdict["rows"]
        if row["number"] in reasons
    ]


@require_GET
@for_organization_workers
def corrections(request: WorkerRequest, pk: int) -> HttpResponse:
    """The rows with errors and what to correct, to be sent again."""
    found = import_of(request, pk)
    if "rows" not in found.verdict:
        return redirect("portal:workbench_import", pk=pk)
    target = BytesIO()
    written = write_corrections(target, found.verdict)
    note(found, "enrollment.roster.correct", actor=request.user, data={"rows": written})
    stem = found.file_name.rpartition(".")[0] or found.file_name
    return attachment(target.getvalue(), _("%(file)s to correct.xlsx") % {"file": stem})
