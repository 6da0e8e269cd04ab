"""Courses given to a cohort, a class or an organization, with a day by which they are due."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models.catalogue import CoursePage
from enrollment.models import Appointment, Enrollment, Trainee
from enrollment.models.classes import ROSTER_STATUSES

#: Exactly one of the three is set.
_ONE_TARGET = (
    Q(cohort__isnull=False, training_class__isnull=True, organization__isnull=True)
    | Q(cohort__isnull=True, training_class__isnull=False, organization__isnull=True)
    | Q(cohort__isnull=True, training_class__isnull=True, organization__isnull=False)
)


class CourseAssignmentQuerySet(models.QuerySet["CourseAssignment"]):
    """Which assignments."""

    def for_trainee(self, trainee: Trainee | int, day: dt.date) -> Self:
        """Those that reach ``trainee`` on ``day``: through cohort, class, or an organization at or above."""
        cohorts = Appointment.objects.on(day).filter(trainee=trainee).values("cohort")
        classes = Enrollment.objects.filter(trainee=trainee, status__in=ROSTER_STATUSES).values(
            "training_class"
        )
        above = models.OuterRef("organization__path")
        person = Trainee.objects.filter(pk=trainee if isinstance(trainee, int) else trainee.pk)
        at_or_above = person.filter(
            Q(home_organization__path__startswith=above) | Q(host_organization__path__startswith=above)
        )
        return self.filter(
            Q(cohort__code__in=cohorts) | Q(training_class__in=classes) | models.Exists(at_or_above)
        )


class CourseAssignment(models.Model):
    """A course that somebody has to finish by a day."""

    course = models.ForeignKey(
        CoursePage, on_delete=models.CASCADE, related_name="assignments", verbose_name=_("course")
    )
    cohort = models.ForeignKey(
        "enrollment.Cohort",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="course_assignments",
        verbose_name=_("cohort"),
    )
    training_class = models.ForeignKey(
        "enrollment.TrainingClass",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="course_assignments",
        verbose_name=_("training class"),
    )
    organization = models.ForeignKey(
        "enrollment.Organization",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="course_assignments",
        verbose_name=_("organization"),
    )
    due_on = models.DateField(_("due on"))
    is_mandatory = models.BooleanField(_("mandatory"), default=True)
    created_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = CourseAssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("course assignment")
        verbose_name_plural = _("course assignments")
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=_ONE_TARGET,
                name="courses_courseassignment_one_target",
                violation_error_message=_(
                    "Choose a cohort, a class or an organization: exactly one of them."
                ),
            ),
            *(
                models.UniqueConstraint(
                    fields=["course", target],
                    condition=Q(**{f"{target}__isnull": False}),
                    name=f"courses_courseassignment_once_per_{name}",
                    violation_error_message=_(
                        "This course has already been given to them; change its due date."
                    ),
                )
                for target, name in (
                    ("cohort", "cohort"),
                    ("training_class", "class"),
                    ("organization", "organization"),
                )
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course} → {self.target}"

    def people(self, day: dt.date) -> models.QuerySet[Trainee]:
        """Those on the roster whom it reaches on ``day``: the other way round of ``for_trainee``."""
        present = Trainee.objects.active()
        if self.cohort is not None:
            held = Appointment.objects.on(day).filter(cohort=self.cohort.code)
            return present.filter(pk__in=held.values("trainee"))
        if self.training_class_id is not None:
            held_seats = Enrollment.objects.filter(
                training_class=self.training_class_id, status__in=ROSTER_STATUSES
            )
            return present.filter(pk__in=held_seats.values("trainee"))
        assert self.organization is not None
        path = self.organization.path
        return present.filter(
            Q(home_organization__path__startswith=path) | Q(host_organization__path__startswith=path)
        )

    @property
    def target(self) -> str:
        """Whom it was given to, in words."""
        return str(self.cohort or self.training_class or self.organization or "")
