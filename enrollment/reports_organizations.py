"""Reading organizations: what they were on a day, their timeline, and their figures by year."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from enrollment.models import (
    STEP,
    ChangeKind,
    ClassStatus,
    Organization,
    OrganizationChange,
    OrganizationStanding,
    Quota,
    RoleGrant,
    Trainee,
    under,
)
from enrollment.reports import SUMS, Figures
from enrollment.rules.organization_history import Line, Status, status_on, value_on

#: Statuses of classes whose quotas and nominations are under way.
OPEN_CLASSES = (ClassStatus.DRAFT, ClassStatus.NOMINATING, ClassStatus.RUNNING)


@dataclass(frozen=True)
class OrganizationThen:
    """An organization as it was on a day; ``parent_id`` None where it stood at the top."""

    name: str
    kind: str
    parent_id: int | None
    status: Status


def as_of(organizations: Iterable[Organization], day: dt.date) -> dict[int, OrganizationThen]:
    """What ``organizations`` were on ``day``, by number (two queries, however many)."""
    rows = list(organizations)
    lines: dict[int, list[OrganizationChange]] = defaultdict(list)
    changes = OrganizationChange.objects.filter(organization__in=[row.pk for row in rows])
    for change in changes.order_by("effective_on", "pk"):
        lines[change.organization_id].append(change)
    above = {row.path[:-STEP] for row in rows if row.depth > 1}
    parents = dict(Organization.objects.filter(path__in=above).order_by().values_list("path", "pk"))
    return {row.pk: _then(row, lines[row.pk], parents.get(row.path[:-STEP]), day) for row in rows}


def _then(
    row: Organization, changes: list[OrganizationChange], parent_id: int | None, day: dt.date
) -> OrganizationThen:
    def texts(kind: ChangeKind) -> list[Line[str]]:
        return [Line(one.effective_on, one.before, one.after) for one in changes if one.kind == kind]

    places = [
        Line(one.effective_on, one.parent_before_id, one.parent_after_id)
        for one in changes
        if one.kind == ChangeKind.MOVED
    ]
    return OrganizationThen(
        name=value_on(texts(ChangeKind.RENAMED), day, row.name),
        kind=value_on(texts(ChangeKind.REGRADED), day, row.kind),
        parent_id=value_on(places, day, parent_id),
        status=status_on(day, row.founded_on, row.dissolved_on),
    )


def timeline(organization: Organization) -> QuerySet[OrganizationChange]:
    """Its history, newest first, with what others that merged into it or left it have to do with it."""
    return (
        OrganizationChange.objects.about(organization)
        .select_related("organization", "other", "parent_before", "parent_after", "recorded_by")
        .order_by("-effective_on", "-pk")
    )


@dataclass(frozen=True)
class YearFigures:
    """Figures of one year: of its own people, and of everybody at or below it."""

    year: int
    own: Figures
    with_below: Figures


def figures_by_year(organization: Organization) -> list[YearFigures]:
    """The years an organization has figures of, latest first (two queries; nobody is walked over).

    A past year counts those who stand below it now; what each earned stays with the one it was earned in.
    """
    rows = OrganizationStanding.objects.filter(organization__path__startswith=organization.path).order_by()
    own = {row["year"]: _sum(row) for row in _by_year(rows.filter(organization=organization))}
    every = {row["year"]: _sum(row) for row in _by_year(rows)}
    return [YearFigures(year, own.get(year, Figures()), every[year]) for year in sorted(every, reverse=True)]


def _by_year(rows: QuerySet[OrganizationStanding]) -> QuerySet[OrganizationStanding, dict[str, int]]:
    return rows.values("year").annotate(**SUMS)


def _sum(row: dict[str, int]) -> Figures:
    return Figures(row["n_people"], row["n_exempt"], row["n_reached"], row["n_required"], row["n_earned"])


@dataclass(frozen=True)
class Consequences:
    """What a change of some organizations touches.

    ``people`` are on their own rosters today; ``people_below`` count in this year's figures at or below them;
    ``children`` stand directly below and are active, ``below`` anywhere below; ``open_classes`` are those
    under way in which they have seats; ``roles`` are granted there.
    """

    people: int
    people_below: int
    children: int
    below: int
    open_classes: int
    roles: int


def consequences_for(organizations: Iterable[Organization]) -> Consequences:
    """What a change of ``organizations`` touches (five queries, however many people)."""
    rows = list(organizations)
    numbers = [row.pk for row in rows]
    paths = tuple(row.path for row in rows)
    directly = Q(pk__in=[])
    for row in rows:
        directly |= Q(path__startswith=row.path, depth=row.depth + 1)
    places = Organization.objects.filter(under(paths)).exclude(pk__in=numbers).active().order_by()
    counts = places.aggregate(children=Count("pk", filter=directly), below=Count("pk"))
    figures = OrganizationStanding.objects.filter(
        under(paths, "organization__path"), year=timezone.localdate().year
    )
    return Consequences(
        people=Trainee.objects.active().filter(home_organization__in=numbers).count(),
        people_below=figures.aggregate(people=Sum("people", default=0))["people"],
        children=counts["children"],
        below=counts["below"],
        open_classes=Quota.objects.filter(
            organization__in=numbers, training_class__status__in=OPEN_CLASSES
        ).aggregate(classes=Count("training_class", distinct=True))["classes"],
        roles=RoleGrant.objects.filter(organization__in=numbers).count(),
    )
