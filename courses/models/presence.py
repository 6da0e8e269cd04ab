"""How this academy asks whether somebody is still there."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from courses.rules.presence import EVERY_MINUTES, GRACE_SECONDS


@register_setting(icon="time")
class PresencePrompts(BaseGenericSetting):
    """Questions while a film plays."""

    is_on = models.BooleanField(
        _("ask while a video plays"),
        default=True,
        help_text=_("Playing on after a question that nobody answered is not counted."),
    )
    every_minutes = models.PositiveSmallIntegerField(
        _("minutes between"),
        default=EVERY_MINUTES,
        validators=[MinValueValidator(5), MaxValueValidator(120)],
        help_text=_("Counted from the last answer; whoever pauses and goes on is there, and is not asked."),
    )
    grace_seconds = models.PositiveSmallIntegerField(
        _("time to answer (seconds)"),
        default=GRACE_SECONDS,
        validators=[MinValueValidator(30), MaxValueValidator(600)],
        help_text=_("Then the video pauses, and says so."),
    )

    class Meta:
        verbose_name = _("presence while watching")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(every_minutes__gte=5, grace_seconds__gte=30),
                name="courses_presenceprompts_are_kind",
                violation_error_message=_("Ask at most every 5 minutes, and leave at least 30 seconds."),
            )
        ]
