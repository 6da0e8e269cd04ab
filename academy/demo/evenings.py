"""A series of sessions: an evening school on Thursdays, one evening of which is left out and one moved."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from enrollment.models import User
from practicum.actions import series, sessions
from practicum.actions.series import SeriesPlan
from practicum.actions.sessions import SessionPlan
from practicum.models import Audience, Lecturer, Room, SessionKind
from practicum.rules.series import Pattern

WEEKS = 8
THURSDAY = 4
SEATS = 24


def load(actor: User) -> None:
    """Plan the evenings from next week on; move one of them by a day."""
    today = timezone.localdate()
    first = today + dt.timedelta(days=7 + (THURSDAY - today.isoweekday()) % 7)
    room = Room.objects.filter(is_active=True, capacity__gte=SEATS).order_by("capacity", "pk")[0]
    anywhen = timezone.now()
    plan = SeriesPlan(
        Pattern(
            weekdays=frozenset({THURSDAY}),
            first_on=first,
            last_on=first + dt.timedelta(weeks=WEEKS - 1),
            left_out=frozenset({first + dt.timedelta(weeks=3)}),
        ),
        dt.time(19),
        dt.time(20, 30),
        SessionPlan(
            title="示例周四夜校",
            starts_at=anywhen,
            ends_at=anywhen,
            kind=SessionKind.SALON,
            room=room,
            lecturer=Lecturer.objects.filter(user__isnull=True).order_by("pk").first(),
            audience=Audience.BOOKINGS,
            seats=SEATS,
            note="示例：每周四晚，座位由学院统一安排。",
        ),
    )
    made = series.begin(plan=plan, actor=actor)
    second = made.sessions.order_by("starts_at")[1]
    day = second.series_day + dt.timedelta(days=1) if second.series_day else first
    moved = SeriesPlan(plan.pattern, plan.begins_at, plan.ends_at, plan.template).on(day)
    sessions.reschedule(session=second, plan=moved, actor=actor, reason_given="示例：与集中培训错开")
