"""Races about preparing visits, series and the table of bases; a control for each."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from wagtail.models import ModelLogEntry

from cms.refusals import Refused
from enrollment.models import Organization, User
from practicum.actions import base_imports, bookings, papers, preparation, series, sessions, visits
from practicum.models import BaseImport, Booking, Occupation, SeatTerms, Session, TrainingBase, VisitPaper
from practicum.rules.papers import MOST_OF_ONE_VISIT
from practicum.rules.series import Pattern
from practicum.rules.visits import Party
from tests.factories import practicum as make
from tests.people import plant

pytestmark = pytest.mark.race

WEEK = dt.timedelta(days=7)


@pytest.fixture
def tree(race_db):
    return plant()


def unexpected(outcomes):
    return [item for item in outcomes if isinstance(item, Exception) and not isinstance(item, Refused)]


def agreed(*, headcount=6):
    """A visit that is confirmed, whose one batch people book seats in."""
    visit = visits.request(
        base=make.TrainingBaseFactory(),
        starts_at=make.at(9, days=40),
        ends_at=make.at(11, days=40),
        headcount=headcount,
        actor=None,
        now=timezone.now(),
    )
    visits.check(visit=visit, actor=None)
    visit = visits.confirm(visit=visit, actor=None, now=timezone.now(), party=Party.ACADEMY)
    Session.objects.filter(visit_batch__visit=visit).update(is_open=True)
    return visit, Session.objects.get(visit_batch__visit=visit)


# --- Headcount ---------------------------------------------------------------------------------------------


def test_a_headcount_never_falls_below_the_seats_that_are_given(tree, race):
    visit, session = agreed()
    # All come from one organization; how seats are shared is not what is looked at here.
    SeatTerms.objects.create(session=session, share_percent=100)
    people = make.trainees(Organization.objects.order_by("-depth")[0], 6)

    def work(number):
        if number == 6:
            preparation.state_headcount(visit=visit, headcount=2, actor=None, now=timezone.now())
        else:
            bookings.book(session=session, trainee=people[number], now=timezone.now(), actor=None)

    outcomes = race(work, 7)
    assert unexpected(outcomes) == []
    codes = {item.code for item in outcomes if isinstance(item, Refused)}
    assert codes <= {"headcount_below_seats", "no_seats_left"}
    session.refresh_from_db()
    assert session.seats in (2, 6)
    assert Booking.objects.booked().filter(session=session).count() <= session.seats


def test_control_without_the_sessions_lock_seats_are_taken_away(tree, race, meeting):
    _visit, session = agreed(headcount=1)
    person = make.trainees(Organization.objects.order_by("-depth")[0], 1)[0]
    Session.objects.filter(pk=session.pk).update(seats=1)
    point = meeting(2)

    def careless(number):
        taken = Booking.objects.booked().filter(session=session).count()
        point.wait()
        if number == 0:
            assert taken == 0
            Session.objects.filter(pk=session.pk).update(seats=0)
        elif taken < 1:
            Booking.objects.create(session=session, trainee=person)

    assert race(careless, 2) == [None, None]
    session.refresh_from_db()
    assert Booking.objects.booked().filter(session=session).count() > session.seats


# --- Vehicles ----------------------------------------------------------------------------------------------


def riding(visit, session):
    """The vehicles that the visit names, those that its session names, and those that are taken for it."""
    taken = Occupation.objects.filter(session=session, resource_type="vehicle")
    return (
        set(visit.vehicles.values_list("pk", flat=True)),
        set(session.vehicles.values_list("pk", flat=True)),
        set(taken.values_list("resource_id", flat=True)),
    )


def test_a_visit_and_its_session_ride_in_the_same_vehicle(tree, race):
    visit, session = agreed()
    coaches = [make.VehicleFactory() for _ in range(6)]

    def work(number):
        preparation.allocate_vehicles(visit=visit, vehicles=[coaches[number]], actor=None, now=timezone.now())

    outcomes = race(work, 6)
    assert [item for item in outcomes if isinstance(item, Exception)] == []
    of_visit, of_session, taken = riding(visit, session)
    assert of_visit == of_session == taken
    assert len(taken) == 1


def test_control_without_the_locks_the_session_rides_in_another(tree, race, meeting):
    visit, session = agreed()
    coaches = [make.VehicleFactory() for _ in range(2)]
    first, second = meeting(2), meeting(2)

    def careless(number):
        if number == 0:
            session.vehicles.set([coaches[0]])
            first.wait()
            second.wait()
            visit.vehicles.set([coaches[0]])
        else:
            first.wait()
            session.vehicles.set([coaches[1]])
            visit.vehicles.set([coaches[1]])
            second.wait()

    assert race(careless, 2) == [None, None]
    of_visit, of_session, _taken = riding(visit, session)
    assert of_visit != of_session


# --- Papers ------------------------------------------------------------------------------------------------


def test_no_more_papers_than_the_limit_however_many_hand_in(tree, race, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "papers"
    visit, _session = agreed()

    def work(number):
        file = ContentFile(b"%PDF-1.4 example", name=f"plan-{number}.pdf")
        return papers.hand_in(visit=visit, file=file, party=Party.ACADEMY, actor=None, now=timezone.now()).pk

    outcomes = race(work, MOST_OF_ONE_VISIT + 4)
    assert unexpected(outcomes) == []
    assert {item.code for item in outcomes if isinstance(item, Refused)} == {"papers_too_many"}
    assert visit.papers.count() == MOST_OF_ONE_VISIT


def test_control_without_the_visits_lock_the_limit_is_passed(tree, race, meeting):
    visit, _session = agreed()
    rows = [VisitPaper(visit=visit, name=f"{number}.pdf", size=1) for number in range(MOST_OF_ONE_VISIT - 1)]
    for row in rows:
        row.added_at = timezone.now()
    VisitPaper.objects.bulk_create(rows)
    point = meeting(2)

    def careless(number):
        has_room = visit.papers.count() < MOST_OF_ONE_VISIT
        point.wait()
        if has_room:
            VisitPaper.objects.create(visit=visit, name=f"late-{number}.pdf", size=1, added_at=timezone.now())

    assert race(careless, 2) == [None, None]
    assert visit.papers.count() > MOST_OF_ONE_VISIT


# --- Series ------------------------------------------------------------------------------------------------


def weekly(hour):
    first = timezone.localdate() + dt.timedelta(days=10)
    pattern = Pattern(frozenset({first.isoweekday()}), first, first + 3 * WEEK)
    return series.SeriesPlan(pattern, dt.time(hour), dt.time(hour + 1), make.plan())


def test_a_session_moved_by_itself_stays_where_it_was_moved(tree, race):
    begun = series.begin(plan=weekly(9), actor=None)
    chosen = begun.sessions.order_by("starts_at")[1]
    aim = chosen.starts_at + dt.timedelta(hours=8)

    def work(number):
        if number == 0:
            sessions.reschedule(
                session=chosen, plan=make.plan(starts_at=aim, ends_at=aim + dt.timedelta(hours=1)), actor=None
            )
        else:
            series.amend(series=begun, plan=weekly(10 + number), actor=None, now=timezone.now())

    outcomes = race(work, 4)
    assert [item for item in outcomes if isinstance(item, Exception)] == []
    chosen.refresh_from_db()
    assert chosen.starts_at == aim
    hours = {timezone.localtime(one.starts_at).hour for one in begun.sessions.exclude(pk=chosen.pk)}
    assert len(hours) == 1
    assert begun.sessions.count() == 4


def test_control_without_the_lock_a_moved_session_is_moved_back(tree, race, meeting):
    begun = series.begin(plan=weekly(9), actor=None)
    chosen = begun.sessions.order_by("starts_at")[1]
    aim, other = (chosen.starts_at + dt.timedelta(hours=hours) for hours in (8, 2))
    looked, moved = meeting(2), meeting(2)

    def careless(number):
        rows = Session.objects.filter(pk=chosen.pk)
        is_apart = rows.get().is_apart
        looked.wait()
        if number == 0:
            rows.update(starts_at=aim, ends_at=aim + dt.timedelta(hours=1), is_apart=True)
            moved.wait()
        else:
            moved.wait()
            if not is_apart:
                rows.update(starts_at=other, ends_at=other + dt.timedelta(hours=1))

    assert race(careless, 2) == [None, None]
    chosen.refresh_from_db()
    assert chosen.is_apart
    assert chosen.starts_at != aim


# --- The table of bases ------------------------------------------------------------------------------------


def waiting_table(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "tables"
    rows = "编号,名称,所在单位,主题,地址\nb900,示例新基地,示例公司,示例主题,示例路9号\n"
    actor = User.objects.create_user(username="importer")
    received = base_imports.receive_table(file=io.BytesIO(rows.encode()), actor=actor, name="bases.csv")
    return base_imports.judge_table(received=received), actor


def test_a_table_of_bases_is_applied_once(tree, race, settings, tmp_path):
    received, actor = waiting_table(settings, tmp_path)
    base_imports.begin_applying(received=received)

    def work(_number):
        base_imports.apply_table(received=BaseImport.objects.get(pk=received.pk), actor=actor)

    assert race(work, 6) == [None] * 6
    assert TrainingBase.objects.filter(code="b900").count() == 1
    assert ModelLogEntry.objects.filter(action="practicum.bases_import").count() == 1


def test_control_without_the_imports_lock_it_is_applied_twice(tree, race, settings, tmp_path, meeting):
    received, _actor = waiting_table(settings, tmp_path)
    point = meeting(2)

    def careless(_number):
        is_open = BaseImport.objects.get(pk=received.pk).status == "ready"
        point.wait()
        if is_open:
            BaseImport.objects.filter(pk=received.pk).update(status="applied")
        return is_open

    assert race(careless, 2) == [True, True]
