"""What waits for those who teach."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet

from courses.models import Reflection, ReflectionStatus, ReflectionVersion
from courses.models.access import may_follow
from courses.models.outlines import CourseOutline, catalogue
from courses.reports.discussion import questions_waiting
from enrollment.models import User


@dataclass(frozen=True)
class TaughtCourse:
    """A course of somebody's modules, with how much of it waits for them."""

    course: CourseOutline
    module_title: str
    reflections: int
    questions: int


def reflections_waiting(user: User) -> QuerySet[Reflection]:
    """Reflections that ``user`` may decide on, those waiting longest first; to be paged."""
    return (
        Reflection.objects.manageable_by(user)
        .waiting()
        .select_related("progress__user__trainee__home_organization", "progress__lesson", "progress__course")
        .order_by("handed_in_at", "pk")
    )


def reflections_decided(user: User) -> QuerySet[Reflection]:
    """Those that were answered, the latest first; to be paged."""
    return (
        Reflection.objects.manageable_by(user)
        .exclude(status=ReflectionStatus.WAITING)
        .select_related("progress__user__trainee__home_organization", "progress__lesson", "progress__course")
        .order_by("-handed_in_at", "-pk")
    )


def reflection_to_read(user: User, pk: int) -> Reflection | None:
    """One of them with all its versions and pictures (three queries)."""
    versions = ReflectionVersion.objects.select_related("decided_by").prefetch_related("pictures")
    return (
        Reflection.objects.manageable_by(user)
        .select_related("progress__user__trainee__home_organization", "progress__lesson", "progress__course")
        .prefetch_related(Prefetch("versions", queryset=versions.order_by("-number")))
        .filter(pk=pk)
        .first()
    )


def courses_taught(user: User) -> list[TaughtCourse]:
    """The published courses of the modules that ``user`` teaches, all for administrators."""
    held = catalogue()
    waiting = dict(
        Reflection.objects.manageable_by(user)
        .waiting()
        .values("progress__course")
        .annotate(count=Count("pk", filter=Q(status=ReflectionStatus.WAITING)))
        .values_list("progress__course", "count")
    )
    asked = dict(
        questions_waiting(user)
        .order_by()
        .values("course")
        .annotate(count=Count("pk"))
        .values_list("course", "count")
    )
    return [
        TaughtCourse(course, module.title, waiting.get(course.pk, 0), asked.get(course.pk, 0))
        for module in held.modules.values()
        if may_follow(user, module.instructor_pks)
        for course in module.courses
    ]
