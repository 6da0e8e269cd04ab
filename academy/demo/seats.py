"""Open visits and a release. One with seats to book, one that is full and has a queue, and a seat that stayed empty."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import replace

from django.utils import timezone

from academy.demo.plan import Plan
from cms.refusals import Refused
from enrollment.models import Organization, Trainee, TrainingClass, User
from practicum.actions import attendance, bookings, missed_seats, releases, sessions
from practicum.actions.plans import plan_of
from practicum.actions.seat_terms import set_terms
from practicum.actions.sessions import SessionPlan
from practicum.models import Audience, BaseStatus, MissedSeat, Session, SessionKind, TrainingBase, VisitBatch
from practicum.rules.seats import SeatRules

#: Days from today, hour, title, seats.
OPEN = (
    (13, 14, "开放日：走进智能制造党员示范车间", 20),
    (20, 9, "开放日：红色工坊现场教学", 6),
    (27, 14, "开放日：楼宇党群服务中心观摩", 30),
)
PAST = (-6, 14, "开放日：数字展厅参观学习", 4)


def load(plan: Plan, actor: User) -> None:
    """Open visits to bases; organizations of the zone have booked, keep seats and wait."""
    li = User.objects.get(username="li")
    now = timezone.now()
    mine = list(Trainee.objects.manageable_by(li).active().order_by("pk"))
    others = list(
        Trainee.objects.active()
        .exclude(pk__in=[one.pk for one in mine])
        .select_related("home_organization")
        .order_by("home_organization__path", "pk")[:400]
    )
    opened = [found for row in OPEN if (found := _open(row, actor)) is not None]
    if len(opened) == len(OPEN):
        wide, full, coming = opened
        for person in others[::17][:9]:
            _tried(bookings.book_together, session=wide, trainees=[person], now=now, actor=None)
        organization = Organization.objects.manageable_by(li).filter(pk=mine[0].home_organization_id).first()
        if organization is not None:
            _tried(bookings.hold, session=wide, organization=organization, seats=2, now=now, actor=li)
        set_terms(session=full, rules=SeatRules(share_percent=40), now=now, actor=actor)
        for person in others[::23][:6]:
            _tried(bookings.book_together, session=full, trainees=[person], now=now, actor=None)
        free = [one for one in mine if one.user_id is None]
        home = [one for one in free if one.home_organization_id == free[0].home_organization_id]
        _tried(bookings.wait, session=full, trainees=home[:2], now=now, actor=li)
        for person in others[5::29][:3]:
            _tried(bookings.wait, session=full, trainees=[person], now=now, actor=None)
        _tried(bookings.book_together, session=coming, trainees=home[2:4], now=now, actor=li)
    _leave_a_seat_empty(actor, others, now)
    plan.say(f"{len(opened)} open visits with shares and a queue")


def _open(row: tuple[int, int, str, int], actor: User) -> Session | None:
    days, hour, title, seats = row
    day = timezone.localtime().replace(hour=hour, minute=0, second=0, microsecond=0) + dt.timedelta(days=days)
    for base in TrainingBase.objects.filter(status=BaseStatus.ACTIVE, capacity_per_batch__gte=seats).order_by(
        "-code"
    )[:12]:
        with contextlib.suppress(Refused):
            return sessions.schedule(
                plan=SessionPlan(
                    title=title,
                    starts_at=day,
                    ends_at=day + dt.timedelta(hours=2),
                    kind=SessionKind.BASE_VISIT,
                    base=base,
                    seats=seats,
                    is_open=True,
                    bring="请佩戴党员徽章，提前十分钟到达。",
                ),
                actor=actor,
            )
    return None


def _tried(deed: object, **wanted: object) -> None:
    """Some cannot come, or their organization has its share: the demo goes on without them."""
    assert callable(deed)
    with contextlib.suppress(Refused):
        deed(**wanted)


def _leave_a_seat_empty(actor: User, others: list[Trainee], now: dt.datetime) -> None:
    """张学员 was booked and did not come, and says why; somebody else's case waits for the staff too."""
    zhang = User.objects.get(username="zhang")
    trainee = Trainee.objects.get(user=zhang)
    session = _open(PAST, actor)
    if session is None:
        return
    early = session.starts_at - dt.timedelta(days=4)
    came = others[3::31][:2]
    for person in [trainee, *came]:
        _tried(bookings.book_together, session=session, trainees=[person], now=early, actor=None)
    attendance.record_in_bulk(
        attended=[attendance.Attended(session.pk, one.pk, session.starts_at, session.ends_at) for one in came]
    )
    attendance.settle(session=session, now=now)
    missed = MissedSeat.objects.filter(session=session, trainee=trainee).first()
    if missed is not None:
        missed_seats.appeal(
            missed=missed, text="当天临时接到应急值守任务，来不及退订。", now=now, actor=zhang
        )


def release_a_timetable(plan: Plan, actor: User) -> None:
    """One release of a running class, which 张学员 reads in the changelog, and a draft that waits."""
    zhang = User.objects.get(username="zhang")
    now = timezone.now()
    coming = list(
        Session.objects.attended_by(zhang)
        .unsettled()
        .filter(starts_at__gt=now + dt.timedelta(days=2))
        .exclude(pk__in=VisitBatch.objects.filter(session__isnull=False).values("session"))
        .with_place()
        .order_by("starts_at")[:2]
    )
    if not coming:
        return
    first = coming[0]
    wanted = replace(plan_of(first), bring="请携带笔记本和党章，提前十分钟到场。")
    with contextlib.suppress(Refused):
        change = releases.draft_move(session=first, plan=wanted, actor=actor)
        releases.release(changes=[change], note_given="补充携带物品说明", now=now, actor=actor)
    last = coming[-1]
    with contextlib.suppress(Refused):
        releases.draft_move(
            session=last,
            plan=replace(plan_of(last), note="课后安排分组讨论，请提前准备发言提纲。"),
            actor=actor,
        )
    releases.draft_new(
        plan=SessionPlan(
            title="示例：补充辅导课",
            training_class=TrainingClass.objects.filter(
                sessions__starts_at__gt=now + dt.timedelta(days=2), sessions__audience=Audience.ROSTER
            )
            .order_by("starts_on", "pk")
            .first(),
            starts_at=first.starts_at + dt.timedelta(days=9),
            ends_at=first.ends_at + dt.timedelta(days=9),
            place="学院东楼研讨室",
        ),
        actor=actor,
    )
    plan.say("a release of the timetable, and a draft")
