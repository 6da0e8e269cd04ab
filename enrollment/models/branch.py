"""Branch life 三会一课: activities that organizations hold themselves, recorded once with those who came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.organizations import under

if TYPE_CHECKING:
    from enrollment.models.accounts import User


class ActivityQuerySet(models.QuerySet["BranchActivity"]):
    """Which activities."""

    def visible_to(self, user: User) -> Self:
        """Those of organizations that ``user`` looks after."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        paths = user.scope.managed_paths
        return self.filter(under(paths, "organization__path")) if paths else self.none()

    def judged_by(self, user: User) -> Self:
        """Those that ``user`` may approve or check: from above, and neither recorded nor attended by them."""
        found = self.visible_to(user)
        if not user.is_authenticated:
            return found
        if not user.scope.everything:
            above = Q(pk__in=[])
            for path in user.scope.managed_paths:
                above |= Q(organization__path__startswith=path) & ~Q(organization__path=path)
            found = found.filter(above)
        return found.exclude(recorded_by=user).exclude(attendees__user=user)

    def waiting(self) -> Self:
        """Those that wait for a person: to be approved, or to be checked."""
        return self.filter(Q(approval="waiting") | Q(check_state="waiting"))


class BranchActivity(models.Model):
    """三会一课, 主题党日 and the like: recorded once by the affairs worker with attendees and duration.

    It counts by rule, or after a person from above has approved it. Some that count are drawn for a check; a
    finding reverses their hours.
    """

    class Approval(models.TextChoices):
        """Who says that it counts."""

        RULE = "rule", _("Counts by rule")
        WAITING = "waiting", _("Waits for approval")
        PERSON = "person", _("Approved")
        DECLINED = "declined", _("Does not count")

    class Check(models.TextChoices):
        """Where the check of a drawn activity stands."""

        NONE = "", _("Not drawn")
        WAITING = "waiting", _("Drawn for a check")
        PASSED = "passed", _("Checked, in order")
        FINDING = "finding", _("Checked, with findings")

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
    approval = models.CharField(_("approval"), max_length=10, choices=Approval.choices, default=Approval.RULE)
    approved_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    approved_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    approval_reason = models.CharField(_("reason of the decision"), max_length=300, blank=True)
    check_state = models.CharField(
        _("check"), max_length=10, choices=Check.choices, default=Check.NONE, blank=True
    )
    checked_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("checked by"),
    )
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    findings = models.CharField(_("findings"), max_length=500, blank=True)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("branch activity")
        verbose_name_plural = _("branch activities")
        ordering = ["-starts_at"]
        indexes = [
            # Few wait among very many.
            models.Index(
                fields=["organization"],
                condition=Q(approval="waiting") | Q(check_state="waiting"),
                name="enrollment_activity_waiting",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="enrollment_branchactivity_in_order",
                violation_error_message=_("An activity ends after it begins."),
            ),
            models.CheckConstraint(
                condition=(Q(approved_by__isnull=True) | ~Q(approved_by=F("recorded_by")))
                & (Q(checked_by__isnull=True) | ~Q(checked_by=F("recorded_by"))),
                name="enrollment_branchactivity_two_people",
                violation_error_message=_("Nobody approves or checks what they recorded themselves."),
            ),
            models.CheckConstraint(
                condition=Q(approval__in=["rule", "waiting"], approved_by__isnull=True)
                | Q(approval__in=["person", "declined"], approved_by__isnull=False),
                name="enrollment_branchactivity_approved_by_somebody",
                violation_error_message=_("An approval names who gave it."),
            ),
            models.CheckConstraint(
                condition=Q(check_state__in=["", "waiting"], checked_by__isnull=True)
                | Q(check_state="passed", checked_by__isnull=False)
                | (Q(check_state="finding", checked_by__isnull=False) & ~Q(findings="")),
                name="enrollment_branchactivity_checked_by_somebody",
                violation_error_message=_("A check names who made it, and a finding what was found."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def counts(self) -> bool:
        """Whether its hours are posted (a finding may have reversed them since)."""
        return self.approval in {self.Approval.RULE, self.Approval.PERSON}
