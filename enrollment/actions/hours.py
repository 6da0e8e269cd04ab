"""The one door to the ledger of study hours: credit, credit in bulk, reverse.

Everything a person earns ends here, with its evidence. An entry, the time it occupies, the balance, the
standing of the year and the organization's figures change in one transaction. Lock order: trainees by
number, then organization figures by number. The ledger is its own journal, so a credit writes no audit
entry beside it; a reversal, which a person decides, does.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from cms.refusals import Reason, Refused
from enrollment.actions.journal import note as log_note
from enrollment.actions.standings import (
    NO_DIMENSIONS,
    FigureChanges,
    judge,
    lock_trainees,
    rebuild_standings,
    refresh_standings,
    write_standings,
)
from enrollment.dimensions import classified
from enrollment.models import (
    ONLINE_KINDS,
    HourBalance,
    HourEntry,
    HourRule,
    HourSpan,
    Standing,
    Trainee,
    User,
    YearClosure,
    earned_by_dimension,
    rulebook,
)
from enrollment.models.sums import month_of
from enrollment.rules import hours as rules
from enrollment.rules.hours import Credit, Span
from enrollment.rules.years import Closure, refusal_of_late

__all__ = [
    "BulkResult",
    "Credit",
    "credit_hours",
    "credit_hours_in_bulk",
    "rebuild_standings",
    "reverse_entry",
]

CHUNK = 1000
Evidence = tuple[int, str, str]


@dataclass
class BulkResult:
    """What became of many credits."""

    posted: list[HourEntry] = field(default_factory=list)
    already: list[HourEntry] = field(default_factory=list)
    refused: list[tuple[Credit, Reason]] = field(default_factory=list)


def year_of(moment: dt.datetime) -> int:
    """The academy's calendar year that ``moment`` belongs to."""
    return timezone.localtime(moment).year


def closures_of(years: Collection[int]) -> dict[int, Closure]:
    """Which of ``years`` are closed. Only a past year can be, so the common case asks nothing."""
    this_year = timezone.localdate().year
    past = [year for year in years if year < this_year]
    if not past:
        return {}
    return {
        row.year: Closure(row.year, timezone.localtime(row.late_until) if row.late_until else None)
        for row in YearClosure.objects.filter(year__in=past)
    }


def credit_hours(
    *,
    trainee: Trainee,
    kind: str,
    quarters: int,
    title: str,
    evidence_type: str,
    evidence_id: str | int,
    occurred_at: dt.datetime,
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    rule: HourRule | None = None,
    actor: User | None = None,
    note: str = "",
    is_centralized: bool = False,
    dimension: str = "",
) -> HourEntry:
    """Post ``quarters`` to the ledger of ``trainee`` for the year of ``occurred_at``.

    The same evidence sent again returns the entry that stands; after a reversal it may be credited anew. With
    a period, the time is occupied: nothing else of this person may overlap with it.

    Raises:
        Refused: ``hours_overlap``, ``hours_not_positive``, ``hours_too_many``, ``evidence_missing``,
            ``period_incomplete``, ``period_backward``, ``trainee_left`` or ``year_frozen``.
    """
    credit = Credit(
        trainee_id=trainee.pk,
        kind=kind,
        quarters=quarters,
        title=title,
        evidence_type=evidence_type,
        evidence_id=str(evidence_id),
        occurred_at=occurred_at,
        starts_at=starts_at,
        ends_at=ends_at,
        rule_id=rule.pk if rule else None,
        note=note,
        is_centralized=is_centralized,
        dimension=dimension,
    )
    result = credit_hours_in_bulk(credits=[credit], actor=actor)
    if result.refused:
        raise Refused(*(reason for _credit, reason in result.refused))
    return (result.posted or result.already)[0]


def credit_hours_in_bulk(*, credits: Iterable[Credit], actor: User | None = None) -> BulkResult:
    """Post many credits; each that is refused is returned with its reason, and the others are posted.

    A chunk of a thousand takes a fixed number of queries and one transaction. Hours for a record that has
    been merged into another are posted to the one that stays, with the same evidence.
    """
    result = BulkResult()
    remaining = iter(credits)
    while chunk := list(islice(remaining, CHUNK)):
        _post_chunk(chunk, actor, result)
    return result


