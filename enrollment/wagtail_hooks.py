"""What this app adds to the Wagtail admin."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet, ViewSetGroup

from enrollment import log_actions
from enrollment.viewsets.class_notices import class_notice_viewset
from enrollment.viewsets.classes import class_chooser, training_class_viewset
from enrollment.viewsets.hours import (
    hour_entry_viewset,
    hour_minimum_viewset,
    hour_rule_viewset,
    year_closure_viewset,
)
from enrollment.viewsets.log import LogMenuItem, LogView
from enrollment.viewsets.need_fields import need_field_viewset
from enrollment.viewsets.organization_chooser import organization_chooser
from enrollment.viewsets.organization_records import (
    area_viewset,
    contact_viewset,
    industry_tag_viewset,
    pairing_viewset,
    title_viewset,
)
from enrollment.viewsets.organizations import guide_viewset, organization_viewset, service_group_viewset
from enrollment.viewsets.people import exemption_viewset, trainee_chooser, trainee_viewset
from enrollment.viewsets.retention import erasure_viewset, retention_period_viewset
from enrollment.viewsets.stuck_messages import stuck_messages_viewset


class PeopleGroup(ViewSetGroup):
    """Trainees and classes, after the content."""

    menu_label = _("Trainees and classes")
    menu_icon = "group"
    menu_order = 200
    items = (
        training_class_viewset,
        class_notice_viewset,
        need_field_viewset,
        organization_viewset,
        trainee_viewset,
        hour_entry_viewset,
        exemption_viewset,
        service_group_viewset,
        guide_viewset,
        title_viewset,
        contact_viewset,
        pairing_viewset,
        area_viewset,
        industry_tag_viewset,
        hour_rule_viewset,
        hour_minimum_viewset,
        year_closure_viewset,
        retention_period_viewset,
        erasure_viewset,
        stuck_messages_viewset,
    )


@hooks.register("register_admin_viewset")
def register_viewsets() -> list[ViewSet | ViewSetGroup]:
    """The screens and the choosers."""
    return [PeopleGroup(), organization_chooser, trainee_chooser, class_chooser]


@hooks.register("register_admin_urls")
def register_log_address() -> list[Any]:
    """The auditor's search."""
    return [path("reports/log/", LogView.as_view(), name="enrollment_log")]


@hooks.register("register_reports_menu_item")
def register_log_menu_item() -> MenuItem:
    """The way to it, among the reports."""
    return LogMenuItem()


@hooks.register("register_admin_menu_item")
def certificate_template() -> MenuItem:
    """The way to what stands on certificates."""
    url = reverse("enrollment:certificate_template")
    return _ForAdministrators(_("Certificate template"), url, name="certificate_template", icon_name="form")


class _ForAdministrators(MenuItem):
    """Shown to those who may open it."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.scope.everything)


@hooks.register("register_log_actions")
def register_log_actions(actions: Any) -> None:
    """The sentences of the audit log."""
    log_actions.register(actions)
