"""Reads over people, hours and classes, each at a number of queries that does not grow with its rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Substr
from django.utils import timezone

from cms.refusals import Reason
from enrollment.models import (
    STEP,
    Appointment,
    CohortCode,
    Exemption,
    HourBalance,
    HourEntry,
    HourKind,
    HourRule,
    Organization,
    OrganizationStanding,
    Standing,
    Trainee,
    User,
    YearClosure,
    as_hours,
    earned_by_dimension,
    neighbours,
    rulebook,
)
from enrollment.models.deadlines import SecretaryDeadline, new_secretaries
from enrollment.rules import requirement as requirement_rule
from enrollment.rules.minimums import gaps
from enrollment.rules.requirement import Absence, Tenure
from enrollment.rules.standing import Earned, verdict


def hour_rules_on(day: dt.date) -> dict[str, HourRule]:
    """The hour rules in force on ``day``, by code; held by each process, fresh within half a minute."""
    return rulebook.rules_on(day)


# --- One person ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class KindHours:
    """Hours of one kind."""

    kind: HourKind
    quarters: int

    @property
    def hours(self) -> Decimal:
        """In hours."""
        return as_hours(self.quarters)


@dataclass(frozen=True)
class YearReport:
    """One person's year: what is asked, what is there, what is missing, and why the figure is what it is."""

    year: int
    cohort: str
    required_quarters: int
    earned_quarters: int
    counted_quarters: int
    shortfall_quarters: int
    is_exempt: bool
    has_reached: bool
    centralized_required: int
    centralized_held: int
    is_closed: bool
    by_kind: tuple[KindHours, ...] = ()
    reasons: tuple[Reason, ...] = ()
    basis: tuple[Reason, ...] = ()

    @property
    def required(self) -> Decimal:
        """Hours asked for."""
        return as_hours(self.required_quarters)

    @property
    def earned(self) -> Decimal:
        """Hours in the ledger."""
        return as_hours(self.earned_quarters)

    @property
    def shortfall(self) -> Decimal:
        """Hours still missing; 0 for the exempt."""
        return as_hours(self.shortfall_quarters)

    @property
    def exempt(self) -> bool:
        """Whether the target is not asked of this person."""
        return self.is_exempt

    @property
    def percent(self) -> int:
        """Share of the requirement that is met, for a bar: 0 to 100."""
        if self.required_quarters <= 0:
            return 100
        counted = self.required_quarters - self.shortfall_quarters
        return max(0, min(100, counted * 100 // self.required_quarters))


def year_of(trainee: Trainee, year: int) -> YearReport:
    """Where ``trainee`` stands in ``year``, with sentences (at most five queries)."""
    balances = list(HourBalance.objects.filter(trainee=trainee, year=year).exclude(quarters=0))
    quarters = sum(balance.quarters for balance in balances)
    online = sum(b.quarters for b in balances if b.kind in {HourKind.ONLINE, HourKind.LIVE})
    standing = Standing.objects.filter(trainee=trainee, year=year).first()
    required = _requirement_of(trainee, year)
    centralized_held = standing.centralized_entries if standing else 0
    centralized_required = standing.centralized_required if standing else 0
    required_quarters = standing.required_quarters if standing else (required.quarters if required else 0)
    is_exempt = standing.is_exempt if standing else bool(required and required.is_exempt)
    cohort = standing.cohort if standing else ""
    by_dimension = earned_by_dimension([(trainee.pk, year)]).get((trainee.pk, year), {})
    judged = verdict(
        earned=Earned(quarters, online, centralized_held, by_dimension),
        required_quarters=required_quarters,
        is_exempt=is_exempt,
        centralized_required=centralized_required,
        online_cap_percent=rulebook.online_cap_of(year),
        gaps=gaps(
            rulebook.minimums_of(year),
            cohort=cohort,
            required_quarters=required_quarters,
            earned=by_dimension,
        ),
    )
    order = list(HourKind)
    return YearReport(
        year=year,
        cohort=cohort,
        required_quarters=required_quarters,
        earned_quarters=quarters,
        counted_quarters=judged.counted_quarters,
        shortfall_quarters=judged.shortfall_quarters,
        is_exempt=is_exempt,
        has_reached=judged.has_reached,
        centralized_required=centralized_required,
        centralized_held=centralized_held,
        is_closed=year < timezone.localdate().year and YearClosure.objects.filter(year=year).exists(),
        by_kind=tuple(
            sorted(
                (KindHours(HourKind(balance.kind), balance.quarters) for balance in balances),
                key=lambda row: order.index(row.kind),
            )
        ),
        reasons=judged.reasons,
        basis=required.reasons if required else (),
    )


def _requirement_of(trainee: Trainee, year: int) -> requirement_rule.Requirement | None:
    tenures = [
        Tenure(started_on, ended_on, on_committee)
        for started_on, ended_on, on_committee in Appointment.objects.filter(trainee=trainee)
        .order_by()
        .values_list("started_on", "ended_on", "on_committee")
    ]
    absences = [
        Absence(starts_on, ends_on)
        for starts_on, ends_on in Exemption.objects.filter(trainee=trainee).values_list(
            "starts_on", "ends_on"
        )
    ]
    return requirement_rule.requirement(
        year,
        requirement_rule.clipped(year, tenures),
        requirement_rule.clipped_absences(year, absences),
        rulebook.targets_of(year),
    )


def years_of(trainee: Trainee) -> list[int]:
    """Years in which ``trainee`` has anything, the latest first; this year always among them."""
    years = set(Standing.objects.filter(trainee=trainee).values_list("year", flat=True))
    return sorted(years | {timezone.localdate().year}, reverse=True)


def ledger_of(trainee: Trainee, year: int) -> QuerySet[HourEntry]:
    """The ledger of one person and year, latest first, with all that a row shows."""
    return (
        HourEntry.objects.filter(trainee=trainee, year=year)
        .select_related("rule", "recorded_by", "reverses", "reversal")
        .order_by("-recorded_at", "-pk")
    )


def new_secretary_deadlines(user: User, today: dt.date) -> list[SecretaryDeadline]:
    """New secretaries in the scope of ``user`` who are within their time, or past it and still untrained."""
    return new_secretaries(Appointment.objects.filter(trainee__in=Trainee.objects.visible_to(user)), today)


# --- Many people -----------------------------------------------------------------------------------


@dataclass
class Figures:
    """People, exempt, reached and hours of some group of people."""

    people: int = 0
    exempt: int = 0
    reached: int = 0
    required_quarters: int = 0
    earned_quarters: int = 0

    @property
    def counted(self) -> int:
        """People the target is asked of."""
        return self.people - self.exempt

    @property
    def share(self) -> int | None:
        """Percentage of those asked who have reached the target, rounded down; None when nobody is asked."""
        return self.reached * 100 // self.counted if self.counted else None

    @property
    def earned(self) -> Decimal:
        """Hours earned by all of them."""
        return as_hours(self.earned_quarters)

    @property
    def required(self) -> Decimal:
        """Hours asked of them."""
        return as_hours(self.required_quarters)

    def include(self, other: Figures) -> None:
        """Add ``other`` to these."""
        self.people += other.people
        self.exempt += other.exempt
        self.reached += other.reached
        self.required_quarters += other.required_quarters
        self.earned_quarters += other.earned_quarters


@dataclass
class PlaceFigures:
    """Figures of one organization with all below it, by cohort and together."""

    organization: Organization
    by_cohort: dict[str, Figures] = field(
        default_factory=lambda: {code: Figures() for code in CohortCode.values}
    )
    total: Figures = field(default_factory=Figures)

    def include(self, cohort: str, figures: Figures) -> None:
        """Add the figures of one cohort."""
        self.by_cohort.setdefault(cohort, Figures()).include(figures)
        self.total.include(figures)

    @property
    def cohorts(self) -> list[tuple[CohortCode, Figures]]:
        """The three cohorts in their order, with their figures."""
        return [(code, self.by_cohort[code]) for code in CohortCode]


SUMS = {
    "n_people": Sum("people", default=0),
    "n_exempt": Sum("exempt", default=0),
    "n_reached": Sum("reached", default=0),
    "n_required": Sum("required_quarters", default=0),
    "n_earned": Sum("earned_quarters", default=0),
}


def _figures(row: Any) -> Figures:
    return Figures(row["n_people"], row["n_exempt"], row["n_reached"], row["n_required"], row["n_earned"])


def _figures_by_step(
    places: Iterable[Organization], rows: QuerySet[OrganizationStanding], depth: int
) -> list[PlaceFigures]:
    """Sum ``rows`` by the first ``depth`` steps of their paths, onto ``places`` of that depth."""
    by_path = {place.path: PlaceFigures(place) for place in places}
    sums = (
        rows.order_by()
        .annotate(place=Substr("organization__path", 1, depth * STEP, output_field=CharField()))
        .values("place", "cohort")
        .annotate(**SUMS)
    )
    for row in sums:
        if row["place"] in by_path:
            by_path[row["place"]].include(row["cohort"], _figures(row))
    return list(by_path.values())


def zone_figures(user: User, year: int) -> list[PlaceFigures]:
    """The parks that ``user`` may see, each with its three cohorts (two queries, however many people).

    Somebody who sees only part of a park sees that part's figures under the park.
    """
    visible = Organization.objects.visible_to(user)
    paths = user.scope.visible_paths
    parks = Organization.objects.filter(depth=2)
    if not user.scope.everything:
        condition = Q(pk__in=[])
        for path in paths:
            condition |= Q(path__startswith=path) if len(path) <= 2 * STEP else Q(path=path[: 2 * STEP])
        parks = parks.filter(condition)
    rows = OrganizationStanding.objects.filter(year=year, organization__in=visible)
    return _figures_by_step(parks, rows, depth=2)


def zone_total(rows: Iterable[PlaceFigures]) -> dict[str, Figures]:
    """The sum of ``rows`` by cohort, and under “all” of everything."""
    totals: dict[str, Figures] = defaultdict(Figures)
    for row in rows:
        for cohort, figures in row.by_cohort.items():
            totals[cohort].include(figures)
        totals["all"].include(row.total)
    return totals


def organization_figures(parent: Organization, year: int, user: User | None = None) -> list[PlaceFigures]:
    """The children of ``parent``, each with all below it; and ``parent``'s own people first, if it has any.

    With ``user``, only what that person may see (three queries at most).
    """
    children = Organization.objects.filter(
        depth=parent.depth + 1, path__startswith=parent.path, dissolved_on__isnull=True
    )
    rows = OrganizationStanding.objects.filter(year=year, organization__path__startswith=parent.path)
    if user is not None:
        visible = Organization.objects.visible_to(user)
        rows = rows.filter(organization__in=visible)
        if not user.scope.everything:
            seen = Q(pk__in=visible)
            for path in user.scope.visible_paths:
                seen |= Q(path=path[: (parent.depth + 1) * STEP])
            children = children.filter(seen)
    places = _figures_by_step(children, rows.exclude(organization=parent), depth=parent.depth + 1)
    own = PlaceFigures(parent)
    for row in rows.filter(organization=parent).order_by().values("cohort").annotate(**SUMS):
        own.include(row["cohort"], _figures(row))
    return [own, *places] if own.total.people else places


def own_figures(organization: Organization, year: int) -> PlaceFigures:
    """Those who stand directly in ``organization`` (one query)."""
    own = PlaceFigures(organization)
    for row in OrganizationStanding.objects.filter(year=year, organization=organization):
        own.include(
            row.cohort,
            Figures(row.people, row.exempt, row.reached, row.required_quarters, row.earned_quarters),
        )
    return own


def figures_of_neighbours(places: Sequence[Organization], year: int) -> list[PlaceFigures]:
    """Organizations that stand beside one another, each with all below it (one query over their range)."""
    if not places:
        return []
    here = neighbours([place.path for place in places], "organization__path")
    rows = OrganizationStanding.objects.filter(here, year=year)
    return _figures_by_step(places, rows, depth=places[0].depth)


def needs_attention(user: User, year: int) -> QuerySet[Standing]:
    """Standings of people in the scope of ``user`` who are still short: never the exempt, in no rank.

    Ordered by organization and name; annotated with ``missing_quarters``.
    """
    return (
        Standing.objects.visible_to(user)
        .filter(year=year, is_exempt=False, has_reached=False)
        .annotate(
            missing_quarters=Case(
                When(
                    required_quarters__gt=F("counted_quarters"),
                    then=F("required_quarters") - F("counted_quarters"),
                ),
                default=Value(0),
                output_field=IntegerField(),
            )
        )
        .select_related("trainee", "organization")
        .order_by("organization__path", "trainee__name", "trainee_id")
    )
