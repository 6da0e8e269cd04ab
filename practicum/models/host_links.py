"""The links by which bases answer without an account, each use of them, and the papers of a visit."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from enrollment.models import User


class HostLinkQuerySet(models.QuerySet["HostLink"]):
    """Which links."""

    def standing(self) -> Self:
        """Those that nobody has taken back."""
        return self.filter(revoked_at__isnull=True)

    def open(self, now: dt.datetime) -> Self:
        """Those that work at ``now``."""
        return self.standing().filter(expires_at__gt=now)


class HostLink(models.Model):
    """A way in for one visit or for all visits of one base. The address is this row's key, signed.

    Nothing secret is stored: who reads the database cannot make the address. A link is never changed into
    another; renewing takes this one back and makes a new row.
    """

    key = models.UUIDField(_("key"), unique=True, default=uuid.uuid4, editable=False)
    base = models.ForeignKey(
        "practicum.TrainingBase",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="host_links",
        verbose_name=_("training base"),
    )
    visit = models.ForeignKey(
        "practicum.Visit",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="host_links",
        verbose_name=_("visit"),
    )
    created_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    objects = HostLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("link for a base")
        verbose_name_plural = _("links for bases")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(base__isnull=False, visit__isnull=True)
                | Q(base__isnull=True, visit__isnull=False),
                name="practicum_hostlink_to_one_thing",
                violation_error_message=_("A link leads to one visit or to the visits of one base."),
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")),
                name="practicum_hostlink_lasts",
                violation_error_message=_("A link expires after it was made."),
            ),
            models.UniqueConstraint(
                fields=["visit"],
                condition=Q(revoked_at__isnull=True),
                name="practicum_hostlink_one_of_a_visit",
                violation_error_message=_("This visit already has a link; renew it."),
            ),
            models.UniqueConstraint(
                fields=["base"],
                condition=Q(revoked_at__isnull=True),
                name="practicum_hostlink_one_of_a_base",
                violation_error_message=_("This base already has a link; renew it."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.visit or self.base)


class HostDeed(models.TextChoices):
    """What was done with a link."""

    OPEN = "open", _("Page opened")
    CONFIRM = "confirm", _("Visit confirmed")
    DECLINE = "decline", _("Visit declined")
    PROPOSE = "propose", _("Another date proposed")
    SAFETY = "safety", _("Safety notes kept")
    PAPER = "paper", _("Document handed in")
    READ_PAPER = "read_paper", _("Document fetched")
    RATE = "rate", _("Visit rated")
    REFUSED = "refused", _("Turned away: taken back or expired")
    RESTED = "rested", _("Turned away: too often")


class HostLinkUse(models.Model):
    """A link was used, or somebody was turned away with it. Written once, never changed."""

    link = models.ForeignKey(
        HostLink, on_delete=models.CASCADE, related_name="uses", verbose_name=_("link for a base")
    )
    visit = models.ForeignKey(
        "practicum.Visit",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("visit"),
    )
    deed = models.CharField(_("what was done"), max_length=12, choices=HostDeed.choices)
    used_at = models.DateTimeField(_("used at"))
    address = models.CharField(_("network address"), max_length=45, blank=True)
    device = models.CharField(_("device"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("use of a link")
        verbose_name_plural = _("uses of links")
        ordering = ["-used_at", "-pk"]
        indexes = [models.Index(fields=["link", "-used_at"], name="practicum_hostlinkuse_latest")]

    def __str__(self) -> str:
        return f"{self.link_id} {self.deed}"


class VisitPaperQuerySet(models.QuerySet["VisitPaper"]):
    """Which papers."""

    def of_visits_managed_by(self, user: User) -> Self:
        """Those of visits that ``user`` runs for the academy."""
        from practicum.models.visits import Visit

        return self.filter(visit__in=Visit.objects.manageable_by(user))

    def of_visits_hosted_by(self, user: User) -> Self:
        """Those of visits that ``user`` receives for a base."""
        from practicum.models.visits import Visit

        return self.filter(visit__in=Visit.objects.answerable_by(user))


class VisitPaper(models.Model):
    """A document of a visit: safety sheet, route, insurance slip. Both sides hand in and read."""

    visit = models.ForeignKey(
        "practicum.Visit", on_delete=models.CASCADE, related_name="papers", verbose_name=_("visit")
    )
    name = models.CharField(_("file name"), max_length=120)
    file = models.FileField(_("file"), upload_to="visits/%Y/%m/", max_length=200)
    size = models.PositiveIntegerField(_("size (bytes)"))
    from_base = models.BooleanField(_("from the base"), default=False)
    added_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("added by"),
    )
    added_at = models.DateTimeField(_("added at"))

    objects = VisitPaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("document of a visit")
        verbose_name_plural = _("documents of visits")
        ordering = ["added_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(size__gte=1),
                name="practicum_visitpaper_has_content",
                violation_error_message=_("The file is empty."),
            )
        ]

    def __str__(self) -> str:
        return self.name
