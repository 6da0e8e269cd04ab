"""赵管理员 schedules a visit and a room session; what clashes is refused in words; trainees see both."""

from __future__ import annotations

import datetime as dt
import re
import urllib.request
from collections.abc import Iterator

from django.db.models import Model
from django.utils import timezone
from icalendar import Calendar
from playwright.sync_api import Page, expect

from enrollment.actions.classes import enrol_in_bulk, open_class, transition
from enrollment.models import ClassStatus, Trainee, TrainingClass, User
from practicum.models import Lecturer, Occupation, Room, Session, TrainingBase, VenueKind, Visit, VisitStatus
from tests.e2e.people import Door
from tests.e2e.words import said

VISIT, LESSON = "现场教学：看一家企业怎样建支部", "班会与分组讨论"


def a_class(title: str, trainees: list[Trainee]) -> TrainingClass:
    """A running class of ``trainees``, opened by the administrator's own actions."""
    zhao, today = User.objects.get(username="zhao"), timezone.localdate()
    training_class = open_class(
        title=title,
        starts_on=today,
        ends_on=today + dt.timedelta(days=90),
        teacher=User.objects.get(username="chen"),
        capacity=len(trainees) + 2,
        actor=zhao,
    )
    enrol_in_bulk(training_class=training_class, trainees=trainees, actor=zhao)
    return transition(training_class=training_class, to=ClassStatus.RUNNING, actor=zhao)


def days_ahead() -> Iterator[dt.date]:
    """Days from three weeks ahead on, on which the demo has nothing yet."""
    day = timezone.localdate() + dt.timedelta(days=21)
    while True:
        moment = timezone.make_aware(dt.datetime.combine(day, dt.time()))
        if not Occupation.objects.filter(
            starts_at__lt=moment + dt.timedelta(days=1), ends_at__gt=moment
        ).exists():
            yield day
        day += dt.timedelta(days=1)


def open_day(base: TrainingBase) -> dt.date:
    """A free day on which ``base`` receives visitors."""
    return next(
        day
        for day in days_ahead()
        if str(day.isoweekday()) in base.open_weekdays
        and not base.blackouts.filter(starts_on__lte=day, ends_on__gte=day).exists()
    )


def put(page: Page, field: str, value: str) -> None:
    """Type into a field of the admin's form; a calendar that opens over the page is closed again."""
    box = page.locator(f"#id_{field}")
    box.fill(value)
    box.press("Escape")
    box.press("Tab")


def pick(page: Page, field: str, row: Model, word: str) -> None:
    """Choose ``row`` in the window of a chooser by searching for ``word``."""
    chooser = page.locator(f"#id_{field}-chooser")
    chooser.locator("[data-chooser-action-choose]").filter(visible=True).first.click()
    window = page.locator(".modal-content")
    window.locator("input[type=search]").first.fill(word)
    window.locator(f"a[data-chooser-modal-choice][href*='/{row.pk}/']").first.click()
    expect(page.locator(f"#id_{field}")).to_have_value(str(row.pk))
    expect(window).to_have_count(0)


def clear(page: Page, field: str) -> None:
    """Empty a chooser."""
    page.locator(f"#id_{field}").evaluate("field => { field.value = ''; }")


def at(day: dt.date, clock: str) -> str:
    """A moment as the form takes it."""
    return f"{day:%Y-%m-%d} {clock}"


def save(page: Page) -> None:
    """Send the form."""
    page.locator("form[method=post] button[type=submit], footer button[type=submit]").last.click()
    page.wait_for_load_state()


def refusals(page: Page) -> str:
    """What stands on the form against saving."""
    expect(page.locator(".error-message, .messages .error").first).to_be_visible()
    return " ".join(page.locator(".error-message, .messages .error").all_inner_texts())


