"""Reads about training classes: what quotas are proposed, who is eligible, and who has missed how much."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from cms.refusals import Reason
from enrollment import presence
from enrollment.models import (
    SEATED_STATUSES,
    STEP,
    Appointment,
    Enrollment,
    EnrollmentStatus,
    Organization,
    OrganizationKind,
    Quota,
    Trainee,
    TrainingClass,
    User,
    under,
)
from enrollment.rules import class_policy, eligibility
from enrollment.rules.class_policy import Tally
from enrollment.rules.eligibility import Terms
from enrollment.rules.quota import Claim, proposal

PARK, ORGANIZATION = "park", "organization"
#: A table of quotas longer than this is proposed by park instead: nobody checks it, and no form carries it.
LONGEST_TABLE = 600


# --- Quotas ----------------------------------------------------------------------------------------


@dataclass
class QuotaRow:
    """One organization in the table of quotas."""

    organization: Organization
    people: int = 0
    seats: int = 0
    taken: int = 0
    waiting: int = 0
    proposed: int | None = None

    @property
    def shown(self) -> int:
        """The seats that stand in the table: the proposal's, else the quota's."""
        return self.seats if self.proposed is None else self.proposed


def quota_table(training_class: TrainingClass) -> list[QuotaRow]:
    """The quotas of a class: how many are taken, who waits, how many people are eligible; in tree order."""
    quotas = (
        Quota.objects.filter(training_class=training_class)
        .select_related("organization")
        .annotate(
            taken=Count("enrollments", filter=Q(enrollments__status__in=SEATED_STATUSES)),
            waiting=Count("enrollments", filter=Q(enrollments__status=EnrollmentStatus.WAITLISTED)),
        )
        .order_by("organization__path")
    )
    rows = [
        QuotaRow(quota.organization, seats=quota.seats, taken=quota.taken, waiting=quota.waiting)
        for quota in quotas
    ]
    people = _people_by_path(training_class.terms)
    for row in rows:
        row.people = sum(number for path, number in people.items() if path.startswith(row.organization.path))
    return rows


def quota_proposal(
    training_class: TrainingClass, *, level: str, minimum_one: bool, seats: int | None = None
) -> list[QuotaRow]:
    """The table with seats proposed by formula, for parks or for organizations; nothing is saved.

    ``seats`` are given out in all (the class's own number unless told). Quotas that stand and are not of
    this level are proposed to end, as far as nobody holds them.
    """
    rows = {row.organization.path: row for row in quota_table(training_class)}
    counted: dict[str, int] = {}
    for path, number in _people_by_path(training_class.terms).items():
        place = path[: 2 * STEP] if level == PARK else path
        counted[place] = counted.get(place, 0) + number
    named = {
        place.path: place
        for place in Organization.objects.active().filter(path__in=counted.keys() - rows.keys())
    }
    for place in named.values():
        rows[place.path] = QuotaRow(place)
    for path, row in rows.items():
        row.people = counted.get(path, 0)
    free = training_class.capacity - _taken_without_quota(training_class)
    given = proposal(
        [Claim(row.organization.pk, row.people, row.taken) for row in rows.values()],
        seats=max(0, min(free, seats if seats is not None else free)),
        minimum_one=minimum_one,
    )
    for row in rows.values():
        row.proposed = given[row.organization.pk]
    kept = [row for row in rows.values() if row.proposed or row.seats or row.taken]
    return sorted(kept, key=lambda row: row.organization.path)


def rows_for(organizations: Collection[int]) -> list[QuotaRow]:
    """Rows of organizations that have no quota yet."""
    return [QuotaRow(place) for place in Organization.objects.filter(pk__in=organizations)]


def _taken_without_quota(training_class: TrainingClass) -> int:
    return Enrollment.objects.filter(training_class=training_class, quota__isnull=True).seated().count()


def _people_by_path(terms: Terms) -> dict[str, int]:
    """How many people a class is for, by the path of their home organization (one query)."""
    people = Appointment.objects.current().filter(trainee__left_on__isnull=True)
    if terms.cohorts:
        people = people.filter(cohort__in=terms.cohorts)
    if terms.places:
        people = people.filter(under(tuple(terms.places), "trainee__home_organization__path"))
    rows = (
        people.filter(trainee__home_organization__dissolved_on__isnull=True)
        .order_by()
        .values_list("trainee__home_organization__path")
        .annotate(people=Count("trainee", distinct=True))
    )
    return dict(rows)


def parks() -> QuerySet[Organization]:
    """The parks, to choose whom a class is for."""
    found: QuerySet[Organization] = Organization.objects.active().filter(kind=OrganizationKind.PARK)
    return found


# --- Who is eligible -------------------------------------------------------------------------------


def cohorts_of(trainees: Iterable[int]) -> dict[int, str]:
    """The cohort of each trainee now (one query)."""
    return dict(
        Appointment.objects.current().filter(trainee__in=list(trainees)).values_list("trainee_id", "cohort")
    )


def reasons_against(terms: Terms, people: Collection[Trainee]) -> dict[int, tuple[Reason, ...]]:
    """Why each of ``people`` (with their home organizations) is not eligible; who is, is left out."""
    if terms.is_open:
        return {}
    cohorts = cohorts_of([person.pk for person in people]) if terms.cohorts else {}
    found = {
        person.pk: eligibility.refusals(
            terms, cohort=cohorts.get(person.pk, ""), path=person.home_organization.path
        )
        for person in people
    }
    return {pk: reasons for pk, reasons in found.items() if reasons}


# --- Presence --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ProposedWithdrawal:
    """Somebody who has missed so much that the class teacher is asked."""

    enrollment: Enrollment
    tally: Tally
    missed: int

    @property
    def percent(self) -> int:
        """The share missed, in whole percent."""
        return self.missed * 100 // self.tally.sessions


def proposed_withdrawals(training_class: TrainingClass) -> list[ProposedWithdrawal]:
    """People on the roster past the share of absence that the class allows, most missed first."""
    policy = training_class.absence_policy
    if policy.limit_percent is None:
        return []
    tallies = presence.tallies_of(training_class)
    wanted = class_policy.proposed_withdrawals(tallies, policy)
    if not wanted:
        return []
    rows: Any = Enrollment.objects.filter(
        training_class=training_class, trainee__in=wanted, status=EnrollmentStatus.ENROLLED
    ).select_related("trainee__home_organization")
    held = {row.trainee_id: row for row in rows}
    return [
        ProposedWithdrawal(held[pk], tallies[pk], class_policy.missed(tallies[pk], policy))
        for pk in wanted
        if pk in held
    ]


def classes_open_to(user: User) -> QuerySet[TrainingClass]:
    """Classes that take nominations now, for somebody who asks whether they may come."""
    if not user.is_authenticated or not user.is_active:
        return TrainingClass.objects.none()
    return TrainingClass.objects.filter(status="nominating").select_related("cohort").order_by("starts_on")
