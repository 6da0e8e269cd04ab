"""Moving on in a class: up from the waitlist, out of the class, or to its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.class_news import tell_left_out, tell_promoted
from enrollment.actions.classes.seats import lock_class, seat_plan, seating
from enrollment.actions.journal import note, note_many
from enrollment.models import (
    ROSTER_STATUSES,
    ClassStatus,
    Enrollment,
    EnrollmentStatus,
    TrainingClass,
    User,
)
from enrollment.roster_changes import announce
from enrollment.rules import capacity as capacity_rule
from enrollment.rules import class_life as rules
from enrollment.rules.capacity import Waiting


@seating
def promote(*, training_class: TrainingClass, actor: User | None) -> list[Enrollment]:
    """Move people up from the waitlist of a locked class into free seats; return them in order."""
    if training_class.status not in rules.OPEN_FOR_ENROLMENT:
        return []
    waiting = list(Enrollment.objects.filter(training_class=training_class).waiting())
    if not waiting:
        return []
    ids = set(
        capacity_rule.promotions(
            [Waiting(held.pk, held.quota_id) for held in waiting], seat_plan(training_class)
        )
    )
    promoted = [held for held in waiting if held.pk in ids]
    now = timezone.now()
    for held in promoted:
        # Whoever was nominated still waits for the academy's word; whoever was enrolled is on the roster.
        held.status = (
            EnrollmentStatus.NOMINATED
            if held.nominated_by_id and training_class.status != ClassStatus.RUNNING
            else EnrollmentStatus.ENROLLED
        )
        held.waiting_since = None
        held.updated_at = now
    Enrollment.objects.bulk_update(promoted, ["status", "waiting_since", "updated_at"], batch_size=200)
    if any(held.status in ROSTER_STATUSES for held in promoted):
        announce(training_class)
    note_many(promoted, "enrollment.enrollment.promote", actor=actor)
    tell_promoted(training_class, promoted)
    return promoted


@seating
def withdraw(*, enrollment: Enrollment, actor: User | None, reason: str) -> list[Enrollment]:
    """Take somebody out of a class; the seat goes to the waitlist. Returns whoever was promoted.

    Raises:
        Refused: no reason, class no longer open, already out, or the class is completed.
    """
    if not reason.strip():
        raise Refused(rules.WITHDRAWAL_REASON_MISSING)
    row = lock_class(enrollment.training_class)
    held = Enrollment.objects.get(pk=enrollment.pk)
    if row.status not in rules.OPEN_FOR_ENROLMENT:
        raise Refused(rules.NOT_OPEN)
    if held.status == EnrollmentStatus.WITHDRAWN:
        raise Refused(rules.NOT_ON)
    if held.status == EnrollmentStatus.COMPLETED:
        raise Refused(rules.COMPLETED)
    if held.status in ROSTER_STATUSES:
        announce(row)
    held.status, held.waiting_since, held.note = EnrollmentStatus.WITHDRAWN, None, reason.strip()[:200]
    held.group_number, held.is_monitor, held.is_group_leader = None, False, False
    held.save()
    note(held, "enrollment.enrollment.withdraw", actor=actor, data={"reason": held.note})
    tell_left_out(row, [held], actor=actor, reason=held.note)
    enrollment.status = held.status
    return promote(training_class=row, actor=actor)


@transaction.atomic
def complete_in_bulk(
    *, training_class: TrainingClass, enrollments: Iterable[Enrollment], actor: User | None
) -> list[Enrollment]:
    """Mark people on the roster as having completed the class; those who have already are left out."""
    row = lock_class(training_class)
    wanted: dict[str, Any] = {"pk__in": [held.pk for held in enrollments], "training_class": row}
    people = list(Enrollment.objects.filter(status=EnrollmentStatus.ENROLLED, **wanted))
    for held in people:
        held.status = EnrollmentStatus.COMPLETED
        held.updated_at = timezone.now()
    Enrollment.objects.bulk_update(people, ["status", "updated_at"], batch_size=200)
    note_many(people, "enrollment.enrollment.complete", actor=actor)
    return people
