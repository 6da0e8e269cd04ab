"""What people ask to have corrected about themselves (domain §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.organizations import under

if TYPE_CHECKING:
    from enrollment.models.accounts import User


class CorrectionStatus(models.TextChoices):
    """Where a request stands."""

    OPEN = "open", _("Waits")
    DONE = "done", _("Corrected")
    DECLINED = "declined", _("Not corrected")


class CorrectionRequestQuerySet(models.QuerySet["CorrectionRequest"]):
    """Which requests."""

    def manageable_by(self, user: User) -> Self:
        """Those of people whose record ``user`` may edit, never one's own."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        others = self.exclude(trainee__user=user)
        if user.scope.everything:
            return others
        paths = user.scope.managed_paths
        return others.filter(under(paths, "trainee__home_organization__path")) if paths else self.none()

    def waiting(self) -> Self:
        """Those that nobody has answered."""
        return self.filter(status=CorrectionStatus.OPEN)


class CorrectionRequest(models.Model):
    """Somebody says what is wrong in their own record; whoever keeps the record answers."""

    trainee = models.ForeignKey(
        "enrollment.Trainee",
        on_delete=models.CASCADE,
        related_name="correction_requests",
        verbose_name=_("trainee"),
    )
    text = models.CharField(_("what is to be corrected"), max_length=500)
    status = models.CharField(
        _("status"), max_length=10, choices=CorrectionStatus.choices, default=CorrectionStatus.OPEN
    )
    asked_at = models.DateTimeField(_("asked at"), auto_now_add=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    answered_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    objects = CorrectionRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("correction request")
        verbose_name_plural = _("correction requests")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["trainee"],
                condition=Q(status="open"),
                name="enrollment_correctionrequest_one_open",
                violation_error_message=_("An earlier request of yours still waits."),
            ),
            models.CheckConstraint(
                condition=Q(status="open", answered_at__isnull=True)
                | Q(status__in=["done", "declined"], answered_at__isnull=False),
                name="enrollment_correctionrequest_answered_once_closed",
                violation_error_message=_("A request is answered when it is closed."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trainee} · {self.text[:40]}"
