"""Hours that wait for somebody: external training, adjustments, branch activities; and a new secretary."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

from django.utils import timezone

from academy.demo import media
from academy.demo.accounts import LOOKED_AFTER
from academy.demo.plan import Plan
from cms.refusals import Refused
from enrollment.actions import claims
from enrollment.actions.branch import draw_activity, record_activity
from enrollment.actions.people import appoint
from enrollment.evidence import inspect
from enrollment.models import Appointment, BranchActivity, ExternalTraining, Post, Trainee, User

#: So long ago the branch elected: the first training is still within its time.
ELECTED_DAYS_AGO = 120


def load(plan: Plan, actor: User) -> None:
    """One claim of each state, and a change of secretary."""
    zhang = Trainee.objects.get(user__username="zhang")
    li = User.objects.get(username="li")
    assert zhang.user is not None
    picture = media.cover("培训结业证明", "skills", 7)
    approved = _send(zhang, zhang.user, "市级党员示范培训班", "市委党校", weeks=9, picture=picture)
    claims.decide(claim=approved, actor=li, approve=True, reason="证明齐全")
    _send(zhang, zhang.user, "行业协会党务研修", "市软件行业协会", weeks=1, picture=picture + b"\0")
    others = list(
        Trainee.objects.active()
        .filter(home_organization__code__in=LOOKED_AFTER[1:], appointments__post=Post.MEMBER)
        .order_by("pk")[:3]
    )
    if len(others) == 3:
        _send(others[0], li, "区委党校轮训", "区委党校", weeks=2, picture=picture)
        claims.propose_adjustment(
            trainee=others[1],
            title="上年度转入学时核补",
            reason="由外区转入，原单位出具学时证明，系统中无对应课程",
            year=timezone.localdate().year,
            quarters=16,
            submission_key="demo-adjustment",
            actor=li,
        )
        _elect(others[2], actor)
    _meet(zhang, li, actor)
    plan.say("claims of hours in every state, and a new secretary")


def _send(
    trainee: Trainee, sender: User, title: str, organizer: str, *, weeks: int, picture: bytes
) -> ExternalTraining:
    """Sent in by ``sender``: a Friday afternoon so many weeks ago, when nothing else is recorded."""
    today = timezone.localdate()
    friday = today - dt.timedelta(days=(today.weekday() - 4) % 7 + 7 * weeks)
    begins = timezone.make_aware(dt.datetime.combine(friday, dt.time(18, 30)))
    return claims.send_training(
        trainee=trainee,
        title=title,
        organizer=organizer,
        starts_at=begins,
        ends_at=begins + dt.timedelta(hours=3),
        unit=ExternalTraining.Unit.HALF_DAY,
        amount=Decimal(1),
        evidence=inspect(io.BytesIO(picture), len(picture)),
        evidence_name="结业证明.jpg",
        submission_key=f"demo-{trainee.pk}-{weeks}",
        actor=sender,
    )


def _meet(zhang: Trainee, li: User, actor: User) -> None:
    """A whole day at an exhibition, which waits for approval, and an evening that is drawn for a check."""
    organization = zhang.home_organization
    people = list(organization.members.active().order_by("pk"))
    for number, (title, weeks, hour, hours) in enumerate(
        [("赴区外红色教育基地参观学习", 3, 8, 9), ("学习贯彻全会精神专题党课", 4, 19, 2)]
    ):
        today = timezone.localdate()
        thursday = today - dt.timedelta(days=(today.weekday() - 3) % 7 + 7 * weeks)
        begins = timezone.make_aware(dt.datetime.combine(thursday, dt.time(hour)))
        try:
            recorded = record_activity(
                organization=organization,
                form=BranchActivity.Form.THEME_DAY if number == 0 else BranchActivity.Form.PARTY_LECTURE,
                title=title,
                starts_at=begins,
                ends_at=begins + dt.timedelta(hours=hours),
                attendees=people,
                submission_key=f"demo-meeting-{number}",
                place="党员活动室" if number else "区外基地",
                actor=li,
            )
        except Refused:
            continue  # one of them was in a class that evening
        if recorded.counts and recorded.check_state == BranchActivity.Check.NONE:
            draw_activity(activity=recorded, actor=actor)


def _elect(newcomer: Trainee, actor: User) -> None:
    """The branch elects a new secretary; the one before stays as a member."""
    day = timezone.localdate() - dt.timedelta(days=ELECTED_DAYS_AGO)
    held = (
        Appointment.objects.current()
        .filter(organization=newcomer.home_organization, post=Post.SECRETARY, started_on__lt=day)
        .select_related("trainee")
        .first()
    )
    if held is not None:
        appoint(trainee=held.trainee, post=Post.MEMBER, started_on=day, actor=actor)
    appoint(trainee=newcomer, post=Post.SECRETARY, started_on=day, actor=actor)
