"""Finding records that may be of one person, and remembering what was decided about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import ExtractMonth, ExtractYear
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.models import DuplicatePair, PairState, Trainee, User
from enrollment.name_keys import NameKey
from enrollment.rules import duplicates as rules
from enrollment.rules import person_mergers as merger_rules
from enrollment.rules.duplicates import Facts, Likeness, Sign

CHUNK = 1000
FACTS = (
    "pk", "name", "home_organization_id", "phone", "identity_digest", "identity_tail", "born_on", "gender",
    "left_on",
)  # fmt: skip

#: What two records may share, as the database groups by it: fields and what they must not be.
GROUPS: tuple[tuple[tuple[str, ...], dict[str, Any], bool], ...] = (
    (("identity_digest",), {"identity_digest__isnull": False}, False),
    (("phone",), {"phone__isnull": False}, False),
    (("key", "home_organization_id"), {}, True),
    (("key", "birth_year", "birth_month"), {"born_on__isnull": False}, True),
    (("key", "identity_tail"), {"identity_tail__gt": ""}, True),
)


@dataclass
class Found:
    """What a search came to, in pairs."""

    open: int = 0
    new: int = 0
    gone: int = 0


def find_duplicates() -> Found:
    """Look through the whole roster and bring the list of possible duplicates up to date.

    One pass of the database for each thing that two records can share, however many people there are; only
    those who share something are read. What was decided stays decided. Run every night and when staff ask.
    """
    facts: dict[int, Facts] = {}
    pairs: set[tuple[int, int]] = set()
    for fields, narrowed, has_limit in GROUPS:
        for group in _groups(fields, narrowed, has_limit):
            facts.update((one.id, one) for one in group)
            pairs.update(combinations(sorted(one.id for one in group), 2))
    likely = {
        pair: likeness
        for pair in pairs
        if (likeness := rules.likeness(facts[pair[0]], facts[pair[1]])) is not None
    }
    return _write(likely)


def _groups(fields: tuple[str, ...], narrowed: dict[str, Any], has_limit: bool) -> Iterator[list[Facts]]:
    """People who share ``fields``, group by group; a group too large is no sign of anything."""
    alike = (
        _keyed(Trainee.objects.unmerged())
        .filter(**narrowed)
        .annotate(alike=Window(Count("pk"), partition_by=[F(name) for name in fields]))
        .filter(alike__gt=1)
    )
    if has_limit:
        alike = alike.filter(alike__lte=rules.LARGEST_GROUP)
    # Under names of their own: a column cannot be asked for twice.
    shared = {f"shared_{number}": F(name) for number, name in enumerate(fields)}
    people = _keyed(Trainee.objects.filter(pk__in=alike.values("pk")))
    rows = people.annotate(**shared).order_by(*shared, "pk").values_list(*FACTS, *shared)
    width = len(FACTS)
    for _shared, members in groupby(rows.iterator(chunk_size=2000), key=lambda row: row[width:]):
        yield [_facts(row[:width]) for row in members]


def _keyed(people: QuerySet[Trainee]) -> QuerySet[Trainee, Any]:
    """With what names and dates of birth are grouped by."""
    return people.order_by().annotate(
        key=NameKey("name"), birth_year=ExtractYear("born_on"), birth_month=ExtractMonth("born_on")
    )


def _facts(row: tuple[Any, ...]) -> Facts:
    pk, name, organization_id, phone, digest, tail, born_on, gender, left_on = row
    return Facts(pk, name, organization_id, phone, digest, tail, born_on, gender, left_on is not None)


def _write(likely: dict[tuple[int, int], Likeness]) -> Found:
    result = Found()
    with transaction.atomic():
        known = {
            (one, other): (pk, state, score, tuple(signs))
            for pk, one, other, state, score, signs in DuplicatePair.objects.order_by().values_list(
                "pk", "one_id", "other_id", "state", "score", "signs"
            )
        }
        gone = [
            pk
            for pair, (pk, state, _score, signs) in known.items()
            if state == PairState.OPEN and pair not in likely and Sign.PICKED not in signs
        ]
        for start in range(0, len(gone), CHUNK):
            DuplicatePair.objects.open().filter(pk__in=gone[start : start + CHUNK]).delete()
        fresh, changed = [], []
        for (one, other), found in sorted(likely.items()):
            before = known.get((one, other))
            row = DuplicatePair(
                one_id=one, other_id=other, score=found.score, signs=[str(sign) for sign in found.signs]
            )
            if before is None:
                fresh.append(row)
                continue
            if Sign.PICKED in before[3]:
                row.signs.append(str(Sign.PICKED))
            if before[1] == PairState.OPEN and before[2:] != (row.score, tuple(row.signs)):
                row.pk = before[0]
                changed.append(row)
        # Two searches at once: the constraint keeps one row of each pair.
        DuplicatePair.objects.bulk_create(fresh, batch_size=CHUNK, ignore_conflicts=True)
        DuplicatePair.objects.bulk_update(changed, ["score", "signs"], batch_size=CHUNK)
        result.new, result.gone = len(fresh), len(gone)
        result.open = DuplicatePair.objects.open().count()
    return result


def pick_pair(*, one: Trainee, other: Trainee, actor: User) -> DuplicatePair:
    """Compare two records that somebody chose by hand, whether or not the search sees a likeness.

    The pair stays among those to be looked at until it is decided; picked again, it is the same one, and one
    that was kept apart is looked at anew.

    Raises:
        Refused: one record twice, one that is part of another, one's own, or not both the actor's.
    """
    if one.pk == other.pk:
        raise Refused(merger_rules.SAME_RECORD)
    if one.merged_into_id is not None or other.merged_into_id is not None:
        raise Refused(merger_rules.ALREADY_MERGED)
    first, second = sorted((one, other), key=lambda person: person.pk)
    with transaction.atomic():
        found = rules.likeness(_facts_of(first), _facts_of(second))
        signs = [str(sign) for sign in (found.signs if found else ())] + [str(Sign.PICKED)]
        pair, is_new = DuplicatePair.objects.get_or_create(
            one=first, other=second, defaults={"score": found.score if found else 0, "signs": signs}
        )
        if not DuplicatePair.objects.manageable_by(actor).filter(pk=pair.pk).exists():
            raise Refused(merger_rules.NOT_YOURS)
        if is_new:
            note(pair.one, "enrollment.duplicate.pick", actor=actor, data={"other": second.pk})
            note(pair.other, "enrollment.duplicate.pick", actor=actor, data={"other": first.pk})
    if pair.state == PairState.DIFFERENT:
        return look_again(pair=pair, actor=actor)
    if pair.state == PairState.OPEN and Sign.PICKED not in pair.signs:
        DuplicatePair.objects.open().filter(pk=pair.pk).update(signs=[*pair.signs, str(Sign.PICKED)])
        pair.refresh_from_db()
    return pair


def _facts_of(person: Trainee) -> Facts:
    return _facts(tuple(getattr(person, name) for name in FACTS))


def keep_apart(*, pair: DuplicatePair, actor: User) -> DuplicatePair:
    """Remember that the two are not the same person; they are never shown again.

    Raises:
        Refused: the actor does not keep both records, or it was decided already.
    """
    return _decide(pair, actor, PairState.OPEN, PairState.DIFFERENT, "enrollment.duplicate.keep_apart")


def look_again(*, pair: DuplicatePair, actor: User) -> DuplicatePair:
    """Take back that they are different people: the pair is among those to be looked at again.

    Raises:
        Refused: the actor does not keep both records, or the two were not kept apart.
    """
    return _decide(pair, actor, PairState.DIFFERENT, PairState.OPEN, "enrollment.duplicate.look_again")


def _decide(
    pair: DuplicatePair, actor: User, before: PairState, after: PairState, action: str
) -> DuplicatePair:
    if not DuplicatePair.objects.manageable_by(actor).filter(pk=pair.pk).exists():
        raise Refused(merger_rules.NOT_YOURS)
    with transaction.atomic():
        is_open = after == PairState.OPEN
        # One conditional update: of two who decide at once the second changes nothing.
        decided = DuplicatePair.objects.filter(pk=pair.pk, state=before).update(
            state=after,
            decided_by=None if is_open else actor,
            decided_at=None if is_open else timezone.now(),
        )
        if not decided:
            raise Refused(merger_rules.ALREADY_DECIDED)
        pair.refresh_from_db()
        note(pair.one, action, actor=actor, data={"other": pair.other_id})
        note(pair.other, action, actor=actor, data={"other": pair.one_id})
    return pair


def settle_pairs(*, keeper_id: int, other_id: int, actor: User | None, now: dt.datetime) -> None:
    """After a merger: this pair is decided, and nobody is asked about the record that went any more."""
    low, high = sorted((keeper_id, other_id))
    DuplicatePair.objects.filter(one=low, other=high).update(
        state=PairState.MERGED, decided_by=actor, decided_at=now
    )
    # What it has in common with others, it has from now on as part of the one that stays: the search sees.
    DuplicatePair.objects.open().filter(Q(one=other_id) | Q(other=other_id)).delete()
