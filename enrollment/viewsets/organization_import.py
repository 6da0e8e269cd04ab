"""A table of organizations in the admin: sent, judged row by row, confirmed; and taken away again."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.generic import TemplateView
from django.views.generic.edit import FormMixin, ProcessFormView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from cms.actions.jobs import begin
from cms.models import Job
from cms.refusals import Refused
from cms.spreadsheets import attachment
from enrollment.actions import organization_imports as steps
from enrollment.actions.journal import note
from enrollment.actions.organization_import import write_organizations
from enrollment.jobs import APPLY_ORGANIZATIONS, JUDGE_ORGANIZATIONS
from enrollment.models import Organization, OrganizationImport, RetentionSubject, TableImport, kept_until
from enrollment.roster import messages as sentences
from enrollment.roster.guard import MAX_BYTES
from enrollment.rules import organization_table as rules

Status = OrganizationImport.Status
AT_WORK = (Status.READING, Status.APPLYING)
ROWS_PER_PAGE = 50
#: So many of the tables sent before are listed.
EARLIER = 20


@dataclass(frozen=True)
class Table:
    """What these screens import: its kind of upload, its actions, its pieces of work and its words."""

    imports: type[TableImport]
    steps: Any
    judging: str
    applying: str
    #: Name space of its screens: index, import, import_one, table, table_csv.
    screens: str
    listing: Any
    importing: Any
    row_title: Any

    def page(self, received: TableImport) -> str:
        """The page of one import."""
        return reverse(f"{self.screens}:import_one", args=[received.pk])


ORGANIZATIONS = Table(
    OrganizationImport,
    steps,
    JUDGE_ORGANIZATIONS,
    APPLY_ORGANIZATIONS,
    "organizations",
    _("Organizations"),
    _("Import organizations"),
    _("Organization"),
)


class ImportForm(forms.Form):
    """The table."""

    file = forms.FileField(
        label=_("Table of organizations (.xlsx or .csv)"),
        help_text=_(
            "At most 20 MB. Organizations that are not in the table stay as they are. "
            "An export has the right columns. Several titles, pairings or contacts stand in one cell, parted "
            "by “；”, their parts by “｜”: 市级｜2023-07-01｜2026-06-30；区级｜2021-07-01."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": _("Choose the table to send first.")},
    )

    def clean_file(self) -> UploadedFile:
        """The size is refused before anything is kept; what is inside is judged in the background."""
        file: UploadedFile = self.cleaned_data["file"]
        if file.size is not None and file.size > MAX_BYTES:
            limit = MAX_BYTES // 1024 // 1024
            raise ValidationError(str(sentences.file_reason("too_large", megabytes=limit)))
        return file


class ImportView(PermissionCheckedMixin, WagtailAdminTemplateMixin, FormMixin, ProcessFormView):
    """Send a table; it is judged in the background."""

    table = ORGANIZATIONS
    model: type[Model] = Organization
    permission_required = "change"
    template_name = "enrollment/admin/organization_import.html"
    form_class: type[forms.Form] = ImportForm
    page_title = _("Import organizations")
    header_icon = "upload"
    request: HttpRequest

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Listing, import."""
        listing = {"url": reverse(f"{self.table.screens}:index"), "label": self.table.listing}
        return [*self.breadcrumbs_items, listing, {"url": "", "label": self.page_title}]

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep the table and have it judged; nothing is saved of it."""
        file = form.cleaned_data["file"]
        received = self.table.steps.receive_table(file=file, actor=self.request.user, name=file.name)
        begin_work(self.request, self.table.judging, received)
        return HttpResponseRedirect(self.table.page(received))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What was sent before."""
        rows = self.table.imports._default_manager
        earlier = rows.defer("lines", "shown", "words").select_related("uploaded_by")
        return super().get_context_data(
            earlier=[(one, self.table.page(one)) for one in earlier[:EARLIER]],
            export_url=reverse(f"{self.table.screens}:table"),
            export_csv_url=reverse(f"{self.table.screens}:table_csv"),
            **kwargs,
        )


