"""What the timetable editor shows: sessions, closures and special days as a calendar takes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from practicum.models import Blackout, CalendarDay, Session, SessionStatus, VisitBatch
from practicum.models.sessions import SessionQuerySet
from practicum.rules.reasons import reason

#: So many sessions the page lists below the calendar, for those who use no calendar.
NEXT_SHOWN = 20
DAY = dt.timedelta(days=1)


def events(
    rows: SessionQuerySet, start: dt.datetime, end: dt.datetime, *, now: dt.datetime
) -> list[dict[str, Any]]:
    """``rows`` between two moments, one query however many. ``fixed`` are those that cannot be moved."""
    batches = VisitBatch.objects.filter(session=OuterRef("pk"))
    found = (
        rows.standing()
        .held_between(start, end)
        .with_place()
        .annotate(of_visit=Exists(batches))
        .order_by("starts_at", "pk")
    )
    pattern = reverse("practicum:planner_session", args=[0])
    return [
        {
            "id": session.pk,
            "title": session.title,
            "start": timezone.localtime(session.starts_at).isoformat(),
            "end": timezone.localtime(session.ends_at).isoformat(),
            "kind": session.kind,
            "url": pattern.replace("/0/", f"/{session.pk}/"),
            "where": session.where,
            "who": str(session.lecturer or ""),
            "class": str(session.training_class or ""),
            "fixed": bool(
                session.of_visit or session.starts_at <= now or session.status != SessionStatus.SCHEDULED
            ),
        }
        for session in found.iterator(chunk_size=2000)
    ]


def closures(resources: Mapping[str, Any], start: dt.datetime, end: dt.datetime) -> list[dict[str, str]]:
    """Closures of the chosen room, base, lecturer or vehicle (one query; none is chosen: none)."""
    condition = Q(pk__in=[])
    for name, row in resources.items():
        condition |= Q(**{name: row})
    if not resources:
        return []
    touching = Blackout.objects.filter(condition).touching(timezone.localdate(start), timezone.localdate(end))
    return [
        {
            "title": row.reason,
            "start": row.starts_on.isoformat(),
            "end": (row.ends_on + DAY).isoformat(),
        }
        for row in touching
    ]


def special_days(start: dt.datetime, end: dt.datetime) -> list[dict[str, Any]]:
    """Holidays and make-up workdays (one query)."""
    span = (timezone.localdate(start), timezone.localdate(end))
    return [
        {"title": row.name, "start": row.day.isoformat(), "working": row.is_working}
        for row in CalendarDay.objects.filter(day__range=span)
    ]


def fixed_because(session: Session, now: dt.datetime) -> str:
    """Why a session cannot be moved at all; empty when it can."""
    if session.is_cancelled:
        return str(reason("session_cancelled"))
    if session.is_settled:
        return str(reason("session_settled"))
    if VisitBatch.objects.filter(session=session).exists():
        return str(reason("session_of_a_visit"))
    return str(reason("session_has_begun")) if session.starts_at <= now else ""
