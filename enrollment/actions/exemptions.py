"""Exemptions: days on which somebody is not held to the year's figure, with ground and reason (domain §2)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.db import transaction

from cms.refusals import Refused
from enrollment.actions.journal import note, note_many
from enrollment.actions.people import CHUNK, lock_unmerged
from enrollment.actions.standings import lock_trainees, refresh_standings
from enrollment.models import Exemption, Trainee, User
from enrollment.rules import people as rules


@transaction.atomic
def exempt(
    *,
    trainee: Trainee,
    ground: str,
    reason: str,
    starts_on: dt.date,
    actor: User | None,
    ends_on: dt.date | None = None,
) -> Exemption:
    """Take ``trainee`` out of the denominator between two days; they may study all the same.

    Raises:
        Refused: no reason given, the days are the wrong way round, the person is exempt on some of them, or
            the record was merged into another.
    """
    _check_exemption(reason=reason, starts_on=starts_on, ends_on=ends_on)
    lock_unmerged([trainee.pk])
    _check_overlap([(trainee.pk, starts_on, ends_on)])
    exemption = Exemption.objects.create(
        trainee=trainee,
        ground=ground,
        reason=reason.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        recorded_by=actor,
    )
    refresh_standings(trainee_ids=[trainee.pk])
    note(exemption, "enrollment.exemption.record", actor=actor, data={"from": starts_on.isoformat()})
    return exemption


def exempt_in_bulk(*, rows: Iterable[Exemption], actor: User | None) -> list[Exemption]:
    """Record many exemptions, given as unsaved rows, all or none.

    Raises:
        Refused: see ``exempt``.
    """
    wanted = list(rows)
    for row in wanted:
        _check_exemption(reason=row.reason, starts_on=row.starts_on, ends_on=row.ends_on)
        row.recorded_by = actor
    with transaction.atomic():
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            ids = {row.trainee_id for row in chunk}
            lock_trainees(ids)
            _check_overlap([(row.trainee_id, row.starts_on, row.ends_on) for row in chunk])
            Exemption.objects.bulk_create(chunk)
            refresh_standings(trainee_ids=ids)
            note_many(chunk, "enrollment.exemption.record", actor=actor)
    return wanted


@transaction.atomic
def change_exemption(
    *,
    exemption: Exemption,
    actor: User | None,
    reason: str,
    starts_on: dt.date,
    ground: str,
    ends_on: dt.date | None,
) -> Exemption:
    """Correct or end an exemption.

    Raises:
        Refused: see ``exempt``.
    """
    _check_exemption(reason=reason, starts_on=starts_on, ends_on=ends_on)
    lock_trainees([exemption.trainee_id])
    _check_overlap([(exemption.trainee_id, starts_on, ends_on)], besides=exemption.pk)
    exemption.reason, exemption.ground = reason.strip(), ground
    exemption.starts_on, exemption.ends_on = starts_on, ends_on
    exemption.save(update_fields=["reason", "ground", "starts_on", "ends_on"])
    refresh_standings(trainee_ids=[exemption.trainee_id])
    note(exemption, "enrollment.exemption.change", actor=actor)
    return exemption


@transaction.atomic
def withdraw_exemption(*, exemption: Exemption, actor: User | None) -> None:
    """Take back an exemption that should not have been given."""
    lock_trainees([exemption.trainee_id])
    note(exemption, "enrollment.exemption.withdraw", actor=actor)
    trainee_id = exemption.trainee_id
    exemption.delete()
    refresh_standings(trainee_ids=[trainee_id])


def _check_exemption(*, reason: str, starts_on: dt.date, ends_on: dt.date | None) -> None:
    reasons = []
    if not reason.strip():
        reasons.append(rules.EXEMPTION_REASON_MISSING)
    if ends_on is not None and ends_on < starts_on:
        reasons.append(rules.EXEMPTION_BACKWARD)
    if reasons:
        raise Refused(*reasons)


def _check_overlap(
    wanted: Iterable[tuple[int, dt.date, dt.date | None]], *, besides: int | None = None
) -> None:
    """Refuse exemptions of locked people that share a day with each other or with one that stands.

    PostgreSQL also holds it by a constraint, and SQLite by a trigger.
    """
    wanted = list(wanted)
    held: dict[int, list[tuple[dt.date, dt.date | None]]] = defaultdict(list)
    rows = Exemption.objects.filter(trainee_id__in={pk for pk, _from, _to in wanted})
    if besides is not None:
        rows = rows.exclude(pk=besides)
    for trainee_id, starts_on, ends_on in rows.values_list("trainee_id", "starts_on", "ends_on"):
        held[trainee_id].append((starts_on, ends_on))
    for trainee_id, starts_on, ends_on in wanted:
        other = rules.first_overlap(starts_on, ends_on, held[trainee_id])
        if other is not None:
            raise Refused(rules.exemption_overlaps(*other))
        held[trainee_id].append((starts_on, ends_on))
