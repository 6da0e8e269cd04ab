"""党员培训情况: the annual statistical return by park or organization, from the figures of the dashboard.

People, exempt, reached and hours are the dashboard's own (`enrollment.reports.organization_figures`).
Person-times are read from the ledger and counted where each person counts in that year, as on the dashboard:
one person at one training is one, a training class counting once however many sessions it had. Online lessons
earn hours and are no training that somebody came to; adjustments are no training either.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    Count,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, Substr
from django.utils import timezone

from enrollment.actions.journal import note
from enrollment.models import (
    STEP,
    CohortCode,
    HourEntry,
    HourKind,
    Organization,
    OrganizationStanding,
    StatisticalReturn,
    User,
    YearClosure,
)
from enrollment.reports import organization_figures
from practicum.models import Attendance

#: Kinds of hours that are no training that somebody came to.
NOT_HELD = (HourKind.ONLINE, HourKind.ADJUSTMENT)
#: Levels of the tree whose returns are frozen: the zone and its parks.
FROZEN_DEPTH = 2


@dataclass
class Line:
    """The figures of one place with all below it."""

    code: str = ""
    name: str = ""
    people: int = 0
    exempt: int = 0
    reached: int = 0
    quarters: int = 0
    secretaries: int = 0
    secretaries_reached: int = 0
    person_times: int = 0
    of_secretaries: int = 0
    of_enterprises: int = 0
    of_social: int = 0
    of_new: int = 0
    of_mobile: int = 0
    organizations: int = 0
    organizations_members: int = 0
    organizations_secretaries: int = 0

    def include(self, other: Line) -> None:
        """Add the figures of ``other``."""
        for one in fields(self):
            if one.name not in {"code", "name"}:
                setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass
class Return:
    """The return of one organization and year."""

    year: int
    code: str
    name: str
    lines: list[Line] = field(default_factory=list)

    @property
    def total(self) -> Line:
        """All lines together."""
        whole = Line(code=self.code, name=self.name)
        for line in self.lines:
            whole.include(line)
        return whole

    @classmethod
    def kept(cls, figures: dict[str, Any]) -> Return:
        """A return as it was frozen."""
        lines = [Line(**line) for line in figures["lines"]]
        return cls(figures["year"], figures["code"], figures["name"], lines)


def annual_return(organization: Organization, year: int) -> Return:
    """The return as the ledger has it now (six queries at most, however many people)."""
    lines: dict[str, Line] = {}
    for place in organization_figures(organization, year):
        secretaries = place.by_cohort[CohortCode.SECRETARY]
        lines[place.organization.path] = Line(
            code=place.organization.code,
            name=place.organization.name,
            people=place.total.people,
            exempt=place.total.exempt,
            reached=place.total.reached,
            quarters=place.total.earned_quarters,
            secretaries=secretaries.people,
            secretaries_reached=secretaries.reached,
        )
    depth = organization.depth + 1
    for row in _person_times(organization, year, depth):
        if line := lines.get(row["place"]):
            _count(line, row)
    for row in _organizations(organization, year, depth):
        if line := lines.get(row["place"]):
            line.organizations += 1
            line.organizations_members += _all_reached(row, "members")
            line.organizations_secretaries += _all_reached(row, "secretaries")
    return Return(year, organization.code, organization.name, list(lines.values()))


def _count(line: Line, row: dict[str, Any]) -> None:
    number = row["n"]
    line.person_times += number
    line.of_secretaries += number * (row["trainee__standings__cohort"] == CohortCode.SECRETARY)
    line.of_social += number * row["trainee__standings__organization__is_social"]
    line.of_enterprises += number * (not row["trainee__standings__organization__is_social"])
    line.of_new += number * row["is_new"]
    line.of_mobile += number * row["is_mobile"]


def _person_times(organization: Organization, year: int, depth: int) -> list[dict[str, Any]]:
    """Person-times by place and by what is told of each person (two queries)."""
    # New members 新党员: who joined in this year or the one before (domain §2: probation and the year after).
    joined = Q(trainee__joined_on__year__gte=year - 1, trainee__joined_on__year__lte=year)
    away = Q(trainee__host_organization__isnull=False) & ~Q(
        trainee__host_organization=F("trainee__home_organization")
    )
    entries = (
        HourEntry.objects.standing()
        .filter(
            year=year,
            trainee__standings__year=year,
            trainee__standings__organization__path__startswith=organization.path,
        )
        .exclude(kind__in=NOT_HELD)
        .order_by()
        .annotate(
            place=Substr("trainee__standings__organization__path", 1, depth * STEP, output_field=CharField()),
            is_new=_yes(joined),
            is_mobile=_yes(away),
        )
    )
    groups = (
        "place",
        "trainee__standings__cohort",
        "trainee__standings__organization__is_social",
        "is_new",
        "is_mobile",
    )
    # Evidence of other kinds counts once for each person already: a constraint of the ledger says so.
    others = entries.exclude(evidence_type="attendance").values(*groups).annotate(n=Count("pk"))
    held = _with_training(entries.filter(evidence_type="attendance"))
    return [*others, *held.values(*groups).annotate(n=Count("training", distinct=True))]


def _yes(condition: Q) -> Any:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def _with_training(entries: QuerySet[HourEntry]) -> Any:
    """``entries`` of attendance with the person and the class, or the session that belongs to none."""
    # Guarded by CASE: PostgreSQL may look at evidence of other kinds first, which need not be numbers.
    number = Case(
        When(evidence_type="attendance", then=Cast("evidence_id", BigIntegerField())),
        output_field=BigIntegerField(),
    )
    attendance = Attendance.objects.filter(pk=OuterRef("attendance"))
    text = CharField()
    # Joining texts makes nothing of NULL on SQLite: which of the two it is, is asked first.
    training = Case(
        When(
            of_class__isnull=False,
            then=Concat(Cast("trainee", text), Value("/c"), Cast("of_class", text), output_field=text),
        ),
        default=Concat(Cast("trainee", text), Value("/s"), Cast("of_session", text), output_field=text),
        output_field=text,
    )
    return (
        entries.annotate(attendance=number)
        .annotate(
            of_class=Subquery(attendance.values("session__training_class")[:1]),
            of_session=Subquery(attendance.values("session")[:1]),
        )
        .annotate(training=training)
    )


def _organizations(organization: Organization, year: int, depth: int) -> list[dict[str, Any]]:
    """Each organization with people of its own: who is held to the target, and who reached it (one query)."""
    secretary = Q(cohort=CohortCode.SECRETARY)
    rows: Any = (
        OrganizationStanding.objects.filter(
            year=year, organization__path__startswith=organization.path, people__gt=0
        )
        .order_by()
        .annotate(place=Substr("organization__path", 1, depth * STEP, output_field=CharField()))
        .values("place", "organization")
        .annotate(
            members_asked=Sum(F("people") - F("exempt"), filter=~secretary, default=0),
            members_reached=Sum("reached", filter=~secretary, default=0),
            secretaries_asked=Sum(F("people") - F("exempt"), filter=secretary, default=0),
            secretaries_reached=Sum("reached", filter=secretary, default=0),
        )
    )
    return list(rows)


def _all_reached(row: dict[str, Any], whom: str) -> bool:
    """Whether somebody is held to the target, and all who are have reached it."""
    asked: int = row[f"{whom}_asked"]
    return asked > 0 and row[f"{whom}_reached"] >= asked


# --- Frozen ------------------------------------------------------------------------------------------


def freeze(year: int, actor: User) -> None:
    """Keep the returns of the zone and its parks as they are when the year is closed."""
    places = Organization.objects.filter(depth__lte=FROZEN_DEPTH).active()
    figures = {place.code: asdict(annual_return(place, year)) for place in places}
    digest = hashlib.sha256(json.dumps(figures, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    kept = StatisticalReturn.objects.create(year=year, figures=figures, digest=digest, frozen_by=actor)
    note(kept, "enrollment.return.freeze", actor=actor, data={"year": year, "digest": digest})


@dataclass(frozen=True)
class Shown:
    """A return as it is shown: frozen or as of today, and whether the ledger has changed since."""

    content: Return
    frozen: StatisticalReturn | None
    differs: bool


def shown(organization: Organization, year: int) -> Shown:
    """The frozen return of a closed year, else that of today."""
    now = annual_return(organization, year)
    closed = year < timezone.localdate().year and YearClosure.objects.filter(year=year).exists()
    frozen = StatisticalReturn.of(year) if closed else None
    if frozen is None or organization.code not in frozen.figures:
        return Shown(now, None, differs=False)
    kept = Return.kept(frozen.figures[organization.code])
    return Shown(kept, frozen, differs=asdict(kept) != asdict(now))
