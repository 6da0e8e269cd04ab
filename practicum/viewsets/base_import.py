"""The directory of bases as a table in the admin: sent, judged row by row, confirmed; and taken away."""

from __future__ import annotations

from io import BytesIO

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from cms.spreadsheets import attachment
from enrollment.actions.journal import note
from enrollment.viewsets.organization_import import ImportForm, ImportPage, ImportView, Table
from practicum.actions import base_imports
from practicum.actions.base_table import write_bases
from practicum.jobs import APPLY_BASES, JUDGE_BASES
from practicum.models import BaseImport, TrainingBase

BASES = Table(
    BaseImport,
    base_imports,
    JUDGE_BASES,
    APPLY_BASES,
    "practicum_bases",
    _("Training bases"),
    _("Import training bases"),
    _("Training base"),
)


class BaseImportForm(ImportForm):
    """The table."""

    file = forms.FileField(
        label=_("Table of training bases (.xlsx or .csv)"),
        help_text=_(
            "At most 20 MB. Bases that are not in the table stay as they are; so do photos, story and hosts. "
            "An export has the right columns."
        ),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": _("Choose the table to send first.")},
    )


class ImportBases(ImportView):
    """Send a table; it is judged in the background."""

    table = BASES
    model = TrainingBase
    form_class = BaseImportForm
    page_title = _("Import training bases")


class ImportBasesPage(ImportPage):
    """One table that was sent: at work, its preview, or its result."""

    table = BASES
    model = TrainingBase


class ExportBases(PermissionCheckedMixin, View):
    """Every base as the table that the import reads."""

    model = TrainingBase
    permission_required = "change"
    kind = "xlsx"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The table; taking it away stands in the log."""
        target = BytesIO()
        bases = TrainingBase.objects.manageable_by(request.user).prefetch_related("modules")
        number = write_bases(target, bases, kind=self.kind)
        note(
            request.user,
            "enrollment.people.export",
            actor=request.user,
            data={"what": "training bases", "rows": number},
        )
        name = gettext("Training bases %(day)s") % {"day": timezone.localdate().isoformat()}
        return attachment(target.getvalue(), f"{name}.{self.kind}")
