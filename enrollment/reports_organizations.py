"""Reading organizations: what they were on a day, their timeline, and their figures by year."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Count, Q, QuerySet, Sum
from django.db.models.functions import Substr
from django.utils import timezone

from enrollment import reports_parks
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
    User,
    neighbours,
    under,
)
from enrollment.models.organizations import OrganizationQuerySet
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
    if reports_parks.has_park_figures(organization.path):
        every = reports_parks.figures_by_year(organization.path)
    else:
        every = {row["year"]: _sum(row) for row in _by_year(rows)}
    return [YearFigures(year, own.get(year, Figures()), every[year]) for year in sorted(every, reverse=True)]


def _by_year(rows: QuerySet[OrganizationStanding]) -> QuerySet[OrganizationStanding, Any]:
    return rows.values("year").annotate(**SUMS)


def _sum(row: Any) -> Figures:
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


# --- The tree, one level at a time -----------------------------------------------------------------

#: So many organizations of one level are shown; the next follow when they are asked for.
LEVEL_SIZE = 100
SEARCH_SIZE = 20


@dataclass
class TreeNode:
    """One organization in the tree, with the figures of all at and below it, and its level when open."""

    organization: Organization
    figures: Figures
    below: TreeLevel | None = None


@dataclass
class TreeLevel:
    """Organizations that stand beside one another, ``page`` counting from 0."""

    parent: Organization | None
    nodes: list[TreeNode]
    page: int = 0
    has_more: bool = False


def tree_roots(user: User, year: int) -> TreeLevel:
    """Where the tree of ``user`` begins: its top, or what is in their care (two queries a depth)."""
    visible = Organization.objects.visible_to(user).active()
    if user.scope.everything:
        rows = list(visible.filter(depth=1))
    else:
        paths = user.scope.visible_paths
        tops = [path for path in paths if not any(path != one and path.startswith(one) for one in paths)]
        rows = list(visible.filter(path__in=tops))
    return TreeLevel(None, _with_figures(rows, year))


def tree_level(parent: Organization, user: User, year: int, *, page: int = 0) -> TreeLevel:
    """One page of the organizations directly below ``parent`` (two queries, however many there are)."""
    start = page * LEVEL_SIZE
    rows = list(_directly_below(parent, user)[start : start + LEVEL_SIZE + 1])
    return TreeLevel(parent, _with_figures(rows[:LEVEL_SIZE], year), page, len(rows) > LEVEL_SIZE)


def tree_opened_at(target: Organization, user: User, year: int) -> TreeLevel:
    """The tree opened down to ``target``, each level at the page with the way (three queries a level)."""
    roots = tree_roots(user, year)
    level = roots
    while True:
        node = next((one for one in level.nodes if target.path.startswith(one.organization.path)), None)
        if node is None or node.organization.path == target.path:
            return roots
        here = node.organization
        step = target.path[: len(here.path) + STEP]
        before = _directly_below(here, user).filter(path__lt=step).count()
        level = node.below = tree_level(here, user, year, page=before // LEVEL_SIZE)


def tree_search(words: str, user: User) -> list[Organization]:
    """Organizations whose name, short name or code holds all of ``words``, in tree order (one query)."""
    found = Organization.objects.visible_to(user).active()
    for word in words.split():
        found = found.filter(
            Q(name__icontains=word) | Q(short_name__icontains=word) | Q(code__icontains=word)
        )
    return list(found[:SEARCH_SIZE]) if words.split() else []


def _directly_below(parent: Organization, user: User) -> OrganizationQuerySet:
    below = Organization.objects.visible_to(user).active()
    return below.filter(path__startswith=parent.path, depth=parent.depth + 1)


def _shared(paths: list[str]) -> str:
    """The path that all of ``paths`` lie at or below; empty where they have none in common."""
    first = min(paths, key=len)
    return next(
        first[:end]
        for end in range(len(first), -1, -STEP)
        if all(path.startswith(first[:end]) for path in paths)
    )


def _with_figures(rows: list[Organization], year: int) -> list[TreeNode]:
    """``rows`` with the sums of all at and below each (one query for each depth among them)."""
    nodes = {row.path: TreeNode(row, Figures()) for row in rows}
    parks = sorted(path for path in nodes if reports_parks.has_park_figures(path))
    if parks:
        for spot, cohorts in reports_parks.park_figures(_shared(parks), year).by_place.items():
            for path in parks:
                if spot.startswith(path):
                    for figures in cohorts.values():
                        nodes[path].figures.include(figures)
    for depth in sorted({row.depth for row in rows if row.path not in parks}):
        paths = sorted(row.path for row in rows if row.depth == depth)
        by_parent: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            by_parent[path[:-STEP]].append(path)
        here = Q(pk__in=[])
        for siblings in by_parent.values():
            here |= neighbours(siblings, "organization__path")
        sums = (
            OrganizationStanding.objects.filter(here, year=year)
            .order_by()
            .annotate(place=Substr("organization__path", 1, depth * STEP, output_field=CharField()))
            .filter(place__in=paths)
            .values("place")
            .annotate(**SUMS)
        )
        for row in sums:
            if row["place"] in nodes:
                nodes[row["place"]].figures = _sum(row)
    return list(nodes.values())
