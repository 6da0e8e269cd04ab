"""Series of sessions: their days, their exceptions, and what a change leaves alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Refused
from enrollment.models import Message
from practicum.actions import bookings, sessions
from practicum.actions import series as actions
from practicum.models import (
    CalendarDay,
    CalendarInvitation,
    Occupation,
    Session,
    SessionSeries,
    SessionStatus,
)
from practicum.rules.series import Change, Pattern, change, days_of
from tests.factories import practicum as make

MONDAY = dt.date(2026, 9, 28)
WEEK = dt.timedelta(days=7)


# --- The rule ----------------------------------------------------------------------------------------------


def days(*, weekdays=(1, 6), weeks=4, calendar=None, **details):
    pattern = Pattern(frozenset(weekdays), MONDAY, MONDAY + weeks * WEEK - dt.timedelta(days=1), **details)
    return days_of(pattern, calendar or {})


def test_days_follow_the_weekdays_and_skip_what_the_table_says():
    saturday, holiday = dt.date(2026, 10, 10), dt.date(2026, 10, 5)
    table = {holiday: False, saturday: True}
    assert len(days()) == 8
    found = days(calendar=table)
    assert holiday not in found
    assert saturday not in found
    assert len(found) == 6
    assert holiday in days(calendar=table, skips_holidays=False)
    assert saturday in days(calendar=table, skips_makeup_days=False)


def test_every_other_week_counts_calendar_weeks_and_single_days_are_left_out():
    assert days(every_weeks=2) == [MONDAY, dt.date(2026, 10, 3), dt.date(2026, 10, 12), dt.date(2026, 10, 17)]
    assert MONDAY not in days(left_out=frozenset({MONDAY}))


def test_a_change_never_makes_a_second_session_of_a_day_that_has_one():
    one, two, three = MONDAY, MONDAY + WEEK, MONDAY + 2 * WEEK
    found = change({one, two, three}, open_days={two}, fixed={one, two})
    assert found == Change(kept=(two,), dropped=(), fresh=(three,))
    assert change(set(), open_days={two}, fixed={two}).dropped == (two,)


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"weekdays": frozenset()}, "series_without_weekday"),
        ({"last_on": MONDAY - WEEK}, "series_out_of_order"),
        ({"last_on": MONDAY + 60 * WEEK}, "series_too_long"),
    ],
)
def test_a_pattern_that_is_not_sound_says_where(details, code):
    flaw = replace(Pattern(frozenset({1}), MONDAY, MONDAY), **details).flaw
    assert flaw is not None
    assert flaw[0] == code


# --- The action --------------------------------------------------------------------------------------------


def series_plan(*, weeks=3, hour=9, first=None, **details) -> actions.SeriesPlan:
    """Every day of the week of tomorrow, once a week."""
    first = first or timezone.localdate() + dt.timedelta(days=1)
    template = make.plan(**details)
    pattern = Pattern(frozenset({first.isoweekday()}), first, first + (weeks - 1) * WEEK)
    return actions.SeriesPlan(pattern, dt.time(hour), dt.time(hour + 2), template)


pytestmark = pytest.mark.django_db


@pytest.fixture
def series(training_class, room, zhao) -> SessionSeries:
    return actions.begin(plan=series_plan(training_class=training_class, room=room), actor=zhao)


def times(series):
    rows = series.sessions.standing().order_by("starts_at")
    return [timezone.localtime(row.starts_at).hour for row in rows]


def test_all_days_are_planned_or_none_and_every_clash_is_named(training_class, room, zhao):
    first = timezone.localdate() + dt.timedelta(days=1)
    for weeks in (0, 2):
        make.session(title=f"占用{weeks}", room=room, starts_at=make.at(10, days=1 + 7 * weeks))
    before = (Session.objects.count(), Occupation.objects.count())
    wanted = series_plan(training_class=training_class, room=room)
    with pytest.raises(Refused) as caught:
        actions.begin(plan=wanted, actor=zhao)
    told = [str(found) for found in caught.value.reasons]
    assert len(told) == 2
    assert str(first) in told[0]
    assert "占用0" in told[0]
    assert "一号教室" in told[0]
    assert "占用2" in told[1]
    assert (Session.objects.count(), Occupation.objects.count()) == before
    assert not SessionSeries.objects.exists()
    shown = actions.preview(plan=wanted, series=None, actor=zhao, now=timezone.now())
    assert [bool(member.reasons) for member in shown] == [True, False, True]
    assert (Session.objects.count(), SessionSeries.objects.count()) == (before[0], 0)


def test_holidays_of_the_table_are_skipped(training_class, zhao):
    wanted = series_plan(training_class=training_class)
    CalendarDay.objects.create(day=wanted.pattern.first_on + WEEK, name="示例假日")
    series = actions.begin(plan=wanted, actor=zhao)
    assert series.sessions.count() == 2


def test_a_change_leaves_alone_what_was_held_moved_or_called_off(series, training_class, room, zhao, zhang):
    held, moved, off = series.sessions.order_by("starts_at")
    now = held.ends_at + dt.timedelta(hours=1)
    sessions.cancel(session=off, actor=zhao, reason_given="示例")
    sessions.reschedule(
        session=moved,
        plan=make.plan(
            training_class=training_class,
            room=room,
            starts_at=moved.starts_at + dt.timedelta(hours=6),
            ends_at=moved.ends_at + dt.timedelta(hours=6),
        ),
        actor=zhao,
    )
    Message.objects.all().delete()
    actions.amend(
        series=series,
        plan=series_plan(training_class=training_class, room=room, hour=14, weeks=4),
        actor=zhao,
        now=now,
    )
    assert times(series) == [9, 15, 14]
    off.refresh_from_db()
    assert off.status == SessionStatus.CANCELLED
    # One message for the whole change, to each.
    assert [letter.kind for letter in Message.objects.filter(recipient=zhang)] == ["series_changed"]
    # Their calendars take on the day that came, by the same message.
    added = series.sessions.order_by("-starts_at").first()
    invited = CalendarInvitation.objects.filter(user=zhang, is_cancelled=False)
    assert added.pk in set(invited.values_list("session", flat=True))


def test_sessions_of_a_series_may_swap_days_with_one_another(training_class, room, zhao):
    """The series is judged as it will be, not against its own old times."""
    series = actions.begin(plan=series_plan(training_class=training_class, room=room), actor=zhao)
    actions.amend(
        series=series,
        plan=series_plan(training_class=training_class, room=room, hour=10),
        actor=zhao,
        now=timezone.now(),
    )
    assert times(series) == [10, 10, 10]
    assert Occupation.objects.filter(resource_type="room").count() == 3


def test_a_change_that_clashes_changes_nothing(series, training_class, room, zhao):
    make.session(title="占用", room=room, starts_at=make.at(14, days=8))
    rows = list(Occupation.objects.order_by("pk").values_list("starts_at", flat=True))
    with pytest.raises(Refused) as caught:
        actions.amend(
            series=series,
            plan=series_plan(training_class=training_class, room=room, hour=14),
            actor=zhao,
            now=timezone.now(),
        )
    assert [found.code for found in caught.value.reasons] == ["series_member"]
    assert times(series) == [9, 9, 9]
    assert list(Occupation.objects.order_by("pk").values_list("starts_at", flat=True)) == rows


def test_a_change_leaves_no_fewer_seats_than_are_booked(soft, zhao):
    series = actions.begin(plan=series_plan(seats=8, is_open=True), actor=zhao)
    bookings.book_together(
        session=series.sessions.order_by("-starts_at")[0],
        trainees=make.trainees(soft, 2),
        now=timezone.now(),
        actor=None,
    )
    fewer = series_plan(seats=1, is_open=True)
    shown = actions.preview(plan=fewer, series=series, actor=zhao, now=timezone.now())
    assert [[found.code for found in member.reasons] for member in shown] == [[], [], ["seats_below_taken"]]
    with pytest.raises(Refused) as caught:
        actions.amend(series=series, plan=fewer, actor=zhao, now=timezone.now())
    assert "2" in caught.value.sentence
    actions.amend(series=series, plan=series_plan(seats=2, is_open=True), actor=zhao, now=timezone.now())
    assert set(series.sessions.values_list("seats", flat=True)) == {2}


def test_who_waits_hears_that_a_series_ends(soft, zhang, zhao):
    series = actions.begin(
        plan=series_plan(seats=4, weeks=1, first=timezone.localdate() + WEEK, is_open=True), actor=zhao
    )
    session, now = series.sessions.get(), timezone.now()
    bookings.book_together(session=session, trainees=make.trainees(soft, 2), now=now, actor=None)
    assert bookings.wait(session=session, trainees=[zhang.trainee], now=now, actor=None).status == "waiting"
    actions.end(series=series, actor=zhao, reason_given="停办", now=now)
    assert [one.kind for one in zhang.inbox.all()] == ["series_changed"]
    assert not CalendarInvitation.objects.filter(user=zhang).exists()


def test_a_day_taken_out_and_put_back_is_planned_anew(series, training_class, room, zhao):
    short = series_plan(training_class=training_class, room=room, weeks=2)
    for plan in (short, series_plan(training_class=training_class, room=room)):
        actions.amend(series=series, plan=plan, actor=zhao, now=timezone.now())
    assert times(series) == [9, 9, 9]
    assert series.sessions.count() == 4
    assert actions.end(series=series, actor=zhao, reason_given="停办", now=timezone.now()) == 3
    assert times(series) == []


# --- The screen --------------------------------------------------------------------------------------------


def test_the_form_shows_the_days_then_plans_them(training_class, room, zhao, sign_in):
    client = sign_in(user=zhao)
    first = timezone.localdate() + dt.timedelta(days=1)
    wanted = {
        "title": "示例晚课", "kind": "lesson", "mode": "offline", "training_class": training_class.pk,
        "weekdays": [str(first.isoweekday())], "every_weeks": "1", "first_on": first,
        "last_on": first + 2 * WEEK,
        "begins_at": "19:00", "ends_at": "21:00", "skips_holidays": "on", "room": room.pk, "dimension": "",
        "left_out": str(first + WEEK), "opens_before_minutes": "30", "closes_after_minutes": "60",
    }  # fmt: skip
    add = reverse("practicum_series:add")
    make.session(title="占用", room=room, starts_at=make.at(20, days=15))
    shown = client.post(add, {**wanted, "look": "1"}).content.decode()
    assert "占用" in shown
    assert not SessionSeries.objects.exists()
    refused = client.post(add, wanted).content.decode()
    assert "占用" in refused
    assert not SessionSeries.objects.exists()
    wanted["last_on"] = first + WEEK
    assert "占用" not in client.post(add, {**wanted, "look": "1"}).content.decode()
    assert client.post(add, wanted).status_code == 302
    series = SessionSeries.objects.get()
    assert times(series) == [19]
    page = client.get(reverse("practicum_series:edit", args=[series.pk])).content.decode()
    assert str(first + WEEK) in page
    wrong = client.post(add, {**wanted, "left_out": "下周一"}).content.decode()
    assert "下周一" in wrong
