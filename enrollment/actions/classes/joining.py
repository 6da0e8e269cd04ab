"""Joining a class: nominated by the affairs worker or put on the roster, in a seat or on the waitlist."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils import timezone

from cms.refusals import Reason, Refused
from enrollment.actions.class_news import tell_enrolled
from enrollment.actions.classes.seats import QuotasByPath, lock_class, seat_plan, seating
from enrollment.actions.journal import note_many
from enrollment.actions.standings import lock_trainees
from enrollment.models import (
    ROSTER_STATUSES,
    SEATED_STATUSES,
    Appointment,
    ClassStatus,
    Enrollment,
    EnrollmentStatus,
    Organization,
    Quota,
    Trainee,
    TrainingClass,
    User,
)
from enrollment.roster_changes import announce
from enrollment.rules import class_life as rules
from enrollment.rules.capacity import SeatPlan
from enrollment.rules.eligibility import Terms, refusals

CHUNK = 2000


@dataclass
class EnrolResult:
    """What became of many people who were to join a class."""

    enrolled: list[Enrollment] = field(default_factory=list)
    waitlisted: list[Enrollment] = field(default_factory=list)
    already: list[Enrollment] = field(default_factory=list)
    refused: list[tuple[Trainee, Reason]] = field(default_factory=list)


def nominate(*, training_class: TrainingClass, trainee: Trainee, actor: User | None) -> Enrollment:
    """Nominate ``trainee`` under the quota of their organization; over the quota they wait.

    Raises:
        Refused: nominations not open, no quota, another cohort, person gone, or not in the actor's scope.
    """
    result = nominate_in_bulk(training_class=training_class, trainees=[trainee], actor=actor)
    if result.refused:
        raise Refused(*(reason for _trainee, reason in result.refused))
    return (result.enrolled or result.waitlisted or result.already)[0]


@seating
def nominate_in_bulk(
    *, training_class: TrainingClass, trainees: Iterable[Trainee], actor: User | None
) -> EnrolResult:
    """Nominate many people; each refusal is returned with its reason."""
    people = list(trainees)
    row = lock_class(training_class)
    if row.status != ClassStatus.NOMINATING:
        return EnrolResult(refused=[(person, rules.NOT_NOMINATING) for person in people])
    in_scope: set[int] | None = None
    if actor is not None:
        in_scope = set(
            Trainee.objects.manageable_by(actor)
            .filter(pk__in=[person.pk for person in people])
            .values_list("pk", flat=True)
        )
    terms = row.terms
    cohorts: dict[int, str] = {}
    if terms.cohorts:
        cohorts = dict(
            Appointment.objects.current()
            .filter(trainee_id__in=[person.pk for person in people])
            .values_list("trainee_id", "cohort")
        )
    return _join(
        row,
        people,
        actor=actor,
        status=EnrollmentStatus.NOMINATED,
        nomination=_Nomination(in_scope, terms, cohorts),
    )


def enrol(
    *, training_class: TrainingClass, trainee: Trainee, actor: User | None, quota: Quota | None = None
) -> Enrollment:
    """Put ``trainee`` on the roster, or on the waitlist when no seat is free.

    Without ``quota`` the one that covers their organization is used, if there is any. A nominated person is
    confirmed; one who withdrew may come back.

    Raises:
        Refused: the class is closed, the person has left, or the quota is another organization's.
    """
    result = enrol_in_bulk(training_class=training_class, trainees=[trainee], actor=actor, quota=quota)
    if result.refused:
        raise Refused(*(reason for _trainee, reason in result.refused))
    return (result.enrolled or result.waitlisted or result.already)[0]


@seating
def enrol_in_bulk(
    *,
    training_class: TrainingClass,
    trainees: Iterable[Trainee],
    actor: User | None,
    quota: Quota | None = None,
) -> EnrolResult:
    """Enrol many people at a fixed number of queries; each refusal is returned with its reason."""
    people = list(trainees)
    row = lock_class(training_class)
    if row.status not in rules.OPEN_FOR_ENROLMENT:
        return EnrolResult(refused=[(person, rules.NOT_OPEN) for person in people])
    return _join(row, people, actor=actor, status=EnrollmentStatus.ENROLLED, quota=quota)


@dataclass(frozen=True)
class _Nomination:
    """What a nomination asks besides a seat."""

    in_scope: set[int] | None
    terms: Terms
    cohorts: dict[int, str]

    def refusal(self, trainee: Trainee, quota_id: int | None, path: str) -> Reason | None:
        if self.in_scope is not None and trainee.pk not in self.in_scope:
            return rules.NOT_YOURS
        if against := refusals(self.terms, cohort=self.cohorts.get(trainee.pk, ""), path=path):
            return against[0]
        if quota_id is None:
            return rules.NO_QUOTA
        return None


def _join(
    row: TrainingClass,
    people: Sequence[Trainee],
    *,
    actor: User | None,
    status: EnrollmentStatus,
    quota: Quota | None = None,
    nomination: _Nomination | None = None,
) -> EnrolResult:
    """Give seats of a locked class to ``people`` in their order."""
    result = EnrolResult()
    # As they are now: somebody who is leaving, or being merged into another record, is waited for.
    present_now = lock_trainees(person.pk for person in people)
    people = [present_now[person.pk] for person in people if person.pk in present_now]
    plan = seat_plan(row)
    quotas = QuotasByPath(row)
    paths = dict(
        Organization.objects.filter(pk__in={person.home_organization_id for person in people})
        .order_by()
        .values_list("pk", "path")
    )
    present = {
        held.trainee_id: held
        for held in Enrollment.objects.filter(training_class=row, trainee_id__in=[p.pk for p in people])
    }
    now = timezone.now()
    new: list[Enrollment] = []
    changed: list[Enrollment] = []
    for person in people:
        held = present.get(person.pk)
        path = paths[person.home_organization_id]
        quota_id = quota.pk if quota else quotas.covering(path)
        reason = _refusal(person, quota, quotas, path)
        if reason is None and nomination is not None:
            reason = nomination.refusal(person, quota_id, path)
        if reason is not None:
            result.refused.append((person, reason))
            continue
        if held is not None and not _changes(held, status):
            result.already.append(held)
            continue
        if held is None:
            held = Enrollment(training_class=row, trainee=person, created_at=now)
            present[person.pk] = held
            new.append(held)
        else:
            changed.append(held)
        _seat(held, status, quota_id, plan, now)
        held.nominated_by = actor if nomination is not None else held.nominated_by
        held.updated_at = now
        (result.waitlisted if held.status == EnrollmentStatus.WAITLISTED else result.enrolled).append(held)
    Enrollment.objects.bulk_create(new, batch_size=CHUNK)
    Enrollment.objects.bulk_update(
        changed,
        ["status", "quota", "waiting_since", "nominated_by", "note", "updated_at"],
        batch_size=200,
    )
    if any(held.status in ROSTER_STATUSES for held in result.enrolled):
        announce(row)
    tell_enrolled(row, result.enrolled)
    verb = "nominate" if nomination is not None else "enrol"
    note_many(result.enrolled, f"enrollment.enrollment.{verb}", actor=actor)
    note_many(result.waitlisted, "enrollment.enrollment.waitlist", actor=actor)
    return result


def _refusal(person: Trainee, quota: Quota | None, quotas: QuotasByPath, path: str) -> Reason | None:
    if person.left_on is not None:
        return rules.LEFT
    if quota is not None and not quotas.covers(quota.pk, path):
        return rules.FOREIGN_QUOTA
    return None


def _changes(held: Enrollment, status: EnrollmentStatus) -> bool:
    """Whether joining with ``status`` changes anything for somebody who is in the class already."""
    if held.status in {EnrollmentStatus.WITHDRAWN, EnrollmentStatus.WAITLISTED}:
        return True
    return held.status == EnrollmentStatus.NOMINATED and status == EnrollmentStatus.ENROLLED


def _seat(
    held: Enrollment, status: EnrollmentStatus, quota_id: int | None, plan: SeatPlan, now: dt.datetime
) -> None:
    if held.status in SEATED_STATUSES and held.pk is not None:
        held.status = status
        return
    held.quota_id = quota_id
    if plan.take(quota_id):
        held.status, held.waiting_since = status, None
    else:
        held.waiting_since = held.waiting_since or now
        held.status = EnrollmentStatus.WAITLISTED
    held.note = ""
