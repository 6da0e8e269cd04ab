"""赵管理员 moves a session in the calendar: who is taken is said under way, and nothing is saved unasked."""

from __future__ import annotations

import datetime as dt
import os

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from practicum.actions.sessions import SessionPlan, schedule
from practicum.models import Audience, Room, Session
from tests.e2e.people import PHONE, Door
from tests.e2e.screen import Console, barriers, wider_than_screen
from tests.e2e.words import said

DRAGGED, TAKEN = "拖动的示例课", "先到的示例课"


def planned(title: str, room: Room, starts_at: dt.datetime) -> Session:
    """A session of two hours in ``room``."""
    plan = SessionPlan(
        title=title,
        starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(hours=2),
        room=room,
        audience=Audience.BOOKINGS,
        seats=5,
    )
    return schedule(plan=plan, actor=None)


def drag(page: Page, event: Locator, hours: float) -> None:
    """Take ``event`` so many hours down its day, as a hand does it."""
    event.scroll_into_view_if_needed()
    box = event.bounding_box()
    slot = page.locator(".fc-timegrid-slot-lane").first.bounding_box()
    assert box is not None
    assert slot is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 10, steps=4)
    page.mouse.move(x, y + hours * 2 * slot["height"], steps=12)
    page.wait_for_timeout(400)
    page.mouse.up()


def test_a_session_is_dragged_tried_and_moved(door: Door, records: None) -> None:
    room = Room.objects.create(
        venue=Room.objects.order_by("pk")[0].venue, name="排课示例教室", capacity=30, setup_minutes=0
    )
    today = timezone.localdate()
    monday = today + dt.timedelta(days=7 - today.weekday())
    first = timezone.make_aware(dt.datetime.combine(monday + dt.timedelta(days=2), dt.time(9)))
    session = planned(DRAGGED, room, first)
    planned(TAKEN, room, first + dt.timedelta(hours=4))
    page = door.desktop("zhao")
    console = Console(page)
    page.goto(f"/practicum/planner/?room={room.pk}")
    page.locator(".fc-next-button").click()
    event = page.locator(".fc-timegrid-event", has_text=DRAGGED)
    expect(event).to_be_visible()
    assert barriers(page) == []
    assert wider_than_screen(page) == []

    drag(page, event, 4)
    told = page.locator("#planner-said")
    expect(told).to_contain_text(TAKEN)
    expect(page.locator("#planner-save")).to_be_disabled()
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/planner-clash.png", full_page=True)
    page.locator("#planner-undo").click()
    session.refresh_from_db()
    assert session.starts_at == first

    drag(page, page.locator(".fc-timegrid-event", has_text=DRAGGED), 2)
    expect(told).to_contain_text(said("Free: it can be held then."))
    page.locator("#planner-save").click()
    expect(told).to_contain_text(said("Saved. Those who are expected were told."))
    session.refresh_from_db()
    assert session.starts_at == first + dt.timedelta(hours=2)
    assert console.complaints == []

    phone = door.open(PHONE, "zhao")
    phone.goto(f"/practicum/planner/?room={room.pk}")
    expect(phone.locator(".fc-list")).to_be_visible()
    assert wider_than_screen(phone) == []
    phone.get_by_role("link", name=DRAGGED).last.click()
    phone.get_by_role("button", name=said("Only look who is taken")).click()
    expect(phone.locator("p.notice")).to_contain_text(said("Nothing has been saved yet."))
    if folder:
        phone.screenshot(path=f"{folder}/planner-form.png", full_page=True)
        for name, view in (("month", "dayGridMonth"), ("week", "timeGridWeek")):
            page.goto("/practicum/planner/")
            page.locator(f".fc-{view}-button").click()
            page.wait_for_timeout(800)
            page.screenshot(path=f"{folder}/planner-{name}.png")
        phone.goto("/practicum/planner/")
        phone.wait_for_timeout(800)
        phone.screenshot(path=f"{folder}/planner-phone.png")