def _post_chunk(chunk: list[Credit], actor: User | None, result: BulkResult) -> None:
    """Post ``chunk``; what is meant for a record that was merged goes to the one that stays."""
    while True:
        try:
            with transaction.atomic():
                _Posting(chunk, actor, result).post()
            return
        except _MergedAway as away:
            # Leaving the savepoint lets the locks go: they are taken anew in their order.
            chunk = [
                replace(credit, trainee_id=away.into.get(credit.trainee_id, credit.trainee_id))
                for credit in chunk
            ]


class _MergedAway(Exception):
    """Some of the people locked were merged into others; ``into`` says whom each is now."""

    def __init__(self, into: dict[int, int]) -> None:
        super().__init__()
        self.into = into


class _Posting:
    """One chunk of credits on its way into the ledger."""

    def __init__(self, credits: Sequence[Credit], actor: User | None, result: BulkResult) -> None:
        self.credits = credits
        self.actor = actor
        self.result = result
        self.people = lock_trainees(credit.trainee_id for credit in credits)
        if into := {p.pk: p.merged_into_id for p in self.people.values() if p.merged_into_id is not None}:
            raise _MergedAway(into)
        self.latest = self._latest_by_evidence()
        self.spans = self._spans_near()
        self.now = timezone.now()
        # Many credits of one moment: its year is found once.
        self.years = {moment: year_of(moment) for moment in {credit.occurred_at for credit in credits}}
        self.closed = closures_of(set(self.years.values()))
        self.dimensions = self._dimensions()
        self.new: list[tuple[HourEntry, Span | None]] = []

    def post(self) -> None:
        pending: dict[Evidence, HourEntry] = {}
        for credit in self.credits:
            evidence = (credit.trainee_id, credit.evidence_type, credit.evidence_id)
            standing = pending.get(evidence) or self._standing(evidence)
            if standing is not None:
                self.result.already.append(standing)
                continue
            reason = self._refusal(credit)
            if reason is not None:
                self.result.refused.append((credit, reason))
                continue
            pending[evidence] = self._entry(credit, evidence)
        entries = HourEntry.objects.bulk_create([entry for entry, _span in self.new])
        HourSpan.objects.bulk_create(
            [
                HourSpan(
                    entry=entry, trainee_id=entry.trainee_id, starts_at=span.starts_at, ends_at=span.ends_at
                )
                for entry, span in self.new
                if span is not None
            ]
        )
        apply_to_projections(entries)
        self.result.posted += entries

    def _latest_by_evidence(self) -> dict[Evidence, tuple[HourEntry, bool]]:
        """The last credit of each evidence, and whether it has been reversed."""
        wanted = Q(pk__in=[])
        by_type: dict[str, set[str]] = defaultdict(set)
        for credit in self.credits:
            by_type[credit.evidence_type].add(credit.evidence_id)
        for evidence_type, ids in by_type.items():
            wanted |= Q(evidence_type=evidence_type, evidence_id__in=ids)
        rows = (
            HourEntry.objects.filter(wanted, trainee_id__in=self.people, reverses__isnull=True)
            .order_by("sequence")
            .annotate(reversal_pk=F("reversal__pk"))
        )
        return {
            (row.trainee_id, row.evidence_type, row.evidence_id): (row, row.reversal_pk is not None)
            for row in rows
        }

    def _standing(self, evidence: Evidence) -> HourEntry | None:
        entry, is_reversed = self.latest.get(evidence, (None, False))
        return None if is_reversed else entry

    def _spans_near(self) -> dict[int, list[tuple[Span, str]]]:
        """Time already occupied by these people between the first and the last credit, with what for."""
        periods = [(c.starts_at, c.ends_at) for c in self.credits if c.starts_at and c.ends_at]
        spans: dict[int, list[tuple[Span, str]]] = defaultdict(list)
        if not periods:
            return spans
        first, last = min(start for start, _end in periods), max(end for _start, end in periods)
        with_period = {c.trainee_id for c in self.credits if c.starts_at}
        for trainee_id, starts_at, ends_at, title in HourSpan.objects.filter(
            trainee_id__in=with_period, starts_at__lt=last, ends_at__gt=first
        ).values_list("trainee_id", "starts_at", "ends_at", "entry__title"):
            spans[trainee_id].append((Span(starts_at, ends_at), title))
        return spans

    def _dimensions(self) -> dict[tuple[str, str], str]:
        """What the evidence belongs to, as the higher apps say; asked once for each type."""
        ids: dict[str, set[str]] = defaultdict(set)
        for credit in self.credits:
            if not credit.dimension:
                ids[credit.evidence_type].add(credit.evidence_id)
        return {
            (evidence_type, evidence_id): code
            for evidence_type, wanted in ids.items()
            for evidence_id, code in classified(evidence_type, wanted).items()
        }

    def _refusal(self, credit: Credit) -> Reason | None:
        for flaw in rules.flaws_of(credit):
            return flaw
        person = self.people.get(credit.trainee_id)
        if person is None:
            raise Trainee.DoesNotExist(f"no trainee {credit.trainee_id}")
        if person.left_on is not None and timezone.localdate(credit.occurred_at) > person.left_on:
            return rules.HAS_LEFT
        frozen = refusal_of_late(self.closed.get(self.years[credit.occurred_at]), self.now)
        if frozen is not None:
            return frozen
        if credit.starts_at is not None and credit.ends_at is not None:
            mine = Span(credit.starts_at, credit.ends_at)
            for span, title in self.spans[credit.trainee_id]:
                if mine.overlaps(span):
                    local = Span(timezone.localtime(span.starts_at), timezone.localtime(span.ends_at))
                    return rules.overlap(title, local)
        return None

    def _entry(self, credit: Credit, evidence: Evidence) -> HourEntry:
        person = self.people[credit.trainee_id]
        earlier, _is_reversed = self.latest.get(evidence, (None, False))
        year = self.years[credit.occurred_at]
        entry = HourEntry(
            trainee_id=person.pk,
            organization_id=person.home_organization_id,
            year=year,
            kind=credit.kind,
            quarters=credit.quarters,
            title=credit.title[:200],
            starts_at=credit.starts_at,
            ends_at=credit.ends_at,
            rule_id=credit.rule_id,
            evidence_type=credit.evidence_type,
            evidence_id=credit.evidence_id,
            sequence=earlier.sequence + 1 if earlier is not None else 1,
            is_centralized=credit.is_centralized,
            dimension=credit.dimension or self.dimensions.get((credit.evidence_type, credit.evidence_id), ""),
            is_late=year in self.closed,
            recorded_by=self.actor,
            note=credit.note[:300],
        )
        span = None
        if credit.starts_at is not None and credit.ends_at is not None:
            span = Span(credit.starts_at, credit.ends_at)
            self.spans[person.pk].append((span, entry.title))
        self.new.append((entry, span))
        return entry


