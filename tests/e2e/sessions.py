"""Sessions that a journey needs to be on right now, whatever the time of day."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from enrollment.models import ClassStatus, Trainee, TrainingClass, User
from practicum.actions import sessions
from practicum.actions.sessions import SessionPlan
from practicum.models import Occupation, ResourceKind, Room, Session, SessionKind, VenueKind


def held_now(trainee: Trainee, *, title: str, seconds: int, quarters: int = 16) -> Session:
    """A room session of ``trainee``'s running class that began a moment ago and ends in ``seconds``.

    It is scheduled by the administrator's own action. What the demo put at this hour is called off first:
    nobody can be in two places. It is short, because hours post only when a session has ended by the clock.
    """
    zhao = User.objects.get(username="zhao")
    now = timezone.now()
    training_class = (
        TrainingClass.objects.filter(status=ClassStatus.RUNNING, enrollments__trainee=trainee)
        .order_by("starts_on", "pk")
        .first()
    )
    assert training_class is not None, f"{trainee} is in no running class"
    for running in Session.objects.filter(
        training_class=training_class, starts_at__lt=now + dt.timedelta(hours=1), ends_at__gt=now
    ).unsettled():
        sessions.cancel(session=running, actor=zhao, reason_given="时间调整")
    starts_at, ends_at = now - dt.timedelta(seconds=30), now + dt.timedelta(seconds=seconds)
    return sessions.schedule(
        plan=SessionPlan(
            title=title,
            starts_at=starts_at,
            ends_at=ends_at,
            kind=SessionKind.LESSON,
            training_class=training_class,
            room=free_room(starts_at, ends_at, training_class.enrollments.on_roster().count()),
            quarters=quarters,
        ),
        actor=zhao,
    )


def free_room(starts_at: dt.datetime, ends_at: dt.datetime, people: int) -> Room:
    """A room of the academy with enough seats that nobody has then."""
    taken = Occupation.objects.filter(
        resource_type=ResourceKind.ROOM,
        starts_at__lt=ends_at + dt.timedelta(hours=2),
        ends_at__gt=starts_at - dt.timedelta(hours=2),
    )
    room = (
        Room.objects.filter(venue__kind=VenueKind.ACADEMY, capacity__gte=people)
        .exclude(pk__in=taken.values("resource_id"))
        .order_by("capacity")
        .first()
    )
    assert room is not None
    return room
