"""How many hours one person owes in one year (domain §2).

A committee member owes the committee's target, everybody else the members'. A change of post, or of the
target itself, counts from its day; exempt days owe nothing. Source of the figures: the hour rules.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from cms.refusals import Reason
from cms.refusals import sentence as _

ONE_DAY = dt.timedelta(days=1)


def days_of(year: int) -> int:
    """How many days ``year`` has."""
    return 366 if calendar.isleap(year) else 365


@dataclass(frozen=True)
class Tenure:
    """A post held between two days, both included; ``ends_on`` is None while it lasts."""

    starts_on: dt.date
    ends_on: dt.date | None
    on_committee: bool


@dataclass(frozen=True)
class Absence:
    """An exemption between two days, both included; ``ends_on`` is None while it lasts."""

    starts_on: dt.date
    ends_on: dt.date | None


@dataclass(frozen=True)
class Target:
    """One version of an annual target, in quarter hours, in force between two days, both included."""

    starts_on: dt.date
    ends_on: dt.date | None
    quarters: int


@dataclass(frozen=True)
class Targets:
    """All that the requirement of a year is computed from, besides the person."""

    members: tuple[Target, ...]
    committee: tuple[Target, ...]
    centralized_for_committee: int = 0


@dataclass(frozen=True)
class Segment:
    """A run of days on which the same annual target held for the person."""

    starts_on: dt.date
    ends_on: dt.date
    on_committee: bool
    annual_quarters: int
    is_exempt: bool

    @property
    def days(self) -> int:
        """Its length in days."""
        return (self.ends_on - self.starts_on).days + 1


@dataclass(frozen=True)
class Requirement:
    """What the year asks of one person."""

    year: int
    quarters: int
    is_exempt: bool
    centralized: int
    segments: tuple[Segment, ...]

    @property
    def exact(self) -> Fraction:
        """The figure in quarters before it is rounded: each run's part of its annual target, added up."""
        return sum(
            (
                Fraction(segment.annual_quarters * segment.days, days_of(self.year))
                for segment in self.segments
                if not segment.is_exempt
            ),
            Fraction(0),
        )

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """How the figure came about, a sentence for each run of days."""
        days_in_year = days_of(self.year)
        reasons = [_reason_for(segment, days_in_year) for segment in self.segments]
        if self.centralized:
            reasons.append(
                Reason(
                    "centralized_required",
                    _("Centralized trainings asked for this year: %(times)s."),
                    {"times": self.centralized},
                )
            )
        return tuple(reasons)


def _reason_for(segment: Segment, days_in_year: int) -> Reason:
    params = {
        "from": segment.starts_on,
        "to": segment.ends_on,
        "days": segment.days,
        "year_days": days_in_year,
        "hours": in_hours(segment.annual_quarters),
    }
    if segment.is_exempt:
        return Reason("exempt_days", _("%(from)s to %(to)s: exempt, nothing is asked."), params)
    if segment.on_committee:
        return Reason(
            "committee_days",
            _("%(from)s to %(to)s: on the committee, %(days)s of %(year_days)s days of %(hours)s hours."),
            params,
        )
    return Reason(
        "member_days",
        _("%(from)s to %(to)s: member, %(days)s of %(year_days)s days of %(hours)s hours."),
        params,
    )


def in_hours(quarters: int) -> str:
    """``quarters`` as hours, without needless zeros: 6 → “1.5”."""
    whole, rest = divmod(abs(quarters), 4)
    text = f"{whole}{('', '.25', '.5', '.75')[rest]}"
    return f"-{text}" if quarters < 0 else text


def _covers(starts_on: dt.date, ends_on: dt.date | None, day: dt.date) -> bool:
    return starts_on <= day and (ends_on is None or day <= ends_on)


def _target_on(targets: tuple[Target, ...], day: dt.date) -> int:
    in_force = [target for target in targets if _covers(target.starts_on, target.ends_on, day)]
    # Of two versions that both cover a day, the later one is meant.
    return max(in_force, key=lambda target: target.starts_on).quarters if in_force else 0


