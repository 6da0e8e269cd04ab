"""A stranger looks around: public pages are sound on a narrow phone, at a desk, by night and enlarged."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from practicum.models import TrainingBase
from tests.e2e.people import DESKTOP, Door
from tests.e2e.screen import Console, barriers, wider_than_screen
from tests.e2e.words import said

NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}
#: 200 % of a window 1280 wide leaves this much.
ENLARGED = {"width": 640, "height": 450}
PAGES = (
    "/",
    "/news/",
    "/about/",
    "/courses/",
    "/practicum/bases/",
    "/enrollment/certificates/",
    "/enrollment/certificates/NOSUCHCODE/",
    "/offline/",
    "/accounts/login/",
)


@pytest.mark.parametrize("night", [False, True], ids=["day", "night"])
def test_public_pages_are_sound(door: Door, night: bool) -> None:
    page = door.open(DESKTOP, color_scheme="dark" if night else "light", reduced_motion="reduce")
    console = Console(page)
    found: dict[str, list[str]] = {}
    for address in PAGES:
        for size in (WIDE, NARROW, ENLARGED):
            page.set_viewport_size(size)
            page.goto(address)
            if problems := wider_than_screen(page) + (barriers(page) if size != ENLARGED else []):
                found[f"{address} {size['width']}"] = problems
    assert found == {}
    # The browser itself notes the answer 404 to a code that is none.
    assert [line for line in console.complaints if "NOSUCHCODE" not in line] == []


def test_the_map_goes_with_the_filters_and_leads_to_a_base(door: Door, records: None) -> None:
    page = door.desktop()
    console = Console(page)
    page.goto("/practicum/bases/")
    points = page.locator(".map .map-base")
    expect(points).to_have_count(TrainingBase.objects.listed().count())
    expect(page.locator(".map-park-name")).to_have_count(7)
    park = TrainingBase.objects.listed().first().park
    page.get_by_label(said("Park"), exact=True).select_option(str(park.pk))
    expect(page).to_have_url(re.compile(f"park={park.pk}"))
    expect(points).to_have_count(TrainingBase.objects.listed().filter(park=park).count())
    # By mouse: a point names its base and leads to it.
    points.last.click()
    link = page.locator(".leaflet-popup a")
    name = link.inner_text()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.locator(".map").scroll_into_view_if_needed()
    expect(page.locator(".map .map-base-here")).to_have_count(1)
    assert barriers(page) == []
    assert console.complaints == []


def test_keys_alone_lead_past_the_bar_to_the_first_base(door: Door) -> None:
    page = door.desktop()
    page.goto("/practicum/bases/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=said("Skip to content"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    outline = focused.evaluate("(element) => getComputedStyle(element).outlineWidth")
    assert outline != "0px"
