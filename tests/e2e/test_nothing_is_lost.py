"""The network goes, the session ends: lessons can still be read, and what was typed is still there."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from courses.models import LessonPage
from enrollment.models import UserSession
from tests.e2e.people import Door, fill_in_sign_in, sign_in
from tests.e2e.screen import barriers, wider_than_screen
from tests.e2e.words import said

TITLE = "示例主题党日：重温入党誓词"
KEPT = """async () => {
  const cache = await caches.open("academy-lessons");
  const paths = (await cache.keys()).map((request) => new URL(request.url).pathname);
  return paths.filter((path) => path.startsWith("/courses/"));
}"""


@pytest.fixture
def lessons(records: None) -> list[tuple[str, str]]:
    """Addresses and titles of two lessons without conditions."""
    first = LessonPage.objects.live().order_by("path")
    found = {}
    for lesson in first:
        found.setdefault(
            lesson.get_parent().pk, (f"/courses/{lesson.get_parent().slug}/{lesson.slug}/", lesson.title)
        )
    return list(found.values())[:2]


def send_unfinished(page: Page) -> None:
    """Let the browser send forms with fields left open: what is missing is the server's to say."""
    page.evaluate("for (const form of document.forms) form.noValidate = true")


def wait_for_worker(page: Page) -> None:
    page.wait_for_function("navigator.serviceWorker && navigator.serviceWorker.controller !== null")


def test_opened_lessons_are_read_without_a_network_and_go_with_the_sign_out(
    door: Door, lessons: list[tuple[str, str]]
) -> None:
    (kept, title), (unopened, _other) = lessons
    page = door.phone()
    sign_in(page, "zhang")
    page.goto(kept)
    wait_for_worker(page)
    page.wait_for_function(f"({KEPT})().then((paths) => paths.length === 1)")

    page.context.set_offline(True)
    page.goto(kept)
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_text(said("Offline copy"))).to_be_visible()
    # A copy reports nothing: no reading time is claimed for it.
    assert page.locator("[data-read], [data-beat]").count() == 0
    assert barriers(page) == []

    for address in (unopened, "/me/ledger/"):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text(said("The academy cannot be reached"))
        expect(page.get_by_role("link", name=title)).to_be_visible()
        # Nobody's name, and nothing of the person, stands on it.
        assert "张学员" not in page.content()
    page.set_viewport_size({"width": 360, "height": 740})
    assert wider_than_screen(page) == []
    assert barriers(page) == []

    # When the network is back, the page that was asked for comes by itself.
    page.context.set_offline(False)
    expect(page.get_by_role("heading", level=1)).not_to_have_text(said("The academy cannot be reached"))
    page.wait_for_load_state()
    page.goto("/me/")
    page.locator("details.menu > summary").click()
    page.get_by_role("button", name=said("Sign out")).click()
    expect(page.get_by_role("link", name=said("Sign in"), exact=True)).to_be_visible()
    page.wait_for_function(f"({KEPT})().then((paths) => paths.length === 0)")
    page.context.set_offline(True)
    page.goto(kept)
    expect(page.get_by_role("heading", level=1)).to_have_text(said("The academy cannot be reached"))
    expect(page.get_by_role("link", name=title)).to_have_count(0)


def test_lessons_of_one_person_are_not_there_for_the_next(
    door: Door, lessons: list[tuple[str, str]], records: None
) -> None:
    kept, _title = lessons[0]
    page = door.phone()
    sign_in(page, "zhang")
    page.goto(kept)
    wait_for_worker(page)
    page.wait_for_function(f"({KEPT})().then((paths) => paths.length === 1)")
    # The session ends by itself, and somebody else signs in on the same device.
    UserSession.objects.filter(user__username="zhang").delete()
    sign_in(page, "wang")
    page.goto("/me/")
    page.wait_for_function(f"({KEPT})().then((paths) => paths.length === 0)")


