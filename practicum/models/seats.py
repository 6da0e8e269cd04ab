"""Seats of open sessions: terms, seats kept without names, who waits, and seats that stayed empty."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from practicum.models.sessions import Session
from practicum.rules.seats import SeatRules, may_appeal

if TYPE_CHECKING:
    from enrollment.models import User


class SeatTerms(models.Model):
    """How the seats of one session are shared, where it differs from the usual."""

    session = models.OneToOneField(
        Session, on_delete=models.CASCADE, related_name="seat_terms", verbose_name=_("session")
    )
    share_percent = models.PositiveSmallIntegerField(
        _("share of one organization (percent)"),
        default=SeatRules.share_percent,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("At least two seats. 100: no limit."),
    )
    shares_end_hours = models.PositiveSmallIntegerField(
        _("shares end before the session (hours)"),
        default=SeatRules.shares_end_hours,
        help_text=_("Then seats that are left go to anybody."),
    )
    give_back_hours = models.PositiveSmallIntegerField(
        _("seats can be given back until before the session (hours)"), default=SeatRules.give_back_hours
    )
    hold_hours = models.PositiveSmallIntegerField(
        _("seats are kept without names (hours)"), default=SeatRules.hold_hours
    )

    class Meta:
        verbose_name = _("terms of seats")
        verbose_name_plural = _("terms of seats")
        constraints = [
            models.CheckConstraint(
                condition=Q(share_percent__gte=1, share_percent__lte=100),
                name="practicum_seatterms_percent",
                violation_error_message=_("A share is between 1 and 100 percent."),
            )
        ]

    def __str__(self) -> str:
        return str(self.session)

    @property
    def rules(self) -> SeatRules:
        """For the rules."""
        return SeatRules(
            share_percent=self.share_percent,
            shares_end_hours=self.shares_end_hours,
            give_back_hours=self.give_back_hours,
            hold_hours=self.hold_hours,
        )


class HoldStatus(models.TextChoices):
    """What became of seats kept without names."""

    STANDING = "standing", _("Kept")
    USED = "used", _("Named")
    RELEASED = "released", _("Given back")
    LAPSED = "lapsed", _("Lapsed")


class SeatHoldQuerySet(models.QuerySet["SeatHold"]):
    """Which holds."""

    def holding(self, now: dt.datetime) -> Self:
        """Those that keep seats: what has expired keeps none, whether or not somebody has noted it yet."""
        return self.filter(status=HoldStatus.STANDING, expires_at__gt=now)

    def expired(self, now: dt.datetime) -> Self:
        """Those whose time is over and not yet noted."""
        return self.filter(status=HoldStatus.STANDING, expires_at__lte=now)


class SeatHold(models.Model):
    """Seats that an organization keeps until it has named who comes."""

    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="seat_holds", verbose_name=_("session")
    )
    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        related_name="seat_holds",
        verbose_name=_("organization"),
    )
    seats = models.PositiveSmallIntegerField(_("seats"))
    status = models.CharField(
        _("status"), max_length=10, choices=HoldStatus.choices, default=HoldStatus.STANDING
    )
    expires_at = models.DateTimeField(_("kept until"))
    held_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("kept by"),
    )
    held_at = models.DateTimeField(_("kept since"), auto_now_add=True)

    objects = SeatHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("seats kept")
        verbose_name_plural = _("seats kept")
        ordering = ["held_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "organization"],
                condition=Q(status=HoldStatus.STANDING),
                name="practicum_seathold_one_each",
                violation_error_message=_("This organization already keeps seats here."),
            ),
            models.CheckConstraint(
                condition=Q(seats__gt=0) | ~Q(status=HoldStatus.STANDING),
                name="practicum_seathold_some_seats",
                violation_error_message=_("Keep at least one seat."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} · {self.session}"


class WaitingStatus(models.TextChoices):
    """Whether people still wait."""

    WAITING = "waiting", _("Waiting")
    SEATED = "seated", _("Has seats")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    CLOSED = "closed", _("Session begun or cancelled")


class WaitingPartyQuerySet(models.QuerySet["WaitingParty"]):
    """Which parties."""

    def waiting(self) -> Self:
        """Those who still wait."""
        return self.filter(status=WaitingStatus.WAITING)


class WaitingParty(models.Model):
    """People of one organization who wait for seats together; one person alone is a party as well."""

    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="waiting_parties", verbose_name=_("session")
    )
    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        related_name="waiting_parties",
        verbose_name=_("organization"),
    )
    people = models.ManyToManyField(
        "enrollment.Trainee",
        through="WaitingPerson",
        related_name="waiting_parties",
        verbose_name=_("people"),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=WaitingStatus.choices, default=WaitingStatus.WAITING
    )
    asked_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    asked_at = models.DateTimeField(_("asked at"), auto_now_add=True)

    objects = WaitingPartyQuerySet.as_manager()

    class Meta:
        verbose_name = _("waiting party")
        verbose_name_plural = _("waiting parties")
        ordering = ["asked_at", "pk"]
        indexes = [models.Index(fields=["session", "status"], name="practicum_waiting_of")]

    def __str__(self) -> str:
        return f"{self.organization} · {self.session}"


class WaitingPerson(models.Model):
    """One of a party."""

    party = models.ForeignKey(
        WaitingParty, on_delete=models.CASCADE, related_name="members", verbose_name=_("waiting party")
    )
    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.PROTECT, related_name="+", verbose_name=_("trainee")
    )

    class Meta:
        verbose_name = _("waiting person")
        verbose_name_plural = _("waiting people")
        constraints = [
            models.UniqueConstraint(
                fields=["party", "trainee"],
                name="practicum_waitingperson_once",
                violation_error_message=_("This person already waits here."),
            )
        ]

    def __str__(self) -> str:
        return str(self.trainee)


class MissedKind(models.TextChoices):
    """How a seat stayed empty."""

    ABSENT = "absent", _("Did not come")
    LATE = "late", _("Given back after the last day")


class MissedStatus(models.TextChoices):
    """Whether it counts."""

    COUNTS = "counts", _("Counts")
    APPEALED = "appealed", _("Objected to; does not count meanwhile")
    EXCUSED = "excused", _("Excused")
    UPHELD = "upheld", _("Counts after the objection")
    MENDED = "mended", _("Attendance corrected")


#: What counts against a person or organization.
COUNTING = frozenset({MissedStatus.COUNTS, MissedStatus.UPHELD})


class MissedSeatQuerySet(models.QuerySet["MissedSeat"]):
    """Which missed seats."""

    def counting(self) -> Self:
        """Those that count."""
        return self.filter(status__in=COUNTING)

    def visible_to(self, user: User) -> Self:
        """One's own; all for administrators; those of sessions whose class one teaches."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(Q(trainee__user=user) | Q(session__training_class__teacher=user))

    def manageable_by(self, user: User) -> Self:
        """Those whose objection ``user`` decides on: nobody decides on one's own."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        mine = self.exclude(trainee__user=user)
        return mine if user.scope.everything else mine.filter(session__training_class__teacher=user)


class MissedSeat(models.Model):
    """A booked seat that stayed empty. It counts for half a year, unless it is excused."""

    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="missed_seats", verbose_name=_("session")
    )
    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.PROTECT, related_name="missed_seats", verbose_name=_("trainee")
    )
    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        related_name="missed_seats",
        verbose_name=_("organization"),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=MissedKind.choices)
    status = models.CharField(
        _("status"), max_length=10, choices=MissedStatus.choices, default=MissedStatus.COUNTS
    )
    noted_at = models.DateTimeField(_("noted at"))
    appeal = models.CharField(_("objection"), max_length=300, blank=True)
    appealed_at = models.DateTimeField(_("objected at"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    decided_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    objects = MissedSeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("missed seat")
        verbose_name_plural = _("missed seats")
        ordering = ["-noted_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "trainee"],
                name="practicum_missedseat_once",
                violation_error_message=_("This seat is noted already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.trainee} · {self.session}"

    @property
    def can_be_appealed(self) -> bool:
        """Whether its person may still object."""
        return self.status == MissedStatus.COUNTS and may_appeal(noted_at=self.noted_at, now=timezone.now())
