"""Handing a person over: the giving side starts, the receiving side accepts or declines, both keep a record.

Order of locks: the receiving organization, the person, then the transfer (docs/locking.md).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions import people
from enrollment.actions.journal import note
from enrollment.actions.messages import notify
from enrollment.actions.people import lock_organizations
from enrollment.actions.standings import lock_trainees
from enrollment.actions.transfer_sheets import sheet_of
from enrollment.models import (
    STEP,
    Appointment,
    Organization,
    PersonTransfer,
    Post,
    Role,
    RoleGrant,
    Trainee,
    TransferState,
    User,
)
from enrollment.rules import people as people_rules
from enrollment.rules import transfers as rules


def start_transfer(
    *,
    trainee: Trainee,
    organization: Organization,
    on: dt.date,
    reason: str,
    actor: User | None,
    post: str = Post.MEMBER,
) -> PersonTransfer:
    """Offer ``trainee`` to ``organization``; until it accepts, the person stays where they are.

    Raises:
        Refused: not the actor's to give; see ``rules.refusals``; a transfer of theirs waits already.
    """
    _check_giver(trainee, actor)
    try:
        with transaction.atomic():
            if lock_organizations([organization.pk]):
                raise Refused(people_rules.DISSOLVED)
            person = lock_trainees([trainee.pk])[trainee.pk]
            _check(person, organization, on, reason)
            if post not in Post.values:
                raise Refused(people_rules.POST_UNKNOWN)
            started = PersonTransfer.objects.create(
                trainee=person,
                from_organization_id=person.home_organization_id,
                to_organization=organization,
                on=on,
                post=post,
                reason=reason.strip()[:200],
                sheet=sheet_of(person, on),
                started_by=actor,
                started_at=timezone.now(),
            )
            note(person, "enrollment.transfer.start", actor=actor, data={"to": organization.name})
            _tell(started, "transfer_asked", keepers_of(organization), "asked")
    except IntegrityError:
        # One waits at a time: the constraint is the last word.
        raise Refused(rules.ALREADY_OPEN) from None
    return started


def _check_giver(trainee: Trainee, actor: User | None) -> None:
    if actor is None:
        return
    kept = Organization.objects.manageable_by(actor).filter(members=trainee)
    if trainee.user_id == actor.pk or not kept.exists():
        raise Refused(rules.NOT_GIVER)


def _check(person: Trainee, organization: Organization | None, on: dt.date, reason: str) -> None:
    held = Appointment.objects.current().filter(trainee=person).first()
    reasons = rules.refusals(
        reason=reason,
        on=on,
        today=timezone.localdate(),
        post_since=held.started_on if held else None,
        has_left=person.left_on is not None,
        is_there=organization is not None and person.home_organization_id == organization.pk,
    )
    if reasons:
        raise Refused(*reasons)


@transaction.atomic
def accept_transfer(*, transfer: PersonTransfer, actor: User | None) -> PersonTransfer:
    """Take the person over from the day agreed: posts, standing and figures change as by any transfer.

    Raises:
        Refused: not the receiving side, answered already, or the person is elsewhere by now; and what
            ``people.transfer`` refuses.
    """
    _check_receiver(transfer, actor)
    locked, person = _lock(transfer)
    if person.home_organization_id != locked.from_organization_id or person.left_on is not None:
        raise Refused(rules.MOVED_MEANWHILE)
    assert locked.to_organization is not None
    # As it stood when the person went.
    locked.sheet = sheet_of(person, locked.on)
    people.transfer(
        trainee=person, organization=locked.to_organization, on=locked.on, post=locked.post, actor=actor
    )
    return _close(locked, TransferState.ACCEPTED, actor, "")


@transaction.atomic
def decline_transfer(*, transfer: PersonTransfer, actor: User | None, answer: str) -> PersonTransfer:
    """Send the transfer back with a reason; the person stays where they are.

    Raises:
        Refused: not the receiving side, answered already, or no reason given.
    """
    _check_receiver(transfer, actor)
    if not answer.strip():
        raise Refused(rules.ANSWER_MISSING)
    locked, _person = _lock(transfer)
    return _close(locked, TransferState.DECLINED, actor, answer)


@transaction.atomic
def withdraw_transfer(*, transfer: PersonTransfer, actor: User | None, answer: str = "") -> PersonTransfer:
    """The giving side takes it back before it is answered.

    Raises:
        Refused: not the giving side, or answered already.
    """
    if (
        actor is not None
        and not PersonTransfer.objects.withdrawable_by(actor).filter(pk=transfer.pk).exists()
    ):
        raise Refused(rules.NOT_GIVER)
    locked, _person = _lock(transfer)
    return _close(locked, TransferState.WITHDRAWN, actor, answer)


@transaction.atomic
def leave_zone(
    *, trainee: Trainee, on: dt.date, destination: str, reason: str, actor: User | None
) -> PersonTransfer:
    """Somebody leaves the zone from the day after ``on``; the sheet goes with them as a document.

    Raises:
        Refused: not the actor's to let go; no destination or reason; what ``people.depart`` refuses.
    """
    _check_giver(trainee, actor)
    if not destination.strip():
        raise Refused(rules.DESTINATION_MISSING)
    person = lock_trainees([trainee.pk])[trainee.pk]
    _check(person, None, on, reason)
    if PersonTransfer.objects.open().filter(trainee=person).exists():
        raise Refused(rules.ALREADY_OPEN)
    now = timezone.now()
    left = PersonTransfer.objects.create(
        trainee=person,
        from_organization_id=person.home_organization_id,
        destination=destination.strip()[:120],
        on=on,
        reason=reason.strip()[:200],
        state=TransferState.LEFT_ZONE,
        sheet=sheet_of(person, on + dt.timedelta(days=1)),
        started_by=actor,
        started_at=now,
        answered_by=actor,
        answered_at=now,
    )
    people.depart(trainee=person, on=on, actor=actor)
    return left


def _check_receiver(transfer: PersonTransfer, actor: User | None) -> None:
    if actor is not None and not PersonTransfer.objects.answerable_by(actor).filter(pk=transfer.pk).exists():
        raise Refused(rules.NOT_RECEIVER)


def _lock(transfer: PersonTransfer) -> tuple[PersonTransfer, Trainee]:
    """The open transfer and its person, locked with the receiving organization."""
    lock_organizations([pk for pk in (transfer.to_organization_id,) if pk is not None])
    person = lock_trainees([transfer.trainee_id])[transfer.trainee_id]
    locked = (
        PersonTransfer.objects.select_for_update(of=("self",))
        .select_related("to_organization", "from_organization")
        .get(pk=transfer.pk)
    )
    if not locked.is_open:
        raise Refused(rules.NOT_OPEN)
    return locked, person


def _close(locked: PersonTransfer, state: TransferState, actor: User | None, answer: str) -> PersonTransfer:
    locked.state, locked.answer = state, answer.strip()[:200]
    locked.answered_by, locked.answered_at = actor, timezone.now()
    locked.save(update_fields=["state", "answer", "answered_by", "answered_at", "sheet"])
    person = Trainee.objects.get(pk=locked.trainee_id)
    note(person, f"enrollment.transfer.{ACTIONS[state]}", actor=actor, data={"transfer": locked.pk})
    giving = keepers_of(locked.from_organization)
    if locked.started_by_id is not None:
        giving.add(locked.started_by_id)
    receiving = keepers_of(locked.to_organization) if locked.to_organization else set()
    told = (giving | receiving) - ({actor.pk} if actor is not None else set())
    _tell(locked, "transfer_answered", told, "answered")
    if state == TransferState.ACCEPTED and person.user_id is not None:
        _tell(locked, "transfer_done", {person.user_id}, "done", link="/me/")
    return locked


#: How the audit log calls what ended a transfer.
ACTIONS = {
    TransferState.ACCEPTED: "accept",
    TransferState.DECLINED: "decline",
    TransferState.WITHDRAWN: "withdraw",
}


# --- Who hears of it ----------------------------------------------------------------------------------------


def keepers_of(organization: Organization) -> set[int]:
    """The accounts that look after ``organization``: its affairs workers, else the nearest above it, else all
    administrators.
    """
    path = organization.path
    above = [path[:end] for end in range(STEP, len(path) + 1, STEP)]
    grants = RoleGrant.objects.filter(
        role=Role.AFFAIRS_WORKER, organization__path__in=above, user__is_active=True
    ).values_list("organization__path", "user_id")
    found = list(grants)
    if found:
        nearest = max(len(place) for place, _user in found)
        return {user for place, user in found if len(place) == nearest}
    return set(
        RoleGrant.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True).values_list(
            "user_id", flat=True
        )
    )


def _tell(
    transfer: PersonTransfer, kind: str, accounts: Iterable[int], what: str, *, link: str | None = None
) -> None:
    notify(
        kind=kind,
        recipients=sorted(accounts),
        key=f"transfer-{transfer.pk}-{what}",
        context={
            "name": transfer.trainee.name,
            "from": transfer.from_organization.short_name or transfer.from_organization.name,
            "to": transfer.goes_to,
            "on": transfer.on,
            "reason": transfer.reason,
            "answer": transfer.answer,
            "state": str(transfer.state),
        },
        link=reverse("portal:workbench_transfer", args=[transfer.pk]) if link is None else link,
    )


def remind_of_transfers(*, now: dt.datetime) -> int:
    """Call unanswered transfers to mind on both sides; run as often as one likes. How many were."""
    reminded = 0
    waiting = PersonTransfer.objects.open().filter(
        started_at__lte=now - dt.timedelta(days=rules.REMIND_AFTER_DAYS),
        reminders__lt=rules.MOST_REMINDERS,
    )
    for row in waiting.select_related("trainee", "from_organization", "to_organization").order_by("pk"):
        if not rules.wants_reminder(started_at=row.started_at, reminders=row.reminders, now=now):
            continue
        with transaction.atomic():
            # Two runs at once: the second finds the number changed.
            counted = PersonTransfer.objects.open().filter(pk=row.pk, reminders=row.reminders)
            if not counted.update(reminders=row.reminders + 1):
                continue
            accounts = keepers_of(row.from_organization)
            if row.to_organization is not None:
                accounts |= keepers_of(row.to_organization)
            _tell(row, "transfer_waits", accounts, f"waits-{row.reminders + 1}")
            reminded += 1
    return reminded