def test_a_visit_and_a_session_with_their_clashes(door: Door, records: None) -> None:
    zhang = Trainee.objects.get(user__username="zhang")
    others = list(Trainee.objects.filter(user=None).order_by("pk")[:4])
    mine = a_class("浏览器实训一班", [zhang, *others[:2]])
    rivals = a_class("浏览器实训二班", others[2:])
    base = TrainingBase.objects.get(code="b002")
    room, other_room = Room.objects.filter(venue__kind=VenueKind.ACADEMY, capacity__gte=5).order_by("pk")[:2]
    lecturer = Lecturer.objects.order_by("pk").first()
    visit_day = open_day(base)
    lesson_day = next(day for day in days_ahead() if day != visit_day)

    # A visit to a base, agreed with it.
    page = door.desktop("zhao")
    page.goto("/admin/practicum_visits/new/")
    pick(page, "base", base, base.name)
    pick(page, "training_class", mine, mine.title)
    put(page, "title", VISIT)
    put(page, "starts_at", at(visit_day, "10:00"))
    put(page, "ends_at", at(visit_day, "11:30"))
    page.get_by_label(said("Already agreed with the base")).check()
    save(page)
    expect(page).to_have_url(re.compile(r"/practicum/visits/\d+/$"))
    expect(page.locator("main")).to_contain_text(VISIT)
    visit = Visit.objects.get(title=VISIT)
    assert visit.status == VisitStatus.CONFIRMED
    assert visit.batches.get().session.expected().filter(pk=zhang.pk).exists()

    # A session in a room, with a lecturer.
    page.goto("/admin/practicum_sessions/new/")
    put(page, "title", LESSON)
    pick(page, "training_class", mine, mine.title)
    put(page, "starts_at", at(lesson_day, "09:00"))
    put(page, "ends_at", at(lesson_day, "10:30"))
    pick(page, "room", room, room.name)
    pick(page, "lecturer", lecturer, lecturer.name)
    save(page)
    expect(page).to_have_url(re.compile(r"/admin/practicum_sessions/$"))
    session = Session.objects.get(title=LESSON)
    planned = Session.objects.count()

    # Room and lecturer are taken: two sentences, and what was typed is still there.
    page.goto("/admin/practicum_sessions/new/")
    put(page, "title", "另一班的课")
    pick(page, "training_class", rivals, rivals.title)
    put(page, "starts_at", at(lesson_day, "10:00"))
    put(page, "ends_at", at(lesson_day, "11:00"))
    pick(page, "room", room, room.name)
    pick(page, "lecturer", lecturer, lecturer.name)
    save(page)
    told = refusals(page)
    when = f"{lesson_day:%Y-%m-%d} 09:00–10:30"
    for who in (f"{room.venue} {room}", str(lecturer)):
        taken = {"who": who, "when": when, "title": LESSON, "where": session.where}
        assert said("%(who)s is taken %(when)s by “%(title)s” (%(where)s).", **taken) in told
    expect(page.locator("#id_title")).to_have_value("另一班的课")

    # The base is taken.
    page.goto("/admin/practicum_visits/new/")
    pick(page, "base", base, base.name)
    pick(page, "training_class", rivals, rivals.title)
    put(page, "title", "另一班的现场教学")
    put(page, "starts_at", at(visit_day, "11:00"))
    put(page, "ends_at", at(visit_day, "12:00"))
    page.get_by_label(said("Already agreed with the base")).check()
    save(page)
    assert f"{visit_day:%Y-%m-%d} 10:00–11:30" in refusals(page)
    assert base.name in refusals(page)
    assert Visit.objects.filter(training_class=rivals).count() == 0

    # The people are taken: the sentence names them.
    alone = a_class("浏览器实训三班", [zhang])
    page.goto("/admin/practicum_sessions/new/")
    put(page, "title", "同一个人的课")
    pick(page, "training_class", alone, alone.title)
    put(page, "starts_at", at(lesson_day, "10:00"))
    put(page, "ends_at", at(lesson_day, "11:00"))
    pick(page, "room", other_room, other_room.name)
    save(page)
    told = refusals(page)
    assert "张学员" in told
    assert LESSON in told
    assert Session.objects.count() == planned

    # 张学员 sees both on the phone, and so does the phone's own calendar.
    phone = door.phone("zhang")
    phone.goto("/practicum/schedule/")
    for title, place in ((VISIT, base.name), (LESSON, room.name)):
        line = phone.locator(".agenda-item").filter(has_text=title)
        expect(line).to_have_count(1)
        expect(line).to_contain_text(place)
    phone.get_by_role("link", name=said("In my calendar")).click()
    address = phone.locator("#address").input_value()
    with urllib.request.urlopen(address) as answer:
        calendar = Calendar.from_ical(answer.read())
    events = {str(event["summary"]): event for event in calendar.walk("VEVENT")}
    assert events[LESSON].decoded("dtstart") == session.starts_at
    assert events[VISIT].decoded("dtend") == timezone.make_aware(
        dt.datetime.combine(visit_day, dt.time(11, 30))
    )
    assert base.name in str(events[VISIT]["location"])
    assert str(events[LESSON]["status"]) == "CONFIRMED"
