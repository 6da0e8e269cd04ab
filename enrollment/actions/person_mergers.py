"""Making two records of one person one, and taking that back.

Order of locks (docs/locking.md): organizations, then what each follower holds (classes, sessions, lessons),
then the two people, then their accounts. The people are locked whole: nothing new can point to them
meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from wagtail.search import index

from cms.refusals import Reason, Refused
from enrollment.actions.duplicates import settle_pairs
from enrollment.actions.journal import note
from enrollment.actions.ledger_moves import credit_all, judge_entries, reverse_all
from enrollment.actions.messages import notify
from enrollment.actions.people import lock_organizations
from enrollment.actions.person_records import changed_since, difference, put_back, snapshot
from enrollment.actions.standings import refresh_standings, this_year
from enrollment.models import (
    DuplicatePair,
    HourEntry,
    Organization,
    PairState,
    PersonMerger,
    RoleGrant,
    Standing,
    Trainee,
    User,
    YearClosure,
    under,
)
from enrollment.person_records import Merging, Pair, Undoing, followers
from enrollment.rules import person_mergers as rules
from enrollment.rules.person_mergers import Fate, Record

#: What can be taken over from the record that goes, and the columns behind it.
TAKEABLE: dict[str, tuple[str, ...]] = {
    "name": ("name",),
    "gender": ("gender",),
    "ethnicity": ("ethnicity",),
    "born_on": ("born_on",),
    "education": ("education",),
    "phone": ("phone",),
    "identity": ("identity_digest", "identity_tail"),
    "joined_on": ("joined_on",),
    "member_status": ("member_status",),
    "host_organization": ("host_organization_id",),
    "note": ("note",),
    "post": ("home_organization_id",),
    "account": (),
}


def keeps_both(actor: User | None, ids: Collection[int]) -> bool:
    """Whether ``actor`` keeps all of these records: an administrator, or whose own people they all are."""
    if actor is None or actor.scope.everything:
        return True
    paths = actor.scope.managed_paths
    if not paths or not actor.is_active:
        return False
    reached = Trainee.objects.filter(under(paths, "home_organization__path"), pk__in=ids)
    return reached.count() == len(set(ids))


def merge_people(
    *,
    keeper: Trainee,
    other: Trainee,
    actor: User | None,
    taking: Iterable[str] = (),
    reason: str = "",
) -> PersonMerger:
    """Make ``other`` part of ``keeper``: posts, classes, hours, attendance, study and account go along.

    ``taking`` names what is taken over from ``other`` (see ``TAKEABLE``); everything else stays as
    ``keeper`` has it. Hours pass by reversal there and credit here with the same evidence; what counts here
    already is reversed and not credited (docs/rules/people.md).

    Raises:
        Refused: see ``rules.refusals``; records the actor does not keep; something written about them
        meanwhile. ValueError: ``taking`` names something unknown.
    """
    wanted = frozenset(taking)
    if unknown := wanted - TAKEABLE.keys():
        raise ValueError(f"not taken over from a record: {', '.join(sorted(unknown))}")
    if not keeps_both(actor, [keeper.pk, other.pk]):
        raise Refused(rules.NOT_YOURS)
    with transaction.atomic():
        pair = _pair_of(keeper.pk, other.pk, takes_account="account" in wanted)
        people = _lock(pair, _homes(pair.people))
        merging = Merging(
            pair=pair,
            keeper=people[pair.keeper_id],
            other=people[pair.other_id],
            actor=actor,
            now=timezone.now(),
            taking=wanted,
        )
        _refuse(merging)
        return _merge(merging, reason)


def _pair_of(keeper_id: int, other_id: int, *, takes_account: bool) -> Pair:
    accounts = dict(Trainee.objects.filter(pk__in=[keeper_id, other_id]).values_list("pk", "user_id"))
    mine, theirs = accounts.get(keeper_id), accounts.get(other_id)
    if mine is None or theirs is None:
        return Pair(keeper_id, other_id, mine or theirs)
    return Pair(keeper_id, other_id, *((theirs, mine) if takes_account else (mine, theirs)))


def _homes(people: Iterable[int]) -> set[int]:
    return set(Trainee.objects.filter(pk__in=people).values_list("home_organization_id", flat=True))


def _lock(pair: Pair, homes: set[int]) -> dict[int, Trainee]:
    """Hold everything, in order; refuse where something was added between looking and holding."""
    lock_organizations(homes)
    held: dict[str, set[int]] = {}
    for follower in followers():
        held[follower.name] = set(follower.reach(pair))
        follower.hold(sorted(held[follower.name]))
    # Whole rows: whoever is about to point to one of them waits, and then finds the record that stays.
    rows = Trainee.objects.select_for_update(of=("self",)).filter(pk__in=pair.people).order_by("pk")
    people = {row.pk: row for row in rows}
    list(User.objects.select_for_update(of=("self",)).filter(pk__in=pair.accounts).order_by("pk"))
    if _homes(pair.people) - homes or any(
        set(follower.reach(pair)) - held[follower.name] for follower in followers()
    ):
        raise Refused(rules.MEANWHILE)
    if len(people) != len(set(pair.people)):
        raise Refused(rules.SAME_RECORD)
    return people


def _refuse(merging: Merging) -> None:
    keeper, other, pair = merging.keeper, merging.other, merging.pair
    now = {person.user_id for person in (keeper, other) if person.user_id is not None}
    if now != set(pair.accounts):
        raise Refused(rules.MEANWHILE)
    closing = _record(keeper if keeper.user_id == pair.closing_id else other, pair.closing_id)
    actor = merging.actor
    reasons = rules.refusals(
        _record(keeper, None),
        _record(other, None),
        closing=closing if pair.closing_id is not None else None,
        actor_account=actor.pk if actor is not None else None,
        is_administrator=actor is None or actor.scope.everything,
    )
    if not reasons:
        reasons = [reason for follower in followers() for reason in follower.refuse(merging)]
    if reasons:
        raise Refused(*reasons)


def _record(person: Trainee, closing_id: int | None) -> Record:
    return Record(
        id=person.pk,
        has_left=person.left_on is not None,
        is_merged=person.merged_into_id is not None,
        account_id=person.user_id,
        has_roles=closing_id is not None and RoleGrant.objects.filter(user=closing_id).exists(),
        is_superuser=closing_id is not None
        and User.objects.filter(pk=closing_id, is_superuser=True).exists(),
    )


def _merge(merging: Merging, reason: str) -> PersonMerger:
    pair, keeper, other = merging.pair, merging.keeper, merging.other
    before = snapshot(pair)
    years = _open_years(pair)
    for follower in followers():
        follower.move(merging)
    entries, fates = judge_entries(of=other.pk, beside=keeper.pk, superseded=merging.superseded)
    merging.entries, merging.fates = entries, fates
    reverse_all(entries=entries, actor=merging.actor, reason=merging.note)
    frozen = _move_frozen_standings(other.pk, keeper.pk)
    _join_records(merging)
    refresh_standings(trainee_ids=pair.people, years=years)
    merging.moved = credit_all(
        entries=[entry for entry in entries if fates[entry.pk] == Fate.MOVED],
        to=keeper.pk,
        actor=merging.actor,
        note=lambda entry: merging.note,
    )
    for follower in followers():
        follower.settle(merging)
    Trainee.objects.filter(merged_into=other.pk).update(merged_into=keeper.pk)
    settle_pairs(keeper_id=keeper.pk, other_id=other.pk, actor=merging.actor, now=merging.now)
    merger = PersonMerger.objects.create(
        keeper=keeper,
        other=other,
        reason=reason.strip()[:200],
        changes=difference(before, snapshot(pair)),
        ledger=[
            {
                "entry": entry.pk,
                "fate": str(fates[entry.pk]),
                "moved_to": merging.moved[entry.pk].pk if entry.pk in merging.moved else None,
            }
            for entry in entries
        ],
        years={"open": years, "frozen": frozen},
        account_id=pair.account_id,
        closed_account_id=pair.closing_id,
        merged_by=merging.actor,
    )
    index.insert_or_update_object(keeper)
    note(
        keeper, "enrollment.person.merge", actor=merging.actor, data={"other": other.pk, "merger": merger.pk}
    )
    note(other, "enrollment.person.merged_away", actor=merging.actor, data={"keeper": keeper.pk})
    if pair.account_id is not None and pair.closing_id is not None:
        notify(
            kind="records_merged",
            recipients=[pair.account_id],
            key=f"records-merged-{merger.pk}",
            context={"name": keeper.name},
            link="/me/data/",
        )
    return merger


def _open_years(pair: Pair) -> list[int]:
    """This year and every open year in which either was asked for hours."""
    closed = set(YearClosure.objects.values_list("year", flat=True))
    held = set(Standing.objects.filter(trainee__in=pair.people).values_list("year", flat=True))
    return sorted((held | {this_year()}) - closed)


def _move_frozen_standings(source: int, target: int, years: Collection[int] | None = None) -> list[int]:
    """Standings of closed years go along as they were frozen, where the target has none; their years.

    Where both have one, both stay: a closed year goes on asking what it asked of whom it asked.
    """
    rows = Standing.objects.filter(trainee=source)
    closed = set(YearClosure.objects.values_list("year", flat=True)) if years is None else set(years)
    kept = set(Standing.objects.filter(trainee=target).values_list("year", flat=True))
    rows = rows.filter(year__in=closed - kept, earned_quarters=0)
    moved = sorted(rows.values_list("year", flat=True))
    rows.filter(year__in=moved).update(trainee=target)
    return moved


def _join_records(merging: Merging) -> None:
    """The values that stay, and the account; the other record is off the roster first, which frees its
    phone.
    """
    pair, keeper, other = merging.pair, merging.keeper, merging.other
    taken = {column: getattr(other, column) for name in merging.taking for column in TAKEABLE[name]}
    Trainee.objects.filter(pk__in=pair.people).update(user=None)
    other.user_id, other.merged_into = None, keeper
    other.left_on = other.left_on or timezone.localdate()
    other.save(update_fields=["left_on", "merged_into", "updated_at"])
    for column, value in taken.items():
        setattr(keeper, column, value)
    keeper.user_id = pair.account_id
    keeper.save(update_fields=[*taken, "user", "updated_at"])


# --- Taking back --------------------------------------------------------------------------------------------


def undo_merger(*, merger: PersonMerger, actor: User | None) -> PersonMerger:
    """Put both records back to what they were. What came to the one that stayed since remains with it.

    Raises:
        Refused: taken back already, not one's own people, or everything that stands in the way, by name.
    """
    if actor is not None and not PersonMerger.objects.manageable_by(actor).filter(pk=merger.pk).exists():
        raise Refused(rules.NOT_YOURS)
    with transaction.atomic():
        pair = Pair(merger.keeper_id, merger.other_id, merger.account_id, merger.closed_account_id)
        people = _lock(pair, _homes(pair.people) | _former_homes(merger))
        row = PersonMerger.objects.get(pk=merger.pk)
        if not row.is_standing:
            raise Refused(rules.ALREADY_UNDONE)
        if any(person.is_erased for person in people.values()):
            raise Refused(rules.ERASED)
        undoing = Undoing(
            pair=pair,
            keeper=people[pair.keeper_id],
            other=people[pair.other_id],
            merged_at=row.merged_at,
            changes=row.changes,
            actor=actor,
            now=timezone.now(),
        )
        if actor is not None and actor.pk in pair.accounts:
            raise Refused(rules.OWN_RECORD)
        if reasons := _in_the_way(row, undoing):
            raise Refused(*reasons)
        return _undo(row, undoing)


def _former_homes(merger: PersonMerger) -> set[int]:
    return {
        change["before"]["home_organization_id"]
        for change in merger.changes
        if change["model"] == Trainee._meta.label and "home_organization_id" in change["before"]
    }


def _in_the_way(merger: PersonMerger, undoing: Undoing) -> list[Reason]:
    keeper, other = undoing.keeper, undoing.other
    if keeper.merged_into_id is not None:
        return [rules.later_merger(Trainee.objects.get(pk=keeper.merged_into_id).name)]
    reasons = changed_since(merger.changes)
    standing = {_line_of(entry) for entry in _moved_entries(merger)}
    reasons += [
        rules.hours_changed_since(entry.title)
        for entry in HourEntry.objects.filter(pk__in=_moved_keys(merger)).order_by("pk")
        if _line_of(entry) not in standing
    ]
    before = {
        change["pk"]: change["before"] for change in undoing.of(Trainee) if change["before"] is not None
    }
    back = before.get(str(other.pk), {})
    if "left_on" in back and back["left_on"] is None:
        ours: dict[str, Any] = before.get(str(keeper.pk), {})
        rivals = Trainee.objects.active().exclude(pk__in=undoing.pair.people)
        for person, values in ((other, {}), (keeper, ours)):
            phone = values.get("phone", person.phone)
            digest = values.get("identity_digest", person.identity_digest)
            if phone and rivals.filter(phone=phone).exists():
                reasons.append(rules.taken_since(Trainee(phone=phone).masked_phone))
            if digest and rivals.filter(identity_digest=digest).exists():
                reasons.append(rules.taken_since(Trainee._meta.get_field("identity_tail").verbose_name))
    homes = {other.home_organization_id, *_former_homes(merger)}
    reasons += [
        rules.dissolved_since(name)
        for name in Organization.objects.filter(pk__in=homes, dissolved_on__isnull=False).values_list(
            "name", flat=True
        )
    ]
    for follower in followers():
        reasons += follower.in_the_way(undoing)
    return list({str(reason): reason for reason in reasons}.values())


def _moved_keys(merger: PersonMerger) -> list[int]:
    """The entries that left the other record for the one that stayed, as they were before."""
    return [line["entry"] for line in merger.ledger if line["moved_to"] is not None]


def _moved_entries(merger: PersonMerger) -> list[HourEntry]:
    """What stands for them now: by evidence, for a further merger taken back has given them other keys."""
    evidence = {
        (entry.evidence_type, entry.evidence_id)
        for entry in HourEntry.objects.filter(pk__in=_moved_keys(merger))
    }
    standing = (
        HourEntry.objects.standing()
        .filter(trainee=merger.keeper_id, evidence_type__in={kind for kind, _number in evidence})
        .select_related("trainee")
        .order_by("pk")
    )
    return [entry for entry in standing if (entry.evidence_type, entry.evidence_id) in evidence]


def _line_of(entry: HourEntry) -> tuple[str, str, int, int]:
    """What must still stand of an entry that moved."""
    return entry.evidence_type, entry.evidence_id, entry.year, entry.quarters


def _undo(merger: PersonMerger, undoing: Undoing) -> PersonMerger:
    pair, keeper, other = undoing.pair, undoing.keeper, undoing.other
    reverse_all(entries=_moved_entries(merger), actor=undoing.actor, reason=undoing.note)
    _move_frozen_standings(keeper.pk, other.pk, merger.years["frozen"])
    # The record that stays comes first: it gives back the phone and the account.
    people = undoing.of(Trainee)
    people.sort(key=lambda change: change["pk"] != str(keeper.pk))
    for change in people:
        put_back([change], entries={})
    entries = credit_all(
        entries=list(
            HourEntry.objects.filter(pk__in=[line["entry"] for line in merger.ledger]).order_by("pk")
        ),
        to=other.pk,
        actor=undoing.actor,
        note=lambda entry: undoing.note,
    )
    put_back(
        [change for change in merger.changes if change["model"] != Trainee._meta.label],
        entries={old: entry.pk for old, entry in entries.items()},
    )
    refresh_standings(trainee_ids=pair.people, years=_years_again(merger, pair))
    for follower in followers():
        follower.returned(undoing)
    merger.undone_at, merger.undone_by = undoing.now, undoing.actor
    merger.save(update_fields=["undone_at", "undone_by"])
    low, high = sorted(pair.people)
    DuplicatePair.objects.filter(one=low, other=high, state=PairState.MERGED).update(
        state=PairState.OPEN, decided_by=None, decided_at=None
    )
    for person in Trainee.objects.filter(pk__in=pair.people).order_by("pk"):
        index.insert_or_update_object(person)
        note(person, "enrollment.person.unmerge", actor=undoing.actor, data={"merger": merger.pk})
    return merger


def _years_again(merger: PersonMerger, pair: Pair) -> list[int]:
    closed = set(YearClosure.objects.values_list("year", flat=True))
    return sorted((set(merger.years["open"]) | set(_open_years(pair))) - closed)
