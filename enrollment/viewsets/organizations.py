"""Organizations in the admin: the tree as an indented list, founded, amended and moved through actions."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Model
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.widgets.button import HeaderButton

from enrollment.actions import organizations as actions
from enrollment.models import STEP, Guide, Organization, OrganizationKind, ServiceGroup, User
from enrollment.reports_organizations import figures_by_year, timeline
from enrollment.viewsets.organization_changes import CHANGES
from enrollment.viewsets.organization_chooser import organization_chooser
from enrollment.viewsets.organization_import import ExportView, ImportPage, ImportView
from enrollment.viewsets.scoped import (
    CreateThroughAction,
    EditThroughAction,
    ScopedIndexView,
    ScopedInspectView,
    ScopedViewSet,
)


class OrganizationForm(WagtailAdminModelForm):
    """An organization: its place when it is founded, its facts afterwards; the rest has forms of its own."""

    parent = forms.ModelChoiceField(
        label=_("Organization above"),
        queryset=Organization.objects.all(),
        widget=organization_chooser.widget_class(),
        required=False,
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
        ]
        widgets = {"tags": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["code"].disabled = True
            # These are dated and stand in the history: they have forms of their own.
            for name in ("name", "short_name", "parent"):
                del self.fields[name]

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
    """Amending what is known of it; name and place have forms of their own."""

    def perform(self, form: forms.ModelForm) -> Model:
        """By the action, with what changed."""
        data = {name: form.cleaned_data[name] for name in sorted(form.changed_data)}
        organization = Organization.objects.get(pk=form.instance.pk)
        return actions.amend(organization=organization, actor=self.request.user, **data)

    def get_success_url(self) -> str:
        """Back to its page."""
        return reverse("organizations:inspect", args=[self.object.pk])


class InspectView(ScopedInspectView):
    """One organization: facts, contacts, figures, what stands below, and its history."""

    template_name = "enrollment/admin/organization.html"
    page_title = _("Organization")
    #: So many organizations below and lines of history are shown; the listing and the tree have the others.
    most = 100

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """All of it, by a fixed number of queries."""
        context = super().get_context_data(**kwargs)
        here = self.object
        related = ("area", "service_group", "merged_into")
        organization = Organization.objects.select_related(*related).get(pk=here.pk)
        above = Organization.objects.filter(
            path__in=[here.path[:end] for end in range(STEP, len(here.path), STEP)]
        )
        below = Organization.objects.below(here).filter(depth=here.depth + 1).active()
        today = timezone.localdate()
        return context | {
            "organization": organization,
            "above": above,
            "tags": organization.tags.all(),
            "titles": organization.titles.order_by("-awarded_on"),
            "contacts": organization.contacts.all(),
            "pairings": organization.pairings.select_related("partner"),
            "paired_by_others": organization.pairings_of_others.select_related("organization"),
            "guides": organization.service_group.guides.order_by("kind", "pk")
            if organization.service_group
            else [],
            "figures": figures_by_year(here),
            "below": below[: self.most],
            "number_below": below.count(),
            "timeline": timeline(here)[: self.most],
            "today": today,
            "changes": self.changes(),
            "may_change": self.user_has_permission("change"),
        }

    def changes(self) -> list[tuple[Any, str]]:
        """What can be done with it, while it exists: label and address."""
        if self.object.dissolved_on is not None or not self.user_has_permission("change"):
            return []
        return [
            (view.button, reverse(f"organizations:{name}", args=[self.object.pk])) for name, view in CHANGES
        ]


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
    def header_buttons(self) -> list[Any]:
        """The way to the tree, beside founding."""
        url = reverse("portal:zone_tree")
        buttons = [
            *super().header_buttons,
            HeaderButton(_("Tree"), url=url, icon_name="list-ul", priority=200),
        ]
        if self.user_has_permission("change"):
            url = reverse("organizations:import")
            buttons.append(HeaderButton(_("Import"), url=url, icon_name="upload", priority=210))
        return buttons

    @property
    def columns(self) -> list[Column]:
        """Name with its depth, code, kind, area, stars."""
        return [
            self.titled("name", TreeColumn, label=_("Organization name"), get_url=self.get_inspect_url),
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
    inspect_view_class = InspectView
    inspect_view_enabled = True
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
        kept = [pattern for pattern in super().get_urlpatterns() if pattern.name != "delete"]
        changes = [
            path(f"{name}/<int:pk>/", self.construct_view(view, **self.get_common_view_kwargs()), name=name)
            for name, view in CHANGES
        ]
        given = self.get_common_view_kwargs()
        table = [
            path("import/", self.construct_view(ImportView, **given), name="import"),
            path("import/<int:pk>/", self.construct_view(ImportPage, **given), name="import_one"),
            path("table.xlsx", self.construct_view(ExportView, **given), name="table"),
            path("table.csv", self.construct_view(ExportView, as_csv=True, **given), name="table_csv"),
        ]
        return [*kept, *changes, *table]

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
