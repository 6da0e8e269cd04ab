"""A lecturer falls ill, a vehicle breaks down, a room is shut: what that strands is settled one by one."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from academy.waiting import waiting_for
from cms.refusals import Refused
from enrollment.letters import letter
from practicum.actions import stand_ins, visits
from practicum.models import Blackout, Occupation, Session, SessionStatus
from tests.factories import practicum as make

pytestmark = pytest.mark.django_db


def closed(days=1, until=None, **thing):
    first = make.at(0, days=days).date()
    last = make.at(0, days=until if until is not None else days).date()
    return Blackout.objects.create(starts_on=first, ends_on=last, reason="示例原因", **thing)


def settle(session, closure, substitute, actor=None):
    return stand_ins.stand_in(
        session=session, closure=closure, substitute=substitute, actor=actor, now=timezone.now()
    )


def refused_with(code, act):
    with pytest.raises(Refused) as caught:
        act()
    assert caught.value.code == code


def words(user, kind):
    message = user.inbox.get(kind=kind)
    return letter(message.kind, message.context, "en")


def stranded():
    return set(Session.objects.stranded(timezone.now()))


def test_a_closure_strands_what_needs_the_thing_on_its_days_and_nothing_else(lecturer, room, zhao):
    taught = make.session(lecturer=lecturer, title="有课")
    make.session(lecturer=lecturer, starts_at=make.at(9, days=5))
    called_off = make.session(lecturer=lecturer, starts_at=make.at(14, days=1))
    make.session(lecturer=make.LecturerFactory())
    in_room = make.session(room=room, starts_at=make.at(9, days=3))
    Session.objects.filter(pk=called_off.pk).update(status=SessionStatus.CANCELLED)
    assert stranded() == set()
    closed(lecturer=lecturer, days=0, until=2)
    assert stranded() == {taught}
    closed(room=room, days=3)
    closed(room=make.RoomFactory(), days=1)
    assert stranded() == {taught, in_room}
    assert {row.kind.code: row.count for row in waiting_for(zhao)}["held_up"] == 2


def test_another_lecturer_takes_over_and_everybody_is_told(lecturer, training_class, zhang, chen, zhao):
    session = make.session(lecturer=lecturer, training_class=training_class)
    closure, other = closed(lecturer=lecturer), make.LecturerFactory(name="王讲师")
    settle(session, closure, other, zhao)
    session.refresh_from_db()
    assert session.lecturer == other
    assert set(
        Occupation.objects.filter(session=session, resource_type="lecturer").values_list(
            "resource_id", flat=True
        )
    ) == {other.pk}
    assert stranded() == set()
    for person in (zhang, chen):
        told = words(person, "session_moved")
        assert "王讲师" in told.subject
        assert "陈讲师" in told.body
    refused_with("not_stranded", lambda: settle(session, closure, make.LecturerFactory()))


def test_who_is_taken_or_closed_does_not_stand_in(lecturer, room):
    session, closure = make.session(lecturer=lecturer), closed(lecturer=lecturer)
    busy, ill = make.LecturerFactory(), make.LecturerFactory()
    make.session(lecturer=busy, title="别的课")
    closed(lecturer=ill)
    for substitute, code in (
        (busy, "occupied"),
        (ill, "blacked_out"),
        (lecturer, "still_closed"),
        (room, "not_stranded"),
    ):
        refused_with(code, lambda one=substitute: settle(session, closure, one))
    session.refresh_from_db()
    assert session.lecturer == lecturer


def test_a_visit_rides_in_another_vehicle(base, zhao, training_class):
    broken, other, kept = (make.VehicleFactory() for _ in range(3))
    visit = visits.schedule_visit(
        base=base,
        training_class=training_class,
        title="示例参访",
        starts_at=make.at(9, days=3),
        ends_at=make.at(11, days=3),
        actor=zhao,
        now=timezone.now(),
        vehicles=[broken, kept],
    )
    session = Session.objects.get(visit_batch__visit=visit)
    closure = closed(vehicle=broken, days=3)
    refused_with(
        "session_of_a_visit",
        lambda: stand_ins.call_off(
            session=session, closure=closure, actor=zhao, now=timezone.now(), reason_given="故障"
        ),
    )
    settle(session, closure, other, zhao)
    assert set(visit.vehicles.all()) == set(session.vehicles.all()) == {other, kept}
    assert stranded() == set()


def test_on_the_page_a_room_is_changed_and_a_session_called_off(room, training_class, zhang, zhao, sign_in):
    moved = make.session(room=room, training_class=training_class, title="甲课")
    off = make.session(room=room, training_class=training_class, title="乙课", starts_at=make.at(14, days=1))
    client = sign_in(user=zhao)
    form = {
        "room": room.pk,
        "reason": "漏水",
        "starts_on": make.at(0).date(),
        "ends_on": make.at(0, days=1).date(),
    }
    answer = client.post(reverse("practicum_closures:add"), form)
    closure = Blackout.objects.get()
    page = reverse("practicum:closure", args=[closure.pk])
    assert answer["Location"] == page
    for address in (page, reverse("practicum:closures")):
        text = client.get(address).content.decode()
        assert "甲课" in text
        assert "漏水" in text
    small, other = make.RoomFactory(capacity=1), make.RoomFactory(name="备用教室")
    address = reverse("practicum:closure_session", args=[closure.pk, moved.pk])
    assert client.post(address, {"substitute": ""}).status_code == 422
    assert client.post(address, {"substitute": small.pk}).status_code == 409
    assert client.post(address, {"substitute": other.pk})["Location"] == page
    assert "备用教室" in words(zhang, "session_moved").body
    address = reverse("practicum:closure_session", args=[closure.pk, off.pk])
    client.post(address, {"call_off": "1", "reason": "漏水"})
    off.refresh_from_db()
    assert off.is_cancelled
    assert zhang.inbox.filter(kind="session_cancelled").count() == 1
    assert "乙课" not in client.get(page).content.decode()


def test_a_teacher_settles_the_own_class_only(lecturer, training_class, chen, sign_in):
    closure = closed(lecturer=lecturer)
    page = reverse("practicum:closure", args=[closure.pk])
    client = sign_in(user=chen)
    assert client.get(page).status_code == 404
    type(training_class).objects.filter(pk=training_class.pk).update(teacher=chen)
    Blackout.objects.all().delete()
    make.session(lecturer=lecturer, training_class=training_class)
    closure = closed(lecturer=lecturer)
    assert client.get(reverse("practicum:closure", args=[closure.pk])).status_code == 200


def test_the_list_costs_the_same_for_many(lecturer, room, zhao, sign_in, django_assert_max_num_queries):
    client, page = sign_in(user=zhao), reverse("practicum:closures")
    for day in range(1, 8):
        make.session(lecturer=lecturer, room=room, starts_at=make.at(9, days=day))
    closed(lecturer=lecturer, until=1)
    client.get(page)
    with django_assert_max_num_queries(8):
        client.get(page)
    closed(room=room, until=9)
    closed(lecturer=lecturer, days=2, until=9)
    with django_assert_max_num_queries(8):
        assert client.get(page).content.decode().count("/sessions/") == 14
