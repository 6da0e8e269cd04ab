"""Releases at once, and one slot of each kind of resource; a control for each."""

from __future__ import annotations

import pytest
from django.utils import timezone

from cms.refusals import Refused
from practicum.actions import releases, sessions
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
