"""Sessions, what they occupy, who booked a seat, and calendar feeds."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.search import index

from enrollment.models import (
    CLASS_STATUSES_SHOWN,
    ROSTER_STATUSES,
    Enrollment,
    HourKind,
    Trainee,
    TrainingClass,
    as_hours,
)
from practicum.models.bases import BaseHost, Blackout
from practicum.rules.attendance import Policy, Timing

if TYPE_CHECKING:
    from decimal import Decimal

    from enrollment.models import User


class SessionKind(models.TextChoices):
    """What is held."""

    LESSON = "lesson", _("Lesson")
    LIVE = "live", _("Live class")
    BASE_VISIT = "base_visit", _("Base visit")
    FORUM = "forum", _("Forum")
    SALON = "salon", _("Salon")
    DISCUSSION = "discussion", _("Discussion")
    EXAM = "exam", _("Exam")
    BRANCH = "branch", _("Branch activity")


#: How the hours of each kind of session are booked.
HOUR_KIND_OF: dict[str, str] = {
    SessionKind.LESSON: HourKind.CLASSROOM,
    SessionKind.LIVE: HourKind.LIVE,
    SessionKind.BASE_VISIT: HourKind.BASE_VISIT,
    SessionKind.FORUM: HourKind.FORUM,
    SessionKind.SALON: HourKind.FORUM,
    SessionKind.DISCUSSION: HourKind.CLASSROOM,
    SessionKind.EXAM: HourKind.CLASSROOM,
    SessionKind.BRANCH: HourKind.BRANCH,
}


class SessionMode(models.TextChoices):
    """Where people are."""

    OFFLINE = "offline", _("On site")
    ONLINE = "online", _("Online")
    HYBRID = "hybrid", _("On site and online")


class SessionStatus(models.TextChoices):
    """Life of a session."""

    SCHEDULED = "scheduled", _("Scheduled")
    SETTLED = "settled", _("Held and settled")
    CANCELLED = "cancelled", _("Cancelled")


class Audience(models.TextChoices):
    """Who is expected."""

    ROSTER = "roster", _("Everybody on the class roster")
    BOOKINGS = "bookings", _("Those who have a seat")


#: Everything that says where a session is held and with whom, each after what it belongs to.
PLACE = ("training_class", "room", "room__venue", "base", "lecturer")


class SessionQuerySet(models.QuerySet["Session"]):
    """Which sessions."""

    def visible_to(self, user: User) -> Self:
        """Those one is expected at, teaches, hosts or runs, and those open for booking."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(
            Q(Exists(_roster_rows(user.pk)), audience=Audience.ROSTER)
            | Q(Exists(Booking.objects.booked().filter(session=OuterRef("pk"), trainee__user=user)))
            | Q(audience=Audience.BOOKINGS, is_open=True)
            | Q(training_class__teacher=user)
            | Q(lecturer__user=user)
            | Q(base__in=BaseHost.objects.filter(user=user).values("base"))
        )

    def attended_by(self, user: User) -> Self:
        """Those that ``user`` is expected at as a trainee."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.expecting(user.pk)

    def expecting(self, user_id: int) -> Self:
        """Those that the trainee behind an account is expected at."""
        return self.filter(
            Q(Exists(_roster_rows(user_id)), audience=Audience.ROSTER)
            | Q(Exists(Booking.objects.booked().filter(session=OuterRef("pk"), trainee__user=user_id)))
        )

    def manageable_by(self, user: User) -> Self:
        """All for administrators; those of classes one is the teacher of."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(training_class__teacher=user)

    def run_by(self, user: User) -> Self:
        """Those whose attendance ``user`` takes: managers, the lecturer, and hosts of the base."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(
            Q(training_class__teacher=user)
            | Q(lecturer__user=user)
            | Q(base__in=BaseHost.objects.filter(user=user).values("base"))
        )

    def held_between(self, start: dt.datetime, end: dt.datetime) -> Self:
        """Those that share a moment with ``start`` to ``end``."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)

    def standing(self) -> Self:
        """Those that were not cancelled."""
        return self.exclude(status=SessionStatus.CANCELLED)

    def unsettled(self) -> Self:
        """Those whose hours are not yet posted."""
        return self.filter(status=SessionStatus.SCHEDULED)

    def stranded(self, now: dt.datetime, closures: models.QuerySet[Blackout] | None = None) -> Self:
        """Those to come that need a room, base, lecturer or vehicle on days on which it is closed.

        By ``closures``, or any that there is; planning refuses such days, so these were planned before.
        """
        closed = Blackout.objects.all() if closures is None else closures
        at_once = closed.filter(starts_on__lte=OuterRef("last_day"), ends_on__gte=OuterRef("first_day"))
        condition = Q()
        for kind in CLOSABLE:
            thing = {f"{kind.value}_id": OuterRef("resource_id")}
            condition |= Q(Exists(at_once.filter(**thing)), resource_type=kind)
        held_up = (
            Occupation.objects.filter(ends_at__gt=now, resource_type__in=CLOSABLE)
            .alias(first_day=TruncDate("starts_at"), last_day=TruncDate("ends_at"))
            .filter(condition)
        )
        return self.unsettled().filter(starts_at__gt=now, pk__in=held_up.values("session"))

    def with_place(self) -> Self:
        """With everything that says where and who, in the same query."""
        return self.select_related(*PLACE)


