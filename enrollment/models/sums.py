"""Sums over the ledger: those that only some rules ask for, and by month."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Case, IntegerField, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

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


#: When hours were earned, as ``moment`` of a query; a reversal belongs to the month of what it takes back.
MOMENT = Coalesce("starts_at", "reverses__starts_at", "recorded_at")


def month_of_moment(year: int) -> Case:
    """The month that an entry of ``year`` with a ``moment`` belongs to, by comparisons: quick everywhere.

    Late records and those of another year's days fall into its first or last month.
    """
    zone = timezone.get_default_timezone()
    firsts = [dt.datetime(year, month, 1, tzinfo=zone) for month in range(2, 13)]
    return Case(
        *(When(moment__lt=first, then=Value(month)) for month, first in enumerate(firsts, start=1)),
        default=Value(12),
        output_field=IntegerField(),
    )


def month_of(entry: HourEntry) -> int:
    """The same for an entry that has been written."""
    moment = timezone.localtime(entry.starts_at or entry.recorded_at)
    if moment.year != entry.year:
        return 1 if moment.year < entry.year else 12
    return moment.month