@transaction.atomic
def reverse_entry(*, entry: HourEntry, actor: User | None, reason: str) -> HourEntry:
    """Take back ``entry`` by an entry of its own 冲正; both stay, with who and why. Its time becomes free.

    Raises:
        Refused: ``reason_missing``, ``is_reversal``, ``already_reversed`` or ``year_frozen``.
    """
    if not reason.strip():
        raise Refused(rules.REASON_MISSING)
    lock_trainees([entry.trainee_id])
    if entry.reverses_id is not None:
        raise Refused(rules.IS_REVERSAL)
    if HourEntry.objects.filter(reverses=entry).exists():
        raise Refused(rules.ALREADY_REVERSED)
    closures = closures_of({entry.year})
    frozen = refusal_of_late(closures.get(entry.year), timezone.now())
    if frozen is not None:
        raise Refused(frozen)
    reversal = HourEntry.objects.create(
        trainee_id=entry.trainee_id,
        organization_id=entry.organization_id,
        year=entry.year,
        kind=entry.kind,
        quarters=-entry.quarters,
        title=entry.title,
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        rule_id=entry.rule_id,
        evidence_type=entry.evidence_type,
        evidence_id=entry.evidence_id,
        sequence=entry.sequence,
        reverses=entry,
        is_centralized=entry.is_centralized,
        dimension=entry.dimension,
        is_late=entry.year in closures,
        recorded_by=actor,
        note=reason.strip()[:300],
    )
    HourSpan.objects.filter(entry=entry).delete()
    apply_to_projections([reversal])
    log_note(
        reversal, "enrollment.hours.reverse", actor=actor, data={"entry": entry.pk, "reason": reversal.note}
    )
    return reversal


