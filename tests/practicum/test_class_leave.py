"""What a slip of a class does to attendance, before and after a session is settled."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.class_leave import ask_class_leave, decide_class_leave
from enrollment.models import ClassLeave, Enrollment
from enrollment.presence import tallies_of
from enrollment.rules.class_policy import Tally
from practicum.actions import attendance
from practicum.models import Attendance
from practicum.views.staff import roll
from tests.factories import practicum as make

pytestmark = pytest.mark.django_db


def slip(training_class, person, *, days, actor):
    """A slip for the whole of a day; asked for while it was to come."""
    held = Enrollment.objects.get(training_class=training_class, trainee=person)
    return ClassLeave.objects.create(
        enrollment=held, starts_at=make.at(0, days=days), ends_at=make.at(23, days=days), reason="出差"
    )


def held(training_class, *, days):
    ahead = 10 - days
    session = make.session(
        training_class=training_class, starts_at=make.at(9, days=ahead), ends_at=make.at(11, days=ahead)
    )
    type(session).objects.filter(pk=session.pk).update(
        starts_at=make.at(9, days=days), ends_at=make.at(11, days=days)
    )
    session.refresh_from_db()
    return session


def statuses(session):
    return dict(Attendance.objects.filter(session=session).values_list("trainee__name", "status"))


def test_approved_leave_excuses_whatever_is_held_in_it(training_class, zhao):
    people = {row.trainee.name: row.trainee for row in training_class.enrollments.select_related("trainee")}
    away = slip(training_class, people["张学员"], days=-1, actor=zhao)
    decide_class_leave(leave=away, approve=True, actor=zhao)
    inside, outside = held(training_class, days=-1), held(training_class, days=-2)
    attendance.settle_in_bulk(sessions=[inside, outside], now=timezone.now(), actor=None)
    assert statuses(inside) == {"张学员": "on_leave", "王书记": "absent"}
    assert statuses(outside) == {"张学员": "absent", "王书记": "absent"}
    assert tallies_of(training_class) == {
        people["张学员"].pk: Tally(2, absent=1, on_leave=1),
        people["王书记"].pk: Tally(2, absent=2),
    }


def test_leave_decided_after_the_session_was_settled_judges_it_again(
    training_class, zhao, zhang, django_capture_on_commit_callbacks
):
    session = held(training_class, days=-1)
    attendance.settle(session=session, now=timezone.now())
    assert statuses(session)["张学员"] == "absent"
    with django_capture_on_commit_callbacks(execute=True):
        decide_class_leave(
            leave=slip(training_class, zhang.trainee, days=-1, actor=zhao), approve=True, actor=zhao
        )
    assert statuses(session) == {"张学员": "on_leave", "王书记": "absent"}


def test_the_roll_shows_it_before_the_session(training_class, zhao, zhang):
    session = make.session(training_class=training_class)
    enrollment = training_class.enrollments.get(trainee=zhang.trainee)
    asked = ask_class_leave(
        enrollment=enrollment,
        starts_at=make.at(8, days=1),
        ends_at=make.at(10, days=1),
        reason="出差",
        actor=zhang,
    )
    assert {line.trainee.name: line.status for line in roll(session)}["张学员"] == "expected"
    decide_class_leave(leave=asked, approve=True, actor=zhao)
    assert {line.trainee.name: line.status for line in roll(session)} == {
        "张学员": "on_leave",
        "王书记": "expected",
    }


@pytest.fixture
def planned(training_class):
    """Three sessions to come on three days."""
    return [
        make.session(
            title=f"第{days}课",
            training_class=training_class,
            starts_at=make.at(9, days=days),
            ends_at=make.at(11, days=days),
        )
        for days in (1, 2, 3)
    ]


def place_of(training_class, user):
    return Enrollment.objects.get(training_class=training_class, trainee=user.trainee)


def test_leave_from_chosen_sessions_excuses_those_wherever_they_are_moved(
    training_class, planned, zhang, zhao
):
    first, second, third = planned
    leave = ask_class_leave(
        enrollment=place_of(training_class, zhang),
        sessions=[third.pk, first.pk],
        reason="出差",
        actor=zhang,
    )
    assert (leave.starts_at, leave.ends_at, leave.minutes) == (first.starts_at, third.ends_at, 240)
    assert [part.title for part in leave.parts.all()] == ["第1课", "第3课"]
    decide_class_leave(leave=leave, approve=True, actor=zhao)
    # Moved to other days it is still the first that is excused, and the second is not.
    for session, days in ((first, -2), (second, -3), (third, -1)):
        type(session).objects.filter(pk=session.pk).update(
            starts_at=make.at(9, days=days), ends_at=make.at(11, days=days)
        )
        session.refresh_from_db()
    attendance.settle_in_bulk(sessions=planned, now=timezone.now(), actor=None)
    assert [statuses(session)["张学员"] for session in planned] == ["on_leave", "absent", "on_leave"]
    assert statuses(first)["王书记"] == "absent"


def test_a_session_is_asked_for_once(training_class, planned, zhang):
    held_by = place_of(training_class, zhang)
    ask_class_leave(enrollment=held_by, sessions=[planned[0].pk], reason="出差", actor=zhang)
    with pytest.raises(Refused, match="leave_overlaps"):
        ask_class_leave(
            enrollment=held_by, sessions=[planned[0].pk, planned[1].pk], reason="出差", actor=zhang
        )
    ask_class_leave(enrollment=held_by, sessions=[planned[1].pk], reason="出差", actor=zhang)


def test_sessions_are_ticked_on_the_page_and_stand_on_the_slip(training_class, planned, zhang, zhao, sign_in):
    url = reverse("enrollment:class_leave", args=[training_class.pk])
    client = sign_in(user=zhang)
    assert "第2课" in client.get(url).content.decode()
    data = {"kind": "personal", "reason": "出差"}
    assert client.post(url, data).status_code == 422
    assert client.post(url, data | {"sessions": [planned[1].pk, 4711]}).status_code == 422
    assert client.post(url, data | {"sessions": [planned[1].pk]}).status_code == 302
    leave = ClassLeave.objects.get()
    for way in ("form", "form_print", "form_xlsx"):
        answer = sign_in(user=zhao).get(reverse(f"forms:{way}", args=["class-leave-slip", leave.pk]))
        assert answer.status_code == 200
        if way != "form_xlsx":
            assert "第2课" in answer.content.decode()
