"""Leave from a training class 请假: one slip for a span of time, or for sessions that were chosen."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.rules.class_policy import Span

if TYPE_CHECKING:
    from enrollment.models.accounts import User


class ClassLeaveKind(models.TextChoices):
    """Why somebody is away."""

    PERSONAL = "personal", _("Personal leave")
    SICK = "sick", _("Sick leave")
    OFFICIAL = "official", _("On official business")


class ClassLeaveStatus(models.TextChoices):
    """Life of a slip."""

    REQUESTED = "requested", _("Requested")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    TAKEN_BACK = "taken_back", _("Taken back by the trainee")


class ClassLeaveQuerySet(models.QuerySet["ClassLeave"]):
    """Which slips."""

    def visible_to(self, user: User) -> Self:
        """One's own and those of classes one is teacher of; all for administrators."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(Q(enrollment__trainee__user=user) | Q(enrollment__training_class__teacher=user))

    def manageable_by(self, user: User) -> Self:
        """Of classes one is teacher of (long leave is decided by the academy); all for administrators."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(enrollment__training_class__teacher=user)

    def standing(self) -> Self:
        """Those that wait or are approved."""
        return self.filter(status__in=[ClassLeaveStatus.REQUESTED, ClassLeaveStatus.APPROVED])

    def approved(self) -> Self:
        """Those that excuse."""
        return self.filter(status=ClassLeaveStatus.APPROVED)


class ClassLeave(models.Model):
    """A trainee asks to be away from a class; the class teacher decides, on long leave the academy.

    With parts it excuses those sessions alone; without, whatever is held from ``starts_at`` to ``ends_at``.
    """

    enrollment = models.ForeignKey(
        "enrollment.Enrollment", on_delete=models.CASCADE, related_name="leaves", verbose_name=_("enrolment")
    )
    kind = models.CharField(
        _("kind"), max_length=10, choices=ClassLeaveKind.choices, default=ClassLeaveKind.PERSONAL
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    minutes = models.PositiveIntegerField(_("length (minutes)"), default=0, editable=False)
    reason = models.CharField(_("reason"), max_length=200)
    status = models.CharField(
        _("status"), max_length=12, choices=ClassLeaveStatus.choices, default=ClassLeaveStatus.REQUESTED
    )
    requested_at = models.DateTimeField(_("requested at"), auto_now_add=True)
    answer = models.CharField(_("answer"), max_length=200, blank=True)
    decided_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    objects = ClassLeaveQuerySet.as_manager()

    class Meta:
        verbose_name = _("leave from a class")
        verbose_name_plural = _("leave from classes")
        ordering = ["starts_at", "pk"]
        indexes = [models.Index(fields=["enrollment", "status"], name="enrollment_classleave_of")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="enrollment_classleave_in_order",
                violation_error_message=_("Leave ends after it begins."),
            ),
            models.CheckConstraint(
                condition=Q(status__in=["requested", "taken_back"], decided_at__isnull=True)
                | Q(status__in=["approved", "refused"], decided_at__isnull=False),
                name="enrollment_classleave_decided_once",
                violation_error_message=_("A slip that was decided says when."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrollment_id} · {self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def span(self) -> Span:
        """From when to when, for the rules."""
        return Span(self.starts_at, self.ends_at)

    @property
    def spans(self) -> list[Span]:
        """When somebody is away: the sessions that were chosen, else the whole span."""
        return [part.span for part in self.parts.all()] or [self.span]

    @property
    def hours(self) -> Decimal:
        """How long it is, in clock hours."""
        return Decimal(self.minutes) / 60

    @property
    def is_requested(self) -> bool:
        """Whether it waits for the class teacher."""
        return self.status == ClassLeaveStatus.REQUESTED

    @property
    def tone(self) -> str:
        """How its status is coloured."""
        return {"approved": "good", "requested": "gold", "refused": "brand"}.get(self.status, "")


class ClassLeavePart(models.Model):
    """A session that a slip was asked for, as it stood then; ``key`` finds it when it is moved."""

    leave = models.ForeignKey(
        ClassLeave, on_delete=models.CASCADE, related_name="parts", verbose_name=_("leave from a class")
    )
    key = models.PositiveBigIntegerField(_("session"))
    title = models.CharField(_("title"), max_length=200)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))

    class Meta:
        verbose_name = _("session of a leave slip")
        verbose_name_plural = _("sessions of leave slips")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["leave", "key"],
                name="enrollment_classleavepart_once",
                violation_error_message=_("A slip names a session once."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="enrollment_classleavepart_in_order",
                violation_error_message=_("Leave ends after it begins."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def span(self) -> Span:
        """From when to when, for the rules."""
        return Span(self.starts_at, self.ends_at)
