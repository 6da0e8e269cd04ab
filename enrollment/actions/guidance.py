"""Recording what a guide did in an organization, and settling what was agreed to follow."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.models import Guidance, Organization, User
from enrollment.rules import guidance as rules


def record_guidance(
    *,
    organization: Organization,
    guide: User,
    way: str,
    held_on: dt.date,
    summary: str,
    nonce: str,
    follow_up: str = "",
    follow_up_by: dt.date | None = None,
) -> Guidance:
    """Keep what ``guide`` did there; the same ``nonce`` again returns the record that it made.

    Raises:
        Refused: the organization is none of the guide's, or see ``rules.guidance.flaws_of``.
    """
    if not Organization.objects.guided_by(guide).filter(pk=organization.pk).exists():
        raise Refused(rules.NOT_YOURS)
    reasons = rules.flaws_of(
        held_on=held_on,
        summary=summary,
        follow_up=follow_up,
        follow_up_by=follow_up_by,
        today=timezone.localdate(),
    )
    if reasons:
        raise Refused(*reasons)
    try:
        with transaction.atomic():
            record = Guidance.objects.create(
                organization=organization,
                guide=guide,
                guide_name=guide.name,
                way=way,
                held_on=held_on,
                summary=summary.strip(),
                follow_up=follow_up.strip(),
                follow_up_by=follow_up_by,
                nonce=nonce,
            )
            note(record, "enrollment.guidance.record", actor=guide)
    except IntegrityError:
        known = Guidance.objects.filter(nonce=nonce, guide=guide).first()
        if known is None:
            raise
        return known
    return record


@transaction.atomic
def settle_follow_up(*, record: Guidance, guide: User, settlement: str) -> Guidance:
    """Say how the follow-up of ``record`` was settled (销号), today.

    Raises:
        Refused: the organization is none of the guide's, nothing is open, or nothing was said.
    """
    locked = Guidance.objects.select_for_update(of=("self",)).get(pk=record.pk)
    if not Organization.objects.guided_by(guide).filter(pk=locked.organization_id).exists():
        raise Refused(rules.NOT_YOURS)
    if not locked.is_open:
        raise Refused(rules.NOTHING_OPEN)
    if not settlement.strip():
        raise Refused(rules.NO_SETTLEMENT)
    locked.settled_on, locked.settlement = timezone.localdate(), settlement.strip()
    locked.save(update_fields=["settled_on", "settlement"])
    note(locked, "enrollment.guidance.settle", actor=guide)
    return locked
