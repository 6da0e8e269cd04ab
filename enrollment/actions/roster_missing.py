"""People of an organization whom its roster does not name: kept, unless somebody says that they have left."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.departures import depart_in_bulk
from enrollment.actions.journal import note
from enrollment.models import Appointment, Organization, RosterImport, Trainee, User
from enrollment.roster import lookup, messages
from enrollment.rules.roster import Judged, Outcome

Status = RosterImport.Status


def missing_from(verdicts: Iterable[Judged], *, actor: User | None) -> list[dict[str, Any]]:
    """Whom the organizations in the file have on the roster and the file does not name.

    An organization counts as covered when a row without errors names it. Somebody who bears the name of a row
    with errors may be meant by it and is not missing.
    """
    covered: set[int] = set()
    named: set[int] = set()
    perhaps: set[str] = set()
    for judged in verdicts:
        person = judged.row.person
        if judged.outcome is Outcome.ERROR:
            perhaps.update([person.name] if person.name else [])
            continue
        if person.organization_id is not None:
            covered.add(person.organization_id)
        if judged.trainee_id is not None:
            named.add(judged.trainee_id)
    reach = _in_reach(covered, actor)
    found: list[dict[str, Any]] = []
    for batch in lookup.chunks(sorted(reach)):
        people = Trainee.objects.active().filter(home_organization__in=batch)
        rows = people.order_by("home_organization__path", "name", "pk").values_list(
            "pk", "name", "home_organization_id"
        )
        found += [
            {"trainee": pk, "name": name, "organization_id": organization_id}
            for pk, name, organization_id in rows.iterator(chunk_size=2000)
            if pk not in named and name not in perhaps
        ]
    return _with_posts(found)


def _in_reach(organization_ids: Collection[int], actor: User | None) -> set[int]:
    reach = Organization.objects.all() if actor is None else Organization.objects.manageable_by(actor)
    return {
        pk
        for batch in lookup.chunks(sorted(organization_ids))
        for pk in reach.filter(pk__in=batch).order_by().values_list("pk", flat=True)
    }


def _with_posts(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    posts = {
        trainee_id: post
        for batch in lookup.chunks(item["trainee"] for item in found)
        for trainee_id, post in Appointment.objects.current()
        .filter(trainee__in=batch)
        .order_by()
        .values_list("trainee_id", "post")
    }
    return [{**item, "post": posts.get(item["trainee"], "member")} for item in found]


def mark_leaving(
    *, roster_import: RosterImport, leaving: Iterable[int], among: Iterable[int] | None, actor: User | None
) -> int:
    """Say who of the missing has left; return how many are marked now. Applying the import lets them go.

    ``among`` are those whom the caller was shown (all of the missing if None): of these exactly ``leaving``
    are marked, the marks of others stay.

    Raises:
        Refused: the import is not waiting for confirmation.
    """
    with transaction.atomic():
        locked = RosterImport.objects.select_for_update().get(pk=roster_import.pk)
        if locked.status != Status.READY:
            raise Refused(messages.file_reason("not_ready"))
        missing = {item["trainee"] for item in locked.verdict.get("missing", ())}
        shown = missing if among is None else missing & set(among)
        marked = (set(locked.verdict.get("leaving", ())) - shown) | (shown & set(leaving))
        locked.verdict["leaving"] = sorted(marked)
        locked.save(update_fields=["verdict"])
        note(locked, "enrollment.roster.mark", actor=actor, data={"leaving": len(marked)})
    return len(marked)


def kept_marks(old: Mapping[str, Any], missing: Iterable[Mapping[str, Any]]) -> list[int]:
    """The marks of an earlier verdict, for those who are still missing."""
    return sorted(set(old.get("leaving", ())) & {item["trainee"] for item in missing})


def let_leave(verdict: dict[str, Any], verdicts: Iterable[Judged], *, actor: User | None) -> int:
    """Take those marked off the roster, today; return how many left. The caller applies the import.

    Only who is still where the preview saw them and is named by no row: anybody else stays.
    """
    marked = set(verdict.get("leaving", ()))
    if not marked:
        return 0
    places = {item["trainee"]: item["organization_id"] for item in verdict["missing"]}
    named = {judged.trainee_id for judged in verdicts}
    still = {
        pk
        for batch in lookup.chunks(sorted(marked - named))
        for pk, organization_id in Trainee.objects.active()
        .filter(pk__in=batch)
        .values_list("pk", "home_organization_id")
        if places.get(pk) == organization_id
    }
    reach = _in_reach({places[pk] for pk in still}, actor)
    left = depart_in_bulk(
        trainee_ids=[pk for pk in still if places[pk] in reach], on=timezone.localdate(), actor=actor
    )
    verdict["left"] = left
    return len(left)
