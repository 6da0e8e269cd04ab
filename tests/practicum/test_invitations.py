"""Invitations by mail (RFC 5545/5546), read back by two libraries: REQUEST, update, CANCEL."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import icalendar
import pytest
import vobject
from django.core import mail
from django.utils import timezone

from enrollment.actions.messages import choose, send_due
from practicum.actions import bookings, releases, sessions
from practicum.actions.plans import plan_of
from practicum.models import CalendarInvitation
from tests.factories import practicum as make
from tests.factories.practicum import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailed(zhang):
    """张学员 by mail at once: the calendar files sent since the last call."""
    zhang.email = "zhang@academy.example"
    zhang.save()
    choose(
        user=zhang,
        channels_by_group={"schedule": ["email"]},
        quiet_from=dt.time(0),
        quiet_until=dt.time(0),
        digest="at_once",
    )

    def sent():
        send_due()
        files = [one for message in mail.outbox for one in message.attachments]
        mail.outbox.clear()
        return [(file[1], file[2]) for file in files]

    return sent


def read(body):
    """The same event by both libraries: method, identity, sequence, status, local begin."""
    calendar = icalendar.Calendar.from_ical(body)
    event = calendar.walk("VEVENT")[0]
    ours = (
        str(calendar["METHOD"]),
        str(event["UID"]),
        int(event["SEQUENCE"]),
        str(event["STATUS"]),
        event["DTSTART"].dt,
    )
    other = vobject.readOne(body)
    theirs = (
        other.method.value,
        other.vevent.uid.value,
        int(other.vevent.sequence.value),
        other.vevent.status.value,
        other.vevent.dtstart.value,
    )
    assert ours[:4] == theirs[:4]
    assert ours[4] == theirs[4]
    assert ours[4].utcoffset() == theirs[4].utcoffset() == dt.timedelta(hours=8)
    assert str(calendar.walk("VTIMEZONE")[0]["TZID"]) == other.vtimezone.tzid.value == "Asia/Shanghai"
    assert event["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert str(event["ATTENDEE"]) == other.vevent.attendee.value == "mailto:zhang@academy.example"
    assert str(event["ORGANIZER"]).startswith("mailto:")
    return ours


def test_a_seat_is_requested_updated_and_cancelled_in_the_calendar(zhang, mailed):
    session = make.session(
        title="示例开放日", seats=5, is_open=True, starts_at=at(9, days=9), ends_at=at(11, days=9)
    )
    bookings.book(session=session, trainee=zhang.trainee, now=timezone.now(), actor=zhang)
    ((body, mimetype),) = mailed()
    assert mimetype == "text/calendar; method=REQUEST"
    request = read(body)
    assert request[0] == "REQUEST"
    assert request[4] == session.starts_at
    sessions.reschedule(
        session=session,
        plan=replace(plan_of(session), starts_at=at(14, days=9), ends_at=at(16, days=9)),
        actor=None,
    )
    update = read(mailed()[0][0])
    bookings.give_back(session=session, trainee=zhang.trainee, now=timezone.now(), actor=zhang)
    given_back = read(mailed()[0][0])
    bookings.book(session=session, trainee=zhang.trainee, now=timezone.now(), actor=zhang)
    again = read(mailed()[0][0])
    session.refresh_from_db()
    sessions.cancel(session=session, actor=None, reason_given="基地检修")
    ((body, mimetype),) = mailed()
    cancelled = read(body)
    assert mimetype == "text/calendar; method=CANCEL"
    steps = [request, update, given_back, again, cancelled]
    assert [step[0] for step in steps] == ["REQUEST", "REQUEST", "CANCEL", "REQUEST", "CANCEL"]
    assert len({step[1] for step in steps}) == 1
    numbers = [step[2] for step in steps]
    assert numbers == sorted(set(numbers))
    assert update[4] == at(14, days=9)
    assert cancelled[3] == "CANCELLED"


def test_a_release_is_one_mail_with_a_file_for_each_session(training_class, zhang, mailed):
    days = (3, 4)
    changes = [
        releases.draft_new(
            plan=make.plan(title=f"课{day}", training_class=training_class, starts_at=at(9, days=day)),
            actor=None,
        )
        for day in days
    ]
    releases.release(changes=changes, now=timezone.now(), actor=None)
    send_due()
    assert len(mail.outbox) == 1
    files = mailed()
    assert [read(body)[0] for body, _kind in files] == ["REQUEST", "REQUEST"]


def test_a_mail_that_was_delayed_says_how_things_are_now(training_class, zhang, mailed):
    change = releases.draft_new(
        plan=make.plan(title="课", training_class=training_class, starts_at=at(9, days=3)), actor=None
    )
    made = releases.release(changes=[change], now=timezone.now(), actor=None)
    session = made.changes.get().session
    sessions.cancel(session=session, actor=None, reason_given="讲师生病")
    assert {read(body)[0] for body, _kind in mailed()} == {"CANCEL"}


def test_nobody_is_sent_the_end_of_what_was_never_sent(training_class, zhang, mailed):
    session = make.session(training_class=training_class, starts_at=at(9, days=3))
    sessions.cancel(session=session, actor=None, reason_given="讲师生病")
    assert mailed() == []
    assert not CalendarInvitation.objects.exists()
