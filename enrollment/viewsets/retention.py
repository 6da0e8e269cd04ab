"""How long things are kept, and the erasure of people who left: who is due, and one button."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic.edit import FormView
from wagtail.admin import messages
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.viewsets.base import ViewSet
from wagtail.permission_policies import ModelPermissionPolicy

from cms.actions.jobs import begin
from cms.models import Job
from cms.refusals import Refused
from enrollment.actions.erasure import due
from enrollment.jobs import ERASE
from enrollment.models import RetentionPeriod, RetentionSubject, kept_since
from enrollment.rules import retention as rules
from enrollment.viewsets.scoped import ScopedViewSet

PEOPLE_PER_PAGE = 50


class PeriodForm(WagtailAdminModelForm):
    """One period, with its source."""

    class Meta:
        model = RetentionPeriod
        fields = ["subject", "months", "effective_from", "source", "note"]


class RetentionPeriodViewSet(ScopedViewSet):
    """How long things are kept."""

    model = RetentionPeriod
    icon = "history"
    menu_label = _("Retention periods")
    menu_order = 282
    form_class = PeriodForm
    list_display = (
        Column("subject", label=_("What is kept"), accessor="get_subject_display"),
        "months",
        "effective_from",
        "source",
    )
    list_filter = ("subject",)
    search_fields = ("source", "note")
    search_backend_name = None
    ordering = ("subject", "-effective_from")


class ErasureForm(forms.Form):
    """One knows what one does."""

    understood = forms.BooleanField(
        label=_("I have looked at the list, and I know that this cannot be taken back."),
        error_messages={"required": _("Tick this first: an erasure cannot be taken back.")},
    )


class ErasureView(PermissionCheckedMixin, WagtailAdminTemplateMixin, FormView):
    """Who left so long ago that they are to be erased, and the button that has it done."""

    permission_policy = ModelPermissionPolicy(RetentionPeriod)
    permission_required = "change"
    template_name = "enrollment/admin/erasure.html"
    form_class = ErasureForm
    page_title = _("Erasure after leaving")
    header_icon = "bin"
    request: HttpRequest

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """This page below the front page."""
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Those who are due, page by page; how far the work is, where it is being done."""
        today = timezone.localdate()
        people = due(today).select_related("home_organization")
        return super().get_context_data(
            page=Paginator(people, PEOPLE_PER_PAGE).get_page(self.request.GET.get("p")),
            number=people.filter(is_held=False).count(),
            since=kept_since(RetentionSubject.PEOPLE, today),
            job=Job.objects.filter(kind=ERASE).order_by("-created_at").first(),
            **kwargs,
        )

    def form_valid(self, form: ErasureForm) -> HttpResponse:
        """Have it done in the background."""
        today = timezone.localdate()
        if not due(today).filter(is_held=False).exists():
            messages.error(self.request, str(rules.NOT_DUE))
            return HttpResponseRedirect(reverse("erasure:index"))
        title, parameters = gettext("Erasure after leaving"), {"on": today.isoformat()}
        try:
            begin(kind=ERASE, owner=self.request.user, title=title, parameters=parameters)
        except Refused as refused:
            messages.error(self.request, refused.sentence)
        return HttpResponseRedirect(reverse("erasure:index"))


class ErasureMenuItem(MenuItem):
    """Only for those who may open it."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Whoever changes retention periods."""
        return bool(request.user.has_perm("enrollment.change_retentionperiod"))


class ErasureViewSet(ViewSet):
    """The page of erasures."""

    icon = "bin"
    menu_label = _("Erasure after leaving")
    menu_order = 284
    menu_item_class = ErasureMenuItem

    def get_urlpatterns(self) -> list[Any]:
        """One page."""
        return [path("", ErasureView.as_view(), name="index")]


retention_period_viewset = RetentionPeriodViewSet("retention_periods")
erasure_viewset = ErasureViewSet("erasure")
