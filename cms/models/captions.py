"""Every version of a video's captions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from cms.models.media import Video


class CaptionVersion(models.Model):
    """Captions as they stood once; never changed. The newest is the file that players get."""

    video = models.ForeignKey(
        Video, on_delete=models.CASCADE, related_name="caption_versions", verbose_name=_("video")
    )
    number = models.PositiveIntegerField(_("version"))
    content = models.TextField(_("captions (WebVTT)"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("made by"),
    )
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)

    class Meta:
        verbose_name = _("version of captions")
        verbose_name_plural = _("versions of captions")
        ordering = ["video", "-number"]
        constraints = [
            # Two people who correct the same version: one of them is told.
            models.UniqueConstraint(
                fields=["video", "number"],
                name="cms_captionversion_number_once_per_video",
                violation_error_message=_("Somebody else has changed these captions meanwhile."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.video_id} · {self.number}"
