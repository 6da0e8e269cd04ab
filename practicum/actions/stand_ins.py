"""A lecturer falls ill, a room or vehicle cannot be had: planned sessions get another, or are called off.

Locks: as rescheduling, cancelling and allocating vehicles of a visit; nothing of its own. A closure locks
nothing: a session that is planned meanwhile is refused, or stands in the list of what the closure strands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.models import User
from practicum.actions import news, sessions
from practicum.actions.preparation import allocate_vehicles, plan_of
from practicum.models import Blackout, Lecturer, Room, Session, Vehicle, Visit, VisitBatch
from practicum.rules.reasons import reason

Substitute = Lecturer | Room | Vehicle


@transaction.atomic
def stand_in(
    *, session: Session, closure: Blackout, substitute: Substitute, actor: User | None, now: dt.datetime
) -> Session:
    """Give ``session`` another lecturer, room or vehicle in place of what ``closure`` closes; its time stays.

    Those expected are told of another room or lecturer, both lecturers as well. A visit rides in the other
    vehicle with all its batches.

    Raises:
        Refused: the closure does not stand against it (any more), the other is the closed one or of another
            kind, or it is taken, closed or too small then.
    """
    was = closure.thing
    if type(substitute) is not type(was):
        raise Refused(reason("not_stranded"))
    if substitute.pk == was.pk:
        raise Refused(reason("still_closed", "substitute", who=was))
    batch = VisitBatch.objects.filter(session=session).select_related("visit").first()
    if batch is not None and isinstance(substitute, Vehicle):
        _refuse_unless_stranded(session, closure, now)
        vehicles = _with(list(batch.visit.vehicles.all()), was, substitute)
        allocate_vehicles(visit=batch.visit, vehicles=vehicles, actor=actor, now=now)
        done = Session.objects.get(pk=session.pk)
    else:
        held = Session.objects.select_for_update(of=("self",)).with_place().get(pk=session.pk)
        _refuse_unless_stranded(held, closure, now)
        plan = plan_of(held, vehicles=list(held.vehicles.all()))
        if isinstance(substitute, Vehicle):
            plan = replace(plan, vehicles=_with(plan.vehicles, was, substitute))
        elif isinstance(substitute, Room):
            plan = replace(plan, room=substitute)
        else:
            plan = replace(plan, lecturer=substitute)
        done = sessions.reschedule(session=held, plan=plan, actor=actor, reason_given=closure.reason)
        if isinstance(was, Lecturer):
            Visit.objects.filter(batches__session=done, lecturer=was).update(lecturer=done.lecturer)
            news.tell_of_lecturer(done, was=was, now=now)
    data = {"closure": closure.pk, "was": str(was), "now": str(substitute), "reason": closure.reason}
    note(done, "practicum.stand_in", actor=actor, data=data)
    return done


@transaction.atomic
def call_off(
    *, session: Session, closure: Blackout, actor: User | None, now: dt.datetime, reason_given: str
) -> Session:
    """Cancel ``session``, which ``closure`` strands; those expected are told.

    Raises:
        Refused: the closure does not stand against it, it belongs to a visit (called off on the visit's own
            page, where its base hears of it), or as cancelling refuses.
    """
    held = Session.objects.select_for_update().get(pk=session.pk)
    if VisitBatch.objects.filter(session=held).exists():
        raise Refused(reason("session_of_a_visit"))
    _refuse_unless_stranded(held, closure, now)
    return sessions.cancel(session=held, actor=actor, reason_given=reason_given)


def _refuse_unless_stranded(session: Session, closure: Blackout, now: dt.datetime) -> None:
    these = Session.objects.filter(pk=session.pk)
    if not these.stranded(now, Blackout.objects.filter(pk=closure.pk)).exists():
        raise Refused(reason("not_stranded"))


def _with(vehicles: Sequence[Vehicle], was: object, substitute: Vehicle) -> list[Vehicle]:
    kept = [one for one in vehicles if one != was and one != substitute]
    return [*kept, substitute]
