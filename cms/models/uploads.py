"""A large file on its way: it comes in pieces, and goes on where it was interrupted."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class UploadQuerySet(models.QuerySet["Upload"]):
    """Which uploads."""

    def visible_to(self, user: Any) -> Self:
        """One's own and nobody else's."""
        return self.filter(owner=user) if user.is_authenticated and user.is_active else self.none()

    def begun_before(self, moment: dt.datetime) -> Self:
        """What was begun before ``moment``."""
        return self.filter(begun_at__lt=moment)


class Upload(models.Model):
    """How much of it has come is the size of its file: nothing that could disagree with it is kept."""

    key = models.UUIDField(_("key"), primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("sent by")
    )
    name = models.CharField(_("name"), max_length=200)
    size = models.PositiveBigIntegerField(_("size (bytes)"))
    begun_at = models.DateTimeField(_("begun at"), auto_now_add=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        verbose_name = _("file on its way")
        verbose_name_plural = _("files on their way")
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="cms_upload_is_not_empty"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> Path:
        """Where the pieces are put together. Shared by all servers, as media are; served to nobody."""
        return Path(settings.MEDIA_ROOT) / "uploads" / str(self.key)

    @property
    def received(self) -> int:
        """Bytes that have come."""
        return self.path.stat().st_size if self.path.exists() else 0
