"""Proof that ledger, balances, standings and figures agree. Only reads; sums are made by the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import (
    Count,
    F,
    Q,
    QuerySet,
    Sum,
)
from django.db.models.functions import Coalesce

from enrollment.actions import park_figures
from enrollment.actions.park_figures import FIGURES
from enrollment.actions.standings import (
    NO_DIMENSIONS,
    chunks_of_ids,
    gaps_of,
    histories,
    summed_figures,
)
from enrollment.models import (
    ONLINE_KINDS,
    HourBalance,
    HourEntry,
    Organization,
    OrganizationStanding,
    ParkFigure,
    Standing,
    Trainee,
    YearClosure,
    earned_by_dimension,
    rulebook,
)
from enrollment.rules.standing import Earned, counted, has_reached

CHUNK = 5000
#: More differences than this are counted, not listed.
LISTED = 50


@dataclass(frozen=True)
class Difference:
    """One place where a projection is not what it is computed from."""

    where: str
    key: str
    stored: Any
    right: Any

    def __str__(self) -> str:
        return f"{self.where}  {self.key}: stored {self.stored}, ledger says {self.right}"


@dataclass
class Verdict:
    """What was compared, and what differs."""

    entries: int = 0
    people: int = 0
    standings: int = 0
    figures: int = 0
    quarters: int = 0
    differences: list[Difference] = field(default_factory=list)
    unlisted: int = 0

    @property
    def agrees(self) -> bool:
        """Whether everything agrees."""
        return not self.differences

    def differ(self, difference: Difference) -> None:
        """Note a difference."""
        if len(self.differences) < LISTED:
            self.differences.append(difference)
        else:
            self.unlisted += 1


def verify(*, year: int | None = None, progress: Callable[[str], None] = lambda _text: None) -> Verdict:
    """Compare everything, for one year or for all; hold only a chunk of people in memory."""
    verdict = Verdict()
    entries = HourEntry.objects.order_by()
    if year is not None:
        entries = entries.filter(year=year)
    totals = entries.aggregate(entries=Count("pk"), quarters=Coalesce(Sum("quarters"), 0))
    verdict.entries, verdict.quarters = totals["entries"], totals["quarters"]
    progress("ledger")
    _reversals(entries, verdict)
    progress("people")
    for ids in chunks_of_ids(Trainee.objects.all(), CHUNK):
        verdict.people += len(ids)
        _verify_people(ids, year, verdict)
    progress("organizations")
    for one in _years(year):
        _verify_figures(one, verdict)
        _verify_parks(one, verdict)
    return verdict


def _years(year: int | None) -> list[int]:
    if year is not None:
        return [year]
    standings = set(Standing.objects.order_by().values_list("year", flat=True).distinct())
    figures = set(OrganizationStanding.objects.order_by().values_list("year", flat=True).distinct())
    parks = set(ParkFigure.objects.order_by().values_list("year", flat=True).distinct())
    return sorted(standings | figures | parks)


def _reversals(entries: QuerySet[HourEntry], verdict: Verdict) -> None:
    """A reversal takes back exactly what its entry gave, to the same person and year."""
    wrong = entries.filter(reverses__isnull=False).exclude(
        quarters=-F("reverses__quarters"),
        trainee=F("reverses__trainee"),
        year=F("reverses__year"),
        kind=F("reverses__kind"),
        is_centralized=F("reverses__is_centralized"),
    )
    for entry in wrong.values("pk", "quarters", "reverses__quarters")[: LISTED + 1]:
        verdict.differ(
            Difference("reversal", f"entry {entry['pk']}", entry["quarters"], -entry["reverses__quarters"])
        )


def _verify_people(ids: list[int], year: int | None, verdict: Verdict) -> None:
    """Ledger against balances, both against standings, and standings against posts and exemptions."""
    narrowed: dict[str, Any] = {"trainee_id__gte": ids[0], "trainee_id__lte": ids[-1]}
    if year is not None:
        narrowed["year"] = year
    ledger: dict[tuple[int, int, str], tuple[int, int]] = {
        (row["trainee_id"], row["year"], row["kind"]): (row["total"], row["credits"] - row["reversals"])
        for row in HourEntry.objects.filter(**narrowed)
        .order_by()
        .values("trainee_id", "year", "kind")
        .annotate(
            total=Sum("quarters"),
            credits=Count("pk", filter=Q(is_centralized=True, reverses__isnull=True)),
            reversals=Count("pk", filter=Q(is_centralized=True, reverses__isnull=False)),
        )
    }
    _verify_balances(ledger, narrowed, verdict)
    earned: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for (trainee_id, of_year, kind), (total, held) in ledger.items():
        sums = earned[(trainee_id, of_year)]
        sums[0] += total
        sums[1] += total if kind in ONLINE_KINDS else 0
        sums[2] += held
    _verify_standings(ids, earned, narrowed, verdict)


def _verify_balances(
    ledger: dict[tuple[int, int, str], tuple[int, int]], narrowed: dict[str, Any], verdict: Verdict
) -> None:
    stored = {
        (trainee_id, year, kind): quarters
        for trainee_id, year, kind, quarters in HourBalance.objects.filter(**narrowed).values_list(
            "trainee_id", "year", "kind", "quarters"
        )
    }
    for key in stored.keys() | ledger.keys():
        right = ledger.get(key, (0, 0))[0]
        if stored.get(key, 0) != right:
            name = "person {} year {} {}".format(*key)
            verdict.differ(Difference("balance", name, stored.get(key, 0), right))


def _verify_standings(
    ids: list[int], earned: dict[tuple[int, int], list[int]], narrowed: dict[str, Any], verdict: Verdict
) -> None:
    people = histories(ids)
    closed = set(YearClosure.objects.values_list("year", flat=True))
    rows = {(row.trainee_id, row.year): row for row in Standing.objects.filter(**narrowed)}
    verdict.standings += len(rows)
    dimensions = earned_by_dimension(rows)
    for (trainee_id, year), row in rows.items():
        name = f"person {trainee_id} year {year}"
        quarters, online, centralized = earned.get((trainee_id, year), (0, 0, 0))
        stored: list[Any] = [
            row.earned_quarters,
            row.counted_quarters,
            row.centralized_entries,
            row.has_reached,
        ]
        earns = Earned(quarters, online, centralized)
        cap = rulebook.online_cap_of(year)
        counts = counted(earns, row.required_quarters, cap)
        reached = has_reached(
            earned=earns,
            required_quarters=row.required_quarters,
            is_exempt=row.is_exempt,
            centralized_required=row.centralized_required,
            online_cap_percent=cap,
            gaps=gaps_of(row, dimensions.get((trainee_id, year), NO_DIMENSIONS)),
        )
        right_sums = [quarters, counts, centralized, reached]
        if stored != right_sums:
            verdict.differ(Difference("standing", name, stored, right_sums))
        if year in closed:
            continue  # frozen: what was asked then stays asked
        right = people[trainee_id].standing_of(trainee_id, year)
        if right is None:
            verdict.differ(Difference("standing", name, "a row", "not on the roster that year"))
        elif _asked(right) != _asked(row):
            verdict.differ(Difference("requirement", name, _asked(row), _asked(right)))
    for trainee_id, year in earned.keys() - rows.keys():
        if year not in closed and people[trainee_id].standing_of(trainee_id, year) is not None:
            verdict.differ(
                Difference("standing", f"person {trainee_id} year {year}", "no row", "hours in the ledger")
            )


def _asked(row: Standing) -> tuple[int, str, int, int, bool]:
    return (row.organization_id, row.cohort, row.required_quarters, row.centralized_required, row.is_exempt)


def _verify_figures(year: int, verdict: Verdict) -> None:
    """Chunk by chunk: a zone a hundred times as large takes no more memory."""
    nothing = (0,) * len(FIGURES)
    last = 0
    places = Organization.objects.order_by("pk").values_list("pk", flat=True)
    while ids := list(places.filter(pk__gt=last)[:CHUNK]):
        first, last = ids[0], ids[-1]
        right = summed_figures(year, between=(first, last))
        rows = OrganizationStanding.objects.filter(
            year=year, organization_id__gte=first, organization_id__lte=last
        )
        stored = {
            (organization_id, year, cohort): tuple(figures)
            for organization_id, cohort, *figures in rows.values_list("organization_id", "cohort", *FIGURES)
        }
        verdict.figures += len(stored)
        for key in sorted(stored.keys() | right.keys()):
            if stored.get(key, nothing) != right.get(key, nothing):
                name = "organization {} year {} {}".format(*key)
                verdict.differ(Difference("figures", name, stored.get(key, nothing), right.get(key, nothing)))


def _verify_parks(year: int, verdict: Verdict) -> None:
    right, stored = park_figures.summed(year), park_figures.stored(year)
    nothing = [0] * len(FIGURES)
    for key in sorted(stored.keys() | right.keys()):
        if stored.get(key, nothing) != right.get(key, nothing):
            name = "park {} year {} {}{} {}".format(*key)
            verdict.differ(Difference("parks", name, stored.get(key, nothing), right.get(key, nothing)))
