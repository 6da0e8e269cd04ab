"""Venues and rooms, vehicles, and the people who teach."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.search import index


class VenueKind(models.TextChoices):
    """What sort of house a venue is."""

    ACADEMY = "academy", _("The academy's own venue")
    SHARED_CENTRE = "shared_centre", _("Shared service centre")
    BUILDING_CENTRE = "building_centre", _("Building service centre")
    COMPANY_STATION = "company_station", _("Company service station")
    OTHER = "other", _("Other")


class Venue(index.Indexed, ClusterableModel):
    """A house with rooms: the academy's own 2,000 m², or a service centre 党群服务中心."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name of the venue"), max_length=80)
    kind = models.CharField(_("kind"), max_length=20, choices=VenueKind.choices, default=VenueKind.ACADEMY)
    address = models.CharField(_("address"), max_length=160, blank=True)
    latitude = models.DecimalField(_("latitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    park = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="venues",
        verbose_name=_("park"),
    )
    route = models.TextField(_("how to get there"), blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    search_fields = [index.SearchField("name"), index.AutocompleteField("name")]

    class Meta:
        verbose_name = _("venue")
        verbose_name_plural = _("venues")
        ordering = ["kind", "code"]

    def __str__(self) -> str:
        return self.name


class RoomKind(models.TextChoices):
    """What a room is made for."""

    CLASSROOM = "classroom", _("Lecture room")
    MULTI_FUNCTION = "multi_function", _("Multi-function room")
    SCREENING = "screening", _("Screening room")
    STUDIO = "studio", _("Live-teaching studio")
    MEETING = "meeting", _("Meeting room")
    OTHER = "other", _("Other")


class Room(index.Indexed, models.Model):
    """A room that one session at a time can use."""

    venue = ParentalKey(Venue, on_delete=models.CASCADE, related_name="rooms", verbose_name=_("venue"))
    name = models.CharField(_("name of the room"), max_length=60)
    kind = models.CharField(_("kind"), max_length=20, choices=RoomKind.choices, default=RoomKind.CLASSROOM)
    capacity = models.PositiveIntegerField(_("capacity (people)"))
    area_m2 = models.DecimalField(_("area (m²)"), max_digits=7, decimal_places=1, null=True, blank=True)
    equipment = models.CharField(_("equipment"), max_length=200, blank=True)
    setup_minutes = models.PositiveSmallIntegerField(
        _("set-up time (minutes)"),
        default=0,
        help_text=_("The room is taken so long before a session begins."),
    )
    is_active = models.BooleanField(_("in use"), default=True)

    search_fields = [
        index.SearchField("name"),
        index.AutocompleteField("name"),
        index.FilterField("venue_id"),
        index.FilterField("is_active"),
    ]

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["venue", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["venue", "name"],
                name="practicum_room_name_once_per_venue",
                violation_error_message=_("This venue already has a room of that name."),
            ),
            models.CheckConstraint(
                condition=Q(capacity__gte=1),
                name="practicum_room_has_seats",
                violation_error_message=_("A room has at least one seat."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Vehicle(index.Indexed, models.Model):
    """A coach or car that takes people to bases."""

    plate = models.CharField(_("number plate"), max_length=20, unique=True)
    name = models.CharField(_("name of the vehicle"), max_length=60, blank=True)
    seats = models.PositiveSmallIntegerField(_("passenger seats"))
    driver_name = models.CharField(_("driver"), max_length=60, blank=True)
    driver_phone = models.CharField(_("driver's mobile phone"), max_length=20, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    search_fields = [
        index.SearchField("name"),
        index.AutocompleteField("plate"),
        index.AutocompleteField("name"),
    ]

    class Meta:
        verbose_name = _("vehicle")
        verbose_name_plural = _("vehicles")
        ordering = ["plate"]
        constraints = [
            models.CheckConstraint(
                condition=Q(seats__gte=1),
                name="practicum_vehicle_has_seats",
                violation_error_message=_("A vehicle has at least one seat."),
            )
        ]

    def __str__(self) -> str:
        name = self.name or _("Vehicle")
        return f"{name} {self.plate}"


class Lecturer(index.Indexed, models.Model):
    """Somebody who teaches at sessions, with or without an account."""

    name = models.CharField(_("name"), max_length=60)
    user = models.OneToOneField(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="lecturer",
        verbose_name=_("account"),
    )
    title = models.CharField(_("professional title"), max_length=80, blank=True)
    unit = models.CharField(_("unit"), max_length=120, blank=True)
    subjects = models.CharField(_("subjects"), max_length=200, blank=True)
    biography = models.TextField(_("about"), blank=True)
    phone = models.CharField(_("mobile phone"), max_length=20, blank=True, help_text=_("Internal."))
    appointed_on = models.DateField(_("appointed on"), null=True, blank=True)
    appointed_until = models.DateField(_("appointed until"), null=True, blank=True)
    is_active = models.BooleanField(_("teaches now"), default=True)

    search_fields = [
        index.SearchField("name"),
        index.SearchField("subjects"),
        index.AutocompleteField("name"),
        index.FilterField("is_active"),
    ]

    class Meta:
        verbose_name = _("lecturer")
        verbose_name_plural = _("lecturers")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(appointed_until__isnull=True)
                | Q(appointed_on__isnull=True)
                | Q(appointed_until__gte=F("appointed_on")),
                name="practicum_lecturer_dates_in_order",
                violation_error_message=_("An appointment cannot end before it begins."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class CalendarDay(models.Model):
    """A public holiday, or a weekend day that is worked to make up for one."""

    day = models.DateField(_("day"), unique=True)
    name = models.CharField(_("name of the day"), max_length=60)
    is_working = models.BooleanField(_("make-up workday"), default=False)

    class Meta:
        verbose_name = _("holiday or make-up workday")
        verbose_name_plural = _("holidays and make-up workdays")
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day} {self.name}"
