"""How early the academy calls things to mind."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting

from practicum.rules.reminders import ReminderTerms


@register_setting(icon="bell")
class ReminderSettings(BaseGenericSetting):
    """Reminders of visits and sessions. Each person chooses the way under their messages."""

    headcount_days = models.PositiveSmallIntegerField(
        _("headcount and roster of a visit: working days before they are due"),
        default=ReminderTerms.headcount_days,
        help_text=_("0: never."),
    )
    host_days = models.PositiveSmallIntegerField(
        _("a base has not answered: after so many working days"),
        default=ReminderTerms.host_days,
        help_text=_("0: never."),
    )
    names_hours = models.PositiveSmallIntegerField(
        _("seats kept without names: hours before they lapse"),
        default=ReminderTerms.names_hours,
        help_text=_("0: never."),
    )
    tells_of_tomorrow = models.BooleanField(
        _("the day before, remind people of their sessions"), default=ReminderTerms.tells_of_tomorrow
    )

    class Meta:
        verbose_name = _("reminders of visits and sessions")

    @property
    def terms(self) -> ReminderTerms:
        """For the rules."""
        return ReminderTerms(
            headcount_days=self.headcount_days,
            host_days=self.host_days,
            names_hours=self.names_hours,
            tells_of_tomorrow=self.tells_of_tomorrow,
        )
