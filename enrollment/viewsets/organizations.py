"""Organizations in the admin: the tree as an indented list, founded, amended and moved through actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django import forms
from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.viewsets.chooser import ChooserViewSet

from enrollment.actions import organizations as actions
from enrollment.models import STEP, Guide, Organization, OrganizationKind, ServiceGroup, User
from enrollment.viewsets.scoped import (
    CreateThroughAction,
    EditThroughAction,
    NameFilterForm,
    ScopedChooseResultsView,
    ScopedChooseView,
    ScopedIndexView,
    ScopedViewSet,
)


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


class OrganizationForm(WagtailAdminModelForm):
    """An organization and its place in the tree."""

    parent = forms.ModelChoiceField(
        label=_("Organization above"),
        queryset=Organization.objects.all(),
        widget=organization_chooser.widget_class(),
        required=False,
        help_text=_("Everything below goes with it when it moves."),
    )

    class Meta:
        model = Organization
        fields = [
            "code",
            "name",
            "short_name",
            "kind",
            "parent",
            "area",
            "tags",
            "service_group",
            "star",
            "is_social",
            "founded_on",
            "dissolved_on",
        ]
        widgets = {"tags": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["code"].disabled = True
            path = self.instance.path[:-STEP]
            self.initial["parent"] = Organization.objects.filter(path=path).first() if path else None
        else:
            del self.fields["dissolved_on"]

    def clean_parent(self) -> Organization | None:
        """Only the zone itself stands under nothing."""
        parent: Organization | None = self.cleaned_data["parent"]
        if parent is None and self.cleaned_data.get("kind") != OrganizationKind.ZONE:
            raise forms.ValidationError(_("Choose the organization above; only the zone committee has none."))
        return parent


class CreateView(CreateThroughAction):
    """Founding."""

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action."""
        data = dict(form.cleaned_data)
        return actions.found(
            actor=self.request.user,
            **{name: data[name] for name in ("parent", "code", "name", "kind", "tags")},
            **{
                name: data[name]
                for name in ("short_name", "area", "service_group", "star", "is_social", "founded_on")
            },
        )


class EditView(EditThroughAction):
    """Amending, moving, dissolving."""

    def perform(self, form: forms.ModelForm) -> Model:
        """Each change by its own action, so that each stands in the log."""
        data, changed = form.cleaned_data, set(form.changed_data)
        user = self.request.user
        organization = Organization.objects.get(pk=form.instance.pk)
        if "parent" in changed and data["parent"] is not None:
            organization = actions.move(organization=organization, parent=data["parent"], actor=user)
        if {"name", "short_name"} & changed:
            organization = actions.rename(
                organization=organization, name=data["name"], short_name=data["short_name"], actor=user
            )
        details = {"kind", "area", "service_group", "star", "is_social", "founded_on", "tags"} & changed
        if details:
            organization = actions.amend(
                organization=organization, actor=user, **{name: data[name] for name in sorted(details)}
            )
        if "dissolved_on" in changed and data["dissolved_on"] is not None:
            organization = actions.dissolve(organization=organization, on=data["dissolved_on"], actor=user)
        return organization


class OrganizationFilterSet(WagtailFilterSet):
    """Filters of the listing."""

    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=OrganizationKind.choices)
    park = django_filters.ModelChoiceFilter(
        label=_("Park"), queryset=Organization.objects.filter(depth=2), method="below"
    )

    class Meta:
        model = Organization
        fields = ["kind", "area", "star", "is_social", "service_group"]

    def below(self, queryset: Any, _name: str, park: Organization) -> Any:
        """The park and everything under it."""
        return queryset.below(park)


class TreeColumn(TitleColumn):
    """The name, set in by its depth in the tree."""

    def get_value(self, instance: Organization) -> SafeString:
        return format_html("{}{}", "\u3000" * (instance.depth - 1), instance.name)


class IndexView(ScopedIndexView):
    """The tree."""

    select_related = ("area", "service_group")
    default_ordering = "path"

    @property
    def columns(self) -> list[Column]:
        """Name with its depth, code, kind, area, stars."""
        return [
            self.titled("name", TreeColumn, label=_("Organization name"), get_url=self.get_edit_url),
            Column("code", label=_("Code"), accessor="code"),
            Column("kind", label=_("Kind"), accessor="get_kind_display"),
            Column("area", label=_("Area"), accessor="area"),
            Column("star", label=_("Star rating"), accessor="star"),
        ]


class OrganizationViewSet(ScopedViewSet):
    """Organizations."""

    model = Organization
    icon = "group"
    menu_label = _("Organizations")
    menu_order = 210
    form_class = OrganizationForm
    index_view_class = IndexView
    add_view_class = CreateView
    edit_view_class = EditView
    filterset_class = OrganizationFilterSet
    search_fields = ("name", "short_name", "code")
    search_backend_name = None
    list_per_page = 50
    list_export = (
        "code",
        "name",
        "short_name",
        "get_kind_display",
        "area",
        "star",
        "founded_on",
        "dissolved_on",
    )
    export_filename = "organizations"

    def get_urlpatterns(self) -> list[Any]:
        """Organizations are dissolved, not deleted: their past stays."""
        return [pattern for pattern in super().get_urlpatterns() if pattern.name != "delete"]

    def get_common_view_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """No way to the delete screen anywhere."""
        given = super().get_common_view_kwargs(**kwargs)
        given.pop("delete_url_name", None)
        return given


class ServiceGroupViewSet(ScopedViewSet):
    """Service groups of “2510” guidance."""

    model = ServiceGroup
    icon = "user"
    menu_label = _("Service groups")
    menu_order = 260
    form_fields = ("code", "name")
    list_display = ("name", "code")
    search_fields = ("name", "code")
    search_backend_name = None


class GuideForm(WagtailAdminModelForm):
    """A member of a service group. The account is typed: nobody picks from twelve thousand."""

    account = forms.CharField(
        label=_("Account"),
        required=False,
        help_text=_("User name. This account sees the organizations of the group, and their people."),
    )

    class Meta:
        model = Guide
        fields = ["group", "kind", "name", "phone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.user is not None:
            self.initial["account"] = self.instance.user.username

    def clean_account(self) -> User | None:
        """The account of that name."""
        username = self.cleaned_data["account"].strip()
        if not username:
            return None
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise forms.ValidationError(_("Nobody signs in by this user name."))
        return user

    def save(self, commit: bool = True) -> Guide:
        """Save, with the account."""
        self.instance.user = self.cleaned_data["account"]
        saved: Guide = super().save(commit=commit)
        return saved


class GuideIndexView(ScopedIndexView):
    """Guides with their groups."""

    select_related = ("group", "user")


class GuideViewSet(ScopedViewSet):
    """Advisers, liaison officers and specialists, and by which account they see their organizations."""

    model = Guide
    icon = "user"
    menu_label = _("Guides")
    menu_order = 262
    form_class = GuideForm
    index_view_class = GuideIndexView
    list_display = ("name", "group", "get_kind_display", "user")
    list_filter = ("kind",)
    search_fields = ("name", "group__name")
    search_backend_name = None
    list_per_page = 50


organization_viewset = OrganizationViewSet("organizations")
guide_viewset = GuideViewSet("guides")
service_group_viewset = ServiceGroupViewSet("service_groups")
