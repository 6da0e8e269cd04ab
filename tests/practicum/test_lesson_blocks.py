"""Live classes and bases inside lessons: what each reader sees, what it costs, and how archives name them."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cms import offered_blocks
from courses.actions.packing import pack
from courses.actions.unpacking import unpack
from courses.models import LessonPage
from courses.models.outlines import catalogue
from courses.reports.texts import body_of
from enrollment.models import User
from practicum.actions import sessions
from practicum.models import BaseStatus, Session, SessionMode, Suspension, SuspensionParty, TrainingBase
from tests.factories import courses as school
from tests.factories import practicum as make

pytestmark = pytest.mark.django_db

ROOM = "https://live.academy.example/room"


def live(session: Session | None) -> dict[str, Any]:
    return {"type": "live_class", "value": {"session": session.pk if session else None, "note": "配套直播"}}


def visit(base: TrainingBase) -> dict[str, Any]:
    return {"type": "base_visit", "value": {"base": base.pk, "note": ""}}


def shown(page: LessonPage, reader: Any) -> str:
    return str(body_of(catalogue().lessons[page.pk], reader))


@pytest.fixture
def online(training_class: Any) -> Session:
    return make.session(
        title="示例直播", training_class=training_class, mode=SessionMode.ONLINE, online_url=ROOM
    )


def test_each_reader_sees_the_live_class_as_it_stands_for_them(
    online: Session, zhang: User, zhao: User, outsider: User
) -> None:
    page = school.lesson(school.course(), blocks=[*school.TEXT, live(online)])
    assert shown(page, zhang).count(ROOM) == 1
    assert "您在名单中" in shown(page, zhang)
    assert reverse("practicum:session_calendar", args=[online.pk]) in shown(page, zhang)
    assert "您不在名单中" in shown(page, zhao)
    strange = shown(page, outsider)
    assert "示例直播" not in strange
    assert ROOM not in strange
    assert "配套直播" in strange
    # The text is kept for all; what became of the session is seen at once.
    sessions.cancel(session=online, reason_given="讲师请假", actor=None)
    assert "本次直播课已取消。 讲师请假" in shown(page, zhang)
    assert ROOM not in shown(page, zhang)


def test_a_base_with_the_next_visits_of_ones_classes(
    base: TrainingBase, training_class: Any, zhang: User, outsider: User
) -> None:
    for days in range(1, 6):
        make.session(training_class=training_class, base=base, starts_at=make.at(9, days=days))
    page = school.lesson(school.course(), blocks=[visit(base)])
    assert shown(page, zhang).count("/sessions/") == 3
    assert "/sessions/" not in shown(page, outsider)
    assert reverse("practicum:base", args=[base.code]) in shown(page, outsider)
    until = make.at(9, days=20).date()
    Suspension.objects.create(
        base=base, party=SuspensionParty.BASE, reason="检修", begun_on=make.at(9).date(), ends_on=until
    )
    TrainingBase.objects.filter(pk=base.pk).update(status=BaseStatus.SUSPENDED)
    assert "前暂停接待" in shown(page, outsider)
    TrainingBase.objects.filter(pk=base.pk).update(status=BaseStatus.DRAFT)
    assert base.name not in shown(page, outsider)


def cost(client: Client, page: LessonPage) -> int:
    url = catalogue().lessons[page.pk].url
    client.get(url)
    with CaptureQueriesContext(connection) as spent:
        assert client.get(url).status_code == 200
    return len(spent)


def test_many_blocks_cost_as_few_queries_as_one_of_each(
    client: Client, training_class: Any, zhang: User
) -> None:
    def blocks(days: range) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for day in days:
            base = make.TrainingBaseFactory()
            start = make.at(9, days=day)
            make.session(training_class=training_class, base=base, starts_at=start)
            other = make.session(training_class=training_class, starts_at=start + dt.timedelta(hours=5))
            found += [live(other), visit(base)]
        return found

    course = school.course()
    few, many = (
        school.lesson(course, blocks=blocks(range(1, 2))),
        school.lesson(course, blocks=blocks(range(2, 6))),
    )
    client.force_login(zhang)
    assert cost(client, few) == cost(client, many) == 7


def test_an_archive_names_them_and_says_them_where_they_are_not_known(
    online: Session, base: TrainingBase, chen: User
) -> None:
    module = school.module(chen)
    page = school.lesson(school.course(module=module), blocks=[*school.TEXT, live(online), visit(base)])
    with pack(page=page.get_parent().specific) as packed:
        raw = packed.read()

    def bring() -> Any:
        done = unpack(file=io.BytesIO(raw), name="a.zip", module=module, publishes=True)
        cache.clear()
        return done

    assert bring().changed == 0
    page.refresh_from_db()
    assert page.body[2].value["session"] == online
    assert page.body[3].value["base"] == base
    # Another academy has neither: they become words, and coming again changes nothing.
    Session.objects.filter(pk=online.pk).update(uid=uuid.uuid4())
    TrainingBase.objects.filter(pk=base.pk).update(code="elsewhere")
    assert bring().changed == 1
    page.refresh_from_db()
    assert [child.block_type for child in page.body] == ["heading", "paragraph", "paragraph", "paragraph"]
    assert "示例直播" in str(page.body[2].value)
    assert base.name in str(page.body[3].value)
    assert bring().changed == 0


def test_a_block_of_an_app_that_is_not_installed_becomes_its_words() -> None:
    stream = LessonPage._meta.get_field("body").stream_block
    strange = {"type": "scorm", "value": {"package": "key", "words": "<b>课件包</b>"}, "id": "1"}
    silent = {"type": "scorm", "value": {"package": "key"}}
    empty = {"type": "live_class", "value": {"session": None, "note": "", "words": ""}}
    assert offered_blocks.known_here(stream, [strange, silent, empty]) == [
        {"type": "paragraph", "value": "<p>&lt;b&gt;课件包&lt;/b&gt;</p>", "id": "1"},
        silent,
    ]


def test_offering_ends_when_lessons_have_been_read() -> None:
    assert LessonPage._meta.get_field("body").stream_block.child_blocks["live_class"]
    with pytest.raises(RuntimeError, match="late_block"):
        offered_blocks.offer("late_block", offered_blocks.ReaderBlock)


def test_one_session_for_a_calendar(client: Client, online: Session, zhang: User, outsider: User) -> None:
    url = reverse("practicum:session_calendar", args=[online.pk])
    client.force_login(zhang)
    body = client.get(url).content.decode()
    assert f"UID:session-{online.uid}@academy" in body
    assert body.count("BEGIN:VEVENT") == 1
    client.force_login(outsider)
    assert client.get(url).status_code == 404
