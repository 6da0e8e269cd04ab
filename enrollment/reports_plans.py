"""Reads about plans and needs: the plan against what was done, and the list of needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from cms.templatetags.ui import month_name
from enrollment.models import (
    ROSTER_STATUSES,
    AnnualPlan,
    ClassStatus,
    NeedField,
    NeedsSurvey,
    NeedStatus,
    PlanEntry,
    TrainingClass,
    TrainingNeed,
    User,
)

#: Statuses of classes that were held.
HELD = frozenset({ClassStatus.CLOSED, ClassStatus.ARCHIVED})


@dataclass
class Done:
    """Planned and done, of a month or of a year."""

    entries: int = 0
    seats: int = 0
    opened: int = 0
    held: int = 0
    people: int = 0
    outside: int = 0
    budget: Decimal = field(default_factory=Decimal)

    def add(self, other: Done) -> None:
        """Take the figures of ``other`` in."""
        self.entries += other.entries
        self.seats += other.seats
        self.opened += other.opened
        self.held += other.held
        self.people += other.people
        self.outside += other.outside
        self.budget += other.budget


@dataclass
class Month:
    """A month of the plan: its entries, and what became of them."""

    number: int
    entries: list[Any] = field(default_factory=list)
    done: Done = field(default_factory=Done)

    @property
    def name(self) -> str:
        """What the month is called."""
        return month_name(self.number)


def entries_of(plan: AnnualPlan) -> QuerySet[Any]:
    """The entries with their classes and how many people those have."""
    rows: QuerySet[Any] = (
        PlanEntry.objects.filter(plan=plan)
        .select_related("cohort", "training_class")
        .annotate(
            people=Count(
                "training_class__enrollments",
                filter=Q(training_class__enrollments__status__in=ROSTER_STATUSES),
            )
        )
        .order_by("month", "pk")
    )
    return rows


def months_of(plan: AnnualPlan) -> tuple[list[Month], Done]:
    """The months that hold something, with the figures of each and of the year (two queries).

    Classes outside the plan count in the month they begin: held as well, but planned by nobody.
    """
    months = {number: Month(number) for number in range(1, 13)}
    for entry in entries_of(plan):
        month, held = months[entry.month], entry.training_class
        month.entries.append(entry)
        month.done.add(
            Done(
                entries=1,
                seats=entry.seats,
                opened=int(held is not None and held.status != ClassStatus.CANCELLED),
                held=int(held is not None and held.status in HELD),
                people=entry.people if held is not None and held.status in HELD else 0,
                budget=entry.budget or Decimal(0),
            )
        )
    for training_class in outside_of(plan):
        is_held = training_class.status in HELD
        months[training_class.starts_on.month].done.add(
            Done(opened=1, held=int(is_held), people=training_class.people if is_held else 0, outside=1)
        )
    total = Done()
    for month in months.values():
        total.add(month.done)
    return [month for month in months.values() if month.entries or month.done.outside], total


def outside_of(plan: AnnualPlan) -> QuerySet[Any]:
    """Classes of the year that come from no plan, with how many people they have."""
    rows: QuerySet[Any] = (
        TrainingClass.objects.filter(year=plan.year, plan_entry__isnull=True)
        .exclude(status=ClassStatus.CANCELLED)
        .annotate(people=Count("enrollments", filter=Q(enrollments__status__in=ROSTER_STATUSES)))
        .order_by("starts_on", "pk")
    )
    return rows


# --- Needs -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NeedTotals:
    """How many needs, and how many of them are dealt with; merged ones count with the one they joined."""

    whole: int
    closed: int
    open: int

    @property
    def share(self) -> int:
        """Percent that is closed; never 100 before all are."""
        return self.closed * 100 // self.whole if self.whole else 0


def needs_of(
    user: User, *, year: int | None = None, field: NeedField | None = None, status: str = "", q: str = ""
) -> QuerySet[TrainingNeed]:
    """The needs that ``user`` sees, narrowed, with how many were merged into each."""
    rows = TrainingNeed.objects.visible_to(user)
    if year:
        rows = rows.filter(survey__year=year)
    if field is not None:
        rows = rows.filter(field=field)
    if status in NeedStatus.values:
        rows = rows.filter(status=status)
    if words := q.strip():
        rows = rows.filter(
            Q(text__icontains=words)
            | Q(organization__name__icontains=words)
            | Q(organization__short_name__icontains=words)
        )
    return (
        rows.select_related("field", "organization", "survey", "merged_into", "asked_by")
        .annotate(others=Count("merged"))
        .order_by("-asked_at", "-pk")
    )


def need_totals(user: User, year: int | None) -> NeedTotals:
    """The figures of the list (one query)."""
    rows = TrainingNeed.objects.visible_to(user)
    if year:
        rows = rows.filter(survey__year=year)
    answered = Q(status=NeedStatus.CLOSED) | Q(
        status=NeedStatus.MERGED, merged_into__status=NeedStatus.CLOSED
    )
    found = rows.aggregate(whole=Count("pk"), closed=Count("pk", filter=answered))
    return NeedTotals(found["whole"], found["closed"], found["whole"] - found["closed"])


def need_years(user: User) -> list[int]:
    """The years with needs that ``user`` sees, the latest first."""
    seen = TrainingNeed.objects.visible_to(user).filter(survey=OuterRef("pk"))
    return list(NeedsSurvey.objects.filter(Exists(seen)).order_by("-year").values_list("year", flat=True))


def exported_needs(rows: QuerySet[TrainingNeed], labels: dict[str, str]) -> Iterator[list[Any]]:
    """``rows`` as lines of a sheet; ``labels`` name the kinds of answer."""
    for need in rows.iterator(chunk_size=500):
        yield [
            need.survey.year,
            need.field.name,
            need.text,
            need.organization.name,
            timezone.localdate(need.asked_at).isoformat(),
            need.get_status_display(),
            need.merged_into.text if need.merged_into else "",
            labels.get(need.answer_kind, need.answer_kind),
            need.answer_title,
            need.answer_text,
            timezone.localdate(need.closed_at).isoformat() if need.closed_at else "",
        ]
