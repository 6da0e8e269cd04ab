"""Closing a year: its requirements are frozen, and what is posted to it later carries a mark."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment import year_end
from enrollment.actions.journal import note
from enrollment.actions.standings import rebuild_standings, this_year
from enrollment.models import HourRuleCode, Standing, Trainee, User, YearClosure, rulebook
from enrollment.rules import years as rules


@transaction.atomic
def close_year(*, year: int, actor: User) -> YearClosure:
    """Close ``year``: changes of posts and rules no longer touch it, and late records are marked.

    They are taken for as long as the rule of today says, and then refused; the day is kept with the year.

    Raises:
        Refused: the year is not over, or closed already.
    """
    if year >= this_year():
        raise Refused(rules.YEAR_NOT_OVER)
    if YearClosure.objects.select_for_update().filter(year=year).exists():
        raise Refused(rules.YEAR_CLOSED)
    now = timezone.now()
    days = rulebook.value_on(HourRuleCode.LATE_DAYS, timezone.localdate(now))
    closure = YearClosure.objects.create(year=year, closed_by=actor, late_until=rules.late_until(now, days))
    note(closure, "enrollment.year.close", actor=actor, data={"year": year})
    year_end.close(year, actor)
    return closure


@transaction.atomic
def reopen_year(*, closure: YearClosure, actor: User) -> None:
    """Open a closed year again; marks on entries stay, for they say when they were posted."""
    note(closure, "enrollment.year.reopen", actor=actor, data={"year": closure.year})
    closure.delete()


def begin_year(*, year: int) -> int:
    """Give everybody on the roster a standing in ``year``; return how many were new. Safe to repeat."""
    missing = Trainee.objects.active().exclude(pk__in=Standing.objects.filter(year=year).values("trainee_id"))
    if not missing.exists():
        return 0
    return rebuild_standings(year=year, trainees=missing)
