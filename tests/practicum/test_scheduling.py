"""Planning sessions: what is refused, in which words, and what stays as it was."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import translation
from wagtail.models import ModelLogEntry

from cms.refusals import Refused
from practicum.actions import sessions
from practicum.models import Blackout, Occupation, ResourceKind, Session
from tests.factories import practicum as make
from tests.factories.practicum import at, plan

pytestmark = pytest.mark.django_db


def refusal(**details) -> Refused:
    before = (Session.objects.count(), Occupation.objects.count())
    with pytest.raises(Refused) as caught:
        make.session(**details)
    assert (Session.objects.count(), Occupation.objects.count()) == before
    return caught.value


def codes(refused: Refused) -> list[str]:
    return [found.code for found in refused.reasons]


def test_a_session_occupies_everything_it_needs(training_class, room, lecturer, zhao) -> None:
    vehicle = make.VehicleFactory()
    session = sessions.schedule(
        plan=plan(training_class=training_class, room=room, lecturer=lecturer, vehicles=[vehicle]), actor=zhao
    )
    kinds = sorted(session.occupations.values_list("resource_type", flat=True))
    assert kinds == ["class", "lecturer", "room", "trainee", "trainee", "vehicle"]
    assert session.quarters == 16  # three hours at 45 minutes to the hour
    assert session.hour_kind == "classroom"
    entry = ModelLogEntry.objects.get(action="practicum.schedule")
    assert entry.user == zhao


def test_a_room_clash_says_who_where_and_when(training_class, room) -> None:
    make.session(title="早场", training_class=training_class, room=room)
    with translation.override("en"):
        refused = refusal(title="晚到", room=room, starts_at=at(11, days=1))
        assert codes(refused) == ["occupied"]
        sentence = refused.sentence
    assert "一号教室" in sentence
    assert "早场" in sentence
    assert at(9, days=1).strftime("%Y-%m-%d 09:00") in sentence
    assert refused.reasons[0].field == "room"


def test_each_resource_is_guarded(training_class, base, lecturer) -> None:
    vehicle = make.VehicleFactory()
    make.session(training_class=training_class, base=base, lecturer=lecturer, vehicles=[vehicle])
    for field, details in {
        "base": {"base": base},
        "lecturer": {"lecturer": lecturer},
        "vehicles": {"vehicles": [vehicle]},
        "training_class": {"training_class": training_class},
    }.items():
        assert field in [found.field for found in refusal(**details).reasons]


def test_a_person_in_two_classes_is_named(training_class, zhang) -> None:
    make.session(title="甲班课", training_class=training_class)
    other = make.TrainingClassFactory()
    make.on_roster(other, zhang.trainee)
    refused = refusal(training_class=other, starts_at=at(10, days=1))
    assert codes(refused) == ["people_occupied"]
    assert refused.reasons[0].params["who"] == "张学员"
    assert refused.reasons[0].params["title"] == "甲班课"


def test_many_people_share_one_sentence(tree) -> None:
    people = make.trainees(tree.soft, 8)
    first, second = make.TrainingClassFactory(), make.TrainingClassFactory()
    for training_class in (first, second):
        make.on_roster(training_class, *people)
    make.session(training_class=first)
    refused = refusal(training_class=second)
    assert codes(refused) == ["people_occupied"]
    assert refused.reasons[0].params["who"].endswith("(+3)")


def test_back_to_back_works_and_set_up_time_counts(training_class) -> None:
    plain, staged = make.RoomFactory(), make.RoomFactory(setup_minutes=30)
    noon = at(12, days=1)
    for room in (plain, staged):
        make.session(room=room)
    make.session(room=plain, starts_at=noon)
    assert codes(refusal(room=staged, starts_at=noon)) == ["occupied"]
    make.session(room=staged, starts_at=noon + dt.timedelta(minutes=30))


def test_everything_else_is_free_the_moment_it_is_left(base, lecturer, zhang) -> None:
    """Half-open spans: what ends at noon and what begins at noon share base, lecturer, vehicle and person."""
    everything = {
        "base": base,
        "lecturer": lecturer,
        "vehicles": [make.VehicleFactory()],
        "trainee_ids": [zhang.trainee.pk],
    }
    noon, minute = at(12, days=1), dt.timedelta(minutes=1)
    make.session(starts_at=at(10, days=1), ends_at=noon, **everything)
    found = {
        one.field for one in refusal(starts_at=noon - minute, ends_at=at(13, days=1), **everything).reasons
    }
    assert {"lecturer", "vehicles", "starts_at"} <= found
    base.batches_per_day = 2
    base.save()
    make.session(starts_at=noon, ends_at=at(13, days=1), **everything)


def test_what_a_plan_lacks_is_said_at_once(training_class) -> None:
    small = make.RoomFactory(capacity=1)
    closed = make.RoomFactory(is_active=False)
    assert codes(refusal(ends_at=at(8, days=1))) == ["ends_before_it_begins"]
    assert codes(refusal(ends_at=at(10, days=3))) == ["too_long"]
    assert codes(refusal(training_class=None, seats=None)) == ["class_or_seats_missing"]
    assert codes(refusal(place="", mode="offline")) == ["place_missing"]
    assert codes(refusal(training_class=training_class, room=small)) == ["room_too_small"]
    assert codes(refusal(room=closed)) == ["room_not_in_use"]
    assert codes(refusal(vehicles=[make.VehicleFactory(seats=3)])) == ["vehicles_too_small"]


def test_closures_and_full_days_are_refused(training_class, base, room) -> None:
    tomorrow = at(9, days=1).date()
    Blackout.objects.create(room=room, starts_on=tomorrow, ends_on=tomorrow, reason="检修")
    refused = refusal(room=room)
    assert codes(refused) == ["blacked_out"]
    assert "检修" in refused.sentence
    base.batches_per_day = 1
    base.save()
    make.session(base=base, ends_at=at(10, days=1))
    assert codes(refusal(base=base, starts_at=at(14, days=1))) == ["base_day_full"]
    make.session(base=base, starts_at=at(14, days=2))


def test_an_online_session_takes_people_but_no_place(training_class) -> None:
    session = make.session(training_class=training_class, mode="online", kind="live")
    assert set(session.occupations.values_list("resource_type", flat=True)) == {"class", "trainee"}
    assert session.hour_kind == "live"


def test_moving_a_session_frees_what_it_had(training_class, room, zhao) -> None:
    session = make.session(training_class=training_class, room=room)
    moved = sessions.reschedule(
        session=session,
        plan=plan(training_class=training_class, room=room, starts_at=at(14, days=1)),
        actor=zhao,
    )
    assert (moved.uid, moved.sequence) == (session.uid, 1)
    make.session(room=room)  # the morning is free again
    with pytest.raises(Refused) as caught:
        sessions.reschedule(session=moved, plan=plan(training_class=training_class, room=room), actor=zhao)
    assert caught.value.code == "occupied"
    moved.refresh_from_db()
    assert moved.starts_at == at(14, days=1)


def test_a_session_may_move_within_its_own_time(training_class, room, zhao) -> None:
    session = make.session(training_class=training_class, room=room)
    sessions.reschedule(
        session=session,
        plan=plan(training_class=training_class, room=room, starts_at=at(10, days=1)),
        actor=zhao,
    )
    assert session.occupations.filter(resource_type=ResourceKind.ROOM).get().starts_at == at(10, days=1)


def test_a_cancelled_session_frees_everything_and_keeps_its_reason(training_class, room, zhao) -> None:
    session = make.session(training_class=training_class, room=room)
    with pytest.raises(Refused):
        sessions.cancel(session=session, actor=zhao, reason_given=" ")
    cancelled = sessions.cancel(session=session, actor=zhao, reason_given="讲师生病")
    assert (cancelled.status, cancelled.sequence, cancelled.cancel_reason) == ("cancelled", 1, "讲师生病")
    assert not session.occupations.exists()
    with pytest.raises(Refused) as caught:
        sessions.cancel(session=session, actor=zhao, reason_given="再次")
    assert caught.value.code == "session_cancelled"


def test_many_plans_are_judged_among_themselves_and_earlier_ones_win(room, training_class) -> None:
    plans = [
        plan(title="一", room=room),
        plan(title="二", room=room, starts_at=at(10, days=1)),
        plan(title="三", room=room, starts_at=at(12, days=1)),
    ]
    result = sessions.schedule_in_bulk(plans=plans, actor=None)
    assert [session.title for session in result.scheduled] == ["一", "三"]
    ((refused, reasons),) = result.refused
    assert refused.title == "二"
    assert reasons[0].params["title"] == "一"


def test_a_roster_that_changes_changes_what_is_occupied(training_class, zhang, outsider) -> None:
    session = make.session(training_class=training_class)
    make.on_roster(training_class, outsider.trainee)
    training_class.enrollments.filter(trainee=zhang.trainee).update(status="withdrawn")
    assert sessions.align_with_roster(training_class=training_class, now=at(0)) == []
    taken = set(session.occupations.filter(resource_type="trainee").values_list("resource_id", flat=True))
    assert outsider.trainee.pk in taken
    assert zhang.trainee.pk not in taken
    other = make.TrainingClassFactory()
    make.on_roster(other, zhang.trainee)
    make.session(training_class=other)
    training_class.enrollments.filter(trainee=zhang.trainee).update(status="enrolled")
    (clash,) = sessions.align_with_roster(training_class=training_class, now=at(0))
    assert clash.code == "people_occupied"


def test_the_cost_of_planning_does_not_grow_with_the_roster(tree, django_assert_max_num_queries) -> None:
    counts = []
    # The first run also fills caches of content types.
    for size in (3, 5, 60):
        training_class = make.TrainingClassFactory(capacity=100)
        make.on_roster(training_class, *make.trainees(tree.soft, size, prefix=f"批{size}-"))
        with django_assert_max_num_queries(40) as captured:
            make.session(training_class=training_class, room=make.RoomFactory(capacity=100))
        counts.append(len(captured))
    assert counts[1] == counts[2]
