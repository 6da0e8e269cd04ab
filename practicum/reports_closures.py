"""Closures that stand, and the planned sessions that each of them strands."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from django.utils import timezone

from enrollment.models import User
from practicum.models import Blackout, Occupation, Session
from practicum.models.sessions import CLOSABLE


@dataclass(frozen=True)
class Stranding:
    """A closure with the sessions that wait to be settled."""

    closure: Blackout
    sessions: list[Session]


def strandings(user: User, now: dt.datetime) -> list[Stranding]:
    """Every closure that strands sessions which ``user`` manages (four queries, however many there are)."""
    rows = Session.objects.manageable_by(user).stranded(now).with_place().order_by("starts_at", "pk")
    sessions = {row.pk: row for row in rows}
    takes: dict[tuple[str, int], list[tuple[dt.date, dt.date, Session]]] = defaultdict(list)
    taken = Occupation.objects.filter(session__in=sessions, resource_type__in=CLOSABLE)
    for kind, key, start, end, pk in taken.values_list(
        "resource_type", "resource_id", "starts_at", "ends_at", "session_id"
    ):
        span = (timezone.localdate(start), timezone.localdate(end))
        takes[kind, key].append((*span, sessions[pk]))
    found = []
    for closure in Blackout.objects.not_over(timezone.localdate(now)).order_by("starts_on", "pk"):
        held_up = {
            session.pk: session
            for first, last, session in takes.get((closure.kind, closure.thing.pk), ())
            if closure.starts_on <= last and first <= closure.ends_on
        }
        if held_up:
            in_order = sorted(held_up.values(), key=lambda one: (one.starts_at, one.pk))
            found.append(Stranding(closure, in_order))
    return found


def stranded_by(closure: Blackout, user: User, now: dt.datetime) -> list[Session]:
    """The sessions that ``closure`` strands and ``user`` manages, with the visit that each belongs to."""
    mine = Session.objects.manageable_by(user).stranded(now, Blackout.objects.filter(pk=closure.pk))
    return list(mine.select_related("visit_batch__visit").with_place().order_by("starts_at", "pk"))
