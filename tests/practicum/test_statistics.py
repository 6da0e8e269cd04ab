"""Sums of a period: checked against a small academy, in a constant number of queries."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from wagtail.models import ModelLogEntry

from practicum.models import Attendance, Blackout, Session, SessionStatus
from practicum.reports_statistics import statistics
from practicum.rules.opening import open_minutes, share
from tests.factories import practicum as make

pytestmark = pytest.mark.django_db

MONDAY = dt.date(2026, 3, 2)


def test_open_hours_leave_out_closed_days():
    week = {"minutes_a_day": 60, "is_open_on": lambda day: day.weekday() < 5}
    last = MONDAY + dt.timedelta(days=6)
    assert open_minutes(MONDAY, last, **week, closed=()) == 300
    assert open_minutes(MONDAY, last, **week, closed=[(MONDAY, MONDAY), (MONDAY, MONDAY)]) == 240
    assert (share(1, 4), share(1, 0)) == (25, None)


def by_name(sums):
    return {table.title: {row[0]: list(row[1:]) for row in table.rows} for table in sums}


def test_the_sums_are_right(room, base, training_class, zhang, wang, park, soft, django_assert_num_queries):
    day = make.at(0, days=1).date()
    type(base).objects.filter(pk=base.pk).update(park=park)
    coach = make.VehicleFactory(seats=10)
    lesson = make.session(room=room, starts_at=make.at(9, days=1), seats=40)
    gone = make.session(room=room, starts_at=make.at(14, days=1), seats=40)
    visit = make.session(
        base=base,
        training_class=training_class,
        vehicles=[coach],
        kind="base_visit",
        starts_at=make.at(9, days=1),
        quarters=8,
    )
    Session.objects.filter(pk=gone.pk).update(status=SessionStatus.CANCELLED)
    Session.objects.filter(pk=visit.pk).update(status=SessionStatus.SETTLED)
    Attendance.objects.create(session=visit, trainee=zhang.trainee, status="present", quarters=8)
    Attendance.objects.create(session=visit, trainee=wang.trainee, status="absent")
    with django_assert_num_queries(15):
        found = by_name(statistics(day, day, None))
    away, reach, hours, travel, rooms, bases = found.values()
    assert next(iter(rooms.values()))[:2] == [1, Decimal("3.0")]
    assert bases["示例红色车间"] == [1, Decimal("3.0"), Decimal("8.0"), 38]
    assert list(away.values()) == [[3, 1, 33], [0, 0, None], [0, 0, None], [2, 1, 50]]
    assert reach[park.name][1] == 1
    assert sum(row[1] for row in reach.values()) == 1
    assert next(row for row in hours.values() if row[0]) == [1, Decimal(2), 1, Decimal(2)]
    assert list(travel.values()) == [[1, Decimal("3.0"), 10, 1, 10]]
    Blackout.objects.create(base=base, starts_on=day, ends_on=day, reason="示例")
    for number in range(6):
        make.session(room=make.RoomFactory(), seats=9, starts_at=make.at(9, days=1), title=f"{number}")
    with django_assert_num_queries(15):
        there = by_name(statistics(day, day, park))
    away, reach, _hours, _travel, rooms, bases = there.values()
    assert not rooms
    assert bases["示例红色车间"][2:] == [Decimal("0.0"), None]
    assert list(reach) == [park.name]
    assert next(iter(away.values())) == [1, 0, 0]
    assert lesson.room == room


def test_the_page_and_the_spreadsheet(room, zhao, li, sign_in):
    page, table = reverse("practicum:statistics"), reverse("practicum:statistics_export")
    client = sign_in(user=zhao)
    assert room.name in client.get(page).content.decode()
    answer = client.get(page, {"first": "2026-05-01", "last": "2026-04-01"})
    assert answer.status_code == 422
    assert client.get(page, {"first": "x"}).status_code == 422
    book = load_workbook(io.BytesIO(client.get(table, {"first": "2026-05-01", "last": "2026-05-31"}).content))
    assert len(book.sheetnames) == 6
    assert ModelLogEntry.objects.filter(action="practicum.statistics_export").count() == 1
    assert sign_in(user=li).get(page).status_code == 403
