"""Pages of the practicum: who may open them, what they say, and what they cost."""

from __future__ import annotations

import datetime as dt
import json
from io import BytesIO

import icalendar
import pytest
import vobject
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enrollment.actions.people import admit
from enrollment.actions.person_mergers import merge_people
from enrollment.models import HourEntry
from practicum import tickets
from practicum.actions import attendance, bookings, sessions, visits
from practicum.models import (
    Attendance,
    AttendanceStatus,
    Booking,
    CalendarFeed,
    CheckinEvent,
    Leave,
    Session,
    TrainingBase,
    Visit,
)
from practicum.rules.code import code_at
from practicum.rules.visits import Batch
from tests.factories import practicum as make
from tests.factories.practicum import at, plan

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def session(training_class, room, lecturer):
    """A session of the class that runs now."""
    begin = timezone.now().replace(microsecond=0) - dt.timedelta(minutes=5)
    return make.session(
        title="示例课", training_class=training_class, room=room, lecturer=lecturer, starts_at=begin
    )


def code_of(session, direction="in") -> str:
    return code_at(
        secret=session.secret, session_id=session.pk, direction=direction, moment=timezone.now()
    ).digits


def queries_of(client: Client, url: str) -> int:
    client.get(url)  # whatever a process reads once
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


# --- Who may open what ---------------------------------------------------------------------------------

STAFF_PAGES = ["attendance", "code_screen", "code_state", "scanner"]


@pytest.mark.parametrize("page", STAFF_PAGES)
def test_staff_pages_open_for_those_who_run_the_session_only(session, page, sign_in, everyone) -> None:
    url = reverse(f"practicum:{page}", args=[session.pk])
    assert Client().get(url).status_code == 302
    answers = {name: sign_in(user=user).get(url).status_code for name, user in everyone.items()}
    assert {name for name, status in answers.items() if status == 200} == {"zhao", "chen"}
    assert set(answers.values()) <= {200, 404}


def test_a_host_takes_the_roll_at_the_own_base_but_does_not_judge(
    training_class, base, sun, outsider, sign_in, zhang
) -> None:
    session = make.session(training_class=training_class, base=base, starts_at=timezone.now())
    client = sign_in(user=sun)
    page = client.get(reverse("practicum:attendance", args=[session.pk]))
    assert page.status_code == 200
    person = reverse("practicum:person", args=[session.pk, zhang.trainee.pk])
    assert client.get(person).status_code == 403
    assert client.post(reverse("practicum:settle", args=[session.pk])).status_code == 403
    assert sign_in(user=outsider).get(reverse("practicum:attendance", args=[session.pk])).status_code == 404


def test_a_session_is_seen_by_those_it_concerns(session, sign_in, everyone) -> None:
    url = reverse("practicum:session", args=[session.pk])
    answers = {name: sign_in(user=user).get(url).status_code for name, user in everyone.items()}
    assert {name for name, status in answers.items() if status == 200} == {"zhang", "wang", "zhao", "chen"}


def test_bases_are_open_to_strangers_without_the_contact(base, zhao, sun) -> None:
    base.contact_name, base.contact_phone = "高联系", "13800001001"
    base.save()
    url = reverse("practicum:base", args=[base.code])
    page = Client().get(url)
    assert page.status_code == 200
    assert "高联系" not in page.content.decode()
    for user in (zhao, sun):
        client = Client()
        client.force_login(user)
        assert "高联系" in client.get(url).content.decode()
    base.status = "draft"
    base.save()
    assert Client().get(url).status_code == 404


def test_the_map_shows_the_bases_found_within_all_parks(base, zhang, django_assert_num_queries) -> None:
    base.latitude, base.longitude, base.theme = "36.660000", "117.120000", "支部建在项目组上"
    base.contact_name, base.contact_phone, base.guides = "高联系", "13800001001", "某讲解（工程师）"
    base.save()
    make.TrainingBaseFactory(name="示例没有坐标", latitude=None, longitude=None)
    hidden = make.TrainingBaseFactory(latitude="36.7", longitude="117.1", status="retired")
    url = reverse("practicum:base_map")
    with django_assert_num_queries(2):
        text = Client().get(url).content.decode()
    data = json.loads(text)
    points = [one for one in data["features"] if one["properties"]["kind"] == "base"]
    assert [point["properties"]["code"] for point in points] == [base.code]
    assert points[0]["geometry"]["coordinates"] == [117.12, 36.66]
    assert points[0]["properties"]["url"] == reverse("practicum:base", args=[base.code])
    assert hidden.code not in text
    for name in ("contact", "1380000", "高联系", "某讲解"):
        assert name not in text
    nothing = Client().get(url, {"title": "province" if base.title_level != "province" else "city"}).json()
    assert [one for one in nothing["features"] if one["properties"]["kind"] == "base"] == []


