"""Two records of one person with a life in both, and what is compared before and after."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from io import StringIO

from django.core.management import call_command
from django.utils import timezone

from enrollment.actions.verification import verify
from enrollment.models import (
    BranchActivity,
    HourBalance,
    HourEntry,
    HourSpan,
    Standing,
    Trainee,
)
from enrollment.person_records import Pair
from practicum.actions import attendance
from practicum.models import Session
from tests.factories import practicum as make

YEAR = timezone.localdate().year
HOUR = dt.timedelta(hours=1)


@dataclass
class Lives:
    """The two records, and what each did."""

    keeper: Trainee
    other: Trainee
    shared: Session
    alone: Session
    both_lesson: int
    alone_lesson: int
    activity: BranchActivity

    @property
    def pair(self) -> Pair:
        return Pair(self.keeper.pk, self.other.pk, self.keeper.user_id, self.other.user_id)


def held(title, people, *, days_ago, minutes=180, training_class):
    """A session that was held and settled; ``people``: who was there, and for how many minutes."""
    begin = timezone.now().replace(microsecond=0) - dt.timedelta(days=days_ago)
    session = make.session(
        training_class=training_class,
        title=title,
        starts_at=begin,
        ends_at=begin + dt.timedelta(minutes=minutes),
    )
    attendance.record_in_bulk(
        attended=[
            attendance.Attended(session.pk, person.pk, begin, begin + dt.timedelta(minutes=stayed))
            for person, stayed in people
        ]
    )
    attendance.settle(session=session, now=timezone.now())
    return session


def projections(*people):
    """What the ledger says of people, derived rows included; reversals leave a trace and change no sum."""
    return {
        "standings": list(
            Standing.objects.filter(trainee__in=people)
            .order_by("trainee", "year")
            .values_list("trainee", "year", "organization", "cohort", "required_quarters", "earned_quarters")
        ),
        "balances": sorted(
            row
            for row in HourBalance.objects.filter(trainee__in=people).values_list(
                "trainee", "year", "kind", "quarters"
            )
            if row[3]
        ),
        "evidence": sorted(
            HourEntry.objects.standing()
            .filter(trainee__in=people)
            .values_list("trainee", "evidence_type", "evidence_id", "quarters", "year", "organization")
        ),
        "spans": sorted(
            HourSpan.objects.filter(trainee__in=people).values_list("trainee", "starts_at", "ends_at")
        ),
    }


def without_pointers(rows):
    """Rows as they stand, but for the keys of ledger entries, which are new after a reversal."""
    return {
        label: {
            key: {name: value for name, value in values.items() if name not in ("entry_id", "quiz_entry_id")}
            for key, values in found.items()
            # That they were merged was told; it stays told.
            if not values.get("key", "").startswith("records-merged-")
        }
        for label, found in rows.items()
        if found
    }


def everything_agrees():
    verdict = verify()
    assert verdict.agrees, [str(difference) for difference in verdict.differences]
    out = StringIO()
    call_command("verify_attendance", stdout=out)
    assert "agree" in out.getvalue() or "一致" in out.getvalue()


def total(person, year=YEAR):
    standing = Standing.objects.filter(trainee=person, year=year).first()
    return standing.earned_quarters if standing else None
