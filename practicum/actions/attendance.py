"""Corrections, settling, and attendance as a projection of events.

Events come first and are never changed; attendance is derived from them at will. Settling takes the
session's row, see ``practicum.actions.checkin`` for what waits for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db import transaction

from cms.refusals import Reason, Refused
from enrollment.actions.hours import credit_hours_in_bulk, reverse_entry
from enrollment.actions.journal import note as log_note
from enrollment.actions.journal import note_many
from enrollment.models import HourEntry, Trainee, User
from enrollment.rules.hours import Credit
from practicum.actions.checkin import CheckinResult, check_in, check_in_self
from practicum.actions.missed_seats import follow_attendance
from practicum.actions.sessions import hour_rule
from practicum.models import (
    Attendance,
    AttendanceStatus,
    CheckinEvent,
    Direction,
    Outcome,
    Session,
    SessionStatus,
    Source,
    new_nonce,
)
from practicum.models.projection import EVIDENCE, derive
from practicum.rules.reasons import reason

__all__ = [
    "Attended",
    "CheckinResult",
    "Settlement",
    "check_in",
    "check_in_self",
    "correct",
    "due_sessions",
    "post_anew",
    "project",
    "record_in_bulk",
    "recompute",
    "settle",
    "settle_in_bulk",
]

BATCH = 1000


# --- Corrections ------------------------------------------------------------------------------------------


@transaction.atomic
def correct(
    *,
    session: Session,
    trainee: Trainee,
    actor: User,
    reason_given: str,
    now: dt.datetime,
    ruling: str = "",
    signed_in_at: dt.datetime | None = None,
    signed_out_at: dt.datetime | None = None,
) -> Attendance:
    """Staff settle one person's attendance: a decision, or a time that is missing. Everything earlier
    stays on record.

    Where hours were posted already and change, the entry is reversed and the right one posted.

    Raises:
        Refused: no reason given, nothing decided, or a time outside the session.
    """
    if not reason_given.strip():
        raise Refused(reason("reason_missing", "reason"))
    locked = (
        Session.objects.select_for_update(of=("self",)).select_related("training_class").get(pk=session.pk)
    )
    if locked.is_cancelled:
        raise Refused(reason("session_cancelled"))
    policy = locked.policy
    earliest = locked.starts_at - dt.timedelta(minutes=policy.opens_before)
    latest = locked.ends_at + dt.timedelta(minutes=policy.closes_after)
    for moment, name in ((signed_in_at, "signed_in_at"), (signed_out_at, "signed_out_at")):
        if moment is not None and not earliest <= moment <= latest:
            raise Refused(reason("attendance_before_session", name))
    shared = {
        "session": locked,
        "trainee": trainee,
        "source": Source.CORRECTION,
        "server_at": now,
        "actor": actor,
        "note": reason_given.strip()[:200],
    }
    known = CheckinEvent.objects.filter(
        session=locked, trainee=trainee, direction=Direction.IN, outcome=Outcome.ACCEPTED
    ).exists()
    events = []
    if signed_in_at is not None:
        outcome = Outcome.REPEATED if known else Outcome.ACCEPTED
        events.append(
            CheckinEvent(**shared, direction=Direction.IN, effective_at=signed_in_at, outcome=outcome)
        )
    if signed_out_at is not None:
        events.append(
            CheckinEvent(
                **shared, direction=Direction.OUT, effective_at=signed_out_at, outcome=Outcome.ACCEPTED
            )
        )
    if ruling:
        events.append(
            CheckinEvent(
                **shared,
                direction=Direction.RULING,
                effective_at=now,
                outcome=Outcome.ACCEPTED,
                ruling=ruling,
            )
        )
    for event in events:
        event.nonce = new_nonce()
        event.save(force_insert=True)
    before = (
        Attendance.objects.filter(session=locked, trainee=trainee).values_list("status", flat=True).first()
    )
    attendance = project([locked], now=now, only={trainee.pk})[0]
    log_note(
        attendance,
        "practicum.correct",
        actor=actor,
        data={"before": before or "", "after": attendance.status, "reason": reason_given.strip()},
    )
    if locked.is_settled:
        post_anew([locked], [attendance], actor=actor, why=reason_given.strip())
    return attendance


# --- Settling ---------------------------------------------------------------------------------------------


@dataclass
class Settlement:
    """What settling did.

    Entries posted, entries that stood already, refusals of the ledger, exceptions left to staff.
    """

    posted: int = 0
    already: int = 0
    refused: list[tuple[int, Reason]] = field(default_factory=list)
    exceptions: int = 0


def settle(*, session: Session, now: dt.datetime, actor: User | None = None) -> Settlement:
    """Judge everybody expected and post the hours they earned; once, however often it is called.

    Raises:
        Refused: the session has not ended, or was cancelled.
    """
    return settle_in_bulk(sessions=[session], now=now, actor=actor)


@transaction.atomic
def settle_in_bulk(*, sessions: Iterable[Session], now: dt.datetime, actor: User | None = None) -> Settlement:
    """Settle many sessions; queries do not grow with people."""
    locked = list(
        Session.objects.select_for_update(of=("self",))
        .select_related("training_class")
        .filter(pk__in=[session.pk for session in sessions])
        .order_by("pk")
    )
    for session in locked:
        if session.is_cancelled:
            raise Refused(reason("session_cancelled"))
        if session.ends_at > now:
            raise Refused(reason("session_not_over"))
    result = Settlement()
    fresh = [session for session in locked if not session.is_settled]
    if not fresh:
        settled = Attendance.objects.attended().filter(session__in=locked)
        result.already = settled.filter(quarters__gt=0).count()
        return result
    attendances = project(fresh, now=now)
    for session in fresh:
        session.status = SessionStatus.SETTLED
        session.settled_at = now
    Session.objects.filter(pk__in=[session.pk for session in fresh]).update(
        status=SessionStatus.SETTLED, settled_at=now, updated_at=now
    )
    posted = post_anew(fresh, attendances, actor=actor)
    result.posted, result.already, result.refused = posted.posted, posted.already, posted.refused
    result.exceptions = sum(row.status == AttendanceStatus.EXCEPTION for row in attendances)
    note_many(fresh, "practicum.settle", actor=actor)
    return result


def recompute(*, session: Session, now: dt.datetime) -> int:
    """Derive one session's attendance from its events again; the number of rows that exist after it."""
    with transaction.atomic():
        locked = (
            Session.objects.select_for_update(of=("self",))
            .select_related("training_class")
            .get(pk=session.pk)
        )
        rows = project([locked], now=now)
        if locked.is_settled:
            post_anew([locked], rows, actor=None, why="recomputed from events")
        return len(rows)


