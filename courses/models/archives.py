"""What things of courses are called in archives."""

from __future__ import annotations

import uuid

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils.translation import gettext_lazy as _


class ArchiveKey(models.Model):
    """The key under which a picture, document, video, test or question goes into archives.

    It is the same in every academy that imported it, so that a second import finds what the first one made.
    Pages have such a key of Wagtail's (`translation_key`).
    """

    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True)
    content_type = models.ForeignKey(
        ContentType, on_delete=models.CASCADE, related_name="+", verbose_name=_("kind")
    )
    object_id = models.PositiveBigIntegerField(_("number"))

    class Meta:
        verbose_name = _("key in archives")
        verbose_name_plural = _("keys in archives")
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id"], name="courses_archivekey_one_per_object"
            )
        ]

    def __str__(self) -> str:
        return str(self.key)
