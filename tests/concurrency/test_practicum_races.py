"""Races about places, seats and check-ins: many threads, one right outcome; a control for each."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from cms.refusals import Refused
from enrollment.models import HourEntry
from practicum.actions import attendance, bookings, checkin, sessions, suspensions, visits
from practicum.models import (
    Attendance,
    Booking,
    CheckinEvent,
    Occupation,
    Outcome,
    ResourceKind,
    SeatHold,
    SeatTerms,
    Session,
    Visit,
    WaitingParty,
)
from practicum.models.seat_counts import count_of
from practicum.reports import differences
from practicum.rules.seats import SeatRules
from practicum.rules.visits import Party
from tests.factories import practicum as make
from tests.factories.practicum import at, plan
from tests.people import plant

pytestmark = pytest.mark.race

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def tree(race_db):
    return plant()


def unexpected(outcomes):
    return [item for item in outcomes if isinstance(item, Exception) and not isinstance(item, Refused)]


# --- One slot -------------------------------------------------------------------------------------------


def test_fifty_who_want_one_room_at_one_time_give_one_session(tree, race):
    room = make.RoomFactory()

    def work(number):
        return sessions.schedule(plan=plan(title=f"第{number}个", room=room), actor=None).pk

    outcomes = race(work, 50)
    assert unexpected(outcomes) == []
    assert sum(isinstance(item, int) for item in outcomes) == 1
    assert {item.code for item in outcomes if isinstance(item, Refused)} <= {"occupied", "occupied_meanwhile"}
    assert Session.objects.count() == 1
    assert Occupation.objects.filter(resource_type=ResourceKind.ROOM).count() == 1


def test_neighbours_race_without_harm(tree, race):
    """Eight back-to-back sessions of one room, all at once: all are held."""
    room = make.RoomFactory()

    def work(number):
        start = at(8, days=1) + number * 30 * MINUTE
        return sessions.schedule(
            plan=plan(room=room, starts_at=start, ends_at=start + 30 * MINUTE), actor=None
        )

    outcomes = race(work, 8)
    assert [item for item in outcomes if isinstance(item, Exception)] == []
    assert Occupation.objects.filter(resource_type=ResourceKind.ROOM).count() == 8


def test_control_without_the_guard_one_slot_is_given_twice(tree, race, meeting):
    """Look, then write, with neither constraint nor immediate transaction: several find the room free."""
    room = make.RoomFactory()
    holders = [make.session(place="示例会场", starts_at=at(9, days=number + 1)) for number in range(4)]
    point = meeting(4)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE practicum_occupation DROP CONSTRAINT practicum_occupation_never_overlaps"
            )
    start, end = at(9, days=30), at(12, days=30)

    def careless(number):
        taken = Occupation.objects.filter(resource_type="room", resource_id=room.pk).overlapping(start, end)
        is_free = not taken.exists()
        point.wait()
        if is_free:
            Occupation.objects.create(
                resource_type="room",
                resource_id=room.pk,
                starts_at=start,
                ends_at=end,
                session=holders[number],
            )

    assert race(careless, 4) == [None] * 4
    assert Occupation.objects.filter(resource_type="room").count() > 1


@pytest.mark.postgres
def test_postgresql_refuses_an_overlap_by_itself(tree):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no exclusion constraints")
    first, second = make.session(starts_at=at(9, days=1)), make.session(starts_at=at(9, days=2))
    span = {"resource_type": "room", "resource_id": 1, "starts_at": at(9), "ends_at": at(10)}
    Occupation.objects.create(session=first, **span)
    with pytest.raises(IntegrityError, match="never_overlaps"):
        Occupation.objects.create(session=second, **span)


def test_two_visits_to_one_base_are_confirmed_at_once_and_one_is_held(tree, race):
    base = make.TrainingBaseFactory()
    asked = []
    for _number in range(4):
        visit = visits.request(
            base=base,
            starts_at=at(10, days=9),
            ends_at=at(12, days=9),
            headcount=5,
            actor=None,
            now=timezone.now(),
            training_class=make.TrainingClassFactory(),
        )
        asked.append(visits.check(visit=visit, actor=None))
    outcomes = race(lambda number: visits.confirm(visit=asked[number], actor=None, now=timezone.now()).pk, 4)
    assert unexpected(outcomes) == []
    assert Counter(Visit.objects.values_list("status", flat=True)) == {"confirmed": 1, "rejected": 3}
    assert Session.objects.filter(base=base).count() == 1


# --- Seats ----------------------------------------------------------------------------------------------


def test_two_hundred_bookings_of_forty_seats_give_forty(tree, race):
    session = make.session(seats=40, is_open=True)
    SeatTerms.objects.create(session=session, share_percent=100)
    people = make.trainees(tree.soft, 200)
    threads = 20
    reasons: set[str] = set()

    def work(number):
        got = 0
        for person in people[number::threads]:
            try:
                bookings.book(session=session, trainee=person, now=timezone.now(), actor=None)
                got += 1
            except Refused as refused:
                reasons.add(refused.code)
        return got

    outcomes = race(work, threads)
    assert unexpected(outcomes) == []
    assert sum(outcomes) == 40
    assert reasons == {"no_seats_left"}
    assert Booking.objects.booked().count() == 40
    assert Occupation.objects.filter(resource_type=ResourceKind.TRAINEE).count() == 40


def test_groups_singles_holds_and_the_queue_race_and_no_seat_or_share_is_given_twice(tree, race):
    """Three organizations send groups, keep seats and give back, all at once: seats and shares hold."""
    session = make.session(seats=12, is_open=True, starts_at=at(9, days=9))
    SeatTerms.objects.create(session=session, share_percent=50)
    branches = (tree.soft, tree.make, tree.bio)
    people = {one.pk: make.trainees(one, 20) for one in branches}

    def work(number):
        branch = branches[number % 3]
        mine = people[branch.pk][number // 3 * 3 :][:3]
        deed = number // 3 % 4
        if deed == 0:
            return bookings.hold(
                session=session, organization=branch, seats=2, now=timezone.now(), actor=None
            ).pk
        if deed == 1:
            return bookings.wait(session=session, trainees=mine, now=timezone.now(), actor=None).pk
        booked = bookings.book_together(
            session=session, trainees=mine, now=timezone.now(), actor=None, from_hold=deed == 3
        )
        return bookings.give_back(session=session, trainee=mine[0], now=timezone.now(), actor=None) and booked

    outcomes = race(work, 18)
    assert unexpected(outcomes) == []
    seats = Booking.objects.booked().filter(session=session)
    by_branch = Counter(seats.values_list("trainee__home_organization", flat=True))
    for hold in SeatHold.objects.holding(timezone.now()):
        by_branch[hold.organization_id] += hold.seats
    assert 0 < sum(by_branch.values()) <= 12
    assert max(by_branch.values()) <= 6
    # All of a party have seats or none; whoever has one occupies the time.
    for party in WaitingParty.objects.prefetch_related("members"):
        there = seats.filter(trainee__in=[one.trainee_id for one in party.members.all()]).count()
        assert there == (3 if party.status == "seated" else 0)
    assert Occupation.objects.filter(resource_type=ResourceKind.TRAINEE).count() == seats.count()


def test_control_without_the_lock_a_share_is_overdrawn(tree, race, meeting):
    session = make.session(seats=12, is_open=True, starts_at=at(9, days=9))
    people = make.trainees(tree.soft, 4)
    point = meeting(4)

    def careless(number):
        count = count_of(session, rules=SeatRules(), now=timezone.now(), judged=[tree.soft.pk])
        refusal = count.refusal({tree.soft.pk: 1})
        point.wait()
        if refusal is None:
            Booking.objects.create(session=session, trainee=people[number])

    assert race(careless, 4) == [None] * 4
    assert Booking.objects.booked().count() > count_of(
        session, rules=SeatRules(), now=timezone.now(), judged=[]
    ).share(tree.soft.pk)


def test_the_same_person_books_from_many_devices_and_has_one_seat(tree, race):
    session = make.session(seats=40, is_open=True)
    (person,) = make.trainees(tree.soft, 1)
    outcomes = race(
        lambda _n: bookings.book(session=session, trainee=person, now=timezone.now(), actor=None).pk, 8
    )
    assert unexpected(outcomes) == []
    assert len(set(outcomes)) == 1


def test_control_without_the_lock_seats_are_oversold(tree, race, meeting):
    session = make.session(seats=1, is_open=True)
    people = make.trainees(tree.soft, 6)
    point = meeting(6)

    def careless(number):
        is_free = Booking.objects.booked().filter(session=session).count() < session.seats
        point.wait()
        if is_free:
            Booking.objects.create(session=session, trainee=people[number])

    assert race(careless, 6) == [None] * 6
    assert Booking.objects.booked().count() > 1


# --- Check-in -------------------------------------------------------------------------------------------


@pytest.fixture
def running(tree):
    """A session under way, with twelve people on its roster."""
    training_class = make.TrainingClassFactory()
    people = make.trainees(tree.soft, 12)
    make.on_roster(training_class, *people)
    begin = timezone.now().replace(microsecond=0) - 10 * MINUTE
    return make.session(training_class=training_class, starts_at=begin), people


def sign(session, person, nonce, direction="in", minute=10):
    return attendance.check_in(
        session=session,
        trainee=person,
        direction=direction,
        source="personal",
        nonce=nonce,
        now=session.starts_at + minute * MINUTE,
    )


def test_one_scan_sent_by_many_threads_counts_once(running, race):
    session, people = running
    outcomes = race(lambda _n: sign(session, people[0], "the same").outcome, 8)
    assert outcomes == [Outcome.ACCEPTED] * 8
    assert CheckinEvent.objects.count() == 1
    assert Attendance.objects.count() == 1


def test_one_person_scanned_by_many_at_once_is_there_once(running, race):
    session, people = running
    outcomes = race(lambda number: sign(session, people[0], f"n{number}", minute=number).outcome, 8)
    assert unexpected(outcomes) == []
    assert Counter(outcomes) == {Outcome.ACCEPTED: 1, Outcome.REPEATED: 7}
    row = Attendance.objects.get()
    # Whoever won, the earliest of the scans counts, as the events say.
    assert row.signed_in_at == session.starts_at
    assert list(differences(now=session.ends_at)) == []


def test_sign_outs_at_once_keep_the_latest(running, race):
    session, people = running
    sign(session, people[0], "in")
    race(lambda number: sign(session, people[0], f"n{number}", "out", minute=170 + number), 8)
    assert Attendance.objects.get().signed_out_at == session.starts_at + 177 * MINUTE


def test_control_without_the_unique_index_one_person_is_signed_in_twice(running, race, meeting):
    session, people = running
    point = meeting(6)

    def careless(number):
        known = CheckinEvent.objects.filter(session=session, trainee=people[0]).exists()
        point.wait()
        if not known:
            # As if it were no sign-in, so that the index does not see it.
            CheckinEvent.objects.create(
                session=session,
                trainee=people[0],
                direction="out",
                source="personal",
                nonce=str(number),
                effective_at=session.starts_at,
                server_at=session.starts_at,
                outcome=Outcome.ACCEPTED,
            )

    assert race(careless, 6) == [None] * 6
    assert CheckinEvent.objects.count() > 1


# --- Settling -------------------------------------------------------------------------------------------


def test_settling_from_many_places_posts_once(running, race):
    session, people = running
    for number, person in enumerate(people):
        sign(session, person, f"in{number}")
        sign(session, person, f"out{number}", "out", minute=180)
    outcomes = race(lambda _n: attendance.settle(session=session, now=session.ends_at).posted, 6)
    assert unexpected(outcomes) == []
    assert sum(outcomes) == 12
    assert HourEntry.objects.count() == 12
    assert list(differences(now=session.ends_at)) == []


def test_a_check_in_during_settling_is_in_or_refused_but_never_lost(running, race):
    session, people = running
    for number, person in enumerate(people):
        sign(session, person, f"in{number}")

    def work(number):
        if number == 0:
            return attendance.settle(session=session, now=session.ends_at).posted
        return sign(session, people[number], f"out{number}", "out", minute=180).outcome

    outcomes = race(work, 8)
    assert unexpected(outcomes) == []
    accepted = sum(item == Outcome.ACCEPTED for item in outcomes[1:])
    assert outcomes[0] == accepted
    assert list(differences(now=session.ends_at)) == []


def test_a_first_sign_in_during_settling_is_in_or_refused_but_never_half_there(running, race):
    session, people = running

    def work(number):
        if number == 0:
            return attendance.settle(session=session, now=session.ends_at).posted
        return checkin.check_in(
            session=session.pk,
            trainee=people[number].pk,
            direction="in",
            source="roll_call",
            nonce=f"first{number}",
            now=session.ends_at,
            effective_at=session.starts_at,
        ).outcome

    outcomes = race(work, 8)
    assert unexpected(outcomes) == []
    there = {people[number].pk for number in range(1, 8) if outcomes[number] == Outcome.ACCEPTED}
    accepted = CheckinEvent.objects.filter(outcome=Outcome.ACCEPTED)
    assert set(accepted.values_list("trainee_id", flat=True)) == there
    signed_in = Attendance.objects.filter(signed_in_at__isnull=False)
    assert set(signed_in.values_list("trainee_id", flat=True)) == there
    assert list(differences(now=session.ends_at)) == []


def test_control_without_the_lock_several_settle_at_once(running, race, meeting):
    session, _people = running
    point = meeting(4)

    def careless(_number):
        is_open = not Session.objects.get(pk=session.pk).is_settled
        point.wait()
        if is_open:
            Session.objects.filter(pk=session.pk).update(status="settled")
        return is_open

    assert sum(race(careless, 4)) > 1


# --- A base that closes while a visit is confirmed ----------------------------------------------------------


def visits_with_base(base, count):
    """``count`` visits of one base, an hour each on days of their own, passed on to it."""
    asked = [
        visits.request(
            base=base,
            starts_at=at(9, days=20 + number),
            ends_at=at(10, days=20 + number),
            headcount=5,
            actor=None,
            now=timezone.now(),
        )
        for number in range(count)
    ]
    return [visits.check(visit=visit, actor=None) for visit in asked]


def test_a_visit_is_confirmed_before_the_suspension_or_not_at_all(tree, race):
    """Whoever suspends is told of every visit that holds the base: none is confirmed behind its back."""
    base = make.TrainingBaseFactory()
    waiting = visits_with_base(base, 7)

    def work(number):
        if number == 7:
            suspensions.suspend(
                base=base, party=Party.BASE, reason_given="检修", actor=None, now=timezone.now()
            )
            return Visit.objects.filter(base=base, status="confirmed").count()
        visits.confirm(visit=waiting[number], actor=None, now=timezone.now())
        return None

    outcomes = race(work, 8)
    assert unexpected(outcomes) == []
    assert {item.code for item in outcomes if isinstance(item, Refused)} <= {"base_not_active"}
    assert Visit.objects.filter(base=base, status="confirmed").count() == outcomes[7]


def test_control_without_the_bases_lock_one_is_confirmed_behind_its_back(tree, race, meeting):
    """Both look, wait and write: the base is suspended, and a visit is confirmed that nobody counted."""
    base = make.TrainingBaseFactory()
    (waiting,) = visits_with_base(base, 1)
    point = meeting(2)

    def careless(number):
        is_active = type(base).objects.get(pk=base.pk).terms.is_active
        standing = Visit.objects.filter(base=base, status="confirmed").count()
        point.wait()
        if number == 0:
            type(base).objects.filter(pk=base.pk).update(status="suspended")
            return standing
        if is_active:
            Visit.objects.filter(pk=waiting.pk).update(status="confirmed")
        return None

    counted = race(careless, 2)[0]
    assert Visit.objects.filter(base=base, status="confirmed").count() == counted + 1
