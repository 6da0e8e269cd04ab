"""Planning, moving and cancelling sessions. Nothing clashes, whoever plans and however many at once."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.utils import timezone

from cms.refusals import Reason, Refused
from enrollment.actions.journal import note, note_many
from enrollment.models import HourRule, TrainingClass, User
from enrollment.models.rulebook import rules_on
from enrollment.rules.hours import quarters_for_session
from practicum.actions import news
from practicum.actions.occupation import (
    Want,
    agenda_around,
    clash_reasons,
    closure_reasons,
    closures,
    collisions,
    occupy,
    wants_of,
)
from practicum.models import (
    HOUR_KIND_OF,
    Audience,
    Booking,
    BookingStatus,
    Lecturer,
    Occupation,
    ResourceKind,
    Room,
    Session,
    SessionKind,
    SessionMode,
    SessionStatus,
    TrainingBase,
    Vehicle,
)
from practicum.models.modules import dimensions_of_bases
from practicum.models.projection import rosters_of
from practicum.rules.clash import Agenda
from practicum.rules.reasons import reason

logger = logging.getLogger(__name__)

LONGEST = dt.timedelta(hours=24)
BATCH = 1000
#: How often a writer looks again after somebody else took a slot between its look and its write.
LOOKS = 3
DEFAULT_HOUR_MINUTES = 45

Done = TypeVar("Done")


@dataclass(frozen=True)
class SessionPlan:
    """A session as somebody wants it. ``quarters`` None means: by the hour rule of that day."""

    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    kind: str = SessionKind.LESSON
    mode: str = SessionMode.OFFLINE
    training_class: TrainingClass | None = None
    room: Room | None = None
    base: TrainingBase | None = None
    place: str = ""
    online_url: str = ""
    lecturer: Lecturer | None = None
    vehicles: Sequence[Vehicle] = ()
    #: Who is expected: None means the roster of the class, else those with a seat.
    audience: str | None = None
    seats: int | None = None
    is_open: bool = False
    #: Trainees who get a seat at once (by key); only with ``Audience.BOOKINGS``.
    trainee_ids: Sequence[int] = ()
    hour_kind: str = ""
    quarters: int | None = None
    #: Category or module; None means: as the class has it, else the base's first module.
    dimension: str | None = None
    bring: str = ""
    note: str = ""
    opens_before_minutes: int = 30
    closes_after_minutes: int = 60

    @property
    def expects(self) -> str:
        """Who is expected, decided."""
        if self.audience is not None:
            return self.audience
        return Audience.BOOKINGS if self.training_class is None or self.trainee_ids else Audience.ROSTER


@dataclass
class BulkSchedule:
    """What became of many plans."""

    scheduled: list[Session] = field(default_factory=list)
    refused: list[tuple[SessionPlan, tuple[Reason, ...]]] = field(default_factory=list)


def hour_rule(starts_at: dt.datetime) -> HourRule | None:
    """The rule that says how long a study hour is on the day of ``starts_at``."""
    return rules_on(timezone.localdate(starts_at)).get("hour_minutes")


def quarters_by_rule(starts_at: dt.datetime, ends_at: dt.datetime) -> int:
    """Quarter hours that the span is worth by the rule of its day."""
    rule = hour_rule(starts_at)
    minutes = int((ends_at - starts_at).total_seconds() // 60)
    return quarters_for_session(minutes, int(rule.value) if rule else DEFAULT_HOUR_MINUTES)


def schedule(*, plan: SessionPlan, actor: User | None) -> Session:
    """Hold a session, with all it needs.

    Raises:
        Refused: something is taken, closed, too small or missing; each reason says who, where and when.
    """

    def attempt() -> Session:
        result = schedule_all([plan], actor=actor)
        if result.refused:
            raise Refused(*result.refused[0][1])
        session = result.scheduled[0]
        note(session, "practicum.schedule", actor=actor, data=told_of(session))
        return session

    return looking_again(attempt)


def schedule_in_bulk(*, plans: Iterable[SessionPlan], actor: User | None) -> BulkSchedule:
    """Hold many sessions by the same rules.

    What they clash with is read once. An earlier plan wins over a later.
    """

    def attempt() -> BulkSchedule:
        result = schedule_all(list(plans), actor=actor)
        note_many(result.scheduled, "practicum.schedule", actor=actor)
        return result

    plans = list(plans)
    return looking_again(attempt)


def reschedule(
    *,
    session: Session,
    plan: SessionPlan,
    actor: User | None,
    reason_given: str = "",
    tell: bool = True,
) -> Session:
    """Move or change a session that was not held yet. Its calendar entry keeps its identity and is marked
    newer. Without ``tell`` the caller tells people.

    Raises:
        Refused: as for ``schedule``; or the session is cancelled or settled.
    """

    def attempt() -> Session:
        locked = Session.objects.select_for_update(of=("self",)).with_place().get(pk=session.pk)
        _refuse_unless_open(locked)
        before, seats_before = told_of(locked), locked.seats or 0
        booked = list(Booking.objects.booked().filter(session=locked).values_list("trainee_id", flat=True))
        [wanted] = with_dimensions(
            [replace(plan, trainee_ids=booked if plan.expects == Audience.BOOKINGS else ())]
        )
        judged = Judgement([wanted], ignoring=[locked.pk])
        if reasons := judged.reasons_against(0):
            raise Refused(*reasons)
        fill_in(locked, wanted)
        locked.sequence += 1
        locked.is_apart = locked.series_id is not None
        locked.save()
        locked.vehicles.set(wanted.vehicles)
        Occupation.objects.filter(session=locked).delete()
        Occupation.objects.bulk_create(occupy(locked, judged.wants[0]), batch_size=BATCH)
        note(
            locked,
            "practicum.reschedule",
            actor=actor,
            data={"before": before, "after": told_of(locked), "reason": reason_given},
        )
        if tell:
            news.tell_moved(locked, before=before, after=told_of(locked), now=timezone.now())
        if (locked.seats or 0) > seats_before:
            seats_rose(locked)
        return locked

    return looking_again(attempt)


def seats_rose(locked: Session) -> None:
    """Seats that came are the queue's first. The caller holds the session's lock."""
    # Booking stands on scheduling; this is the one way back.
    from practicum.actions.bookings import move_up

    move_up(session=locked, now=timezone.now())


@transaction.atomic
def cancel(*, session: Session, actor: User | None, reason_given: str, tell: bool = True) -> Session:
    """Call a session off. What it occupied is free again; people's calendars show it as cancelled.

    Without ``tell`` the caller tells people.

    Raises:
        Refused: no reason given, or it is already cancelled or settled.
    """
    if not reason_given.strip():
        raise Refused(reason("reason_missing", "reason"))
    locked = Session.objects.select_for_update().get(pk=session.pk)
    _refuse_unless_open(locked)
    locked.status = SessionStatus.CANCELLED
    locked.cancel_reason = reason_given.strip()[:200]
    locked.sequence += 1
    locked.save(update_fields=["status", "cancel_reason", "sequence", "updated_at"])
    Occupation.objects.filter(session=locked).delete()
    note(locked, "practicum.cancel", actor=actor, data={"reason": locked.cancel_reason})
    if tell:
        news.tell_cancelled(locked, now=timezone.now())
    return locked


def align_with_roster(*, training_class: TrainingClass, now: dt.datetime) -> list[Reason]:
    """Make coming sessions occupy exactly the people on the class's roster now.

    Who joined late and is taken elsewhere is left as is and named in the answer: being on the roster
    counts, the clash is for people to settle.

    Raises:
        Refused: others took slots of these people meanwhile, again and again.
    """
    return looking_again(lambda: _align(training_class, now))


def follow_roster(training_class: TrainingClass) -> None:
    """What `enrollment.roster_changes` calls when a roster has changed."""
    for clash in align_with_roster(training_class=training_class, now=timezone.now()):
        logger.warning("roster of class %s: %s", training_class.pk, clash)


def _align(training_class: TrainingClass, now: dt.datetime) -> list[Reason]:
    # Two changes of one roster follow each other: the later sees what the earlier wrote.
    sessions = list(
        Session.objects.unsettled()
        .select_for_update(of=("self",), no_key=True)
        .filter(training_class=training_class, audience=Audience.ROSTER, ends_at__gt=now)
        .order_by("pk")
    )
    if not sessions:
        return []
    roster = set(rosters_of([training_class.pk])[training_class.pk])
    held: dict[int, set[int]] = defaultdict(set)
    rows = Occupation.objects.filter(session__in=sessions, resource_type=ResourceKind.TRAINEE)
    for session_id, trainee_id in rows.values_list("session_id", "resource_id"):
        held[session_id].add(trainee_id)
    gone = {trainee for people in held.values() for trainee in people} - roster
    if gone:
        rows.filter(resource_id__in=gone).delete()
    missing = {session: wants_only_people(session, sorted(roster - held[session.pk])) for session in sessions}
    agenda = agenda_around([want for wants in missing.values() for want in wants])
    found, fresh = [], []
    for session, wants in missing.items():
        for want in wants:
            if clash := collisions(agenda, [want]):
                found += clash
            else:
                agenda.take(want.resource, want.starts_at, want.ends_at, session.pk)
                fresh += occupy(session, [want])
    fresh.sort(key=lambda row: (row.resource_type, row.resource_id, row.starts_at))
    Occupation.objects.bulk_create(fresh, batch_size=BATCH)
    return clash_reasons(found)


def wants_only_people(session: Session, trainee_ids: Iterable[int]) -> list[Want]:
    """What trainees who join ``session`` later add to what it takes."""
    everything = wants_of(session, vehicle_ids=(), trainee_ids=trainee_ids)
    return [want for want in everything if want.resource.kind == ResourceKind.TRAINEE]


def _refuse_unless_open(session: Session) -> None:
    if session.is_cancelled:
        raise Refused(reason("session_cancelled"))
    if session.is_settled:
        raise Refused(reason("session_settled"))


def looking_again(attempt: Callable[[], Done]) -> Done:
    """Run ``attempt`` in a transaction; when somebody took the same slot meanwhile, look again and say so.

    Only PostgreSQL comes here: its exclusion constraint speaks when two writers looked at the same moment.
    """
    for look in range(LOOKS):
        try:
            with transaction.atomic():
                return attempt()
        except IntegrityError as error:
            if "practicum_occupation" not in str(error):
                raise
            if look == LOOKS - 1:
                raise Refused(reason("occupied_meanwhile")) from error
    raise AssertionError("unreachable")


class Judgement:
    """All that is needed to judge some plans, read in a fixed number of queries."""

    def __init__(self, plans: Sequence[SessionPlan], *, ignoring: Collection[int] = ()) -> None:
        self.plans = plans
        # Two plans for one base are judged one after the other: its day has a limit that no constraint knows.
        base_ids = sorted({plan.base.pk for plan in plans if plan.base is not None})
        if base_ids:
            list(
                TrainingBase.objects.select_for_update()
                .filter(pk__in=base_ids)
                .order_by("pk")
                .values_list("pk")
            )
        classes = {
            plan.training_class.pk
            for plan in plans
            if plan.training_class is not None and plan.expects == Audience.ROSTER
        }
        rosters = rosters_of(classes) if classes else {}
        self.people: list[Sequence[int]] = [
            plan.trainee_ids
            if plan.expects == Audience.BOOKINGS
            else rosters.get(plan.training_class.pk if plan.training_class else 0, [])
            for plan in plans
        ]
        self.wants = [
            wants_of(
                _unsaved(plan), vehicle_ids=[vehicle.pk for vehicle in plan.vehicles], trainee_ids=people
            )
            for plan, people in zip(plans, self.people, strict=True)
        ]
        sound = [want for wants in self.wants for want in wants if want.starts_at < want.ends_at]
        self.agenda: Agenda = agenda_around(sound, ignoring=ignoring)
        self.closed = closures(sound) if sound else []
        self.base_days = _batches_by_day(plans, base_ids, ignoring)

    def reasons_against(self, number: int) -> list[Reason]:
        """Why plan ``number`` cannot be held; empty when it can."""
        plan, people = self.plans[number], len(self.people[number])
        reasons = _flaws(plan, people)
        if any(found.code == "ends_before_it_begins" for found in reasons):
            return reasons
        if plan.base is not None:
            day = timezone.localdate(plan.starts_at)
            if self.base_days[plan.base.pk, day] >= plan.base.batches_per_day:
                reasons.append(reason("base_day_full", "base", day=day, batches=plan.base.batches_per_day))
        reasons += closure_reasons(self.wants[number], self.closed)
        reasons += clash_reasons(collisions(self.agenda, self.wants[number]))
        return reasons

    def hold(self, number: int, session: Session) -> None:
        """Plan ``number`` goes through: later plans find its slots taken."""
        for want in self.wants[number]:
            self.agenda.take(want.resource, want.starts_at, want.ends_at, session.pk)
        if session.base_id is not None:
            self.base_days[session.base_id, timezone.localdate(session.starts_at)] += 1


def _batches_by_day(
    plans: Sequence[SessionPlan], base_ids: Sequence[int], ignoring: Collection[int]
) -> Counter[tuple[int, dt.date]]:
    counted: Counter[tuple[int, dt.date]] = Counter()
    if not base_ids:
        return counted
    days = [timezone.localdate(plan.starts_at) for plan in plans if plan.base is not None]
    zone = timezone.get_current_timezone()
    first = dt.datetime.combine(min(days), dt.time(), tzinfo=zone)
    last = dt.datetime.combine(max(days) + dt.timedelta(days=1), dt.time(), tzinfo=zone)
    rows = Session.objects.standing().filter(base__in=base_ids, starts_at__gte=first, starts_at__lt=last)
    if ignoring:
        rows = rows.exclude(pk__in=ignoring)
    for base_id, starts_at in rows.values_list("base_id", "starts_at"):
        counted[base_id, timezone.localdate(starts_at)] += 1
    return counted


def _flaws(plan: SessionPlan, people: int) -> list[Reason]:
    """What is wrong with ``plan`` in itself."""
    reasons: list[Reason] = []
    if plan.ends_at <= plan.starts_at:
        reasons.append(reason("ends_before_it_begins", "ends_at"))
    elif plan.ends_at - plan.starts_at > LONGEST:
        reasons.append(reason("too_long", "ends_at"))
    if plan.training_class is None and plan.seats is None and not plan.trainee_ids:
        reasons.append(reason("class_or_seats_missing", "training_class"))
    if plan.is_open and plan.seats is not None and plan.seats < len(plan.trainee_ids):
        reasons.append(reason("seats_below_taken", "seats", taken=len(plan.trainee_ids)))
    if plan.room is not None and plan.base is not None:
        reasons.append(reason("two_places", "base"))
    if plan.room is None and plan.base is None and not plan.place and plan.mode != SessionMode.ONLINE:
        reasons.append(reason("place_missing", "room"))
    return reasons + _too_small(plan, max(people, plan.seats or 0))


def _too_small(plan: SessionPlan, expected: int) -> list[Reason]:
    """Rooms, bases and vehicles of ``plan`` that do not hold ``expected`` people, or hold nobody now."""
    reasons: list[Reason] = []
    if plan.room is not None:
        if not plan.room.is_active:
            reasons.append(reason("room_not_in_use", "room", who=plan.room))
        if expected > plan.room.capacity and plan.mode == SessionMode.OFFLINE:
            reasons.append(
                reason("room_too_small", "room", who=plan.room, seats=plan.room.capacity, people=expected)
            )
    if plan.base is not None:
        if not plan.base.terms.is_active:
            reasons.append(reason("base_not_active", "base"))
        if expected > plan.base.capacity_per_batch:
            reasons.append(
                reason(
                    "base_over_capacity", "base", headcount=expected, capacity=plan.base.capacity_per_batch
                )
            )
    seats = sum(vehicle.seats for vehicle in plan.vehicles)
    if plan.vehicles and expected > seats:
        reasons.append(reason("vehicles_too_small", "vehicles", seats=seats, people=expected))
    return reasons


def _unsaved(plan: SessionPlan) -> Session:
    session = Session()
    fill_in(session, plan)
    return session


def fill_in(session: Session, plan: SessionPlan) -> None:
    """Make ``session`` what ``plan`` says; not saved."""
    session.title = plan.title
    session.kind = plan.kind
    session.mode = plan.mode
    session.starts_at = plan.starts_at
    session.ends_at = plan.ends_at
    session.training_class = plan.training_class
    session.room = plan.room
    session.base = plan.base
    session.place = plan.place
    session.online_url = plan.online_url
    session.lecturer = plan.lecturer
    session.audience = plan.expects
    session.seats = plan.seats
    session.is_open = plan.is_open
    session.hour_kind = plan.hour_kind or HOUR_KIND_OF[plan.kind]
    session.quarters = (
        quarters_by_rule(plan.starts_at, plan.ends_at) if plan.quarters is None else plan.quarters
    )
    session.dimension = plan.dimension or ""
    session.bring = plan.bring
    session.note = plan.note
    session.opens_before_minutes = plan.opens_before_minutes
    session.closes_after_minutes = plan.closes_after_minutes


def with_dimensions(plans: Sequence[SessionPlan]) -> list[SessionPlan]:
    """``plans`` with the category or module that each counts for (one query at most)."""
    asking = {
        plan.base.pk
        for plan in plans
        if plan.dimension is None
        and plan.base is not None
        and not (plan.training_class is not None and plan.training_class.dimension)
    }
    of_base = dimensions_of_bases(asking)

    def default(plan: SessionPlan) -> str:
        if plan.training_class is not None and plan.training_class.dimension:
            return plan.training_class.dimension
        return of_base.get(plan.base.pk, "") if plan.base is not None else ""

    return [plan if plan.dimension is not None else replace(plan, dimension=default(plan)) for plan in plans]


def schedule_all(plans: Sequence[SessionPlan], *, actor: User | None) -> BulkSchedule:
    """Hold those of ``plans`` that can be held, in order. For actions that are inside ``looking_again``."""
    plans = with_dimensions(plans)
    judged = Judgement(plans)
    result = BulkSchedule()
    chosen: list[int] = []
    for number, plan in enumerate(plans):
        if reasons := judged.reasons_against(number):
            result.refused.append((plan, tuple(reasons)))
            continue
        session = _unsaved(plan)
        session.created_by = actor
        # Saved one by one only to be numbered: whoever clashes with it later is told its title.
        session.save(force_insert=True)
        judged.hold(number, session)
        result.scheduled.append(session)
        chosen.append(number)
    occupations: list[Occupation] = []
    seats: list[Booking] = []
    coaches: list[Any] = []
    through = Session.vehicles.through
    for number, session in zip(chosen, result.scheduled, strict=True):
        plan = plans[number]
        occupations += occupy(session, judged.wants[number])
        coaches += [through(session_id=session.pk, vehicle_id=vehicle.pk) for vehicle in plan.vehicles]
        if session.audience == Audience.BOOKINGS:
            seats += [
                Booking(session=session, trainee_id=pk, status=BookingStatus.BOOKED, booked_by=actor)
                for pk in plan.trainee_ids
            ]
    occupations.sort(key=lambda row: (row.resource_type, row.resource_id, row.starts_at))
    Occupation.objects.bulk_create(occupations, batch_size=BATCH)
    Booking.objects.bulk_create(seats, batch_size=BATCH)
    through.objects.bulk_create(coaches, batch_size=BATCH)
    return result


def told_of(session: Session) -> Mapping[str, str]:
    """When and where, as the log and the messages say it."""
    return news.told_place(session)
