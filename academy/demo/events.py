"""A lesson in which the timetable shows: 张学员's next live class, and a base that a class of 张学员's goes to."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from academy.demo.plan import Plan
from courses.actions.authoring import create_lesson
from courses.models import CoursePage
from enrollment.models import User
from practicum.models import BaseStatus, Session, SessionKind, TrainingBase

COURSE = "智能装备观摩"


def load(plan: Plan, actor: User) -> None:
    """Write the lesson behind the others of its course, once the year is in motion."""
    create_lesson(
        course=CoursePage.objects.get(title=COURSE),
        title="先听直播，再到现场",
        slug="live-then-visit",
        summary="示例：一次直播课讲清看什么，一次现场教学看到实物。",
        blocks=_blocks(User.objects.get(username="zhang")),
        minutes=20,
        actor=actor,
    )
    plan.say("A lesson with a live class and a base visit")


def _blocks(reader: User) -> list[dict[str, Any]]:
    coming = Session.objects.attended_by(reader).standing().filter(starts_at__gt=timezone.now())
    live = coming.filter(kind=SessionKind.LIVE).first() or coming.first()
    visit = coming.filter(base__isnull=False).select_related("base").first()
    base = visit.base if visit else TrainingBase.objects.active().first()
    suspended = TrainingBase.objects.filter(status=BaseStatus.SUSPENDED).first()
    blocks: list[dict[str, Any] | None] = [
        {"type": "heading", "value": "第一步：听直播，带着问题来"},
        {
            "type": "paragraph",
            "value": "<p>直播课用一个半小时讲清一条示例产线由哪些单元组成，以及现场最值得看的三个环节。听之前先写下两个想问的问题。</p>",
        },
        live and {"type": "live_class", "value": {"session": live.pk, "note": "直播与本课内容配套。"}},
        {"type": "heading", "value": "第二步：到实训基地看实物"},
        {
            "type": "paragraph",
            "value": "<p>现场教学按批次进行，每批由讲解员带队。进车间前听安全说明，按基地规定拍照。</p>",
        },
        base and {"type": "base_visit", "value": {"base": base.pk, "note": "本课对应的示例基地。"}},
        suspended and {"type": "base_visit", "value": {"base": suspended.pk, "note": "备选基地。"}},
        {"type": "heading", "value": "第三步：写一页观摩报告"},
        {
            "type": "paragraph",
            "value": "<p>回来后三天内写一页报告：看到了什么，和直播里讲的有何不同，本企业可以先改哪一处。</p>",
        },
    ]
    return [block for block in blocks if block]
