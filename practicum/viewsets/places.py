"""Bases, venues and rooms, vehicles, lecturers, closures and holidays."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Count
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.admin.ui.tables import BooleanColumn, Column, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.widgets.button import HeaderButton

from enrollment.models import IndustryTag, Organization, OrganizationKind, TagKind
from enrollment.viewsets.scoped import ScopedIndexView, ScopedViewSet
from practicum.models import (
    WEEKDAYS,
    BaseStatus,
    Blackout,
    CalendarDay,
    Lecturer,
    Room,
    Session,
    TrainingBase,
    Vehicle,
    Venue,
)
from practicum.viewsets.base_import import ExportBases, ImportBases, ImportBasesPage
from practicum.viewsets.choosers import user_chooser

#: A tick where something is in use.
IN_USE = BooleanColumn("is_active", label=_("In use"))


class WeekdaysField(forms.MultipleChoiceField):
    """Weekdays as checkboxes, kept as digits: “12345”."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=WEEKDAYS, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """“135” checks three boxes."""
        return list(value) if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        """The digits, in order."""
        return "".join(sorted(super().clean(value)))


class BaseForm(WagtailAdminModelForm):
    """A training base; parks, fields and chains come from short lists."""

    open_weekdays = WeekdaysField(label=_("open on"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "park" in self.fields:
            self.fields["park"] = forms.ModelChoiceField(
                label=self.fields["park"].label,
                queryset=Organization.objects.filter(kind=OrganizationKind.PARK),
                required=False,
            )
        if "status" in self.fields:
            # Suspending has a page of its own: it asks why, and shows the visits that lose their place.
            self.fields["status"].help_text = _("To suspend a base or let it receive again, open its page.")
            if self.instance.status == BaseStatus.SUSPENDED:
                self.fields["status"].disabled = True
            else:
                self.fields["status"].choices = [
                    choice for choice in BaseStatus.choices if choice[0] != BaseStatus.SUSPENDED
                ]
        for name, kind in (("field", TagKind.FIELD), ("chain", TagKind.CHAIN)):
            if name in self.fields:
                self.fields[name].queryset = IndustryTag.objects.filter(kind=kind)


BASE_PANELS = [
    MultiFieldPanel(
        [
            FieldPanel("name"),
            FieldRowPanel([FieldPanel("code"), FieldPanel("status")]),
            FieldPanel("unit"),
            FieldPanel("organization"),
            FieldPanel("organization_name"),
            FieldRowPanel([FieldPanel("park"), FieldPanel("field"), FieldPanel("chain")]),
        ],
        heading=_("The base"),
    ),
    MultiFieldPanel(
        [
            FieldPanel("theme"),
            FieldPanel("summary"),
            FieldPanel("teaching_points"),
            FieldPanel("story"),
            FieldPanel("guides"),
            FieldPanel("lecturers", widget=forms.SelectMultiple),
            FieldPanel("modules", widget=forms.CheckboxSelectMultiple),
        ],
        heading=_("What it teaches"),
    ),
    InlinePanel("photos", heading=_("Photos"), panels=[FieldPanel("image"), FieldPanel("caption")]),
    MultiFieldPanel(
        [
            FieldRowPanel(
                [FieldPanel("capacity_per_batch"), FieldPanel("batches_per_day"), FieldPanel("visit_minutes")]
            ),
            FieldPanel("open_weekdays"),
            FieldRowPanel([FieldPanel("opens_at"), FieldPanel("closes_at"), FieldPanel("lead_days")]),
        ],
        heading=_("Visits"),
    ),
    InlinePanel(
        "blackouts",
        heading=_("Closures"),
        panels=[FieldRowPanel([FieldPanel("starts_on"), FieldPanel("ends_on")]), FieldPanel("reason")],
    ),
    MultiFieldPanel(
        [
            FieldPanel("address"),
            FieldRowPanel([FieldPanel("latitude"), FieldPanel("longitude")]),
            FieldPanel("route"),
            FieldRowPanel([FieldPanel("coach_spaces"), FieldPanel("parking_note")]),
            FieldRowPanel([FieldPanel("is_step_free"), FieldPanel("accessibility")]),
        ],
        heading=_("Getting there"),
    ),
    MultiFieldPanel(
        [FieldPanel("photo_rule"), FieldPanel("confidentiality_rule"), FieldPanel("dress_rule")],
        heading=_("Rules for visitors"),
    ),
    MultiFieldPanel(
        [
            FieldPanel("title_level"),
            FieldRowPanel([FieldPanel("title_awarded_on"), FieldPanel("title_expires_on")]),
        ],
        heading=_("Title of honour"),
    ),
    MultiFieldPanel(
        [FieldPanel("contact_name"), FieldPanel("contact_phone")], heading=_("Contact (internal)")
    ),
    InlinePanel("hosts", heading=_("Hosts"), panels=[FieldPanel("user", widget=user_chooser.widget_class)]),
]


class BaseFilterSet(WagtailFilterSet):
    """Filters of the listing."""

    status = django_filters.ChoiceFilter(label=_("Status"), choices=BaseStatus.choices)
    park = django_filters.ModelChoiceFilter(
        label=_("Park"), queryset=Organization.objects.filter(kind=OrganizationKind.PARK)
    )

    class Meta:
        model = TrainingBase
        fields = ["status", "park", "title_level"]


class BaseIndexView(ScopedIndexView):
    """Bases with their park and number of visits."""

    select_related = ("park", "field")
    default_ordering = "code"

    @property
    def header_buttons(self) -> list[Any]:
        """The way to the table."""
        return [
            *super().header_buttons,
            HeaderButton(_("Import"), url=reverse("practicum_bases:import"), icon_name="upload"),
            HeaderButton(_("Export table"), url=reverse("practicum_bases:table"), icon_name="download"),
        ]

    def get_base_queryset(self) -> Any:
        """With counts, by one query."""
        return super().get_base_queryset().annotate(visit_count=Count("visits"))

    @property
    def columns(self) -> list[Column]:
        """What tells bases apart."""
        return [
            TitleColumn("name", label=_("Name of the base"), get_url=self.get_edit_url, sort_key="name"),
            Column("code", label=_("Code"), accessor="code", sort_key="code"),
            Column("unit", label=_("Unit"), accessor="unit"),
            Column("park", label=_("Park"), accessor="park"),
            Column("capacity", label=_("People per batch"), accessor="capacity_per_batch"),
            Column(
                "expires",
                label=_("Title expires on"),
                accessor="title_expires_on",
                sort_key="title_expires_on",
            ),
            Column("visits", label=_("Visits"), accessor="visit_count"),
            Column("status", label=_("Status"), accessor="get_status_display"),
        ]


class BaseViewSet(ScopedViewSet):
    """Training bases."""

    model = TrainingBase
    icon = "home"
    menu_label = _("Training bases")
    menu_order = 310
    index_view_class = BaseIndexView
    filterset_class = BaseFilterSet
    search_fields = ("name", "unit", "code")
    search_backend_name = None
    panels = BASE_PANELS
    list_export = (
        "code",
        "name",
        "unit",
        "organization",
        "organization_name",
        "park",
        "field",
        "chain",
        "theme",
        "address",
        "capacity_per_batch",
        "batches_per_day",
        "visit_minutes",
        "open_weekdays",
        "lead_days",
        "title_level",
        "title_awarded_on",
        "title_expires_on",
        "status",
    )
    export_filename = "bases"

    def get_urlpatterns(self) -> list[Any]:
        """With the table: import, one import, export."""
        given = self.get_common_view_kwargs()
        return [
            *super().get_urlpatterns(),
            path("import/", self.construct_view(ImportBases, **given), name="import"),
            path("import/<int:pk>/", self.construct_view(ImportBasesPage, **given), name="import_one"),
            path("table.xlsx", self.construct_view(ExportBases, **given), name="table"),
            path("table.csv", self.construct_view(ExportBases, kind="csv", **given), name="table_csv"),
        ]

    def get_edit_handler(self) -> Any:
        """The panels, over the form with weekdays as boxes."""
        handler = super().get_edit_handler()
        handler.base_form_class = BaseForm
        return handler


class VenueViewSet(ScopedViewSet):
    """Venues with their rooms."""

    model = Venue
    icon = "desktop"
    menu_label = _("Venues and rooms")
    menu_order = 320
    list_display = ("name", "kind", "address", IN_USE)
    list_filter = ("kind", "is_active")
    search_fields = ("name", "code")
    search_backend_name = None
    panels = (
        FieldPanel("name"),
        FieldRowPanel([FieldPanel("code"), FieldPanel("kind"), FieldPanel("is_active")]),
        FieldPanel("address"),
        FieldRowPanel([FieldPanel("latitude"), FieldPanel("longitude")]),
        FieldPanel("park"),
        FieldPanel("route"),
        InlinePanel(
            "rooms",
            heading=_("Rooms"),
            panels=[
                FieldRowPanel([FieldPanel("name"), FieldPanel("kind")]),
                FieldRowPanel([FieldPanel("capacity"), FieldPanel("area_m2"), FieldPanel("setup_minutes")]),
                FieldPanel("equipment"),
                FieldPanel("is_active"),
            ],
        ),
    )


class RoomIndexView(ScopedIndexView):
    """Rooms with their venue."""

    select_related = ("venue",)


class RoomViewSet(ScopedViewSet):
    """Rooms of all venues in one list."""

    model = Room
    icon = "desktop"
    menu_label = _("Rooms")
    menu_order = 325
    index_view_class = RoomIndexView
    list_display = ("name", "venue", "kind", "capacity", "area_m2", "setup_minutes", IN_USE)
    list_filter = ("venue", "kind", "is_active")
    search_fields = ("name", "venue__name")
    search_backend_name = None
    form_fields = ("venue", "name", "kind", "capacity", "area_m2", "equipment", "setup_minutes", "is_active")


class VehicleViewSet(ScopedViewSet):
    """Vehicles."""

    model = Vehicle
    icon = "cog"
    menu_label = _("Vehicles")
    menu_order = 330
    list_display = ("plate", "name", "seats", "driver_name", IN_USE)
    search_fields = ("plate", "name")
    search_backend_name = None
    form_fields = ("plate", "name", "seats", "driver_name", "driver_phone", "is_active")


class LecturerViewSet(ScopedViewSet):
    """The register of lecturers."""

    model = Lecturer
    icon = "user"
    menu_label = _("Lecturers")
    menu_order = 340
    list_display = (
        "name",
        "title",
        "unit",
        "subjects",
        "appointed_until",
        BooleanColumn("is_active", label=_("Teaches now")),
    )
    list_filter = ("is_active",)
    search_fields = ("name", "unit", "subjects")
    search_backend_name = None
    panels = (
        FieldPanel("name"),
        FieldPanel("user", widget=user_chooser.widget_class),
        FieldRowPanel([FieldPanel("title"), FieldPanel("unit")]),
        FieldPanel("subjects"),
        FieldPanel("biography"),
        FieldPanel("phone"),
        FieldRowPanel([FieldPanel("appointed_on"), FieldPanel("appointed_until")]),
        FieldPanel("is_active"),
    )


class CreateClosure(generic.CreateView):
    """A closure leads on to the sessions that it strands."""

    def get_success_url(self) -> str:
        """Its page where it strands any, else the list."""
        if Session.objects.stranded(timezone.now(), Blackout.objects.filter(pk=self.object.pk)).exists():
            return reverse("practicum:closure", args=[self.object.pk])
        return str(super().get_success_url())


class ClosureIndexView(ScopedIndexView):
    """Closures with what they close."""

    select_related = ("base", "room", "vehicle", "lecturer")

    @property
    def header_buttons(self) -> list[Any]:
        """The way to what is to be settled."""
        way = HeaderButton(_("Sessions to settle"), url=reverse("practicum:closures"), icon_name="date")
        return [*super().header_buttons, way]


class ClosureViewSet(ScopedViewSet):
    """Days on which a room, vehicle, lecturer or base cannot be had."""

    model = Blackout
    icon = "no-view"
    menu_label = _("Closures")
    menu_order = 350
    index_view_class = ClosureIndexView
    add_view_class = CreateClosure
    list_display = ("starts_on", "ends_on", "base", "room", "vehicle", "lecturer", "reason")
    form_fields = ("base", "room", "vehicle", "lecturer", "starts_on", "ends_on", "reason")


class CalendarDayViewSet(ScopedViewSet):
    """Holidays and make-up workdays; deadlines count by them."""

    model = CalendarDay
    icon = "calendar"
    menu_label = _("Holidays")
    menu_order = 360
    list_display = ("day", "name", BooleanColumn("is_working", label=_("Make-up workday")))
    form_fields = ("day", "name", "is_working")
