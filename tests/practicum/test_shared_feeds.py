"""Calendars of a class, base, room and lecturer: read by two libraries, secret, revocable."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import icalendar
import pytest
import vobject
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from practicum.actions import feeds, sessions
from practicum.models import FEED_OF, SharedFeed
from tests.factories import practicum as make
from tests.factories.practicum import at, plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def things(training_class, room, base, lecturer):
    """One of each that a calendar may be of."""
    return {"training_class": training_class, "room": room, "base": base, "lecturer": lecturer}


def share(kind, thing) -> str:
    feed = feeds.share(kind=kind, thing=thing, actor=None, now=timezone.now())
    return reverse("practicum:shared_ics", args=[feed.token])


def events(url: str) -> dict[str, icalendar.Event]:
    """The events by title, the same in the eyes of both libraries."""
    answer = Client().get(url)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/calendar")
    found = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    other = vobject.readOne(BytesIO(answer.content).read().decode())
    theirs = {
        one.uid.value: (one.summary.value, one.status.value, one.dtstart.value, int(one.sequence.value))
        for one in getattr(other, "vevent_list", [])
    }
    ours = {
        str(one["UID"]): (str(one["SUMMARY"]), str(one["STATUS"]), one["DTSTART"].dt, one["SEQUENCE"])
        for one in found
    }
    assert ours == theirs
    return {str(one["SUMMARY"]): one for one in found}


@pytest.mark.parametrize("kind", FEED_OF)
def test_a_calendar_holds_what_is_its_own_and_follows_it(
    kind, things, training_class, room, lecturer
) -> None:
    place = {"base": things["base"]} if kind == "base" else {"room": room}
    details = {"training_class": training_class, "lecturer": lecturer, **place}
    session = make.session(title="示例课", starts_at=at(9, days=3), **details)
    make.session(title="别处的课", starts_at=at(9, days=3))
    url = share(kind, things[kind])
    first = events(url)
    assert list(first) == ["示例课"]
    assert (first["示例课"]["SEQUENCE"], str(first["示例课"]["STATUS"])) == (0, "CONFIRMED")
    assert first["示例课"]["DTSTART"].params["TZID"] == "Asia/Shanghai"
    moved_to = at(14, days=3)
    sessions.reschedule(session=session, plan=plan(title="示例课", starts_at=moved_to, **details), actor=None)
    moved = events(url)["示例课"]
    assert (moved["UID"], moved["SEQUENCE"], moved["DTSTART"].dt) == (first["示例课"]["UID"], 1, moved_to)
    sessions.cancel(session=session, actor=None, reason_given="讲师生病")
    gone = events(url)["示例课"]
    assert (gone["UID"], gone["SEQUENCE"], str(gone["STATUS"])) == (first["示例课"]["UID"], 2, "CANCELLED")
    assert "讲师生病" in gone["DESCRIPTION"]


def test_a_calendar_names_no_trainee(training_class, room, zhang) -> None:
    make.session(title="示例课", training_class=training_class, room=room, starts_at=at(9, days=3))
    assert zhang.trainee.name not in Client().get(share("training_class", training_class)).content.decode()


def test_a_new_address_ends_the_old_one(base, zhao, sign_in) -> None:
    old = share("base", base)
    page = reverse("practicum:shared_feed", args=["base", base.pk])
    client = sign_in(user=zhao)
    client.post(page, {"share": "1"})
    new = reverse("practicum:shared_ics", args=[SharedFeed.objects.standing().get().token])
    assert new in client.get(page).content.decode()
    assert Client().get(old).status_code == 404
    assert Client().get(new).status_code == 200
    client.post(page, {"withdraw": "1"})
    assert Client().get(new).status_code == 404
    assert new not in client.get(page).content.decode()
    assert ModelLogEntry.objects.filter(action="practicum.revoke_feed").count() == 2


def test_each_hands_out_what_they_run_and_nothing_else(things, everyone, sign_in) -> None:
    things["training_class"].teacher = everyone["wang"]
    things["training_class"].save()
    may = {
        "training_class": {"wang", "zhao"},
        "base": {"sun", "zhao"},
        "room": {"zhao"},
        "lecturer": {"chen", "zhao"},
    }
    for kind in FEED_OF:
        page = reverse("practicum:shared_feed", args=[kind, things[kind].pk])
        for name, user in everyone.items():
            client = sign_in(user=user)
            status = 200 if name in may[kind] else 404
            assert client.get(page).status_code == status, (kind, name)
            if status == 404:
                assert client.post(page, {"share": "1"}).status_code == 404
            listed = page in client.get(reverse("practicum:shared_feeds")).content.decode()
            assert listed == (name in may[kind]), (kind, name)
    assert not SharedFeed.objects.exists()
    wrong = reverse("practicum:shared_feed", args=["vehicle", 1])
    assert sign_in(user=everyone["zhao"]).get(wrong).status_code == 404


def test_what_a_calendar_costs_does_not_grow(training_class, room) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert Client().get(url).status_code == 200
        return len(captured)

    url = share("room", room)
    make.session(training_class=training_class, room=room, starts_at=at(9, days=1))
    few = cost()
    for day in range(2, 12):
        make.session(training_class=training_class, room=room, starts_at=at(9, days=day))
    assert cost() == few


def test_the_database_keeps_one_address_for_one_thing(base, room) -> None:
    share("base", base)
    for values in ({"base": base}, {"base": base, "room": room}, {}, {"room": room, "token": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SharedFeed.objects.create(**values)
    SharedFeed.objects.update(revoked_at=timezone.now() - dt.timedelta(days=1))
    SharedFeed.objects.create(base=base)
