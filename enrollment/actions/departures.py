"""Many people leaving the roster at once, and coming back when that was a mistake."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from enrollment.actions.journal import note_many
from enrollment.actions.people import lock_organizations
from enrollment.actions.standings import CHUNK, lock_trainees, refresh_standings
from enrollment.models import Appointment, Trainee, User


@transaction.atomic
def depart_in_bulk(*, trainee_ids: Iterable[int], on: dt.date, actor: User | None) -> list[int]:
    """Take people off the roster from the day after ``on``; the ledger keeps what they earned.

    Returns the numbers of those who left. Whoever has left already, or holds a post that begins only later,
    is passed over: there is nothing to end.
    """
    left: list[int] = []
    ids = sorted(set(trainee_ids))
    for start in range(0, len(ids), CHUNK):
        people = lock_trainees(ids[start : start + CHUNK])
        later = set(
            Appointment.objects.current()
            .filter(trainee__in=people, started_on__gt=on)
            .values_list("trainee_id", flat=True)
        )
        leaving = [person for person in people.values() if person.left_on is None and person.pk not in later]
        chunk = [person.pk for person in leaving]
        Trainee.objects.filter(pk__in=chunk).update(left_on=on, updated_at=timezone.now())
        Appointment.objects.current().filter(trainee__in=chunk).update(ended_on=on)
        refresh_standings(trainee_ids=chunk)
        note_many(leaving, "enrollment.person.depart", actor=actor, data={"on": on.isoformat()})
        left += chunk
    return left


@transaction.atomic
def return_in_bulk(*, trainee_ids: Iterable[int], left_on: dt.date, actor: User | None) -> list[int]:
    """Take back that people left on ``left_on``; return the numbers of those who are on the roster again.

    Whoever left on another day by now, was erased, whose record was merged into another, whose phone or
    identity number somebody else holds, whose organization has been dissolved, or whom ``actor`` does not
    look after is passed over.
    """
    back: list[int] = []
    ids = sorted(set(trainee_ids))
    homes = Trainee.objects.filter(pk__in=ids).values_list("home_organization_id", flat=True)
    closed = lock_organizations(homes)
    for start in range(0, len(ids), CHUNK):
        people = lock_trainees(ids[start : start + CHUNK])
        reached = people.keys() if actor is None else _looked_after(people, actor)
        taken = {name: _held(name, people.values()) for name in ("phone", "identity_digest")}
        returning = [
            person
            for person in people.values()
            if person.left_on == left_on
            and not person.is_erased
            and person.merged_into_id is None
            and person.pk in reached
            and person.home_organization_id not in closed
            and person.phone not in taken["phone"]
            and person.identity_digest not in taken["identity_digest"]
        ]
        chunk = [person.pk for person in returning]
        Trainee.objects.filter(pk__in=chunk).update(left_on=None, updated_at=timezone.now())
        Appointment.objects.filter(trainee__in=chunk, ended_on=left_on).update(ended_on=None)
        refresh_standings(trainee_ids=chunk)
        note_many(returning, "enrollment.person.return", actor=actor)
        back += chunk
    return back


def _held(name: str, people: Iterable[Trainee]) -> set[str]:
    """Which of these people's phones (or identity numbers) somebody on the roster holds now."""
    values = [value for person in people if (value := getattr(person, name))]
    return set(Trainee.objects.active().filter(**{f"{name}__in": values}).values_list(name, flat=True))


def _looked_after(trainee_ids: Iterable[int], actor: User) -> set[int]:
    """Whose records ``actor`` keeps."""
    return set(
        Trainee.objects.manageable_by(actor).filter(pk__in=list(trainee_ids)).values_list("pk", flat=True)
    )
