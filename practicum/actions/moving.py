"""Moving a session in the timetable: tried first, then done, by the same way.

Locks: as rescheduling. A session of a visit stays where its base agreed to have it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from django.db import transaction

from cms.refusals import Reason, Refused
from enrollment.models import User
from practicum.actions.preparation import plan_of
from practicum.actions.sessions import SessionPlan, reschedule
from practicum.models import Lecturer, Room, Session, VisitBatch
from practicum.rules.reasons import reason


@dataclass(frozen=True)
class Move:
    """Where somebody wants a session: its new span, and room and lecturer where they change as well."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    room: Room | None = None
    lecturer: Lecturer | None = None
    #: Whether ``room`` and ``lecturer`` are meant (the form) or left as they stand (dragging).
    with_place: bool = False

    def applied_to(self, session: Session) -> SessionPlan:
        """The plan of ``session`` at its new time. A length that changes is counted by the rule again."""
        plan = plan_of(session, vehicles=list(session.vehicles.all()))
        if self.ends_at - self.starts_at != session.ends_at - session.starts_at:
            plan = replace(plan, quarters=None)
        if self.with_place:
            plan = replace(plan, room=self.room, lecturer=self.lecturer)
        return replace(plan, starts_at=self.starts_at, ends_at=self.ends_at)


def move(
    *, session: Session, to: Move, actor: User | None, now: dt.datetime, reason_given: str = ""
) -> Session:
    """Move ``session``; those expected are told.

    Raises:
        Refused: it belongs to a visit, has begun, or would begin in the past; or as ``reschedule`` refuses.
    """
    with transaction.atomic():
        held = Session.objects.select_for_update(of=("self",)).with_place().get(pk=session.pk)
        if found := _against(held, to, now):
            raise Refused(found)
        return reschedule(session=held, plan=to.applied_to(held), actor=actor, reason_given=reason_given)


def try_move(*, session: Session, to: Move, actor: User | None, now: dt.datetime) -> list[Reason]:
    """All that stands against ``move``, found by doing it and taking it back; empty when it can be done."""
    try:
        with transaction.atomic():
            move(session=session, to=to, actor=actor, now=now)
            transaction.set_rollback(True)
    except Refused as refused:
        return list(refused.reasons)
    return []


def _against(session: Session, to: Move, now: dt.datetime) -> Reason | None:
    if VisitBatch.objects.filter(session=session).exists():
        return reason("session_of_a_visit")
    if session.starts_at <= now:
        return reason("session_has_begun")
    if to.starts_at <= now:
        return reason("move_into_the_past", "starts_at")
    return None