def apply_to_projections(entries: Sequence[HourEntry]) -> None:
    """Add just-written ``entries`` to balances, standings and figures, under the locks on the people."""
    if not entries:
        return
    _add_to_balances(entries)
    _add_to_standings(entries)


def _add_to_balances(entries: Sequence[HourEntry]) -> None:
    totals: dict[tuple[int, int, str], int] = defaultdict(int)
    for entry in entries:
        totals[(entry.trainee_id, entry.year, entry.kind)] += entry.quarters
    if len(totals) == 1:
        [((trainee_id, year, kind), quarters)] = totals.items()
        row = HourBalance.objects.filter(trainee_id=trainee_id, year=year, kind=kind)
        if row.update(quarters=F("quarters") + quarters):
            return
    present = HourBalance.objects.filter(
        trainee_id__in={key[0] for key in totals}, year__in={key[1] for key in totals}
    ).values_list("trainee_id", "year", "kind", "quarters")
    for trainee_id, year, kind, quarters in present:
        if (trainee_id, year, kind) in totals:
            totals[(trainee_id, year, kind)] += quarters
    HourBalance.objects.bulk_create(
        [HourBalance(trainee_id=t, year=y, kind=k, quarters=q) for (t, y, k), q in totals.items()],
        update_conflicts=True,
        unique_fields=["trainee", "year", "kind"],
        update_fields=["quarters"],
    )


def _add_to_standings(entries: Sequence[HourEntry]) -> None:
    by_person_year: dict[tuple[int, int], list[HourEntry]] = defaultdict(list)
    for entry in entries:
        by_person_year[(entry.trainee_id, entry.year)].append(entry)
    present = {
        (row.trainee_id, row.year): row
        for row in Standing.objects.filter(
            trainee_id__in={key[0] for key in by_person_year}, year__in={key[1] for key in by_person_year}
        )
        if (row.trainee_id, row.year) in by_person_year
    }
    figures = FigureChanges()
    online = _online_under_cap(by_person_year)
    dimensions = earned_by_dimension(by_person_year)
    for key, standing in present.items():
        figures.remove(standing)
        for entry in by_person_year[key]:
            figures.earn(standing, entry.kind, month_of(entry), entry.quarters)
            standing.earned_quarters += entry.quarters
            if entry.is_centralized:
                standing.centralized_entries += 1 if entry.reverses_id is None else -1
        judge(standing, online.get(key, 0), dimensions.get(key, NO_DIMENSIONS))
        figures.add(standing)
    if len(present) == 1:
        [standing] = present.values()
        standing.save(
            update_fields=["earned_quarters", "counted_quarters", "centralized_entries", "has_reached"]
        )
    else:
        write_standings(list(present.values()))
    figures.post()
    for year, trainee_ids in _without_standing(by_person_year, present):
        refresh_standings(trainee_ids=trainee_ids, years=[year])


def _online_under_cap(keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Online quarters of those years that cap them; nothing is asked where there is no cap."""
    capped = [(trainee_id, year) for trainee_id, year in keys if rulebook.online_cap_of(year)]
    if not capped:
        return {}
    rows = (
        HourBalance.objects.order_by()
        .filter(
            trainee_id__in={pk for pk, _year in capped},
            year__in={year for _pk, year in capped},
            kind__in=ONLINE_KINDS,
        )
        .values("trainee_id", "year")
        .annotate(total=Sum("quarters"))
    )
    return {(row["trainee_id"], row["year"]): row["total"] for row in rows}


def _without_standing(
    wanted: Iterable[tuple[int, int]], present: Iterable[tuple[int, int]]
) -> Iterator[tuple[int, list[int]]]:
    """Years with the people who have no standing in them yet."""
    missing: dict[int, list[int]] = defaultdict(list)
    for trainee_id, year in set(wanted) - set(present):
        missing[year].append(trainee_id)
    yield from sorted(missing.items())
