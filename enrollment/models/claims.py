"""Hours that one asks for and another decides about: external training with evidence, adjustments."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.hours import HourEntry, HourRule, as_hours
from enrollment.models.organizations import under

if TYPE_CHECKING:
    from enrollment.models.accounts import User


class ClaimStatus(models.TextChoices):
    """Where a claim of hours stands."""

    OPEN = "open", _("Waits for a decision")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Taken back")


#: Claims that stand in the way of the same thing asked for again.
STANDING_CLAIMS = (ClaimStatus.OPEN, ClaimStatus.APPROVED)


C = TypeVar("C", bound="Claim")


class ClaimQuerySet(models.QuerySet[C]):
    """Which claims."""

    def visible_to(self, user: User) -> Self:
        """One's own, those one sent, and those of people whose record one keeps."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        condition = Q(trainee__user=user) | Q(submitted_by=user)
        if paths := user.scope.managed_paths:
            condition |= under(paths, "trainee__home_organization__path")
            condition |= under(paths, "trainee__host_organization__path")
        return self.filter(condition)

    def waiting(self) -> Self:
        """Those that nobody has decided about."""
        return self.filter(status=ClaimStatus.OPEN)

    def decidable_by(self, user: User) -> Self:
        """Those that wait for ``user``: never what one sent oneself, and never what is about oneself."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.waiting().exclude(submitted_by=user).exclude(trainee__user=user)


class Claim(models.Model):
    """What both kinds of claims share. Whoever decides is somebody else than whoever asks."""

    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.PROTECT, related_name="%(class)ss", verbose_name=_("trainee")
    )
    title = models.CharField(_("title"), max_length=120)
    quarters = models.PositiveIntegerField(_("quarter hours"))
    status = models.CharField(
        _("status"), max_length=10, choices=ClaimStatus.choices, default=ClaimStatus.OPEN
    )
    submission_key = models.CharField(
        _("submission key"),
        max_length=64,
        unique=True,
        editable=False,
        help_text=_("Made with the form: sending the same form twice records once."),
    )
    submitted_by = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("sent by")
    )
    submitted_at = models.DateTimeField(_("sent at"), auto_now_add=True)
    decided_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decision = models.CharField(_("reason of the decision"), max_length=300, blank=True)
    withdrawn_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken back by"),
    )
    withdrawn_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    withdrawal = models.CharField(_("why it was taken back"), max_length=300, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.trainee} · {self.title}"

    @property
    def hours(self) -> Decimal:
        """The hours asked for."""
        return as_hours(self.quarters)

    @property
    def is_open(self) -> bool:
        """Whether it waits for a decision."""
        return self.status == ClaimStatus.OPEN


def claim_constraints(name: str) -> list[models.BaseConstraint]:
    """What holds for both kinds; ``name`` is the model's lower-case name."""
    return [
        models.CheckConstraint(
            condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("submitted_by")),
            name=f"enrollment_{name}_two_people",
            violation_error_message=_("Nobody decides about what they sent themselves."),
        ),
        models.CheckConstraint(
            condition=Q(
                status__in=["approved", "declined"], decided_by__isnull=False, decided_at__isnull=False
            )
            | Q(status="open", decided_by__isnull=True, decided_at__isnull=True)
            | Q(status="withdrawn", withdrawn_at__isnull=False),
            name=f"enrollment_{name}_decided_when_closed",
            violation_error_message=_("A claim is decided by somebody when it is closed."),
        ),
        models.CheckConstraint(
            condition=Q(quarters__gt=0),
            name=f"enrollment_{name}_hours_positive",
            violation_error_message=_("There are no hours to post: the figure must be above zero."),
        ),
    ]