def project(
    sessions: Collection[Session], *, now: dt.datetime, only: Collection[int] | None = None
) -> list[Attendance]:
    """Write what the events say of locked ``sessions``, and return the rows with their keys."""
    rows = derive(sessions, now=now, only=only)
    Attendance.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["session", "trainee"],
        update_fields=["status", "signed_in_at", "signed_out_at", "quarters"],
    )
    wanted = {(row.session_id, row.trainee_id) for row in rows}
    saved = Attendance.objects.filter(session__in=[session.pk for session in sessions])
    if only is not None:
        saved = saved.filter(trainee__in=only)
    owners = {session.pk: session for session in sessions}
    result = []
    for row in saved.order_by("pk"):
        if (row.session_id, row.trainee_id) in wanted:
            row.session = owners[row.session_id]
            result.append(row)
    return result


def post_anew(
    sessions: Collection[Session], rows: Collection[Attendance], *, actor: User | None, why: str = ""
) -> Settlement:
    """Make the ledger say what ``rows`` say: reverse what no longer holds (``why``), post what is missing."""
    follow_attendance({session.pk: session for session in sessions}, rows)
    result = Settlement()
    standing = (
        {
            (entry.trainee_id, entry.evidence_id): entry
            for entry in HourEntry.objects.standing().filter(
                evidence_type=EVIDENCE, evidence_id__in=[str(row.pk) for row in rows]
            )
        }
        if why
        else {}
    )
    rules = {session.pk: hour_rule(session.starts_at) for session in sessions}
    owners = {session.pk: session for session in sessions}
    credits: list[Credit] = []
    rows_of: dict[str, Attendance] = {}
    for row in rows:
        session, rule = owners[row.session_id], rules[row.session_id]
        entry = standing.get((row.trainee_id, str(row.pk)))
        if entry is not None:
            if (entry.quarters, entry.is_centralized, entry.dimension) == (
                row.quarters,
                session.is_centralized,
                session.dimension,
            ):
                result.already += 1
                continue
            reverse_entry(entry=entry, actor=actor, reason=why)
        if row.quarters == 0:
            continue
        rows_of[str(row.pk)] = row
        credits.append(
            Credit(
                trainee_id=row.trainee_id,
                kind=session.hour_kind,
                quarters=row.quarters,
                title=session.title,
                evidence_type=EVIDENCE,
                evidence_id=str(row.pk),
                occurred_at=session.starts_at,
                starts_at=session.starts_at,
                ends_at=session.ends_at,
                rule_id=rule.pk if rule else None,
                note=why,
                is_centralized=session.is_centralized,
                dimension=session.dimension,
            )
        )
    if not credits:
        return result
    posted = credit_hours_in_bulk(credits=credits, actor=actor)
    result.posted, result.already = len(posted.posted), result.already + len(posted.already)
    refused_rows = []
    for credit, refusal in posted.refused:
        row = rows_of[credit.evidence_id]
        row.refusal = str(refusal)[:300]
        refused_rows.append(row)
        result.refused.append((row.trainee_id, refusal))
    Attendance.objects.bulk_update(refused_rows, ["refusal"], batch_size=BATCH)
    taken = Attendance.objects.filter(
        pk__in=[row.pk for row in rows if row.refusal and row not in refused_rows]
    )
    taken.update(refusal="")
    return result


