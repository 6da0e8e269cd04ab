"""What the practicum says before a class is closed."""

from __future__ import annotations

import pytest
from django.utils import timezone

from enrollment import closing
from practicum.actions import attendance, sessions
from practicum.actions.attendance import Attended
from practicum.models import Session
from tests.factories import practicum as make

pytestmark = pytest.mark.django_db


def missing(training_class):
    lines = {line.item.code: line for line in closing.checklist(training_class)}
    codes = [r.code for code in ("timetable", "attendance") for r in lines[code].checked.missing]
    return codes, lines["attendance"].url


def test_sessions_are_planned_held_settled_and_every_exception_decided(training_class, zhang, zhao):
    assert missing(training_class)[0] == ["class_without_sessions"]
    session = make.session(training_class=training_class)
    assert missing(training_class)[0] == ["class_sessions_to_come"]
    Session.objects.filter(pk=session.pk).update(starts_at=make.at(9, days=-1), ends_at=make.at(11, days=-1))
    session.refresh_from_db()
    codes, url = missing(training_class)
    assert codes == ["class_sessions_unsettled"]
    assert url == f"/practicum/sessions/{session.pk}/attendance/"
    came = Attended(session.pk, zhang.trainee.pk, session.starts_at)
    attendance.record_in_bulk(attended=[came])
    attendance.settle(session=session, now=timezone.now())
    codes, url = missing(training_class)
    assert codes == ["class_exceptions_open"]
    assert url == f"/practicum/sessions/{session.pk}/attendance/"
    attendance.correct(
        session=session,
        trainee=zhang.trainee,
        actor=zhao,
        reason_given="在场",
        now=timezone.now(),
        ruling="present",
    )
    assert missing(training_class)[0] == []


def test_a_cancelled_session_asks_for_nothing(training_class, zhao):
    session = make.session(training_class=training_class)
    sessions.cancel(session=session, reason_given="改期", actor=zhao)
    assert missing(training_class)[0] == ["class_without_sessions"]
