"""Take a picture of every page of every role: `make screenshots`.

Begins where each person begins, follows the links of each page to every view once, and looks at what it
found on a phone (390 px) and a desk (1280 px), light and dark. The pictures and an index page are left in
`screenshots/`. Pages that are wider than their screen and errors in the browser's console are listed.

    python -m tests.e2e.screenshots [--people zhang li …] [--views portal:home courses:* …] [--light]
"""

from __future__ import annotations

import argparse
import html
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "academy.settings.dev")
django.setup()

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright  # noqa: E402

from tests.e2e import running  # noqa: E402
from tests.e2e.conftest import CHROMIUM  # noqa: E402
from tests.e2e.people import BEGINNINGS, CHINA, DESKTOP, NAMES, PHONE, sign_in  # noqa: E402
from tests.e2e.walking import walk  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "screenshots"
STRANGER = "stranger"
#: A page may be endless; a picture of it is not.
TALLEST = 5000
THROUGH = """async () => {
  for (let y = 0; y < Math.min(document.documentElement.scrollHeight, 5000); y += innerHeight) {
    scrollTo(0, y);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  scrollTo(0, 0);
}"""
DEVICES = {"390": PHONE, "1280": DESKTOP}


HEAD = """<!doctype html>
<meta charset="utf-8">
<title>Screenshots</title>
<style>
  body { font: 14px sans-serif; margin: 2rem }
  img { height: 320px; border: 1px solid #ccc; margin: 4px; object-fit: cover; object-position: top }
  li { color: #a00 }
</style>
<h1>Every page of every role</h1>"""


@dataclass
class Seen:
    """One page of one person, and what was wrong with it."""

    person: str
    view: str
    path: str
    pictures: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def explore(page: Page, person: str, wanted: list[str]) -> list[Seen]:
    """Follow the links of each page, to one address of each view."""
    found = []
    for stop in walk(page, [BEGINNINGS.get(person, "/"), "/"]):
        if wanted and not any(fnmatchcase(stop.view, pattern) for pattern in wanted):
            continue
        seen = Seen(person, stop.view, stop.path)
        if stop.status >= 400:
            seen.faults.append(f"answers {stop.status}")
        found.append(seen)
    return found


def look(context: BrowserContext, seen: Seen, variant: str) -> None:
    """Take one picture, and note what is wrong."""
    page = context.new_page()
    page.on(
        "console",
        lambda message: (
            seen.faults.append(f"{variant}: {message.text[:200]}") if message.type == "error" else None
        ),
    )
    page.on("pageerror", lambda error: seen.faults.append(f"{variant}: {str(error)[:200]}"))
    try:
        page.goto(seen.path)
        # What is loaded when one comes near it is part of the picture.
        page.evaluate(THROUGH)
        page.wait_for_load_state("networkidle", timeout=5000)
    except Error as error:
        seen.faults.append(f"{variant}: {str(error).splitlines()[0]}")
    excess = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if excess > 0:
        seen.faults.append(f"{variant}: {excess} px wider than the screen")
    size: dict[str, Any] = page.evaluate(
        "({width: innerWidth, height: Math.max(innerHeight, document.documentElement.scrollHeight)})"
    )
    name = f"{seen.person}-{''.join(c if c.isalnum() else '-' for c in seen.view)[:80]}-{variant}.png"
    clip = {"x": 0, "y": 0, "width": size["width"], "height": min(TALLEST, size["height"])}
    try:
        page.screenshot(path=FOLDER / name, full_page=True, clip=clip)  # type: ignore[arg-type]
        seen.pictures[variant] = name
    except Error as error:
        seen.faults.append(f"{variant}: no picture ({str(error).splitlines()[0]})")
    page.close()


def visit(browser: Browser, url: str, person: str, schemes: list[str], wanted: list[str]) -> list[Seen]:
    """Look at every page of one person."""
    common: dict[str, Any] = {**CHINA, "base_url": url}
    first = browser.new_context(**common, **DESKTOP)
    page = first.new_page()
    if person != STRANGER:
        sign_in(page, person)
    state = first.storage_state()
    pages = explore(page, person, wanted)
    first.close()
    for width, device in DEVICES.items():
        for scheme in schemes:
            context = browser.new_context(
                **common, **device, color_scheme=scheme, storage_state=state, reduced_motion="reduce"
            )
            for seen in pages:
                look(context, seen, f"{width}-{scheme}")
            context.close()
    return pages


def index(pages: list[Seen]) -> str:
    """Return a page that shows all pictures, by person."""
    parts = [HEAD]
    for person in dict.fromkeys(seen.person for seen in pages):
        parts.append(f"<h2>{html.escape(NAMES.get(person, person))}</h2>")
        for seen in pages:
            if seen.person != person:
                continue
            faults = "".join(f"<li>{html.escape(fault)}</li>" for fault in seen.faults)
            shots = "".join(
                f'<a href="{name}"><img loading=lazy src="{name}" alt="{variant}" title="{variant}"></a>'
                for variant, name in seen.pictures.items()
            )
            parts.append(f"<h3>{html.escape(seen.view)} <small>{html.escape(seen.path)}</small></h3>")
            parts.append(f"<ul>{faults}</ul>{shots}")
    return "\n".join(parts)


def main() -> int:
    """Take the pictures; return 1 when a page had a fault."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", nargs="+", default=[STRANGER, *NAMES], choices=[STRANGER, *NAMES])
    parser.add_argument("--views", nargs="+", default=[], metavar="PATTERN")
    parser.add_argument("--light", action="store_true", help="leave out the dark ones")
    asked = parser.parse_args()
    if not Path(CHROMIUM).exists():
        print("Chromium is not installed; there is nothing to take pictures with.", file=sys.stderr)
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    schemes = ["light"] if asked.light else ["light", "dark"]
    pages: list[Seen] = []
    with tempfile.TemporaryDirectory(prefix="academy-screenshots-") as name, sync_playwright() as playwright:
        folder = Path(name)
        running.load(folder)
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        with running.serve(folder) as academy:
            for person in asked.people:
                found = visit(browser, academy.url, person, schemes, asked.views)
                print(f"{NAMES.get(person, person)}: {len(found)} pages", flush=True)
                pages += found
                (FOLDER / "index.html").write_text(index(pages))
        browser.close()
    faulty = [seen for seen in pages if seen.faults]
    for seen in faulty:
        print(f"{seen.person} {seen.path}: {'; '.join(seen.faults)}")
    print(f"{len(pages)} pages; the index is screenshots/index.html")
    return int(bool(faulty))


if __name__ == "__main__":
    raise SystemExit(main())
