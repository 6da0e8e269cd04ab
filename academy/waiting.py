"""What waits for somebody in the admin: a figure, what it counts, and the way to where it is done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.models import TaskState

from courses.reports.discussion import questions_waiting
from courses.reports.teaching import reflections_waiting
from enrollment.models import (
    BranchActivity,
    ClassLeave,
    ClassLeaveStatus,
    CorrectionRequest,
    DuplicatePair,
    Enrollment,
    EnrollmentStatus,
    ExternalTraining,
    HourAdjustment,
    RosterImport,
    TrainingClass,
    TrainingNeed,
    User,
)
from practicum.models import Session, Visit, VisitStatus


@dataclass(frozen=True)
class Kind:
    """Work of one kind: what waits of it for somebody, and the address of the list where it is done."""

    code: str
    label: Promise
    view: str
    #: (for whom, since when today runs, now)
    rows: Callable[[User, dt.datetime, dt.datetime], QuerySet[Any]]


@dataclass(frozen=True)
class Waiting:
    """How much of one kind waits."""

    kind: Kind
    count: int


def _nominated(user: User) -> QuerySet[Enrollment]:
    classes = TrainingClass.objects.manageable_by(user)
    return Enrollment.objects.filter(status=EnrollmentStatus.NOMINATED, training_class__in=classes)


def _imports(user: User) -> QuerySet[RosterImport]:
    found = RosterImport.objects.filter(status=RosterImport.Status.READY)
    return found if user.scope.everything else found.none()


#: In the order of the panel: what is due today first, then what others wait for, then the rest.
KINDS = (
    Kind(
        "sessions_today",
        _("sessions today"),
        "practicum_sessions:index",
        lambda user, today, now: (
            Session.objects.run_by(user).standing().held_between(today, today + dt.timedelta(days=1))
        ),
    ),
    Kind(
        "unsettled",
        _("past sessions whose hours are not posted"),
        "practicum_sessions:index",
        lambda user, today, now: Session.objects.run_by(user).unsettled().filter(ends_at__lt=today),
    ),
    Kind(
        "moderation",
        _("pages wait for my review"),
        "wagtailadmin_reports:workflow_tasks",
        lambda user, today, now: TaskState.objects.reviewable_by(user),
    ),
    Kind(
        "reflections",
        _("reflections wait for my comment"),
        "courses:teaching_reflections",
        lambda user, today, now: reflections_waiting(user),
    ),
    Kind(
        "questions",
        _("questions wait for an answer"),
        "courses:teaching_questions",
        lambda user, today, now: questions_waiting(user),
    ),
    Kind(
        "nominations",
        _("nominations wait for confirmation"),
        "enrollment:class_list",
        lambda user, today, now: _nominated(user),
    ),
    Kind(
        "leave",
        _("leave slips wait for an answer"),
        "enrollment:class_list",
        lambda user, today, now: ClassLeave.objects.manageable_by(user).filter(
            status=ClassLeaveStatus.REQUESTED
        ),
    ),
    Kind(
        "visits",
        _("visits wait for the academy"),
        "practicum_visits:index",
        lambda user, today, now: Visit.objects.manageable_by(user).filter(
            status__in=[VisitStatus.REQUESTED, VisitStatus.PROPOSED]
        ),
    ),
    Kind(
        "stranded",
        _("visits lost their place: move them or call them off"),
        "practicum_visits:index",
        lambda user, today, now: Visit.objects.manageable_by(user).stranded(now),
    ),
    Kind(
        "held_up",
        _("sessions lost their lecturer, room, base or vehicle: settle them"),
        "practicum:closures",
        lambda user, today, now: Session.objects.manageable_by(user).stranded(now),
    ),
    Kind(
        "external",
        _("external trainings wait for my decision"),
        "portal:workbench_external",
        lambda user, today, now: ExternalTraining.objects.decidable_by(user),
    ),
    Kind(
        "adjustments",
        _("adjustments of hours wait for my decision"),
        "portal:workbench_adjustments",
        lambda user, today, now: HourAdjustment.objects.decidable_by(user),
    ),
    Kind(
        "activities",
        _("branch activities wait for approval or a check"),
        "portal:workbench_activities",
        lambda user, today, now: BranchActivity.objects.judged_by(user).waiting(),
    ),
    Kind(
        "needs",
        _("training needs wait for an answer"),
        "enrollment:needs",
        lambda user, today, now: TrainingNeed.objects.manageable_by(user).open(),
    ),
    Kind(
        "imports",
        _("roster imports wait for confirmation"),
        "portal:workbench_imports",
        lambda user, today, now: _imports(user),
    ),
    Kind(
        "corrections",
        _("people ask for a correction of their record"),
        "portal:workbench_requests",
        lambda user, today, now: CorrectionRequest.objects.manageable_by(user).waiting(),
    ),
    Kind(
        "duplicates",
        _("records may be of one person"),
        "portal:workbench_duplicates",
        lambda user, today, now: DuplicatePair.objects.manageable_by(user).open(),
    ),
)


def waiting_for(user: User) -> list[Waiting]:
    """What waits for ``user`` in the admin; only what there is. One query for each kind of work."""
    now = timezone.now()
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    counts = [Waiting(kind, kind.rows(user, today, now).count()) for kind in KINDS]
    return [waiting for waiting in counts if waiting.count]
