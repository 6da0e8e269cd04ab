"""Check-in events, the attendance that follows from them, and leave."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models import as_hours, under
from practicum.rules.attendance import ATTENDED, Sign, Status
from practicum.rules.reasons import SENTENCES

if TYPE_CHECKING:
    from decimal import Decimal

    from enrollment.models import User


class Direction(models.TextChoices):
    """What an event says."""

    IN = "in", _("Sign-in")
    OUT = "out", _("Sign-out")
    RULING = "ruling", _("Decision of staff")


class Source(models.TextChoices):
    """How an event came about; several independent ones support an attendance better than one."""

    SCREEN = "screen", _("Code on the screen, scanned")
    DIGITS = "digits", _("Code on the screen, typed")
    PERSONAL = "personal", _("Personal code scanned by staff")
    ROLL_CALL = "roll_call", _("Roll-call")
    PAPER = "paper", _("Paper sheet")
    CORRECTION = "correction", _("Correction by staff")


class Outcome(models.TextChoices):
    """What became of an event."""

    ACCEPTED = "accepted", _("Accepted")
    REPEATED = "repeated", _("Already done")
    REFUSED = "refused", _("Refused")


class EventsAreAppendOnly(TypeError):
    """Somebody tried to change or delete a check-in event; a mistake is corrected by a further event."""


class CheckinEventQuerySet(models.QuerySet["CheckinEvent"]):
    """Which events. Updating and deleting are refused."""

    def counted(self) -> Self:
        """Those that say something about presence."""
        return self.exclude(outcome=Outcome.REFUSED)

    def update(self, **kwargs: Any) -> NoReturn:
        raise EventsAreAppendOnly("Check-in events are never updated.")

    def delete(self) -> NoReturn:
        raise EventsAreAppendOnly("Check-in events are never deleted.")


class CheckinEvent(models.Model):
    """Something that happened at the door, refusals included. Never changed, never deleted."""

    session = models.ForeignKey(
        "practicum.Session", on_delete=models.PROTECT, related_name="events", verbose_name=_("session")
    )
    trainee = models.ForeignKey(
        "enrollment.Trainee",
        on_delete=models.PROTECT,
        null=True,
        related_name="checkin_events",
        verbose_name=_("trainee"),
    )
    direction = models.CharField(_("event"), max_length=10, choices=Direction.choices)
    source = models.CharField(_("way of check-in"), max_length=12, choices=Source.choices)
    nonce = models.CharField(_("nonce"), max_length=64, unique=True)
    effective_at = models.DateTimeField(_("counts as"), help_text=_("The time this event stands for."))
    device_at = models.DateTimeField(_("time of the device"), null=True, blank=True)
    server_at = models.DateTimeField(_("recorded at"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    reason = models.CharField(_("reason"), max_length=40, blank=True, help_text=_("Code of a refusal."))
    ruling = models.CharField(_("decided"), max_length=12, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    actor = models.ForeignKey(
        "enrollment.User", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )

    objects = CheckinEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("check-in event")
        verbose_name_plural = _("check-in events")
        ordering = ["pk"]
        indexes = [models.Index(fields=["session", "trainee"], name="practicum_event_of_person")]
        constraints = [
            # Two scans of one person in the same moment: one is accepted, the other finds that it was.
            models.UniqueConstraint(
                fields=["session", "trainee"],
                condition=Q(direction=Direction.IN, outcome=Outcome.ACCEPTED),
                name="practicum_checkinevent_signs_in_once",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.REFUSED) & ~Q(reason="")
                | ~Q(outcome=Outcome.REFUSED) & Q(reason=""),
                name="practicum_checkinevent_refusal_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(direction=Direction.RULING, source=Source.CORRECTION) & ~Q(ruling="")
                | ~Q(direction=Direction.RULING) & Q(ruling=""),
                name="practicum_checkinevent_ruling_by_staff",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id} {self.trainee_id} {self.direction} {self.outcome}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise EventsAreAppendOnly("Check-in events are never updated.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise EventsAreAppendOnly("Check-in events are never deleted.")

    @property
    def ruling_display(self) -> str:
        """What staff decided, in words."""
        return str(AttendanceStatus(self.ruling).label) if self.ruling else ""

    @property
    def reason_display(self) -> str:
        """Why it was refused, in words."""
        return str(SENTENCES[self.reason]) if self.reason in SENTENCES else self.reason

    @property
    def sign(self) -> Sign:
        """This event for the rules."""
        return Sign(self.direction, self.effective_at, self.pk or 0, self.ruling)


def new_nonce() -> str:
    """A number used once."""
    return uuid.uuid4().hex


class AttendanceStatus(models.TextChoices):
    """What is said of one person's presence; judged by ``practicum.rules.attendance``."""

    PENDING = Status.PENDING.value, _("Signed in")
    PRESENT = Status.PRESENT.value, _("Present")
    LATE = Status.LATE.value, _("Late")
    LEFT_EARLY = Status.LEFT_EARLY.value, _("Left early")
    ABSENT = Status.ABSENT.value, _("Absent")
    ON_LEAVE = Status.ON_LEAVE.value, _("On leave")
    EXCEPTION = Status.EXCEPTION.value, _("To be settled")


