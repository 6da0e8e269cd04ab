"""Deliveries that did not go through: why and when, tried again one by one or all, or given up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.viewsets.base import ViewSet

from enrollment.actions import stuck_messages as actions
from enrollment.letters import KINDS
from enrollment.models import (
    STUCK_DELIVERIES,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    MessageChannel,
    MessageGroup,
)
from enrollment.models.messages import DeliveryQuerySet
from enrollment.requests import number_in

DELIVERIES_PER_PAGE = 50


class StuckFilter(forms.Form):
    """What narrows the list."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All")),
            *((state.value, state.label) for state in DeliveryState if state in STUCK_DELIVERIES),
        ],
    )
    channel = forms.ChoiceField(
        label=_("Channel"), required=False, choices=[("", _("All")), *MessageChannel.choices]
    )


def stuck(request: HttpRequest) -> DeliveryQuerySet:
    """What the filter of ``request`` leaves of the stuck deliveries."""
    form = StuckFilter(request.GET)
    form.is_valid()
    wanted = {name: value for name, value in form.cleaned_data.items() if value}
    return Delivery.objects.stuck().filter(**wanted)


class StuckMessagesView(WagtailAdminTemplateMixin, TemplateView):
    """Why each did not go through, and what is done about it; what a message says is not shown."""

    template_name = "enrollment/admin/stuck_messages.html"
    page_title = _("Failed deliveries")
    header_icon = "mail"
    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Administrators."""
        if not request.user.scope.everything:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """This page below the front page."""
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """One page, the latest first, each with what its last attempt came to."""
        last = DeliveryAttempt.objects.filter(delivery=OuterRef("pk")).order_by("-number")
        rows: Any = (
            stuck(self.request)
            .annotate(
                error=Subquery(last.values("error")[:1]), ended_at=Subquery(last.values("ended_at")[:1])
            )
            .select_related("message__recipient")
            .order_by("-pk")
        )
        page = Paginator(rows, DELIVERIES_PER_PAGE).get_page(self.request.GET.get("p"))
        groups = dict(MessageGroup.choices)
        for row in page:
            kind = KINDS.get(row.message.kind)
            row.about = groups.get(kind.group, "") if kind else row.message.kind
        return super().get_context_data(form=StuckFilter(self.request.GET), page=page, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Try again, one or all that the filter leaves, or give up."""
        chosen = stuck(request)
        if (number := number_in(request.POST.get("delivery", ""))) is not None:
            chosen = Delivery.objects.stuck().filter(pk=number)
        if request.POST.get("do") == "give_up":
            done = actions.give_up(deliveries=chosen, actor=request.user)
            said = ngettext("%(number)s delivery was given up.", "%(number)s deliveries were given up.", done)
        else:
            done = actions.retry(deliveries=chosen, actor=request.user)
            said = ngettext(
                "%(number)s delivery will be tried again.", "%(number)s deliveries will be tried again.", done
            )
        messages.success(request, said % {"number": done})
        return HttpResponseRedirect(request.get_full_path())


class StuckMenuItem(MenuItem):
    """Only for those who may open it."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Administrators."""
        return bool(request.user.scope.everything)


class StuckMessagesViewSet(ViewSet):
    """The page of failed deliveries."""

    icon = "mail"
    menu_label = _("Failed deliveries")
    menu_order = 286
    menu_item_class = StuckMenuItem

    def get_urlpatterns(self) -> list[Any]:
        """One page."""
        return [path("", StuckMessagesView.as_view(), name="index")]


stuck_messages_viewset = StuckMessagesViewSet("stuck_messages")
