"""Sums over a period: use of rooms and bases, what fell away, reach, hours and travel. Never a person.

Fifteen queries, however much was held; rows stand in the order of their names, not of their figures.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from enrollment.models import Organization, OrganizationKind, as_hours
from practicum.models import (
    Attendance,
    AttendanceStatus,
    Blackout,
    Booking,
    CalendarDay,
    MissedSeat,
    Room,
    Session,
    SessionKind,
    SessionStatus,
    Suspension,
    TrainingBase,
    Visit,
    VisitStatus,
)
from practicum.rules.attendance import ATTENDED
from practicum.rules.deadlines import is_working_day
from practicum.rules.opening import open_minutes, share

#: A room is open on working days for so long: the academy keeps no opening hours of rooms.
ROOM_MINUTES = 8 * 60

Cell = str | int | float | Decimal | None
Span = tuple[dt.date, dt.date]


@dataclass(frozen=True)
class Sums:
    """One table: its title, what its columns are called (the first names the row), its rows."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    #: Of a long table: what its rows come to together.
    total: Sequence[Cell] | None = None


@dataclass(frozen=True)
class _Held:
    """A session that stands, as the sums need it."""

    pk: int
    kind: str
    room: int | None
    base: int | None
    minutes: int
    quarters: int
    is_settled: bool