@pytest.mark.parametrize("how", ["timed out", "ended elsewhere"])
def test_a_form_sent_after_the_session_ended_comes_back_with_its_content(
    door: Door, records: None, how: str
) -> None:
    page = door.desktop()
    sign_in(page, "li")
    page.goto("/workbench/activities/new/")
    page.locator("[name=title]").fill(TITLE)
    page.locator("#picker input[name=attendees]").nth(1).check()
    picked = page.locator("#picker input[name=attendees]").nth(1).get_attribute("value")
    # What was picked is not among those found any more when the form is sent.
    with page.expect_response("**/workbench/people/"):
        page.get_by_label(said("Name, organization or phone")).fill("示例没有这个人")
    expect(page.locator("#picker input:checked")).to_have_count(1)
    send_unfinished(page)
    mine = UserSession.objects.filter(user__username="li")
    if how == "timed out":
        mine.update(last_seen_at=timezone.now() - dt.timedelta(hours=2))
    else:
        mine.delete()
    page.get_by_role("button", name=said("Record"), exact=True).click()

    expect(page).to_have_url(re.compile("/accounts/login/"))
    fill_in_sign_in(page, "li")
    expect(page).to_have_url(re.compile("/workbench/activities/new/$"))
    expect(page.locator("[name=title]")).to_have_value(TITLE)
    expect(page.locator(f"#picker input[name=attendees][value='{picked}']:checked")).to_have_count(1)
    expect(page.locator("#toast-restored")).to_be_visible()
    # It is put back once; and another person would never see it.
    page.goto("/workbench/activities/new/")
    expect(page.locator("[name=title]")).to_have_value("")


def test_a_search_that_learns_first_that_the_session_ended_loses_nothing(door: Door, records: None) -> None:
    page = door.desktop()
    sign_in(page, "li")
    page.goto("/workbench/activities/new/")
    page.locator("[name=title]").fill(TITLE)
    UserSession.objects.filter(user__username="li").delete()
    page.get_by_label(said("Name, organization or phone")).fill("示例")

    expect(page).to_have_url(re.compile("/accounts/login/"))
    fill_in_sign_in(page, "li")
    expect(page).to_have_url(re.compile("/workbench/activities/new/$"))
    expect(page.locator("[name=title]")).to_have_value(TITLE)


def test_an_answer_that_did_not_come_can_be_asked_for_again(door: Door) -> None:
    page = door.desktop("li")
    page.goto("/workbench/activities/new/")
    page.context.set_offline(True)
    page.locator("[name=title]").fill(TITLE)
    search = page.get_by_label(said("Name, organization or phone"))
    search.fill("示例没有这个人")
    toast = page.locator("#toast-offline")
    expect(toast).to_be_visible()
    # Sending the form would lose the page: it stays, with what was typed.
    send_unfinished(page)
    toast.get_by_role("button", name=said("Close")).click()
    page.get_by_role("button", name=said("Record"), exact=True).click()
    expect(toast).to_be_visible()
    expect(page.locator("[name=title]")).to_have_value(TITLE)
    search.fill("示例也没有这个人")
    page.wait_for_timeout(600)
    page.context.set_offline(False)
    toast.get_by_role("button", name=said("Try again")).click()
    expect(page.locator("#picker")).to_contain_text("示例也没有这个人")
    expect(toast).to_be_hidden()


def test_a_screen_of_the_admin_stays_when_nobody_is_signed_in_any_more(door: Door, records: None) -> None:
    page = door.desktop()
    sign_in(page, "zhao")
    page.goto("/admin/practicum_venues/new/")
    name = page.locator("input[name=name]")
    name.fill("示例教学点")
    UserSession.objects.filter(user__username="zhao").delete()
    save = page.locator("main button[type=submit]").first
    save.click()
    notice = page.locator("dialog[data-standing]")
    expect(notice).to_be_visible()
    expect(notice).to_contain_text(said("Not sent yet"))
    assert barriers(page) == []
    with page.context.expect_page() as opened:
        notice.get_by_role("link", name=said("Sign in in a new window")).click()

    # Beside it somebody else comes first: what is on the page is not sent in their name.
    beside = opened.value
    fill_in_sign_in(beside, "chen")
    expect(beside).to_have_url(re.compile("/admin/"))
    notice.get_by_role("button", name=said("Back to the page")).click()
    save.click()
    expect(notice.locator("[data-why=other]")).to_be_visible()
    notice.get_by_role("button", name=said("Back to the page")).click()
    beside.context.clear_cookies()
    sign_in(beside, "zhao")

    page.context.set_offline(True)
    save.click()
    expect(notice.locator("[data-why=offline]")).to_be_visible()
    notice.get_by_role("button", name=said("Back to the page")).click()
    page.context.set_offline(False)
    # The form goes out whole, under the token of the new session: what is missing is the server's to say.
    send_unfinished(page)
    save.click()
    expect(page.locator(".error-message").first).to_be_visible()
    expect(name).to_have_value("示例教学点")
