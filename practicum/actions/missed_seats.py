"""Seats that stayed empty: noted when a session is settled, objected to, decided by staff."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.journal import note, note_many
from enrollment.models import Trainee, User
from practicum.actions import seat_news
from practicum.models import (
    Attendance,
    AttendanceStatus,
    Audience,
    Booking,
    MissedKind,
    MissedSeat,
    MissedStatus,
    Session,
)
from practicum.rules.reasons import reason
from practicum.rules.seats import APPEAL_DAYS, may_appeal


def follow_attendance(sessions: Mapping[int, Session], rows: Iterable[Attendance]) -> None:
    """Note whose seat stayed empty by ``rows`` of settled open sessions; take back what was corrected.

    The caller holds the sessions' locks. Sessions without open booking cost nothing.
    """
    by_session: dict[int, dict[int, str]] = defaultdict(dict)
    for row in rows:
        session = sessions[row.session_id]
        if session.is_open and session.audience == Audience.BOOKINGS and session.is_settled:
            by_session[row.session_id][row.trainee_id] = row.status
    if not by_session:
        return
    now = timezone.now()
    for session_id, statuses in by_session.items():
        session = sessions[session_id]
        empty = {pk for pk, status in statuses.items() if status == AttendanceStatus.ABSENT}
        seated = Booking.objects.booked().filter(session=session, trainee__in=empty).select_related("trainee")
        fresh = [_missed(session, booking.trainee, now) for booking in seated]
        known = dict(MissedSeat.objects.filter(session=session).values_list("trainee", "status"))
        new = [row for row in fresh if row.trainee_id not in known]
        MissedSeat.objects.bulk_create(new, ignore_conflicts=True)
        again = [pk for pk in empty if known.get(pk) == MissedStatus.MENDED]
        stored = MissedSeat.objects.filter(session=session)
        stored.filter(trainee__in=again).update(status=MissedStatus.COUNTS, kind=MissedKind.ABSENT)
        came = [pk for pk in known if pk in statuses and pk not in empty]
        mended = list(
            stored.filter(trainee__in=came).exclude(status__in=[MissedStatus.MENDED, MissedStatus.EXCUSED])
        )
        stored.filter(pk__in=[row.pk for row in mended]).update(status=MissedStatus.MENDED)
        note_many(mended, "practicum.seat_mended", actor=None)
        saved = list(stored.filter(trainee__in=[row.trainee_id for row in new]))
        note_many(saved, "practicum.seat_missed", actor=None)
        seat_news.tell_missed(session, [row.trainee_id for row in new], now=now)


def note_late(*, session: Session, trainee: Trainee, now: dt.datetime) -> None:
    """Note a seat given back after the last day for it; the caller holds the session's lock."""
    missed, is_new = MissedSeat.objects.get_or_create(
        session=session,
        trainee=trainee,
        defaults={"organization_id": trainee.home_organization_id, "kind": MissedKind.LATE, "noted_at": now},
    )
    if is_new:
        note(missed, "practicum.seat_missed", actor=None)


def mend_late(*, session: Session, trainees: Iterable[Trainee]) -> None:
    """Whoever takes a seat again after giving one back late left none empty; the session's lock is held."""
    late = MissedSeat.objects.filter(
        session=session, trainee__in=trainees, kind=MissedKind.LATE, status=MissedStatus.COUNTS
    )
    mended = list(late)
    late.update(status=MissedStatus.MENDED)
    note_many(mended, "practicum.seat_mended", actor=None)


def _missed(session: Session, trainee: Trainee, noted_at: dt.datetime) -> MissedSeat:
    return MissedSeat(
        session=session,
        trainee=trainee,
        organization_id=trainee.home_organization_id,
        kind=MissedKind.ABSENT,
        noted_at=noted_at,
    )


@transaction.atomic
def appeal(*, missed: MissedSeat, text: str, now: dt.datetime, actor: User) -> MissedSeat:
    """Object to a seat that was noted as empty. Until somebody decides, it does not count.

    Raises:
        Refused: no reason given, too late, or objected before.
    """
    locked = MissedSeat.objects.select_for_update(of=("self",)).select_related("session").get(pk=missed.pk)
    if not text.strip():
        raise Refused(reason("reason_missing", "appeal"))
    if locked.status != MissedStatus.COUNTS or not may_appeal(noted_at=locked.noted_at, now=now):
        raise Refused(reason("appeal_too_late", "appeal", days=APPEAL_DAYS))
    locked.status, locked.appeal, locked.appealed_at = MissedStatus.APPEALED, text.strip()[:300], now
    locked.save(update_fields=["status", "appeal", "appealed_at"])
    note(locked, "practicum.seat_appeal", actor=actor)
    seat_news.tell_appealed(locked)
    return locked


@transaction.atomic
def decide(*, missed: MissedSeat, excuse: bool, answer: str, now: dt.datetime, actor: User) -> MissedSeat:
    """Excuse an empty seat, or let it count; with words either way.

    Raises:
        Refused: nobody objected, it was decided already, or no reason given.
    """
    locked = MissedSeat.objects.select_for_update(of=("self",)).select_related("session").get(pk=missed.pk)
    if not answer.strip():
        raise Refused(reason("reason_missing", "answer"))
    if locked.status != MissedStatus.APPEALED:
        raise Refused(reason("appeal_decided"))
    locked.status = MissedStatus.EXCUSED if excuse else MissedStatus.UPHELD
    locked.answer, locked.decided_by, locked.decided_at = answer.strip()[:300], actor, now
    locked.save(update_fields=["status", "answer", "decided_by", "decided_at"])
    note(locked, "practicum.seat_appeal_decide", actor=actor, data={"excused": excuse})
    seat_news.tell_decided(locked)
    return locked
