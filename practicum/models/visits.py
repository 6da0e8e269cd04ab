"""Visits to training bases, from request to archive."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _

from practicum.models.bases import BaseHost
from practicum.models.suspensions import Suspension
from practicum.rules.suspensions import STRANDED_STAGES
from practicum.rules.visits import (
    FINAL_STAGES,
    HOLDING_STAGES,
    PENDING_STAGES,
    Party,
    Readiness,
    Stage,
    moves_open_to,
)

if TYPE_CHECKING:
    from enrollment.models import User


class VisitStatus(models.TextChoices):
    """Where a visit stands; the moves between are in ``practicum.rules.visits``."""

    REQUESTED = Stage.REQUESTED.value, _("Requested")
    WITH_BASE = Stage.WITH_BASE.value, _("Waiting for the base")
    PROPOSED = Stage.PROPOSED.value, _("Base proposes otherwise")
    CONFIRMED = Stage.CONFIRMED.value, _("Confirmed")
    BRIEFED = Stage.BRIEFED.value, _("Briefing sent")
    HELD = Stage.HELD.value, _("Held")
    ARCHIVED = Stage.ARCHIVED.value, _("Archived")
    DECLINED = Stage.DECLINED.value, _("Declined by the base")
    REJECTED = Stage.REJECTED.value, _("Not taken up")
    CANCELLED = Stage.CANCELLED.value, _("Cancelled")


class VisitQuerySet(models.QuerySet["Visit"]):
    """Which visits."""

    def visible_to(self, user: User) -> Self:
        """All for administrators.

        Those of one's classes, and those of bases one hosts once they reached the base.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(
            Q(training_class__teacher=user)
            | Q(requested_by=user)
            | (
                Q(base__in=BaseHost.objects.filter(user=user).values("base"))
                & ~Q(status__in=[Stage.REQUESTED, Stage.REJECTED])
            )
        )

    def manageable_by(self, user: User) -> Self:
        """All for administrators; those of classes one is the teacher of."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(training_class__teacher=user)

    def answerable_by(self, user: User) -> Self:
        """Those of bases that ``user`` hosts, once the academy passed them on."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(base__in=BaseHost.objects.filter(user=user).values("base")).exclude(
            status__in=[Stage.REQUESTED, Stage.REJECTED]
        )

    def passed_on(self) -> Self:
        """Those that the academy has asked a base for, however they ended."""
        return self.exclude(status=Stage.REQUESTED)

    def pending(self) -> Self:
        """Those that wait for an answer."""
        return self.filter(status__in=PENDING_STAGES)

    def open(self) -> Self:
        """Those that something can still follow."""
        return self.exclude(status__in=FINAL_STAGES)

    def stranded_by(self, suspension: Suspension, now: dt.datetime) -> Self:
        """Those that ``suspension`` leaves without a place: open, not begun, and before its end."""
        rows = self.filter(base=suspension.base_id, status__in=STRANDED_STAGES, starts_at__gt=now)
        return rows if suspension.ends_on is None else rows.filter(starts_at__date__lte=suspension.ends_on)

    def stranded(self, now: dt.datetime) -> Self:
        """Those that any standing suspension leaves without a place."""
        standing = Suspension.objects.standing().filter(base=OuterRef("base"))
        until = Q(ends_on__isnull=True) | Q(ends_on__gte=OuterRef("first_day"))
        rows = self.filter(status__in=STRANDED_STAGES, starts_at__gt=now)
        return rows.alias(first_day=TruncDate("starts_at")).filter(Exists(standing.filter(until)))


