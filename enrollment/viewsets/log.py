"""The auditor's search of the log, among the reports of the admin."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.widgets import AdminDateInput
from wagtail.log_actions import registry

from cms.actions.jobs import begin
from cms.refusals import Refused
from enrollment.jobs import LOG, may_search_log
from enrollment.reports_log import KINDS, in_words, searched

ENTRIES_PER_PAGE = 50


class LogFilter(forms.Form):
    """What narrows the log."""

    who = forms.CharField(label=_("Who did it (name, or user name in full)"), required=False, max_length=60)
    about = forms.CharField(label=_("About whom or what"), required=False, max_length=60)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    action = forms.ChoiceField(label=_("Deed"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=AdminDateInput())
    until = forms.DateField(label=_("To"), required=False, widget=AdminDateInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        everything = [("", _("All"))]
        fields["kind"].choices = everything + [(name, label) for name, (label, _starts) in KINDS.items()]
        fields["action"].choices = everything + sorted(registry.get_choices(), key=lambda one: str(one[1]))

    def wanted(self) -> dict[str, str]:
        """The filters as ``enrollment.reports_log.searched`` takes them; wrong ones narrow nothing."""
        self.is_valid()
        return {
            name: value.isoformat() if isinstance(value, dt.date) else str(value)
            for name, value in self.cleaned_data.items()
            if value
        }


class LogView(WagtailAdminTemplateMixin, TemplateView):
    """Who did or looked at what, to whom, between two days; sent as a form, it is exported."""

    template_name = "enrollment/admin/log.html"
    page_title = _("Audit log")
    header_icon = "history"
    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Administrators and auditors."""
        if not may_search_log(request.user, {}):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """This page below the front page."""
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One page of what was found."""
        form = LogFilter(self.request.GET)
        page = Paginator(searched(**form.wanted()), ENTRIES_PER_PAGE).get_page(self.request.GET.get("p"))
        return super().get_context_data(form=form, page=page, entries=in_words(list(page)), **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """The same search as a file, prepared in the background."""
        form = LogFilter(request.GET)
        try:
            job = begin(
                kind=LOG,
                owner=request.user,
                title=gettext("Export of the audit log"),
                parameters=form.wanted(),
            )
        except Refused as refused:
            messages.error(request, refused.sentence)
            return HttpResponseRedirect(request.get_full_path())
        return HttpResponseRedirect(job.get_absolute_url())


class LogMenuItem(MenuItem):
    """Only for those who may open it."""

    def __init__(self) -> None:
        super().__init__(
            _("Audit log"), reverse("enrollment_log"), name="audit-log", icon_name="history", order=50
        )

    def is_shown(self, request: HttpRequest) -> bool:
        """Administrators and auditors."""
        return may_search_log(request.user, {})