class ExternalTrainingQuerySet(ClaimQuerySet["ExternalTraining"]):
    """Which external trainings."""

    def decidable_by(self, user: User) -> Self:
        """Affairs workers decide about what their people sent; about what they sent, the academy."""
        found = super().decidable_by(user)
        if not user.is_authenticated or user.scope.everything:
            return found
        paths = user.scope.managed_paths
        if not paths:
            return self.none()
        return found.filter(under(paths, "trainee__home_organization__path"), submitted_by=F("trainee__user"))


class ExternalTraining(Claim):
    """外出培训: a training held by somebody else, sent in with evidence, approved by another person."""

    class Unit(models.TextChoices):
        """How its length is told."""

        HALF_DAY = "half_day", _("half days")
        DAY = "day", _("days")
        HOUR = "hour", _("hours")

    organizer = models.CharField(_("organizer"), max_length=120)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    unit = models.CharField(_("measured in"), max_length=10, choices=Unit.choices)
    amount = models.DecimalField(_("how many"), max_digits=6, decimal_places=2)
    rule = models.ForeignKey(
        HourRule, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("rule version")
    )
    evidence = models.FileField(_("evidence"), upload_to="evidence/%Y/%m/", max_length=200)
    evidence_name = models.CharField(_("name of the file"), max_length=120)
    evidence_digest = models.CharField(_("digest of the file"), max_length=64, editable=False)

    objects = ExternalTrainingQuerySet.as_manager()

    class Meta:
        verbose_name = _("external training")
        verbose_name_plural = _("external trainings")
        ordering = ["-submitted_at", "-pk"]
        indexes = [models.Index(fields=["status", "trainee"], name="enrollment_external_status")]
        constraints = [
            *claim_constraints("externaltraining"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="enrollment_externaltraining_in_order",
                violation_error_message=_("A period ends after it begins."),
            ),
            models.UniqueConstraint(
                fields=["trainee", "evidence_digest"],
                condition=Q(status__in=["open", "approved"]),
                name="enrollment_externaltraining_file_once",
                violation_error_message=_("This evidence has already been sent in for this person."),
            ),
            models.UniqueConstraint(
                fields=["trainee", "starts_at", "ends_at"],
                condition=Q(status__in=["open", "approved"]),
                name="enrollment_externaltraining_time_once",
                violation_error_message=_(
                    "A training at this time has already been sent in for this person."
                ),
            ),
        ]

    @property
    def evidence_kind(self) -> str:
        """The ending of the stored file: pdf, jpg or png."""
        return str(self.evidence.name).rpartition(".")[2]

    @property
    def entry(self) -> HourEntry | None:
        """The ledger's entry that counts for it, if one does."""
        return (
            HourEntry.objects.standing()
            .filter(trainee_id=self.trainee_id, evidence_type="external", evidence_id=str(self.pk))
            .first()
        )


class HourAdjustmentQuerySet(ClaimQuerySet["HourAdjustment"]):
    """Which adjustments."""

    def decidable_by(self, user: User) -> Self:
        """Only administrators decide, each about what others proposed."""
        found = super().decidable_by(user)
        return found if user.is_authenticated and user.scope.everything else self.none()


class HourAdjustment(Claim):
    """Hours that no other source can bring, proposed by one member of the staff and approved by another.

    ``title`` says what they are for, ``reason`` why they are posted so. They only add: hours are taken away
    by reversing the entry that gave them.
    """

    year = models.PositiveSmallIntegerField(_("year"))
    reason = models.CharField(_("reason"), max_length=300)

    objects = HourAdjustmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("adjustment of hours")
        verbose_name_plural = _("adjustments of hours")
        ordering = ["-submitted_at", "-pk"]
        constraints = [
            *claim_constraints("houradjustment"),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="enrollment_houradjustment_reason_given",
                violation_error_message=_("Say why: the reason stays in the ledger."),
            ),
        ]

    @property
    def entry(self) -> HourEntry | None:
        """The ledger's entry that counts for it, if one does."""
        return (
            HourEntry.objects.standing()
            .filter(trainee_id=self.trainee_id, evidence_type="adjustment", evidence_id=str(self.pk))
            .first()
        )
