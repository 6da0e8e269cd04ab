"""The class itself: opened, changed, and moved on in its life."""

from __future__ import annotations

import datetime as dt
from typing import TypedDict, Unpack

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.class_news import tell_enrolled, tell_left_out
from enrollment.actions.classes.moving import promote
from enrollment.actions.classes.seats import lock_class, seat_plan, seating
from enrollment.actions.journal import note
from enrollment.closing import reasons_against
from enrollment.models import (
    ClassArchive,
    ClassStatus,
    Cohort,
    Enrollment,
    EnrollmentStatus,
    TrainingClass,
    User,
)
from enrollment.roster_changes import announce
from enrollment.rules import capacity as capacity_rule
from enrollment.rules import class_life as rules


class ClassDetails(TypedDict, total=False):
    """What may be said of a class besides its title, number and dates."""

    cohort: Cohort | None
    teacher: User | None
    capacity: int
    description: str
    is_centralized: bool
    late_after_minutes: int
    early_before_minutes: int
    needs_sign_out: bool
    absence_limit_percent: int | None
    leave_counts_as_absence: bool
    leave_teacher_hours: int
    dimension: str


class ClassChanges(ClassDetails, total=False):
    """What may be changed in a class."""

    title: str
    code: str
    starts_on: dt.date
    ends_on: dt.date


@transaction.atomic
def open_class(
    *,
    title: str,
    starts_on: dt.date,
    ends_on: dt.date,
    actor: User | None,
    code: str = "",
    **details: Unpack[ClassDetails],
) -> TrainingClass:
    """Open a class as a draft; without a number it gets the next one of its year (2026-001).

    Raises:
        Refused: no title, dates backward, no seat, or the number belongs to another class.
    """
    draft = TrainingClass(
        title=title.strip(),
        code=code.strip() or _next_code(starts_on.year),
        year=starts_on.year,
        starts_on=starts_on,
        ends_on=ends_on,
        **details,
    )
    _check(draft)
    draft.save()
    note(draft, "enrollment.class.open", actor=actor)
    return draft


def _next_code(year: int) -> str:
    taken = set(TrainingClass.objects.filter(code__startswith=f"{year}-").values_list("code", flat=True))
    number = len(taken) + 1
    while f"{year}-{number:03d}" in taken:
        number += 1
    return f"{year}-{number:03d}"


def _check(training_class: TrainingClass) -> None:
    reasons = []
    if not training_class.title.strip():
        reasons.append(rules.NO_TITLE)
    if training_class.ends_on < training_class.starts_on:
        reasons.append(rules.DATES_BACKWARD)
    if training_class.capacity < 1:
        reasons.append(rules.NO_SEATS)
    others = TrainingClass.objects.filter(code=training_class.code).exclude(pk=training_class.pk)
    if others.exists():
        reasons.append(rules.CODE_TAKEN)
    if reasons:
        raise Refused(*reasons)


@seating
def amend_class(
    *, training_class: TrainingClass, actor: User | None, **changes: Unpack[ClassChanges]
) -> TrainingClass:
    """Change a class; more seats promote the waitlist at once.

    Raises:
        Refused: see ``open_class``; and fewer seats than are taken or promised.
    """
    row = lock_class(training_class)
    plan = seat_plan(row)
    for name, value in changes.items():
        setattr(row, name, value)
    row.year = row.starts_on.year
    _check(row)
    shrunk = capacity_rule.capacity_refusal(capacity=row.capacity, plan=plan)
    if shrunk is not None:
        raise Refused(shrunk)
    row.save()
    note(row, "enrollment.class.amend", actor=actor, data={"fields": sorted(changes)})
    promote(training_class=row, actor=actor)
    return row


def facts_of(training_class: TrainingClass) -> rules.ClassFacts:
    """What a change of the class's status is judged by."""
    counts = Enrollment.objects.filter(training_class=training_class).aggregate(
        on_roster=Count("pk", filter=Q(status__in=[EnrollmentStatus.ENROLLED, EnrollmentStatus.COMPLETED])),
        nominated=Count("pk", filter=Q(status=EnrollmentStatus.NOMINATED)),
        certificates=Count("certificate", filter=Q(certificate__revoked_at__isnull=True)),
    )
    return rules.ClassFacts(
        status=training_class.status,
        ends_on=training_class.ends_on,
        today=timezone.localdate(),
        is_sealed=ClassArchive.objects.filter(training_class=training_class).exists(),
        closing_reasons=reasons_against(training_class)
        if training_class.status == ClassStatus.RUNNING
        else (),
        **counts,
    )


@transaction.atomic
def transition(*, training_class: TrainingClass, to: str, actor: User | None) -> TrainingClass:
    """Move the class on in its life.

    Running takes the nominated in. Closing completes whoever is still on the roster, and ends what was left
    undecided; reopening takes that completion back.

    Raises:
        Refused: not a next status, or what stands against it (nobody on the roster, closing checks …).
    """
    row = lock_class(training_class)
    before = row.status
    against = rules.refusals(facts_of(row), to)
    if against:
        raise Refused(*against)
    enrollments = Enrollment.objects.filter(training_class=row)
    now = timezone.now()
    joining: list[Enrollment] = []
    leaving: list[Enrollment] = []
    if to == ClassStatus.RUNNING and before != ClassStatus.CLOSED:
        joining = list(enrollments.filter(status=EnrollmentStatus.NOMINATED))
        enrollments.filter(status=EnrollmentStatus.NOMINATED).update(
            status=EnrollmentStatus.ENROLLED, updated_at=now
        )
    elif to == ClassStatus.RUNNING:
        enrollments.filter(status=EnrollmentStatus.COMPLETED).update(
            status=EnrollmentStatus.ENROLLED, updated_at=now
        )
    elif to == ClassStatus.CLOSED:
        enrollments.filter(status=EnrollmentStatus.ENROLLED).update(
            status=EnrollmentStatus.COMPLETED, updated_at=now
        )
        undecided = enrollments.filter(status__in=[EnrollmentStatus.NOMINATED, EnrollmentStatus.WAITLISTED])
        leaving = list(undecided)
        undecided.update(status=EnrollmentStatus.WITHDRAWN, waiting_since=None, updated_at=now)
    elif to == ClassStatus.CANCELLED:
        present = enrollments.exclude(status=EnrollmentStatus.WITHDRAWN)
        leaving = list(present)
        present.update(status=EnrollmentStatus.WITHDRAWN, waiting_since=None, updated_at=now)
    row.status = to
    row.save(update_fields=["status"])
    announce(row)
    note(row, "enrollment.class.transition", actor=actor, data={"before": before, "after": to})
    for held in joining:
        held.status, held.updated_at = EnrollmentStatus.ENROLLED, now
    for held in leaving:
        held.updated_at = now
    tell_enrolled(row, joining)
    tell_left_out(row, leaving, actor=actor, cause=to)
    return row
