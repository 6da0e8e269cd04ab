"""Seats of open sessions: shares, groups, waiting, holds, and seats that stayed empty."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from cms.refusals import Refused
from enrollment.models import Message
from practicum import tasks
from practicum.actions import attendance, bookings, missed_seats, releases, seat_terms, sessions
from practicum.actions.plans import plan_of
from practicum.models import Booking, MissedSeat, SeatHold, WaitingParty
from practicum.models.seat_counts import divisors_of
from practicum.rules.seats import SeatRules
from tests.factories import practicum as make

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


def opened(seats: int = 8, days: float = 10, **details):
    """An open session that begins in some days, by whole hours."""
    begin = timezone.now().replace(minute=0, second=0, microsecond=0) + dt.timedelta(days=days)
    return make.session(
        title="示例开放日", seats=seats, is_open=True, starts_at=begin, ends_at=begin + 2 * HOUR, **details
    )


def book(session, *people, **options):
    return bookings.book_together(
        session=session, trainees=people, now=options.pop("now", timezone.now()), actor=None, **options
    )


def wait(session, *people, actor=None):
    return bookings.wait(session=session, trainees=people, now=timezone.now(), actor=actor)


def seated(session) -> set[str]:
    return set(Booking.objects.booked().filter(session=session).values_list("trainee__name", flat=True))


def test_an_organization_gets_its_share_until_shares_end(soft, bio):
    session = opened(seats=8)
    people, others = make.trainees(soft, 4), make.trainees(bio, 2, prefix="生物")
    book(session, *people[:2])
    with pytest.raises(Refused) as caught:
        book(session, people[2])
    assert caught.value.code == "share_used_up"
    assert "示例软件支部" in caught.value.sentence
    book(session, *others)
    # Three days before, what is left goes to anybody.
    book(session, people[2], now=session.starts_at - 71 * HOUR)
    assert len(seated(session)) == 5


def test_a_group_gets_all_its_seats_or_none(soft):
    session = opened(seats=3)
    seat_terms.set_terms(session=session, rules=SeatRules(share_percent=100), now=timezone.now(), actor=None)
    people = make.trainees(soft, 4)
    with pytest.raises(Refused) as caught:
        book(session, *people)
    assert caught.value.code == "no_seats_left"
    assert seated(session) == set()


def test_whoever_waits_moves_up_when_a_seat_is_given_back(soft, bio, zhang, li):
    session = opened(seats=4)
    theirs, mine = make.trainees(bio, 2), make.trainees(soft, 2)
    book(session, *theirs)
    book(session, *mine)
    party = wait(session, zhang.trainee, actor=li)
    assert party.status == "waiting"
    bookings.give_back(session=session, trainee=mine[0], now=timezone.now(), actor=None)
    party.refresh_from_db()
    assert party.status == "seated"
    assert zhang.trainee.name in seated(session)
    assert [one.kind for one in zhang.inbox.all()] == ["seat_moved_up"]
    assert [one.kind for one in li.inbox.all()] == ["seat_moved_up"]
    assert ModelLogEntry.objects.filter(action="practicum.seat_move_up").exists()


def test_a_seat_of_a_cancelled_session_is_nobodys_fault(soft, li, sign_in):
    session, [one] = opened(days=0.5), make.trainees(soft, 1)
    book(session, one)
    client, url = sign_in(user=li), reverse("practicum:seat_people", args=[session.pk])
    assert 'name="give_back"' in client.get(url).content.decode()
    sessions.cancel(session=session, actor=None, reason_given="场地检修")
    with pytest.raises(Refused) as caught:
        bookings.give_back(session=session, trainee=one, now=timezone.now(), actor=None)
    assert caught.value.code == "session_cancelled"
    assert not MissedSeat.objects.exists()
    page = client.get(url).content.decode()
    assert "场地检修" in page
    for deed in ("give_back", "book", "wait", "stop", "hold", "release", "people"):
        assert f'name="{deed}"' not in page


def test_who_waits_hears_of_a_release_that_cancels(soft, zhang, sign_in):
    session, other = opened(seats=4), opened(seats=4, days=11)
    for one in (session, other):
        book(one, *make.trainees(soft, 2))
        wait(one, zhang.trainee)
    assert WaitingParty.objects.waiting().count() == 2
    Message.objects.all().delete()
    change = releases.draft_cancel(session=session, reason_given="场地检修", actor=None)
    made = releases.release(changes=[change], now=timezone.now(), actor=None)
    told = zhang.inbox.get()
    assert (told.kind, told.context["cancelled"]) == ("timetable_released", 1)
    assert session.title in sign_in(user=zhang).get(made.get_absolute_url()).content.decode()


def test_what_became_free_is_the_queues_before_anybody_elses(soft, bio, zhang):
    session = opened(seats=4)
    kept = bookings.hold(session=session, organization=bio, seats=2, now=timezone.now(), actor=None)
    book(session, *make.trainees(soft, 2))
    [late, later] = make.trainees(bio, 2, prefix="生物")
    wait(session, late)
    # The hold runs out, and nobody has tended the session since.
    SeatHold.objects.filter(pk=kept.pk).update(expires_at=timezone.now() - HOUR)
    book(session, later)
    assert {late.name, later.name} <= seated(session)
    wait(session, zhang.trainee)
    sessions.reschedule(session=session, plan=replace(plan_of(session), seats=12), actor=None)
    assert zhang.trainee.name in seated(session)


@pytest.mark.parametrize("deed", ["book", "hold"])
def test_nobody_overtakes_the_queue(soft, bio, deed):
    session = opened(seats=4)
    kept = bookings.hold(session=session, organization=bio, seats=2, now=timezone.now(), actor=None)
    book(session, *make.trainees(soft, 2))
    seat_terms.set_terms(session=session, rules=SeatRules(share_percent=100), now=timezone.now(), actor=None)
    one, two, third = make.trainees(bio, 3, prefix="生物")
    wait(session, one, two)
    SeatHold.objects.filter(pk=kept.pk).update(expires_at=timezone.now() - HOUR)
    deeds = {
        "book": lambda: book(session, third),
        "hold": lambda: bookings.hold(
            session=session, organization=bio, seats=1, now=timezone.now(), actor=None
        ),
    }
    with pytest.raises(Refused) as caught:
        deeds[deed]()
    assert caught.value.code == "no_seats_left"


def test_who_is_elsewhere_by_then_keeps_waiting_and_holds_nobody_up(soft, bio):
    session = opened(seats=2)
    (first, second), (busy, free) = make.trainees(bio, 2), make.trainees(soft, 2)
    book(session, first, second)
    blocked, next_one = wait(session, busy), wait(session, free)
    other = make.session(
        seats=3, is_open=True, starts_at=session.starts_at, ends_at=session.ends_at, title="同时的活动"
    )
    book(other, busy)
    bookings.give_back(session=session, trainee=first, now=timezone.now(), actor=None)
    blocked.refresh_from_db()
    next_one.refresh_from_db()
    assert (blocked.status, next_one.status) == ("waiting", "seated")


def test_seats_kept_without_names_are_named_lapse_and_go_on(soft, bio, li):
    session = opened(seats=4)
    mine, theirs = make.trainees(soft, 2), make.trainees(bio, 3)
    kept = bookings.hold(session=session, organization=soft, seats=2, now=timezone.now(), actor=li)
    book(session, *theirs[:2])
    waiting = wait(session, theirs[2])
    book(session, mine[0], from_hold=True)
    kept.refresh_from_db()
    assert (kept.seats, kept.status) == (1, "standing")
    # Its time is over: it keeps nothing, and the queue's task gives the seat on.
    SeatHold.objects.update(expires_at=timezone.now() - HOUR)
    seat_terms.set_terms(session=session, rules=SeatRules(share_percent=75), now=timezone.now(), actor=None)
    waiting.refresh_from_db()
    assert waiting.status == "seated"
    assert tasks.tend_seats() == 1
    assert tasks.tend_seats() == 0
    kept.refresh_from_db()
    assert kept.status == "lapsed"
    assert [one.kind for one in li.inbox.all()] == ["seat_hold_lapsed"]


def test_shortly_before_nobody_is_moved_up_unasked(soft, bio, zhang):
    session = opened(seats=1, days=0.5)
    (holder,) = make.trainees(bio, 1)
    book(session, holder)
    party = wait(session, zhang.trainee)
    bookings.give_back(session=session, trainee=holder, now=timezone.now(), actor=None)
    party.refresh_from_db()
    assert party.status == "waiting"
    assert [one.kind for one in zhang.inbox.all()] == ["seat_free"]
    book(session, zhang.trainee)
    party.refresh_from_db()
    assert party.status == "withdrawn"
    # Given back after the last day: the seat counts as empty, until one takes it again.
    assert MissedSeat.objects.counting().get().trainee == holder
    bookings.give_back(session=session, trainee=zhang.trainee, now=timezone.now(), actor=None)
    book(session, holder)
    assert [one.trainee for one in MissedSeat.objects.counting()] == [zhang.trainee]


def test_those_who_wait_hear_that_nothing_is_held(bio, zhang):
    session = opened(seats=1)
    book(session, *make.trainees(bio, 1))
    wait(session, zhang.trainee)
    sessions.cancel(session=session, actor=None, reason_given="基地检修")
    assert [one.kind for one in zhang.inbox.all()] == ["session_cancelled"]
    tasks.tend_seats()
    assert WaitingParty.objects.get().status == "closed"


def test_an_empty_seat_is_noted_objected_to_and_decided(zhang, zhao, soft):
    session = opened(days=1)
    (came,) = make.trainees(soft, 1)
    book(session, zhang.trainee, came)
    moved = {"starts_at": session.starts_at - 3 * 24 * HOUR, "ends_at": session.ends_at - 3 * 24 * HOUR}
    type(session).objects.filter(pk=session.pk).update(**moved)
    session.refresh_from_db()
    attendance.record_in_bulk(
        attended=[attendance.Attended(session.pk, came.pk, session.starts_at, session.ends_at)]
    )
    attendance.settle(session=session, now=timezone.now())
    missed = MissedSeat.objects.get()
    assert (missed.trainee, missed.organization) == (zhang.trainee, soft)
    assert {one.kind for one in zhang.inbox.all()} == {"seat_booked", "seat_missed"}
    assert divisors_of([soft.pk], now=timezone.now()) == {soft.pk: 1}
    missed_seats.appeal(missed=missed, text="突发疾病", now=timezone.now(), actor=zhang)
    assert not MissedSeat.objects.counting().exists()
    assert Message.objects.filter(recipient=zhao, kind="seat_appealed").exists()
    with pytest.raises(Refused):
        missed_seats.decide(missed=missed, excuse=True, answer=" ", now=timezone.now(), actor=zhao)
    missed_seats.decide(missed=missed, excuse=False, answer="请提前请假", now=timezone.now(), actor=zhao)
    assert MissedSeat.objects.counting().exists()
    with pytest.raises(Refused):
        missed_seats.decide(missed=missed, excuse=True, answer="改判", now=timezone.now(), actor=zhao)
    # Whoever was there after all is not held to it.
    attendance.correct(
        session=session, trainee=zhang.trainee, actor=zhao, reason_given="签到表有名",
        now=timezone.now(), ruling="present",
    )  # fmt: skip
    missed.refresh_from_db()
    assert missed.status == "mended"


def test_an_empty_seat_that_is_noted_weeks_later_is_told_and_objected_to(zhang, zhao, soft):
    session = opened(days=1)
    book(session, zhang.trainee)
    moved = {"starts_at": session.starts_at - 30 * 24 * HOUR, "ends_at": session.ends_at - 30 * 24 * HOUR}
    type(session).objects.filter(pk=session.pk).update(**moved)
    session.refresh_from_db()
    attendance.settle(session=session, now=timezone.now())
    assert "seat_missed" in {one.kind for one in zhang.inbox.all()}
    missed = MissedSeat.objects.get()
    assert missed.can_be_appealed
    missed_seats.appeal(missed=missed, text="突发疾病", now=timezone.now(), actor=zhang)
    # Left standing, it weighs from the day of the session on, not from the day of the note.
    missed_seats.decide(missed=missed, excuse=False, answer="请提前请假", now=timezone.now(), actor=zhao)
    assert divisors_of([soft.pk], now=session.ends_at + dt.timedelta(days=181)) == {}


def test_whoever_let_seats_stay_empty_books_later_then_not_at_all(zhang, soft):
    past = [opened(days=number + 20) for number in range(3)]
    for number, session in enumerate(past):
        MissedSeat.objects.create(
            session=session, trainee=zhang.trainee, organization=soft, kind="absent",
            noted_at=timezone.now() - (number + 1) * 24 * HOUR,
        )  # fmt: skip
    session = opened()
    with pytest.raises(Refused) as caught:
        book(session, zhang.trainee)
    assert caught.value.code == "booking_paused"
    with pytest.raises(Refused):
        wait(session, zhang.trainee)
    MissedSeat.objects.filter(session=past[0]).update(status="excused")
    with pytest.raises(Refused) as caught:
        book(session, zhang.trainee)
    assert caught.value.code == "booking_later"
    assert wait(session, zhang.trainee).status == "waiting"
    book(session, zhang.trainee, now=session.starts_at - 71 * HOUR)


# --- Pages -------------------------------------------------------------------------------------------------


def test_an_organization_books_waits_and_keeps_seats_on_one_page(li, zhang, wang, outsider, soft, sign_in):
    session = opened(seats=8)
    url = reverse("practicum:seat_people", args=[session.pk])
    client = sign_in(user=li)
    assert "张学员" in client.get(url).content.decode()
    client.post(url, {"people": [zhang.trainee.pk, outsider.trainee.pk], "book": "1"})
    # Only one's own people are booked.
    assert seated(session) == {"张学员"}
    answer = client.post(url, {"organization": soft.pk, "seats": "5", "hold": "1"})
    assert answer.status_code == 409
    assert client.post(url, {"organization": soft.pk, "seats": "1", "hold": "1"}).status_code == 302
    client.post(url, {"people": [wang.trainee.pk], "book": "1"})
    assert seated(session) == {"张学员", "王书记"}
    page = sign_in(user=outsider).get(reverse("practicum:seats", args=[session.pk])).content.decode()
    assert "示例软件支部" in page
    assert "张学员" not in page


def test_the_page_of_seats_asks_a_fixed_number_of_questions(
    zhang, soft, bio, sign_in, django_assert_num_queries
):
    session = opened(seats=20)
    client = sign_in(user=zhang)
    url = reverse("practicum:seats", args=[session.pk])
    book(session, *make.trainees(soft, 2))
    client.get(url)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as before:
        client.get(url)
    book(session, *make.trainees(bio, 4))
    for person in make.trainees(soft, 6):
        bookings.wait(session=session, trainees=[person], now=timezone.now(), actor=None)
    with django_assert_num_queries(len(before)):
        client.get(url)
