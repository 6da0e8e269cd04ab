"""A base stops receiving visitors, and begins again; the visits it leaves stranded are found another place.

Locks: the base's row, as confirming a visit does: a visit is confirmed before the suspension, and then stands
in its list, or not at all. Moving a visit elsewhere locks as cancelling and requesting do.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.models import User
from practicum.actions import news, visits
from practicum.models import BaseStatus, Suspension, TrainingBase, Visit
from practicum.rules.reasons import reason
from practicum.rules.suspensions import may_lift
from practicum.rules.visits import Party


@transaction.atomic
def suspend(
    *,
    base: TrainingBase,
    party: Party,
    reason_given: str,
    actor: User | None,
    now: dt.datetime,
    ends_on: dt.date | None = None,
) -> Suspension:
    """Let ``base`` receive nobody from now on, ``ends_on`` included or until it is lifted.

    Visits that are open stay as they are (`stranded_by`): somebody moves each or calls it off.

    Raises:
        Refused: no reason, a last day that is past, or the base does not receive visitors anyway.
    """
    given, today = reason_given.strip()[:200], timezone.localdate(now)
    if not given:
        raise Refused(reason("reason_missing", "reason"))
    if ends_on is not None and ends_on < today:
        raise Refused(reason("suspension_is_past", "ends_on"))
    held = TrainingBase.objects.select_for_update(no_key=True, of=("self",)).get(pk=base.pk)
    if held.status != BaseStatus.ACTIVE:
        raise Refused(reason("base_not_active"))
    suspension = Suspension.objects.create(
        base=held, party=party, reason=given, begun_on=today, ends_on=ends_on, begun_by=actor
    )
    held.status = BaseStatus.SUSPENDED
    held.save(update_fields=["status", "updated_at"])
    note(
        held,
        "practicum.base_suspend",
        actor=actor,
        data={"party": party.value, "reason": given, "until": ends_on.isoformat() if ends_on else None},
    )
    news.tell_of_suspension(
        suspension, stranded=Visit.objects.stranded_by(suspension, now).count(), actor=actor
    )
    return suspension


@transaction.atomic
def lift(*, base: TrainingBase, party: Party, actor: User | None, now: dt.datetime) -> Suspension:
    """Let ``base`` receive visitors again.

    Raises:
        Refused: it is not suspended, or the academy suspended it and the base itself lifts.
    """
    held = TrainingBase.objects.select_for_update(no_key=True, of=("self",)).get(pk=base.pk)
    suspension = Suspension.objects.standing().filter(base=held).first()
    if suspension is None:
        raise Refused(reason("base_not_suspended"))
    if not may_lift(suspended_by=Party(suspension.party), party=party):
        raise Refused(reason("suspended_by_academy"))
    _end(held, suspension, actor=actor, now=now)
    return suspension


def lift_due(*, now: dt.datetime) -> int:
    """Lift what stands although its last day is past; how many."""
    due = (
        Suspension.objects.over(timezone.localdate(now)).order_by("base_id").values_list("base_id", flat=True)
    )
    lifted = 0
    for base_id in list(due):
        with transaction.atomic():
            base = TrainingBase.objects.select_for_update(no_key=True, of=("self",)).get(pk=base_id)
            suspension = Suspension.objects.over(timezone.localdate(now)).filter(base=base).first()
            if suspension is not None:
                _end(base, suspension, actor=None, now=now)
                lifted += 1
    return lifted


def _end(base: TrainingBase, suspension: Suspension, *, actor: User | None, now: dt.datetime) -> None:
    suspension.lifted_at, suspension.lifted_by = now, actor
    suspension.save(update_fields=["lifted_at", "lifted_by"])
    if base.status == BaseStatus.SUSPENDED:
        base.status = BaseStatus.ACTIVE
        base.save(update_fields=["status", "updated_at"])
    note(base, "practicum.base_resume", actor=actor, data={"since": suspension.begun_on.isoformat()})
    news.tell_of_suspension(suspension, stranded=0, actor=actor)


@transaction.atomic
def move_elsewhere(
    *,
    visit: Visit,
    base: TrainingBase,
    starts_at: dt.datetime,
    actor: User | None,
    now: dt.datetime,
    reason_given: str,
) -> Visit:
    """Call ``visit`` off and ask ``base`` for the same in its place; all of it or nothing.

    The new request lasts as long, with the same class, purpose and leader, and waits for its base's answer.

    Raises:
        Refused: the visit is over, no reason was given, or the other base cannot take it then.
    """
    if base.pk == visit.base_id:
        raise Refused(reason("same_base", "base"))
    ended = visits.cancel(visit=visit, actor=actor, reason_given=reason_given)
    asked = visits.request(
        base=base,
        starts_at=starts_at,
        ends_at=starts_at + (ended.ends_at - ended.starts_at),
        headcount=ended.headcount,
        actor=actor,
        now=now,
        training_class=ended.training_class,
        title="" if ended.title == str(ended.base) else ended.title,
        details={
            "purpose": ended.purpose,
            "leader_name": ended.leader_name,
            "leader_phone": ended.leader_phone,
            "lecturer": ended.lecturer,
        },
    )
    note(asked, "practicum.visit_elsewhere", actor=actor, data={"instead_of": ended.pk})
    return asked
