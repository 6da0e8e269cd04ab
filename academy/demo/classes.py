"""What surrounds the classes of the demo: the year's plan, needs, notices, leave, and one class archived."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.utils import timezone

from academy.demo.plan import Plan, content
from academy.demo.surveys import open_one
from enrollment.actions import needs, notices, plans
from enrollment.actions.archives import archive_class
from enrollment.actions.class_leave import ask_class_leave, decide_class_leave
from enrollment.actions.class_terms import set_terms
from enrollment.actions.classes import open_class, set_quotas, transition
from enrollment.actions.needs import Asked
from enrollment.models import (
    ClassStatus,
    Cohort,
    CohortCode,
    Enrollment,
    EnrollmentStatus,
    NeedField,
    Organization,
    TrainingClass,
    TrainingNeed,
    User,
)
from enrollment.reports_classes import quota_proposal

#: So many needs were collected (docs: domain facts), and this share of them is closed.
NEEDS = 385
CLOSED_SHARE = 0.82
#: So many needs are answered by one thing.
AT_ONCE = 30
#: What is planned: title, month, cohort, days, seats, budget in yuan.
PLANNED = (
    ("支部书记任职培训班", 3, CohortCode.SECRETARY, 3, 60, 36_000),
    ("党务工作者业务提升班", 5, CohortCode.AFFAIRS_WORKER, 2, 80, 32_000),
    ("发展对象集中培训班", 6, CohortCode.MEMBER, 3, 100, 45_000),
    ("产业链党建融合研修班", 9, CohortCode.SECRETARY, 2, 50, 28_000),
    ("流动党员冬训班", 12, CohortCode.MEMBER, 1, 120, 18_000),
)


def load(plan: Plan, actor: User, teacher: User) -> None:
    """Plan, needs, notices, leave and archive."""
    today = timezone.localdate()
    _plan_year(actor, today)
    _plan_next_year(actor, today)
    opened = _open_by_formula(actor, teacher, today)
    _give_notice(opened, actor)
    _take_leave(teacher)
    open_one(teacher=teacher)
    oldest = TrainingClass.objects.filter(status=ClassStatus.CLOSED).order_by("starts_on", "pk").first()
    if oldest is not None:
        archive_class(training_class=oldest, actor=actor, step=lambda _done, _whole: None)
    asked = _ask(actor, today)
    plan.say(
        f"The year's plan, {asked} training needs, a notice, leave, a survey, and a class in the archive"
    )


def _plan_year(actor: User, today: dt.date) -> None:
    """This year's plan: the classes there are, and two that are still to be opened."""
    year = plans.begin_plan(year=today.year, actor=actor)
    held = list(TrainingClass.objects.filter(year=today.year).order_by("starts_on", "pk"))
    # The last of them came up in the course of the year.
    planned = held[:-2] if len(held) > 4 else held
    entries = [
        plans.save_entry(
            plan=year,
            title=row.title,
            month=row.starts_on.month,
            days=max(1, min(5, (row.ends_on - row.starts_on).days)),
            seats=row.capacity,
            cohort=row.cohort,
            responsible="培训科",
            actor=actor,
        )
        for row in planned
    ]
    for title, _month, cohort, days, seats, budget in PLANNED[-1:]:
        plans.save_entry(
            plan=year,
            title=title,
            month=12,
            days=days,
            seats=seats,
            budget=Decimal(budget),
            cohort=Cohort.objects.get(code=cohort),
            responsible="培训科",
            actor=actor,
        )
    plans.move_plan(plan=year, to="approved", actor=actor)
    plans.move_plan(plan=year, to="published", actor=actor)
    for entry, row in zip(entries, planned, strict=True):
        plans.link_class(entry=entry, training_class=row, actor=actor)


def _plan_next_year(actor: User, today: dt.date) -> None:
    year = plans.begin_plan(year=today.year + 1, actor=actor)
    for title, month, cohort, days, seats, budget in PLANNED:
        plans.save_entry(
            plan=year,
            title=title,
            month=month,
            days=days,
            seats=seats,
            budget=Decimal(budget),
            cohort=Cohort.objects.get(code=cohort),
            responsible="培训科",
            actor=actor,
        )


