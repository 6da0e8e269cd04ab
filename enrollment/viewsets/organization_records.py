"""What is kept beside an organization, in the admin: titles, contacts, pairings; areas and groupings."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic

from enrollment.actions.journal import note
from enrollment.models import (
    Area,
    DemonstrationTitle,
    IndustryTag,
    Organization,
    OrganizationContact,
    Pairing,
)
from enrollment.requests import number_in
from enrollment.viewsets.organization_chooser import organization_chooser
from enrollment.viewsets.scoped import InScopeMixin, ScopedDeleteView, ScopedIndexView, ScopedViewSet


class _BackToOrganization:
    """Back to the page of the organization that the row belongs to."""

    object: Any

    def get_success_url(self) -> str:
        """That page."""
        return reverse("organizations:inspect", args=[self.object.organization_id])


class RecordCreateView(_BackToOrganization, generic.CreateView):
    """A new row, for the organization one came from."""

    def get_initial(self) -> dict[str, Any]:
        """That organization."""
        initial = super().get_initial()
        asked = number_in(self.request.GET.get("organization", ""))
        if asked is not None:
            known = Organization.objects.manageable_by(self.request.user)
            initial["organization"] = known.filter(pk=asked).first()
        return initial


class RecordEditView(_BackToOrganization, InScopeMixin, generic.EditView):
    """A change of a row in scope."""


class ContactEditView(RecordEditView):
    """A contact; opening it shows the telephone in full, so the look stands in the log."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Note the look once the page has been put together; the log keeps the role, not who it is."""
        response: HttpResponse = super().get(request, *args, **kwargs)
        if response.status_code == HTTPStatus.OK and self.object.phone:
            data = {"contact": self.object.role}
            note(self.object.organization, "enrollment.person.look", actor=request.user, data=data)
        return response


class RecordDeleteView(_BackToOrganization, ScopedDeleteView):
    """Taking back a row that was entered by mistake."""


class RecordIndexView(ScopedIndexView):
    """Rows with their organizations."""

    select_related: tuple[str, ...] = ("organization",)


class RecordViewSet(ScopedViewSet):
    """Rows that belong to an organization."""

    index_view_class = RecordIndexView
    add_view_class = RecordCreateView
    edit_view_class = RecordEditView
    delete_view_class = RecordDeleteView
    search_backend_name = None
    list_per_page = 50


class TitleForm(WagtailAdminModelForm):
    """A demonstration title and its dates."""

    class Meta:
        model = DemonstrationTitle
        fields = ["organization", "level", "awarded_on", "expires_on"]
        widgets = {"organization": organization_chooser.widget_class()}


class TitleViewSet(RecordViewSet):
    """Demonstration titles, those that expire first on top."""

    model = DemonstrationTitle
    icon = "success"
    menu_label = _("Demonstration titles")
    menu_order = 264
    form_class = TitleForm
    list_display = (
        "organization",
        Column("level", label=_("Level"), accessor="get_level_display"),
        "awarded_on",
        "expires_on",
    )
    list_filter = ("level",)
    ordering = ("expires_on", "pk")
    search_fields = ("organization__name", "organization__code")
    list_export = ("organization", "get_level_display", "awarded_on", "expires_on")
    export_filename = "titles"


class ContactForm(WagtailAdminModelForm):
    """A five-one contact."""

    class Meta:
        model = OrganizationContact
        fields = ["organization", "role", "name", "unit", "phone", "starts_on", "ends_on"]
        widgets = {"organization": organization_chooser.widget_class()}


class ContactViewSet(RecordViewSet):
    """Five-one contacts."""

    model = OrganizationContact
    icon = "user"
    menu_label = _("Five-one contacts")
    edit_view_class = ContactEditView
    menu_order = 266
    form_class = ContactForm
    list_display = (
        Column("role", label=_("Role"), accessor="role"),
        "name",
        "organization",
        Column("phone", label=_("Telephone"), accessor="masked_phone"),
        "starts_on",
        "ends_on",
    )
    search_fields = ("organization__name", "organization__code", "name", "role")
    list_export = ("organization", "role", "name", "unit", "masked_phone", "starts_on", "ends_on")
    export_filename = "contacts"


class PairingForm(WagtailAdminModelForm):
    """Two organizations that build together."""

    class Meta:
        model = Pairing
        fields = ["organization", "partner", "partner_name", "starts_on", "ends_on", "note"]
        widgets = {
            "organization": organization_chooser.widget_class(),
            "partner": organization_chooser.widget_class(),
        }


class PairingIndexView(RecordIndexView):
    """Pairings with both sides."""

    select_related = ("organization", "partner")


class PairingViewSet(RecordViewSet):
    """Pairings."""

    model = Pairing
    icon = "link"
    menu_label = _("Pairings")
    menu_order = 268
    form_class = PairingForm
    index_view_class = PairingIndexView
    list_display = (
        "organization",
        Column(
            "partner", label=_("paired organization"), accessor=lambda one: one.partner or one.partner_name
        ),
        "starts_on",
        "ends_on",
    )
    search_fields = ("organization__name", "partner__name", "partner_name")
    list_export = ("organization", "partner", "partner_name", "starts_on", "ends_on", "note")
    export_filename = "pairings"


class AreaViewSet(ScopedViewSet):
    """Area committees."""

    model = Area
    icon = "site"
    menu_label = _("Areas")
    menu_order = 270
    form_fields = ("code", "name")
    list_display = ("name", "code")
    search_fields = ("name", "code")
    search_backend_name = None


class IndustryTagViewSet(ScopedViewSet):
    """Fields, chains and alliances."""

    model = IndustryTag
    icon = "tag"
    menu_label = _("Industry groupings")
    menu_order = 272
    form_fields = ("kind", "code", "name")
    list_display = ("name", "get_kind_display", "code")
    list_filter = ("kind",)
    search_fields = ("name", "code")
    search_backend_name = None


title_viewset = TitleViewSet("titles")
contact_viewset = ContactViewSet("contacts")
pairing_viewset = PairingViewSet("pairings")
area_viewset = AreaViewSet("areas")
industry_tag_viewset = IndustryTagViewSet("industry_tags")
