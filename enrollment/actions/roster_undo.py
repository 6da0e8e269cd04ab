"""Taking an applied roster back: what it added goes, what it changed goes back, all in one transaction.

Nothing that somebody has built upon since is touched: such rows stay and are named with the reason. The
rules are in ``enrollment/rules/roster/undoing.py``. Locks: the import, the organizations that people
go back to, then the people, each in ascending order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.departures import return_in_bulk
from enrollment.actions.journal import note, note_many
from enrollment.actions.people import Amendment, amend_in_bulk, lock_organizations
from enrollment.actions.standings import CHUNK, lock_many, refresh_standings
from enrollment.models import Appointment, HourBalance, HourSpan, RosterImport, Standing, Trainee, User
from enrollment.roster import lookup, messages
from enrollment.rules.people import cohort_of, is_on_committee
from enrollment.rules.roster import Outcome
from enrollment.rules.roster.undoing import PLACE, Present, Stays, Undoing, Written, undoing_of

Status = RosterImport.Status
UNDOABLE = frozenset({Status.APPLIED, Status.UNDOING})
#: What every person on the roster has from the first day; anything else that points to them is use.
FROM_THE_FIRST_DAY = (Appointment, HourBalance, HourSpan, Standing)
DAYS = ("born_on", "joined_on")
UNIQUE = ("phone", "identity_digest")


def plan_undoing(*, roster_import: RosterImport, actor: User | None) -> list[Undoing]:
    """What taking ``roster_import`` back would do now, row by row; writes nothing.

    Raises:
        Refused: it was never applied.
    """
    if roster_import.applied_at is None:
        raise Refused(messages.file_reason("not_applied"))
    decided = [
        undoing_of(row, now)
        for chunk in _chunks(_written(roster_import))
        for row, now in _with_present(chunk, roster_import.applied_at, actor)
    ]
    return _without_conflicts(decided)


def begin_undoing(*, roster_import: RosterImport) -> bool:
    """Mark an import as being taken back, so that its page shows it; False when it has been already.

    Raises:
        Refused: it was never applied.
    """
    with transaction.atomic():
        locked = RosterImport.objects.select_for_update().defer("verdict").get(pk=roster_import.pk)
        if locked.status == Status.UNDONE:
            return False
        if locked.status not in UNDOABLE:
            raise Refused(messages.file_reason("not_applied"))
        RosterImport.objects.filter(pk=locked.pk).update(status=Status.UNDOING, error="")
    return True


@transaction.atomic
def undo_roster(*, roster_import: RosterImport, actor: User | None) -> RosterImport:
    """Take ``roster_import`` back; a second time changes nothing.

    What became of it stands in its verdict: ``undone`` with the numbers of people removed, restored and
    returned, and of rows that stayed, ``stayed`` with the reason by row.

    Raises:
        Refused: it was never applied.
    """
    locked = RosterImport.objects.select_for_update().get(pk=roster_import.pk)
    if locked.status == Status.UNDONE:
        return locked
    if locked.status not in UNDOABLE or locked.applied_at is None:
        raise Refused(messages.file_reason("not_applied"))
    written = _written(locked)
    gone = locked.verdict.get("left", ())
    # Organizations that people go back to come before the people: a merger has closed one, or waits.
    lock_organizations(
        [
            *(row.changes["organization_id"][0] for row in written if "organization_id" in row.changes),
            *_homes_of(gone),
        ]
    )
    lock_many([*(row.trainee_id for row in written), *gone])
    del written
    undoings = plan_undoing(roster_import=locked, actor=actor)
    removed = [undoing.row.trainee_id for undoing in undoings if undoing.removes]
    for start in range(0, len(removed), CHUNK):
        _remove(removed[start : start + CHUNK], actor)
    restored = [undoing for undoing in undoings if undoing.restores]
    tails = _tails(locked)
    for start in range(0, len(restored), CHUNK):
        # As many at a time as the action takes: a whole roster of people is never held.
        chunk = restored[start : start + CHUNK]
        amend_in_bulk(changes=[_amendment(undoing, tails) for undoing in chunk], actor=actor)
        _restore_places(chunk, timezone.localdate(locked.applied_at))
    back = return_in_bulk(trainee_ids=gone, left_on=timezone.localdate(locked.applied_at), actor=actor)
    stayed = {str(undoing.row.number): str(undoing.stays) for undoing in undoings if undoing.stays}
    figures = {
        "removed": len(removed),
        "restored": len(restored),
        "returned": len(back),
        "stayed": len(stayed),
    }
    locked.verdict["undone"], locked.verdict["stayed"] = figures, stayed
    locked.status, locked.undone_at, locked.error = Status.UNDONE, timezone.now(), ""
    locked.save(update_fields=["status", "undone_at", "error", "verdict"])
    note(locked, "enrollment.roster.undo", actor=actor, data=figures)
    return locked


def _written(roster_import: RosterImport) -> list[Written]:
    return [
        Written(
            number=item["number"],
            trainee_id=item["trainee"],
            outcome=Outcome(item["outcome"]),
            changes={name: (known, said) for name, (known, said) in item.get("changes", {}).items()},
        )
        for item in roster_import.verdict.get("rows", ())
        if item["outcome"] in (Outcome.NEW, Outcome.CHANGED)
        and "trainee" in item
        and "written_by_others" not in item
    ]


def _homes_of(trainee_ids: Iterable[int]) -> set[int]:
    return {
        pk
        for batch in lookup.chunks(trainee_ids)
        for pk in Trainee.objects.filter(pk__in=batch).values_list("home_organization_id", flat=True)
    }


def _chunks(rows: Sequence[Written]) -> Iterable[Sequence[Written]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _with_present(
    rows: Sequence[Written], applied_at: dt.datetime, actor: User | None
) -> Iterable[tuple[Written, Present | None]]:
    """Each row with the same person as they are now, at the same few queries for any number of rows."""
    ids = {row.trainee_id for row in rows}
    people = {
        person.pk: person for person in Trainee.objects.filter(pk__in=ids).select_related("home_organization")
    }
    used = in_use(row.trainee_id for row in rows if row.outcome is Outcome.NEW)
    held: dict[int, list[Appointment]] = {}
    for appointment in Appointment.objects.filter(trainee__in=ids).order_by("started_on", "pk"):
        held.setdefault(appointment.trainee_id, []).append(appointment)
    for row in rows:
        person = people.get(row.trainee_id)
        if person is None:
            yield row, None
            continue
        appointments = held.get(person.pk, [])
        values = {
            name: getattr(person, name) for name in row.changes if name not in PLACE and name not in DAYS
        }
        for name in DAYS:
            day: dt.date | None = getattr(person, name)
            values[name] = day.isoformat() if day else None
        values["organization_id"] = person.home_organization_id
        values["post"] = appointments[-1].post if appointments else None
        yield (
            row,
            Present(
                values=values,
                is_touched=person.updated_at > applied_at or len(appointments) != 1,
                is_used=person.pk in used or person.user_id is not None,
                has_left=person.left_on is not None,
                is_beyond=not _reaches(actor, person),
            ),
        )


def _reaches(actor: User | None, person: Trainee) -> bool:
    return (
        actor is None
        or actor.scope.everything
        or person.home_organization.path.startswith(actor.scope.managed_paths)
    )


def in_use(trainee_ids: Iterable[int]) -> set[int]:
    """Which of these people something has been recorded of, in this app or in one above it."""
    ids = set(trainee_ids)
    found: set[int] = set()
    if not ids:
        return found
    for relation in Trainee._meta.related_objects:
        model: Any = relation.related_model
        if model in FROM_THE_FIRST_DAY:
            continue
        name = relation.field.name
        found.update(
            model._base_manager.filter(**{f"{name}__in": ids}).order_by().values_list(name, flat=True)
        )
    return found & ids


def _without_conflicts(undoings: list[Undoing]) -> list[Undoing]:
    """Leave out what somebody else holds by now, and posts in organizations that are no more."""
    ours = {undoing.row.trainee_id for undoing in undoings}
    taken = {
        name: _held_by_others(name, {value for u in undoings if (value := u.restores.get(name))}, ours)
        for name in UNIQUE
    }
    wanted = {value for u in undoings if (value := u.restores.get("organization_id"))}
    open_now = lookup.still_open(wanted, organization=None, actor=None) if wanted else set()
    decided = []
    for undoing in undoings:
        restores = dict(undoing.restores)
        stays = undoing.stays
        for name in UNIQUE:
            if restores.get(name) in taken[name]:
                del restores[name]
                stays = Stays.TAKEN
        if "organization_id" in restores and restores["organization_id"] not in open_now:
            stays = Stays.DISSOLVED
            for name in PLACE:
                restores.pop(name, None)
        decided.append(replace(undoing, restores=restores, stays=stays))
    return decided


def _held_by_others(name: str, values: Collection[str], ours: Collection[int]) -> set[str]:
    found: set[str] = set()
    for batch in lookup.chunks(values):
        holders = Trainee.objects.active().filter(**{f"{name}__in": batch}).order_by()
        found.update(value for pk, value in holders.values_list("pk", name) if pk not in ours)
    return found


def _remove(trainee_ids: Collection[int], actor: User | None) -> None:
    """Delete people of whom nothing was recorded; the organizations' figures follow."""
    people = list(Trainee.objects.filter(pk__in=trainee_ids))
    note_many(people, "enrollment.person.withdraw", actor=actor)
    Appointment.objects.filter(trainee__in=trainee_ids).delete()
    refresh_standings(trainee_ids=trainee_ids)
    Trainee.objects.filter(pk__in=trainee_ids).delete()


