"""Branch life 三会一课: activities that organizations hold themselves, recorded once with those who came."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class BranchActivity(models.Model):
    """三会一课, 主题党日 and the like: recorded once by the affairs worker with attendees and duration."""

    class Form(models.TextChoices):
        """Forms of branch life."""

        MEMBERS_MEETING = "members_meeting", _("Members' meeting")
        COMMITTEE_MEETING = "committee_meeting", _("Branch committee meeting")
        GROUP_MEETING = "group_meeting", _("Party group meeting")
        PARTY_LECTURE = "party_lecture", _("Party lecture")
        THEME_DAY = "theme_day", _("Theme Party day")
        ORGANIZATION_LIFE = "organization_life", _("Organization life meeting")

    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.PROTECT,
        related_name="branch_activities",
        verbose_name=_("organization"),
    )
    form = models.CharField(_("form"), max_length=20, choices=Form.choices)
    title = models.CharField(_("title"), max_length=120)
    place = models.CharField(_("place"), max_length=120, blank=True)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    attendees = models.ManyToManyField(
        "enrollment.Trainee", related_name="branch_activities", verbose_name=_("attendees")
    )
    submission_key = models.CharField(
        _("submission key"),
        max_length=64,
        unique=True,
        editable=False,
        help_text=_("Made with the form: sending the same form twice records once."),
    )
    recorded_by = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    class Meta:
        verbose_name = _("branch activity")
        verbose_name_plural = _("branch activities")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="enrollment_branchactivity_in_order",
                violation_error_message=_("An activity ends after it begins."),
            )
        ]

    def __str__(self) -> str:
        return self.title
