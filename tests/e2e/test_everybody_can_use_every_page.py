"""No page of any role keeps out somebody who uses a screen reader or a keyboard: axe goes through all.

Each person goes from link to link to every kind of page they have. Each page is judged twice: by day at the
width they work at, and by night at the other width.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from enrollment.models import TrainingClass, User
from practicum.models import Session, Visit
from tests.e2e.people import BEGINNINGS, DESKTOP, PHONE, Door
from tests.e2e.screen import Console, barriers, wider_than_screen
from tests.e2e.walking import walk


@dataclass(frozen=True)
class Way:
    """Who goes, on what, and the views they must come by: a walk that stops at the door proves nothing."""

    username: str
    device: dict[str, Any]
    must_see: frozenset[str]


WAYS = (
    Way(
        "",
        PHONE,
        frozenset(
            {"portal:home", "courses:catalog", "courses:course", "practicum:base_list", "practicum:base"}
        ),
    ),
    Way(
        "zhang",
        PHONE,
        frozenset(
            {"portal:home", "portal:me", "portal:ledger", "portal:certificates", "accounts:devices"}
            | {"courses:lesson", "practicum:schedule", "practicum:session", "practicum:my_code"}
        ),
    ),
    Way("wang", PHONE, frozenset({"portal:home", "portal:me", "portal:ledger", "practicum:schedule"})),
    Way(
        "li",
        DESKTOP,
        frozenset(
            {"portal:workbench", "portal:workbench_imports", "portal:workbench_classes"}
            | {"portal:workbench_activities", "portal:workbench_activity_new", "portal:workbench_class"}
        ),
    ),
    Way("chen", DESKTOP, frozenset({"practicum:attendance", "practicum:code_screen", "practicum:scanner"})),
    Way(
        "zhao",
        DESKTOP,
        frozenset({"portal:style", "practicum:visit", "practicum:timetable", "enrollment:class_roster"}),
    ),
    Way("sun", PHONE, frozenset({"practicum:host", "practicum:host_visit"})),
    Way("qian", DESKTOP, frozenset({"portal:guide", "portal:guide_organization"})),
    Way(
        "zhou",
        DESKTOP,
        frozenset({"portal:zone", "portal:zone_organization", "portal:zone_people", "portal:zone_training"}),
    ),
)

#: The screens of those who receive people.
AT_THE_DOOR = ("attendance", "code_screen", "scanner")
#: What looks the same for everybody who is signed in, and what leads into the study of a course.
SAME_FOR_ALL = (
    "account_",
    "accounts:devices",
    "mfa_",
    "portal:personal_data",
    "portal:ask_for_correction",
    "portal:certificates",
    "messages:",
    "enrollment:certificate",
    "jobs:",
    "practicum:subscribe",
    "practicum:my_code",
    "practicum:enter",
    "courses:catalog",
    "courses:course",
    "courses:lesson",
    "courses:quiz",
    "practicum:base",
)


def beginnings(way: Way) -> list[str]:
    """Where the walk begins: at the person's own place, and at what only Wagtail's screens lead to."""
    places = [BEGINNINGS.get(way.username, "/"), "/"]
    if way.username in ("chen", "zhao"):
        person = User.objects.get(username=way.username)
        session = Session.objects.run_by(person).order_by("-starts_at").first()
        assert session is not None
        places += [reverse(f"practicum:{name}", args=[session.pk]) for name in AT_THE_DOOR]
    if way.username == "zhao":
        visit = Visit.objects.order_by("-pk").first()
        training_class = TrainingClass.objects.order_by("-starts_on").first()
        assert visit is not None
        assert training_class is not None
        places += [
            reverse("portal:style"),
            reverse("practicum:visit", args=[visit.pk]),
            reverse("practicum:timetable", args=[training_class.pk]),
            reverse("practicum:planner"),
        ]
    return places


def is_of(way: Way, view: str, path: str) -> bool:
    """Whether a person's walk goes there: pages that are the same for all are the stranger's and 张学员's.

    The screens of the admin have a walk of their own, below.
    """
    if path.startswith("/admin/"):
        return False
    if view.startswith("wagtail_serve"):
        return not way.username
    return way.username in ("", "zhang") or not view.startswith(SAME_FOR_ALL)


#: The colours change with the next frame; those that fade are brought to their end, what turns is stopped.
SETTLED = """async () => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  for (const moving of document.getAnimations()) {
    try { moving.finish(); } catch { moving.cancel(); }
  }
}"""


def at_night(page: Page, device: dict[str, Any]) -> None:
    """Let the page that is open be dark, and as wide as on ``device``."""
    page.set_viewport_size(device["viewport"])
    page.emulate_media(color_scheme="dark")
    page.evaluate(SETTLED)


def by_day(page: Page, device: dict[str, Any]) -> None:
    """Take ``at_night`` back, for the next page."""
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(device["viewport"])


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.username or "stranger")
def test_every_page_can_be_used(door: Door, records: None, way: Way) -> None:
    # Without motion: colours that are still on their way to night would be judged half-way.
    page = door.open(way.device, way.username, reduced_motion="reduce")
    console = Console(page)
    seen, faults = set[str](), list[str]()
    for stop in walk(page, beginnings(way), enters=partial(is_of, way)):
        seen.add(stop.view)
        found = [*barriers(page), *wider_than_screen(page)]
        at_night(page, PHONE if way.device is DESKTOP else DESKTOP)
        found += [f"by night: {fault}" for fault in [*barriers(page), *wider_than_screen(page)]]
        by_day(page, way.device)
        if stop.status >= 400:
            found.append(f"answers {stop.status}")
        faults += [f"{stop.path}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)
    assert console.complaints == []
    assert way.must_see <= seen


#: Parts of the admin that are Wagtail's alone, and forms that were seen when they were empty.
NOT_OURS = ("/pages/", "/images/", "/documents/", "/collections/", "/workflows/", "/reports/", "/account/")
SEEN_EMPTY = ("/edit/", "/delete/", "/history/", "/usage/", "/bulk/", "/redirects/", "/sites/", "/locales/")
#: What Wagtail's own frame does: (rule of axe, part of the address).
OF_WAGTAIL = (
    ("page-has-heading-one", "/admin/snippets/"),
    ("aria-input-field-name", "/admin/practicum_bases/"),
    ("aria-input-field-name", "/admin/settings/enrollment/noticesettings/"),
)


def is_our_screen(view: str, path: str) -> bool:
    """Whether the walk through the admin goes there."""
    return path.startswith("/admin/") and not any(part in path for part in NOT_OURS + SEEN_EMPTY)


def test_every_screen_of_ours_in_the_admin_can_be_used(door: Door, records: None) -> None:
    page = door.open(DESKTOP, "zhao", reduced_motion="reduce")
    console = Console(page)
    seen, faults = set[str](), list[str]()
    for stop in walk(page, ["/admin/"], enters=is_our_screen):
        seen.add(stop.path)
        found = [
            fault
            for fault in barriers(page)
            if not any(fault.startswith(rule) and part in stop.path for rule, part in OF_WAGTAIL)
        ]
        if stop.status >= 400:
            found.append(f"answers {stop.status}")
        faults += [f"{stop.path}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)
    assert console.complaints == []
    assert {"/admin/trainees/new/", "/admin/classes/", "/admin/practicum_visits/new/"} <= seen
    assert any(path.startswith("/admin/organizations/merge/") for path in seen)
