"""What is read to explain a person's year: posts, exemptions, rules, entries; a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.utils import timezone

from enrollment.actions.reminders import open_classes
from enrollment.models import (
    ONLINE_KINDS,
    Appointment,
    Enrollment,
    EnrollmentStatus,
    Exemption,
    HourEntry,
    HourKind,
    HourRuleCode,
    Standing,
    Trainee,
    YearClosure,
    as_hours,
    earned_by_dimension,
    rulebook,
)
from enrollment.models.deadlines import new_secretaries
from enrollment.rules import reminders
from enrollment.rules.explanation import (
    Closing,
    Excused,
    Explanation,
    Facts,
    Held,
    NewSecretary,
    OpenClass,
    TargetVersion,
    explain,
)
from enrollment.rules.minimums import Gap, gaps
from enrollment.rules.requirement import (
    Absence,
    Requirement,
    Tenure,
    clipped,
    clipped_absences,
    requirement,
)
from enrollment.rules.standing import Earned, counted

QUARTERS_PER_HOUR = 4


@dataclass(frozen=True)
class ExplainedYear:
    """A year of one person with everything that explains it."""

    facts: Facts
    explanation: Explanation
    by_kind: tuple[tuple[HourKind, Decimal], ...]
    has_reached: bool


def explained(
    trainee: Trainee, year: int, *, today: dt.date | None = None, shows_grounds: bool = True
) -> ExplainedYear:
    """Why ``trainee`` owes and has what they do in ``year``; ``shows_grounds``: those of exemptions too."""
    today = today or timezone.localdate()
    standing = Standing.objects.filter(trainee=trainee, year=year).first()
    posts = list(
        Appointment.objects.filter(
            Q(ended_on__isnull=True) | Q(ended_on__year__gte=year),
            trainee=trainee,
            started_on__year__lte=year,
        )
        .select_related("organization")
        .order_by("started_on", "pk")
    )
    exemptions = list(
        Exemption.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__year__gte=year), trainee=trainee, starts_on__year__lte=year
        ).order_by("starts_on", "pk")
    )
    sums = _sums(trainee, year)
    required = _requirement(year, posts, exemptions)
    rules = rulebook.rules_on(rulebook.year_end(year))
    cap = rules.get(HourRuleCode.ONLINE_CAP)
    centralized = rules.get(HourRuleCode.CENTRALIZED_COMMITTEE)
    day = rulebook.rules_on(today).get(HourRuleCode.DAY)
    asked = standing.required_quarters if standing else (required.quarters if required else 0)
    found = _gaps(trainee, year, standing, asked)
    percent = int(cap.value) if cap else 0
    facts = Facts(
        year=year,
        today=today,
        requirement=required,
        posts=tuple(
            Held(str(held.get_post_display()), held.organization.name, held.started_on, held.ended_on)
            for held in posts
        ),
        exemptions=tuple(
            Excused(one.starts_on, one.ends_on, str(one.get_ground_display()) if shows_grounds else "")
            for one in exemptions
        ),
        targets=_targets(),
        required=asked,
        is_exempt=standing.is_exempt if standing else bool(required and required.is_exempt),
        earned=sums.total,
        counted=counted(Earned(sums.total, sums.online), asked, percent),
        online=sums.online,
        online_cap_percent=percent,
        online_cap_source=cap.source if cap else "",
        centralized_required=standing.centralized_required if standing else 0,
        centralized_held=standing.centralized_entries if standing else 0,
        centralized_source=centralized.source if centralized else "",
        gaps=found,
        reversed_entries=sums.reversed_entries,
        reversed_quarters=-sums.reversed_quarters,
        late_entries=sums.late_entries,
        late_quarters=sums.late_quarters,
        closing=_closing(year),
        left_on=trainee.left_on,
        new_secretary=_new_secretary(trainee, year, today),
        open_class=_open_class(trainee, standing, today) if year == today.year else None,
        day_quarters=int(day.value * QUARTERS_PER_HOUR) if day else 0,
    )
    return ExplainedYear(facts, explain(facts), sums.by_kind, bool(standing and standing.has_reached))


def _requirement(year: int, posts: list[Appointment], exemptions: list[Exemption]) -> Requirement | None:
    return requirement(
        year,
        clipped(year, [Tenure(held.started_on, held.ended_on, held.on_committee) for held in posts]),
        clipped_absences(year, [Absence(one.starts_on, one.ends_on) for one in exemptions]),
        rulebook.targets_of(year),
    )


def _targets() -> tuple[TargetVersion, ...]:
    codes = {HourRuleCode.TARGET_MEMBER: False, HourRuleCode.TARGET_COMMITTEE: True}
    return tuple(
        TargetVersion(rule.effective_from, rule.effective_to, codes[HourRuleCode(rule.code)], rule.source)
        for rule in rulebook.versions()
        if rule.code in codes
    )


@dataclass(frozen=True)
class _Sums:
    """What the ledger of one year adds up to, in quarters."""

    total: int
    online: int
    reversed_entries: int
    reversed_quarters: int
    late_entries: int
    late_quarters: int
    by_kind: tuple[tuple[HourKind, Decimal], ...]


def _sums(trainee: Trainee, year: int) -> _Sums:
    """One query over the entries themselves: the page shows what the ledger says, not what is projected."""
    late = Q(is_late=True, reverses__isnull=True)
    rows = (
        HourEntry.objects.filter(trainee=trainee, year=year)
        .order_by()
        .values_list("kind")
        .annotate(
            total=Sum("quarters"),
            taken_back=Count("pk", filter=Q(reverses__isnull=False)),
            taken_quarters=Sum("quarters", filter=Q(reverses__isnull=False), default=0),
            late_entries=Count("pk", filter=late),
            late_quarters=Sum("quarters", filter=late, default=0),
        )
    )
    by_kind = {row[0]: row[1:] for row in rows}
    order = [kind for kind in HourKind if by_kind.get(kind.value)]
    columns = list(zip(*(by_kind[kind.value] for kind in order), strict=True)) or [()] * 5
    return _Sums(
        total=sum(columns[0]),
        online=sum(by_kind[kind.value][0] for kind in order if kind in ONLINE_KINDS),
        reversed_entries=sum(columns[1]),
        reversed_quarters=sum(columns[2]),
        late_entries=sum(columns[3]),
        late_quarters=sum(columns[4]),
        by_kind=tuple((kind, as_hours(by_kind[kind.value][0])) for kind in order if by_kind[kind.value][0]),
    )


def _gaps(trainee: Trainee, year: int, standing: Standing | None, asked: int) -> tuple[Gap, ...]:
    minimums = rulebook.minimums_of(year)
    if not minimums or standing is None:
        return ()
    return gaps(
        minimums,
        cohort=standing.cohort,
        required_quarters=asked,
        earned=earned_by_dimension([(trainee.pk, year)]).get((trainee.pk, year), {}),
    )


def _closing(year: int) -> Closing | None:
    closure = YearClosure.objects.filter(year=year).first()
    if closure is None:
        return None
    return Closing(
        timezone.localdate(closure.closed_at),
        timezone.localdate(closure.late_until) if closure.late_until else None,
    )


def _new_secretary(trainee: Trainee, year: int, today: dt.date) -> NewSecretary | None:
    found = new_secretaries(Appointment.objects.filter(trainee=trainee), today)
    return next(
        (
            one.training
            for one in found
            if year in {one.training.appointed_on.year, one.training.deadline.year}
        ),
        None,
    )


def _open_class(trainee: Trainee, standing: Standing | None, today: dt.date) -> OpenClass | None:
    """The class that would help, as reminders choose it."""
    if standing is None or standing.is_exempt or standing.has_reached:
        return None
    joined = (
        Enrollment.objects.filter(trainee=trainee)
        .exclude(status=EnrollmentStatus.WITHDRAWN)
        .values_list("training_class_id", flat=True)
    )
    found = reminders.next_class(
        open_classes(today),
        cohort=standing.cohort,
        path=trainee.home_organization.path,
        lacks_centralized=standing.lacks_centralized,
        joined=frozenset(joined),
    )
    return OpenClass(found.title, found.starts_on, found.is_centralized) if found is not None else None
