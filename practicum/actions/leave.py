"""Leave 请假: asked for by the trainee, decided by the class teacher."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.models import ClassLeave, ClassLeaveStatus, Trainee, User
from practicum.actions.attendance import recompute
from practicum.models import Leave, LeaveStatus, Session, SessionStatus
from practicum.rules.reasons import reason


@transaction.atomic
def ask(
    *, session: Session, trainee: Trainee, reason_given: str, now: dt.datetime, actor: User | None
) -> Leave:
    """Ask to miss a session that has not begun.

    Raises:
        Refused: no reason, no seat in the session, it has begun or is cancelled, or leave was asked for
        before.
    """
    locked = Session.objects.select_for_update().get(pk=session.pk)
    if not reason_given.strip():
        raise Refused(reason("reason_missing", "reason"))
    if locked.is_cancelled:
        raise Refused(reason("session_cancelled"))
    if now >= locked.starts_at:
        raise Refused(reason("session_has_begun"))
    if not locked.expected().filter(pk=trainee.pk).exists():
        raise Refused(reason("not_expected"))
    if Leave.objects.filter(session=locked, trainee=trainee).exists():
        raise Refused(reason("leave_exists"))
    leave = Leave.objects.create(session=locked, trainee=trainee, reason=reason_given.strip()[:200])
    note(leave, "practicum.ask_leave", actor=actor)
    return leave


@transaction.atomic
def decide(*, leave: Leave, approve: bool, now: dt.datetime, actor: User) -> Leave:
    """Approve or refuse.

    Raises:
        Refused: it was decided already, or the session is settled.
    """
    session = Session.objects.select_for_update().get(pk=leave.session_id)
    locked = Leave.objects.select_for_update().get(pk=leave.pk)
    if locked.status != LeaveStatus.REQUESTED:
        raise Refused(reason("leave_decided"))
    if session.is_settled:
        raise Refused(reason("session_settled"))
    locked.status = LeaveStatus.APPROVED if approve else LeaveStatus.REFUSED
    locked.decided_by, locked.decided_at = actor, now
    locked.save(update_fields=["status", "decided_by", "decided_at"])
    note(locked, "practicum.decide_leave", actor=actor, data={"approved": approve})
    return locked


def follow_class_leave(leave: ClassLeave) -> None:
    """What ``enrollment.leave_news`` calls: sessions that were settled before the decision are judged again.

    Sessions to come need nothing: attendance reads the slips of the class whenever it is derived.
    """
    if leave.status != ClassLeaveStatus.APPROVED:
        return
    settled = Session.objects.filter(
        training_class=leave.enrollment.training_class_id, status=SessionStatus.SETTLED
    )
    chosen = [part.key for part in leave.parts.all()]
    concerned = (
        settled.filter(pk__in=chosen) if chosen else settled.held_between(leave.starts_at, leave.ends_at)
    )
    for session in concerned.order_by("pk"):
        recompute(session=session, now=timezone.now())
