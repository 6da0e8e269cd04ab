"""Preparing a visit: headcount by its deadlines, vehicles and seats, checklist, briefing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from cms.refusals import Refused
from enrollment.models import Enrollment
from practicum import reports
from practicum.actions import preparation, sessions, visits
from practicum.models import CalendarDay, Occupation, Session, Visit
from practicum.rules.deadlines import Moment, headcount_moment
from practicum.rules.reasons import reason
from practicum.rules.seating import seating
from practicum.rules.visits import Batch, Party, spread
from tests.factories import practicum as make
from tests.factories.practicum import at

# --- Rules ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "moment"),
    [
        # A visit on Monday 12 October 2026, after the week of the National Day; 10 October is worked instead.
        (dt.date(2026, 9, 28), Moment.IN_TIME),
        (dt.date(2026, 9, 29), Moment.IN_TIME),
        (dt.date(2026, 9, 30), Moment.LATE),
        (dt.date(2026, 10, 9), Moment.LATE),
        (dt.date(2026, 10, 10), Moment.CLOSED),
        (dt.date(2026, 10, 12), Moment.CLOSED),
    ],
)
def test_the_headcount_is_due_in_working_days(today, moment) -> None:
    holidays = {dt.date(2026, 10, day): False for day in range(1, 8)}
    calendar = holidays | {dt.date(2026, 10, 10): True}
    # Counted back: 10, 9 (changes), 8 October, 30, 29 September (headcount).
    assert headcount_moment(today, dt.date(2026, 10, 12), calendar) == moment


def test_people_are_spread_over_batches_that_stand() -> None:
    assert spread(48, 2, 40) == [24, 24]
    assert spread(7, 3, 40) == [3, 2, 2]
    assert spread(41, 1, 40) is None
    assert spread(1, 2, 40) is None


def test_groups_ride_together_where_they_can() -> None:
    found = seating([[1, 2, 3], [4, 5, 6], [7, 8]], [5, 4])
    assert found.vehicles == [[1, 2, 3, 7, 8], [4, 5, 6]]
    assert found.left_over == []
    parted = seating([[1, 2, 3, 4], [5, 6, 7]], [5, 1])
    assert parted.vehicles == [[1, 2, 3, 4, 5], [6]]
    assert parted.left_over == [7]
    assert seating([[1]], []).left_over == [1]


# --- Headcount -----------------------------------------------------------------------------------------


@pytest.fixture
def vehicle():
    """A coach with 45 seats."""
    return make.VehicleFactory(plate="鲁A10001", seats=45)


def confirmed(base, training_class, zhao, *, days: int = 30) -> Visit:
    visit = visits.request(
        base=base,
        starts_at=at(9, days=days),
        ends_at=at(11, days=days),
        headcount=20,
        actor=zhao,
        now=timezone.now(),
        training_class=training_class,
        title="示例车间现场教学",
    )
    visits.check(visit=visit, actor=zhao)
    return visits.confirm(visit=visit, actor=None, now=timezone.now())


@pytest.mark.django_db
def test_a_headcount_in_time_reaches_the_base(base, training_class, zhao, sun) -> None:
    visit = confirmed(base, training_class, zhao)
    preparation.state_headcount(visit=visit, headcount=25, actor=zhao, now=timezone.now())
    visit.refresh_from_db()
    assert (visit.headcount, visit.batches.get().headcount) == (25, 25)
    assert visit.headcount_stated_at is not None
    entry = ModelLogEntry.objects.get(action="practicum.visit_headcount")
    assert (entry.data["before"], entry.data["after"], entry.data["moment"]) == (20, 25, "in_time")
    told = sun.inbox.filter(context__move="headcount").get()
    assert told.context["headcount"] == 25


@pytest.mark.django_db
def test_after_the_day_for_changes_a_reason_is_asked_for(base, training_class, zhao) -> None:
    visit = confirmed(base, training_class, zhao, days=3)
    CalendarDay.objects.bulk_create(
        CalendarDay(day=timezone.localdate() + dt.timedelta(days=number), name="节", is_working=False)
        for number in range(4)
    )
    with pytest.raises(Refused) as refused:
        preparation.state_headcount(visit=visit, headcount=21, actor=zhao, now=timezone.now())
    assert refused.value.code == "changes_closed"
    visit.refresh_from_db()
    assert visit.headcount == 20
    preparation.state_headcount(
        visit=visit, headcount=21, actor=zhao, now=timezone.now(), reason_given="已电话商定"
    )
    entry = ModelLogEntry.objects.get(action="practicum.visit_headcount")
    assert (entry.data["moment"], entry.data["reason"]) == ("closed", "已电话商定")


@pytest.mark.django_db
def test_a_roster_over_the_capacity_is_refused_with_the_way_out(base, training_class, zhao) -> None:
    visit = confirmed(base, training_class, zhao)
    with pytest.raises(Refused) as refused:
        preparation.state_headcount(visit=visit, headcount=41, actor=zhao, now=timezone.now())
    assert refused.value.code == "headcount_over"
    assert visit.batches.get().headcount == 20
    visits.cancel(visit=visit, actor=zhao, reason_given="改期")
    with pytest.raises(Refused) as refused:
        preparation.state_headcount(visit=visit, headcount=10, actor=zhao, now=timezone.now())
    assert refused.value.code == "visit_over"


@pytest.mark.django_db
def test_batches_share_the_people_and_never_fall_below_their_seats(base, training_class, zhao, soft) -> None:
    make.on_roster(training_class, *make.trainees(soft, 6))
    visit = visits.request(
        base=base, starts_at=at(9, days=30), ends_at=at(11, days=30), headcount=8, actor=zhao,
        now=timezone.now(), training_class=training_class,
    )  # fmt: skip
    visits.check(visit=visit, actor=zhao)
    two = [
        Batch(at(9, days=40), at(10, days=40), 4),
        Batch(at(14, days=40), at(15, days=40), 4),
    ]
    visits.propose(visit=visit, batches=two, actor=None, now=timezone.now())
    visits.accept(visit=visit, actor=zhao, now=timezone.now())
    preparation.state_headcount(visit=visit, headcount=11, actor=zhao, now=timezone.now())
    assert list(visit.batches.values_list("headcount", "session__seats")) == [(6, 6), (5, 5)]
    with pytest.raises(Refused) as refused:
        preparation.state_headcount(visit=visit, headcount=7, actor=zhao, now=timezone.now())
    assert refused.value.code == "headcount_below_seats"
    assert list(visit.batches.values_list("headcount", "session__seats")) == [(6, 6), (5, 5)]


# --- Vehicles and the briefing -------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_vehicle_that_breaks_down_is_replaced_and_the_old_one_free(
    base, training_class, zhao, sun, vehicle
) -> None:
    visit = confirmed(base, training_class, zhao)
    now = timezone.now()
    preparation.allocate_vehicles(visit=visit, vehicles=[vehicle], actor=zhao, now=now)
    session = Session.objects.get(visit_batch__visit=visit)
    sequence = session.sequence
    other = make.VehicleFactory(plate="鲁A10002", seats=45)
    preparation.allocate_vehicles(visit=visit, vehicles=[other], actor=zhao, now=now)
    taken = Occupation.objects.filter(session=session, resource_type="vehicle")
    assert list(taken.values_list("resource_id", flat=True)) == [other.pk]
    assert list(visit.vehicles.all()) == [other]
    session.refresh_from_db()
    assert session.sequence == sequence + 1
    assert session.quarters > 0
    assert sun.inbox.filter(context__move="vehicles").count() == 2


@pytest.mark.django_db
def test_a_vehicle_taken_elsewhere_or_too_small_is_refused(base, training_class, zhao, vehicle) -> None:
    visit = confirmed(base, training_class, zhao)
    sessions.schedule(
        plan=make.plan(starts_at=at(8, days=30), vehicles=[vehicle], title="别的课"), actor=None
    )
    now = timezone.now()
    with pytest.raises(Refused) as refused:
        preparation.allocate_vehicles(visit=visit, vehicles=[vehicle], actor=zhao, now=now)
    assert refused.value.code == "occupied"
    small = make.VehicleFactory(plate="鲁A10003", seats=1)
    with pytest.raises(Refused) as refused:
        preparation.allocate_vehicles(visit=visit, vehicles=[small], actor=zhao, now=now)
    assert refused.value.code == "vehicles_too_small"
    assert not visit.vehicles.exists()


@pytest.mark.django_db
def test_seats_follow_the_groups_of_the_class(
    base, training_class, zhao, zhang, wang, soft, django_assert_num_queries
) -> None:
    people = make.trainees(soft, 3)
    make.on_roster(training_class, *people, group_number=2)
    Enrollment.objects.filter(training_class=training_class, group_number=None).update(group_number=1)
    visit = confirmed(base, training_class, zhao)
    first, second = make.VehicleFactory(plate="鲁A1", seats=3), make.VehicleFactory(plate="鲁A2", seats=4)
    preparation.allocate_vehicles(visit=visit, vehicles=[first, second], actor=zhao, now=timezone.now())
    session = Session.objects.with_place().get(visit_batch__visit=visit)
    with django_assert_num_queries(3):
        riders = reports.riders_of(session)
    assert [sorted(names) for _vehicle, names in riders.vehicles] == [
        sorted([zhang.trainee.name, wang.trainee.name]),
        sorted(one.name for one in people),
    ]
    assert riders.left_over == []


@pytest.mark.django_db
def test_the_briefing_is_read_once_it_was_sent(
    base, training_class, zhao, zhang, outsider, sun, vehicle, sign_in
) -> None:
    visit = confirmed(base, training_class, zhao)
    now = timezone.now()
    preparation.allocate_vehicles(visit=visit, vehicles=[vehicle], actor=zhao, now=now)
    visits.keep_safety_note(visit=visit, text="进车间戴安全帽", actor=sun)
    session = Session.objects.get(visit_batch__visit=visit)
    url = reverse("practicum:briefing", args=[session.pk])
    assert sign_in(user=zhang).get(url).status_code == 404
    assert "alert-warning" in sign_in(user=zhao).get(url).content.decode()
    with pytest.raises(Refused) as refused:
        visits.brief(visit=visit, actor=zhao)
    assert refused.value.code == "visit_not_ready"
    visits.prepare(
        visit=visit, actor=zhao, leader_name="李领队", leader_phone="13800000009", is_insured=True,
        has_safety_plan=True, briefing="8:30 学院东门集合乘车。",
    )  # fmt: skip
    visits.brief(visit=visit, actor=zhao)
    told = zhang.inbox.get(kind="visit_briefing")
    assert told.link == url
    assert not outsider.inbox.exists()
    page = sign_in(user=zhang).get(url)
    text = page.content.decode()
    assert page.status_code == 200
    for words in ("李领队", "8:30 学院东门集合乘车。", "进车间戴安全帽", "鲁A10001", zhang.trainee.name):
        assert words in text
    assert sign_in(user=outsider).get(url).status_code == 404


@pytest.mark.django_db
def test_the_page_walks_from_request_to_archive(base, training_class, zhao, sign_in, vehicle) -> None:
    visit = confirmed(base, training_class, zhao)
    client = sign_in(user=zhao)
    page_url = reverse("practicum:visit", args=[visit.pk])
    assert [done for _code, done in visit.readiness.items] == [False, False, False, False, True, False]
    over = client.post(reverse("practicum:visit_headcount", args=[visit.pk]), {"headcount": "99"})
    assert over.status_code == 422
    assert "99" in over.content.decode()
    client.post(reverse("practicum:visit_headcount", args=[visit.pk]), {"headcount": "2"})
    client.post(reverse("practicum:visit_vehicles", args=[visit.pk]), {"vehicles": [vehicle.pk]})
    client.post(
        page_url,
        {
            "leader_name": "李领队",
            "leader_phone": "",
            "is_insured": "on",
            "has_safety_plan": "on",
            "briefing": "集合",
        },
    )
    visit = Visit.objects.get(pk=visit.pk)
    assert all(done for _code, done in visit.readiness.items)
    move = reverse("practicum:visit_move", args=[visit.pk])
    client.post(move, {"move": "brief"})
    Visit.objects.filter(pk=visit.pk).update(starts_at=at(9, days=-1), ends_at=at(11, days=-1))
    client.post(move, {"move": "hold"})
    client.post(reverse("practicum:visit_rating", args=[visit.pk]), {"stars": "5"})
    visits.rate(visit=visit, party=Party.BASE, stars=4, actor=None, now=timezone.now())
    client.post(move, {"move": "archive"})
    visit.refresh_from_db()
    assert (visit.status, visit.academy_rating, visit.host_rating) == ("archived", 5, 4)
    assert client.get(page_url).status_code == 200


@pytest.mark.django_db
def test_of_two_who_want_one_time_the_other_hears_why(base, zhao, wang) -> None:
    now = timezone.now()
    first, second = (
        visits.request(
            base=base, starts_at=at(9, days=30), ends_at=at(11, days=30), headcount=5, actor=who, now=now,
            title=title,
        )
        for who, title in ((zhao, "甲"), (wang, "乙"))
    )  # fmt: skip
    for visit in (first, second):
        visits.check(visit=visit, actor=zhao)
    visits.confirm(visit=first, actor=None, now=now)
    second.refresh_from_db()
    assert second.status == "rejected"
    told = wang.inbox.get(context__move="reject")
    assert told.context["answer"] == str(reason("visit_outrun"))