def _amendment(undoing: Undoing, tails: Mapping[int, str]) -> Amendment:
    details = {name: value for name, value in undoing.restores.items() if name not in PLACE}
    for name in DAYS:
        if details.get(name):
            text = details[name]
            details[name] = dt.date.fromisoformat(text if len(text) == 10 else f"{text}-01")
    if "identity_digest" in details:
        details["identity_tail"] = tails.get(undoing.row.number, "")
    return Amendment(trainee_id=undoing.row.trainee_id, details=details)


def _tails(roster_import: RosterImport) -> dict[int, str]:
    """The last four of the identity number that each row's person had before, by row."""
    return {
        item["number"]: item["identity_tail_before"]
        for item in roster_import.verdict["rows"]
        if "identity_tail_before" in item
    }


def _restore_places(undoings: Sequence[Undoing], applied_on: dt.date) -> None:
    """Put posts and organizations back: the post that the import began goes, the one before goes on."""
    placed = [undoing for undoing in undoings if any(name in undoing.restores for name in PLACE)]
    if not placed:
        return
    ids = [undoing.row.trainee_id for undoing in placed]
    the_day_before = applied_on - dt.timedelta(days=1)
    held: dict[int, Appointment] = {}
    before: dict[int, Appointment] = {}
    records = Appointment.objects.filter(trainee__in=ids).filter(
        Q(ended_on__isnull=True) | Q(ended_on=the_day_before)
    )
    for record in records.order_by("started_on", "pk"):
        (held if record.ended_on is None else before)[record.trainee_id] = record
    people = Trainee.objects.in_bulk(ids)
    begun: list[int] = []
    reopened: list[Appointment] = []
    corrected: list[Appointment] = []
    for undoing in placed:
        pk = undoing.row.trainee_id
        now, earlier = held[pk], before.get(pk)
        post = undoing.restores.get("post", now.post)
        organization_id = undoing.restores.get("organization_id", now.organization_id)
        if (
            now.started_on == applied_on
            and earlier is not None
            and (earlier.post, earlier.organization_id) == (post, organization_id)
        ):
            begun.append(now.pk)
            earlier.ended_on = None
            reopened.append(earlier)
        else:
            now.post, now.organization_id = post, organization_id
            now.cohort, now.on_committee = cohort_of(post), is_on_committee(post)
            corrected.append(now)
        people[pk].home_organization_id = organization_id
    Appointment.objects.filter(pk__in=begun).delete()
    Appointment.objects.bulk_update(reopened, ["ended_on"], batch_size=200)
    Appointment.objects.bulk_update(
        corrected, ["post", "organization", "cohort", "on_committee"], batch_size=200
    )
    Trainee.objects.bulk_update(list(people.values()), ["home_organization"], batch_size=200)
    refresh_standings(trainee_ids=ids)