def test_a_stranger_learns_of_no_person_at_a_base(base, zhang) -> None:
    base.guides = "某讲解（工程师）"
    base.save()
    url = reverse("practicum:base", args=[base.code])
    assert "某讲解" not in Client().get(url).content.decode()
    client = Client()
    client.force_login(zhang)
    assert "某讲解" in client.get(url).content.decode()


# --- Schedule ------------------------------------------------------------------------------------------


def test_my_schedule_shows_what_is_mine(session, training_class, zhang, outsider, sign_in) -> None:
    make.session(title="别班课", training_class=make.TrainingClassFactory(), starts_at=at(9, days=2))
    later = make.session(title="以后的课", training_class=training_class, starts_at=at(9, days=2))
    sessions.cancel(session=later, actor=None, reason_given="讲师出差")
    page = sign_in(user=zhang).get(reverse("practicum:schedule")).content.decode()
    assert "示例课" in page
    assert reverse("practicum:checkin", args=[session.pk]) in page
    assert "以后的课" in page
    assert "别班课" not in page
    assert "示例课" not in sign_in(user=outsider).get(reverse("practicum:schedule")).content.decode()
    month = sign_in(user=zhang).get(reverse("practicum:schedule"), {"view": "month", "month": "bad"})
    assert "示例课" in month.content.decode()


def test_only_a_trainee_is_offered_a_code_of_ones_own(zhang, sun, sign_in) -> None:
    offers = {reverse("practicum:enter"), reverse("practicum:my_code")}
    page = sign_in(user=zhang).get(reverse("practicum:schedule")).content.decode()
    assert all(f'href="{url}"' in page for url in offers)
    page = sign_in(user=sun).get(reverse("practicum:schedule")).content.decode()
    assert not any(f'href="{url}"' in page for url in offers)


# --- At the door ---------------------------------------------------------------------------------------


def test_scanning_leads_through_sign_in_and_back_and_confirms(session, zhang) -> None:
    client = Client()
    scan = client.get(reverse("practicum:scan", args=[session.pk, code_of(session)]))
    door = reverse("practicum:checkin", args=[session.pk])
    assert scan.url == door
    # Not signed in yet: the way leads to sign-in, and back here.
    there = client.get(door)
    assert there.status_code == 302
    assert f"next={door}" in there.url
    client.force_login(zhang)
    page = client.get(door)
    assert page.context["ticket"].direction == "in"
    done = client.post(door)
    assert done.status_code == 200
    row = Attendance.objects.get(trainee=zhang.trainee)
    assert row.signed_in_at is not None
    again = client.post(door)
    assert again.status_code == 200
    assert CheckinEvent.objects.count() == 1


def test_a_late_or_forged_code_is_told_so(session, zhang, sign_in, monkeypatch) -> None:
    client = sign_in(user=zhang)
    assert client.get(reverse("practicum:scan", args=[session.pk, "000000"])).status_code == 410
    ticket = tickets.issue(
        session_id=session.pk, direction="in", now=timezone.now() - dt.timedelta(minutes=11)
    )
    assert tickets.read(ticket, session_id=session.pk, now=timezone.now()) is None
    fresh = tickets.issue(session_id=session.pk, direction="in", now=timezone.now())
    assert tickets.read(fresh, session_id=session.pk + 1, now=timezone.now()) is None
    assert tickets.read(fresh + "x", session_id=session.pk, now=timezone.now()) is None
    client.cookies[tickets.COOKIE] = fresh + "x"
    assert client.post(reverse("practicum:checkin", args=[session.pk])).status_code == 409
    assert not Attendance.objects.exists()


def test_typing_the_digits_finds_the_session(session, zhang, sign_in) -> None:
    client = sign_in(user=zhang)
    digits = code_of(session)
    page = client.post(reverse("practicum:enter"), {"code": f"{digits[:3]} {digits[3:]}", "nonce": "a"})
    assert page.status_code == 200
    assert Attendance.objects.get().trainee == zhang.trainee
    wrong = client.post(reverse("practicum:enter"), {"code": "123"})
    assert wrong.status_code == 409


