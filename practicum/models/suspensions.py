"""When a base received nobody, why, and by whose word."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from practicum.rules.visits import Party


class SuspensionParty(models.TextChoices):
    """Who suspended a base."""

    ACADEMY = Party.ACADEMY.value, _("The academy")
    BASE = Party.BASE.value, _("The training base")


class SuspensionQuerySet(models.QuerySet["Suspension"]):
    """Which suspensions."""

    def standing(self) -> Self:
        """Those that were not lifted; at most one a base."""
        return self.filter(lifted_at__isnull=True)

    def over(self, today: dt.date) -> Self:
        """Those that stand although their last day is past."""
        return self.standing().filter(ends_on__lt=today)


class Suspension(models.Model):
    """A base takes no visits from the moment it is suspended until it is lifted (domain §4)."""

    base = models.ForeignKey(
        "practicum.TrainingBase",
        on_delete=models.CASCADE,
        related_name="suspensions",
        verbose_name=_("training base"),
    )
    party = models.CharField(_("suspended by"), max_length=10, choices=SuspensionParty.choices)
    reason = models.CharField(_("reason"), max_length=200)
    begun_on = models.DateField(_("since"))
    #: The last day, included; without one it stands until somebody lifts it.
    ends_on = models.DateField(_("until"), null=True, blank=True)
    begun_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("entered by"),
    )
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("lifted by"),
    )

    objects = SuspensionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["base"],
                condition=Q(lifted_at__isnull=True),
                name="practicum_suspension_one_stands",
                violation_error_message=_("The base is suspended already."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("begun_on")),
                name="practicum_suspension_days_in_order",
                violation_error_message=_("A suspension cannot end before it begins."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="practicum_suspension_has_reason",
                violation_error_message=_("Say why the base is suspended."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.base} · {self.begun_on}–{self.ends_on or ''}"
