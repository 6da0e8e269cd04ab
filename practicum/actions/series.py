"""Series of sessions: planned together, changed together as far as they are to come, all or nothing.

Locks: the series, then its sessions that are to come, ascending; then as scheduling. A series that is changed
while one of its sessions is moved sees that session apart, or moves it first.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.utils import timezone

from cms.refusals import Reason, Refused
from enrollment.actions.journal import note, note_many
from enrollment.models import User
from practicum.actions import news
from practicum.actions.occupation import occupy
from practicum.actions.sessions import (
    BATCH,
    Judgement,
    SessionPlan,
    fill_in,
    looking_again,
    schedule_all,
    seats_rose,
    told_of,
    with_dimensions,
)
from practicum.models import (
    Audience,
    Booking,
    CalendarDay,
    Occupation,
    Session,
    SessionSeries,
    SessionStatus,
)
from practicum.rules.reasons import reason
from practicum.rules.series import MOST_SESSIONS, Pattern, change, days_of

#: What the series itself keeps of a plan.
SHARED = (
    "title", "kind", "mode", "training_class", "room", "base", "place", "online_url", "lecturer", "seats",
    "is_open", "quarters", "dimension", "bring", "note", "opens_before_minutes", "closes_after_minutes",
)  # fmt: skip


@dataclass(frozen=True)
class SeriesPlan:
    """A series as somebody wants it. ``template`` is one of its sessions; its day does not matter."""

    pattern: Pattern
    begins_at: dt.time
    ends_at: dt.time
    template: SessionPlan

    def on(self, day: dt.date) -> SessionPlan:
        """The session of ``day``."""
        zone = timezone.get_current_timezone()
        return replace(
            self.template,
            starts_at=dt.datetime.combine(day, self.begins_at, tzinfo=zone),
            ends_at=dt.datetime.combine(day, self.ends_at, tzinfo=zone),
        )


@dataclass(frozen=True)
class Member:
    """What becomes of one day: ``fresh``, ``kept`` or ``dropped``; and what stands against it."""

    day: dt.date
    what: str
    reasons: tuple[Reason, ...] = ()


@dataclass
class Outcome:
    """A series and what became of each of its days to come."""

    series: SessionSeries
    members: list[Member] = field(default_factory=list)

    @property
    def refusals(self) -> list[Reason]:
        """Everything that stands against any member, each with its day."""
        return [
            reason("series_member", found.field, day=member.day, why=found)
            for member in sorted(self.members, key=lambda member: member.day)
            for found in member.reasons
        ]


def begin(*, plan: SeriesPlan, actor: User | None) -> SessionSeries:
    """Plan a session on every day of the series, or on none.

    Raises:
        Refused: the pattern is not sound or has no day; or days that cannot be held, every one named.
    """
    return looking_again(lambda: _whole(_begin(plan, actor)))


def amend(*, series: SessionSeries, plan: SeriesPlan, actor: User | None, now: dt.datetime) -> SessionSeries:
    """Make every session to come what ``plan`` says: days that fall away are called off, new ones planned.

    What was held, called off or moved by itself stays as it is.

    Raises:
        Refused: as for ``begin``; nothing was changed then.
    """
    return looking_again(lambda: _whole(_amend(series, plan, actor, now)))


@transaction.atomic
def end(*, series: SessionSeries, actor: User | None, reason_given: str, now: dt.datetime) -> int:
    """Call off all sessions to come, those moved by themselves too; how many.

    Raises:
        Refused: no reason given.
    """
    if not reason_given.strip():
        raise Refused(reason("reason_missing", "reason"))
    held = SessionSeries.objects.select_for_update(of=("self",)).get(pk=series.pk)
    coming = _to_come(held, now)
    _call_off(coming, actor=actor, why=reason_given.strip()[:200])
    held.sequence += 1
    held.save(update_fields=["sequence", "updated_at"])
    note(held, "practicum.series_end", actor=actor, data={"sessions": len(coming), "reason": reason_given})
    news.tell_of_series(held, moved=[], fresh=[], dropped=coming)
    return len(coming)


def preview(
    *, plan: SeriesPlan, series: SessionSeries | None, actor: User | None, now: dt.datetime
) -> list[Member]:
    """What ``begin`` or ``amend`` would do to each day, with all that stands against it. Nothing is written.

    Raises:
        Refused: the pattern itself is not sound.
    """
    with transaction.atomic():
        outcome = _begin(plan, actor) if series is None else _amend(series, plan, actor, now)
        transaction.set_rollback(True)
    return sorted(outcome.members, key=lambda member: member.day)


def _whole(outcome: Outcome) -> SessionSeries:
    """The series, if nothing stands against any of its members."""
    if refusals := outcome.refusals:
        raise Refused(*refusals)
    return outcome.series


def _days(plan: SeriesPlan) -> list[dt.date]:
    if flaw := plan.pattern.flaw:
        raise Refused(reason(*flaw))
    if plan.ends_at <= plan.begins_at:
        raise Refused(reason("ends_before_it_begins", "ends_at"))
    span = CalendarDay.objects.filter(day__range=(plan.pattern.first_on, plan.pattern.last_on))
    days = days_of(plan.pattern, dict(span.values_list("day", "is_working")))
    if len(days) > MOST_SESSIONS:
        raise Refused(reason("series_too_many", "last_on", sessions=len(days), most=MOST_SESSIONS))
    return days


def _begin(plan: SeriesPlan, actor: User | None) -> Outcome:
    days = _days(plan)
    if not days:
        raise Refused(reason("series_without_day", "weekdays"))
    series = SessionSeries()
    _keep(series, plan)
    outcome = Outcome(series)
    made = _plan_fresh(outcome, plan, days, actor)
    note(series, "practicum.series_begin", actor=actor, data=_logged(plan, fresh=made))
    return outcome


def _amend(series: SessionSeries, plan: SeriesPlan, actor: User | None, now: dt.datetime) -> Outcome:
    days = _days(plan)
    held = SessionSeries.objects.select_for_update(of=("self",)).get(pk=series.pk)
    # One of today that would begin in the past under the new hours stays where people expect it.
    by_day = {
        session.series_day: session
        for session in _to_come(held, now)
        if not session.is_apart
        and session.series_day is not None
        and plan.on(session.series_day).starts_at > now
    }
    fixed = set(held.sessions.filter(series_day__isnull=False).values_list("series_day", flat=True))
    wanted = {day for day in days if plan.on(day).starts_at > now}
    found = change(wanted, open_days=by_day.keys(), fixed={day for day in fixed if day is not None})
    outcome = Outcome(held)
    dropped = [by_day[day] for day in found.dropped]
    outcome.members += [Member(day, "dropped") for day in found.dropped]
    _call_off(dropped, actor=actor, why=str(reason("series_day_dropped")))
    for session in dropped:
        session.series_day = None
    Session.objects.bulk_update(dropped, ["series_day"])
    moved = _change_kept(outcome, plan, [by_day[day] for day in found.kept], actor)
    _keep(held, plan)
    made = _plan_fresh(outcome, plan, found.fresh, actor)
    note(
        held,
        "practicum.series_amend",
        actor=actor,
        data=_logged(plan, fresh=made, moved=moved, dropped=dropped),
    )
    if not outcome.refusals:
        news.tell_of_series(held, moved=moved, fresh=made, dropped=dropped)
    return outcome


def _to_come(series: SessionSeries, now: dt.datetime) -> list[Session]:
    """Sessions of ``series`` that have not begun and stand, locked."""
    return list(
        Session.objects.unsettled()
        .select_for_update(of=("self",))
        .with_place()
        .filter(series=series, starts_at__gt=now)
        .order_by("pk")
    )


def _keep(series: SessionSeries, plan: SeriesPlan) -> None:
    pattern = plan.pattern
    for name in SHARED:
        setattr(series, name, getattr(plan.template, name))
    series.weekdays = "".join(str(day) for day in sorted(pattern.weekdays))
    series.every_weeks = pattern.every_weeks
    series.first_on, series.last_on = pattern.first_on, pattern.last_on
    series.begins_at, series.ends_at = plan.begins_at, plan.ends_at
    series.skips_holidays, series.skips_makeup_days = pattern.skips_holidays, pattern.skips_makeup_days
    series.left_out = [day.isoformat() for day in sorted(pattern.left_out)]
    series.sequence += 1
    series.save()
    series.vehicles.set(plan.template.vehicles)


def _plan_fresh(
    outcome: Outcome, plan: SeriesPlan, days: Sequence[dt.date], actor: User | None
) -> list[Session]:
    """Plan a session on each of ``days``; those that cannot be held are noted in ``outcome``."""
    result = schedule_all([plan.on(day) for day in days], actor=actor)
    against = {timezone.localdate(refused.starts_at): reasons for refused, reasons in result.refused}
    outcome.members += [Member(day, "fresh", against.get(day, ())) for day in days]
    for session in result.scheduled:
        session.series = outcome.series
        session.series_day = timezone.localdate(session.starts_at)
    Session.objects.bulk_update(result.scheduled, ["series", "series_day"], batch_size=BATCH)
    note_many(result.scheduled, "practicum.schedule", actor=actor)
    return result.scheduled


def _change_kept(
    outcome: Outcome, plan: SeriesPlan, sessions: Sequence[Session], actor: User | None
) -> list[Session]:
    """Give ``sessions`` the time, place and people of ``plan``, each on its own day; those that
    have another time or place now."""
    booked: dict[int, list[int]] = defaultdict(list)
    for session_id, trainee_id in (
        Booking.objects.booked()
        .filter(session__in=sessions)
        .order_by("pk")
        .values_list("session_id", "trainee_id")
    ):
        booked[session_id].append(trainee_id)
    plans = []
    for session in sessions:
        assert session.series_day is not None
        wanted = plan.on(session.series_day)
        people = booked[session.pk] if wanted.expects == Audience.BOOKINGS else ()
        plans.append(replace(wanted, trainee_ids=people, audience=wanted.expects))
    plans = with_dimensions(plans)
    judged = Judgement(plans, ignoring=[session.pk for session in sessions])
    Occupation.objects.filter(session__in=sessions).delete()
    rows: list[Occupation] = []
    moved, larger = [], []
    for number, session in enumerate(sessions):
        assert session.series_day is not None
        reasons = judged.reasons_against(number)
        outcome.members.append(Member(session.series_day, "kept", tuple(reasons)))
        before, seats_before = told_of(session), session.seats or 0
        fill_in(session, plans[number])
        if told_of(session) != before:
            moved.append(session)
        session.sequence += 1
        session.save()
        session.vehicles.set(plans[number].vehicles)
        if not reasons:
            judged.hold(number, session)
            rows += occupy(session, judged.wants[number])
            if (session.seats or 0) > seats_before:
                larger.append(session)
    rows.sort(key=lambda row: (row.resource_type, row.resource_id, row.starts_at))
    Occupation.objects.bulk_create(rows, batch_size=BATCH)
    note_many(sessions, "practicum.reschedule", actor=actor)
    for session in larger:
        seats_rose(session)
    return moved


def _call_off(sessions: Sequence[Session], *, actor: User | None, why: str) -> None:
    for session in sessions:
        session.status = SessionStatus.CANCELLED
        session.cancel_reason = why
        session.sequence += 1
        session.save(update_fields=["status", "cancel_reason", "sequence", "updated_at"])
    Occupation.objects.filter(session__in=sessions).delete()
    note_many(sessions, "practicum.cancel", actor=actor, data={"reason": why})


def _logged(
    plan: SeriesPlan,
    *,
    fresh: Iterable[Session] = (),
    moved: Iterable[Session] = (),
    dropped: Iterable[Session] = (),
) -> dict[str, object]:
    return {
        "weekdays": sorted(plan.pattern.weekdays),
        "first": plan.pattern.first_on.isoformat(),
        "last": plan.pattern.last_on.isoformat(),
        "hours": f"{plan.begins_at:%H:%M}–{plan.ends_at:%H:%M}",
        "fresh": len(list(fresh)),
        "moved": len(list(moved)),
        "dropped": len(list(dropped)),
    }