# --- Many people at once ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attended:
    """One person's times at a session that was held."""

    session_id: int
    trainee_id: int
    signed_in_at: dt.datetime
    signed_out_at: dt.datetime | None = None
    source: str = Source.SCREEN


def record_in_bulk(*, attended: Iterable[Attended], actor: User | None = None) -> int:
    """Record events of sessions that were held, from a sheet or a history; the number of events that are new.

    The nonce names session, person and direction, so that the same history recorded again adds nothing.
    Settle the sessions afterwards: attendance and hours follow from the events.
    """
    events = []
    for row in attended:
        for direction, moment in ((Direction.IN, row.signed_in_at), (Direction.OUT, row.signed_out_at)):
            if moment is not None:
                events.append(
                    CheckinEvent(
                        session_id=row.session_id,
                        trainee_id=row.trainee_id,
                        direction=direction,
                        source=row.source,
                        nonce=f"bulk-{row.session_id}-{row.trainee_id}-{direction}",
                        effective_at=moment,
                        server_at=moment,
                        outcome=Outcome.ACCEPTED,
                        actor=actor,
                    )
                )
    touched = CheckinEvent.objects.filter(session__in={event.session_id for event in events})
    with transaction.atomic():
        before = touched.count()
        CheckinEvent.objects.bulk_create(events, batch_size=BATCH, ignore_conflicts=True)
        return touched.count() - before


def due_sessions(now: dt.datetime) -> list[Session]:
    """Sessions that are over, sign-out time included, and not settled."""
    ended = Session.objects.unsettled().filter(ends_at__lt=now).select_related("training_class")
    return [
        session
        for session in ended
        if session.ends_at + dt.timedelta(minutes=session.closes_after_minutes) <= now
    ]
