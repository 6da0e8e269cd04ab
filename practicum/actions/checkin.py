"""Signing in and out at the door.

A check-in takes no lock of its own: it looks first, and what it then writes is bound to what it saw. Writing
its event shares the session's row through the foreign key (checked at once, see migration 0002), so that
settling, which takes that row whole, waits for check-ins under way and keeps later ones out. Two scans of one
person meet at a unique index; the same scan sent twice meets at its nonce.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Value
from django.db.models.functions import Coalesce, Greatest, Least

from cms.refusals import Reason
from enrollment.models import Trainee, User
from practicum.models import (
    Attendance,
    Audience,
    CheckinEvent,
    Direction,
    Outcome,
    Session,
    SessionStatus,
    Source,
    new_nonce,
)
from practicum.rules.attendance import Policy, Timing, window_refusal
from practicum.rules.code import TRIES_A_MINUTE, direction_of
from practicum.rules.reasons import reason

#: How often a check-in looks again after another of the same person came between.
LOOKS = 3
#: Sources at which staff answer for the time; the windows of the screen do not bind them.
STAFF_SOURCES = frozenset({Source.ROLL_CALL, Source.PAPER, Source.CORRECTION})


@dataclass(frozen=True, slots=True)
class CheckinResult:
    """What became of a check-in."""

    outcome: str
    direction: str
    at: dt.datetime
    refusal: Reason | None = None
    title: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the person is signed in (or out), now or since before."""
        return self.outcome != Outcome.REFUSED


@dataclass(frozen=True, slots=True)
class _Door:
    """All that judging one check-in needs, read in one query."""

    session_id: int
    title: str
    status: str
    secret: str
    timing: Timing
    policy: Policy
    trainee_id: int | None
    is_expected: bool
    attendance_id: int | None
    signed_in_at: dt.datetime | None
    signed_out_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class _Who:
    """The person at the door: by account, or by roster record."""

    pk: int
    is_user: bool


@dataclass(frozen=True, slots=True)
class _Scan:
    """What somebody hands in at the door."""

    direction: str
    source: str
    nonce: str
    now: dt.datetime
    effective_at: dt.datetime
    device_at: dt.datetime | None = None
    actor: User | None = None
    note: str = ""


def check_in(
    *,
    session: Session | int,
    trainee: Trainee | int,
    direction: str,
    source: str,
    nonce: str,
    now: dt.datetime,
    effective_at: dt.datetime | None = None,
    device_at: dt.datetime | None = None,
    actor: User | None = None,
    note: str = "",
) -> CheckinResult:
    """Record that ``trainee`` came or went. The same ``nonce`` again gives the same answer and writes
    nothing.

    ``effective_at`` is the time it counts as (default ``now``). A refusal is recorded and returned, not
    raised: what happened at the door is worth keeping.
    """
    who = _Who(trainee if isinstance(trainee, int) else trainee.pk, is_user=False)
    scan = _Scan(direction, source, nonce, now, effective_at or now, device_at, actor, note)
    return _record(session if isinstance(session, int) else session.pk, who, scan, digits=None)


def check_in_self(
    *,
    session_id: int,
    user: User,
    nonce: str,
    now: dt.datetime,
    digits: str | None = None,
    scanned: tuple[str, dt.datetime] | None = None,
) -> CheckinResult:
    """Record that the owner of ``user`` came or went, by what the screen showed.

    Either ``digits`` were typed and are judged here, or ``scanned`` says which direction's code the server
    itself found good, and when (it was then kept in a signed ticket while the person signed in).
    """
    who = _Who(user.pk, is_user=True)
    if scanned is not None:
        scan = _Scan(scanned[0], Source.SCREEN, nonce, now, scanned[1], None, user)
        return _record(session_id, who, scan, digits=None)
    scan = _Scan(Direction.IN, Source.DIGITS, nonce, now, now, None, user)
    return _record(session_id, who, scan, digits=digits or "")


