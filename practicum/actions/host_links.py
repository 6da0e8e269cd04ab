"""Links by which bases answer without an account: made, renewed, taken back, and every use written down.

Locks: the link's row before everything else, so that a link is not used after it was taken back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.models import User
from practicum import tickets
from practicum.models import HostDeed, HostLink, HostLinkUse, TrainingBase, Visit, VisitStatus
from practicum.rules import host_links as rules
from practicum.rules.reasons import reason


@dataclass(frozen=True)
class Caller:
    """Where a use of a link came from, as far as the browser says."""

    address: str = ""
    device: str = ""


def issue(
    *,
    actor: User | None,
    now: dt.datetime,
    visit: Visit | None = None,
    base: TrainingBase | None = None,
) -> HostLink:
    """Make a link to ``visit`` or to the visits of ``base``; the one before it stops working at once.

    Two who renew at the same moment get the same new link.

    Raises:
        Refused: the visit is closed, or the academy has not passed it on yet.
    """
    if visit is not None and not visit.is_open:
        raise Refused(reason("visit_over"))
    if visit is not None and visit.status == VisitStatus.REQUESTED:
        raise Refused(reason("move_not_open", stage=visit.get_status_display()))
    standing = HostLink.objects.standing().filter(visit=visit, base=base)
    try:
        with transaction.atomic():
            for link in standing.select_for_update(of=("self",)):
                _take_back(link, actor=actor, now=now)
            link = HostLink.objects.create(
                visit=visit,
                base=base,
                created_by=actor,
                created_at=now,
                expires_at=rules.expiry(now=now, visit_ends_at=visit.ends_at if visit is not None else None),
            )
            facts = {"visit": link.visit_id, "base": link.base_id}
            note(link, "practicum.link_issue", actor=actor, data=facts)
            return link
    except IntegrityError:
        return standing.get()


@transaction.atomic
def revoke(*, link: HostLink, actor: User | None, now: dt.datetime) -> HostLink:
    """Take a link back: whoever has it is turned away from now on."""
    locked = HostLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
    if locked.revoked_at is None:
        _take_back(locked, actor=actor, now=now)
    return locked


def _take_back(link: HostLink, *, actor: User | None, now: dt.datetime) -> None:
    link.revoked_at = now
    link.save(update_fields=["revoked_at"])
    note(link, "practicum.link_revoke", actor=actor, data={"visit": link.visit_id, "base": link.base_id})


def hold_link_of(visit: Visit) -> None:
    """Lock the link of a visit that may be moved, before the base and the visit are locked."""
    list(HostLink.objects.standing().filter(visit=visit).select_for_update(of=("self",)))


def keep_open(visit: Visit, *, until: dt.datetime) -> None:
    """Let the link of a visit that moves to ``until`` outlive it. The caller holds link and visit."""
    for link in HostLink.objects.standing().filter(visit=visit):
        later = rules.expiry(now=link.created_at, visit_ends_at=until)
        if later > link.expires_at:
            HostLink.objects.filter(pk=link.pk).update(expires_at=later)


def enter(*, token: str, caller: Caller, now: dt.datetime) -> HostLink:
    """The link behind ``token``, if it works at ``now``.

    Raises:
        Refused: ``link_unknown``, ``link_expired``, ``link_revoked``, or ``link_busy`` when it was used too
            often in the last minute. Who is turned away with one of ours is written down.
    """
    key = tickets.host_key(token)
    rows = HostLink.objects.select_related("base", "visit")
    link = rows.filter(key=key).first() if key is not None else None
    if link is None:
        raise Refused(reason("link_unknown"))
    if rules.is_too_often(link.uses.filter(used_at__gt=now - dt.timedelta(minutes=1)).count()):
        # Written once a minute at most: whoever hammers does not fill the table.
        if not link.uses.filter(deed=HostDeed.RESTED, used_at__gt=now - dt.timedelta(minutes=1)).exists():
            record(link=link, deed=HostDeed.RESTED, caller=caller, now=now)
        raise Refused(reason("link_busy"))
    if code := rules.refusal(now=now, expires_at=link.expires_at, revoked_at=link.revoked_at):
        record(link=link, deed=HostDeed.REFUSED, caller=caller, now=now)
        raise Refused(reason(code))
    return link


def record(
    *, link: HostLink, deed: HostDeed, caller: Caller, now: dt.datetime, visit: Visit | None = None
) -> None:
    """Write down one use of a link."""
    HostLinkUse.objects.create(
        link=link,
        visit=visit,
        deed=deed,
        used_at=now,
        address=caller.address[:45],
        device=caller.device[:200],
    )


@contextmanager
def acting(
    *, link: HostLink, visit: Visit, deed: HostDeed, caller: Caller, now: dt.datetime
) -> Iterator[None]:
    """Do something to ``visit`` by ``link``: the deed and its record stand or fall together.

    Raises:
        Refused: the link was taken back or has expired meanwhile; nothing of the deed is kept.
    """
    with transaction.atomic():
        locked = HostLink.objects.select_for_update(of=("self",)).get(pk=link.pk)
        if code := rules.refusal(now=now, expires_at=locked.expires_at, revoked_at=locked.revoked_at):
            raise Refused(reason(code))
        record(link=locked, deed=deed, caller=caller, now=now, visit=visit)
        yield
