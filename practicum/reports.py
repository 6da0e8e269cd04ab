"""Reads over several models of the practicum."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from cms.prepared import Prepared, PreparedModels
from enrollment.models import Enrollment, HourEntry, TrainingClass, User
from enrollment.rules.class_policy import Tally as ClassTally
from enrollment.timetables import Lesson
from practicum.models import (
    Attendance,
    AttendanceStatus,
    CheckinEvent,
    Outcome,
    Session,
    SessionStatus,
    TrainingBase,
    Vehicle,
)
from practicum.models.projection import EVIDENCE, derive
from practicum.models.sessions import PLACE
from practicum.rules.attendance import ATTENDED
from practicum.rules.seating import seating

#: Sessions compared at a time by ``differences``.
CHUNK = 200


@dataclass(frozen=True)
class UpcomingSession:
    """A session as its participant sees it in a list."""

    session: Session
    signed_in_at: dt.datetime | None
    signed_out_at: dt.datetime | None
    is_open: bool


#: The first page of every trainee asks both.
_PERIOD: dict[str, dt.datetime] = {
    "start": dt.datetime(1901, 1, 1, tzinfo=dt.UTC),
    "end": dt.datetime(1902, 1, 1, tzinfo=dt.UTC),
}
_EXPECTED = PreparedModels(
    lambda user, start, end: Session.objects.expecting(user).held_between(start, end),
    model=Session,
    related=PLACE,
    user=-1,
    **_PERIOD,
)
_SIGNS = Prepared(
    lambda user, start, end: Attendance.objects.filter(
        trainee__user=user, session__starts_at__lt=end, session__ends_at__gt=start
    ).values_list("session_id", "signed_in_at", "signed_out_at"),
    user=-1,
    **_PERIOD,
)


def sessions_of(user: User, start: dt.datetime, end: dt.datetime) -> list[UpcomingSession]:
    """Sessions that ``user`` is expected at between two moments, cancelled ones included (two queries)."""
    if not user.is_authenticated or not user.is_active:
        return []
    now = timezone.now()
    signs = {pk: times for pk, *times in _SIGNS.run(user=user.pk, start=start, end=end)}
    found = []
    for session in _EXPECTED.run(user=user.pk, start=start, end=end):
        signed_in_at, signed_out_at = signs.get(session.pk, (None, None))
        found.append(UpcomingSession(session, signed_in_at, signed_out_at, is_open(session, now)))
    return found


def is_open(session: Session, now: dt.datetime) -> bool:
    """Whether people can sign in or out now."""
    return session.status == SessionStatus.SCHEDULED and session.starts_at - dt.timedelta(
        minutes=session.opens_before_minutes
    ) <= now <= session.ends_at + dt.timedelta(minutes=session.closes_after_minutes)


def upcoming(user: User, days: int = 14) -> list[UpcomingSession]:
    """What ``user`` has in the coming ``days``, from now on, cancelled sessions included."""
    now = timezone.now()
    return sessions_of(user, now, now + dt.timedelta(days=days))


def today_for(user: User) -> list[UpcomingSession]:
    """What ``user`` has today, from midnight to midnight."""
    start, end = _day(timezone.localdate())
    return sessions_of(user, start, end)


def run_today(user: User) -> list[Session]:
    """Sessions of today whose attendance ``user`` takes."""
    start, end = _day(timezone.localdate())
    return list(Session.objects.run_by(user).held_between(start, end).standing().with_place())


def _day(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    start = dt.datetime.combine(day, dt.time(), tzinfo=timezone.get_current_timezone())
    return start, start + dt.timedelta(days=1)


@dataclass(frozen=True)
class BaseUse:
    """What one base did in one year."""

    base: TrainingBase
    visits: int
    people: int
    quarters: int
    cancelled: int


def base_use(year: int) -> list[BaseUse]:
    """Visits held at each base in ``year``, people who came, and hours earned there (three queries)."""
    sessions = Session.objects.filter(base__isnull=False, starts_at__year=year)
    held: dict[int | None, Any] = {
        row["base"]: row
        for row in sessions.order_by()
        .values("base")
        .annotate(
            held=Count("pk", filter=Q(status=SessionStatus.SETTLED)),
            cancelled=Count("pk", filter=Q(status=SessionStatus.CANCELLED)),
        )
    }
    came: dict[int | None, Any] = {
        row["session__base"]: row
        for row in Attendance.objects.filter(
            session__base__isnull=False, session__starts_at__year=year, status__in=ATTENDED
        )
        .order_by()
        .values("session__base")
        .annotate(people=Count("pk"), quarters=Sum("quarters"))
    }
    return [
        BaseUse(
            base=base,
            visits=held.get(base.pk, {}).get("held", 0),
            people=came.get(base.pk, {}).get("people", 0),
            quarters=came.get(base.pk, {}).get("quarters") or 0,
            cancelled=held.get(base.pk, {}).get("cancelled", 0),
        )
        for base in TrainingBase.objects.select_related("park")
    ]


@dataclass(frozen=True)
class ClassAttendance:
    """Counts of one session of a class, by status."""

    session: Session
    counts: dict[str, int]

    @property
    def attended(self) -> int:
        """People who were there."""
        return sum(self.counts.get(status, 0) for status in ATTENDED)


def class_attendance(training_class: TrainingClass) -> list[ClassAttendance]:
    """Attendance of each session of a class, by status (two queries)."""
    sessions = list(Session.objects.filter(training_class=training_class).standing().with_place())
    counts: dict[int, dict[str, int]] = {session.pk: {} for session in sessions}
    rows = (
        Attendance.objects.filter(session__in=sessions)
        .order_by()
        .values("session", "status")
        .annotate(n=Count("pk"))
    )
    for row in rows:
        counts[row["session"]][row["status"]] = row["n"]
    return [ClassAttendance(session, counts[session.pk]) for session in sessions]


def quarters_in_class(training_class: TrainingClass, trainees: Iterable[int]) -> dict[int, int]:
    """Quarter hours that the ledger took for sessions of a class, by person (one query)."""
    return dict(
        Attendance.objects.filter(
            session__training_class=training_class, trainee__in=list(trainees), refusal="", quarters__gt=0
        )
        .order_by()
        .values_list("trainee")
        .annotate(total=Sum("quarters"))
    )


@dataclass(frozen=True)
class Tally:
    """How many people of a session are in and out."""

    expected: int
    signed_in: int
    signed_out: int


def tally(session: Session) -> Tally:
    """Counts for the code screen (one query)."""
    expected = session.expected().count()
    counted = Attendance.objects.filter(session=session).aggregate(
        signed_in=Count("pk", filter=Q(signed_in_at__isnull=False)),
        signed_out=Count("pk", filter=Q(signed_out_at__isnull=False)),
    )
    return Tally(expected, counted["signed_in"], counted["signed_out"])


def latest_arrivals(session: Session, direction: str, count: int) -> Sequence[str]:
    """Names of those who came (or went) last, newest first (one query)."""
    return list(
        CheckinEvent.objects.filter(session=session, direction=direction, outcome=Outcome.ACCEPTED)
        .order_by("-pk")
        .values_list("trainee__name", flat=True)[:count]
    )


# --- Proof -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """Something that attendance, its events and the ledger do not agree on."""

    session_id: int
    trainee_id: int
    what: str
    found: str
    due: str


def differences(*, now: dt.datetime) -> Iterator[Difference]:
    """Compare every attendance with its events, and every settled one with the ledger."""
    keys = list(Session.objects.standing().order_by("pk").values_list("pk", flat=True))
    for begin in range(0, len(keys), CHUNK):
        sessions = list(
            Session.objects.filter(pk__in=keys[begin : begin + CHUNK]).select_related("training_class")
        )
        yield from _against_events(sessions, now)
        yield from _against_ledger([session for session in sessions if session.is_settled])


def _against_events(sessions: Sequence[Session], now: dt.datetime) -> Iterator[Difference]:
    stored = {
        (row.session_id, row.trainee_id): row for row in Attendance.objects.filter(session__in=sessions)
    }
    due: dict[tuple[int, int], Attendance] = {}
    # A session that was not settled yet is judged as running: its rows wait.
    settled = [session for session in sessions if session.is_settled]
    waiting = [session for session in sessions if not session.is_settled]
    for group, moment in ((settled, now), (waiting, dt.datetime.min.replace(tzinfo=dt.UTC))):
        due |= {(row.session_id, row.trainee_id): row for row in derive(group, now=moment)}
    for key in sorted(stored.keys() | due.keys()):
        have, want = stored.get(key), due.get(key)
        if have is None or want is None:
            # Somebody who left the roster after the session was settled keeps what was judged then.
            if have is not None and have.status in (AttendanceStatus.ABSENT, AttendanceStatus.ON_LEAVE):
                continue
            yield Difference(*key, "attendance", _said(have), _said(want))
            continue
        for name in ("status", "signed_in_at", "signed_out_at", "quarters"):
            if getattr(have, name) != getattr(want, name):
                yield Difference(*key, name, str(getattr(have, name)), str(getattr(want, name)))


def _said(row: Attendance | None) -> str:
    return "-" if row is None else row.status


def _against_ledger(sessions: Sequence[Session]) -> Iterator[Difference]:
    rows = list(Attendance.objects.filter(session__in=sessions).order_by("pk"))
    posted: dict[str, int] = {
        row["evidence_id"]: row["total"]
        for row in HourEntry.objects.filter(
            evidence_type=EVIDENCE, evidence_id__in=[str(row.pk) for row in rows]
        )
        .order_by()
        .values("evidence_id")
        .annotate(total=Sum("quarters"))
    }
    for row in rows:
        due = 0 if row.refusal else row.quarters
        if posted.get(str(row.pk), 0) != due:
            yield Difference(
                row.session_id, row.trainee_id, "ledger", str(posted.get(str(row.pk), 0)), str(due)
            )


def tallies_of_class(training_class: TrainingClass) -> dict[int, ClassTally]:
    """Presence by trainee over the settled sessions of a class (one query); ``enrollment.presence`` asks."""
    rows = (
        Attendance.objects.filter(
            session__training_class=training_class, session__status=SessionStatus.SETTLED
        )
        .order_by()
        .values_list("trainee")
        .annotate(
            sessions=Count("pk"),
            absent=Count("pk", filter=Q(status=AttendanceStatus.ABSENT)),
            on_leave=Count("pk", filter=Q(status=AttendanceStatus.ON_LEAVE)),
            late=Count("pk", filter=Q(status=AttendanceStatus.LATE)),
            left_early=Count("pk", filter=Q(status=AttendanceStatus.LEFT_EARLY)),
            quarters=Sum("quarters"),
        )
    )
    return {trainee_id: ClassTally(*figures) for trainee_id, *figures in rows}


@dataclass(frozen=True)
class Riders:
    """Names in each vehicle of a session, and of those without a seat."""

    vehicles: list[tuple[Vehicle, list[str]]]
    left_over: list[str]


def riders_of(session: Session) -> Riders:
    """Who rides in which vehicle: groups of the class in order. Three queries, however many people."""
    vehicles = list(session.vehicles.order_by("plate"))
    if not vehicles:
        return Riders([], [])
    names = dict(session.expected().order_by("pk").values_list("pk", "name"))
    placed = (
        Enrollment.objects.on_roster()
        .filter(training_class=session.training_class_id, trainee__in=names)
        .order_by(F("group_number").asc(nulls_last=True), "pk")
        .values_list("trainee_id", "group_number")
    )
    groups: dict[int | None, list[int]] = {}
    for trainee_id, number in placed:
        groups.setdefault(number, []).append(trainee_id)
    # Whoever is in no group sits wherever there is room.
    singles = groups.pop(None, [])
    singles += sorted(names.keys() - {pk for people in groups.values() for pk in people} - set(singles))
    found = seating([*groups.values(), *([pk] for pk in singles)], [one.seats for one in vehicles])
    return Riders(
        [(one, [names[pk] for pk in people]) for one, people in zip(vehicles, found.vehicles, strict=True)],
        [names[pk] for pk in found.left_over],
    )


def lessons_of_class(training_class: TrainingClass) -> list[Lesson]:
    """What ``enrollment.timetables`` asks: the sessions of a class that are not called off (one query)."""
    rows = Session.objects.filter(training_class=training_class).standing().order_by("starts_at", "pk")
    return [
        Lesson(pk, title, starts_at, ends_at)
        for pk, title, starts_at, ends_at in rows.values_list("pk", "title", "starts_at", "ends_at")
    ]