def _turning_days(
    year: int, tenures: tuple[Tenure, ...], absences: tuple[Absence, ...], targets: Targets
) -> list[dt.date]:
    first, end = dt.date(year, 1, 1), dt.date(year + 1, 1, 1)
    days = {first, end}
    spans: tuple[Tenure | Absence | Target, ...] = (*tenures, *absences, *targets.members, *targets.committee)
    for span in spans:
        days.add(span.starts_on)
        if span.ends_on is not None and span.ends_on < dt.date.max:
            days.add(span.ends_on + ONE_DAY)
    return sorted(day for day in days if first <= day <= end)


def segments_of(
    year: int, tenures: tuple[Tenure, ...], absences: tuple[Absence, ...], targets: Targets
) -> tuple[Segment, ...]:
    """Cut the year where anything changes; days without a post are left out.

    Two posts on one day count as the more demanding of them.
    """
    turning = _turning_days(year, tenures, absences, targets)
    segments: list[Segment] = []
    for first, end in pairwise(turning):
        held = [tenure for tenure in tenures if _covers(tenure.starts_on, tenure.ends_on, first)]
        if not held:
            continue
        on_committee = any(tenure.on_committee for tenure in held)
        quarters = _target_on(targets.committee if on_committee else targets.members, first)
        is_exempt = any(_covers(absence.starts_on, absence.ends_on, first) for absence in absences)
        segment = Segment(first, end - ONE_DAY, on_committee, quarters, is_exempt)
        last = segments[-1] if segments else None
        if last is not None and _continues(last, segment):
            segments[-1] = Segment(last.starts_on, segment.ends_on, on_committee, quarters, is_exempt)
        else:
            segments.append(segment)
    return tuple(segments)


def _continues(earlier: Segment, later: Segment) -> bool:
    return (
        earlier.ends_on + ONE_DAY == later.starts_on
        and earlier.on_committee == later.on_committee
        and earlier.annual_quarters == later.annual_quarters
        and earlier.is_exempt == later.is_exempt
    )


@lru_cache(maxsize=4096)
def requirement(
    year: int, tenures: tuple[Tenure, ...], absences: tuple[Absence, ...], targets: Targets
) -> Requirement | None:
    """What ``year`` asks of somebody with these posts and exemptions; None without a post in that year.

    The figure is the sum of each run's share of its annual target, rounded to a quarter hour (half up).
    Somebody is exempt when nothing but exempt days remain, or when the exemption lasts to the year's end:
    then the year's figure is not held against them. Centralized trainings are asked of whoever ends the year
    on the committee.
    """
    segments = segments_of(year, tenures, absences, targets)
    if not segments:
        return None
    days_in_year = days_of(year)
    exact = sum(
        (
            Fraction(segment.annual_quarters * segment.days, days_in_year)
            for segment in segments
            if not segment.is_exempt
        ),
        Fraction(0),
    )
    last = segments[-1]
    is_exempt = last.is_exempt or all(segment.is_exempt for segment in segments)
    centralized = targets.centralized_for_committee if last.on_committee and not is_exempt else 0
    return Requirement(year, half_up(exact), is_exempt, centralized, segments)


def half_up(exact: Fraction) -> int:
    """``exact`` rounded to a whole number, halves upward."""
    return int((exact + Fraction(1, 2)) // 1)


def clipped(year: int, tenures: Iterable[Tenure]) -> tuple[Tenure, ...]:
    """``tenures`` cut to ``year``, in order: people with equal histories then share one computation."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    return tuple(
        sorted(
            (
                Tenure(max(tenure.starts_on, first), min(tenure.ends_on or last, last), tenure.on_committee)
                for tenure in tenures
                if tenure.starts_on <= last and (tenure.ends_on is None or tenure.ends_on >= first)
            ),
            key=lambda tenure: (tenure.starts_on, tenure.ends_on or last, tenure.on_committee),
        )
    )


def clipped_absences(year: int, absences: Iterable[Absence]) -> tuple[Absence, ...]:
    """``absences`` cut to ``year``, in order."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    return tuple(
        sorted(
            (
                Absence(max(absence.starts_on, first), min(absence.ends_on or last, last))
                for absence in absences
                if absence.starts_on <= last and (absence.ends_on is None or absence.ends_on >= first)
            ),
            key=lambda absence: (absence.starts_on, absence.ends_on or last),
        )
    )


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day ``months`` later; the last of the month where that day does not exist."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def new_secretary_deadline(appointed_on: dt.date, months: int) -> dt.date:
    """The day by which a newly appointed secretary has been trained (appointed 1 March → 1 September)."""
    return add_months(appointed_on, months)
