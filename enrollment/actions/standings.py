"""The projections: each person's standing of the year, and the figures of each organization.

They change only here, in the transaction that changes what they are computed from, and always as the
difference between a standing before and after; so an organization's figures cost one row per change.
Lock order: trainees by number, then organization figures by number (docs/rules/hours.md).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.db import connection, transaction
from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.utils import timezone

from enrollment.actions import park_figures
from enrollment.actions.park_figures import FIGURES, HoursKey, Key
from enrollment.models import (
    ONLINE_KINDS,
    Appointment,
    Exemption,
    HourBalance,
    HourEntry,
    OrganizationStanding,
    Standing,
    Trainee,
    YearClosure,
    earned_by_dimension,
    rulebook,
)
from enrollment.rules import requirement as requirement_rule
from enrollment.rules.minimums import Gap, gaps
from enrollment.rules.requirement import Absence, Tenure
from enrollment.rules.standing import Earned, counted, has_reached

CHUNK = 2000
NO_DIMENSIONS: Mapping[str, int] = MappingProxyType({})


@dataclass
class FigureChanges:
    """What a set of changed standings does to the figures of their organizations, and of the parks above."""

    changes: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * len(FIGURES)))
    hours: dict[HoursKey, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, standing: Standing) -> None:
        """``standing`` counts from now on."""
        self._count(standing, 1)

    def remove(self, standing: Standing) -> None:
        """``standing`` no longer counts."""
        self._count(standing, -1)

    def earn(self, standing: Standing, kind: str, month: int, quarters: int) -> None:
        """Hours of that kind and month count where ``standing`` does."""
        self.hours[(standing.organization_id, standing.year, kind, month)] += quarters

    def _count(self, standing: Standing, sign: int) -> None:
        change = self.changes[(standing.organization_id, standing.year, standing.cohort)]
        for position, value in enumerate(contribution(standing)):
            change[position] += sign * value

    def post(self) -> None:
        """Write the changes; rows are locked in the order of their numbers."""
        wanted = {key: change for key, change in self.changes.items() if any(change)}
        park_figures.add_differences(wanted, self.hours)
        if len(wanted) == 1 and self._update_one(*next(iter(wanted.items()))):
            return
        keys = sorted(wanted)
        for start in range(0, len(keys), CHUNK):
            self._update_many(keys[start : start + CHUNK], wanted)

    @staticmethod
    def _update_one(key: Key, change: list[int]) -> bool:
        organization_id, year, cohort = key
        return bool(
            OrganizationStanding.objects.filter(
                organization_id=organization_id, year=year, cohort=cohort
            ).update(**{name: F(name) + value for name, value in zip(FIGURES, change, strict=True) if value})
        )

    @staticmethod
    def _update_many(keys: list[Key], wanted: dict[Key, list[int]]) -> None:
        rows = OrganizationStanding.objects.filter(
            organization_id__in={key[0] for key in keys}, year__in={key[1] for key in keys}
        )
        known = set(rows.values_list("organization_id", "year", "cohort"))
        # Whoever comes second waits here for the first, so that no difference is lost.
        OrganizationStanding.objects.bulk_create(
            [
                OrganizationStanding(organization_id=o, year=y, cohort=c)
                for o, y, c in keys
                if (o, y, c) not in known
            ],
            ignore_conflicts=True,
        )
        changed = []
        for row in rows.select_for_update().order_by("pk"):
            change = wanted.get((row.organization_id, row.year, row.cohort))
            if change is not None:
                for name, value in zip(FIGURES, change, strict=True):
                    setattr(row, name, getattr(row, name) + value)
                changed.append(row)
        OrganizationStanding.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["organization", "year", "cohort"],
            update_fields=list(FIGURES),
        )


def contribution(standing: Standing) -> tuple[int, int, int, int, int]:
    """What one standing adds to its organization's figures; the exempt are outside the required hours."""
    return (
        1,
        int(standing.is_exempt),
        int(standing.has_reached),
        0 if standing.is_exempt else standing.required_quarters,
        standing.earned_quarters,
    )