def test_a_check_in_answers_json_in_six_queries(session, zhang, sign_in) -> None:
    client = sign_in(user=zhang)
    url = reverse("practicum:checkin", args=[session.pk])
    headers = {"Accept": "application/json"}
    with CaptureQueriesContext(connection) as captured:
        answer = client.post(url, {"code": code_of(session), "nonce": "once"}, headers=headers)
    assert answer.json()["outcome"] == "accepted"
    # The test's own transaction turns BEGIN and COMMIT into a savepoint and its release: as many.
    assert len(captured) == 6, [query["sql"][:90] for query in captured]
    refused = client.post(url, {"code": "000000", "nonce": "two"}, headers=headers)
    assert refused.status_code == 409
    assert refused.json()["code"] == "wrong_code"


def test_the_screen_shows_code_count_and_names(session, chen, zhang, sign_in) -> None:
    client = sign_in(user=chen)
    attendance.check_in(
        session=session,
        trainee=zhang.trainee,
        direction="in",
        source="roll_call",
        nonce="1",
        now=timezone.now(),
    )
    state = client.get(reverse("practicum:code_state", args=[session.pk])).json()
    assert (state["expected"], state["done"], state["names"]) == (2, 1, ["张学员"])
    assert [len(code["digits"]) for code in state["codes"]] == [6, 6, 6]
    assert state["codes"][0]["until"] == state["codes"][1]["from"]
    assert "<svg" in state["codes"][0]["qr"]
    assert (
        client.get(reverse("practicum:code_screen", args=[session.pk]), {"direction": "out"}).status_code
        == 200
    )
    out = client.get(reverse("practicum:code_state", args=[session.pk]), {"direction": "out"}).json()
    assert out["done"] == 0


def test_a_personal_code_is_scanned_by_staff(session, zhang, outsider, chen, sign_in) -> None:
    assert sign_in(user=zhang).get(reverse("practicum:my_code")).status_code == 200
    client = sign_in(user=chen)
    url = reverse("practicum:scanned", args=[session.pk])
    code = tickets.personal_code(zhang.trainee)
    assert client.post(url, {"code": code, "nonce": "n1", "direction": "in"}).json()["name"] == "张学员"
    assert client.post(url, {"code": code[:-1] + "?", "nonce": "n2"}).status_code == 400
    stranger = client.post(url, {"code": tickets.personal_code(outsider.trainee), "nonce": "n3"})
    assert stranger.status_code == 409
    assert stranger.json()["name"] == ""
    assert client.post(url, {"code": code}).status_code == 403
    assert Attendance.objects.count() == 1


def test_the_code_of_a_merged_record_leads_to_the_one_that_stays(session, zhang, soft, chen, sign_in) -> None:
    other = admit(name="张 学员", organization=soft, actor=None)
    printed = tickets.personal_code(other)
    merge_people(keeper=zhang.trainee, other=other, actor=None)
    client = sign_in(user=chen)
    url = reverse("practicum:scanned", args=[session.pk])
    answer = client.post(url, {"code": printed, "nonce": "n1", "direction": "in"})
    assert (answer.status_code, answer.json()["name"]) == (200, "张学员")
    assert Attendance.objects.get().trainee == zhang.trainee
    # Both codes are one person's: the second scan finds them signed in.
    own = client.post(url, {"code": tickets.personal_code(zhang.trainee), "nonce": "n2", "direction": "in"})
    assert own.json()["outcome"] == "repeated"
    assert Attendance.objects.count() == 1


# --- Staff ---------------------------------------------------------------------------------------------


def test_roll_call_by_one_tap(session, zhang, chen, outsider, sign_in) -> None:
    client = sign_in(user=chen)
    url = reverse("practicum:roll_call", args=[session.pk])
    line = client.post(url, {"trainee": zhang.trainee.pk, "direction": "in"}, headers={"HX-Request": "true"})
    assert "张学员" in line.content.decode()
    assert "<html" not in line.content.decode()
    assert Attendance.objects.get().signed_in_at is not None
    assert client.post(url, {"trainee": outsider.trainee.pk}).status_code == 404