def _open_by_formula(actor: User, teacher: User, today: dt.date) -> TrainingClass:
    """A class for secretaries whose seats were proposed by park; 李干事's organizations have some as well."""
    first = today + dt.timedelta(days=45)
    opened = open_class(
        title="支部书记示范培训班",
        starts_on=first,
        ends_on=first + dt.timedelta(days=2),
        actor=actor,
        teacher=teacher,
        cohort=Cohort.objects.get(code=CohortCode.SECRETARY),
        capacity=70,
        description="面向支部书记：抓班子、带队伍、促融合，安排一天现场教学。",
    )
    opened = set_terms(
        training_class=opened,
        cohorts=[],
        organizations=[],
        absence_limit_percent=30,
        leave_counts_as_absence=False,
        actor=actor,
    )
    rows = quota_proposal(opened, level="park", minimum_one=True, seats=60)
    seats = {row.organization.pk: row.proposed or 0 for row in rows}
    own = Organization.objects.filter(code__in=["F001", "F002"])
    set_quotas(training_class=opened, seats=seats | {place.pk: 2 for place in own}, actor=actor)
    return transition(training_class=opened, to=ClassStatus.NOMINATING, actor=actor)


def _give_notice(opened: TrainingClass, actor: User) -> None:
    """Both classes that take nominations have a notice; 李干事 has confirmed one of them."""
    earlier = TrainingClass.objects.filter(status=ClassStatus.NOMINATING).exclude(pk=opened.pk)
    worker = User.objects.get(username="li")
    for row in earlier:
        notice = notices.begin_notice(training_class=row, actor=actor)
        notice = notices.publish_notice(notice=notice, actor=actor)
        notices.acknowledge_notice(notice=notice, actor=worker)
    notices.publish_notice(notice=notices.begin_notice(training_class=opened, actor=actor), actor=actor)


def _take_leave(teacher: User) -> None:
    """In a class that runs now one slip is approved and one waits."""
    running = TrainingClass.objects.running().filter(ends_on__gt=timezone.localdate() + dt.timedelta(days=1))
    people = list(
        Enrollment.objects.filter(training_class=running.order_by("starts_on", "pk").first())
        .filter(status=EnrollmentStatus.ENROLLED)
        .select_related("training_class")
        .order_by("pk")[1:3]
    )
    for number, held in enumerate(people):
        day = max(held.training_class.starts_on, timezone.localdate()) + dt.timedelta(days=1)
        leave = ask_class_leave(
            enrollment=held,
            starts_at=timezone.make_aware(dt.datetime.combine(day, dt.time(8))),
            ends_at=timezone.make_aware(dt.datetime.combine(day, dt.time(12 + 6 * number))),
            reason="参加公司项目验收，已安排同事代为记录。" if number else "陪同家人就医。",
            actor=None,
        )
        if number:
            decide_class_leave(leave=leave, approve=True, actor=teacher)


def _ask(actor: User, today: dt.date) -> int:
    """The needs of this year, most of them closed; those of the next are being asked."""
    data = content("needs")
    survey = needs.hold_survey(
        year=today.year,
        opens_on=dt.date(today.year - 1, 11, 1),
        closes_on=dt.date(today.year - 1, 12, 15),
        actor=actor,
    )
    fields = {row.code: row for row in NeedField.objects.all()}
    places = list(Organization.objects.active().filter(depth__gte=3).order_by("code")[:NEEDS])
    askers = {"F001": User.objects.get(username="zhang"), "F002": User.objects.get(username="li")}
    texts = [
        (code, f"{text}（{form}）")
        for form in data["forms"]
        for code, list_of in data["needs"].items()
        for text in list_of
    ][:NEEDS]
    rows = [
        Asked(fields[code], text, places[number % len(places)], askers.get(places[number % len(places)].code))
        for number, (code, text) in enumerate(texts)
    ]
    at = timezone.make_aware(dt.datetime.combine(survey.opens_on, dt.time(9)))
    made = needs.record_needs(survey=survey, rows=rows, actor=actor, at=at)
    _close(made, data["answers"], actor)
    needs.hold_survey(
        year=today.year + 1, opens_on=today, closes_on=today + dt.timedelta(days=30), actor=actor
    )
    return len(made)


def _close(made: list[TrainingNeed], answers: list[str], actor: User) -> None:
    """A few are merged, most are closed: with a class of the year, or in words."""
    needs.merge_needs(needs=made[:3], actor=actor)
    left = made[3:]
    closing = left[: int(len(made) * CLOSED_SHARE)]
    held = list(
        TrainingClass.objects.filter(status__in=[ClassStatus.CLOSED, ClassStatus.ARCHIVED]).order_by("pk")
    )
    for begin in range(0, len(closing), AT_ONCE):
        number = begin // AT_ONCE
        chunk = closing[begin : begin + AT_ONCE]
        if number % 2 and held:
            needs.close_needs(needs=chunk, kind="class", reference=held[number % len(held)].code, actor=actor)
        else:
            needs.close_needs(needs=chunk, kind="text", text=answers[number % len(answers)], actor=actor)
    needs.close_needs(needs=made[:1], kind="text", text=answers[0], actor=actor)
