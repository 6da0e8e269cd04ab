"""Admitting people to the roster, their posts, and their leaving."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone
from wagtail.search import index
from wagtail.search.backends import get_search_backend

from cms.refusals import Reason, Refused
from enrollment.actions.journal import note, note_many
from enrollment.actions.standings import (
    FigureChanges,
    History,
    judge,
    lock_trainees,
    refresh_standings,
    this_year,
    write_standings,
)
from enrollment.models import (
    Appointment,
    MemberStatus,
    Organization,
    Post,
    Standing,
    Trainee,
    User,
)
from enrollment.rules import people as rules
from enrollment.rules.person_mergers import MERGED_RECORD

CHUNK = 2000


class PersonDetails(TypedDict, total=False):
    """What a roster record may say of a person besides name, organization and post."""

    user: User | None
    gender: str
    ethnicity: str
    born_on: dt.date | None
    education: str
    phone: str | None
    identity_digest: str | None
    identity_tail: str
    joined_on: dt.date | None
    member_status: str
    host_organization: Organization | None
    note: str


@dataclass(frozen=True)
class Admission:
    """One person to be admitted, by id.

    ``started_on`` None means: on the roster since before this year, so the whole year's target is owed.
    """

    name: str
    organization_id: int
    post: str = Post.MEMBER
    started_on: dt.date | None = None
    user_id: int | None = None
    gender: str = ""
    ethnicity: str = ""
    born_on: dt.date | None = None
    education: str = ""
    phone: str | None = None
    identity_digest: str | None = None
    identity_tail: str = ""
    joined_on: dt.date | None = None
    member_status: str = MemberStatus.FULL
    host_organization_id: int | None = None
    note: str = ""


PERSON_FIELDS = tuple(
    name for name in Admission.__dataclass_fields__ if name not in {"organization_id", "post", "started_on"}
)


@dataclass(frozen=True)
class Amendment:
    """Changes to one person: ``details`` by field name, and a new post or organization if not None."""

    trainee_id: int
    details: Mapping[str, Any] = field(default_factory=dict)
    post: str | None = None
    organization_id: int | None = None
    on: dt.date | None = None


AMENDABLE = frozenset(PERSON_FIELDS) - {"user_id"}


def admit(
    *,
    name: str,
    organization: Organization,
    actor: User | None,
    post: str = Post.MEMBER,
    started_on: dt.date | None = None,
    **details: Unpack[PersonDetails],
) -> Trainee:
    """Put one person on the roster of ``organization``; their standing of the year exists at once.

    Raises:
        Refused: no name, unknown post, organization dissolved, or phone or identity already on the roster.
    """
    by_id: dict[str, Any] = dict(details)
    user = by_id.pop("user", None)
    host = by_id.pop("host_organization", None)
    if organization.dissolved_on is not None:
        raise Refused(rules.DISSOLVED)
    [trainee] = admit_in_bulk(
        rows=[
            Admission(
                name=name,
                organization_id=organization.pk,
                post=post,
                started_on=started_on,
                user_id=user.pk if user else None,
                host_organization_id=host.pk if host else None,
                **by_id,
            )
        ],
        actor=actor,
    )
    return trainee


def admit_in_bulk(*, rows: Iterable[Admission], actor: User | None) -> list[Trainee]:
    """Admit many people, all or none; the same as ``admit`` for each, at a few queries per two thousand.

    Raises:
        Refused: one reason for each flaw, ``params["row"]`` counting from 1.
    """
    wanted = list(rows)
    admitted: list[Trainee] = []
    with transaction.atomic():
        # All at once and before anything else: organizations stand furthest left in the order of locks.
        closed = lock_organizations(
            {row.organization_id for row in wanted}
            | {row.host_organization_id for row in wanted if row.host_organization_id}
        )
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            flaws = _flaws(chunk, first=start + 1, closed=closed)
            if flaws:
                raise Refused(*flaws)
            admitted += _admit_chunk(chunk, actor)
    return admitted


def lock_organizations(organization_ids: Iterable[int]) -> set[int]:
    """Lock organizations that take people in, by number; return those that have been dissolved.

    Whoever merges or dissolves one holds the same lock: nobody is put on a roster that has just been closed.
    """
    wanted = set(organization_ids)
    if not wanted:
        return set()
    rows = Organization.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True)
    return {pk for pk, dissolved_on in rows.values_list("pk", "dissolved_on") if dissolved_on is not None}


def _admit_chunk(rows: Sequence[Admission], actor: User | None) -> list[Trainee]:
    now = timezone.now()
    trainees = Trainee.objects.bulk_create(
        [
            Trainee(
                **{name: getattr(row, name) for name in PERSON_FIELDS},
                home_organization_id=row.organization_id,
                created_at=now,
                updated_at=now,
            )
            for row in rows
        ]
    )
    year = this_year()
    since = dt.date(year, 1, 1)
    appointments = Appointment.objects.bulk_create(
        [
            _appointment(trainee.pk, row.organization_id, row.post, row.started_on or since)
            for trainee, row in zip(trainees, rows, strict=True)
        ]
    )
    figures = FigureChanges()
    standings: list[Standing] = []
    for appointment in appointments:
        history = History(None, appointment.organization_id, (appointment,), ())
        standing = history.standing_of(appointment.trainee_id, year)
        if standing is not None:
            judge(standing, 0)
            figures.add(standing)
            standings.append(standing)
    write_standings(standings)
    figures.post()
    _index(trainees)
    note_many(trainees, "enrollment.person.admit", actor=actor)
    return trainees


def _appointment(trainee_id: int, organization_id: int, post: str, started_on: dt.date) -> Appointment:
    return Appointment(
        trainee_id=trainee_id,
        organization_id=organization_id,
        post=post,
        cohort=rules.cohort_of(post),
        on_committee=rules.is_on_committee(post),
        started_on=started_on,
    )


def _index(trainees: Sequence[Trainee]) -> None:
    """Make people findable; saving in bulk sends no signals."""
    if len(trainees) == 1:
        index.insert_or_update_object(trainees[0])
    elif trainees:
        get_search_backend().get_index_for_model(Trainee).add_items(Trainee, list(trainees))


def _flaws(rows: Sequence[Admission], first: int, closed: Collection[int]) -> list[Reason]:
    """What is wrong with ``rows``, among themselves, against the roster and dissolved organizations."""
    phones = _taken("phone", [row.phone for row in rows if row.phone])
    identities = _taken("identity_digest", [row.identity_digest for row in rows if row.identity_digest])
    flaws: list[Reason] = []
    for number, row in enumerate(rows, start=first):
        found = []
        if not row.name.strip():
            found.append(rules.NAME_MISSING)
        if row.post not in Post.values:
            found.append(rules.POST_UNKNOWN)
        if row.organization_id in closed or row.host_organization_id in closed:
            found.append(rules.DISSOLVED)
        if row.phone and row.phone in phones:
            found.append(rules.PHONE_TAKEN)
        if row.identity_digest and row.identity_digest in identities:
            found.append(rules.IDENTITY_TAKEN)
        phones.update([row.phone] if row.phone else [])
        identities.update([row.identity_digest] if row.identity_digest else [])
        flaws += [Reason(flaw.code, flaw.message, {"row": number}, flaw.field) for flaw in found]
    return flaws


def _taken(name: str, values: Collection[str], besides: Collection[int] = ()) -> set[str]:
    if not values:
        return set()
    holders = Trainee.objects.active().filter(**{f"{name}__in": set(values)}).exclude(pk__in=besides)
    return set(holders.values_list(name, flat=True))


@transaction.atomic
def amend(*, trainee: Trainee, actor: User | None, **details: Unpack[PersonDetails]) -> Trainee:
    """Change what the roster says of a person (not the post or the organization).

    Raises:
        Refused: name missing, or phone or identity held by somebody else on the roster.
    """
    changes: dict[str, Any] = dict(details)
    if "host_organization" in changes:
        host = changes.pop("host_organization")
        changes["host_organization_id"] = host.pk if host else None
    [changed] = amend_in_bulk(changes=[Amendment(trainee_id=trainee.pk, details=changes)], actor=actor)
    return changed


@transaction.atomic
def amend_in_bulk(*, changes: Iterable[Amendment], actor: User | None) -> list[Trainee]:
    """Amend many people, all or none; posts and organizations too, from ``on`` (today unless named).

    Raises:
        Refused: one reason for each flaw, ``params["row"]`` counting from 1.
    """
    wanted = list(changes)
    changed: list[Trainee] = []
    closed = lock_organizations(pk for change in wanted for pk in _organizations_of(change))
    for start in range(0, len(wanted), CHUNK):
        changed += _amend_chunk(wanted[start : start + CHUNK], start + 1, actor, closed)
    return changed


def _organizations_of(change: Amendment) -> set[int]:
    """The organizations that ``change`` puts its person in."""
    host: int | None = change.details.get("host_organization_id")
    return {pk for pk in (change.organization_id, host) if pk is not None}


def _amend_chunk(
    changes: Sequence[Amendment], first: int, actor: User | None, closed: set[int]
) -> list[Trainee]:
    people = lock_unmerged(change.trainee_id for change in changes)
    flaws: list[Reason] = []
    fields: set[str] = set()
    ids = list(people)
    phones = _taken("phone", [c.details["phone"] for c in changes if c.details.get("phone")], besides=ids)
    identities = _taken(
        "identity_digest",
        [c.details["identity_digest"] for c in changes if c.details.get("identity_digest")],
        besides=ids,
    )
    for number, change in enumerate(changes, start=first):
        unknown = set(change.details) - AMENDABLE
        if unknown:
            raise TypeError(f"not a detail of a person: {', '.join(sorted(unknown))}")
        found = []
        if not str(change.details.get("name", "-")).strip():
            found.append(rules.NAME_MISSING)
        if closed & _organizations_of(change):
            found.append(rules.DISSOLVED)
        if change.details.get("phone") in phones:
            found.append(rules.PHONE_TAKEN)
        if change.details.get("identity_digest") in identities:
            found.append(rules.IDENTITY_TAKEN)
        flaws += [Reason(flaw.code, flaw.message, {"row": number}, flaw.field) for flaw in found]
        person = people[change.trainee_id]
        for name, value in change.details.items():
            setattr(person, name, value)
            fields.add(name)
    if flaws:
        raise Refused(*flaws)
    if fields:
        now = timezone.now()
        for person in people.values():
            person.updated_at = now
        _write_people(list(people.values()), [*sorted(fields), "updated_at"])
    appoint_locked([c for c in changes if c.post is not None or c.organization_id is not None], people)
    amended = [people[change.trainee_id] for change in changes]
    if "name" in fields:
        _index(amended)
    note_many(amended, "enrollment.person.amend", actor=actor, data={"fields": sorted(fields)})
    return amended


def lock_unmerged(trainee_ids: Iterable[int]) -> dict[int, Trainee]:
    """People to be written to, locked; a record that was merged into another is written to no more."""
    people = lock_trainees(trainee_ids)
    if any(person.merged_into_id is not None for person in people.values()):
        raise Refused(MERGED_RECORD)
    return people


def _write_people(people: list[Trainee], fields: list[str]) -> None:
    # A phone may pass from one person of this batch to another: free them all before any is given.
    for unique in {"phone", "identity_digest"}.intersection(fields):
        if len(people) > 1:
            Trainee.objects.filter(pk__in=[person.pk for person in people]).update(**{unique: None})
    Trainee.objects.bulk_update(people, fields, batch_size=200)


def appoint_locked(changes: Sequence[Amendment], people: Mapping[int, Trainee]) -> None:
    """Give new posts to locked ``people``; a post or organization that is not named stays as it is.

    The caller holds the locks on the organizations as well, or knows that nobody dissolves them.

    Raises:
        Refused: person gone, unknown post, or a day before the present post began.
    """
    if not changes:
        return
    current = {
        held.trainee_id: held
        for held in Appointment.objects.current().filter(trainee_id__in=[c.trainee_id for c in changes])
    }
    today = timezone.localdate()
    ended: list[Appointment] = []
    replaced: list[Appointment] = []
    begun: list[Appointment] = []
    moved: list[Trainee] = []
    for change in changes:
        person, held = people[change.trainee_id], current.get(change.trainee_id)
        if person.left_on is not None:
            raise Refused(rules.ALREADY_LEFT)
        post = change.post or (held.post if held else Post.MEMBER)
        organization_id = change.organization_id or person.home_organization_id
        day = change.on or today
        if post not in Post.values:
            raise Refused(rules.POST_UNKNOWN)
        if held is not None and (held.post, held.organization_id) == (post, organization_id):
            continue
        if held is not None and day < held.started_on:
            raise Refused(rules.BEFORE_CURRENT_POST)
        if held is not None and day == held.started_on:
            # It never lasted a day: the record is corrected in place.
            held.post, held.organization_id = post, organization_id
            held.cohort, held.on_committee = rules.cohort_of(post), rules.is_on_committee(post)
            replaced.append(held)
        else:
            if held is not None:
                held.ended_on = day - dt.timedelta(days=1)
                ended.append(held)
            begun.append(_appointment(person.pk, organization_id, post, day))
        if person.home_organization_id != organization_id:
            person.home_organization_id = organization_id
            moved.append(person)
    Appointment.objects.bulk_update(ended, ["ended_on"], batch_size=200)
    Appointment.objects.bulk_update(
        replaced, ["post", "organization", "cohort", "on_committee"], batch_size=200
    )
    Appointment.objects.bulk_create(begun)
    Trainee.objects.bulk_update(moved, ["home_organization"], batch_size=200)
    refresh_standings(trainee_ids=[change.trainee_id for change in changes])


@transaction.atomic
def appoint(
    *,
    trainee: Trainee,
    post: str,
    actor: User | None,
    organization: Organization | None = None,
    started_on: dt.date | None = None,
) -> Appointment:
    """Give ``trainee`` a new post from ``started_on`` (or today); the present one ends the day before.

    The year's requirement changes from that day, pro rata.

    Raises:
        Refused: unknown post, organization dissolved, person gone, or a day before the present post began.
    """
    if organization is not None and lock_organizations([organization.pk]):
        raise Refused(rules.DISSOLVED)
    people = lock_trainees([trainee.pk])
    appoint_locked(
        [
            Amendment(
                trainee_id=trainee.pk,
                post=post,
                organization_id=organization.pk if organization else None,
                on=started_on,
            )
        ],
        people,
    )
    held = Appointment.objects.current().select_related("organization").get(trainee=trainee)
    note(
        people[trainee.pk],
        "enrollment.person.appoint",
        actor=actor,
        data={"post": post, "organization": held.organization.name, "from": held.started_on.isoformat()},
    )
    return held


def transfer(
    *,
    trainee: Trainee,
    organization: Organization,
    actor: User | None,
    on: dt.date | None = None,
    post: str = Post.MEMBER,
) -> Appointment:
    """Move ``trainee`` to ``organization`` from ``on``; hours already earned stay with the person.

    Raises:
        Refused: see ``appoint``.
    """
    return appoint(trainee=trainee, post=post, organization=organization, started_on=on, actor=actor)


@transaction.atomic
def depart(*, trainee: Trainee, on: dt.date, actor: User | None) -> Trainee:
    """Take ``trainee`` off the roster from the day after ``on``; the ledger keeps what was earned.

    Raises:
        Refused: already gone, or a day before the present post began.
    """
    person = lock_trainees([trainee.pk])[trainee.pk]
    if person.left_on is not None:
        raise Refused(rules.ALREADY_LEFT)
    if Appointment.objects.current().filter(trainee=person, started_on__gt=on).exists():
        raise Refused(rules.LEAVES_BEFORE_POST)
    person.left_on = on
    person.save(update_fields=["left_on", "updated_at"])
    Appointment.objects.current().filter(trainee=person).update(ended_on=on)
    refresh_standings(trainee_ids=[person.pk])
    note(person, "enrollment.person.depart", actor=actor, data={"on": on.isoformat()})
    return person
