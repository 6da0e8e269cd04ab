"""The figures of parks: what the zone's dashboard reads is a few rows, however many people there are.

Each change of standings or of the ledger adds a difference, in its own transaction and without waiting for
anybody; `fold` sums them up now and then. `rebuild` sums the whole year anew, `verify_ledger` compares.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Substr

from enrollment.models import STEP, HourEntry, Organization, ParkFigure, Standing
from enrollment.models.sums import MOMENT, month_of_moment

#: People, exempt, reached, required and earned quarters.
FIGURES = ("people", "exempt", "reached", "required_quarters", "earned_quarters")
PARK = 2 * STEP
FOLDED_AT_ONCE = 5000

#: (organization, year, cohort)
Key = tuple[int, int, str]
#: (organization, year, kind, month)
HoursKey = tuple[int, int, str, int]
#: (place, year, cohort, kind, month)
Sums = dict[tuple[str, int, str, str, int], list[int]]

#: The park that a row belongs to: its own for a sum, the one above its organization for a difference.
#: A sub-select and no join: a planner that joins reads all organizations for a handful of differences.
SPOT = Coalesce(
    "place",
    Substr(
        Subquery(Organization.objects.filter(pk=OuterRef("organization")).order_by().values("path")[:1]),
        1,
        PARK,
        output_field=CharField(),
    ),
)


def add_differences(figures: Mapping[Key, Sequence[int]], hours: Mapping[HoursKey, int]) -> None:
    """Note what changed in organizations, in the transaction that changed it (one query)."""
    rows = [
        ParkFigure(organization_id=pk, year=year, cohort=cohort, **dict(zip(FIGURES, change, strict=True)))
        for (pk, year, cohort), change in figures.items()
        if any(change)
    ]
    rows += [
        ParkFigure(organization_id=pk, year=year, kind=kind, month=month, earned_quarters=quarters)
        for (pk, year, kind, month), quarters in hours.items()
        if quarters
    ]
    ParkFigure.objects.bulk_create(rows)


@transaction.atomic
def fold() -> int:
    """Put differences into the sums they belong to; return how many. Whoever reads sees the same figures."""
    folded = 0
    while rows := list(
        ParkFigure.objects.filter(organization__isnull=False)
        .select_for_update(of=("self",))
        .select_related("organization")
        .order_by("pk")[:FOLDED_AT_ONCE]
    ):
        changes: Sums = defaultdict(lambda: [0] * len(FIGURES))
        for row in rows:
            assert row.organization is not None
            key = (row.organization.path[:PARK], row.year, row.cohort, row.kind, row.month)
            _include(changes[key], (getattr(row, name) for name in FIGURES))
        _add_to_sums(changes)
        ParkFigure.objects.filter(pk__in=[row.pk for row in rows]).delete()
        folded += len(rows)
    return folded


def _include(sums: list[int], values: Iterable[int]) -> None:
    for position, value in enumerate(values):
        sums[position] += value


def _add_to_sums(changes: Sums) -> None:
    """Replace the sums that ``changes`` touch; of two at once the second waits, and adds to what it finds."""
    touched = (
        ParkFigure.objects.filter(place__in={key[0] for key in changes}, year__in={key[1] for key in changes})
        .select_for_update()
        .order_by("pk")
    )
    replaced = []
    for row in touched:
        key = (row.place or "", row.year, row.cohort, row.kind, row.month)
        if key in changes:
            _include(changes[key], (getattr(row, name) for name in FIGURES))
            replaced.append(row.pk)
    ParkFigure.objects.filter(pk__in=replaced).delete()
    ParkFigure.objects.bulk_create(_rows(changes))


def _rows(sums: Sums) -> list[ParkFigure]:
    return [
        ParkFigure(
            place=place,
            year=year,
            cohort=cohort,
            kind=kind,
            month=month,
            **dict(zip(FIGURES, figures, strict=True)),
        )
        for (place, year, cohort, kind, month), figures in sorted(sums.items())
        if any(figures)
    ]


def hold_back() -> None:
    """Let nobody add a difference before this transaction ends. SQLite has one writer anyway.

    Whoever has added one is waited for: what is read from now on holds all differences that there are.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {ParkFigure._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def take_along(organization_path: str, park_before: str, park_after: str) -> None:
    """An organization has moved from one park to another: what stands below it counts there from now on.

    The caller has called `hold_back` and `fold` before it moved.
    """
    if park_before == park_after:
        return
    below = Standing.objects.filter(organization__path__startswith=organization_path)
    years = set(below.order_by().values_list("year", flat=True).distinct())
    changes: Sums = defaultdict(lambda: [0] * len(FIGURES))
    for year in years:
        for (_place, of_year, cohort, kind, month), figures in summed(year, below=organization_path).items():
            _include(changes[(park_after, of_year, cohort, kind, month)], figures)
            _include(changes[(park_before, of_year, cohort, kind, month)], (-value for value in figures))
    if changes:
        _add_to_sums(changes)


def summed(year: int, *, below: str = "") -> Sums:
    """The figures of every park as standings and ledger of ``year`` add up to (two passes of the database).

    ``below`` narrows them to the organizations at or below a tree path.
    """
    sums: Sums = defaultdict(lambda: [0] * len(FIGURES))
    standings: Any = Standing.objects.filter(year=year, organization__path__startswith=below)
    for row in (
        standings.order_by()
        .annotate(spot=Substr("organization__path", 1, PARK, output_field=CharField()))
        .values("spot", "cohort")
        .annotate(
            n_people=Count("pk"),
            n_exempt=Count("pk", filter=Q(is_exempt=True)),
            n_reached=Count("pk", filter=Q(has_reached=True)),
            n_required=Sum("required_quarters", filter=Q(is_exempt=False), default=0),
            n_earned=Sum("earned_quarters", default=0),
        )
    ):
        figures = (row[f"n_{name}"] for name in ("people", "exempt", "reached", "required", "earned"))
        _include(sums[(row["spot"], year, row["cohort"], "", 0)], figures)
    entries = HourEntry.objects.filter(
        trainee__standings__year=year, trainee__standings__organization__path__startswith=below
    )
    spot = Substr("trainee__standings__organization__path", 1, PARK, output_field=CharField())
    for place, kind, month, quarters in (
        _by_month(entries, year)
        .annotate(spot=spot)
        .values_list("spot", "kind", "month")
        .annotate(total=Sum("quarters"))
    ):
        sums[(place, year, "", kind, month)][-1] += quarters
    return sums


def _by_month(entries: QuerySet[HourEntry], year: int) -> Any:
    return entries.filter(year=year).order_by().annotate(moment=MOMENT).annotate(month=month_of_moment(year))


def hours_of(keys: Collection[tuple[int, int]]) -> dict[tuple[int, int], dict[tuple[str, int], int]]:
    """Quarters by kind and month of people and years, as the ledger has them (one query a year)."""
    found: dict[tuple[int, int], dict[tuple[str, int], int]] = defaultdict(dict)
    for year in {year for _pk, year in keys}:
        people = {pk for pk, of_year in keys if of_year == year}
        for trainee_id, kind, month, quarters in (
            _by_month(HourEntry.objects.filter(trainee_id__in=people), year)
            .values_list("trainee_id", "kind", "month")
            .annotate(total=Sum("quarters"))
        ):
            found[(trainee_id, year)][(kind, month)] = quarters
    return found


@transaction.atomic
def rebuild(*, year: int) -> None:
    """Sum the figures of parks anew from standings and ledger."""
    hold_back()
    right = summed(year)
    ParkFigure.objects.filter(year=year).delete()
    ParkFigure.objects.bulk_create(_rows(right))


def stored(year: int) -> Sums:
    """The figures of parks as they are kept: sums and differences together (one query)."""
    sums: Sums = defaultdict(lambda: [0] * len(FIGURES))
    rows: Any = ParkFigure.objects.filter(year=year).order_by().annotate(spot=SPOT)
    for row in rows.values("spot", "cohort", "kind", "month").annotate(
        **{f"n_{name}": Sum(F(name)) for name in FIGURES}
    ):
        key = (row["spot"], year, row["cohort"], row["kind"], row["month"])
        _include(sums[key], (row[f"n_{name}"] for name in FIGURES))
    return sums
