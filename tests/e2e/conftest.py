"""Browser journeys through the academy as it is served: real pages, real worker, real database.

The academy is started once for each worker of pytest. The demo is loaded once (E2E_DATABASE and E2E_MEDIA
name one that is loaded already) and copied, so that workers do not disturb each other. What fails leaves its
screenshot in test-results/; with --tracing retain-on-failure its trace too (a quarter more work for all).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import translation
from playwright.sync_api import expect

from academy.settings.environment import database_from
from tests.e2e import running
from tests.e2e.people import PATIENCE, Door, NewContext
from tests.e2e.running import Academy

CHROMIUM = os.environ.get("E2E_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
HERE = Path(__file__).parent
expect.set_options(timeout=PATIENCE)


def pytest_configure(config: pytest.Config) -> None:
    """Keep a picture of the page where a journey failed, unless the command line says otherwise."""
    if getattr(config.option, "screenshot", None) == "off":
        config.option.screenshot = "only-on-failure"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every journey drives a browser; where there is none, it rests with a sentence."""
    missing = not Path(CHROMIUM).exists()
    _begin_with_the_long_ones(items)
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if missing:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed."))


def _begin_with_the_long_ones(items: list[pytest.Item]) -> None:
    """Put a test that waits for minutes first in the share of each worker (--dist worksteal), not last."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long")]
    rest = [item for item in items if not item.get_closest_marker("long")]
    shares = [list[pytest.Item]() for _ in range(workers)]
    for place, item in enumerate(long):
        shares[place % workers].append(item)
    whole, items[:] = len(items), []
    for place, share in enumerate(shares):
        # The sizes that xdist gives: what is left, divided by the workers that are left.
        size = (whole - len(items)) // (workers - place)
        taken = max(0, size - len(share))
        items += [*share, *rest[:taken]]
        del rest[:taken]
    items += rest


# --- The academy -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def academy(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Academy]:
    """The academy, with the demo in it, served by gunicorn and qcluster."""
    folder = tmp_path_factory.mktemp("academy")
    if worker_id == "master":
        running.load(folder)
    else:
        # The first worker loads; the others wait at the lock and copy.
        shared = tmp_path_factory.getbasetemp().parent / "loaded"
        with running.only_one(shared.with_suffix(".lock")):
            if not (shared / "done").exists():
                running.load(shared)
                (shared / "done").touch()
        running.copy(shared, folder)
    with running.serve(folder) as academy:
        yield academy


@pytest.fixture
def records(academy: Academy, django_db_blocker: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the test read (and prepare) the database that the server works on, through the models."""
    # Playwright's event loop lives in this thread; the test itself runs between its turns.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with django_db_blocker.unblock():
        before = connections["default"]
        settings = connections.databases["default"]
        connections.databases["default"] = {**settings, **database_from(academy.environment["DATABASE_URL"])}
        connections["default"] = connections.create_connection("default")
        try:
            with translation.override("zh-hans"):
                yield
        finally:
            connections["default"].close()
            connections.databases["default"] = settings
            connections["default"] = before


# --- The browser -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def base_url(academy: Academy) -> str:
    """Pages are named by their path."""
    return academy.url


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium: it plays H.264, and calls nobody."""
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--autoplay-policy=no-user-gesture-required",
            "--mute-audio",
        ],
    }


@pytest.fixture(scope="session")
def signed_in_states(tmp_path_factory: pytest.TempPathFactory, academy: Academy) -> Path:
    """Where the cookies of those who signed in are kept."""
    return tmp_path_factory.mktemp("signed-in")


@pytest.fixture
def door(new_context: NewContext, signed_in_states: Path) -> Door:
    """``door.phone("zhang")`` is a page of 张学员 on a phone; see tests/e2e/people.py."""
    return Door(new_context, signed_in_states)
