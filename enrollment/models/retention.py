"""How long what is held is kept: figures with a day and a source, which administrators correct."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.rules import retention as rules


class RetentionSubject(models.TextChoices):
    """What a period is about."""

    PEOPLE = "people", _("People who have left, from the day they left")
    LOG = "log", _("The audit log")
    MESSAGES = "messages", _("Messages and what became of their delivery")
    UPLOADS = "uploads", _("Uploaded rosters and tables, from the day they were sent")
    PAPERS = "papers", _("Documents of visits (rosters, insurance), from the day of the visit")


class RetentionPeriod(models.Model):
    """So many months something is kept, from a day on; of several the latest that has begun holds."""

    subject = models.CharField(_("what is kept"), max_length=10, choices=RetentionSubject.choices)
    months = models.PositiveSmallIntegerField(_("months"))
    effective_from = models.DateField(_("in force from"))
    source = models.CharField(_("source"), max_length=200)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("retention period")
        verbose_name_plural = _("retention periods")
        ordering = ["subject", "-effective_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "effective_from"],
                name="enrollment_retentionperiod_one_a_day",
                violation_error_message=_("Another period of this begins on the same day; change that one."),
            ),
            models.CheckConstraint(
                condition=Q(months__gte=1),
                name="enrollment_retentionperiod_positive",
                violation_error_message=_("A period has at least one month."),
            ),
            models.CheckConstraint(
                condition=~Q(subject=RetentionSubject.LOG) | Q(months__gte=rules.LEAST_LOG_MONTHS),
                name="enrollment_retentionperiod_log_six_months",
                violation_error_message=_("The audit log is kept for at least six months."),
            ),
            models.CheckConstraint(
                condition=~Q(source=""),
                name="enrollment_retentionperiod_source_named",
                violation_error_message=_("Name the source of the figure."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} · {self.months}"


def kept_since(subject: str, today: dt.date) -> dt.date | None:
    """What is older than this day has been kept long enough; None where no period is in force."""
    periods = RetentionPeriod.objects.filter(subject=subject).values_list("effective_from", "months")
    return rules.kept_since(list(periods), today)


def kept_until(subject: str, day: dt.date) -> dt.date | None:
    """Until when something of ``day`` is kept by the period in force today; None where there is none."""
    periods = RetentionPeriod.objects.filter(subject=subject).values_list("effective_from", "months")
    return rules.kept_until(list(periods), day, today=timezone.localdate())


def months_kept(subject: str) -> int | None:
    """How many months the period in force today says; None where there is none."""
    begun = RetentionPeriod.objects.filter(subject=subject, effective_from__lte=timezone.localdate())
    return begun.order_by("-effective_from").values_list("months", flat=True).first()
