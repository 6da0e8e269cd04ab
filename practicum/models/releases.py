"""The timetable in draft, and what was released of it: numbered, with what each change replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enrollment.models import TrainingClass
from practicum.models.places import Lecturer
from practicum.models.seats import WaitingPerson, WaitingStatus
from practicum.models.sessions import Session

if TYPE_CHECKING:
    from enrollment.models import User


class TimetableReleaseQuerySet(models.QuerySet["TimetableRelease"]):
    """Which releases."""

    def visible_to(self, user: User) -> Self:
        """All for administrators; others see those that changed something of theirs."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        mine = TimetableChange.objects.concerning(user).filter(release=OuterRef("pk"))
        taught = TimetableChange.objects.manageable_by(user).filter(release=OuterRef("pk"))
        return self.filter(Exists(mine) | Exists(taught))

    def manageable_by(self, user: User) -> Self:
        """Those that ``user`` may roll back: everything in it is theirs to change."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        foreign = TimetableChange.objects.filter(release=OuterRef("pk")).exclude(training_class__teacher=user)
        own = TimetableChange.objects.manageable_by(user).filter(release=OuterRef("pk"))
        return self.filter(~Exists(foreign), Exists(own))


class TimetableRelease(models.Model):
    """Changes that became public together. Nothing of it is changed afterwards."""

    number = models.PositiveIntegerField(_("number"), unique=True)
    note = models.CharField(_("what it is about"), max_length=200, blank=True)
    rolls_back = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rolled_back_by",
        verbose_name=_("rolls back"),
    )
    people_told = models.PositiveIntegerField(_("people told"), default=0)
    released_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("released by"),
    )
    released_at = models.DateTimeField(_("released at"))

    objects = TimetableReleaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("release of the timetable")
        verbose_name_plural = _("releases of the timetable")
        ordering = ["-number"]

    def __str__(self) -> str:
        return str(_("Release %(number)s") % {"number": self.number})

    def get_absolute_url(self) -> str:
        """Its page in the changelog."""
        return reverse("practicum:release", args=[self.number])


class ChangeKind(models.TextChoices):
    """What a change does."""

    NEW = "new", _("New")
    MOVED = "moved", _("Moved or changed")
    CANCELLED = "cancelled", _("Cancelled")
    REINSTATED = "reinstated", _("Takes place after all")


class ChangeSource(models.TextChoices):
    """Who drafted a change."""

    HAND = "hand", _("By hand")
    PLANNER = "planner", _("Proposed by the planner")
    ROLL_BACK = "roll_back", _("Rolled back")


class TimetableChangeQuerySet(models.QuerySet["TimetableChange"]):
    """Which changes."""

    def drafted(self) -> Self:
        """Those nobody but the staff knows of."""
        return self.filter(release__isnull=True)

    def manageable_by(self, user: User) -> Self:
        """All for administrators; those of classes one is the teacher of."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.scope.everything:
            return self
        return self.filter(training_class__teacher=user)

    def concerning(self, user: User) -> Self:
        """Released ones of sessions that ``user`` is expected at or teaches, or waited for till their end."""
        waited = WaitingPerson.objects.filter(trainee__user=user).exclude(
            party__status=WaitingStatus.WITHDRAWN
        )
        return self.filter(release__isnull=False).filter(
            Q(session__in=Session.objects.attended_by(user).values("pk"))
            | Q(session__lecturer__in=Lecturer.objects.filter(user=user).values("pk"))
            | Q(kind=ChangeKind.CANCELLED, session__in=waited.values("party__session"))
        )


class TimetableChange(models.Model):
    """One session to be held, moved or called off. Without a release it is a draft and holds nothing."""

    kind = models.CharField(_("what"), max_length=10, choices=ChangeKind.choices)
    source = models.CharField(
        _("drafted"), max_length=10, choices=ChangeSource.choices, default=ChangeSource.HAND
    )
    training_class = models.ForeignKey(
        TrainingClass,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="timetable_changes",
        verbose_name=_("training class"),
    )
    session = models.ForeignKey(
        Session,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="timetable_changes",
        verbose_name=_("session"),
    )
    #: The session as it is wanted, and as it was before the release (``practicum.actions.plans``).
    plan = models.JSONField(_("as wanted"), default=dict)
    before = models.JSONField(_("as it was"), default=dict)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    release = models.ForeignKey(
        TimetableRelease,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="changes",
        verbose_name=_("release of the timetable"),
    )
    #: The session's SEQUENCE after the release: when it is another one, somebody changed it since.
    left_at = models.PositiveIntegerField(_("sequence after the release"), null=True, blank=True)
    drafted_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("drafted by"),
    )
    drafted_at = models.DateTimeField(_("drafted at"), auto_now=True)

    objects = TimetableChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of the timetable")
        verbose_name_plural = _("changes of the timetable")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(release__isnull=True),
                name="practicum_timetablechange_one_draft",
                violation_error_message=_("This session already has a change in the draft."),
            ),
            models.CheckConstraint(
                condition=Q(kind="new") | Q(session__isnull=False),
                name="practicum_timetablechange_of_a_session",
                violation_error_message=_("Say which session is changed."),
            ),
            models.CheckConstraint(
                condition=Q(release__isnull=True) | Q(session__isnull=False, left_at__isnull=False),
                name="practicum_timetablechange_released_whole",
            ),
        ]

    def __str__(self) -> str:
        return str(self.plan.get("title") or self.before.get("title") or self.session or "")
