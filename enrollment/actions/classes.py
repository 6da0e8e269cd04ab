"""Training classes: opening them, their quotas, who is on the roster, and their life.

The class row is locked once per transaction, seats are computed from the enrolments, then written. Order:
class, then trainees (docs/rules/classes.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from cms.refusals import Reason, Refused
from enrollment.actions.class_news import tell_enrolled, tell_left_out, tell_promoted
from enrollment.actions.journal import note, note_many
from enrollment.actions.standings import lock_trainees
from enrollment.closing import reasons_against
from enrollment.models import (
    ROSTER_STATUSES,
    SEATED_STATUSES,
    Appointment,
    ClassArchive,
    ClassStatus,
    Cohort,
    Enrollment,
    EnrollmentStatus,
    Organization,
    Quota,
    Trainee,
    TrainingClass,
    User,
)
from enrollment.roster_changes import announce
from enrollment.rules import capacity as capacity_rule
from enrollment.rules import class_life as rules
from enrollment.rules.capacity import QuotaSeats, SeatPlan, Waiting
from enrollment.rules.eligibility import Terms, refusals

CHUNK = 2000


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


@dataclass
class EnrolResult:
    """What became of many people who were to join a class."""

    enrolled: list[Enrollment] = field(default_factory=list)
    waitlisted: list[Enrollment] = field(default_factory=list)
    already: list[Enrollment] = field(default_factory=list)
    refused: list[tuple[Trainee, Reason]] = field(default_factory=list)


# --- The class itself ------------------------------------------------------------------------------


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


@transaction.atomic
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


def lock_class(training_class: TrainingClass) -> TrainingClass:
    """Lock and return the class as it is now; every change of its roster begins here."""
    return TrainingClass.objects.select_for_update(of=("self",), no_key=True).get(pk=training_class.pk)


def seat_plan(training_class: TrainingClass) -> SeatPlan:
    """The seats of a locked class, computed from its quotas and enrolments (two queries)."""
    quotas = {
        pk: QuotaSeats(seats)
        for pk, seats in Quota.objects.filter(training_class=training_class).values_list("pk", "seats")
    }
    plan = SeatPlan(training_class.capacity, quotas)
    taken = (
        Enrollment.objects.filter(training_class=training_class)
        .seated()
        .order_by()
        .values_list("quota_id")
        .annotate(people=Count("pk"))
    )
    for quota_id, people in taken:
        if quota_id is None:
            plan.taken_without_quota = people
        else:
            quotas[quota_id].taken = people
    return plan


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


# --- Quotas ----------------------------------------------------------------------------------------


@transaction.atomic
def set_quotas(*, training_class: TrainingClass, seats: Mapping[int, int], actor: User | None) -> list[Quota]:
    """Give seats to organizations, by id; 0 takes a quota away. Quotas not named stay as they are.

    Raises:
        Refused: fewer seats than are taken under a quota, or more in all than the class has to give.
    """
    row = lock_class(training_class)
    plan = seat_plan(row)
    present = {quota.organization_id: quota for quota in Quota.objects.filter(training_class=row)}
    after = {organization_id: quota.seats for organization_id, quota in present.items()} | dict(seats)
    against = capacity_rule.quota_refusals(
        capacity=row.capacity,
        taken_without_quota=plan.taken_without_quota,
        seats=after,
        taken={o: plan.quotas[quota.pk].taken for o, quota in present.items()},
    )
    if against:
        raise Refused(*against)
    removed = [present[o].pk for o, number in seats.items() if number == 0 and o in present]
    Enrollment.objects.filter(quota_id__in=removed).update(quota=None)
    Quota.objects.filter(pk__in=removed).delete()
    Quota.objects.bulk_create(
        [Quota(training_class=row, organization_id=o, seats=number) for o, number in seats.items() if number],
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["training_class", "organization"],
        update_fields=["seats"],
    )
    note(row, "enrollment.class.quota", actor=actor, data={"organizations": len(seats)})
    promote(training_class=row, actor=actor)
    return list(Quota.objects.filter(training_class=row, organization_id__in=seats))


def set_quota(
    *, training_class: TrainingClass, organization: Organization, seats: int, actor: User | None
) -> Quota | None:
    """Give one organization ``seats`` seats; 0 takes its quota away (None).

    Raises:
        Refused: see ``set_quotas``.
    """
    quotas = set_quotas(training_class=training_class, seats={organization.pk: seats}, actor=actor)
    return quotas[0] if quotas else None


class _QuotasByPath:
    """Which quota of a class covers an organization: its own, else that of the nearest one above it."""

    def __init__(self, training_class: TrainingClass) -> None:
        self.by_path: dict[str, int] = dict(
            Quota.objects.filter(training_class=training_class).values_list("organization__path", "pk")
        )

    def covering(self, path: str) -> int | None:
        covering = [own for own in self.by_path if path.startswith(own)]
        return self.by_path[max(covering, key=len)] if covering else None

    def covers(self, quota_id: int, path: str) -> bool:
        return any(pk == quota_id and path.startswith(own) for own, pk in self.by_path.items())


# --- The roster ------------------------------------------------------------------------------------


def nominate(*, training_class: TrainingClass, trainee: Trainee, actor: User | None) -> Enrollment:
    """Nominate ``trainee`` under the quota of their organization; over the quota they wait.

    Raises:
        Refused: nominations not open, no quota, another cohort, person gone, or not in the actor's scope.
    """
    result = nominate_in_bulk(training_class=training_class, trainees=[trainee], actor=actor)
    if result.refused:
        raise Refused(*(reason for _trainee, reason in result.refused))
    return (result.enrolled or result.waitlisted or result.already)[0]


@transaction.atomic
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


@transaction.atomic
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
    quotas = _QuotasByPath(row)
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


def _refusal(person: Trainee, quota: Quota | None, quotas: _QuotasByPath, path: str) -> Reason | None:
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


@transaction.atomic
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


@transaction.atomic
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
