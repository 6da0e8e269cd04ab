"""What a training base did in a year."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils import timezone

from practicum.models import (
    Attendance,
    AttendanceStatus,
    Session,
    Suspension,
    TrainingBase,
    Visit,
    VisitStatus,
)

#: Somebody who was there, however long.
CAME = (AttendanceStatus.PRESENT, AttendanceStatus.LATE, AttendanceStatus.LEFT_EARLY)
#: So many years are offered, this one included.
YEARS_SHOWN = 4
#: Visits that took place.
HELD = (VisitStatus.HELD, VisitStatus.ARCHIVED)
REFUSED = (VisitStatus.DECLINED, VisitStatus.REJECTED)


@dataclass(frozen=True)
class HeldVisit:
    """A visit that took place: who was said to come, who signed in, whom the base counted, and the hours."""

    visit: Visit
    came: int
    quarters: int


@dataclass(frozen=True)
class BaseYear:
    """The figures of one base and year; ratings are averages, None where nobody rated."""

    base: TrainingBase
    year: int
    visits: Sequence[HeldVisit]
    counts: Counter[str] = field(default_factory=Counter)
    #: Of all sessions at the base, those outside visits included.
    sessions: int = 0
    came: int = 0
    quarters: int = 0
    closed_days: int = 0

    @property
    def years(self) -> list[dict[str, object]]:
        """This year and those before, with the address of the report of each."""
        now = timezone.localdate().year
        return [
            {"number": year, "url": reverse("forms:form", args=["base-year", f"{self.base.code}-{year}"])}
            for year in range(now, now - YEARS_SHOWN, -1)
        ]

    def number(self, *statuses: str) -> int:
        """Visits in one of ``statuses``."""
        return sum(self.counts[status] for status in statuses)

    def rating(self, side: str) -> tuple[float | None, int]:
        """The average of what ``side`` (academy or host) gave, and how many gave it."""
        given = [mark for row in self.visits if (mark := getattr(row.visit, f"{side}_rating")) is not None]
        return (round(sum(given) / len(given), 1) if given else None), len(given)


def year_of_base(base: TrainingBase, year: int) -> BaseYear:
    """The year of ``base``; five queries, however many visits it received."""
    zone = timezone.get_current_timezone()
    begin, end = (dt.datetime(number, 1, 1, tzinfo=zone) for number in (year, year + 1))
    asked = Visit.objects.filter(base=base, starts_at__gte=begin, starts_at__lt=end)
    at_base = Session.objects.standing().filter(base=base, starts_at__gte=begin, starts_at__lt=end)
    earned = {
        row["session"]: (row["came"], row["quarters"] or 0)
        for row in Attendance.objects.filter(session__in=at_base)
        .order_by()
        .values("session")
        .annotate(
            came=Count("pk", filter=Q(status__in=CAME)),
            quarters=Sum("quarters", filter=Q(refusal="")),
        )
    }
    visits = list(
        asked.select_related("training_class").prefetch_related("batches").order_by("starts_at", "pk")
    )
    rows = []
    for visit in visits:
        if visit.status not in HELD:
            continue
        figures = [earned.get(batch.session_id or 0, (0, 0)) for batch in visit.batches.all()]
        rows.append(HeldVisit(visit, sum(came for came, _ in figures), sum(hours for _, hours in figures)))
    return BaseYear(
        base=base,
        year=year,
        visits=rows,
        counts=Counter(visit.status for visit in visits),
        sessions=at_base.filter(ends_at__lte=timezone.now()).count(),
        came=sum(came for came, _ in earned.values()),
        quarters=sum(hours for _, hours in earned.values()),
        closed_days=_suspended_days(base, begin.date(), end.date() - dt.timedelta(days=1)),
    )


def _suspended_days(base: TrainingBase, first: dt.date, last: dt.date) -> int:
    """Days of the year, up to today, on which the base was suspended (one query)."""
    last = min(last, timezone.localdate())
    days = 0
    for row in Suspension.objects.filter(base=base, begun_on__lte=last):
        begun = max(row.begun_on, first)
        ended = timezone.localdate(row.lifted_at) if row.lifted_at else last
        days += max(0, (min(ended, last) - begun).days + 1)
    return days
