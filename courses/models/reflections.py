"""Reflections (心得体会) as they were handed in, version by version, with their pictures."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.models.catalogue import CoursePage, ModulePage
from courses.models.progress import LessonProgress
from courses.rules import reflections as rules
from enrollment.models import User


class ReflectionStatus(models.TextChoices):
    """Where a reflection stands."""

    WAITING = rules.WAITING, _("Waiting to be read")
    RETURNED = rules.RETURNED, _("Handed back")
    ACCEPTED = rules.ACCEPTED, _("Accepted")


class ReflectionQuerySet(models.QuerySet["Reflection"]):
    """Which reflections."""

    def manageable_by(self, user: User) -> Self:
        """Those to read and decide on: of modules one teaches, all for administrators; never one's own."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        others = self.exclude(progress__user=user)
        if user.scope.everything:
            return others
        condition = Q(pk__in=[])
        for path in ModulePage.objects.filter(instructors=user).values_list("path", flat=True):
            condition |= Q(progress__course__path__startswith=path)
        return others.filter(condition)

    def visible_to(self, user: User) -> Self:
        """One's own, and those one may decide on."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(
            Q(progress__user=user) | Q(pk__in=Reflection.objects.manageable_by(user).values("pk"))
        )

    def waiting(self) -> Self:
        """Those that nobody has decided on yet."""
        return self.filter(status=ReflectionStatus.WAITING)

    def of_course(self, course: CoursePage | int) -> Self:
        """Those of one course."""
        return self.filter(progress__course=course)


class Reflection(models.Model):
    """What one person hands in for one lesson. Its lock is that of the progress row."""

    progress = models.OneToOneField(
        LessonProgress,
        on_delete=models.CASCADE,
        related_name="reflection",
        verbose_name=_("progress in a lesson"),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=ReflectionStatus.choices, default=ReflectionStatus.WAITING
    )
    number = models.PositiveSmallIntegerField(_("latest version"), default=1)
    handed_in_at = models.DateTimeField(_("handed in at"))

    objects = ReflectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("reflection")
        verbose_name_plural = _("reflections")
        indexes = [models.Index(fields=["status", "handed_in_at"], name="courses_reflection_queue")]

    def __str__(self) -> str:
        return f"{self.progress} · {self.number}"

    @property
    def standing(self) -> rules.Standing:
        """What the rules judge by."""
        return rules.Standing(self.status, self.number)


def picture_path(_picture: ReflectionPicture, _name: str) -> str:
    """A name that tells nothing and cannot be guessed."""
    return f"reflections/{uuid.uuid4().hex}.jpg"


class ReflectionPicture(models.Model):
    """A picture of a reflection, drawn anew when it came (`cms.pictures`); versions share it."""

    reflection = models.ForeignKey(
        Reflection, on_delete=models.CASCADE, related_name="pictures", verbose_name=_("reflection")
    )
    file = models.FileField(_("file"), upload_to=picture_path)
    width = models.PositiveSmallIntegerField(_("width"))
    height = models.PositiveSmallIntegerField(_("height"))

    class Meta:
        verbose_name = _("picture of a reflection")
        verbose_name_plural = _("pictures of reflections")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.reflection_id} · {self.pk}"


class ReflectionVersion(models.Model):
    """One handing in, with what was answered to it. Text and pictures are never changed afterwards."""

    reflection = models.ForeignKey(
        Reflection, on_delete=models.CASCADE, related_name="versions", verbose_name=_("reflection")
    )
    number = models.PositiveSmallIntegerField(_("version"))
    key = models.UUIDField(_("key of the form"), default=uuid.uuid4)
    text = models.TextField(_("text"), max_length=rules.LONGEST_TEXT)
    pictures = models.ManyToManyField(
        ReflectionPicture, related_name="versions", blank=True, verbose_name=_("pictures")
    )
    handed_in_at = models.DateTimeField(_("handed in at"))
    verdict = models.CharField(_("answer"), max_length=10, choices=ReflectionStatus.choices, blank=True)
    comment = models.TextField(_("comment"), max_length=rules.LONGEST_COMMENT, blank=True)
    decided_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    decided_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("version of a reflection")
        verbose_name_plural = _("versions of reflections")
        ordering = ["reflection", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["reflection", "number"], name="courses_reflectionversion_once_per_number"
            ),
            models.UniqueConstraint(
                fields=["reflection", "key"], name="courses_reflectionversion_once_per_form"
            ),
            models.CheckConstraint(
                condition=Q(verdict="", decided_at__isnull=True)
                | Q(verdict__in=[rules.RETURNED, rules.ACCEPTED], decided_at__gte=F("handed_in_at")),
                name="courses_reflectionversion_answered_whole",
                violation_error_message=_("An answer has its time, and comes after the handing in."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reflection_id} · {self.number}"
