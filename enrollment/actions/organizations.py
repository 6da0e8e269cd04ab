"""Founding organizations in the tree, one or many, renaming, moving and dissolving them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

from django.db import transaction
from django.db.models import Max, Q
from django.db.models.functions import Length
from wagtail.search.backends import get_search_backend

from cms.refusals import Reason, Refused
from enrollment.actions import park_figures
from enrollment.actions.journal import note, note_many
from enrollment.actions.organization_history import TODAY, Basis, record, record_foundings, require_day
from enrollment.models import (
    STEP,
    Area,
    ChangeKind,
    IndustryTag,
    Organization,
    OrganizationKind,
    PersonTransfer,
    ServiceGroup,
    Trainee,
    User,
    under,
)
from enrollment.organization_records import End, Followed, follow
from enrollment.rules import organizations as rules

CHUNK = 2000


class OrganizationDetails(TypedDict, total=False):
    """What may be known of an organization besides its place, code, name and kind."""

    short_name: str
    area: Area | None
    service_group: ServiceGroup | None
    star: int | None
    is_social: bool
    founded_on: dt.date | None


@dataclass(frozen=True)
class Founding:
    """One organization to be founded; its parent, named by code, stands before it or exists already."""

    code: str
    name: str
    kind: str
    parent_code: str | None = None
    short_name: str = ""
    area_id: int | None = None
    service_group_id: int | None = None
    star: int | None = None
    is_social: bool = False
    founded_on: dt.date | None = None
    tag_ids: tuple[int, ...] = ()


PLAIN_FIELDS = (
    "code",
    "name",
    "kind",
    "short_name",
    "area_id",
    "service_group_id",
    "star",
    "is_social",
    "founded_on",
)


@transaction.atomic
def found(
    *,
    parent: Organization | None,
    code: str,
    name: str,
    kind: str,
    actor: User | None,
    tags: Collection[IndustryTag] = (),
    **details: Unpack[OrganizationDetails],
) -> Organization:
    """Found an organization below ``parent`` (None: at the top).

    Raises:
        Refused: no code or name, unknown kind, code taken, or parent dissolved.
    """
    area, group = details.get("area"), details.get("service_group")
    [organization] = found_in_bulk(
        rows=[
            Founding(
                code=code,
                name=name,
                kind=kind,
                parent_code=parent.code if parent else None,
                short_name=details.get("short_name", ""),
                area_id=area.pk if area else None,
                service_group_id=group.pk if group else None,
                star=details.get("star"),
                is_social=details.get("is_social", False),
                founded_on=details.get("founded_on"),
                tag_ids=tuple(tag.pk for tag in tags),
            )
        ],
        actor=actor,
    )
    if parent is not None:
        # The row was counted up under the lock; the caller's copy follows, for the tree reads it.
        parent.numchild += 1
    return organization


@transaction.atomic
def found_in_bulk(
    *,
    rows: Iterable[Founding],
    actor: User | None,
    basis: Basis = TODAY,
    out_of: Organization | None = None,
) -> list[Organization]:
    """Found many organizations, all or none, with tree paths computed here instead of one query each.

    Each gets the first line of its history; ``out_of`` names the organization they are split off from.

    Raises:
        Refused: one reason for each flaw, ``params["code"]`` naming the row.
    """
    wanted = list(rows)
    existing = _locked_parents(
        {row.parent_code for row in wanted if row.parent_code} - {row.code for row in wanted}
    )
    flaws = _flaws(wanted, existing)
    if flaws:
        raise Refused(*flaws)
    known = dict(existing)
    parents: dict[str, Organization] = {}
    last_step = _last_steps(existing.values(), with_roots=any(row.parent_code is None for row in wanted))
    new: list[Organization] = []
    for row in wanted:
        parent = known[row.parent_code] if row.parent_code else None
        parent_path = parent.path if parent else ""
        last_step[parent_path] += 1
        organization = Organization(
            path=_child_path(parent_path, last_step[parent_path]),
            depth=len(parent_path) // STEP + 1,
            numchild=0,
            **{name: getattr(row, name) for name in PLAIN_FIELDS},
        )
        if parent is not None:
            parent.numchild += 1
            parents[organization.path] = parent
        known[row.code] = organization
        new.append(organization)
    Organization.objects.bulk_create(new, batch_size=CHUNK)
    Organization.objects.bulk_update(existing.values(), ["numchild"], batch_size=CHUNK)
    _tag(new, wanted)
    record_foundings(new, parents, basis=basis, actor=actor, out_of=out_of)
    search = get_search_backend().get_index_for_model(Organization)
    for start in range(0, len(new), CHUNK):
        search.add_items(Organization, new[start : start + CHUNK])
    note_many(new, "enrollment.organization.found", actor=actor)
    return new


def _locked_parents(codes: Collection[str]) -> dict[str, Organization]:
    """Parents that exist, locked by number: two foundings below one parent get different places."""
    if not codes:
        return {}
    rows = Organization.objects.filter(code__in=codes).order_by("pk").select_for_update(no_key=True)
    return {row.code: row for row in rows}


def _last_steps(parents: Iterable[Organization], *, with_roots: bool) -> dict[str, int]:
    steps: dict[str, int] = defaultdict(int)
    with_children = [parent.path for parent in parents if parent.numchild]
    for path in with_children:
        last = Organization.objects.filter(path__startswith=path, depth=len(path) // STEP + 1).aggregate(
            last=Max("path")
        )["last"]
        steps[path] = Organization._str2int(last[-STEP:]) if last else 0
    if with_roots:
        last = Organization.objects.filter(depth=1).aggregate(last=Max("path"))["last"]
        steps[""] = Organization._str2int(last[-STEP:]) if last else 0
    return steps


def _child_path(parent_path: str, step: int) -> str:
    key = str(Organization._int2str(step))
    if len(key) > STEP:
        raise Refused(rules.TOO_MANY_BELOW)
    return f"{parent_path}{key.rjust(STEP, Organization.alphabet[0])}"


def _tag(organizations: Sequence[Organization], rows: Sequence[Founding]) -> None:
    through = Organization.tags.through
    through.objects.bulk_create(
        [
            through(organization_id=organization.pk, industrytag_id=tag_id)
            for organization, row in zip(organizations, rows, strict=True)
            for tag_id in row.tag_ids
        ],
        batch_size=CHUNK,
    )


def _flaws(rows: Sequence[Founding], existing: dict[str, Organization]) -> list[Reason]:
    taken: set[str] = set()
    codes = [row.code for row in rows]
    for start in range(0, len(codes), CHUNK):
        chunk = codes[start : start + CHUNK]
        taken.update(Organization.objects.filter(code__in=chunk).order_by().values_list("code", flat=True))
    seen: set[str] = set()
    flaws: list[Reason] = []
    for row in rows:
        found = []
        if not row.code.strip():
            found.append(rules.CODE_MISSING)
        if not row.name.strip():
            found.append(rules.NAME_MISSING)
        if row.kind not in OrganizationKind.values:
            found.append(rules.KIND_UNKNOWN)
        if row.code in taken or row.code in seen:
            found.append(rules.CODE_TAKEN)
        if row.parent_code and row.parent_code not in existing and row.parent_code not in seen:
            found.append(rules.PARENT_UNKNOWN)
        parent = existing.get(row.parent_code or "")
        if parent is not None and parent.dissolved_on is not None:
            found.append(rules.PARENT_DISSOLVED)
        seen.add(row.code)
        flaws += [
            Reason(flaw.code, flaw.message, {"code": row.code, "parent": row.parent_code or ""}, flaw.field)
            for flaw in found
        ]
    return flaws


@transaction.atomic
def rename(
    *,
    organization: Organization,
    name: str,
    actor: User | None,
    short_name: str | None = None,
    basis: Basis = TODAY,
) -> Organization:
    """Give ``organization`` another name; asking for the name it has changes nothing.

    Raises:
        Refused: the name is empty, or the day of ``basis`` does not fit its history.
    """
    if not name.strip():
        raise Refused(rules.NAME_MISSING)
    row: Organization = Organization.objects.select_for_update().get(pk=organization.pk)
    before, short_before = row.name, row.short_name
    row.name = name.strip()
    if short_name is not None:
        row.short_name = short_name.strip()
    if (row.name, row.short_name) == (before, short_before):
        return row
    if row.name != before:
        require_day(row, [ChangeKind.RENAMED], basis)
        record(row, ChangeKind.RENAMED, basis=basis, actor=actor, before=before, after=row.name)
    row.save(update_fields=["name", "short_name"])
    note(row, "enrollment.organization.rename", actor=actor, data={"before": before, "after": row.name})
    return row


class OrganizationChanges(OrganizationDetails, total=False):
    """What may be amended besides name and place."""

    kind: str
    tags: Collection[IndustryTag]


@transaction.atomic
def amend(
    *,
    organization: Organization,
    actor: User | None,
    basis: Basis = TODAY,
    **changes: Unpack[OrganizationChanges],
) -> Organization:
    """Change what is known of ``organization``; its name and place have actions of their own.

    Another kind (a branch becomes a general branch) stands in its history.

    Raises:
        Refused: there is no such kind, or the day of ``basis`` does not fit its history.
    """
    row: Organization = Organization.objects.select_for_update().get(pk=organization.pk)
    if changes.get("kind", row.kind) not in OrganizationKind.values:
        raise Refused(rules.KIND_UNKNOWN)
    before = row.kind
    if changes.get("kind", before) != before:
        require_day(row, [ChangeKind.REGRADED], basis)
        record(row, ChangeKind.REGRADED, basis=basis, actor=actor, before=before, after=changes["kind"])
    fields = sorted(set(changes) - {"tags"})
    for name in fields:
        setattr(row, name, changes.get(name))
    if fields:
        row.save(update_fields=fields)
    if "tags" in changes:
        row.tags.set(changes["tags"])
    note(row, "enrollment.organization.amend", actor=actor, data={"fields": sorted(changes)})
    return row


def lock_tree(
    *organizations: Organization, with_below: Iterable[Organization] = ()
) -> dict[int, Organization]:
    """Lock the roots, so that no path changes meanwhile, and ``organizations``, by number; return them.

    Of ``with_below`` the organizations under them are locked as well: those whose paths will be rewritten.
    """
    below = under(tuple(organization.path for organization in with_below))
    wanted = {organization.pk for organization in organizations}
    rows = Organization.objects.filter(Q(depth=1) | Q(pk__in=wanted) | below).order_by("pk")
    return {row.pk: row for row in rows.select_for_update(no_key=True)}


@transaction.atomic
def move(
    *, organization: Organization, parent: Organization, actor: User | None, basis: Basis = TODAY
) -> Organization:
    """Put ``organization``, with all below it, under another parent; people and figures go with it.

    Figures of past years stay with the organizations they were earned in: those rows name the organization,
    which only stands elsewhere in the tree now. Asking for the place it has changes nothing.

    Raises:
        Refused: the new parent is the organization itself or lies below it, or is dissolved; or the day of
            ``basis`` does not fit its history.
    """
    # The whole tree is the lock: two moves at once could put each under the other.
    above = Organization.objects.filter(path=organization.path[:-STEP])
    lock_tree(parent, *above, with_below=[organization])
    moved = move_locked(organization=organization, parent=parent, actor=actor, basis=basis)
    note(
        moved,
        "enrollment.organization.move",
        actor=actor,
        data={"before": organization.path, "after": moved.path, "parent": parent.name},
    )
    return moved


def move_locked(
    *, organization: Organization, parent: Organization, actor: User | None, basis: Basis
) -> Organization:
    """``move`` under the caller's lock of the tree, without a note in the journal."""
    row: Organization = Organization.objects.get(pk=organization.pk)
    target: Organization = Organization.objects.get(pk=parent.pk)
    if target.path.startswith(row.path):
        raise Refused(rules.INTO_ITSELF)
    if target.dissolved_on is not None:
        raise Refused(rules.PARENT_DISSOLVED)
    above = Organization.objects.filter(path=row.path[:-STEP]).first() if row.depth > 1 else None
    if above == target:
        return row
    require_day(row, [ChangeKind.MOVED], basis)
    record(
        row,
        ChangeKind.MOVED,
        basis=basis,
        actor=actor,
        before=above.name if above else "",
        after=target.name,
        parent_before=above,
        parent_after=target,
    )
    park_before = row.park_path
    park_figures.hold_back()
    park_figures.fold()
    row.move(target, pos="last-child")
    moved: Organization = Organization.objects.get(pk=row.pk)
    park_figures.take_along(moved.path, park_before, moved.park_path)
    return moved


