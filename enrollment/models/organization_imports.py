"""A table that was sent: read, judged row by row, shown, and applied only when confirmed."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class TableImport(models.Model):
    """One uploaded table, of whatever a subclass names.

    ``lines`` are its rows as read ([number, told]), ``shown`` what each comes to as the preview says
    ([number, outcome, changed fields]), ``words`` the same in words for those that are not unchanged.
    """

    class Status(models.TextChoices):
        """Life of an import."""

        READING = "reading", _("Being read")
        READY = "ready", _("Waiting for confirmation")
        APPLYING = "applying", _("Being applied")
        APPLIED = "applied", _("Applied")
        FAILED = "failed", _("Failed")
        DISCARDED = "discarded", _("Discarded")

    file = models.FileField(_("file"), upload_to="tables/%Y/%m/", blank=True)
    file_name = models.CharField(_("file name"), max_length=200)
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.READING)
    lines: models.JSONField[Any, Any] = models.JSONField(_("rows"), default=list)
    shown: models.JSONField[Any, Any] = models.JSONField(_("verdict"), default=list)
    words: models.JSONField[Any, Any] = models.JSONField(_("verdict in words"), default=list)
    counts: models.JSONField[Any, Any] = models.JSONField(_("counts"), default=dict)
    error = models.CharField(_("error"), max_length=300, blank=True)
    uploaded_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    uploaded_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.file_name


class OrganizationImport(TableImport):
    """One uploaded table of organizations."""

    file = models.FileField(_("file"), upload_to="organizations/%Y/%m/", blank=True)

    class Meta(TableImport.Meta):
        abstract = False
        verbose_name = _("import of organizations")
        verbose_name_plural = _("imports of organizations")