def _roster_rows(user_id: int) -> models.QuerySet[Enrollment]:
    """Roster rows of the trainee behind an account in the class of the outer session."""
    return Enrollment.objects.filter(
        training_class=OuterRef("training_class"),
        trainee__user=user_id,
        status__in=ROSTER_STATUSES,
        training_class__status__in=CLASS_STATUSES_SHOWN,
    )


def new_secret() -> str:
    """A key that only the server knows."""
    return secrets.token_hex(16)


class Session(index.Indexed, models.Model):
    """Something that is held at a time and a place (or online) and that people sign in to."""

    training_class = models.ForeignKey(
        TrainingClass,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions",
        verbose_name=_("training class"),
    )
    title = models.CharField(_("title"), max_length=120)
    kind = models.CharField(_("kind"), max_length=12, choices=SessionKind.choices, default=SessionKind.LESSON)
    mode = models.CharField(
        _("mode"), max_length=10, choices=SessionMode.choices, default=SessionMode.OFFLINE
    )
    status = models.CharField(
        _("status"),
        max_length=12,
        choices=SessionStatus.choices,
        default=SessionStatus.SCHEDULED,
        editable=False,
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))

    room = models.ForeignKey(
        "practicum.Room",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions",
        verbose_name=_("room"),
    )
    base = models.ForeignKey(
        "practicum.TrainingBase",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions",
        verbose_name=_("training base"),
    )
    place = models.CharField(_("other place"), max_length=120, blank=True)
    online_url = models.URLField(_("address online"), blank=True)
    lecturer = models.ForeignKey(
        "practicum.Lecturer",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions",
        verbose_name=_("lecturer"),
    )
    vehicles = models.ManyToManyField(
        "practicum.Vehicle", blank=True, related_name="sessions", verbose_name=_("vehicles")
    )
    bring = models.CharField(_("what to bring"), max_length=200, blank=True)
    note = models.TextField(_("note for participants"), blank=True)

    audience = models.CharField(
        _("who is expected"), max_length=10, choices=Audience.choices, default=Audience.ROSTER
    )
    seats = models.PositiveIntegerField(_("seats"), null=True, blank=True)
    is_open = models.BooleanField(_("open for booking"), default=False)

    hour_kind = models.CharField(_("hours count as"), max_length=12, choices=HourKind.choices)
    quarters = models.PositiveSmallIntegerField(_("quarter hours"), default=0)
    dimension = models.CharField(
        _("category or module"),
        max_length=80,
        blank=True,
        default="",
        help_text=_("What its hours count for besides their kind; empty for none."),
    )

    opens_before_minutes = models.PositiveSmallIntegerField(_("sign-in opens before (minutes)"), default=30)
    closes_after_minutes = models.PositiveSmallIntegerField(_("sign-out closes after (minutes)"), default=60)
    secret = models.CharField(max_length=32, default=new_secret, editable=False)

    series = models.ForeignKey(
        "practicum.SessionSeries",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions",
        editable=False,
        verbose_name=_("series of sessions"),
    )
    #: Its day in the pattern of the series; empty once a change of the series took that day out.
    series_day = models.DateField(_("day in the series"), null=True, blank=True, editable=False)
    #: Moved or changed by itself: later changes of the series leave it as it is.
    is_apart = models.BooleanField(_("differs from its series"), default=False, editable=False)

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    cancel_reason = models.CharField(_("why cancelled"), max_length=200, blank=True, editable=False)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = SessionQuerySet.as_manager()

    search_fields = [
        index.SearchField("title"),
        index.AutocompleteField("title"),
        index.FilterField("status"),
        index.FilterField("kind"),
        index.FilterField("starts_at"),
        index.FilterField("training_class_id"),
    ]

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["starts_at"], name="practicum_session_start"),
            models.Index(fields=["status", "ends_at"], name="practicum_session_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="practicum_session_in_order",
                violation_error_message=_("A session ends after it begins."),
            ),
            models.CheckConstraint(
                condition=Q(room__isnull=True) | Q(base__isnull=True),
                name="practicum_session_one_place",
                violation_error_message=_("A session is held in a room or at a base, not both."),
            ),
            models.CheckConstraint(
                condition=Q(audience=Audience.BOOKINGS) | Q(training_class__isnull=False),
                name="practicum_session_roster_of_a_class",
                violation_error_message=_("Name the class, or let people book seats."),
            ),
            models.CheckConstraint(
                condition=Q(is_open=False) | Q(seats__isnull=False),
                name="practicum_session_open_has_seats",
                violation_error_message=_("Say how many seats can be booked."),
            ),
            models.UniqueConstraint(
                fields=["series", "series_day"],
                name="practicum_session_once_a_day_of_series",
                violation_error_message=_("The series already has a session on this day."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Its page for participants."""
        return reverse("practicum:session", args=[self.pk])

    @property
    def hours(self) -> Decimal:
        """Study hours that full attendance earns."""
        return as_hours(self.quarters)

    @property
    def timing(self) -> Timing:
        """When it is held, for the rules."""
        return Timing(self.starts_at, self.ends_at)

    @property
    def is_centralized(self) -> bool:
        """Whether it belongs to a centralized training 集中培训: its class says so."""
        return self.training_class is not None and self.training_class.is_centralized

    @property
    def policy(self) -> Policy:
        """How attendance is judged: as the class says, else by the academy's defaults."""
        owner = self.training_class
        if owner is None:
            return Policy(opens_before=self.opens_before_minutes, closes_after=self.closes_after_minutes)
        return Policy(
            late_after=owner.late_after_minutes,
            early_before=owner.early_before_minutes,
            needs_sign_out=owner.needs_sign_out,
            opens_before=self.opens_before_minutes,
            closes_after=self.closes_after_minutes,
        )

    @property
    def is_cancelled(self) -> bool:
        """Whether it will not be held."""
        return self.status == SessionStatus.CANCELLED

    @property
    def is_settled(self) -> bool:
        """Whether its hours are posted."""
        return self.status == SessionStatus.SETTLED

    @property
    def where(self) -> str:
        """The place in one phrase."""
        if self.room is not None:
            return f"{self.room.venue} · {self.room}"
        if self.base_id is not None:
            return str(self.base)
        if self.place:
            return self.place
        return str(_("Online")) if self.mode == SessionMode.ONLINE else ""

    def expected(self) -> models.QuerySet[Trainee]:
        """The people who should be there."""
        if self.audience == Audience.BOOKINGS:
            return Trainee.objects.filter(
                pk__in=Booking.objects.booked().filter(session=self).values("trainee")
            )
        return Trainee.objects.filter(
            pk__in=Enrollment.objects.filter(
                training_class=self.training_class_id, status__in=ROSTER_STATUSES
            ).values("trainee")
        )


class ResourceKind(models.TextChoices):
    """What can be occupied; ``resource_id`` is the key in its table."""

    ROOM = "room", _("Room")
    BASE = "base", _("Training base")
    LECTURER = "lecturer", _("Lecturer")
    VEHICLE = "vehicle", _("Vehicle")
    CLASS = "class", _("Training class")
    TRAINEE = "trainee", _("Trainee")


#: What can be closed on some days (`Blackout`).
CLOSABLE = (ResourceKind.ROOM, ResourceKind.BASE, ResourceKind.LECTURER, ResourceKind.VEHICLE)


class OccupationQuerySet(models.QuerySet["Occupation"]):
    """Which occupations."""

    def overlapping(self, start: dt.datetime, end: dt.datetime) -> Self:
        """Those that share a moment with the half-open span from ``start`` to ``end``."""
        return self.filter(starts_at__lt=end, ends_at__gt=start)


class Occupation(models.Model):
    """A resource is taken by a session. Two rows of one resource never overlap.

    PostgreSQL guards that with an exclusion constraint (migration 0002); on SQLite the check of the action
    runs inside an immediate transaction, which no other writer can enter.
    """

    resource_type = models.CharField(_("what"), max_length=10, choices=ResourceKind.choices)
    resource_id = models.BigIntegerField(_("which"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="occupations", verbose_name=_("session")
    )

    objects = OccupationQuerySet.as_manager()

    class Meta:
        verbose_name = _("occupation")
        verbose_name_plural = _("occupations")
        indexes = [
            models.Index(
                fields=["resource_type", "resource_id", "starts_at"], name="practicum_occupation_line"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="practicum_occupation_in_order",
                violation_error_message=_("A period ends after it begins."),
            ),
            models.UniqueConstraint(
                fields=["session", "resource_type", "resource_id"],
                name="practicum_occupation_once_per_session",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_type} {self.resource_id} {self.starts_at:%Y-%m-%d %H:%M}"


class BookingStatus(models.TextChoices):
    """Whether a seat is held."""

    BOOKED = "booked", _("Booked")
    CANCELLED = "cancelled", _("Cancelled")


class BookingQuerySet(models.QuerySet["Booking"]):
    """Which bookings."""

    def booked(self) -> Self:
        """Those that hold a seat."""
        return self.filter(status=BookingStatus.BOOKED)


class Booking(models.Model):
    """A seat of a session held by one trainee."""

    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="bookings", verbose_name=_("session")
    )
    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.PROTECT, related_name="bookings", verbose_name=_("trainee")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=BookingStatus.choices, default=BookingStatus.BOOKED
    )
    booked_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("booked by"),
    )
    booked_at = models.DateTimeField(_("booked at"), auto_now_add=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["booked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "trainee"],
                condition=Q(status=BookingStatus.BOOKED),
                name="practicum_booking_one_seat_each",
                violation_error_message=_("This person already has a seat."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.trainee} · {self.session}"


def new_feed_token() -> str:
    """A secret for an address that cannot be guessed."""
    return secrets.token_urlsafe(24)


class CalendarFeed(models.Model):
    """The secret address of one person's calendar. Revoking it makes the old address answer 404."""

    user = models.ForeignKey(
        "enrollment.User", on_delete=models.CASCADE, related_name="calendar_feeds", verbose_name=_("account")
    )
    token = models.CharField(_("token"), max_length=64, unique=True, default=new_feed_token, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(revoked_at__isnull=True),
                name="practicum_calendarfeed_one_in_force",
                violation_error_message=_("This person already has a calendar address."),
            ),
            models.CheckConstraint(condition=~Q(token=""), name="practicum_calendarfeed_has_token"),
        ]

    def __str__(self) -> str:
        return str(self.user)
