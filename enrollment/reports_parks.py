"""The figures of zone and parks: one query over a few rows, however many people there are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, Sum

from enrollment.actions.park_figures import SPOT
from enrollment.models import STEP, ParkFigure
from enrollment.reports import Figures

#: Zone and parks have figures of their own; what lies deeper is summed over the organizations there.
PARK_DEPTH = 2
PARK = PARK_DEPTH * STEP


@dataclass
class ParkFigures:
    """Figures by place (the tree path of a park, or of the zone for its own people) and cohort, and hours."""

    by_place: dict[str, dict[str, Figures]] = field(default_factory=lambda: defaultdict(dict))
    by_kind: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    by_month: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def total(self) -> Figures:
        """Everybody."""
        total = Figures()
        for cohorts in self.by_place.values():
            for figures in cohorts.values():
                total.include(figures)
        return total


def has_park_figures(path: str) -> bool:
    """Whether what lies at or below ``path`` is a sum over whole parks."""
    return len(path) <= PARK


def _rows(path: str) -> Any:
    """Sums of the parks at or below ``path``, and differences that arose there; ``spot`` is the park."""
    rows: Any = ParkFigure.objects.order_by().annotate(spot=SPOT)
    return rows.filter(spot__startswith=path) if path else rows


def park_figures(path: str, year: int) -> ParkFigures:
    """Everything of ``year`` at or below ``path``, which is a park's or above it (one query)."""
    found = ParkFigures()
    rows = _rows(path).filter(year=year).values_list("spot", "cohort", "kind", "month")
    for spot, cohort, kind, month, *sums in rows.annotate(
        Sum("people"), Sum("exempt"), Sum("reached"), Sum("required_quarters"), Sum("earned_quarters")
    ):
        if kind:
            found.by_kind[kind] += sums[-1]
            found.by_month[month] += sums[-1]
        else:
            found.by_place[spot][cohort] = Figures(*sums)
    return found


def figures_by_year(path: str) -> dict[int, Figures]:
    """Everybody at or below ``path``, which is a park's or above it, by year (one query)."""
    rows = _rows(path).filter(kind="").values_list("year")
    sums = rows.annotate(
        Sum("people"), Sum("exempt"), Sum("reached"), Sum("required_quarters"), Sum("earned_quarters")
    )
    return {
        year: figures for year, *row in sums if (figures := Figures(*row)).people or figures.earned_quarters
    }


def total_below(paths: tuple[str, ...], year: int) -> Figures:
    """Everybody at or below ``paths``, each of which is a park's or above it (one query)."""
    condition = Q(pk__in=[])
    for path in paths:
        condition |= Q(spot__startswith=path)
    sums = (
        _rows("")
        .filter(condition, year=year, kind="")
        .aggregate(
            people=Sum("people", default=0),
            exempt=Sum("exempt", default=0),
            reached=Sum("reached", default=0),
            required_quarters=Sum("required_quarters", default=0),
            earned_quarters=Sum("earned_quarters", default=0),
        )
    )
    return Figures(**sums)
