"""The one door to ``Occupation``: what a session takes, whom it collides with, and who is taken already.

Locking (docs/architecture.md): the base's row first, where one is involved; then occupations are inserted
in the order of their resources, so that two writers meet at the same row first. On PostgreSQL the
exclusion constraint has the last word; on SQLite the transaction is immediate and no other writer is inside.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from django.db.models import Model, Q
from django.utils import timezone

from cms.refusals import Reason
from enrollment.models import Trainee, TrainingClass
from practicum.models import (
    Audience,
    Blackout,
    Lecturer,
    Occupation,
    ResourceKind,
    Room,
    Session,
    TrainingBase,
    Vehicle,
)
from practicum.rules.clash import Agenda, Resource, Taken, agenda_of
from practicum.rules.reasons import reason

BATCH = 1000
#: How many names a refusal lists.
NAMES_SHOWN = 5
#: Rows asked for by key in one query; more are asked for by time.
KEYS_AT_ONCE = 600

#: The form field that each kind of clash belongs to.
FIELD_OF = {
    ResourceKind.ROOM: "room",
    ResourceKind.BASE: "base",
    ResourceKind.LECTURER: "lecturer",
    ResourceKind.VEHICLE: "vehicles",
    ResourceKind.CLASS: "training_class",
    ResourceKind.TRAINEE: "starts_at",
}
MODEL_OF: dict[ResourceKind, type[Model]] = {
    ResourceKind.ROOM: Room,
    ResourceKind.BASE: TrainingBase,
    ResourceKind.LECTURER: Lecturer,
    ResourceKind.VEHICLE: Vehicle,
    ResourceKind.CLASS: TrainingClass,
    ResourceKind.TRAINEE: Trainee,
}


class Want(NamedTuple):
    """A resource that a session needs, and when."""

    resource: Resource
    starts_at: dt.datetime
    ends_at: dt.datetime


class Collision(NamedTuple):
    """A want that cannot be had, and what has it."""

    resource: Resource
    taken: Taken


def wants_of(session: Session, *, vehicle_ids: Iterable[int], trainee_ids: Iterable[int]) -> list[Want]:
    """What ``session`` takes. A room is taken from its set-up on; online, people and lecturer only."""
    start, end = session.starts_at, session.ends_at
    wants: list[Want] = []
    if session.room is not None:
        setup = dt.timedelta(minutes=session.room.setup_minutes)
        wants.append(Want(Resource(ResourceKind.ROOM, session.room.pk), start - setup, end))
    if session.base_id is not None:
        wants.append(Want(Resource(ResourceKind.BASE, session.base_id), start, end))
    if session.lecturer_id is not None:
        wants.append(Want(Resource(ResourceKind.LECTURER, session.lecturer_id), start, end))
    wants += [Want(Resource(ResourceKind.VEHICLE, pk), start, end) for pk in vehicle_ids]
    if session.training_class_id is not None and session.audience == Audience.ROSTER:
        wants.append(Want(Resource(ResourceKind.CLASS, session.training_class_id), start, end))
    wants += [Want(Resource(ResourceKind.TRAINEE, pk), start, end) for pk in trainee_ids]
    return wants


def agenda_around(wants: Sequence[Want], *, ignoring: Collection[int] = ()) -> Agenda:
    """What is taken of the wanted resources while they are wanted; ``ignoring`` leaves sessions out."""
    if not wants:
        return Agenda()
    rows = Occupation.objects.overlapping(
        min(want.starts_at for want in wants), max(want.ends_at for want in wants)
    )
    if ignoring:
        rows = rows.exclude(session__in=ignoring)
    asked: dict[str, set[int]] = defaultdict(set)
    for want in wants:
        asked[want.resource.kind].add(want.resource.id)
    if sum(map(len, asked.values())) <= KEYS_AT_ONCE:
        condition = Q(pk__in=[])
        for kind, ids in asked.items():
            condition |= Q(resource_type=kind, resource_id__in=ids)
        rows = rows.filter(condition)
    found = rows.values_list("resource_type", "resource_id", "starts_at", "ends_at", "session_id")
    return agenda_of(row for row in found.iterator(chunk_size=5000) if row[1] in asked.get(row[0], ()))


def collisions(agenda: Agenda, wants: Iterable[Want]) -> list[Collision]:
    """Every want that something in ``agenda`` stands against."""
    return [
        Collision(want.resource, taken)
        for want in wants
        for taken in agenda.collisions(want.resource, want.starts_at, want.ends_at)
    ]


def occupy(session: Session, wants: Iterable[Want]) -> list[Occupation]:
    """Rows for ``wants``, in the order in which every writer inserts them; not yet saved."""
    return [
        Occupation(
            resource_type=want.resource.kind,
            resource_id=want.resource.id,
            starts_at=want.starts_at,
            ends_at=want.ends_at,
            session=session,
        )
        for want in sorted(wants, key=lambda want: (want.resource, want.starts_at))
    ]


def closures(wants: Sequence[Want]) -> list[tuple[Resource, Blackout]]:
    """Closures of the wanted bases, rooms, vehicles and lecturers that touch their days."""
    ids: dict[str, set[int]] = defaultdict(set)
    for want in wants:
        ids[want.resource.kind].add(want.resource.id)
    closable = (ResourceKind.BASE, ResourceKind.ROOM, ResourceKind.VEHICLE, ResourceKind.LECTURER)
    condition = Q(pk__in=[])
    for kind in closable:
        if ids[kind]:
            condition |= Q(**{f"{kind.value}__in": ids[kind]})
    if not condition.children or not any(ids[kind] for kind in closable):
        return []
    first = min(timezone.localdate(want.starts_at) for want in wants)
    last = max(timezone.localdate(want.ends_at) for want in wants)
    return [
        (Resource(kind, pk), row)
        for row in Blackout.objects.filter(condition).touching(first, last)
        for kind in closable
        if (pk := getattr(row, f"{kind.value}_id")) is not None
    ]


def closure_reasons(wants: Iterable[Want], closed: Iterable[tuple[Resource, Blackout]]) -> list[Reason]:
    """Refusals of wants that fall on a day of closure."""
    by_resource: dict[Resource, list[Blackout]] = defaultdict(list)
    for resource, row in closed:
        by_resource[resource].append(row)
    reasons = []
    for want in wants:
        first, last = timezone.localdate(want.starts_at), timezone.localdate(want.ends_at)
        for row in by_resource.get(want.resource, ()):
            if row.starts_on <= last and first <= row.ends_on:
                kind = ResourceKind(want.resource.kind)
                who = str(getattr(row, kind.value))
                reasons.append(
                    reason(
                        "blacked_out",
                        FIELD_OF[kind],
                        who=who,
                        first=row.starts_on,
                        last=row.ends_on,
                        why=row.reason,
                    )
                )
                break
    return reasons


def clash_reasons(found: Iterable[Collision]) -> list[Reason]:
    """Sentences that say who is taken, by what, where and when. People at the same session share one."""
    found = list(found)
    if not found:
        return []
    holders = Session.objects.with_place().in_bulk({collision.taken.holder for collision in found})
    names = _names({collision.resource for collision in found})
    people: dict[int, list[str]] = defaultdict(list)
    reasons: list[Reason] = []
    for collision in found:
        session = holders.get(collision.taken.holder)
        if session is None:
            continue
        who = names.get(collision.resource, "?")
        if collision.resource.kind == ResourceKind.TRAINEE:
            people[session.pk].append(who)
            continue
        kind = ResourceKind(collision.resource.kind)
        reasons.append(reason("occupied", FIELD_OF[kind], who=who, **_told(session)))
    for pk, who_all in people.items():
        shown = "、".join(who_all[:NAMES_SHOWN])
        if len(who_all) > NAMES_SHOWN:
            shown += f" … (+{len(who_all) - NAMES_SHOWN})"
        reasons.append(reason("people_occupied", "starts_at", who=shown, **_told(holders[pk])))
    return reasons


def _told(session: Session) -> dict[str, object]:
    start, end = timezone.localtime(session.starts_at), timezone.localtime(session.ends_at)
    return {
        "title": session.title,
        "where": session.where or session.get_mode_display(),
        "when": f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}",
    }


def _names(resources: Collection[Resource]) -> dict[Resource, str]:
    by_kind: dict[str, set[int]] = defaultdict(set)
    for resource in resources:
        by_kind[resource.kind].add(resource.id)
    names: dict[Resource, str] = {}
    for kind, ids in by_kind.items():
        if kind == ResourceKind.ROOM:
            rooms = Room.objects.filter(pk__in=ids).select_related("venue")
            names |= {Resource(kind, room.pk): f"{room.venue} {room}" for room in rooms}
        else:
            rows = MODEL_OF[ResourceKind(kind)]._default_manager.filter(pk__in=ids)
            names |= {Resource(kind, row.pk): str(row) for row in rows}
    return names