def _record(session_id: int, who: _Who, scan: _Scan, *, digits: str | None) -> CheckinResult:
    for look in range(LOOKS):
        # Read and judged before anything is locked: a crowd at the door waits for the writes alone. What
        # changes in between is noticed by the writes.
        door = _door(session_id, who)
        try:
            with transaction.atomic():
                return _judge(door, scan, digits, has_looked=look > 0)
        except IntegrityError:
            # The same person's other scan won the race, or this very nonce did, or the session was settled:
            # look again, and find it done.
            if look == LOOKS - 1:
                raise
    raise AssertionError("unreachable")


def _judge(door: _Door, scan: _Scan, digits: str | None, *, has_looked: bool) -> CheckinResult:
    direction = scan.direction
    refusal: Reason | None = None
    if digits is not None:
        found = direction_of(digits, secret=door.secret, session_id=door.session_id, now=scan.now)
        if found is None:
            refusal = _wrong_code(door, scan)
        else:
            direction = found
    refusal = refusal or _refusal(door, direction, scan)
    # A nonce that was used before meets its unique index; only then is it worth a query.
    if refusal is None and has_looked and (earlier := CheckinEvent.objects.filter(nonce=scan.nonce).first()):
        if earlier.session_id == door.session_id and earlier.trainee_id == door.trainee_id:
            return CheckinResult(earlier.outcome, earlier.direction, earlier.effective_at, None, door.title)
        refusal = reason("nonce_used")
    if refusal is not None:
        return _refuse(door, direction, scan, refusal)
    assert door.trainee_id is not None
    signed = door.signed_in_at if direction == Direction.IN else door.signed_out_at
    outcome = Outcome.REPEATED if direction == Direction.IN and signed is not None else Outcome.ACCEPTED
    _event(door, direction, scan, outcome).save(force_insert=True)
    _project_one(door, direction, scan.effective_at)
    at = signed if outcome == Outcome.REPEATED and signed is not None else scan.effective_at
    return CheckinResult(outcome, direction, at, None, door.title)


#: Written out: building these joins through the ORM costs more than everything else at the door.
DOOR_SQL = """
SELECT s.title, s.status, s.secret, s.starts_at, s.ends_at, s.audience, s.opens_before_minutes,
       s.closes_after_minutes, c.late_after_minutes, c.early_before_minutes, c.needs_sign_out, t.id,
       EXISTS (SELECT 1 FROM practicum_booking b
               WHERE b.session_id = s.id AND b.trainee_id = t.id AND b.status = 'booked'),
       EXISTS (SELECT 1 FROM enrollment_enrollment e
               WHERE e.training_class_id = s.training_class_id AND e.trainee_id = t.id
               AND e.status IN ('enrolled', 'completed')),
       a.id, a.signed_in_at, a.signed_out_at
FROM practicum_session s
LEFT JOIN enrollment_trainingclass c ON c.id = s.training_class_id
LEFT JOIN enrollment_trainee t ON {person}
LEFT JOIN practicum_attendance a ON a.session_id = s.id AND a.trainee_id = t.id
WHERE s.id = %s
"""
DOOR_OF_USER = DOOR_SQL.format(person="t.user_id = %s")
#: A code made before two records became one leads to the record that stays.
DOOR_OF_TRAINEE = DOOR_SQL.format(
    person="t.id = (SELECT COALESCE(p.merged_into_id, p.id) FROM enrollment_trainee p WHERE p.id = %s)"
)