class AttendanceQuerySet(models.QuerySet["Attendance"]):
    """Which attendances."""

    def visible_to(self, user: User) -> Self:
        """One's own, those of sessions one runs, and those of people in scope."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        condition = (
            Q(trainee__user=user) | Q(session__training_class__teacher=user) | Q(session__lecturer__user=user)
        )
        if paths := user.scope.visible_paths:
            condition |= under(paths, "trainee__home_organization__path")
        return self.filter(condition)

    def attended(self) -> Self:
        """Those of people who were there."""
        return self.filter(status__in=ATTENDED)


class Attendance(models.Model):
    """Projection of the events of one person at one session. Recomputed from them at will."""

    session = models.ForeignKey(
        "practicum.Session", on_delete=models.PROTECT, related_name="attendances", verbose_name=_("session")
    )
    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.PROTECT, related_name="attendances", verbose_name=_("trainee")
    )
    status = models.CharField(
        _("status"), max_length=12, choices=AttendanceStatus.choices, default=AttendanceStatus.PENDING
    )
    signed_in_at = models.DateTimeField(_("check-in time"), null=True, blank=True)
    signed_out_at = models.DateTimeField(_("check-out time"), null=True, blank=True)
    quarters = models.PositiveSmallIntegerField(_("quarter hours earned"), default=0)
    refusal = models.CharField(
        _("hours refused"), max_length=300, blank=True, help_text=_("Why the ledger did not take the hours.")
    )

    objects = AttendanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        indexes = [models.Index(fields=["trainee", "session"], name="practicum_attendance_person")]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "trainee"],
                name="practicum_attendance_one_each",
                violation_error_message=_("This person's attendance is already recorded."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.trainee_id} · {self.session_id} · {self.status}"

    @property
    def hours(self) -> Decimal:
        """Study hours earned."""
        return as_hours(self.quarters)


class LeaveStatus(models.TextChoices):
    """Life of a leave slip."""

    REQUESTED = "requested", _("Requested")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")


class Leave(models.Model):
    """请假: a trainee asks to miss a session; the class teacher decides."""

    session = models.ForeignKey(
        "practicum.Session", on_delete=models.CASCADE, related_name="leaves", verbose_name=_("session")
    )
    trainee = models.ForeignKey(
        "enrollment.Trainee", on_delete=models.CASCADE, related_name="leaves", verbose_name=_("trainee")
    )
    reason = models.CharField(_("reason"), max_length=200)
    status = models.CharField(
        _("status"), max_length=10, choices=LeaveStatus.choices, default=LeaveStatus.REQUESTED
    )
    requested_at = models.DateTimeField(_("requested at"), auto_now_add=True)
    decided_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    class Meta:
        verbose_name = _("leave")
        verbose_name_plural = _("leave")
        constraints = [
            models.UniqueConstraint(
                fields=["session", "trainee"],
                name="practicum_leave_once_per_session",
                violation_error_message=_("Leave was already asked for."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.trainee} · {self.session}"
