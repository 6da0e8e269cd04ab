"""Reading organizations: what they were on a day, their timeline, and their figures by year."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from enrollment.models import (
    STEP,
    ChangeKind,
    ClassStatus,
    Organization,
    OrganizationChange,
)
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