@transaction.atomic
def dissolve(
    *,
    organization: Organization,
    on: dt.date,
    actor: User | None,
    reason: str = "",
    document_number: str = "",
    followed: list[Followed] | None = None,
) -> Organization:
    """Close an organization; its past stays. Closing it again on the same day changes nothing.

    What hangs on it and is under way is settled (``organization_records``; what it came to is added to
    ``followed``).

    Raises:
        Refused: somebody is still on its roster or on the way there, organizations below it are still active,
            it was dissolved already, or the day does not fit its history.
    """
    row: Organization = Organization.objects.select_for_update().get(pk=organization.pk)
    if row.dissolved_on == on and row.merged_into_id is None:
        return row
    reasons = []
    if row.dissolved_on is not None:
        reasons.append(rules.ALREADY_DISSOLVED)
    if _has_people(row):
        reasons.append(rules.STILL_HAS_MEMBERS)
    if PersonTransfer.objects.open().filter(to_organization=row).exists():
        reasons.append(rules.SOMEBODY_IS_COMING)
    below = Organization.objects.below(row).exclude(pk=row.pk)
    if below.active().exists():
        reasons.append(rules.STILL_HAS_CHILDREN)
    if row.founded_on is not None and on < row.founded_on:
        reasons.append(rules.DISSOLVED_BEFORE_FOUNDED)
    if reasons:
        raise Refused(*reasons)
    basis = Basis(on, reason, document_number)
    require_day(row, ChangeKind.values, basis)
    row.dissolved_on = on
    row.save(update_fields=["dissolved_on"])
    record(row, ChangeKind.DISSOLVED, basis=basis, actor=actor, before=row.name)
    end = End(row, actor, basis.day)
    done = follow(end, before_people=True) + follow(end, before_people=False)
    if followed is not None:
        followed += done
    note(row, "enrollment.organization.dissolve", actor=actor, data={"on": on.isoformat()})
    return row


def _has_people(organization: Organization) -> bool:
    here = Q(home_organization=organization) | Q(host_organization=organization)
    return Trainee.objects.active().filter(here).exists()


def repair_tree() -> int:
    """Count the children of every organization anew; return how many rows were wrong."""
    counts: dict[str, int] = defaultdict(int)
    for path in (
        Organization.objects.annotate(length=Length("path"))
        .filter(length__gt=STEP)
        .values_list("path", flat=True)
    ):
        counts[path[:-STEP]] += 1
    wrong = []
    for row in Organization.objects.only("pk", "path", "numchild"):
        if row.numchild != counts[row.path]:
            row.numchild = counts[row.path]
            wrong.append(row)
    return Organization.objects.bulk_update(wrong, ["numchild"], batch_size=CHUNK) if wrong else 0
