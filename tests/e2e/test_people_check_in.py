"""At the door: a rotating code, signing in and out, one correction, hours that post once, a reversal."""

from __future__ import annotations

import re
import time
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from cms.templatetags.ui import hours
from enrollment.models import HourEntry, Standing, Trainee
from practicum.models import Attendance, AttendanceStatus, CheckinEvent, Outcome, Session, Source
from practicum.rules.code import WINDOW_SECONDS
from practicum.tasks import settle_due
from tests.e2e import qr
from tests.e2e.people import Door, fill_in_sign_in
from tests.e2e.sessions import held_now
from tests.e2e.words import said

REASON = "签到时手机没电，班主任现场确认"


def digits_on(screen: Page) -> str:
    """The numeric code on the screen now."""
    digits = screen.locator("#code-digits")
    expect(digits).to_have_text(re.compile(r"^\d{3} \d{3}$"))
    return digits.inner_text().replace(" ", "")


def type_code(phone: Page, digits: str) -> None:
    """Type the six digits; with the last one the phone sends them by itself."""
    field = phone.get_by_label(said("Six digits on the screen"))
    field.press_sequentially(digits)


def entries_of(attendance: Attendance) -> list[HourEntry]:
    """Everything the ledger holds about one attendance, reversals included, oldest first."""
    return list(
        HourEntry.objects.filter(
            trainee=attendance.trainee_id, evidence_type="attendance", evidence_id=str(attendance.pk)
        ).order_by("pk")
    )


def wait_for_the_end(session: Session) -> None:
    """Wait until the session is over by the clock."""
    time.sleep(max(0.0, (session.ends_at - timezone.now()).total_seconds() + 0.5))


