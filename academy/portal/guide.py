"""What a guide of a service group reads of the organizations the group looks after."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import Case, Count, F, Max, Q, QuerySet, Value, When
from django.utils import timezone

from enrollment.models import (
    SEATED_STATUSES,
    Appointment,
    BranchActivity,
    ClassStatus,
    EnrollmentStatus,
    Guidance,
    Organization,
    OrganizationStanding,
    Quota,
    Standing,
    User,
)
from enrollment.models.deadlines import SecretaryDeadline, new_secretaries
from enrollment.reports import SUMS, Figures, needs_attention


@dataclass
class Guided:
    """One organization, its year, and what is wanting there."""

    organization: Organization
    figures: Figures = field(default_factory=Figures)
    short: int = 0
    without_centralized: int = 0
    #: New secretaries whose first training is still to come.
    new_secretaries: int = 0
    #: Classes that take nominations, with seats for this organization and nobody sent.
    open_classes: int = 0
    activities: int = 0
    #: Follow-ups that wait, and of these the ones that should have been settled already.
    follow_ups: int = 0
    overdue: int = 0
    last_contact: dt.date | None = None

    @property
    def needs_attention(self) -> bool:
        """Whether a guide has something to do there."""
        return bool(
            self.short
            or self.without_centralized
            or self.new_secretaries
            or self.open_classes
            or self.overdue
        )


def organizations_of(user: User) -> QuerySet[Organization]:
    """The organizations of the service groups of ``user``, in the order of the tree."""
    found: QuerySet[Organization] = (
        Organization.objects.visible_to(user).guided_by(user).select_related("service_group")
    )
    return found


def unfilled(organizations: list[Organization]) -> QuerySet[Quota]:
    """Seats in classes that take nominations, for which nobody has been sent."""
    sent = Q(enrollments__status__in=[*SEATED_STATUSES, EnrollmentStatus.WAITLISTED])
    return (
        Quota.objects.filter(
            organization__in=organizations, training_class__status=ClassStatus.NOMINATING, seats__gt=0
        )
        .annotate(sent=Count("enrollments", filter=sent))
        .filter(sent=0)
        .select_related("training_class")
        .order_by("training_class__starts_on", "pk")
    )


def new_secretaries_in(organizations: list[Organization]) -> list[SecretaryDeadline]:
    """New secretaries there, with the time of their first training (one query)."""
    return new_secretaries(Appointment.objects.filter(organization__in=organizations), timezone.localdate())


def activities_in(organizations: list[Organization], year: int) -> QuerySet[BranchActivity]:
    """Branch activities of ``year`` in the academy's time zone."""
    zone = timezone.get_default_timezone()
    begins, ends = (dt.datetime(number, 1, 1, tzinfo=zone) for number in (year, year + 1))
    return BranchActivity.objects.filter(
        organization__in=organizations, starts_at__gte=begins, starts_at__lt=ends
    )


def guided(user: User, year: int) -> list[Guided]:
    """Every organization with its figures and wants (seven queries, however many there are)."""
    places = {place.pk: Guided(place) for place in organizations_of(user)}
    here = [place.organization for place in places.values()]
    sums = (
        OrganizationStanding.objects.filter(year=year, organization__in=here)
        .order_by()
        .values_list("organization")
        .annotate(**SUMS)
    )
    for pk, *figures in sums:
        places[pk].figures = Figures(*figures)
    wants = (
        Standing.objects.filter(year=year, organization__in=here, is_exempt=False)
        .order_by()
        .values_list("organization")
        .annotate(
            short=Count("pk", filter=Q(has_reached=False)),
            centralized=Count("pk", filter=Q(centralized_required__gt=F("centralized_entries"))),
        )
    )
    for pk, short, centralized in wants:
        places[pk].short, places[pk].without_centralized = short, centralized
    for row in new_secretaries_in(here):
        if not row.is_done:
            places[row.appointment.organization_id].new_secretaries += 1
    for quota in unfilled(here):
        places[quota.organization_id].open_classes += 1
    held = activities_in(here, year).order_by().values_list("organization").annotate(total=Count("pk"))
    for pk, total in held:
        places[pk].activities = total
    today = timezone.localdate()
    waiting = Q(follow_up_by__isnull=False, settled_on__isnull=True)
    contacts = (
        Guidance.objects.filter(organization__in=here)
        .order_by()
        .values_list("organization")
        .annotate(
            waiting=Count("pk", filter=waiting),
            overdue=Count("pk", filter=waiting & Q(follow_up_by__lt=today)),
            last=Max("held_on"),
        )
    )
    for pk, follow_ups, overdue, last in contacts:
        place = places[pk]
        place.follow_ups, place.overdue, place.last_contact = follow_ups, overdue, last
    return list(places.values())


def total_of(places: list[Guided]) -> Figures:
    """The figures of all of them together."""
    total = Figures()
    for place in places:
        total.include(place.figures)
    return total


def people_wanting(user: User, organization: Organization, year: int) -> QuerySet[Standing]:
    """Who is still short there, or lacks a centralized training: by name, in no order of merit."""
    people: QuerySet[Standing] = needs_attention(user, year).filter(organization=organization)
    return people


def guidance_of(user: User, organization: Organization) -> QuerySet[Guidance]:
    """What guides did there, the latest first; follow-ups that wait stand before everything else."""
    waits_first = Case(
        When(follow_up_by__isnull=False, settled_on__isnull=True, then=Value(0)), default=Value(1)
    )
    records: QuerySet[Guidance] = Guidance.objects.visible_to(user).filter(organization=organization)
    return records.order_by(waits_first, "-held_on", "-pk")