class Visit(models.Model):
    """A group's visit to a base: asked for, answered, prepared, held, rated and archived."""

    base = models.ForeignKey(
        "practicum.TrainingBase",
        on_delete=models.PROTECT,
        related_name="visits",
        verbose_name=_("training base"),
    )
    training_class = models.ForeignKey(
        "enrollment.TrainingClass",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="visits",
        verbose_name=_("training class"),
    )
    title = models.CharField(_("title"), max_length=120)
    status = models.CharField(
        _("status"), max_length=12, choices=VisitStatus.choices, default=VisitStatus.REQUESTED, editable=False
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    headcount = models.PositiveIntegerField(_("headcount"))
    headcount_stated_at = models.DateTimeField(
        _("headcount stated at"), null=True, blank=True, editable=False
    )
    purpose = models.TextField(_("purpose"), blank=True)
    dimension = models.CharField(
        _("category or module"),
        max_length=80,
        blank=True,
        default="",
        help_text=_("Empty: as the class has it, else the first module that the base serves."),
    )
    leader_name = models.CharField(_("leader"), max_length=60, blank=True)
    leader_phone = models.CharField(_("leader's mobile phone"), max_length=20, blank=True)
    lecturer = models.ForeignKey(
        "practicum.Lecturer",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="visits",
        verbose_name=_("lecturer"),
    )
    vehicles = models.ManyToManyField(
        "practicum.Vehicle", blank=True, related_name="visits", verbose_name=_("vehicles")
    )
    is_insured = models.BooleanField(_("insurance arranged"), default=False)
    has_safety_plan = models.BooleanField(_("safety plan made"), default=False)
    briefing = models.TextField(_("briefing notice"), blank=True)
    answer = models.CharField(_("last answer"), max_length=300, blank=True, editable=False)
    safety_note = models.TextField(
        _("safety notes of the base"), max_length=1000, blank=True, help_text=_("Visitors read them too.")
    )
    received = models.PositiveIntegerField(
        _("people received"), null=True, blank=True, help_text=_("As the base counted them on the day.")
    )
    host_rating = models.PositiveSmallIntegerField(_("rating by the base"), null=True, blank=True)
    host_comment = models.CharField(_("what the base says"), max_length=300, blank=True)
    academy_rating = models.PositiveSmallIntegerField(_("rating by the academy"), null=True, blank=True)
    academy_comment = models.CharField(_("what the academy says"), max_length=300, blank=True)
    requested_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="requested_visits",
        editable=False,
        verbose_name=_("requested by"),
    )
    with_base_since = models.DateTimeField(_("with the base since"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ["starts_at", "pk"]
        indexes = [models.Index(fields=["base", "starts_at"], name="practicum_visit_base")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="practicum_visit_in_order",
                violation_error_message=_("A visit ends after it begins."),
            ),
            models.CheckConstraint(
                condition=Q(headcount__gte=1),
                name="practicum_visit_has_people",
                violation_error_message=_("A visit is of at least one person."),
            ),
            models.CheckConstraint(
                condition=(Q(host_rating__isnull=True) | Q(host_rating__range=(1, 5)))
                & (Q(academy_rating__isnull=True) | Q(academy_rating__range=(1, 5))),
                name="practicum_visit_ratings_1_to_5",
                violation_error_message=_("A rating lies between 1 and 5."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_pending(self) -> bool:
        """Whether it waits for an answer."""
        return self.status in PENDING_STAGES

    @property
    def is_open(self) -> bool:
        """Whether something can still follow."""
        return self.status not in FINAL_STAGES

    @property
    def readiness(self) -> Readiness:
        """What of the preparation is done. Whoever comes on foot needs no vehicle."""
        vehicles = list(self.vehicles.all())
        largest = max((batch.headcount for batch in self.batches.all()), default=self.headcount)
        return Readiness(
            has_headcount=self.headcount_stated_at is not None,
            has_leader=bool(self.leader_name),
            is_insured=self.is_insured,
            has_safety_plan=self.has_safety_plan,
            has_seats_for_all=not vehicles or sum(one.seats for one in vehicles) >= largest,
            has_briefing=bool(self.briefing),
        )

    def may_be_rated(self, now: dt.datetime) -> bool:
        """Whether both sides can say how it was."""
        return self.status in HOLDING_STAGES and self.ends_at <= now

    @property
    def base_moves(self) -> list[str]:
        """What the base may do now."""
        return sorted(move.value for move in moves_open_to(self.status, Party.BASE))

    @property
    def academy_moves(self) -> list[str]:
        """What the academy may do now."""
        return sorted(move.value for move in moves_open_to(self.status, Party.ACADEMY))


class VisitBatch(models.Model):
    """One slot of a visit: as asked for, or as the base proposed. Confirmed, it has its session."""

    visit = models.ForeignKey(
        Visit, on_delete=models.CASCADE, related_name="batches", verbose_name=_("visit")
    )
    number = models.PositiveSmallIntegerField(_("batch"))
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    headcount = models.PositiveIntegerField(_("headcount"))
    session = models.OneToOneField(
        "practicum.Session",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="visit_batch",
        verbose_name=_("session"),
    )

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        ordering = ["visit", "number"]
        constraints = [
            models.UniqueConstraint(fields=["visit", "number"], name="practicum_visitbatch_numbered"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="practicum_visitbatch_in_order",
                violation_error_message=_("A batch ends after it begins."),
            ),
            models.CheckConstraint(
                condition=Q(headcount__gte=1),
                name="practicum_visitbatch_has_people",
                violation_error_message=_("A batch is of at least one person."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.visit} ({self.number})"
