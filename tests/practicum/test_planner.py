"""The timetable editor: what it shows, what it tries, what it saves, and in how many queries."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from enrollment.models import Message
from practicum.models import Blackout, CalendarDay, Occupation, Session
from tests.factories import practicum as make

pytestmark = pytest.mark.django_db

PLANNER, EVENTS = "practicum:planner", "practicum:planner_events"


@pytest.fixture
def session(training_class, room, lecturer):
    return make.session(title="移动的课", training_class=training_class, room=room, lecturer=lecturer)


def month(**chosen):
    return {"start": make.at(0).isoformat(), "end": make.at(0, days=42).isoformat(), **chosen}


def moved(client, session, *, days, hour=9, hours=3, **extra):
    start = make.at(hour, days=days)
    times = {"starts_at": start.isoformat(), "ends_at": (start + dt.timedelta(hours=hours)).isoformat()}
    return client.post(reverse("practicum:planner_move", args=[session.pk]), {**times, **extra})


def test_trying_says_who_where_and_when_and_writes_nothing(session, training_class, room, sign_in, zhao):
    client = sign_in(user=zhao)
    make.session(title="先到的课", room=room, starts_at=make.at(10, days=3))
    rows = list(Occupation.objects.order_by("pk").values_list("pk", "starts_at"))
    answer = moved(client, session, days=3, **{"try": "1"})
    assert answer.status_code == 200
    [told] = answer.json()["reasons"]
    assert "先到的课" in told
    assert room.name in told
    assert make.at(10, days=3).strftime("%Y-%m-%d %H:%M") in told
    free = moved(client, session, days=4, **{"try": "1"})
    assert (free.status_code, free.json()) == (200, {"reasons": []})
    assert list(Occupation.objects.order_by("pk").values_list("pk", "starts_at")) == rows
    session.refresh_from_db()
    assert session.starts_at == make.at(9, days=1)
    assert not Message.objects.exists()


def test_saving_moves_or_refuses(session, room, sign_in, zhao, zhang):
    client = sign_in(user=zhao)
    make.session(title="先到的课", room=room, starts_at=make.at(10, days=3))
    assert moved(client, session, days=3).status_code == 409
    assert moved(client, session, days=-1).status_code == 409
    assert moved(client, session, days=4, hours=1.5).status_code == 200
    session.refresh_from_db()
    assert timezone.localtime(session.starts_at) == make.at(9, days=4)
    # The new length counts by the rule again: an hour and a half at 45 minutes.
    assert session.quarters == 8
    assert [letter.kind for letter in Message.objects.filter(recipient=zhang)] == ["session_moved"]


def test_a_session_of_a_visit_or_one_that_began_stays(session, base, sign_in, zhao):
    from practicum.models import Visit, VisitBatch

    visit = Visit.objects.create(
        base=base, title="参访", starts_at=session.starts_at, ends_at=session.ends_at, headcount=1
    )
    batch = VisitBatch.objects.create(
        visit=visit,
        number=1,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        headcount=1,
        session=session,
    )
    client = sign_in(user=zhao)
    assert moved(client, session, days=4).status_code == 409
    shown = client.get(reverse("practicum:planner_session", args=[session.pk])).content.decode()
    assert '<button class="btn btn-primary">' not in shown
    batch.delete()
    Session.objects.filter(pk=session.pk).update(starts_at=timezone.now() - dt.timedelta(minutes=5))
    assert moved(client, session, days=4).status_code == 409


def test_the_form_moves_without_dragging_and_changes_the_room(session, sign_in, zhao):
    other = make.RoomFactory(name="二号教室")
    client, page = sign_in(user=zhao), reverse("practicum:planner_session", args=[session.pk])
    start = make.at(14, days=5)
    wanted = {
        "starts_at": f"{start:%Y-%m-%dT%H:%M}",
        "ends_at": f"{start + dt.timedelta(hours=3):%Y-%m-%dT%H:%M}",
        "room": other.pk,
        "lecturer": session.lecturer_id,
    }
    assert client.post(page, {**wanted, "try": "1"}).status_code == 200
    session.refresh_from_db()
    assert session.room != other
    assert client.post(page, {**wanted, "room": "", "lecturer": ""}).status_code == 409
    assert client.post(page, wanted).status_code == 302
    session.refresh_from_db()
    assert (session.room, session.starts_at) == (other, start)


def test_class_teachers_plan_their_class_and_nobody_else_comes_in(session, sign_in, wang, zhang):
    other = make.session(title="别的班", training_class=make.TrainingClassFactory())
    assert sign_in(user=zhang).get(reverse(PLANNER)).status_code == 403
    session.training_class.teacher = wang
    session.training_class.save()
    client = sign_in(user=wang)
    shown = [one["title"] for one in client.get(reverse(EVENTS), month()).json()["sessions"]]
    assert shown == ["移动的课"]
    assert moved(client, other, days=4).status_code == 404


def test_filters_closures_and_special_days(session, room, base, sign_in, zhao):
    make.session(title="别处")
    day = timezone.localdate() + dt.timedelta(days=6)
    Blackout.objects.create(room=room, starts_on=day, ends_on=day, reason="维修")
    Blackout.objects.create(base=base, starts_on=day, ends_on=day, reason="别的")
    CalendarDay.objects.create(day=day, name="示例调休", is_working=True)
    client = sign_in(user=zhao)
    shown = client.get(reverse(EVENTS), month(room=room.pk)).json()
    assert [one["title"] for one in shown["sessions"]] == ["移动的课"]
    assert [one["title"] for one in shown["closures"]] == ["维修"]
    assert shown["days"] == [{"title": "示例调休", "start": str(day), "working": True}]
    assert client.get(reverse(EVENTS), {"start": "x"}).status_code == 400
    far = {"start": make.at(0).isoformat(), "end": make.at(0, days=400).isoformat()}
    assert client.get(reverse(EVENTS), far).status_code == 400


def test_a_month_of_five_thousand_sessions_costs_as_many_queries_as_one(
    session, base, sign_in, zhao, django_assert_max_num_queries
):
    rooms = [make.RoomFactory() for _ in range(5)]
    start = make.at(0, days=1)
    Session.objects.bulk_create(
        Session(
            title=f"第{number}场",
            starts_at=start + dt.timedelta(minutes=7 * number),
            ends_at=start + dt.timedelta(minutes=7 * number + 45),
            training_class=session.training_class,
            lecturer=session.lecturer,
            hour_kind="classroom",
            **({"base": base} if number % 6 == 5 else {"room": rooms[number % 6]}),
        )
        for number in range(5000)
    )
    client = sign_in(user=zhao)
    with django_assert_max_num_queries(15) as counted:
        shown = client.get(reverse(EVENTS), month())
    assert len(shown.json()["sessions"]) == 5001
    Session.objects.exclude(pk=session.pk).delete()
    with django_assert_max_num_queries(len(counted.captured_queries)):
        client.get(reverse(EVENTS), month())
    with django_assert_max_num_queries(25):
        client.get(reverse(PLANNER))
