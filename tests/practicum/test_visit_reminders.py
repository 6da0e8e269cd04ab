"""Reminders of visits and sessions: few, once each, settable."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from enrollment.models import Message
from practicum.actions import bookings, reminders, visits
from practicum.models import ReminderSettings, SeatHold, Visit
from practicum.rules.reminders import Call, call_for, is_silent
from tests.factories import practicum as make
from tests.factories.practicum import at

#: A Wednesday; the week has no holidays.
VISIT_DAY = dt.date(2026, 6, 17)
DUE = dt.date(2026, 6, 10)


def call(today: dt.date, **changes):
    wanted = {
        "visit_day": VISIT_DAY, "calendar": {}, "days": 2, "is_stated": False, "headcount": 30, "named": 30,
    }  # fmt: skip
    return call_for(today=today, **{**wanted, **changes})


def test_the_headcount_then_the_roster_are_due_five_working_days_ahead() -> None:
    assert call(dt.date(2026, 6, 5)) is None
    assert call(dt.date(2026, 6, 8)) == call(DUE) == Call.HEADCOUNT
    assert call(dt.date(2026, 6, 11)) == Call.HEADCOUNT_MISSED
    assert call(dt.date(2026, 6, 16)) is None
    assert call(DUE, is_stated=True) is None
    assert call(DUE, is_stated=True, named=None) is None
    assert call(DUE, is_stated=True, named=29) == Call.ROSTER
    assert call(dt.date(2026, 6, 11), is_stated=True, named=29) == Call.ROSTER_MISSED
    assert call(DUE, days=0) is None
    # Dragon boat festival on the Friday before: everything is a working day earlier.
    assert call(dt.date(2026, 6, 5), calendar={dt.date(2026, 6, 12): False}) == Call.HEADCOUNT


def test_a_base_is_silent_after_some_working_days() -> None:
    asked = dt.date(2026, 6, 11)
    assert not is_silent(asked_on=asked, today=dt.date(2026, 6, 15), calendar={}, days=3)
    assert is_silent(asked_on=asked, today=dt.date(2026, 6, 16), calendar={}, days=3)
    assert not is_silent(asked_on=asked, today=VISIT_DAY, calendar={}, days=0)


def kinds(user) -> list[str]:
    return sorted(user.inbox.values_list("kind", flat=True))


@pytest.mark.django_db
def test_each_hears_once_of_what_is_due(base, training_class, zhang, zhao, sun):
    asked = visits.request(
        base=base, starts_at=at(9, days=20), ends_at=at(11, days=20), headcount=2, actor=zhao,
        now=timezone.now(), training_class=training_class, title="参观学习",
    )  # fmt: skip
    visits.check(visit=asked, actor=zhao)
    Message.objects.all().delete()
    week = dt.timedelta(days=7)
    # What the academy enters meanwhile is no answer of the base.
    Visit.objects.update(updated_at=timezone.now() + dt.timedelta(days=6))
    for _again in range(2):
        reminders.remind(now=timezone.now() + week)
    assert kinds(sun) == ["visit_unanswered"]
    assert kinds(zhao) == ["visit_unanswered"]
    visits.confirm(visit=asked, actor=sun, now=timezone.now())
    Message.objects.all().delete()
    for hours in (0, 3):
        reminders.remind(now=at(9, days=14) + dt.timedelta(hours=hours))
    assert kinds(zhao) == ["visit_due"]
    Visit.objects.update(headcount_stated_at=timezone.now())
    Message.objects.all().delete()
    reminders.remind(now=at(9, days=14))
    # In the evening before, whoever is expected; not in the morning, and once.
    for hour in (9, 17, 18):
        reminders.remind(now=at(hour, days=19))
    assert kinds(zhang) == ["tomorrow"]
    assert "参观学习" in zhang.inbox.get().context["lines"]
    assert kinds(zhao) == []


@pytest.mark.django_db
def test_what_is_switched_off_is_told_to_nobody(soft, li, zhang):
    session = make.session(
        title="示例开放日", seats=20, is_open=True, starts_at=at(9, days=9), ends_at=at(11, days=9)
    )
    bookings.hold(session=session, organization=soft, seats=2, now=timezone.now(), actor=li)
    bookings.book(session=session, trainee=zhang.trainee, now=timezone.now(), actor=zhang)
    Message.objects.all().delete()
    SeatHold.objects.update(expires_at=timezone.now() + dt.timedelta(hours=6))
    settings = ReminderSettings.load()
    settings.names_hours, settings.tells_of_tomorrow = 0, False
    settings.save()
    assert reminders.remind(now=timezone.now()) == reminders.remind(now=at(17, days=8)) == 0
    settings.names_hours, settings.tells_of_tomorrow = 12, True
    settings.save()
    assert reminders.remind(now=timezone.now()) == 1
    assert kinds(li) == ["names_due"]
    assert reminders.remind(now=at(17, days=8)) == 1
    assert kinds(zhang) == ["tomorrow"]
