"""How far a class has come: its steps, and what each still misses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from enrollment import closing
from enrollment.closing import Line
from enrollment.models import (
    ROSTER_STATUSES,
    ClassStatus,
    Enrollment,
    EnrollmentStatus,
    Quota,
    TrainingClass,
)
from enrollment.rules import checklist as rules
from enrollment.rules.checklist import LifeFacts, Step

LABELS: dict[str, str | Promise] = {
    "plan": _("Plan"),
    "notice": _("Notice"),
    "quota": _("Quotas"),
    "nomination": _("Nomination"),
    "roster": _("Roster"),
    "groups": _("Groups"),
    "timetable": _("Timetable"),
    "attendance": _("Attendance"),
    "survey": _("Satisfaction survey"),
    "closing": _("Closing"),
    "certificates": _("Certificates"),
    "archive": _("Archive"),
}
#: Where a step is done, unless the checklist knows.
PAGES = {
    "quota": "class_quotas",
    "nomination": "class_roster",
    "roster": "class_roster",
    "groups": "class_roster",
    "closing": "class_closing",
    "certificates": "class_roster",
    "archive": "class_archive",
}
#: The course of a class's life, as a reader of its page follows it.
COURSE = (
    ClassStatus.DRAFT,
    ClassStatus.NOMINATING,
    ClassStatus.RUNNING,
    ClassStatus.CLOSED,
    ClassStatus.ARCHIVED,
)


@dataclass(frozen=True)
class LifeStep:
    """A step with its name and where it is done."""

    step: Step
    label: str | Promise
    url: str


def course_of(training_class: TrainingClass) -> tuple[list[str], int]:
    """The statuses in order, and which of them (from 1) the class has reached; 0 when called off."""
    names = [str(status.label) for status in COURSE]
    if training_class.status == ClassStatus.CANCELLED:
        return names, 0
    return names, COURSE.index(ClassStatus(training_class.status)) + 1


def steps_of(training_class: TrainingClass, lines: Sequence[Line] | None = None) -> list[LifeStep]:
    """The steps of a class; ``lines`` is its checklist where that was asked for already."""
    lines = closing.checklist(training_class) if lines is None else lines
    counts = Enrollment.objects.filter(training_class=training_class).aggregate(
        nominated=Count("pk", filter=Q(status=EnrollmentStatus.NOMINATED)),
        waiting=Count("pk", filter=Q(status=EnrollmentStatus.WAITLISTED)),
        on_roster=Count("pk", filter=Q(status__in=ROSTER_STATUSES)),
        grouped=Count("pk", filter=Q(status__in=ROSTER_STATUSES, group_number__isnull=False)),
        certified=Count(
            "certificate", filter=Q(status__in=ROSTER_STATUSES, certificate__revoked_at__isnull=True)
        ),
    )
    facts = LifeFacts(
        status=training_class.status,
        starts_on=training_class.starts_on,
        ends_on=training_class.ends_on,
        today=timezone.localdate(),
        quotas=Quota.objects.filter(training_class=training_class).count(),
        items={line.item.code: line.checked.is_done for line in lines},
        survey=next(
            (
                line.checked.missing[0]
                for line in lines
                if line.item.code == "survey" and line.checked.missing
            ),
            None,
        ),
        **counts,
    )
    urls = {line.item.code: line.url for line in lines}
    return [
        LifeStep(
            step,
            LABELS[step.code],
            urls.get(step.code)
            or reverse(f"enrollment:{PAGES.get(step.code, 'class_page')}", args=[training_class.pk]),
        )
        for step in rules.steps(facts)
    ]
