"""What trainees wrote themselves: reflections in each state and questions, for 陈讲师 to read."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone

from academy.demo.plan import Plan, content
from cms.pictures import redraw
from courses.actions import discussion, reflections
from courses.actions.authoring import create_lesson
from courses.actions.progress import open_lesson
from courses.models import CoursePage, LessonPage, Reflection
from courses.models.outlines import catalogue
from enrollment.models import Trainee, User

#: The course whose last lesson asks for a reflection, in a module of 陈讲师.
COURSE = "chanye-dangjianlian"
#: The course about whose first lesson questions are asked, in another of their modules.
ASKED_ABOUT = "zhibu-gongzuo-shouce"
#: So many more people have handed theirs in.
OTHERS = 5


def load(plan: Plan, actor: User, instructor: User) -> None:
    """A lesson that asks for a reflection, and reflections that wait, came back and were accepted."""
    data = content("reflections")
    course = CoursePage.objects.select_related("cover").get(slug=COURSE)
    lesson = create_lesson(
        course=course,
        title=data["title"],
        slug="xinde",
        summary=data["summary"],
        blocks=data["blocks"],
        minutes=30,
        rule="reflect",
        reflection_task=data["task"],
        actor=actor,
    )
    now = timezone.now()
    people = {name: User.objects.get(username=name) for name in ("zhang", "wang", "li")}
    returned = _hand_in(people["zhang"], lesson, data["texts"][0], now - dt.timedelta(days=4), course)
    reflections.hand_back(
        reflection=returned,
        number=1,
        actor=instructor,
        comment=data["comments"][0],
        now=now - dt.timedelta(days=2),
    )
    _hand_in(people["wang"], lesson, data["texts"][1], now - dt.timedelta(days=1))
    accepted = _hand_in(people["li"], lesson, data["texts"][2], now - dt.timedelta(days=6))
    reflections.accept(
        reflection=accepted,
        number=1,
        actor=instructor,
        comment=data["comments"][1],
        now=now - dt.timedelta(days=3),
    )
    others = (
        Trainee.objects.active()
        .filter(user__isnull=False)
        .exclude(user__in=people.values())
        .select_related("user")
        .order_by("pk")[:OTHERS]
    )
    for number, trainee in enumerate(others):
        assert trainee.user is not None
        text = data["texts"][number % len(data["texts"])]
        _hand_in(trainee.user, lesson, text, now - dt.timedelta(hours=5 + 7 * number))
    _ask(data["questions"], {**people, "chen": instructor}, now)
    plan.say(f"{3 + OTHERS} reflections handed in")


def _ask(questions: list[dict[str, Any]], people: dict[str, User], now: dt.datetime) -> None:
    """Questions about the first lesson of a course: one answered, one that waits."""
    lesson = catalogue().courses_by_slug[ASKED_ABOUT].lessons[0]
    for row in questions:
        asked_at = now - dt.timedelta(hours=row["hours_ago"])
        question = discussion.ask(
            user=people[row["by"]],
            lesson=lesson,
            text=row["text"],
            key=uuid.uuid4(),
            at_seconds=row["at_seconds"],
            now=asked_at,
        )
        for number, reply in enumerate(row["replies"], 1):
            said = discussion.reply(
                question=question,
                user=people[reply["by"]],
                text=reply["text"],
                key=uuid.uuid4(),
                now=asked_at + dt.timedelta(hours=2 * number),
            )
        if row["replies"]:
            discussion.accept(reply=said, actor=people[row["by"]], now=said.written_at)


def _hand_in(
    user: User, page: LessonPage, text: str, now: dt.datetime, with_cover_of: CoursePage | None = None
) -> Reflection:
    held = catalogue()
    lesson = held.lessons[page.pk]
    open_lesson(user=user, course=held.courses[lesson.course_pk], lesson=lesson, now=now)
    pictures = []
    if with_cover_of is not None and with_cover_of.cover is not None:
        with with_cover_of.cover.file.open("rb") as drawn:
            pictures = [redraw(drawn, name="cover")]
    return reflections.hand_in(
        user=user, lesson_id=page.pk, text=text, key=uuid.uuid4(), pictures=pictures, now=now
    ).reflection
