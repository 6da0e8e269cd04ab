"""A table of organizations in the admin: sent, judged row by row, confirmed; and taken away again."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.generic.edit import FormMixin, ProcessFormView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from cms.refusals import Refused
from cms.spreadsheets import attachment
from enrollment.actions import organization_import as actions
from enrollment.actions.journal import note
from enrollment.actions.organization_history import Basis
from enrollment.models import Organization
from enrollment.rules import organization_table as rules
from enrollment.rules.organization_table import Line, Verdict
from enrollment.viewsets.scoped import show_refusal

SALT = "enrollment.organizations.import"
#: A preview can be confirmed so long, in seconds.
VALID_SECONDS = 3600
#: So many rows of each outcome are shown; the counts tell of all.
SHOWN = 200


class ImportForm(forms.Form):
    """The table."""

    file = forms.FileField(
        label=_("Table of organizations (.xlsx or .csv)"),
        help_text=_(
            "Organizations that are not in the table stay as they are. An export has the right columns."
        ),
    )


class ImportView(PermissionCheckedMixin, WagtailAdminTemplateMixin, FormMixin, ProcessFormView):
    """Send a table, see what each row comes to, confirm."""

    model = Organization
    permission_required = "change"
    template_name = "enrollment/admin/organization_import.html"
    form_class = ImportForm
    page_title = _("Import organizations")
    header_icon = "upload"
    request: HttpRequest

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Listing, import."""
        listing = {"url": reverse("organizations:index"), "label": gettext("Organizations")}
        return [*self.breadcrumbs_items, listing, {"url": "", "label": self.page_title}]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A confirmation carries the signed lines; anything else is a new table."""
        return self.confirm() if "lines" in request.POST else super().post(request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        """Judge and show; nothing is saved."""
        try:
            lines = actions.read_lines(form.cleaned_data["file"])
        except Refused as refused:
            show_refusal(form, refused)
            return self.form_invalid(form)
        return self.show(form, lines, form.cleaned_data["file"].name)

    def show(self, form: Any, lines: list[Line], name: str) -> HttpResponse:
        """The verdict of each row."""
        verdicts = actions.judge_lines(lines)
        outcomes = {
            outcome: [one for one in verdicts if one.outcome == outcome]
            for outcome in (rules.ERROR, rules.NEW, rules.CHANGED, rules.UNCHANGED)
        }
        can_apply = not outcomes[rules.ERROR] and bool(outcomes[rules.NEW] or outcomes[rules.CHANGED])
        carried = {
            "user": self.request.user.pk,
            "name": name[:100],
            "lines": [[one.number, one.told] for one in lines],
            "shown": actions.summary(verdicts),
        }
        return self.render_to_response(
            self.get_context_data(
                form=form,
                counts={outcome: len(found) for outcome, found in outcomes.items()},
                verdicts=[
                    _in_words(one)
                    for outcome in (rules.ERROR, rules.NEW, rules.CHANGED)
                    for one in outcomes[outcome][:SHOWN]
                ],
                lines=signing.dumps(carried, salt=SALT, compress=True) if can_apply else "",
                judged=True,
            )
        )

    def confirm(self) -> HttpResponse:
        """Apply what was shown to this person within the hour."""
        form = ImportForm()
        try:
            carried = signing.loads(self.request.POST["lines"], salt=SALT, max_age=VALID_SECONDS)
        except signing.BadSignature:
            carried = {}
        if carried.get("user") != self.request.user.pk:
            messages.error(self.request, _("This preview is no longer valid; send the table again."))
            return HttpResponseRedirect(self.request.path)
        lines = [Line(number, told) for number, told in carried["lines"]]
        try:
            counts = actions.apply_lines(
                lines=lines,
                shown=carried["shown"],
                actor=self.request.user,
                basis=Basis(reason=gettext("Import of %(name)s") % {"name": carried["name"]}),
            )
        except Refused as refused:
            messages.error(self.request, refused.sentence)
            return self.show(form, lines, carried["name"])
        messages.success(
            self.request,
            gettext("Imported: %(new)s organizations founded, %(changed)s changed.") % counts,
        )
        return HttpResponseRedirect(reverse("organizations:index"))


def _in_words(one: Verdict) -> dict[str, Any]:
    told = one.line.told
    return {
        "number": one.line.number,
        "outcome": one.outcome,
        "name": told.get("name") or told.get("code", ""),
        "told": [str(reason) for reason in one.problems]
        or ["、".join(rules.TITLES[name][0] for name in one.changes)],
    }


class ExportView(PermissionCheckedMixin, View):
    """Every active organization as the table that the import reads."""

    model = Organization
    permission_required = "view"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The workbook; taking it away stands in the log."""
        target = BytesIO()
        number = actions.write_organizations(target, request.user)
        data = {"what": "organizations", "rows": number}
        note(request.user, "enrollment.people.export", actor=request.user, data=data)
        name = gettext("Organizations %(day)s.xlsx") % {"day": timezone.localdate().isoformat()}
        return attachment(target.getvalue(), name)
