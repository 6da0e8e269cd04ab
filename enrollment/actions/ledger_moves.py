"""Hours that pass from one record to the other of the same person: reversed there, credited here.

The ledger is never altered: each entry that goes is taken back by a reversing entry, and stands anew in the
other record with the same evidence, year, organization and rule. The caller holds the locks on both people; a
fixed number of queries, however many entries there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from django.utils import timezone

from enrollment.actions.hours import apply_to_projections
from enrollment.actions.journal import note_many
from enrollment.models import HourEntry, HourSpan, User, YearClosure
from enrollment.rules.hours import Span
from enrollment.rules.person_mergers import Fate, fate_of


def judge_entries(
    *, of: int, beside: int, superseded: Iterable[tuple[str, str]]
) -> tuple[list[HourEntry], dict[int, Fate]]:
    """The standing entries of ``of``, and what becomes of each beside the ledger of ``beside``."""
    entries = list(HourEntry.objects.standing().filter(trainee=of).select_related("trainee").order_by("pk"))
    counted = set(
        HourEntry.objects.standing().filter(trainee=beside).values_list("evidence_type", "evidence_id")
    )
    occupied = [
        Span(starts_at, ends_at)
        for starts_at, ends_at in HourSpan.objects.filter(trainee=beside).values_list("starts_at", "ends_at")
    ]
    gone = set(superseded)
    fates: dict[int, Fate] = {}
    for entry in entries:
        span = (
            Span(entry.starts_at, entry.ends_at)
            if entry.starts_at is not None and entry.ends_at is not None
            else None
        )
        fates[entry.pk] = fate_of(
            (entry.evidence_type, entry.evidence_id),
            span,
            counted=counted,
            occupied=occupied,
            superseded=gone,
        )
    return entries, fates


def reverse_all(*, entries: Sequence[HourEntry], actor: User | None, reason: str) -> dict[int, HourEntry]:
    """Reverse standing ``entries`` of locked people at once; the reversals by the key of what they reverse.

    ``entries`` come with their trainee, whose name the log keeps.
    """
    closed = _closed_years(entries)
    reversals = [
        _copy(
            entry,
            trainee_id=entry.trainee_id,
            quarters=-entry.quarters,
            sequence=entry.sequence,
            reverses=entry,
            is_late=entry.year in closed,
            actor=actor,
            note=reason,
        )
        for entry in entries
    ]
    for entry, reversal in zip(entries, reversals, strict=True):
        reversal.trainee = entry.trainee
    HourSpan.objects.filter(entry__in=[entry.pk for entry in entries]).delete()
    written = HourEntry.objects.bulk_create(reversals)
    apply_to_projections(written)
    note_many(written, "enrollment.hours.reverse", actor=actor, data={"reason": reason})
    return {entry.pk: reversal for entry, reversal in zip(entries, written, strict=True)}


def credit_all(
    *, entries: Sequence[HourEntry], to: int, actor: User | None, note: Callable[[HourEntry], str]
) -> dict[int, HourEntry]:
    """Let ``entries`` stand in the ledger of the locked person ``to``; the new entries by the key of the old.

    The caller has made sure that nothing counts twice; the database refuses it as well.
    """
    closed = _closed_years(entries)
    sequences: dict[tuple[str, str], int] = {}
    for evidence_type, evidence_id, sequence in HourEntry.objects.filter(
        trainee=to, reverses__isnull=True
    ).values_list("evidence_type", "evidence_id", "sequence"):
        evidence = (evidence_type, evidence_id)
        sequences[evidence] = max(sequence, sequences.get(evidence, 0))
    credits = [
        _copy(
            entry,
            trainee_id=to,
            quarters=entry.quarters,
            sequence=sequences.get((entry.evidence_type, entry.evidence_id), 0) + 1,
            reverses=None,
            is_late=entry.year in closed,
            actor=actor,
            note=note(entry),
        )
        for entry in entries
    ]
    written = HourEntry.objects.bulk_create(credits)
    HourSpan.objects.bulk_create(
        [
            HourSpan(entry=entry, trainee_id=to, starts_at=entry.starts_at, ends_at=entry.ends_at)
            for entry in written
            if entry.starts_at is not None and entry.ends_at is not None
        ]
    )
    apply_to_projections(written)
    return {entry.pk: credit for entry, credit in zip(entries, written, strict=True)}


def _copy(
    entry: HourEntry,
    *,
    trainee_id: int,
    quarters: int,
    sequence: int,
    reverses: HourEntry | None,
    is_late: bool,
    actor: User | None,
    note: str,
) -> HourEntry:
    return HourEntry(
        trainee_id=trainee_id,
        organization_id=entry.organization_id,
        year=entry.year,
        kind=entry.kind,
        quarters=quarters,
        title=entry.title,
        starts_at=entry.starts_at,
        ends_at=entry.ends_at,
        rule_id=entry.rule_id,
        evidence_type=entry.evidence_type,
        evidence_id=entry.evidence_id,
        sequence=sequence,
        reverses=reverses,
        is_centralized=entry.is_centralized,
        is_late=is_late,
        recorded_by=actor,
        note=note[:300],
    )


def _closed_years(entries: Sequence[HourEntry]) -> set[int]:
    years = {entry.year for entry in entries}
    if all(year >= timezone.localdate().year for year in years):
        return set()
    return set(YearClosure.objects.filter(year__in=years).values_list("year", flat=True))
