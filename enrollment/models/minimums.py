"""Least hours in a category or a module: optional, with dates and a source like every rule about hours."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.dimensions import label_of
from enrollment.models.people import CohortCode


class HourMinimum(models.Model):
    """One version of a minimum; without rows nothing is asked beyond the year's target."""

    dimension = models.CharField(_("category or module"), max_length=80)
    cohort = models.CharField(
        _("cohort"),
        max_length=20,
        blank=True,
        default="",
        choices=CohortCode.choices,
        help_text=_("Empty: asked of all three."),
    )
    hours = models.DecimalField(_("least hours a year"), max_digits=6, decimal_places=2)
    effective_from = models.DateField(_("effective from"))
    effective_to = models.DateField(_("effective to"), null=True, blank=True)
    source = models.CharField(
        _("source"), max_length=300, help_text=_("Document, level and year it comes from.")
    )

    class Meta:
        verbose_name = _("least hours of a category")
        verbose_name_plural = _("least hours of categories")
        ordering = ["dimension", "cohort", "-effective_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["dimension", "cohort", "effective_from"],
                name="enrollment_hourminimum_one_version_a_day",
                violation_error_message=_("This minimum already has a version from that day."),
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="enrollment_hourminimum_dates_in_order",
                violation_error_message=_("A rule cannot end before it takes effect."),
            ),
            models.CheckConstraint(
                condition=Q(hours__gt=Decimal(0)),
                name="enrollment_hourminimum_hours_positive",
                violation_error_message=_("A minimum is above zero; end it instead."),
            ),
        ]

    def __str__(self) -> str:
        return f"{label_of(self.dimension)} ≥ {self.hours.normalize():f}"
