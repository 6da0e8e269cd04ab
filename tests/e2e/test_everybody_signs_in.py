"""Everybody signs in on what they work on, and finds a page that is sound where their day begins."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.people import BEGINNINGS, DESKTOP, NAMES, PHONE, Door, fill_in_sign_in, sign_in
from tests.e2e.screen import Console, barriers, wider_than_screen
from tests.e2e.words import said

#: The narrowest phone that is still in use.
NARROW = {"width": 360, "height": 740}


#: On what each of them works; the door is the same, and a stranger comes to it on a phone (below).
SCREENS = {
    **dict.fromkeys(("zhang", "wang", "sun", "qian"), PHONE),
    **dict.fromkeys(("li", "chen", "zhao", "zhou"), DESKTOP),
}


@pytest.mark.parametrize("username", NAMES)
def test_signs_in_through_the_sign_in_page(door: Door, username: str) -> None:
    page = door.open(SCREENS[username])
    console = Console(page)
    sign_in(page, username)
    expect(page.get_by_role("alert")).to_have_count(0)
    page.goto(BEGINNINGS[username])
    expect(page).to_have_url(re.compile(rf"{BEGINNINGS[username]}$"))
    expect(page.locator("body")).to_contain_text(NAMES[username][0])
    assert console.complaints == []


@pytest.mark.parametrize("username", NAMES)
def test_main_page_fits_the_narrowest_phone(door: Door, username: str) -> None:
    page = door.phone(username)
    console = Console(page)
    page.set_viewport_size(NARROW)
    page.goto(BEGINNINGS[username], wait_until="load")
    assert wider_than_screen(page) == []
    assert console.complaints == []


@pytest.mark.parametrize("username", [name for name, place in BEGINNINGS.items() if place == "/admin/"])
def test_what_waits_in_the_admin_is_sound(door: Door, username: str) -> None:
    # Other pages are judged in test_everybody_can_use_every_page; this one at the width it is made for.
    page = door.desktop(username)
    console = Console(page)
    page.goto(BEGINNINGS[username])
    assert barriers(page) == []
    assert console.complaints == []


def test_a_stranger_is_asked_to_sign_in_and_a_wrong_password_is_told(door: Door) -> None:
    page = door.phone()
    page.goto("/me/ledger/")
    expect(page).to_have_url(re.compile(r"/accounts/login/\?next=/me/ledger/"))
    fill_in_sign_in(page, "zhang", "not-the-password")
    expect(page.get_by_role("alert")).not_to_be_empty()
    expect(page.get_by_label(said("Password"), exact=True)).to_have_value("")
    fill_in_sign_in(page, "zhang")
    expect(page).to_have_url(re.compile(r"/me/ledger/$"))