def statistics(first: dt.date, last: dt.date, park: Organization | None) -> list[Sums]:
    """Everything from ``first`` to ``last`` (both included), of what is held in ``park`` or anywhere."""
    zone = timezone.get_current_timezone()
    begin = dt.datetime.combine(first, dt.time(), tzinfo=zone)
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), tzinfo=zone)
    here = Q() if park is None else Q(base__park=park) | Q(room__venue__park=park)
    sessions = Session.objects.filter(here, starts_at__gte=begin, starts_at__lt=end)
    names = ("pk", "kind", "room_id", "base_id", "starts_at", "ends_at", "quarters", "status")
    held = [
        _Held(pk, kind, room, base, int((until - since).total_seconds()) // 60, quarters, status == SETTLED)
        for pk, kind, room, base, since, until, quarters, status in sessions.standing()
        .order_by()
        .values_list(*names)
    ]
    earned = _earned(sessions)
    closed = _closed(first, last)
    return [
        _fallen_away(sessions, held, begin, end, park),
        _coverage(sessions, park),
        _hours(held, earned),
        _travel(sessions, held, earned),
        _rooms(held, closed, first, last, park),
        _bases(held, closed, first, last, park),
    ]


SETTLED = SessionStatus.SETTLED


def _earned(sessions: Any) -> dict[int, tuple[int, int]]:
    """People who came, and quarters that the ledger took, by session (one query)."""
    rows = Attendance.objects.filter(session__in=sessions).order_by().values("session")
    return {
        row["session"]: (row["came"], row["quarters"] or 0)
        for row in rows.annotate(
            came=Count("pk", filter=Q(status__in=ATTENDED)),
            quarters=Sum("quarters", filter=Q(refusal="")),
        )
    }


def _closed(first: dt.date, last: dt.date) -> dict[tuple[str, int], list[Span]]:
    """Days on which rooms and bases were closed or suspended (two queries)."""
    found: dict[tuple[str, int], list[Span]] = defaultdict(list)
    rows = Blackout.objects.touching(first, last).order_by()
    for room, base, begin, end in rows.values_list("room_id", "base_id", "starts_on", "ends_on"):
        if room is not None or base is not None:
            found["room" if room is not None else "base", room or base or 0].append((begin, end))
    for row in Suspension.objects.filter(begun_on__lte=last):
        lifted = timezone.localdate(row.lifted_at) if row.lifted_at else None
        found["base", row.base_id].append((row.begun_on, lifted or row.ends_on or last))
    return found


def _used(kind: str, key: int, name: str, held: Sequence[_Held], open_for: int) -> list[Cell]:
    here = [one for one in held if getattr(one, kind) == key]
    minutes = sum(one.minutes for one in here)
    return [name, len(here), _clock(minutes), _clock(open_for), share(minutes, open_for)]


def _together(rows: Sequence[Sequence[Any]]) -> list[Cell]:
    sessions, hours, open_for = (sum(row[place] for row in rows) for place in (1, 2, 3))
    return [_("Together"), sessions, hours, open_for, share(hours, open_for)]


def _clock(minutes: int) -> Decimal:
    return (Decimal(minutes) / 60).quantize(Decimal("0.1"))


def _use_heads(thing: str) -> list[str]:
    return [thing, _("Sessions"), _("Hours held"), _("Hours open"), _("Use (%)")]


def _rooms(
    held: Sequence[_Held],
    closed: dict[tuple[str, int], list[Span]],
    first: dt.date,
    last: dt.date,
    park: Organization | None,
) -> Sums:
    days = dict(CalendarDay.objects.values_list("day", "is_working"))
    rooms = Room.objects.filter(is_active=True).select_related("venue").order_by("venue__name", "name")
    rows = []
    for room in rooms if park is None else rooms.filter(venue__park=park):
        open_for = open_minutes(
            first,
            last,
            minutes_a_day=ROOM_MINUTES,
            is_open_on=lambda day: is_working_day(day, days),
            closed=closed.get(("room", room.pk), ()),
        )
        rows.append(_used("room", room.pk, f"{room.venue} · {room}", held, open_for))
    return Sums(_("Use of rooms"), _use_heads(_("Room")), rows, _together(rows))


def _bases(
    held: Sequence[_Held],
    closed: dict[tuple[str, int], list[Span]],
    first: dt.date,
    last: dt.date,
    park: Organization | None,
) -> Sums:
    bases = TrainingBase.objects.listed().order_by("name")
    rows = []
    for base in bases if park is None else bases.filter(park=park):
        begin, end = (
            dt.timedelta(hours=one.hour, minutes=one.minute) for one in (base.opens_at, base.closes_at)
        )
        weekdays = {int(digit) for digit in base.open_weekdays}
        open_for = open_minutes(
            first,
            last,
            minutes_a_day=int((end - begin).total_seconds()) // 60,
            is_open_on=_on(weekdays),
            closed=closed.get(("base", base.pk), ()),
        )
        rows.append(_used("base", base.pk, base.name, held, open_for))
    return Sums(_("Use of bases"), _use_heads(_("Training base")), rows, _together(rows))


def _on(weekdays: set[int]) -> Callable[[dt.date], bool]:
    return lambda day: day.isoweekday() in weekdays


def _fallen_away(
    sessions: Any, held: Sequence[_Held], begin: dt.datetime, end: dt.datetime, park: Organization | None
) -> Sums:
    """Sessions, visits and seats, and how many of each came to nothing (four queries)."""
    cancelled = sessions.filter(status=SessionStatus.CANCELLED).count()
    visits = Visit.objects.filter(starts_at__gte=begin, starts_at__lt=end)
    if park is not None:
        visits = visits.filter(base__park=park)
    asked = visits.aggregate(whole=Count("pk"), gone=Count("pk", filter=Q(status=VisitStatus.CANCELLED)))
    seats = Booking.objects.booked().filter(session__in=sessions).count()
    missed = MissedSeat.objects.counting().filter(session__in=sessions).count()
    expected = Attendance.objects.filter(session__in=sessions.filter(status=SETTLED)).aggregate(
        whole=Count("pk"), gone=Count("pk", filter=Q(status=AttendanceStatus.ABSENT))
    )
    rows: list[list[Cell]] = [
        [label, whole, gone, share(gone, whole)]
        for label, whole, gone in (
            (_("Sessions cancelled"), len(held) + cancelled, cancelled),
            (_("Visits cancelled"), asked["whole"], asked["gone"]),
            (_("Booked seats that stayed empty"), seats, missed),
            (_("Absences at settled sessions"), expected["whole"], expected["gone"]),
        )
    ]
    return Sums(
        _("Cancellations and no-shows"), [_("What"), _("As planned"), _("Fell away"), _("Share (%)")], rows
    )


def _coverage(sessions: Any, park: Organization | None) -> Sums:
    """Organizations of each park, and those of which somebody came to a base (two queries)."""
    came = Attendance.objects.filter(
        session__in=sessions.filter(base__isnull=False),
        status__in=ATTENDED,
        trainee__home_organization=OuterRef("pk"),
    )
    whole: dict[str, int] = defaultdict(int)
    reached: dict[str, int] = defaultdict(int)
    levels = (OrganizationKind.ZONE, OrganizationKind.PARK)
    rows = Organization.objects.active().exclude(kind__in=levels).annotate(was_there=Exists(came))
    for path, was_there in rows.order_by().values_list("path", "was_there"):
        whole[path[:PARK_PATH]] += 1
        reached[path[:PARK_PATH]] += was_there
    parks = Organization.objects.active().filter(kind=OrganizationKind.PARK).order_by("path")
    shown = parks if park is None else parks.filter(pk=park.pk)
    return Sums(
        _("Organizations with people at a base"),
        [_("Park"), _("Organizations"), _("Were at a base"), _("Share (%)")],
        [
            [one.name, whole[one.path], reached[one.path], share(reached[one.path], whole[one.path])]
            for one in shown
        ],
    )


#: A park stands on the second level of the tree.
PARK_PATH = 2 * Organization.steplen


def _hours(held: Sequence[_Held], earned: dict[int, tuple[int, int]]) -> Sums:
    rows: list[list[Cell]] = []
    for kind, label in SessionKind.choices:
        those = [one for one in held if one.kind == kind and one.is_settled]
        rows.append(
            [
                str(label),
                len(those),
                as_hours(sum(one.quarters for one in those)),
                sum(earned.get(one.pk, (0, 0))[0] for one in those),
                as_hours(sum(earned.get(one.pk, (0, 0))[1] for one in those)),
            ]
        )
    heads = [_("Kind"), _("Sessions"), _("Hours taught"), _("Attendances"), _("Study hours earned")]
    return Sums(_("Hours delivered"), heads, rows)


def _travel(sessions: Any, held: Sequence[_Held], earned: dict[int, tuple[int, int]]) -> Sums:
    """Trips of each vehicle; who came is spread over the vehicles of a session, first filled first."""
    lasting = {one.pk: one for one in held}
    trips = list(
        sessions.standing()
        .filter(vehicles__isnull=False)
        .order_by("pk", "-vehicles__seats", "vehicles__plate")
        .values_list("pk", "vehicles__plate", "vehicles__name", "vehicles__seats")
    )
    left = {pk: earned.get(pk, (0, 0))[0] for pk, *_rest in trips}
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for pk, plate, name, seats in trips:
        taken = min(seats, left[pk]) if lasting[pk].is_settled else 0
        left[pk] -= taken
        offered = seats if lasting[pk].is_settled else 0
        line = sums[f"{name} {plate}".strip()]
        for place, more in enumerate((1, lasting[pk].minutes, offered, taken)):
            line[place] += more
    rows: list[list[Cell]] = [
        [name, number, _clock(minutes), offered, taken, share(taken, offered)]
        for name, (number, minutes, offered, taken) in sorted(sums.items())
    ]
    heads = [
        _("Vehicle"),
        _("Trips"),
        _("Hours under way"),
        _("Seats on trips held"),
        _("Seats used"),
        _("Use (%)"),
    ]
    return Sums(_("Travel"), heads, rows)
