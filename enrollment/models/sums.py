"""Sums over the ledger that are made only where a rule asks for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Sum

from enrollment.models import rulebook
from enrollment.models.hours import HourEntry


def earned_by_dimension(
    keys: Iterable[tuple[int, int]],
) -> dict[tuple[int, int], dict[str, int]]:
    """Quarters by category and module of those people and years whose year asks for a minimum.

    Nothing is asked of the database where no year does: the common case.
    """
    asked = [(trainee_id, year) for trainee_id, year in keys if rulebook.minimums_of(year)]
    if not asked:
        return {}
    found: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    rows = (
        HourEntry.objects.order_by()
        .filter(trainee_id__in={pk for pk, _year in asked}, year__in={year for _pk, year in asked})
        .exclude(dimension="")
        .values_list("trainee_id", "year", "dimension")
        .annotate(total=Sum("quarters"))
    )
    for trainee_id, year, dimension, total in rows:
        found[(trainee_id, year)][dimension] = total
    return found
