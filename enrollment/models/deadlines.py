"""New secretaries, and whether they have had their first training (domain §2: within six months)."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

from django.db.models import Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import TruncDate

from enrollment.models import rulebook
from enrollment.models.hours import HourEntry, HourKind, HourRuleCode
from enrollment.models.people import Appointment, AppointmentQuerySet, Post
from enrollment.rules.explanation import NewSecretary
from enrollment.rules.requirement import ONE_DAY, add_months, new_secretary_deadline

#: What is a training, and not study by oneself or the branch's own life.
TRAINING_KINDS = frozenset({HourKind.CLASSROOM, HourKind.BASE_VISIT, HourKind.LIVE, HourKind.EXTERNAL})


@dataclass(frozen=True)
class SecretaryDeadline:
    """A new secretary with the time of the first training."""

    appointment: Appointment
    training: NewSecretary
    today: dt.date

    @property
    def deadline(self) -> dt.date:
        """By when it is held."""
        return self.training.deadline

    @property
    def is_done(self) -> bool:
        """Whether it has been held."""
        return self.training.trained_on is not None

    @property
    def is_overdue(self) -> bool:
        """Whether the time is over without it."""
        return self.training.is_overdue(self.today)


def _begun_since(since: dt.date, today: dt.date) -> QuerySet[Any]:
    """Posts of secretaries that hold and began since that day, without first posts from 1 January on.

    Those admitted on 1 January are many and hardly ever new. So the other days are ranges of the index, and
    the few who have a post before that day are come upon from there.
    """
    held = Appointment.objects.current().filter(post=Post.SECRETARY).order_by()
    new_years = [dt.date(year, 1, 1) for year in range(since.year, today.year + 2)]
    between = Q(pk__in=[])
    for begin, end in itertools.pairwise([since - ONE_DAY, *(day for day in new_years if day >= since)]):
        between |= Q(started_on__gt=begin, started_on__lt=end)
    parts = [held.filter(between)]
    for day in new_years:
        if since <= day <= today:
            earlier = Appointment.objects.filter(ended_on__isnull=False, started_on__lt=day).order_by()
            parts.append(held.filter(started_on=day, trainee__in=earlier.values("trainee")))
    found, *others = [part.values("pk") for part in parts]
    return found.union(*others, all=True) if others else found


def new_secretaries(appointments: AppointmentQuerySet, today: dt.date) -> list[SecretaryDeadline]:
    """Of ``appointments`` those of new secretaries within their time, or past it and still untrained.

    One query; who is late first. Whoever only changed the organization, and was secretary until the day
    before, is not new; nor is a first post from 1 January on, which is how somebody is admitted whose post
    began before that year. One looks back twice the time: far enough to see who is late, not so far that old
    records come up.
    """
    rule = rulebook.rules_on(today).get(HourRuleCode.NEW_SECRETARY_MONTHS)
    if rule is None or rule.value < 1:
        return []
    months = int(rule.value)
    trained = (
        HourEntry.objects.standing()
        .filter(
            trainee=OuterRef("trainee"), kind__in=TRAINING_KINDS, starts_at__date__gte=OuterRef("started_on")
        )
        .order_by()
        .values("trainee")
        .annotate(first=Min(TruncDate("starts_at")))
        .values("first")
    )
    earlier = Appointment.objects.filter(
        trainee=OuterRef("trainee"), post=Post.SECRETARY, ended_on__lt=OuterRef("started_on")
    ).order_by("-ended_on")
    since = add_months(today, -2 * months)
    rows = (
        appointments.filter(pk__in=_begun_since(since, today), trainee__left_on__isnull=True)
        .annotate(
            trained_on=Subquery(trained),
            was_until=Subquery(earlier.values("ended_on")[:1]),
        )
        .select_related("trainee", "organization")
        .order_by("started_on", "pk")
    )
    found = []
    for held in rows:
        if held.was_until == held.started_on - ONE_DAY:
            continue
        deadline = new_secretary_deadline(held.started_on, months)
        training = NewSecretary(held.started_on, deadline, months, held.trained_on, rule.source)
        if deadline >= today or held.trained_on is None:
            found.append(SecretaryDeadline(held, training, today))
    return sorted(found, key=lambda row: (row.is_done, row.deadline))