def judge(standing: Standing, online_quarters: int, by_dimension: Mapping[str, int] = NO_DIMENSIONS) -> None:
    """Set what counts for ``standing``, and whether it has reached its target.

    The online share matters only under a cap, and categories only where a minimum is asked for.
    """
    cap = rulebook.online_cap_of(standing.year)
    earned = Earned(standing.earned_quarters, online_quarters, standing.centralized_entries, by_dimension)
    standing.counted_quarters = counted(earned, standing.required_quarters, cap)
    standing.has_reached = has_reached(
        earned=earned,
        required_quarters=standing.required_quarters,
        is_exempt=standing.is_exempt,
        centralized_required=standing.centralized_required,
        online_cap_percent=cap,
        gaps=gaps_of(standing, by_dimension),
    )


def gaps_of(standing: Standing, by_dimension: Mapping[str, int]) -> tuple[Gap, ...]:
    """The minimums that ``standing`` is held to, met or not."""
    return gaps(
        rulebook.minimums_of(standing.year),
        cohort=standing.cohort,
        required_quarters=standing.required_quarters,
        earned=by_dimension,
    )


def earned_from_ledger(
    *, trainee_ids: Collection[int] | None = None, years: Collection[int] | None = None
) -> QuerySet[HourEntry, Any]:
    """Per person and year: all quarters, online quarters, centralized trainings; summed by the database."""
    entries = HourEntry.objects.order_by()
    if years is not None:
        entries = entries.filter(year__in=years)
    if trainee_ids is not None:
        entries = entries.filter(trainee_id__in=trainee_ids)
    count = Case(
        When(is_centralized=True, reverses__isnull=True, then=Value(1)),
        When(is_centralized=True, then=Value(-1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    return entries.values("trainee_id", "year").annotate(
        total=Sum("quarters"),
        online=Sum("quarters", filter=Q(kind__in=ONLINE_KINDS), default=0),
        centralized=Sum(count),
    )


@dataclass(frozen=True)
class History:
    """What of one person decides the requirement of any year."""

    left_on: dt.date | None
    home_organization_id: int
    appointments: tuple[Appointment, ...]
    exemptions: tuple[Exemption, ...]

    def standing_of(self, trainee_id: int, year: int) -> Standing | None:
        """An unsaved standing of ``year`` with nothing earned; None for somebody not on the roster then."""
        if self.left_on is not None and self.left_on <= rulebook.year_end(year):
            return None
        tenures = requirement_rule.clipped(
            year, [Tenure(held.started_on, held.ended_on, held.on_committee) for held in self.appointments]
        )
        absences = requirement_rule.clipped_absences(
            year, [Absence(exempt.starts_on, exempt.ends_on) for exempt in self.exemptions]
        )
        required = requirement_rule.requirement(year, tenures, absences, rulebook.targets_of(year))
        if required is None:
            return None
        last = max(
            (held for held in self.appointments if held.started_on <= rulebook.year_end(year)),
            key=lambda held: (held.started_on, held.pk or 0),
        )
        return Standing(
            trainee_id=trainee_id,
            year=year,
            organization_id=last.organization_id,
            cohort=last.cohort,
            required_quarters=required.quarters,
            centralized_required=required.centralized,
            is_exempt=required.is_exempt,
        )


def histories(trainee_ids: Collection[int]) -> dict[int, History]:
    """The histories of several people in three queries."""
    appointments: dict[int, list[Appointment]] = defaultdict(list)
    for held in Appointment.objects.filter(trainee_id__in=trainee_ids).order_by():
        appointments[held.trainee_id].append(held)
    exemptions: dict[int, list[Exemption]] = defaultdict(list)
    for exempt in Exemption.objects.filter(trainee_id__in=trainee_ids):
        exemptions[exempt.trainee_id].append(exempt)
    return {
        pk: History(left_on, home_id, tuple(appointments[pk]), tuple(exemptions[pk]))
        for pk, left_on, home_id in Trainee.objects.filter(pk__in=trainee_ids).values_list(
            "pk", "left_on", "home_organization_id"
        )
    }


def this_year() -> int:
    """The calendar year in the academy's own time zone."""
    return timezone.localdate().year


def lock_trainees(trainee_ids: Iterable[int]) -> dict[int, Trainee]:
    """Lock and return people in the order of their numbers; whoever changes a ledger or a roster does so.

    Rows that merely point to a trainee are not held up (``no_key``).
    """
    rows = (
        Trainee.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=set(trainee_ids))
        .order_by("pk")
    )
    return {row.pk: row for row in rows}


def lock_many(trainee_ids: Iterable[int]) -> None:
    """Lock any number of people in the order of their numbers, before work that takes them in another."""
    ids = sorted(set(trainee_ids))
    for start in range(0, len(ids), CHUNK):
        lock_trainees(ids[start : start + CHUNK])


def refresh_standings(
    *, trainee_ids: Collection[int], years: Collection[int] | None = None, with_figures: bool = True
) -> int:
    """Compute standings anew after a post, an exemption or a rule changed; return how many changed.

    The caller holds the lock on the people. Without ``years``: this year, and every open year in which they
    already have a standing. A closed year stays frozen unless it is named. ``with_figures`` False leaves the
    organizations' figures to a caller that sums them anew afterwards.
    """
    existing: dict[tuple[int, int], Standing] = {
        (row.trainee_id, row.year): row for row in Standing.objects.filter(trainee_id__in=trainee_ids)
    }
    if years is None:
        closed = set(YearClosure.objects.values_list("year", flat=True))
        wanted = {(pk, this_year()) for pk in trainee_ids} | set(existing)
        wanted = {(pk, year) for pk, year in wanted if year not in closed}
    else:
        wanted = {(pk, year) for pk in trainee_ids for year in years}
    earned = {
        (row["trainee_id"], row["year"]): Earned(row["total"], row["online"], row["centralized"])
        for row in earned_from_ledger(trainee_ids=trainee_ids, years={year for _pk, year in wanted})
    }
    dimensions = earned_by_dimension(wanted)
    people = histories(trainee_ids)
    figures = FigureChanges()
    written: list[Standing] = []
    vanished: list[int] = []
    moved: list[tuple[Standing | None, Standing | None]] = []
    for pk, year in sorted(wanted):
        before = existing.get((pk, year))
        after = people[pk].standing_of(pk, year) if pk in people else None
        if after is None:
            if before is not None:
                figures.remove(before)
                vanished.append(before.pk)
                moved.append((before, None))
            continue
        has = earned.get((pk, year), Earned())
        after.earned_quarters, after.centralized_entries = has.quarters, has.centralized_entries
        judge(after, has.online_quarters, dimensions.get((pk, year), NO_DIMENSIONS))
        if before is not None:
            if _same(before, after):
                continue
            figures.remove(before)
        figures.add(after)
        written.append(after)
        if before is None or before.organization_id != after.organization_id:
            moved.append((before, after))
    write_standings(written)
    if with_figures:
        _take_hours_along([pair for pair in moved if _key_of(pair) in earned], figures)
    if vanished:
        Standing.objects.filter(pk__in=vanished).delete()
    if with_figures:
        figures.post()
    return len(written) + len(vanished)


def _key_of(pair: tuple[Standing | None, Standing | None]) -> tuple[int, int]:
    standing = pair[0] or pair[1]
    assert standing is not None
    return standing.trainee_id, standing.year


def _take_hours_along(moved: list[tuple[Standing | None, Standing | None]], figures: FigureChanges) -> None:
    """Hours count where the standing does: those of people who came, went or moved go with them."""
    if not moved:
        return
    hours = park_figures.hours_of({_key_of(pair) for pair in moved})
    for before, after in moved:
        for (kind, month), quarters in hours[_key_of((before, after))].items():
            if before is not None:
                figures.earn(before, kind, month, -quarters)
            if after is not None:
                figures.earn(after, kind, month, quarters)


WRITTEN_FIELDS = [
    "organization",
    "cohort",
    "required_quarters",
    "earned_quarters",
    "counted_quarters",
    "centralized_required",
    "centralized_entries",
    "is_exempt",
    "has_reached",
]


def _same(one: Standing, other: Standing) -> bool:
    return one.organization_id == other.organization_id and all(
        getattr(one, name) == getattr(other, name) for name in WRITTEN_FIELDS if name != "organization"
    )


def write_standings(standings: list[Standing]) -> None:
    """Insert or replace ``standings``."""
    Standing.objects.bulk_create(
        standings,
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["trainee", "year"],
        update_fields=WRITTEN_FIELDS,
    )


def chunks_of_ids(trainees: QuerySet[Trainee], size: int = CHUNK) -> Iterator[list[int]]:
    """Numbers of ``trainees`` in ascending chunks, without holding them all or keeping a cursor open."""
    last = 0
    while ids := list(trainees.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]):
        yield ids
        last = ids[-1]


def rebuild_standings(*, year: int, trainees: QuerySet[Trainee] | None = None) -> int:
    """Project balances, standings and figures of ``year`` anew from ledger, posts and exemptions.

    Returns how many standings changed. Runs in chunks, so that nobody waits long; without ``trainees`` the
    organizations' figures are summed anew at the end.
    """
    changed = 0
    for ids in chunks_of_ids(Trainee.objects.all() if trainees is None else trainees.order_by()):
        with transaction.atomic():
            lock_trainees(ids)
            _rebuild_balances(ids, year)
            changed += refresh_standings(trainee_ids=ids, years=[year], with_figures=trainees is not None)
    if trainees is None:
        rebuild_figures(year=year)
    return changed


def _rebuild_balances(trainee_ids: Collection[int], year: int) -> None:
    right = {
        (row["trainee_id"], row["kind"]): row["total"]
        for row in HourEntry.objects.order_by()
        .filter(trainee_id__in=trainee_ids, year=year)
        .values("trainee_id", "kind")
        .annotate(total=Sum("quarters"))
    }
    for pk, kind, quarters in HourBalance.objects.filter(trainee_id__in=trainee_ids, year=year).values_list(
        "trainee_id", "kind", "quarters"
    ):
        if right.get((pk, kind)) == quarters:
            del right[(pk, kind)]
        else:
            right.setdefault((pk, kind), 0)
    HourBalance.objects.bulk_create(
        [
            HourBalance(trainee_id=pk, year=year, kind=kind, quarters=total)
            for (pk, kind), total in right.items()
        ],
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["trainee", "year", "kind"],
        update_fields=["quarters"],
    )


def summed_figures(year: int, *, between: tuple[int, int] | None = None) -> dict[Key, tuple[int, ...]]:
    """The figures of organizations as the standings of ``year`` add up to (one query).

    ``between`` narrows them to the numbers of organizations from the first to the last, both included.
    """
    standings = Standing.objects.filter(year=year)
    if between is not None:
        standings = standings.filter(organization_id__gte=between[0], organization_id__lte=between[1])
    rows = (
        standings.order_by()
        .values("organization_id", "cohort")
        .annotate(
            n_people=Count("pk"),
            n_exempt=Count("pk", filter=Q(is_exempt=True)),
            n_reached=Count("pk", filter=Q(has_reached=True)),
            n_required=Sum("required_quarters", filter=Q(is_exempt=False), default=0),
            n_earned=Sum("earned_quarters", default=0),
        )
    )
    return {
        (row["organization_id"], year, row["cohort"]): (
            row["n_people"],
            row["n_exempt"],
            row["n_reached"],
            row["n_required"],
            row["n_earned"],
        )
        for row in rows
    }


@transaction.atomic
def rebuild_figures(*, year: int) -> None:
    """Sum the figures of ``year`` of organizations and parks anew from standings and ledger."""
    # Before the other table: whoever posts a difference adds to this one first.
    park_figures.rebuild(year=year)
    if connection.vendor == "postgresql":
        # A difference posted between the sum and the write would be lost. SQLite has one writer anyway.
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {OrganizationStanding._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
    right = summed_figures(year)
    stale = [
        row.pk
        for row in OrganizationStanding.objects.filter(year=year)
        if (row.organization_id, row.year, row.cohort) not in right
    ]
    OrganizationStanding.objects.filter(pk__in=stale).delete()
    OrganizationStanding.objects.bulk_create(
        [
            OrganizationStanding(
                organization_id=key[0], year=key[1], cohort=key[2], **dict(zip(FIGURES, figures, strict=True))
            )
            for key, figures in right.items()
        ],
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["organization", "year", "cohort"],
        update_fields=list(FIGURES),
    )
