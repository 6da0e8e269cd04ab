"""Attendance as it follows from events, rosters, seats and leave. Nothing is written here."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable

from django.db.models.functions import Coalesce

from enrollment.models import ROSTER_STATUSES, ClassLeave, Enrollment
from practicum.models.attendance import Attendance, CheckinEvent, Leave, LeaveStatus
from practicum.models.sessions import Audience, Booking, Session
from practicum.rules.attendance import Presence, Sign, earned_quarters, judge, presence

#: ``evidence_type`` of what attendance posts to the ledger.
EVIDENCE = "attendance"


def rosters_of(class_ids: Collection[int]) -> dict[int, list[int]]:
    """Trainees on the roster of each class."""
    rosters: dict[int, list[int]] = defaultdict(list)
    rows = Enrollment.objects.filter(training_class__in=class_ids, status__in=ROSTER_STATUSES)
    for class_id, trainee_id in rows.order_by("pk").values_list("training_class_id", "trainee_id"):
        rosters[class_id].append(trainee_id)
    return rosters


def derive(
    sessions: Collection[Session], *, now: dt.datetime, only: Collection[int] | None = None
) -> list[Attendance]:
    """What attendance should be by the events, unsaved: for everybody expected at a session that is over, and
    everybody an event speaks of. The number of queries does not grow with the sessions."""
    keys = [session.pk for session in sessions]
    signs: dict[int, dict[int, list[Sign]]] = {key: defaultdict(list) for key in keys}
    events = (
        CheckinEvent.objects.counted()
        .filter(session__in=keys, trainee__isnull=False)
        # Events are never changed: those of a record that was merged speak of the record that stays.
        .annotate(person=Coalesce("trainee__merged_into_id", "trainee_id"))
    )
    if only is not None:
        events = events.filter(person__in=only)
    for pk, session_id, trainee_id, direction, effective_at, ruling in events.values_list(
        "pk", "session_id", "person", "direction", "effective_at", "ruling"
    ).iterator(chunk_size=5000):
        signs[session_id][trainee_id].append(Sign(direction, effective_at, pk, ruling))
    leaves = set(
        Leave.objects.filter(session__in=keys, status=LeaveStatus.APPROVED).values_list(
            "session_id", "trainee_id"
        )
    ) | excused_by_class(sessions)
    expected = expected_people(sessions)
    rows = []
    for session in sessions:
        timing, policy, is_over = session.timing, session.policy, now >= session.ends_at
        people = set(signs[session.pk])
        if is_over:
            people |= set(expected.get(session.pk, ()))
        if only is not None:
            people &= set(only)
        for trainee_id in sorted(people):
            found = presence(signs[session.pk].get(trainee_id, ()))
            status = judge(
                found,
                timing=timing,
                policy=policy,
                on_leave=(session.pk, trainee_id) in leaves,
                is_over=is_over,
            )
            rows.append(_attendance(session, trainee_id, found, status))
    return rows


def excused_by_class(sessions: Collection[Session]) -> set[tuple[int, int]]:
    """(session, trainee) where an approved slip of the class excuses; one query.

    A slip for chosen sessions excuses those, wherever they were moved; another what shares a moment with it.
    """
    of_class: dict[int, list[Session]] = defaultdict(list)
    for session in sessions:
        if session.training_class_id is not None:
            of_class[session.training_class_id].append(session)
    if not of_class:
        return set()
    slips = (
        ClassLeave.objects.approved()
        .filter(enrollment__training_class__in=of_class)
        .order_by()
        .values_list(
            "enrollment__training_class", "enrollment__trainee", "starts_at", "ends_at", "parts__key"
        )
    )
    return {
        (session.pk, trainee_id)
        for class_id, trainee_id, starts_at, ends_at, chosen in slips
        for session in of_class[class_id]
        if (
            starts_at < session.ends_at and session.starts_at < ends_at
            if chosen is None
            else session.pk == chosen
        )
    }


def _attendance(session: Session, trainee_id: int, found: Presence, status: str) -> Attendance:
    return Attendance(
        session=session,
        trainee_id=trainee_id,
        status=status,
        signed_in_at=found.signed_in_at,
        signed_out_at=found.signed_out_at,
        quarters=earned_quarters(
            status,
            quarters=session.quarters,
            timing=session.timing,
            signed_in_at=found.signed_in_at,
            signed_out_at=found.signed_out_at,
        ),
    )


def expected_people(sessions: Iterable[Session]) -> dict[int, list[int]]:
    """Trainees expected at each session, in two queries."""
    sessions = list(sessions)
    rosters = rosters_of(
        {
            session.training_class_id
            for session in sessions
            if session.audience == Audience.ROSTER and session.training_class_id is not None
        }
    )
    people: dict[int, list[int]] = {
        session.pk: rosters.get(session.training_class_id or 0, [])
        for session in sessions
        if session.audience == Audience.ROSTER
    }
    by_seat = [session.pk for session in sessions if session.audience == Audience.BOOKINGS]
    for session_id, trainee_id in (
        Booking.objects.booked()
        .filter(session__in=by_seat)
        .order_by("pk")
        .values_list("session_id", "trainee_id")
    ):
        people.setdefault(session_id, []).append(trainee_id)
    return people