def test_staff_settle_and_correct_on_the_page(training_class, zhang, zhao, sign_in) -> None:
    session = make.session(training_class=training_class, starts_at=at(9, days=-1))
    attendance.record_in_bulk(
        attended=[attendance.Attended(session.pk, zhang.trainee.pk, session.starts_at, None)]
    )
    client = sign_in(user=zhao)
    client.post(reverse("practicum:settle", args=[session.pk]))
    assert Attendance.objects.get(trainee=zhang.trainee).status == AttendanceStatus.EXCEPTION
    url = reverse("practicum:person", args=[session.pk, zhang.trainee.pk])
    assert client.post(url, {"signed_out_at": "12:00", "reason": ""}).status_code == 200
    assert client.post(url, {"reason": "x"}).context["form"].errors["ruling"]
    client.post(url, {"signed_out_at": "12:00", "reason": "手机没电"})
    assert HourEntry.objects.get().quarters == 16
    page = client.get(url).content.decode()
    assert "手机没电" in page


def test_leave_is_asked_and_decided_on_the_pages(training_class, zhang, zhao, sign_in) -> None:
    session = make.session(training_class=training_class, starts_at=at(9, days=1))
    sign_in(user=zhang).post(reverse("practicum:ask_leave", args=[session.pk]), {"reason": "出差"})
    slip = Leave.objects.get()
    client = sign_in(user=zhao)
    assert "出差" in client.get(reverse("practicum:attendance", args=[session.pk])).content.decode()
    client.post(reverse("practicum:decide_leave", args=[session.pk, slip.pk]), {"approve": "1"})
    slip.refresh_from_db()
    assert slip.status == "approved"


def test_the_timetable_lists_the_class(session, training_class, zhang, outsider, sign_in) -> None:
    url = reverse("practicum:timetable", args=[training_class.pk])
    assert "示例课" in sign_in(user=zhang).get(url).content.decode()
    assert sign_in(user=outsider).get(url).status_code == 404


# --- Seats ---------------------------------------------------------------------------------------------


def test_an_open_visit_is_booked_and_given_back(zhang, outsider, sign_in) -> None:
    session = make.session(seats=1, is_open=True)
    url = reverse("practicum:seat", args=[session.pk])
    sign_in(user=zhang).post(url)
    sign_in(user=zhang).post(url)
    sign_in(user=outsider).post(url)
    assert list(Booking.objects.booked().values_list("trainee", flat=True)) == [zhang.trainee.pk]
    sign_in(user=zhang).post(url, {"give_back": "1"})
    sign_in(user=outsider).post(url)
    assert list(Booking.objects.booked().values_list("trainee", flat=True)) == [outsider.trainee.pk]


def test_nobody_books_two_places_at_once(zhang) -> None:
    from cms.refusals import Refused

    first, second = make.session(seats=5, is_open=True), make.session(seats=5, is_open=True)
    bookings.book(session=first, trainee=zhang.trainee, now=timezone.now(), actor=None)
    with pytest.raises(Refused) as caught:
        bookings.book(session=second, trainee=zhang.trainee, now=timezone.now(), actor=None)
    assert caught.value.code == "people_occupied"


# --- Calendars -----------------------------------------------------------------------------------------


