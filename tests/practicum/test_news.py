"""Who is told of sessions that move or fall away, and of what becomes of a visit."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from enrollment.letters import letter
from enrollment.models import Message
from practicum.actions import sessions, visits
from practicum.actions.bookings import book
from practicum.rules.visits import Batch
from tests.factories import practicum as make
from tests.factories.practicum import at

pytestmark = pytest.mark.django_db


def told(user) -> list[str]:
    return list(user.inbox.order_by("created_at", "pk").values_list("kind", flat=True))


def text(user, language: str = "en") -> str:
    message = user.inbox.latest("created_at")
    found = letter(message.kind, message.context, language)
    return f"{found.subject}\n{found.body}"


# --- Sessions ----------------------------------------------------------------------------------------


def test_those_expected_hear_of_another_time_and_what_it_was(training_class, zhang, wang, li, zhao):
    session = make.session(training_class=training_class, title="怎样开组织生活会", place="一号会议室")
    before = timezone.localtime(session.starts_at)
    later = make.plan(
        training_class=training_class,
        title=session.title,
        place="二号会议室",
        starts_at=session.starts_at + dt.timedelta(days=1),
        ends_at=session.ends_at + dt.timedelta(days=1),
    )
    sessions.reschedule(session=session, plan=later, actor=zhao)
    assert told(zhang) == told(wang) == ["session_moved"]
    assert told(li) == []
    found = text(zhang)
    assert f"{before + dt.timedelta(days=1):%Y-%m-%d %H:%M}" in found
    assert f"Before: {before:%Y-%m-%d %H:%M}" in found
    assert "二号会议室" in found
    assert zhang.inbox.get().link == reverse("practicum:session", args=[session.pk])


def test_a_change_that_moves_nobody_is_told_to_nobody(training_class, zhang, zhao):
    session = make.session(training_class=training_class, place="一号会议室")
    same = make.plan(
        training_class=training_class,
        title="新标题",
        place="一号会议室",
        starts_at=session.starts_at,
        ends_at=session.ends_at,
    )
    sessions.reschedule(session=session, plan=same, actor=zhao)
    assert Message.objects.count() == 0


def test_moving_twice_is_told_twice(training_class, zhang, zhao):
    session = make.session(training_class=training_class)
    for days in (1, 2):
        plan = make.plan(
            training_class=training_class,
            starts_at=session.starts_at + dt.timedelta(days=days),
            ends_at=session.ends_at + dt.timedelta(days=days),
        )
        sessions.reschedule(session=session, plan=plan, actor=zhao)
    assert told(zhang) == ["session_moved", "session_moved"]


def test_a_cancellation_gives_its_reason_to_those_with_a_seat(zhang, wang, zhao):
    session = make.session(training_class=None, seats=5, is_open=True, audience="bookings")
    book(session=session, trainee=zhang.trainee, actor=zhang, now=timezone.now())
    sessions.cancel(session=session, actor=zhao, reason_given="讲师生病")
    assert sorted(told(zhang)) == ["seat_booked", "session_cancelled"]
    assert "讲师生病" in text(zhang)
    assert told(wang) == []


def test_what_is_over_is_told_to_nobody(training_class, zhang, zhao):
    session = make.session(training_class=training_class)
    type(session).objects.filter(pk=session.pk).update(starts_at=at(9, days=-3), ends_at=at(10, days=-3))
    sessions.cancel(session=session, actor=zhao, reason_given="误排")
    assert told(zhang) == []


def test_queries_do_not_grow_with_people(training_class, soft, zhao, django_assert_max_num_queries):
    sessions.cancel(session=make.session(training_class=training_class), actor=zhao, reason_given="误排")
    session = make.session(training_class=training_class)
    with django_assert_max_num_queries(22) as few:
        sessions.cancel(session=session, actor=zhao, reason_given="误排")
    make.on_roster(training_class, *make.trainees(soft, 30))
    other = make.session(training_class=training_class)
    with django_assert_max_num_queries(22) as many:
        sessions.cancel(session=other, actor=zhao, reason_given="误排")
    assert len(few) == len(many)


# --- Visits ------------------------------------------------------------------------------------------


@pytest.fixture
def visit(base, training_class, zhao):
    return visits.request(
        base=base,
        starts_at=at(9, days=20),
        ends_at=at(11, days=20),
        headcount=3,
        actor=zhao,
        now=timezone.now(),
        training_class=training_class,
        title="参观学习",
    )


def test_a_request_reaches_the_host_and_the_answer_reaches_who_asked(visit, sun, zhao, chen):
    visits.check(visit=visit, actor=zhao)
    assert told(sun) == ["visit_news"]
    assert "asks for a visit" in text(sun)
    assert sun.inbox.get().link == reverse("practicum:host_visit", args=[visit.pk])
    visits.confirm(visit=visit, actor=sun, now=timezone.now())
    assert "has confirmed" in text(zhao)
    assert zhao.inbox.get().link == reverse("practicum:visit", args=[visit.pk])
    assert told(sun) == ["visit_news"], "who did it is not told"
    assert told(chen) == []


def test_a_decline_gives_its_reason(visit, sun, zhao):
    visits.check(visit=visit, actor=zhao)
    visits.decline(visit=visit, actor=sun, reason_given="当天停产检修")
    assert "has declined" in text(zhao)
    assert "当天停产检修" in text(zhao)


def test_without_a_known_asker_all_who_run_the_academy_hear(visit, sun, zhao, chen):
    type(visit).objects.filter(pk=visit.pk).update(requested_by=None)
    visits.check(visit=visit, actor=zhao)
    visits.decline(visit=visit, actor=sun, reason_given="当天停产检修")
    assert told(zhao) == ["visit_news"]
    assert told(chen) == []


def test_proposing_accepting_and_calling_off(visit, sun, zhao, zhang):
    visits.check(visit=visit, actor=zhao)
    visits.propose(
        visit=visit,
        batches=[Batch(at(9, days=22), at(11, days=22), 5)],
        actor=sun,
        now=timezone.now(),
        message="改为周五可以",
    )
    assert "proposes another date" in text(zhao)
    assert "改为周五可以" in text(zhao)
    visits.accept(visit=visit, actor=zhao, now=timezone.now())
    assert "accepts your proposal" in text(sun)
    assert f"{at(9, days=22):%Y-%m-%d}" in text(sun)
    visits.cancel(visit=visit, actor=zhao, reason_given="班级延期")
    assert "called off" in text(sun)
    assert told(zhang) == ["session_cancelled"]


def test_who_agreed_by_telephone_finds_one_message_not_three(base, training_class, sun, zhao):
    visits.schedule_visit(
        base=base,
        training_class=training_class,
        starts_at=at(9, days=20),
        ends_at=at(11, days=20),
        actor=zhao,
        now=timezone.now(),
        title="参观学习",
    )
    assert told(sun) == ["visit_news"]
    assert "has confirmed" in text(sun)
    assert told(zhao) == []


def test_a_rival_request_that_falls_away_is_told_to_who_asked(visit, base, sun, zhao, chen):
    rival = visits.request(
        base=base,
        starts_at=at(9, days=20),
        ends_at=at(11, days=20),
        headcount=3,
        actor=chen,
        now=timezone.now(),
        title="另一个参观",
    )
    for one in (visit, rival):
        visits.check(visit=one, actor=zhao)
    visits.confirm(visit=visit, actor=sun, now=timezone.now())
    assert told(chen) == ["visit_news"]
    assert "not taken up" in text(chen)
