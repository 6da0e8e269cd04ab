"""Choosing an organization in a form: by name or code, never from a select box of hundreds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.viewsets.chooser import ChooserViewSet

from enrollment.models import Organization
from enrollment.viewsets.scoped import NameFilterForm, ScopedChooseResultsView, ScopedChooseView


class OrganizationFilterForm(NameFilterForm):
    """By name, short name or code."""

    searched = ("name", "short_name", "code")


class _ChooseOrganization:
    filter_form_class = OrganizationFilterForm
    more: Sequence[tuple[str, Any]] = (("code", _("Code")), ("get_kind_display", _("Kind")))


class ChooseOrganizationView(_ChooseOrganization, ScopedChooseView):
    """Choose an organization."""


class ChooseOrganizationResultsView(_ChooseOrganization, ScopedChooseResultsView):
    """Choose an organization: results."""


class OrganizationChooserViewSet(ChooserViewSet):
    """Never a select box of hundreds of organizations."""

    model = Organization
    icon = "group"
    choose_one_text = _("Choose an organization")
    choose_another_text = _("Choose another organization")
    choose_view_class = ChooseOrganizationView
    choose_results_view_class = ChooseOrganizationResultsView
    per_page = 20


organization_chooser = OrganizationChooserViewSet("organization_chooser")
