"""The main pages stay within what a phone can be asked for, and do not jump while they come."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.e2e.people import Door
from tests.e2e.weight import weigh

#: Machines that test are noisy; a page that needs longer than this has a fault of its own.
LARGEST_MS = 4000
#: How often a page is looked at before it is called slow.
LOOKS = 4
#: The sum of the shifts; less is called good (web.dev/cls).
SHIFT = 0.1
#: A phone's window. Chromium takes the resizing of an emulated phone for a touch, and overlooks jumps then.
NARROW = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
#: The same limit that the build holds (bin/build_frontend.py).
SCRIPT_KB = 150


@dataclass(frozen=True)
class Budget:
    """A page, who opens it, and how much it may weigh in kilobytes, compressed, pictures included."""

    name: str
    path: str
    username: str
    kilobytes: int


BUDGETS = (
    Budget("front", "/", "", 200),
    Budget("home", "/", "zhang", 150),
    Budget("catalogue", "/courses/", "zhang", 520),
    Budget("course", "/courses/shuju-hegui/", "zhang", 170),
    Budget("lesson", "/courses/shuju-hegui/personal-information/", "zhang", 220),
    Budget("reading", "/courses/shuju-hegui/data-breach-drill/", "zhang", 150),
    Budget("schedule", "/practicum/schedule/", "zhang", 150),
    Budget("zone", "/zone/", "zhou", 230),
    Budget("planner", "/practicum/planner/", "zhao", 250),
    Budget("workbench", "/workbench/", "li", 160),
)


@pytest.mark.parametrize("budget", BUDGETS, ids=lambda budget: budget.name)
def test_page_keeps_its_budget(door: Door, budget: Budget) -> None:
    # A worker would fetch the shell a second time, for the day without a network.
    page = door.open(NARROW, budget.username, service_workers="block")
    weight = weigh(page, budget.path)
    assert weight.scripts <= SCRIPT_KB * 1024, weight.heaviest()
    assert weight.whole <= budget.kilobytes * 1024, weight.heaviest()
    assert weight.shift < SHIFT, weight.moved
    # Time belongs to the machine as much as to the page: other journeys may be at work beside this one, so
    # the best of a few looks counts. A page that is slow by itself is slow each time.
    looks = [weight.largest_ms]
    while min(looks) >= LARGEST_MS and len(looks) < LOOKS:
        looks.append(weigh(page, budget.path).largest_ms)
    assert 0 < min(looks) < LARGEST_MS, looks


def test_the_scales_notice_what_jumps_and_what_weighs(door: Door) -> None:
    page = door.open(NARROW, service_workers="block")
    late = """<!doctype html><title>x</title><meta name="viewport" content="width=device-width">
      <p style="font-size:3rem">Read me, I am about to be pushed down.</p>
      <script>setTimeout(() => { const box = document.createElement("div"); box.style.height = "60vh";
      document.body.prepend(box); }, 400)</script><img src="/static/heavy.png" width="1" height="1" alt="">
      <script src="/static/heavy.js"></script>"""
    page.route("**/jumpy/", lambda route: route.fulfill(content_type="text/html", body=late))
    page.route("**/heavy.png", lambda route: route.fulfill(content_type="image/png", body=bytes(300_000)))
    script = "//" + "".join(f"{number:x}" for number in range(40_000))
    page.route("**/heavy.js", lambda route: route.fulfill(content_type="text/javascript", body=script))
    weight = weigh(page, "/jumpy/")
    assert weight.shift > SHIFT
    assert weight.moved
    assert weight.largest_ms > 0
    assert 20_000 < weight.scripts < len(script), "scripts are weighed compressed"
    assert set(weight.files) == {"/jumpy/", "/static/heavy.js", "/static/heavy.png"}
