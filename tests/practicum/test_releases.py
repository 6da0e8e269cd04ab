"""The timetable in draft: unseen until released, all or nothing, one message a person, rolled back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Refused
from enrollment.letters import letter
from enrollment.models import Message
from practicum.actions import releases, sessions
from practicum.actions.plans import frozen, plan_of, thawed
from practicum.models import Session, TimetableChange, TimetableRelease
from tests.factories import practicum as make
from tests.factories.practicum import at, plan

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


def publish(*changes, note=""):
    return releases.release(changes=changes, note_given=note, now=timezone.now(), actor=None)


def drafted(**details):
    return releases.draft_new(plan=plan(**details), actor=None)


def moved(session, **details):
    from dataclasses import replace

    return releases.draft_move(session=session, plan=replace(plan_of(session), **details), actor=None)


@pytest.fixture
def public(training_class, room):
    """Two public sessions of the class, tomorrow and the day after."""
    return [
        make.session(
            title=title,
            training_class=training_class,
            room=room,
            starts_at=at(9, days=day),
            ends_at=at(11, days=day),
        )
        for title, day in (("党史课", 3), ("党章课", 4))
    ]


def test_a_draft_is_seen_by_nobody_and_holds_nothing(training_class, room, zhang):
    change = drafted(title="新课", training_class=training_class, room=room, starts_at=at(9, days=3))
    assert not Session.objects.visible_to(zhang).exists()
    other = make.session(title="占用", room=room, starts_at=at(9, days=3), seats=5)
    assert releases.preview(changes=[change], actor=None).obstacles[change.pk]
    with pytest.raises(Refused) as caught:
        publish(change)
    assert "新课" in caught.value.sentence
    assert "占用" in caught.value.sentence
    assert not TimetableRelease.objects.exists()
    sessions.cancel(session=other, actor=None, reason_given="让出")
    made = publish(change, note="第一版课表")
    assert (made.number, made.people_told) == (1, 2)
    assert Session.objects.visible_to(zhang).get().title == "新课"
    assert [one.kind for one in zhang.inbox.all()] == ["timetable_released"]


def test_each_person_hears_once_what_is_new_moved_and_cancelled(
    training_class, public, room, zhang, wang, lecturer, chen
):
    first, second = public
    changes = [
        drafted(
            title="新课", training_class=training_class, room=room, lecturer=lecturer, starts_at=at(9, days=5)
        ),
        moved(first, starts_at=at(14, days=3), ends_at=at(16, days=3)),
        releases.draft_cancel(session=second, reason_given="讲师生病", actor=None),
    ]
    first.refresh_from_db()
    assert first.starts_at == at(9, days=3)
    made = publish(*changes)
    for person in (zhang, wang):
        message = person.inbox.get()
        assert (message.context["new"], message.context["moved"], message.context["cancelled"]) == (1, 1, 1)
    assert chen.inbox.get().context["new"] == 1
    assert chen.inbox.get().context["cancelled"] == 0
    assert made.people_told == 3
    found = letter("timetable_released", message.context, "en")
    assert found.subject == "Timetable, release 1: 1 new, 1 moved, 1 cancelled"
    assert "✕ 党章课" in found.body
    # Released twice it is released once.
    with pytest.raises(Refused):
        publish(*changes)


def test_a_release_of_cancellations_alone_tells_as_well(public, zhang):
    publish(releases.draft_cancel(session=public[0], reason_given="场地检修", actor=None))
    assert zhang.inbox.get().context["cancelled"] == 1
    public[0].refresh_from_db()
    assert public[0].is_cancelled
    assert public[0].cancel_reason == "场地检修"


def test_two_sessions_change_places(public):
    first, second = public
    changes = [
        moved(first, starts_at=second.starts_at, ends_at=second.ends_at),
        moved(second, starts_at=first.starts_at, ends_at=first.ends_at),
    ]
    assert releases.preview(changes=changes, actor=None).obstacles == {}
    publish(*changes)
    before = second.starts_at
    first.refresh_from_db()
    assert first.starts_at == before


def test_a_release_is_rolled_back_by_a_new_one(training_class, public, room, zhang):
    first, second = public
    was = first.starts_at
    made = publish(
        drafted(title="新课", training_class=training_class, room=room, starts_at=at(9, days=5)),
        moved(first, starts_at=at(14, days=3), ends_at=at(16, days=3)),
        releases.draft_cancel(session=second, reason_given="讲师生病", actor=None),
    )
    back = releases.roll_back(release=made, reason_given="排错了", now=timezone.now(), actor=None)
    assert (back.number, back.rolls_back) == (2, made)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.starts_at == was
    assert (second.status, second.cancel_reason) == ("scheduled", "")
    assert Session.objects.get(title="新课").is_cancelled
    assert zhang.inbox.filter(kind="timetable_released").count() == 2
    with pytest.raises(Refused) as caught:
        releases.roll_back(release=made, reason_given="再来", now=timezone.now(), actor=None)
    assert caught.value.code == "release_rolled_back"


def test_what_was_changed_since_is_not_rolled_back_unseen(public):
    made = publish(moved(public[0], starts_at=at(14, days=3), ends_at=at(16, days=3)))
    session = Session.objects.get(pk=public[0].pk)
    sessions.reschedule(session=session, plan=plan_of(session), actor=None)
    with pytest.raises(Refused) as caught:
        releases.roll_back(release=made, reason_given="排错了", now=timezone.now(), actor=None)
    assert caught.value.code == "changed_since"
    assert TimetableRelease.objects.count() == 1


def test_a_roll_back_throws_nobodys_draft_away(public, zhao):
    made = publish(moved(public[0], starts_at=at(14, days=3), ends_at=at(16, days=3)))
    other = releases.draft_cancel(session=public[0], reason_given="讲师生病", actor=zhao)
    with pytest.raises(Refused) as caught:
        releases.roll_back(release=made, reason_given="排错了", now=timezone.now(), actor=None)
    assert (caught.value.code, "党史课" in caught.value.sentence) == ("draft_in_the_way", True)
    releases.discard(change=TimetableChange.objects.get(pk=other.pk), actor=zhao)
    releases.roll_back(release=made, reason_given="排错了", now=timezone.now(), actor=None)


@pytest.mark.parametrize("kind", ["moved", "cancelled"])
def test_what_became_public_after_the_draft_is_not_overwritten_unseen(public, room, kind):
    session = public[0]
    if kind == "moved":
        change = moved(session, starts_at=at(14, days=3), ends_at=at(16, days=3))
    else:
        change = releases.draft_cancel(session=session, reason_given="讲师生病", actor=None)
    sessions.reschedule(
        session=session, plan=thawed(frozen(plan_of(session)) | {"title": "党史新课"}), actor=None
    )
    assert "党史新课" in releases.preview(changes=[change], actor=None).obstacles[change.pk][0]
    with pytest.raises(Refused):
        publish(change)
    session.refresh_from_db()
    assert (session.title, session.starts_at, session.is_cancelled) == ("党史新课", at(9, days=3), False)
    if kind == "moved":
        wanted = thawed(change.plan | {"title": "党史新课"})
        publish(releases.redraft(change=change, plan=wanted, actor=None))
        session.refresh_from_db()
        assert (session.title, session.starts_at) == ("党史新课", at(14, days=3))


def test_a_plan_survives_the_draft_whole(training_class, room, lecturer):
    wanted = plan(training_class=training_class, room=room, lecturer=lecturer, bring="笔记本", quarters=6)
    assert thawed(frozen(wanted)) == wanted


def test_many_proposals_of_a_planner_cost_the_same_number_of_queries(
    training_class, django_assert_max_num_queries
):
    plans = [
        plan(title=f"课{number}", training_class=training_class, starts_at=at(9, days=number))
        for number in range(30)
    ]
    with django_assert_max_num_queries(6):
        rows = releases.draft_in_bulk(plans=plans, actor=None)
    assert {row.source for row in rows} == {"planner"}


# --- Pages ---------------------------------------------------------------------------------------------


def test_staff_draft_check_release_and_people_read_the_changelog(public, zhang, outsider, zhao, sign_in):
    client = sign_in(user=zhao)
    client.post(
        reverse("practicum:draft_session", args=[public[0].pk]), {"cancel": "1", "reason": "场地检修"}
    )
    change = TimetableChange.objects.get()
    url = reverse("practicum:drafts")
    page = client.post(url, {"changes": [change.pk], "check": "1"}).content.decode()
    assert "场地检修" in page
    assert not Message.objects.exists()
    answer = client.post(url, {"changes": [change.pk], "note": "本周调整"})
    made = TimetableRelease.objects.get()
    assert answer.url == made.get_absolute_url()
    reader = sign_in(user=zhang)
    assert "党史课" in reader.get(made.get_absolute_url()).content.decode()
    assert "本周调整" in reader.get(reverse("practicum:releases")).content.decode()
    assert reader.post(made.get_absolute_url(), {"reason": "x"}).status_code == 404
    assert sign_in(user=outsider).get(made.get_absolute_url()).status_code == 404
    client.post(made.get_absolute_url(), {"reason": "恢复"})
    public[0].refresh_from_db()
    assert not public[0].is_cancelled
