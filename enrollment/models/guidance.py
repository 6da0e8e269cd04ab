"""What guides of a service group did in the organizations they look after, and what is to follow."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.organizations import Guide

if TYPE_CHECKING:
    from enrollment.models.accounts import User


class GuidanceWay(models.TextChoices):
    """How a guide was in touch."""

    VISIT = "visit", _("Visit on site")
    MEETING = "meeting", _("Meeting")
    CALL = "call", _("Phone or message")


class GuidanceQuerySet(models.QuerySet["Guidance"]):
    """Which records of guidance."""

    def visible_to(self, user: User) -> Self:
        """Those of organizations that the service groups of ``user`` look after; all for administrators."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        groups = Guide.objects.filter(user=user).values("group")
        return self.filter(organization__service_group__in=groups)

    def open(self) -> Self:
        """Those with a follow-up that has not been settled."""
        return self.filter(follow_up_by__isnull=False, settled_on__isnull=True)

    def overdue(self, today: dt.date) -> Self:
        """Those whose follow-up should have been settled before ``today``."""
        return self.open().filter(follow_up_by__lt=today)


class Guidance(models.Model):
    """One visit, meeting or call of a guide, in a few words, with what was agreed to follow."""

    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        related_name="guidance",
        verbose_name=_("organization"),
    )
    guide = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("guide"),
    )
    #: Kept in words too: the record outlives the account.
    guide_name = models.CharField(_("name of the guide"), max_length=60)
    way = models.CharField(_("way"), max_length=10, choices=GuidanceWay.choices)
    held_on = models.DateField(_("day"))
    summary = models.CharField(_("what was done"), max_length=500)
    follow_up = models.CharField(_("what is to follow"), max_length=300, blank=True)
    follow_up_by = models.DateField(_("to be settled by"), null=True, blank=True)
    settled_on = models.DateField(_("settled on"), null=True, blank=True)
    settlement = models.CharField(_("how it was settled"), max_length=300, blank=True)
    #: Given by the form: sent twice, it is one record.
    nonce = models.CharField(_("nonce"), max_length=64, unique=True, editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    objects = GuidanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("guidance record")
        verbose_name_plural = _("guidance records")
        ordering = ["-held_on", "-pk"]
        indexes = [
            models.Index(fields=["organization", "-held_on"], name="enrollment_guidance_recent"),
            models.Index(
                fields=["follow_up_by"],
                condition=Q(follow_up_by__isnull=False, settled_on__isnull=True),
                name="enrollment_guidance_open",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(follow_up_by__isnull=True, follow_up="")
                | (Q(follow_up_by__isnull=False, follow_up_by__gte=F("held_on")) & ~Q(follow_up="")),
                name="enrollment_guidance_follow_up_whole",
                violation_error_message=_("A follow-up has both its words and its day."),
            ),
            models.CheckConstraint(
                condition=Q(settled_on__isnull=True)
                | Q(follow_up_by__isnull=False, settled_on__gte=F("held_on")),
                name="enrollment_guidance_settled_follow_up",
                violation_error_message=_("Only a follow-up can be settled, and not before it was agreed."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization} · {self.held_on}"

    @property
    def is_open(self) -> bool:
        """Whether its follow-up waits to be settled."""
        return self.follow_up_by is not None and self.settled_on is None
