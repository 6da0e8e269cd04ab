"""Saying how the seats of one session are shared."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from enrollment.actions.journal import note
from enrollment.models import User
from practicum.actions.bookings import move_up
from practicum.models import SeatTerms, Session
from practicum.rules.seats import SeatRules


@transaction.atomic
def set_terms(*, session: Session, rules: SeatRules, now: dt.datetime, actor: User | None) -> SeatTerms:
    """Share seats by ``rules`` from now on; who has a seat keeps it, who waits may move up."""
    locked = Session.objects.select_for_update(of=("self",)).with_place().get(pk=session.pk)
    said = {
        "share_percent": rules.share_percent,
        "shares_end_hours": rules.shares_end_hours,
        "give_back_hours": rules.give_back_hours,
        "hold_hours": rules.hold_hours,
    }
    terms, _is_new = SeatTerms.objects.update_or_create(session=locked, defaults=said)
    note(terms, "practicum.seat_terms", actor=actor, data=said)
    move_up(session=locked, now=now)
    return terms
