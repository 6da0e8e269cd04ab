"""A year in motion: past trainings, classes running now, what the coming weeks hold, and today."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from academy.demo.plan import Plan, content
from academy.demo.surveys import hold_past
from cms.refusals import Refused
from enrollment.actions.certificates import issue_in_bulk
from enrollment.actions.classes import enrol_in_bulk, nominate, open_class, set_quotas, transition
from enrollment.actions.closing_checklist import tick_items
from enrollment.dimensions import dimensions
from enrollment.models import (
    Appointment,
    ClassStatus,
    Cohort,
    CohortCode,
    Organization,
    Trainee,
    TrainingClass,
    User,
)
from practicum.actions import feeds, host_links, preparation, suspensions, visits
from practicum.actions.attendance import Attended, record_in_bulk, settle_in_bulk
from practicum.actions.sessions import SessionPlan, schedule_in_bulk
from practicum.models import (
    Audience,
    BaseStatus,
    Blackout,
    Lecturer,
    Room,
    RoomKind,
    Session,
    SessionKind,
    SessionMode,
    TrainingBase,
    Vehicle,
    VenueKind,
    Visit,
)
from practicum.rules.visits import Party

MORNING, AFTERNOON = dt.time(9, 0), dt.time(14, 0)
#: A group that any base with this capacity can receive.
GROUP = 36
#: Share of people who miss a session, come late, or forget to sign out.
ABSENT, LATE, NO_SIGN_OUT = 0.06, 0.05, 0.01
#: How many past trainings of their cohort those who can sign in have been to.
NAMED_ATTEND = 1
KINDS = {"class": SessionKind.LESSON, "forum": SessionKind.FORUM, "salon": SessionKind.SALON}
CHECKED = {
    "plan": "列入年度培训计划。",
    "notice": "通知已通过园区工作群印发。",
}
ONLINE_ADDRESS = "https://live.academy.example/room"


@dataclass
class _Day:
    """What the loader knows while it lays sessions out in time."""

    plan: Plan
    actor: User
    teacher: User
    dice: random.Random
    today: dt.date
    cohorts: dict[str, list[int]]
    lecturers: dict[str, Lecturer]
    rooms: list[Room]
    bases: list[TrainingBase]
    closed: dict[int, list[Blackout]]
    vehicles: list[Vehicle]
    named: dict[str, int]
    subjects: dict[str, str]
    taken: set[tuple[str, int, dt.datetime]] = field(default_factory=set)
    attended: dict[str, list[str]] = field(default_factory=dict)

    def claim(self, kind: str, key: int, moment: dt.datetime) -> bool:
        """Take ``key`` for the half-day of ``moment``; False when it is taken."""
        slot = (kind, key, moment)
        if slot in self.taken:
            return False
        self.taken.add(slot)
        return True


def load(plan: Plan, actor: User, teacher: User) -> None:
    """Hold 27 trainings, run what runs, and plan the coming weeks."""
    day = _survey(plan, actor, teacher)
    data = content("trainings")
    held: list[Session] = []
    for row in data["past"]:
        held += _hold_past(day, row)
    plan.say(f"{len(data['past'])} past trainings with {len(held)} sessions")
    for number, row in enumerate(data["upcoming"]):
        _plan_upcoming(day, row, number)
    _open_nominations(day)
    _ask_for_visits(day)
    _close_two_things(day)
    plan.say(f"{Session.objects.unsettled().count()} sessions today and in the coming weeks")


def _subjects() -> dict[str, str]:
    """Category and module of the first subject of each lecturer, by name."""
    modules = {one.code.rpartition("/")[2]: one.code for one in dimensions() if "/" in one.code}
    return {
        row["name"]: modules[row["subjects"][0]]
        for row in content("trainings")["lecturers"]
        if row["subjects"] and row["subjects"][0] in modules
    }


def _survey(plan: Plan, actor: User, teacher: User) -> _Day:
    cohorts: dict[str, list[int]] = {code: [] for code in CohortCode.values}
    current = Appointment.objects.current().filter(trainee__left_on__isnull=True).order_by("trainee_id")
    for trainee_id, cohort in current.values_list("trainee_id", "cohort"):
        cohorts[cohort].append(trainee_id)
    closed: dict[int, list[Blackout]] = {}
    for row in Blackout.objects.filter(base__isnull=False):
        closed.setdefault(row.base_id or 0, []).append(row)
    return _Day(
        plan=plan,
        actor=actor,
        teacher=teacher,
        dice=plan.dice("year"),
        today=timezone.localdate(),
        cohorts=cohorts,
        lecturers={lecturer.name: lecturer for lecturer in Lecturer.objects.all()},
        rooms=list(
            Room.objects.filter(
                venue__kind=VenueKind.ACADEMY, kind__in=[RoomKind.MULTI_FUNCTION, RoomKind.CLASSROOM]
            ).order_by("capacity")
        ),
        bases=list(TrainingBase.objects.filter(status=BaseStatus.ACTIVE).order_by("code")),
        closed=closed,
        vehicles=list(Vehicle.objects.order_by("-seats")),
        named=dict(
            Trainee.objects.filter(user__username__in=["wang", "li", "zhang"]).values_list(
                "user__username", "pk"
            )
        ),
        subjects=_subjects(),
    )


def _moment(day: dt.date, time: dt.time) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, time))


def _working_day(day: dt.date) -> dt.date:
    while day.weekday() >= 5:
        day += dt.timedelta(days=1)
    return day


def _half_days(first: dt.date) -> Iterator[dt.datetime]:
    """Mornings and afternoons of working days, from ``first`` on."""
    day = first
    while True:
        day = _working_day(day)
        yield _moment(day, MORNING)
        yield _moment(day, AFTERNOON)
        day += dt.timedelta(days=1)


# --- Who comes ------------------------------------------------------------------------------------


def _group(day: _Day, cohort: str, size: int, *, with_named: bool) -> list[int]:
    """``size`` people of ``cohort``; the person who can sign in among them where it makes sense."""
    pool = day.cohorts[cohort or CohortCode.MEMBER]
    people = day.dice.sample(pool, min(size, len(pool)))
    own = {"secretary": "wang", "affairs_worker": "li", "member": "zhang"}.get(cohort or "member")
    named = day.named.get(own or "")
    if named is not None:
        people = [pk for pk in people if pk != named]
        people = [named, *people[: size - 1]] if with_named else people
    return people


def _open(day: _Day, row: dict[str, Any], first: dt.date, last: dt.date, people: list[int]) -> TrainingClass:
    training_class = open_class(
        title=row["title"],
        starts_on=first,
        ends_on=last,
        actor=day.actor,
        cohort=Cohort.objects.filter(code=row["cohort"]).first(),
        teacher=day.teacher,
        capacity=max(len(people), GROUP) + 4,
        description=row["theme"],
    )
    enrol_in_bulk(
        training_class=training_class, trainees=list(Trainee.objects.filter(pk__in=people)), actor=day.actor
    )
    return transition(training_class=training_class, to=ClassStatus.RUNNING, actor=day.actor)


# --- Where and when --------------------------------------------------------------------------------


def _room(day: _Day, moment: dt.datetime, people: int) -> Room:
    for room in day.rooms:
        if room.capacity >= people and day.claim("room", room.pk, moment):
            return room
    raise RuntimeError(f"no room for {people} people at {moment}")


def _base(day: _Day, moment: dt.datetime, people: int) -> TrainingBase | None:
    for base in day.dice.sample(day.bases, len(day.bases)):
        on = timezone.localdate(moment)
        is_closed = any(row.starts_on <= on <= row.ends_on for row in day.closed.get(base.pk, []))
        if (
            str(on.isoweekday()) in base.open_weekdays
            and not is_closed
            and base.capacity_per_batch >= people
            and day.claim("base", base.pk, moment)
        ):
            return base
    return None


def _session_plans(
    day: _Day,
    row: dict[str, Any],
    people: list[int],
    training_class: TrainingClass | None,
    half_days: Iterator[dt.datetime],
) -> list[SessionPlan]:
    plans = []
    for session in row["sessions"]:
        for starts_at in half_days:
            lecturer = day.lecturers.get(session["lecturer"])
            if lecturer is not None and ("lecturer", lecturer.pk, starts_at) in day.taken:
                continue
            base = _base(day, starts_at, len(people)) if session["place"] == "base" else None
            if session["place"] == "base" and base is None:
                continue
            if lecturer is not None:
                day.claim("lecturer", lecturer.pk, starts_at)
            plans.append(_session_plan(day, row, session, starts_at, people, training_class, lecturer, base))
            break
    return plans


def _session_plan(
    day: _Day,
    row: dict[str, Any],
    session: dict[str, Any],
    starts_at: dt.datetime,
    people: list[int],
    training_class: TrainingClass | None,
    lecturer: Lecturer | None,
    base: TrainingBase | None,
) -> SessionPlan:
    is_online = session["place"] == "online"
    kind = (
        SessionKind.BASE_VISIT
        if base
        else SessionKind.LIVE
        if is_online
        else KINDS.get(row["kind"], SessionKind.LESSON)
    )
    vehicles = []
    if base is not None:
        for vehicle in day.vehicles:
            if day.claim("vehicle", vehicle.pk, starts_at):
                vehicles.append(vehicle)
            if sum(each.seats for each in vehicles) >= len(people):
                break
        if sum(each.seats for each in vehicles) < len(people):
            vehicles = []
    return SessionPlan(
        title=session["title"],
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=session["minutes"]),
        kind=kind,
        mode=SessionMode.ONLINE if is_online else SessionMode.OFFLINE,
        training_class=training_class,
        room=None if is_online or base else _room(day, starts_at, len(people)),
        base=base,
        online_url=ONLINE_ADDRESS if is_online else "",
        lecturer=lecturer,
        # At a base its first module counts; elsewhere the first subject of whoever lectures.
        dimension=None if base else day.subjects.get(session["lecturer"], ""),
        vehicles=vehicles,
        audience=None if training_class else Audience.BOOKINGS,
        seats=None if training_class else len(people),
        trainee_ids=[] if training_class else people,
        bring="请携带笔记本，提前十分钟到场。" if not is_online else "请提前五分钟进入直播间。",
    )


def _schedule(day: _Day, plans: list[SessionPlan]) -> list[Session]:
    result = schedule_in_bulk(plans=plans, actor=day.actor)
    if result.refused:
        plan, reasons = result.refused[0]
        raise RuntimeError(f"{plan.title} {plan.starts_at}: {'; '.join(str(reason) for reason in reasons)}")
    return result.scheduled


# --- What was held -----------------------------------------------------------------------------------


def _hold_past(day: _Day, row: dict[str, Any]) -> list[Session]:
    first = _working_day(day.today - dt.timedelta(days=row["days_ago"]))
    has_base = any(session["place"] == "base" for session in row["sessions"])
    size = (
        GROUP
        if has_base
        else day.dice.randint(44, 70)
        if row["kind"] == "class"
        else day.dice.randint(60, 75)
    )
    # Those who can sign in have been to some trainings; what is left to do is what a visitor wants to see.
    is_recent = row["days_ago"] < 200 and row["kind"] != "forum"
    with_named = is_recent and len(day.attended.setdefault(row["cohort"], [])) < NAMED_ATTEND
    if with_named:
        day.attended[row["cohort"]].append(row["title"])
    people = _group(day, row["cohort"], size, with_named=with_named)
    training_class = None
    if row["kind"] == "class":
        training_class = _open(day, row, first, first + dt.timedelta(days=len(row["sessions"]) + 4), people)
    sessions = _schedule(day, _session_plans(day, row, people, training_class, _half_days(first)))
    # A class is closed once every missing sign-out was settled: here somebody saw to it at the door.
    attended = list(_attended(day, sessions, people, all_sign_out=training_class is not None))
    record_in_bulk(attended=attended, actor=day.actor)
    settle_in_bulk(sessions=sessions, now=timezone.now(), actor=day.actor)
    if training_class is not None and training_class.ends_on < day.today:
        # A year seldom goes wholly by plan: how it was done stands in the checklist, with the teacher's name.
        hold_past(training_class=training_class, actor=day.teacher)
        tick_items(training_class=training_class, notes=CHECKED, actor=day.teacher)
        transition(training_class=training_class, to=ClassStatus.CLOSED, actor=day.actor)
        issue_in_bulk(training_class=training_class, actor=day.actor)
    return sessions


def _attended(
    day: _Day, sessions: list[Session], people: list[int], *, all_sign_out: bool
) -> Iterator[Attended]:
    named = set(day.named.values())
    for session in sessions:
        for trainee_id in people:
            luck = 1.0 if trainee_id in named else day.dice.random()
            if luck < ABSENT:
                continue
            is_late = luck < ABSENT + LATE
            arrival = day.dice.randint(12, 25) if is_late else -day.dice.randint(2, 25)
            signs_out = all_sign_out or luck > ABSENT + LATE + NO_SIGN_OUT
            yield Attended(
                session_id=session.pk,
                trainee_id=trainee_id,
                signed_in_at=session.starts_at + dt.timedelta(minutes=arrival),
                signed_out_at=session.ends_at + dt.timedelta(minutes=day.dice.randint(0, 12))
                if signs_out
                else None,
            )


# --- What runs, what comes ----------------------------------------------------------------------------


def _plan_upcoming(day: _Day, row: dict[str, Any], number: int) -> None:
    ahead = row["days_ahead"]
    first = day.today + dt.timedelta(days=ahead)
    # The last rows give 张学员 something in the coming two weeks whatever the dice say.
    with_named = row.get("with_named", number < 4)
    people = _group(day, row["cohort"], GROUP, with_named=with_named)
    training_class = None
    if row["kind"] == "class":
        last = first + dt.timedelta(days=len(row["sessions"]) * 2 + 12)
        training_class = _open(day, row, first, last, people)
    if ahead == 0:
        _schedule(day, _today_plans(day, row, people, training_class))
        return
    half_days = _half_days(max(first, day.today + dt.timedelta(days=1)))
    _schedule(day, _session_plans(day, row, people, training_class, half_days))


def _today_plans(
    day: _Day, row: dict[str, Any], people: list[int], training_class: TrainingClass | None
) -> list[SessionPlan]:
    """One room session that is on now, and one visit: before it or after it, whichever the day allows."""
    now = timezone.localtime()
    begin = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
    # Sign-in must be open whenever the demo is started, also late in the evening.
    begin = min(begin, now.replace(hour=22, minute=30, second=0, microsecond=0))
    length = dt.timedelta(minutes=75)
    visit_at = begin + dt.timedelta(hours=2) if begin.hour < 14 else begin - dt.timedelta(hours=4)
    room_row = next(session for session in row["sessions"] if session["place"] == "room")
    base_row = next(session for session in row["sessions"] if session["place"] == "base")
    room_plan = _session_plan(
        day, row, {**room_row, "minutes": 75}, begin, people, training_class, None, None
    )
    base = next(
        base
        for base in day.bases
        if base.capacity_per_batch >= len(people)
        and not any(row.starts_on <= day.today <= row.ends_on for row in day.closed.get(base.pk, []))
    )
    visit_plan = _session_plan(
        day, row, {**base_row, "minutes": 90}, visit_at, people, training_class, None, base
    )
    assert room_plan.ends_at == begin + length
    return [room_plan, visit_plan]


def _open_nominations(day: _Day) -> None:
    """A class that organizations are being asked for; 李干事 has five seats in it and three names so far."""
    training_class = open_class(
        title="新春党务骨干示范培训班",
        starts_on=_working_day(day.today + dt.timedelta(days=30)),
        ends_on=_working_day(day.today + dt.timedelta(days=34)),
        actor=day.actor,
        teacher=day.teacher,
        capacity=60,
        description="党员教育管理、支部建设案例与现场教学，面向各党组织推荐报名。",
    )
    organizations = list(Organization.objects.filter(code__in=["F001", "F002", "F003"]).order_by("code"))
    others = list(Organization.objects.filter(depth=3, code__startswith="N").order_by("code")[:9])
    seats = {organizations[0].pk: 2, organizations[1].pk: 5, organizations[2].pk: 3}
    set_quotas(training_class=training_class, seats=seats | {row.pk: 4 for row in others}, actor=day.actor)
    transition(training_class=training_class, to=ClassStatus.NOMINATING, actor=day.actor)
    member = Trainee.objects.filter(home_organization=organizations[0]).order_by("-pk").first()
    if member is not None:
        nominate(training_class=training_class, trainee=member, actor=day.actor)


def _ask_for_visits(day: _Day) -> None:
    """Requests at different stages, two of them for the bases of 孙主任, whose first base shares its calendar."""
    now = timezone.now()
    wanted = [
        (48, "request"),
        (30, "request"),
        (28, "check"),
        (32, "confirm"),
        (24, "decline"),
        (26, "suspend"),
    ]
    hosted = list(TrainingBase.objects.filter(hosts__isnull=False).order_by("code"))
    feeds.share(kind="base", thing=hosted[0], actor=day.actor, now=now)
    bases = [hosted[0], *hosted[1:2], *day.bases[10:20]]
    for (headcount, stage), base in zip(wanted, bases, strict=False):
        # Enough notice for every base, on a day when it is open.
        for offset in range(21, 60):
            on = day.today + dt.timedelta(days=offset)
            starts_at = _moment(on, dt.time(9, 30))
            try:
                visit = visits.request(
                    base=base,
                    starts_at=starts_at,
                    ends_at=starts_at + dt.timedelta(minutes=base.visit_minutes),
                    headcount=min(headcount, 48 if headcount == 48 else base.capacity_per_batch),
                    actor=day.actor,
                    now=now,
                    title=f"{base.unit}现场教学",
                )
            except Refused:
                continue
            if headcount == 48 or stage != "request":
                visit = visits.check(visit=visit, actor=day.actor)
            if headcount == 48:
                # The base answers by link: staff find it on the visit, with the words to send.
                host_links.issue(visit=visit, actor=day.actor, now=now)
            if stage == "confirm":
                visits.keep_safety_note(
                    visit=visit,
                    text="9:10 前在北门集合；进入车间须佩戴安全帽，生产线区域请勿拍照。",
                    actor=None,
                )
                visits.confirm(visit=visit, actor=day.actor, now=now)
                _prepare(visit, day, now)
            if stage == "decline":
                visits.decline(visit=visit, actor=day.actor, reason_given="当日接待境外客户，请改约下月。")
            if stage == "suspend":
                # Left to be moved or called off, on the base's page and the administrator's front page.
                suspensions.suspend(
                    base=base,
                    party=Party.BASE,
                    reason_given="展厅升级改造",
                    actor=None,
                    now=now,
                    ends_on=day.today + dt.timedelta(days=75),
                )
            break


def _close_two_things(day: _Day) -> None:
    """A lecturer who is ill and a coach at the garage: each leaves a planned session to be settled."""
    first = _moment(day.today + dt.timedelta(days=4), dt.time())
    coming = Session.objects.unsettled().filter(starts_at__gt=first, visit_batch__isnull=True)
    taught = coming.filter(lecturer__isnull=False, lecturer__user__isnull=True).order_by("starts_at", "pk")
    driven = coming.filter(vehicles__isnull=False).order_by("starts_at", "pk")
    wanted = ((taught, "lecturer", "因病请假"), (driven, "vehicle", "车辆故障送修"))
    for rows, kind, why in wanted:
        if (session := rows.first()) is not None:
            thing = session.lecturer if kind == "lecturer" else session.vehicles.first()
            on = timezone.localdate(session.starts_at)
            Blackout.objects.create(**{kind: thing}, starts_on=on, ends_on=on, reason=why)


def _prepare(visit: Visit, day: _Day, now: dt.datetime) -> None:
    """A visit that is nearly ready: what is left is to send the briefing notice."""
    preparation.state_headcount(visit=visit, headcount=visit.headcount, actor=day.actor, now=now)
    coach = Vehicle.objects.filter(is_active=True, seats__gte=visit.headcount).order_by("seats").first()
    if coach is not None:
        with contextlib.suppress(Refused):
            preparation.allocate_vehicles(visit=visit, vehicles=[coach], actor=day.actor, now=now)
    visits.prepare(
        visit=visit,
        actor=day.actor,
        leader_name="王领队",
        leader_phone="13800000031",
        is_insured=True,
        has_safety_plan=True,
        briefing="当日 8:30 在学院东门集合乘车，请佩戴党员徽章，自带水杯；返程约 12:00 到达学院。",
    )
