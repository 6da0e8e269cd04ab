"""What of sessions goes along when two records become one: attendance, leave, seats, and the time they take.

Check-in events are never changed. They speak of the record that stays from then on
(practicum.models.projection), so attendance is derived from the events of both; at a session that both
attended it is judged anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.utils import timezone

from cms.refusals import Reason
from enrollment.actions.person_followers import SESSIONS
from enrollment.models import Enrollment
from enrollment.person_records import Follower, Merging, Pair, Part, Undoing, register
from enrollment.rules import person_mergers as rules
from enrollment.rules.person_mergers import FATES, Fate
from practicum.actions.attendance import post_anew, project
from practicum.actions.occupation import agenda_around, collisions, occupy
from practicum.actions.sessions import wants_only_people
from practicum.models import (
    Attendance,
    BaseHost,
    Booking,
    BookingStatus,
    CalendarFeed,
    CalendarInvitation,
    Leave,
    LeaveStatus,
    Lecturer,
    MissedSeat,
    Occupation,
    ResourceKind,
    Session,
    WaitingParty,
    WaitingPerson,
    WaitingStatus,
)
from practicum.models.projection import EVIDENCE, expected_people


def _sessions_of(pair: Pair) -> Collection[int]:
    """Sessions that either has anything to do with."""
    keys: set[int] = set()
    waiting = WaitingPerson.objects.filter(trainee__in=pair.people)
    keys |= set(waiting.values_list("party__session", flat=True))
    for model in (Attendance, Leave, Booking, MissedSeat):
        keys |= set(
            model._default_manager.filter(trainee__in=pair.people).values_list("session_id", flat=True)
        )
    classes = Enrollment.objects.filter(trainee__in=pair.people).values_list("training_class_id", flat=True)
    coming = Session.objects.unsettled().filter(training_class__in=list(classes))
    return keys | set(coming.values_list("pk", flat=True))


def _hold_sessions(keys: Collection[int]) -> None:
    list(Session.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk"))


def _move(merging: Merging) -> None:
    keeper, other = merging.pair.keeper_id, merging.pair.other_id
    _move_leave(keeper, other)
    _move_seats(keeper, other, merging)
    mine = dict(Attendance.objects.filter(trainee=keeper).values_list("session_id", "pk"))
    both = Attendance.objects.filter(trainee=other, session__in=mine)
    shared = dict(both.values_list("session_id", "pk"))
    # Its hours count by the attendance of the record that stays, which is judged by the events of both.
    merging.superseded |= {(EVIDENCE, str(pk)) for pk in shared.values()}
    both.delete()
    Attendance.objects.filter(trainee=other).update(trainee=keeper)
    merging.kept["shared_sessions"] = sorted(shared)


def _move_leave(keeper: int, other: int) -> None:
    """Of two requests to miss one session the one that was approved holds."""
    mine = {row.session_id: row for row in Leave.objects.filter(trainee=keeper)}
    for row in Leave.objects.filter(trainee=other, session__in=mine):
        kept = mine[row.session_id]
        if row.status == LeaveStatus.APPROVED and kept.status != LeaveStatus.APPROVED:
            Leave.objects.filter(pk=kept.pk).update(
                status=row.status, decided_by=row.decided_by_id, decided_at=row.decided_at, reason=row.reason
            )
        row.delete()
    Leave.objects.filter(trainee=other).update(trainee=keeper)


def _move_seats(keeper: int, other: int, merging: Merging) -> None:
    """Of two seats at one session one is given back."""
    held = Booking.objects.booked().filter(trainee=keeper).values_list("session_id", flat=True)
    Booking.objects.booked().filter(trainee=other, session__in=list(held)).update(
        status=BookingStatus.CANCELLED, cancelled_at=merging.now
    )
    Booking.objects.filter(trainee=other).update(trainee=keeper)
    missed = MissedSeat.objects.filter(trainee=keeper).values_list("session_id", flat=True)
    MissedSeat.objects.filter(trainee=other, session__in=list(missed)).delete()
    MissedSeat.objects.filter(trainee=other).update(trainee=keeper)
    # Nobody waits twice, nor for a seat at a session where either record has one.
    booked = Booking.objects.booked().filter(trainee=keeper).values("session")
    WaitingPerson.objects.filter(
        trainee=keeper, party__session__in=booked, party__status=WaitingStatus.WAITING
    ).delete()
    mine = WaitingPerson.objects.filter(trainee=keeper, party__status=WaitingStatus.WAITING)
    there = {*held, *mine.values_list("party__session", flat=True)}
    WaitingPerson.objects.filter(
        trainee=other, party__session__in=there, party__status=WaitingStatus.WAITING
    ).delete()
    WaitingPerson.objects.filter(trainee=other).exclude(party__members__trainee=keeper).update(trainee=keeper)
    WaitingPerson.objects.filter(trainee=other).delete()
    WaitingParty.objects.waiting().filter(members=None).update(status=WaitingStatus.WITHDRAWN)


def _settle(merging: Merging) -> None:
    """Sessions that both attended are judged anew; hours that could not follow say why."""
    keeper = merging.pair.keeper_id
    sessions = list(
        Session.objects.select_related("training_class")
        .filter(pk__in=merging.kept["shared_sessions"])
        .order_by("pk")
    )
    rows = project(sessions, now=merging.now, only={keeper})
    settled = [session for session in sessions if session.is_settled]
    keys = {session.pk for session in settled}
    post_anew(settled, [row for row in rows if row.session_id in keys], actor=merging.actor, why=merging.note)
    left = [
        entry.evidence_id
        for entry in merging.entries
        if entry.evidence_type == EVIDENCE and merging.fates[entry.pk] == Fate.OVERLAP
    ]
    Attendance.objects.filter(pk__in=left).update(refusal=str(FATES[Fate.OVERLAP])[:300])
    stays, closes = merging.pair.account_id, merging.pair.closing_id
    if stays is not None and closes is not None:
        hosted = BaseHost.objects.filter(user=stays).values_list("base", flat=True)
        BaseHost.objects.filter(user=closes).exclude(base__in=list(hosted)).update(user=stays)
        CalendarFeed.objects.filter(user=closes, revoked_at__isnull=True).update(revoked_at=merging.now)
        if not Lecturer.objects.filter(user=stays).exists():
            Lecturer.objects.filter(user=closes).update(user=stays)
    _reoccupy(merging.pair)


def _reoccupy(pair: Pair) -> None:
    """The time that coming sessions take of both people, by the rosters and seats as they are now."""
    coming = list(Session.objects.unsettled().filter(ends_at__gt=timezone.now(), pk__in=_sessions_of(pair)))
    Occupation.objects.filter(
        session__in=coming, resource_type=ResourceKind.TRAINEE, resource_id__in=pair.people
    ).delete()
    expected = expected_people(coming)
    wants = {
        session: wants_only_people(session, sorted(set(expected.get(session.pk, ())) & set(pair.people)))
        for session in coming
    }
    agenda = agenda_around([want for wanted in wants.values() for want in wanted])
    fresh: list[Occupation] = []
    for session, wanted in wants.items():
        for want in wanted:
            if not collisions(agenda, [want]):
                agenda.take(want.resource, want.starts_at, want.ends_at, session.pk)
                fresh += occupy(session, [want])
    fresh.sort(key=lambda row: (row.resource_type, row.resource_id, row.starts_at))
    Occupation.objects.bulk_create(fresh)


def _seats_in_the_way(undoing: Undoing) -> Iterable[Reason]:
    """A seat that was given back must still be free."""
    returning = {
        int(change["pk"])
        for change in undoing.of(Booking)
        if (change["before"] or {}).get("status") == BookingStatus.BOOKED
    }
    rows = Booking.objects.filter(pk__in=returning, session__ends_at__gt=undoing.now).select_related(
        "session"
    )
    for row in rows:
        session = row.session
        if session.seats is not None and session.bookings.booked().count() >= session.seats:
            yield rules.seats_taken_since(session.title)


def _returned(undoing: Undoing) -> None:
    """Attendance stands again as it was for each; the ledger follows it."""
    pks = [int(change["pk"]) for change in undoing.of(Attendance)]
    rows = list(
        Attendance.objects.filter(pk__in=pks, session__settled_at__isnull=False).select_related(
            "session__training_class"
        )
    )
    post_anew(
        list({row.session_id: row.session for row in rows}.values()),
        rows,
        actor=undoing.actor,
        why=undoing.note,
    )
    _reoccupy(undoing.pair)


def register_followers() -> None:
    """Say what of sessions belongs to a person."""
    register(
        Follower(
            "sessions",
            SESSIONS,
            [
                Part(Attendance, "trainee", settled=("status", "quarters")),
                Part(Leave, "trainee", settled=("status",)),
                Part(Booking, "trainee", settled=("status",)),
                Part(MissedSeat, "trainee", settled=("status",)),
                Part(WaitingPerson, "trainee"),
                Part(BaseHost, "user", of_account=True),
                Part(Lecturer, "user", of_account=True),
                Part(CalendarFeed, "user", of_account=True),
                Part(CalendarInvitation, "user", of_account=True),
            ],
            reach=_sessions_of,
            hold=_hold_sessions,
            move=_move,
            settle=_settle,
            in_the_way=_seats_in_the_way,
            returned=_returned,
        )
    )