def _door(session_id: int, who: _Who) -> _Door:
    """Read the session, its policy, the person and what is known of them, in one query.

    Raises:
        Session.DoesNotExist: there is no such session.
    """
    with connection.cursor() as cursor:
        cursor.execute(DOOR_OF_USER if who.is_user else DOOR_OF_TRAINEE, [who.pk, session_id])
        row = cursor.fetchone()
    if row is None:
        raise Session.DoesNotExist
    title, status, secret, starts_at, ends_at, audience, opens, closes, late, early, ask_out = row[:11]
    person, seated, enrolled, attendance_id, came, went = row[11:]
    defaults = Policy()
    return _Door(
        session_id=session_id,
        title=title,
        status=status,
        secret=secret,
        timing=Timing(_moment(starts_at), _moment(ends_at)),
        policy=Policy(
            late_after=defaults.late_after if late is None else late,
            early_before=defaults.early_before if early is None else early,
            needs_sign_out=defaults.needs_sign_out if ask_out is None else bool(ask_out),
            opens_before=opens,
            closes_after=closes,
        ),
        trainee_id=person,
        is_expected=bool(seated if audience == Audience.BOOKINGS else enrolled),
        attendance_id=attendance_id,
        signed_in_at=None if came is None else _moment(came),
        signed_out_at=None if went is None else _moment(went),
    )


def _moment(value: dt.datetime) -> dt.datetime:
    """A time as the driver gives it: SQLite keeps it in UTC and does not say so."""
    return value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)


def _refusal(door: _Door, direction: str, scan: _Scan) -> Reason | None:
    code: str | None = None
    if door.trainee_id is None:
        code = "not_a_trainee"
    elif door.status == SessionStatus.CANCELLED:
        code = "session_cancelled"
    elif not door.is_expected:
        code = "not_expected"
    elif door.status == SessionStatus.SETTLED:
        code = "session_settled"
    elif scan.source not in STAFF_SOURCES:
        code = window_refusal(direction, timing=door.timing, policy=door.policy, now=scan.effective_at)
    return reason(code) if code else None


def _wrong_code(door: _Door, scan: _Scan) -> Reason:
    """A wrong code.

    After some within a minute the person is asked to wait, so that guessing leads nowhere.
    """
    tries = CheckinEvent.objects.filter(
        session=door.session_id,
        actor=scan.actor,
        outcome=Outcome.REFUSED,
        server_at__gt=scan.now - dt.timedelta(minutes=1),
    ).count()
    return reason("too_many_tries" if tries >= TRIES_A_MINUTE else "wrong_code", "code")


def _event(door: _Door, direction: str, scan: _Scan, outcome: str, refusal: str = "") -> CheckinEvent:
    return CheckinEvent(
        session_id=door.session_id,
        trainee_id=door.trainee_id,
        direction=direction,
        source=scan.source,
        nonce=scan.nonce,
        effective_at=scan.effective_at,
        device_at=scan.device_at,
        server_at=scan.now,
        outcome=outcome,
        reason=refusal,
        note=scan.note,
        actor=scan.actor,
    )


def _refuse(door: _Door, direction: str, scan: _Scan, refusal: Reason) -> CheckinResult:
    event = _event(door, direction, scan, Outcome.REFUSED, refusal.code)
    # A refusal does not use up the nonce: the same form may succeed a minute later.
    event.nonce = new_nonce()
    event.save(force_insert=True)
    return CheckinResult(Outcome.REFUSED, direction, scan.effective_at, refusal, door.title)


def _project_one(door: _Door, direction: str, at: dt.datetime) -> None:
    """Bring one person's attendance up to date with an event just recorded."""
    if door.attendance_id is None:
        assert door.trainee_id is not None
        # Settling writes a row for everybody expected, so that this one would then meet the unique index.
        Attendance(
            session_id=door.session_id,
            trainee_id=door.trainee_id,
            signed_in_at=at if direction == Direction.IN else None,
            signed_out_at=at if direction == Direction.OUT else None,
        ).save(force_insert=True)
        return
    if direction == Direction.IN:
        if door.signed_in_at is not None and door.signed_in_at <= at:
            return
        change: dict[str, Any] = {"signed_in_at": Least(Coalesce("signed_in_at", Value(at)), Value(at))}
    else:
        change = {"signed_out_at": Greatest(Coalesce("signed_out_at", Value(at)), Value(at))}
    rows = Attendance.objects.filter(pk=door.attendance_id, session__status=SessionStatus.SCHEDULED).update(
        **change
    )
    if not rows:
        raise IntegrityError("the session was settled meanwhile")
