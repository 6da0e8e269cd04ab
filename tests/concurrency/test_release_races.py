"""Releases at once, and one slot of each kind of resource; a control for each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from cms.refusals import Refused
from practicum.actions import releases, sessions
from practicum.actions.plans import plan_of, thawed
from practicum.models import Occupation, Session, TimetableChange, TimetableRelease
from tests.factories import practicum as make
from tests.factories.practicum import at, plan
from tests.people import plant

pytestmark = pytest.mark.race


@pytest.fixture
def tree(race_db):
    return plant()


def unexpected(outcomes):
    return [item for item in outcomes if isinstance(item, Exception) and not isinstance(item, Refused)]


@pytest.mark.parametrize("kind", ["base", "lecturer", "vehicle", "trainee"])
def test_one_slot_of_anything_is_given_once(tree, race, kind):
    things = {
        "base": lambda: {"base": make.TrainingBaseFactory()},
        "lecturer": lambda: {"lecturer": make.LecturerFactory()},
        "vehicle": lambda: {"vehicles": [make.VehicleFactory()]},
        "trainee": lambda: {"trainee_ids": [make.trainees(tree.soft, 1)[0].pk]},
    }
    wanted = {"place": "示例会场"} | things[kind]()
    if kind == "base":
        wanted["place"] = ""

    def work(number):
        return sessions.schedule(plan=plan(title=f"第{number}个", seats=5, **wanted), actor=None).pk

    outcomes = race(work, 12)
    assert unexpected(outcomes) == []
    assert sum(isinstance(item, int) for item in outcomes) == 1
    assert Occupation.objects.filter(resource_type=kind).count() == 1


def test_one_draft_is_released_once_and_two_drafts_get_two_numbers(tree, race):
    shared = releases.draft_new(plan=plan(title="同一课", seats=5, starts_at=at(9, days=3)), actor=None)
    own = [
        releases.draft_new(
            plan=plan(title=f"课{number}", seats=5, starts_at=at(9, days=4 + number)), actor=None
        )
        for number in range(3)
    ]

    def work(number):
        changes = [shared] if number < 3 else [own[number - 3]]
        return releases.release(changes=changes, now=timezone.now(), actor=None).number

    outcomes = race(work, 6)
    assert unexpected(outcomes) == []
    assert {item.code for item in outcomes if isinstance(item, Refused)} == {"nothing_to_release"}
    assert sorted(item for item in outcomes if isinstance(item, int)) == [1, 2, 3, 4]
    assert Session.objects.filter(title="同一课").count() == 1


def test_control_without_the_drafts_lock_one_draft_is_released_twice(tree, race, meeting):
    change = releases.draft_new(plan=plan(title="同一课", seats=5, starts_at=at(9, days=3)), actor=None)
    point = meeting(3)

    def careless(number):
        is_drafted = TimetableChange.objects.drafted().filter(pk=change.pk).exists()
        point.wait()
        if is_drafted:
            TimetableRelease.objects.create(number=number + 1, released_at=timezone.now())

    assert race(careless, 3) == [None] * 3
    assert TimetableRelease.objects.count() > 1


def released_move():
    """A public session that a release has moved, and that release."""
    session = make.session(title="党史课", place="示例会场", seats=5, starts_at=at(9, days=3))
    change = releases.draft_move(
        session=session, plan=replace(plan_of(session), place="另一会场"), actor=None
    )
    made = releases.release(changes=[change], now=timezone.now(), actor=None)
    session.refresh_from_db()
    return session, made


def renamed(session):
    return sessions.reschedule(session=session, plan=replace(plan_of(session), title="新题"), actor=None)


def test_a_roll_back_never_takes_back_a_change_made_at_that_moment(tree, race):
    for _round in range(3):
        session, made = released_move()

        def work(number, session=session, made=made):
            if number:
                return renamed(session).pk
            return releases.roll_back(release=made, reason_given="排错了", now=timezone.now(), actor=None).pk

        assert unexpected(race(work, 4)) == []
        session.refresh_from_db()
        assert session.title == "新题"
        sessions.cancel(session=session, actor=None, reason_given="下一轮")


def test_control_without_the_sessions_lock_a_change_is_taken_back(tree, race, meeting):
    session, made = released_move()
    looked, changed = meeting(2), meeting(2)
    change = made.changes.get()

    def careless(number):
        if number:
            looked.wait()
            renamed(session)
            changed.wait()
            return
        is_as_released = Session.objects.get(pk=session.pk).sequence == change.left_at
        looked.wait()
        changed.wait()
        if is_as_released:
            sessions.reschedule(session=session, plan=thawed(change.before), actor=None)

    assert race(careless, 2) == [None] * 2
    session.refresh_from_db()
    assert session.title == "党史课"


def test_drafting_and_releasing_one_session_at_once_never_block_each_other(tree, race):
    session, _made = released_move()

    def work(number):
        wanted = replace(plan_of(Session.objects.get(pk=session.pk)), title=f"题{number}")
        change = releases.draft_move(session=session, plan=wanted, actor=None)
        try:
            return releases.release(changes=[change], now=timezone.now(), actor=None).number
        except Refused as refused:
            return refused

    outcomes = race(work, 8)
    assert unexpected(outcomes) == []
    assert any(isinstance(item, int) for item in outcomes)


@pytest.mark.postgres
def test_control_two_orders_of_locks_block_each_other(tree, race, meeting):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    session, _made = released_move()
    change = releases.draft_move(session=session, plan=plan_of(session), actor=None)
    point = meeting(2)
    rows = [Session.objects.filter(pk=session.pk), TimetableChange.objects.filter(pk=change.pk)]

    def careless(number):
        first, second = rows if number else reversed(rows)
        with transaction.atomic():
            list(first.select_for_update(of=("self",)))
            point.wait()
            list(second.select_for_update(of=("self",)))

    assert [type(item) for item in race(careless, 2) if item is not None] == [OperationalError]
