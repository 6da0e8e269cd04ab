"""Preparing a visit that stands: how many come, and what they ride in.

Locks: the sessions, the base, then the visit, as docs/locking.md has it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.models import User
from practicum.actions import news, sessions
from practicum.actions.sessions import SessionPlan
from practicum.actions.visits import calendar
from practicum.models import Audience, Booking, Session, Vehicle, Visit, VisitBatch
from practicum.rules.deadlines import CHANGES_DUE_DAYS, Moment, headcount_moment, working_days_before
from practicum.rules.reasons import reason
from practicum.rules.visits import spread


def plan_of(session: Session, *, vehicles: Sequence[Vehicle]) -> SessionPlan:
    """A session as it stands, riding in ``vehicles``."""
    return SessionPlan(
        title=session.title,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        kind=session.kind,
        mode=session.mode,
        training_class=session.training_class,
        room=session.room,
        base=session.base,
        place=session.place,
        online_url=session.online_url,
        lecturer=session.lecturer,
        vehicles=list(vehicles),
        audience=session.audience,
        seats=session.seats,
        is_open=session.is_open,
        hour_kind=session.hour_kind,
        quarters=session.quarters,
        dimension=session.dimension,
        bring=session.bring,
        note=session.note,
        opens_before_minutes=session.opens_before_minutes,
        closes_after_minutes=session.closes_after_minutes,
    )


@transaction.atomic
def state_headcount(
    *, visit: Visit, headcount: int, actor: User | None, now: dt.datetime, reason_given: str = ""
) -> Visit:
    """Say how many come, for the first time or anew; the base hears of it at once.

    Due five working days ahead; changes until two working days ahead, later only with a reason.

    Raises:
        Refused: the visit is closed, the day for changes has passed and no reason is given, the batches do
            not hold so many, or more people already have a place in one.
    """
    held = list(
        Session.objects.unsettled()
        .filter(visit_batch__visit=visit)
        .select_for_update(of=("self",), no_key=True)
        .order_by("pk")
    )
    locked = Visit.objects.select_for_update(of=("self",)).select_related("base").get(pk=visit.pk)
    if not locked.is_open or locked.ends_at <= now:
        raise Refused(reason("visit_over"))
    days, day = calendar(), timezone.localdate(locked.starts_at)
    moment = headcount_moment(timezone.localdate(now), day, days)
    if moment == Moment.CLOSED and not reason_given.strip():
        due = working_days_before(day, CHANGES_DUE_DAYS, days)
        raise Refused(reason("changes_closed", "reason", day=due))
    batches = list(VisitBatch.objects.filter(visit=locked).order_by("number"))
    capacity = locked.base.capacity_per_batch
    sizes = spread(headcount, len(batches), capacity)
    if sizes is None and not locked.is_pending:
        raise Refused(
            reason(
                "headcount_over", "headcount", headcount=headcount, batches=len(batches), capacity=capacity
            )
        )
    by_pk = {session.pk: session for session in held}
    # A request over one batch's capacity stands: the base may propose several.
    for row, size in zip(batches, sizes or [headcount], strict=False):
        row.headcount = size
        session = by_pk.get(row.session_id or 0)
        if session is not None and session.audience == Audience.BOOKINGS:
            taken = Booking.objects.booked().filter(session=session).count()
            if taken > size:
                raise Refused(reason("headcount_below_seats", "headcount", taken=taken, number=row.number))
            session.seats = size
            session.save(update_fields=["seats", "updated_at"])
    VisitBatch.objects.bulk_update(batches, ["headcount"])
    before, locked.headcount, locked.headcount_stated_at = locked.headcount, headcount, now
    locked.save(update_fields=["headcount", "headcount_stated_at", "updated_at"])
    facts = {
        "before": before,
        "after": headcount,
        "moment": moment.value,
        "reason": reason_given.strip()[:200],
    }
    note(locked, "practicum.visit_headcount", actor=actor, data=facts)
    news.tell_base(locked, what="headcount", actor=actor, remark=reason_given.strip()[:200])
    return locked


@transaction.atomic
def allocate_vehicles(
    *, visit: Visit, vehicles: Sequence[Vehicle], actor: User | None, now: dt.datetime
) -> Visit:
    """Let a visit ride in ``vehicles``: also the way when one breaks down.

    Raises:
        Refused: the visit is closed, a vehicle is taken or closed then, or they have too few seats.
    """
    coming = Session.objects.unsettled().with_place().filter(visit_batch__visit=visit, ends_at__gt=now)
    # All of them before the first is rescheduled, which locks the base.
    for session in list(coming.select_for_update(of=("self",)).order_by("pk")):
        plan = plan_of(session, vehicles=vehicles)
        sessions.reschedule(session=session, plan=plan, actor=actor)
    locked = Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    if not locked.is_open or locked.ends_at <= now:
        raise Refused(reason("visit_over"))
    before = [str(one) for one in locked.vehicles.all()]
    locked.vehicles.set(vehicles)
    after = [str(one) for one in vehicles]
    locked.save(update_fields=["updated_at"])
    note(locked, "practicum.visit_vehicles", actor=actor, data={"before": before, "after": after})
    if before != after:
        news.tell_base(locked, what="vehicles", actor=actor, remark="、".join(after))
    return locked