class ImportPage(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):
    """One table that was sent: at work, its preview, or its result."""

    table = ORGANIZATIONS
    model: type[Model] = Organization
    permission_required = "change"
    template_name = "enrollment/admin/organization_import_one.html"
    header_icon = "upload"
    request: HttpRequest

    @cached_property
    def received(self) -> TableImport:
        """The import of this page."""
        rows = self.table.imports._default_manager.defer("lines", "shown").select_related("uploaded_by")
        return get_object_or_404(rows, pk=self.kwargs["pk"])

    def get_page_title(self) -> str:
        """The file's name."""
        return str(self.received)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Listing, imports, this one."""
        listing = {"url": reverse(f"{self.table.screens}:index"), "label": self.table.listing}
        imports = {"url": reverse(f"{self.table.screens}:import"), "label": self.table.importing}
        return [*self.breadcrumbs_items, listing, imports, {"url": "", "label": str(self.received)}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Counts, and one page of the rows that are not unchanged, errors first."""
        received = self.received
        job = None
        if received.status in AT_WORK:
            kind = self.table.judging if received.status == Status.READING else self.table.applying
            job = Job.objects.filter(kind=kind, parameters__import=received.pk).first()
        order = {outcome: place for place, outcome in enumerate(rules.OUTCOMES)}
        words = sorted(received.words, key=lambda one: (order[one["outcome"]], one["number"]))
        counts = received.counts
        return super().get_context_data(
            received=received,
            row_title=self.table.row_title,
            again_url=reverse(f"{self.table.screens}:import"),
            job=job,
            waits_until=kept_until(RetentionSubject.UPLOADS, timezone.localdate(received.uploaded_at))
            if received.status == Status.READY
            else None,
            is_waiting=job is not None and job.is_open,
            is_stuck=received.status in AT_WORK and (job is None or not job.is_open),
            counts=counts,
            can_apply=received.status == Status.READY
            and not counts[rules.ERROR]
            and bool(counts[rules.NEW] or counts[rules.CHANGED]),
            page=Paginator(words, ROWS_PER_PAGE).get_page(self.request.GET.get("p")),
            **kwargs,
        )

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Confirm, discard, or begin anew what lost its worker."""
        received, wanted, steps = self.received, request.POST.get("do"), self.table.steps
        try:
            if wanted == "apply" and steps.begin_applying(received=received):
                begin_work(request, self.table.applying, received)
            elif wanted == "again" and received.status == Status.READING:
                begin_work(request, self.table.judging, received)
            elif wanted == "discard":
                steps.discard_table(received=received, actor=request.user)
                messages.success(request, _("The import was discarded; nothing was saved."))
                return HttpResponseRedirect(reverse(f"{self.table.screens}:import"))
        except Refused as refused:
            messages.error(request, refused.sentence)
        return HttpResponseRedirect(request.path)


def begin_work(request: HttpRequest, kind: str, received: TableImport) -> None:
    """Have a step of an import done in the background; refused, its page offers to begin it again."""
    try:
        begin(kind=kind, owner=request.user, title=str(received), parameters={"import": received.pk})
    except Refused as refused:
        messages.error(request, refused.sentence)


class ExportView(PermissionCheckedMixin, View):
    """Every active organization as the table that the import reads."""

    model = Organization
    permission_required = "view"
    as_csv = False

    def get(self, request: HttpRequest) -> HttpResponse:
        """The table; taking it away, with the telephones of contacts, stands in the log."""
        target = BytesIO()
        number = write_organizations(target, request.user, as_csv=self.as_csv)
        data = {"what": "organizations", "rows": number}
        note(request.user, "enrollment.people.export", actor=request.user, data=data)
        name = gettext("Organizations %(day)s.xlsx") % {"day": timezone.localdate().isoformat()}
        return attachment(target.getvalue(), name.removesuffix(".xlsx") + ".csv" if self.as_csv else name)
