"""Organizations that become one, and one that becomes two.

What was earned before the day stays with the organization it was earned in: ledger entries and the standings
of past years name it, and nobody's place changes before the day, which lies within this year. Locks, left
before right (docs/locking.md): organizations, classes, people, figures.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.db import transaction
from django.db.models import Q, QuerySet

from cms.refusals import Refused
from enrollment.actions.journal import note, note_many
from enrollment.actions.organization_history import TODAY, Basis, record, require_day
from enrollment.actions.organizations import Founding, found_in_bulk, lock_tree, move_locked
from enrollment.actions.people import Amendment, appoint_locked
from enrollment.actions.standings import lock_trainees
from enrollment.models import (
    STEP,
    Appointment,
    ChangeKind,
    Organization,
    OrganizationChange,
    Trainee,
    User,
)
from enrollment.organization_records import Followed, Merger, Split, follow
from enrollment.rules import organizations as rules


@transaction.atomic
def merge(
    *,
    sources: Collection[Organization],
    target: Organization,
    actor: User | None,
    basis: Basis = TODAY,
    followed: list[Followed] | None = None,
) -> Organization:
    """Merge ``sources`` into ``target`` from the day of ``basis``; return the target.

    People come over with their posts, by a transfer of that day; so do those hosted there, the organizations
    below, and what hangs on the sources and is under way (``organization_records``; what it came to is added
    to ``followed``). The sources are dissolved and point to the target. Roles (who may look after whom) end:
    they are granted anew, so that nobody's reach grows unseen. Sent twice, the second changes nothing.

    Raises:
        Refused: no source; a source that is the target, above it, the root, or dissolved; target dissolved;
            or a day that has not come, lies before this year, or before what is recorded of a source.
    """
    locked = lock_tree(target, with_below=sources)
    into = locked[target.pk]
    from_here = [locked[source.pk] for source in sources]
    if from_here and all(source.merged_into_id == into.pk for source in from_here):
        return into
    reasons = rules.merger_refusals(_node(into), [_node(source) for source in from_here])
    if reasons:
        raise Refused(*reasons)
    for one in (into, *from_here):
        require_day(one, ChangeKind.values if one != into else [], basis, moves_people=True)
    numbers = [source.pk for source in from_here]
    _bring_children(from_here, into, actor, basis)
    for source in from_here:
        row: Organization = Organization.objects.get(pk=source.pk)
        row.dissolved_on, row.merged_into = basis.day, into
        row.save(update_fields=["dissolved_on", "merged_into"])
        record(row, ChangeKind.MERGED, basis=basis, actor=actor, before=row.name, after=into.name, other=into)
        note(row, "enrollment.organization.merge", actor=actor, data={"into": into.name})
    change = Merger(numbers, into, actor, basis.day)
    done = follow(change, before_people=True)
    moved = _bring_people(numbers, into, actor, basis)
    done += follow(change, before_people=False)
    merged: Organization = Organization.objects.get(pk=into.pk)
    note(
        merged,
        "enrollment.organization.absorb",
        actor=actor,
        data={"sources": [source.name for source in from_here], "people": moved} | _in_the_log(done),
    )
    if followed is not None:
        followed += done
    return merged


def _in_the_log(done: Iterable[Followed]) -> dict[str, int]:
    return {str(one.label): one.number for one in done}


def _node(organization: Organization) -> rules.Node:
    return rules.Node(
        organization.pk,
        organization.name,
        organization.path,
        organization.depth == 1,
        organization.dissolved_on is not None,
    )


def _bring_people(sources: Sequence[int], into: Organization, actor: User | None, basis: Basis) -> int:
    """Transfer everybody on the rosters of ``sources``, and whoever they host; return how many came over."""
    concerned = Trainee.objects.active().filter(
        Q(home_organization__in=sources) | Q(host_organization__in=sources)
    )
    people = lock_trainees(concerned.values_list("pk", flat=True))
    coming = [person for person in people.values() if person.home_organization_id in sources]
    for person in people.values():
        if person.host_organization_id in sources:
            person.host_organization_id = into.pk
        lives_at_home = person.host_organization_id == into.pk and (
            person.home_organization_id in sources or person.home_organization_id == into.pk
        )
        if lives_at_home:
            person.host_organization_id = None
    Trainee.objects.bulk_update(people.values(), ["host_organization"], batch_size=200)
    _transfer(coming, into, actor, basis)
    return len(coming)


def _transfer(people: Sequence[Trainee], into: Organization, actor: User | None, basis: Basis) -> None:
    """Put locked ``people`` in ``into`` with the posts they hold; who came later comes over from that day."""
    begun = dict(
        Appointment.objects.current()
        .filter(trainee__in=[person.pk for person in people])
        .values_list("trainee_id", "started_on")
    )
    appoint_locked(
        [
            Amendment(
                trainee_id=person.pk,
                organization_id=into.pk,
                on=max(basis.day, begun.get(person.pk, basis.day)),
            )
            for person in people
        ],
        {person.pk: person for person in people},
    )
    note_many(
        people,
        "enrollment.person.appoint",
        actor=actor,
        data={"organization": into.name, "from": basis.day.isoformat()},
    )


def _bring_children(
    sources: Iterable[Organization], into: Organization, actor: User | None, basis: Basis
) -> None:
    going = {source.pk for source in sources}
    for pk in sorted(going):
        # Its path may have changed with a source that stood above it.
        source = Organization.objects.get(pk=pk)
        below = Organization.objects.filter(path__startswith=source.path, depth=source.depth + 1)
        for child in below.active().exclude(pk__in=going | {into.pk}):
            move_locked(organization=child, parent=into, actor=actor, basis=basis)


@transaction.atomic
def split(
    *,
    organization: Organization,
    code: str,
    name: str,
    people: Collection[int],
    children: Collection[int],
    actor: User | None,
    basis: Basis = TODAY,
    short_name: str = "",
    followed: list[Followed] | None = None,
) -> Organization:
    """Found a new organization out of ``organization``, beside it, from the day of ``basis``; return it.

    ``people`` (on its roster) come over with their posts, ``children`` (directly below it) with all below
    them. Area, kind, industry groupings and service group are those of the old one. Quotas stay; courses
    given to the old one are given to the new one, too (``organization_records``). Sent twice with the same
    code and day, the second returns what the first founded.

    Raises:
        Refused: nobody and nothing goes; somebody or something is not there any more; the root; no code or
            name, or the code is taken; or a day that does not fit (see ``merge``).
    """
    above = Organization.objects.filter(path=organization.path[:-STEP])
    going = Organization.objects.filter(pk__in=children)
    old = lock_tree(organization, *above, with_below=going)[organization.pk]
    before = OrganizationChange.objects.filter(
        organization__code=code, kind=ChangeKind.SPLIT_OFF, other=old, effective_on=basis.day
    ).select_related("organization")
    if (sent := before.first()) is not None:
        return sent.organization
    _require_splittable(old, people, children)
    require_day(old, [], basis, moves_people=True)
    _require_below(old, going)
    [new] = found_in_bulk(
        rows=[
            Founding(
                code=code,
                name=name.strip(),
                kind=old.kind,
                parent_code=Organization.objects.get(path=old.path[:-STEP]).code,
                short_name=short_name.strip(),
                area_id=old.area_id,
                service_group_id=old.service_group_id,
                is_social=old.is_social,
                founded_on=basis.day,
                tag_ids=tuple(old.tags.values_list("pk", flat=True)),
            )
        ],
        actor=actor,
        basis=basis,
        out_of=old,
    )
    for child in going.order_by("pk"):
        move_locked(organization=child, parent=new, actor=actor, basis=basis)
    change = Split(old, new, people, actor, basis.day)
    done = follow(change, before_people=True)
    coming = lock_trainees(people)
    _require_on_roster(old, coming.values())
    _transfer(list(coming.values()), new, actor, basis)
    done += follow(change, before_people=False)
    if followed is not None:
        followed += done
    note(
        old,
        "enrollment.organization.split",
        actor=actor,
        data={"new": new.name, "people": len(coming), "children": going.count()},
    )
    return Organization.objects.get(pk=new.pk)  # type: ignore[no-any-return]


def _require_splittable(old: Organization, people: Collection[int], children: Collection[int]) -> None:
    if old.depth == 1:
        raise Refused(rules.ROOT_IS_NOT_SPLIT)
    if old.dissolved_on is not None:
        raise Refused(rules.ALREADY_DISSOLVED)
    if not people and not children:
        raise Refused(rules.NOTHING_TO_SPLIT)


def _require_below(old: Organization, going: QuerySet[Organization]) -> None:
    below = Organization.objects.filter(path__startswith=old.path, depth=old.depth + 1).active()
    elsewhere = going.exclude(pk__in=below.values("pk"))
    reasons = [rules.named(rules.CHILD_ELSEWHERE, child.name) for child in elsewhere]
    if reasons:
        raise Refused(*reasons)


def _require_on_roster(old: Organization, coming: Iterable[Trainee]) -> None:
    reasons = [
        rules.named(rules.PERSON_ELSEWHERE, person.name)
        for person in coming
        if person.left_on is not None or person.home_organization_id != old.pk
    ]
    if reasons:
        raise Refused(*reasons)
