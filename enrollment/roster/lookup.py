"""What the database knows of the organizations and people that a roster names: a few set-based reads."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Q

from enrollment.models import Appointment, Organization, RosterColumns, Trainee, User
from enrollment.rules.roster import Alias, Column, Person, Stored, organization_variants
from enrollment.rules.roster.cells import name_as_read
from enrollment.rules.roster.mapping import Remembered

#: Values in one IN list: below the limit of every database we run on.
CHUNK = 400


def chunks(values: Iterable[Any], size: int = CHUNK) -> Iterator[list[Any]]:
    """``values`` in lists of at most ``size``, without repeats, in a steady order."""
    ordered = list(dict.fromkeys(values))
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def organizations_in_reach(organization: Organization | None, actor: User | None) -> Any:
    """Those whose people ``actor`` may import, at or below ``organization`` if one is given."""
    reach = Organization.objects.all() if actor is None else Organization.objects.manageable_by(actor)
    return reach if organization is None else reach.below(organization)


def columns_kept_by(organization: Organization | None, actor: User | None) -> Organization | None:
    """Whose word about columns holds for an import: ``organization``, else the highest in reach."""
    return organization or organizations_in_reach(None, actor).order_by("path").first()


def remembered_columns(organization: Organization | None, actor: User | None) -> Remembered:
    """What was said before about the columns of rosters, by the digest of their headings."""
    keeper = columns_kept_by(organization, actor)
    if keeper is None:
        return {}
    return {
        digest: {heading: Column(name) for heading, name in told.items()}
        for digest, told in RosterColumns.objects.filter(organization=keeper).values_list("digest", "told")
    }


def organizations_named(
    names: Iterable[str], *, organization: Organization | None, actor: User | None
) -> tuple[dict[str, tuple[int, ...]], frozenset[int]]:
    """Names → ids in reach, and which of these are dissolved. A full name or a code outranks a short name."""
    wanted = {variant for name in names for variant in organization_variants(name)}
    certain: dict[str, set[int]] = defaultdict(set)
    short: dict[str, set[int]] = defaultdict(set)
    dissolved: set[int] = set()
    reach = organizations_in_reach(organization, actor).order_by()
    for batch in chunks(sorted(wanted)):
        found = reach.filter(Q(name__in=batch) | Q(code__in=batch) | Q(short_name__in=batch))
        for pk, name, code, short_name, ended in found.values_list(
            "pk", "name", "code", "short_name", "dissolved_on"
        ):
            if ended is not None:
                dissolved.add(pk)
            for title in (name, code):
                for variant in organization_variants(title):
                    certain[variant].add(pk)
            if short_name:
                for variant in organization_variants(short_name):
                    short[variant].add(pk)
    merged = {key: tuple(sorted(ids)) for key, ids in short.items()}
    merged.update({key: tuple(sorted(ids)) for key, ids in certain.items()})
    return merged, frozenset(dissolved)


def still_open(ids: Collection[int], *, organization: Organization | None, actor: User | None) -> set[int]:
    """Which of the organizations ``ids`` are still in reach and not dissolved."""
    reach = organizations_in_reach(organization, actor).order_by()
    return {
        pk
        for batch in chunks(sorted(ids))
        for pk in reach.filter(pk__in=batch, dissolved_on__isnull=True).values_list("pk", flat=True)
    }


def names_of(ids: Collection[int]) -> dict[int, str]:
    """The full names of organizations."""
    return dict(Organization.objects.filter(pk__in=ids).order_by().values_list("pk", "name"))


_FIELDS = (
    "pk", "name", "home_organization_id", "gender", "ethnicity", "born_on", "education", "joined_on",
    "member_status", "phone", "identity_digest", "note", "home_organization__path",
)  # fmt: skip


def stored_people(people: Sequence[Person], *, actor: User | None) -> list[Stored]:
    """Everybody on the roster whom one of ``people`` may be: by identity, by phone, or by organization."""
    found: dict[int, tuple[Any, ...]] = {}
    active = Trainee.objects.active().order_by()

    def collect(field: str, values: Iterable[Any]) -> None:
        for batch in chunks(values):
            for row in active.filter(**{f"{field}__in": batch}).values_list(*_FIELDS):
                found[row[0]] = row

    collect("identity_digest", (person.identity_digest for person in people if person.identity_digest))
    collect("phone", (person.phone for person in people if person.phone))
    # Whole organizations, not names: their people are few, and names are not selective.
    names = {(person.name, person.organization_id) for person in people}
    for batch in chunks(person.organization_id for person in people if person.organization_id):
        for row in active.filter(home_organization__in=batch).values_list(*_FIELDS).iterator(chunk_size=2000):
            if (name_as_read(row[1]), row[2]) in names:
                found[row[0]] = row
    aliases = _aliases(people, names)
    for batch in chunks(pk for pk in aliases if pk not in found):
        for row in active.filter(pk__in=batch).values_list(*_FIELDS):
            found[row[0]] = row
    posts = {
        trainee_id: post
        for batch in chunks(found)
        for trainee_id, post in Appointment.objects.current()
        .filter(trainee__in=batch)
        .order_by()
        .values_list("trainee_id", "post")
    }
    return [
        _stored(row, posts.get(pk, "member"), actor, tuple(aliases.get(pk, ()))) for pk, row in found.items()
    ]


def _aliases(
    people: Sequence[Person], names: Collection[tuple[str | None, int | None]]
) -> dict[int, list[Alias]]:
    """What people on the roster are also known by: records that were merged into theirs, by their key.

    Merged records are few beside a roster: one query reads them all.
    """
    digests = {person.identity_digest for person in people if person.identity_digest}
    phones = {person.phone for person in people if person.phone}
    merged = Trainee.objects.filter(merged_into__isnull=False, merged_into__left_on__isnull=True).order_by()
    aliases: dict[int, list[Alias]] = defaultdict(list)
    for keeper_id, name, home_id, phone, digest in merged.values_list(
        "merged_into_id", "name", "home_organization_id", "phone", "identity_digest"
    ).iterator(chunk_size=2000):
        alias = Alias(name, home_id, phone, digest)
        if (
            alias.identity_digest in digests
            or alias.phone in phones
            or (name_as_read(alias.name), alias.organization_id) in names
        ):
            aliases[keeper_id or 0].append(alias)
    return aliases


def _stored(row: tuple[Any, ...], post: str, actor: User | None, known_as: tuple[Alias, ...]) -> Stored:
    pk, name, home, gender, ethnicity, born, education, joined, status, phone, digest, note, path = row
    return Stored(
        id=pk,
        name=name,
        organization_id=home,
        gender=gender,
        ethnicity=ethnicity,
        born_on=_iso(born),
        education=education,
        joined_on=_iso(joined),
        member_status=status,
        post=post,
        phone=phone,
        identity_digest=digest,
        note=note,
        manageable=actor is None or actor.scope.everything or path.startswith(actor.scope.managed_paths),
        known_as=known_as,
    )


def _iso(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