def test_the_feed_keeps_identity_and_says_what_changed(training_class, room, zhang, sign_in) -> None:
    session = make.session(title="示例课", training_class=training_class, room=room, starts_at=at(9, days=3))
    sign_in(user=zhang).get(reverse("practicum:subscribe"))
    feed = CalendarFeed.objects.get()
    url = reverse("practicum:feed", args=[feed.token])

    def event():
        answer = Client().get(url)
        assert answer["Content-Type"].startswith("text/calendar")
        calendar = icalendar.Calendar.from_ical(answer.content)
        (found,) = calendar.walk("VEVENT")
        other = vobject.readOne(BytesIO(answer.content).read().decode())
        assert other.vevent.uid.value == found["UID"]
        assert [zone["TZID"] for zone in calendar.walk("VTIMEZONE")] == ["Asia/Shanghai"]
        return found

    first = event()
    assert (first["SEQUENCE"], str(first["STATUS"])) == (0, "CONFIRMED")
    assert first["DTSTART"].dt == session.starts_at
    assert first["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert "一号教室" in first["LOCATION"]
    sessions.reschedule(
        session=session,
        plan=plan(training_class=training_class, room=room, starts_at=at(14, days=3)),
        actor=None,
    )
    moved = event()
    assert (moved["UID"], moved["SEQUENCE"]) == (first["UID"], 1)
    sessions.cancel(session=session, actor=None, reason_given="改期")
    gone = event()
    assert (gone["UID"], gone["SEQUENCE"], str(gone["STATUS"])) == (first["UID"], 2, "CANCELLED")
    sign_in(user=zhang).post(reverse("practicum:subscribe"))
    assert Client().get(url).status_code == 404


# --- Hosts and visits ----------------------------------------------------------------------------------


def ask(base, training_class, zhao, **details) -> Visit:
    details.setdefault("starts_at", at(10, days=10))
    details.setdefault("ends_at", details["starts_at"] + dt.timedelta(hours=2))
    details.setdefault("headcount", 2)
    visit = visits.request(
        base=base, training_class=training_class, actor=zhao, now=timezone.now(), **details
    )
    return visits.check(visit=visit, actor=zhao)


def test_a_host_confirms_and_rivals_are_rejected(base, training_class, zhao, sun, sign_in) -> None:
    visit = ask(base, training_class, zhao)
    rival = ask(base, make.TrainingClassFactory(), zhao, starts_at=at(11, days=10))
    other_day = ask(base, make.TrainingClassFactory(), zhao, starts_at=at(11, days=12))
    client = sign_in(user=sun)
    page = client.get(reverse("practicum:host")).content.decode()
    assert reverse("practicum:host_visit", args=[visit.pk]) in page
    client.post(reverse("practicum:host_answer", args=[visit.pk]), {"confirm": "1"})
    statuses = {row.pk: row.status for row in Visit.objects.all()}
    assert statuses == {visit.pk: "confirmed", rival.pk: "rejected", other_day.pk: "with_base"}
    session = Session.objects.get(visit_batch__visit=visit)
    assert set(session.occupations.values_list("resource_type", flat=True)) == {"base", "class", "trainee"}
    roster = client.get(reverse("practicum:host_visit", args=[visit.pk])).content.decode()
    assert "张学员" in roster
    assert "13800000003" not in roster


def test_too_many_people_become_two_batches(base, tree, zhao, sun, sign_in) -> None:
    training_class = make.TrainingClassFactory(capacity=60)
    for group, people in enumerate(
        (make.trainees(tree.soft, 24, prefix="甲"), make.trainees(tree.soft, 24, prefix="乙")), 1
    ):
        make.on_roster(training_class, *people, group_number=group)
    visit = ask(base, training_class, zhao, headcount=48)
    client = sign_in(user=sun)
    answer = reverse("practicum:host_answer", args=[visit.pk])
    assert client.post(answer, {"confirm": "1"}).status_code == 409
    day = at(10, days=10)
    form = {
        "propose": "1",
        "message": "分两批",
        "starts_1": day.strftime("%Y-%m-%dT10:00"),
        "ends_1": "11:30",
        "people_1": "24",
        "starts_2": day.strftime("%Y-%m-%dT14:00"),
        "ends_2": "15:30",
        "people_2": "20",
    }
    assert client.post(answer, form).status_code == 409  # 44 places for 48 people
    assert client.post(answer, {**form, "people_2": "24"}).status_code == 302
    visits.accept(visit=visit, actor=zhao, now=timezone.now())
    first, second = Session.objects.filter(visit_batch__visit=visit).order_by("starts_at")
    assert {person.name[0] for person in first.expected()} == {"甲"}
    assert {person.name[0] for person in second.expected()} == {"乙"}


def test_declining_needs_a_reason_and_strangers_see_nothing(
    base, training_class, zhao, sun, outsider, sign_in
) -> None:
    visit = ask(base, training_class, zhao)
    client = sign_in(user=sun)
    url = reverse("practicum:host_answer", args=[visit.pk])
    assert client.post(url, {"decline": "1", "reason": ""}).status_code == 422
    client.post(url, {"decline": "1", "reason": "设备检修"})
    visit.refresh_from_db()
    assert (visit.status, visit.answer) == ("declined", "设备检修")
    assert sign_in(user=outsider).get(reverse("practicum:host")).status_code == 403
    assert sign_in(user=outsider).get(reverse("practicum:host_visit", args=[visit.pk])).status_code == 404


def test_the_academy_walks_a_visit_to_the_archive(base, training_class, zhao, sign_in) -> None:
    visit = ask(base, training_class, zhao)
    client = sign_in(user=zhao)
    page, move = reverse("practicum:visit", args=[visit.pk]), reverse("practicum:visit_move", args=[visit.pk])

    def status() -> str:
        visit.refresh_from_db()
        return visit.status

    assert client.get(page).status_code == 200
    client.post(move, {"move": "confirm"})
    assert status() == "confirmed"
    client.post(move, {"move": "brief"})
    assert status() == "confirmed"  # leader, insurance, safety plan and text are missing
    client.post(
        page,
        {"leader_name": "王书记", "is_insured": "on", "has_safety_plan": "on", "briefing": "八点半集合"},
    )
    client.post(move, {"move": "brief"})
    assert status() == "briefed"
    client.post(move, {"move": "hold"})
    assert status() == "briefed"  # not over yet
    client.post(move, {"move": "cancel", "reason": "大雪"})
    assert status() == "cancelled"
    assert Session.objects.get(visit_batch__visit=visit).is_cancelled


def test_a_proposal_of_the_base_can_be_refused(base, training_class, zhao, sun) -> None:
    visit = ask(base, training_class, zhao)
    start = at(14, days=11)
    visits.propose(
        visit=visit, batches=[Batch(start, start + dt.timedelta(hours=2), 2)], actor=sun, now=timezone.now()
    )
    visits.refuse(visit=visit, actor=zhao, reason_given="当天另有安排")
    visit.refresh_from_db()
    assert visit.status == "with_base"
    assert visit.batches.get().starts_at == at(10, days=10)


# --- The admin -----------------------------------------------------------------------------------------


def session_form(training_class, room, **changes) -> dict[str, str]:
    return {
        "title": "后台安排的课",
        "kind": "lesson",
        "mode": "offline",
        "training_class": str(training_class.pk),
        "starts_at": at(9, days=4).strftime("%Y-%m-%d %H:%M"),
        "ends_at": at(12, days=4).strftime("%Y-%m-%d %H:%M"),
        "room": str(room.pk),
        "base": "",
        "place": "",
        "online_url": "",
        "lecturer": "",
        "bring": "",
        "note": "",
        "seats": "",
        "hours": "",
        "opens_before_minutes": "30",
        "closes_after_minutes": "60",
        **changes,
    }


def test_an_administrator_plans_in_the_admin_and_clashes_show_at_their_field(
    training_class, room, zhao, sign_in
) -> None:
    client = sign_in(user=zhao)
    add = reverse("practicum_sessions:add")
    assert client.get(add).status_code == 200
    assert client.post(add, session_form(training_class, room)).status_code == 302
    session = Session.objects.get()
    assert (session.quarters, session.audience) == (16, "roster")
    other = make.TrainingClassFactory()
    refused = client.post(add, session_form(other, room, title="撞车"))
    assert refused.status_code == 200
    assert "后台安排的课" in str(refused.context["form"].errors["room"])
    assert Session.objects.count() == 1
    edit = reverse("practicum_sessions:edit", args=[session.pk])
    later = session_form(
        training_class,
        room,
        starts_at=at(14, days=4).strftime("%Y-%m-%d %H:%M"),
        ends_at=at(15, 30, days=4).strftime("%Y-%m-%d %H:%M"),
        hours="4",
    )
    assert client.post(edit, later).status_code == 302
    session.refresh_from_db()
    assert (session.sequence, session.quarters) == (1, 8)
    cancel = reverse("practicum_sessions:delete", args=[session.pk])
    assert client.get(cancel).status_code == 200
    client.post(cancel, {"reason": "讲师生病"})
    session.refresh_from_db()
    assert session.is_cancelled


def test_an_administrator_enters_an_agreed_visit(training_class, base, zhao, sign_in) -> None:
    client = sign_in(user=zhao)
    form = {
        "base": str(base.pk),
        "training_class": str(training_class.pk),
        "title": "",
        "headcount": "",
        "starts_at": at(10, days=5).strftime("%Y-%m-%d %H:%M"),
        "ends_at": at(12, days=5).strftime("%Y-%m-%d %H:%M"),
        "purpose": "",
        "lecturer": "",
        "agreed": "on",
    }
    answer = client.post(reverse("practicum_visits:add"), form)
    visit = Visit.objects.get()
    assert answer.url == reverse("practicum:visit", args=[visit.pk])
    assert (visit.status, visit.headcount) == ("confirmed", 2)
    clash = client.post(reverse("practicum_visits:add"), form)
    assert clash.status_code == 200
    assert clash.context["form"].errors
    assert client.get(reverse("practicum_visits:edit", args=[visit.pk])).url == answer.url


@pytest.mark.parametrize(
    "name",
    [
        "practicum_sessions",
        "practicum_visits",
        "practicum_bases",
        "practicum_venues",
        "practicum_rooms",
        "practicum_vehicles",
        "practicum_lecturers",
        "practicum_closures",
        "practicum_calendar",
    ],
)
def test_every_screen_of_the_admin_opens_for_administrators_only(
    name, session, base, training_class, zhao, li, sign_in
) -> None:
    client = sign_in(user=zhao)
    for page in ("index", "add"):
        assert client.get(reverse(f"{name}:{page}")).status_code == 200
    assert sign_in(user=li).get(reverse(f"{name}:index")).status_code in (302, 403)


def test_a_base_is_edited_with_everything_it_has(base, zhao, sign_in) -> None:
    page = sign_in(user=zhao).get(reverse("practicum_bases:edit", args=[base.pk]))
    assert page.status_code == 200
    assert 'name="open_weekdays"' in page.content.decode()


# --- What pages cost -----------------------------------------------------------------------------------


def many_bases(count: int) -> None:
    TrainingBase.objects.bulk_create(make.TrainingBaseFactory.build_batch(count))


def test_the_base_list_costs_the_same_for_any_number(zhang, sign_in) -> None:
    client = sign_in(user=zhang)
    url = reverse("practicum:base_list")
    many_bases(3)
    few = queries_of(client, url)
    many_bases(60)
    assert queries_of(client, url) == few
    assert few <= 8


def test_the_roll_costs_the_same_for_any_number(tree, zhao, sign_in) -> None:
    client = sign_in(user=zhao)
    costs = []
    for size in (3, 80):
        training_class = make.TrainingClassFactory(capacity=100)
        people = make.trainees(tree.soft, size, prefix=f"第{size}批")
        make.on_roster(training_class, *people, group_number=1)
        session = make.session(training_class=training_class, starts_at=timezone.now())
        for number, person in enumerate(people[: size // 2]):
            attendance.check_in(
                session=session,
                trainee=person,
                direction="in",
                source="roll_call",
                nonce=f"{size}-{number}",
                now=timezone.now(),
            )
        costs.append(queries_of(client, reverse("practicum:attendance", args=[session.pk])))
    assert costs[0] == costs[1]
    assert costs[0] <= 8


def test_the_schedule_costs_the_same_for_any_number(training_class, base, room, zhang, sign_in) -> None:
    client = sign_in(user=zhang)
    urls = [reverse("practicum:schedule"), reverse("practicum:schedule") + "?view=month"]
    make.session(training_class=training_class, room=room, starts_at=at(9, days=1))
    few = [queries_of(client, url) for url in urls]
    for days in range(2, 12):
        make.session(training_class=training_class, room=room, starts_at=at(9, days=days))
        make.session(training_class=training_class, base=base, starts_at=at(14, days=days))
    assert [queries_of(client, url) for url in urls] == few
    assert max(few) <= 6


def test_the_admin_lists_cost_the_same_for_any_number(training_class, room, zhao, sign_in) -> None:
    client = sign_in(user=zhao)
    urls = [reverse("practicum_sessions:index"), reverse("practicum_bases:index")]
    make.session(training_class=training_class, room=room, starts_at=at(9, days=1))
    many_bases(2)
    few = [queries_of(client, url) for url in urls]
    for days in range(2, 12):
        make.session(training_class=training_class, room=room, starts_at=at(9, days=days))
    many_bases(15)
    assert [queries_of(client, url) for url in urls] == few


def test_the_state_of_the_screen_is_valid_json(session, zhao, sign_in) -> None:
    page = sign_in(user=zhao).get(reverse("practicum:code_screen", args=[session.pk])).content.decode()
    text = page.split('id="code-state"', 1)[1].split(">", 1)[1].split("</script>", 1)[0]
    assert json.loads(text)["expected"] == 2