@pytest.mark.long
def test_from_the_code_to_the_ledger_and_back(door: Door, records: None) -> None:
    trainee = Trainee.objects.get(user__username="zhang")
    session = held_now(trainee, title="数字化车间观摩交流", seconds=100)
    year = timezone.localdate(session.starts_at).year
    before = Standing.objects.get(trainee=trainee, year=year).earned_quarters

    # The phone knows the session before anybody tells it.
    phone = door.phone("zhang")
    phone.goto("/practicum/schedule/")
    expect(phone.get_by_role("link", name=session.title).first).to_be_visible()

    # The screen in the room: a code, large, that changes by itself.
    screen = door.desktop("zhao")
    screen.goto(f"/practicum/sessions/{session.pk}/code/?direction=in")
    first = digits_on(screen)

    # A wrong code is refused with a sentence; the right one is taken.
    phone.goto(f"/practicum/sessions/{session.pk}/check-in/")
    type_code(phone, f"{(int(first) + 1) % 10**6:06}")
    expect(phone.get_by_role("alert")).to_contain_text(
        said("This code is not valid, or no longer. Take the one on the screen now.")
    )
    type_code(phone, digits_on(screen))
    expect(phone.get_by_role("heading", level=1)).to_have_text(said("Signed in"))
    assert said("Signed in") == "已签到"
    expect(screen.locator("#code-names")).to_contain_text("张学员", timeout=10_000)
    expect(screen.locator("#code-done")).to_have_text("1")
    accepted = CheckinEvent.objects.filter(session=session, trainee=trainee, outcome=Outcome.ACCEPTED)
    assert [event.source for event in accepted] == [Source.DIGITS]
    assert CheckinEvent.objects.filter(session=session, trainee=trainee, outcome=Outcome.REFUSED).count() == 1

    # The code rotates within its window.
    expect(screen.locator("#code-digits")).not_to_have_text(
        f"{first[:3]} {first[3:]}", timeout=(WINDOW_SECONDS + 5) * 1000
    )

    # Signing out by the other code.
    screen.get_by_role("link", name=said("Sign-out"), exact=True).click()
    phone.goto(f"/practicum/sessions/{session.pk}/check-in/")
    type_code(phone, digits_on(screen))
    expect(phone.get_by_role("heading", level=1)).to_have_text(said("Signed out"))

    # Staff correct somebody whose phone was dead: with a reason, or not at all.
    absent = session.expected().exclude(pk=trainee.pk).order_by("pk").first()
    screen.goto(f"/practicum/sessions/{session.pk}/attendance/")
    screen.get_by_role("link", name=said("Correct %(name)s", name=absent.name)).first.click()
    expect(screen.get_by_role("heading", level=1)).to_have_text(absent.name)
    screen.get_by_role("radio", name=said("Present"), exact=True).check()
    screen.get_by_label(said("Reason")).fill(REASON)
    screen.get_by_role("button", name=said("Save the correction")).click()
    expect(screen.get_by_text(said("Corrected. What was there before stays on record."))).to_be_visible()

    # Hours post once, however often the session is settled.
    wait_for_the_end(session)
    screen.reload()
    screen.get_by_role("button", name=said("Post the hours")).click()
    expect(screen.get_by_text(said("Hours were posted for %(count)s people.", count=2))).to_be_visible()
    expect(screen.get_by_text(said("Hours posted"), exact=True)).to_be_visible()
    mine = Attendance.objects.get(session=session, trainee=trainee)
    assert mine.status == AttendanceStatus.PRESENT
    assert Attendance.objects.get(session=session, trainee=absent).status == AttendanceStatus.PRESENT
    entries = entries_of(mine)
    assert [entry.quarters for entry in entries] == [session.quarters]
    settle_due()
    settle_due()
    assert entries_of(mine) == entries
    assert len(entries_of(Attendance.objects.get(session=session, trainee=absent))) == 1
    assert Standing.objects.get(trainee=trainee, year=year).earned_quarters == before + session.quarters

    phone.goto("/me/ledger/")
    row = phone.locator("tbody tr").filter(has_text=session.title)
    expect(row).to_have_count(1)
    expect(row).to_contain_text(hours(session.quarters))

    # A reversal stands beside what it reverses; nothing disappears.
    screen.goto(reverse("hour_entries:reverse", args=[entries[0].pk]))
    screen.get_by_label(said("Reason")).fill("场次登记有误")
    screen.get_by_role("button", name=said("Reverse these hours")).click()
    expect(screen).to_have_url(re.compile(re.escape(reverse("hour_entries:index")) + "$"))
    phone.reload()
    expect(row).to_have_count(2)
    expect(row.filter(has_text=said("Reversed"))).to_have_count(1)
    expect(row.filter(has_text=said("Reversal")).filter(has_text="场次登记有误").first).to_be_visible()
    assert [entry.quarters for entry in entries_of(mine)] == [session.quarters, -session.quarters]
    assert Standing.objects.get(trainee=trainee, year=year).earned_quarters == before


@pytest.mark.skipif(not qr.READER.exists(), reason="The front end's packages are not installed.")
def test_scanning_before_signing_in_loses_nothing(door: Door, records: None) -> None:
    trainee = Trainee.objects.get(user__username="wang")
    session = held_now(trainee, title="书记工作交流会", seconds=600)
    screen = door.desktop("zhao")
    screen.goto(f"/practicum/sessions/{session.pk}/code/?direction=in")
    # The code may turn between two looks at it, not between three.
    for _look in range(2):
        digits = digits_on(screen)
        path = urlsplit(qr.read(screen.locator("#code-qr"))).path
        if digits in path:
            break
    assert path == f"/practicum/c/{session.pk}/{digits}/"

    # The camera opens the link in a browser that knows nobody: sign in, then confirm with one tap.
    phone = door.phone()
    phone.goto(path)
    expect(phone).to_have_url(re.compile("/accounts/login/"))
    fill_in_sign_in(phone, "wang")
    expect(phone.get_by_role("heading", level=1)).to_have_text(session.title)
    phone.get_by_role("button", name=said("Sign in now")).click()
    expect(phone.get_by_role("heading", level=1)).to_have_text(said("Signed in"))
    event = CheckinEvent.objects.get(session=session, trainee=trainee)
    assert (event.source, event.outcome) == (Source.SCREEN, Outcome.ACCEPTED)

    # The next page of the day shows it.
    phone.goto("/practicum/schedule/")
    expect(phone.locator(".agenda-item").filter(has_text=session.title)).to_contain_text(said("Signed in"))
