"""李干事 sends a messy roster: a preview in words, nothing half-saved, nothing doubled (scenario 9)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from enrollment.models import RosterImport, Trainee
from tests.e2e.people import Door
from tests.e2e.running import ROOT, Academy
from tests.e2e.screen import barriers
from tests.e2e.words import said, said_of

SHARED = ROOT.parent / "shared" / "data"
MESSY = SHARED / "roster-messy.xlsx"
#: Codes of the importer for what the expectation calls wrong.
FIELDS = {
    "phone too short": "phone",
    "unknown organization": "organization",
    "name missing": "name",
    "joined in the future": "joined_on",
    "impossible month": "born_on",
}

needs_messy = pytest.mark.skipif(not MESSY.exists(), reason="../shared/data is not beside this checkout.")


@pytest.fixture
def expected() -> dict[str, Any]:
    """What is known of the messy roster."""
    found: dict[str, Any] = json.loads((SHARED / "roster-messy.expected.json").read_text(encoding="utf-8"))
    return found


def send(page: Page, file: Path) -> None:
    """Upload a roster and wait for its preview."""
    page.goto("/workbench/import/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name=said("Send and preview")).click()
    expect(page).to_have_url(re.compile(r"/workbench/import/\d+/"))
    expect(page.get_by_role("navigation", name=said("Verdicts"))).to_be_visible(timeout=60_000)


def tally(page: Page) -> dict[str, int]:
    """The numbers on the tabs of the preview, by verdict."""
    found = {}
    for link in page.get_by_role("navigation", name=said("Verdicts")).get_by_role("link").all():
        address, label = link.get_attribute("href") or "", link.inner_text()
        found[address.partition("verdict=")[2]] = int(label.split()[-1])
    return found


def left_out(roster_import: RosterImport) -> int:
    """How many people of the organizations in the file no row of it means."""
    rows = roster_import.verdict["rows"]
    wrong = [row["person"].get("name") or "" for row in rows if row["outcome"] == "error"]
    covered = {row["person"].get("organization_id") for row in rows if row["outcome"] != "error"} - {None}
    named = [row["trainee"] for row in rows if "trainee" in row]
    people = Trainee.objects.active().filter(home_organization__in=covered)
    return people.exclude(name__in=wrong).exclude(pk__in=named).count()


def dry_run(academy: Academy) -> dict[str, Any]:
    """What the command says of the roster, without saving."""
    done = academy.manage("import_roster", MESSY, "--dry-run", "--format", "json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@needs_messy
def test_messy_roster_is_previewed_confirmed_and_sent_again(
    door: Door, academy: Academy, records: None, expected: dict[str, Any]
) -> None:
    good, wrong = expected["good"], expected["errors"]
    doubles = expected["duplicates_in_file"]
    before = Trainee.objects.count()
    ends_before = list(Trainee.objects.order_by("pk").values_list("pk", "updated_at")[:500])

    # The command, without saving.
    report = dry_run(academy)
    assert (report["rows"], report["new"], report["duplicates"]) == (expected["data_rows"], good, doubles)
    assert {(error["row"], error["field"]) for error in report["errors"]} == {
        (row, FIELDS[what]) for row, what in wrong
    }

    # The same on screen.
    page = door.desktop("li")
    send(page, MESSY)
    expect(page.locator("main")).to_contain_text(str(expected["data_rows"]))
    assert barriers(page) == []
    # Whom the organizations in the file had before stays, and is shown; nobody there is meant by a row.
    missing = left_out(RosterImport.objects.latest("pk"))
    assert missing > 0
    assert tally(page) == {
        "error": len(wrong),
        "new": good,
        "changed": 0,
        "unchanged": 0,
        "duplicate": doubles,
        "missing": missing,
    }

    # Errors stand first, each with its row in the file and a Chinese sentence.
    rows = page.locator("#verdict tbody tr")
    shown: dict[int, str] = {}
    while True:
        for row in rows.all():
            cells = row.locator("td").all_inner_texts()
            shown[int(cells[0])] = cells[1]
        following = page.locator("a[rel=next]")
        if not following.count():
            break
        following.click()
        page.wait_for_load_state()
    assert set(shown) == {row for row, _what in wrong}
    assert all(re.search(r"[\u4e00-\u9fff]{4,}", sentence) for sentence in shown.values())

    # Nothing is saved before somebody confirms.
    assert Trainee.objects.count() == before
    assert list(Trainee.objects.order_by("pk").values_list("pk", "updated_at")[:500]) == ends_before

    confirm = said_of(
        good, "Confirm and save %(total)s person", "Confirm and save %(total)s people", total=good
    )
    page.get_by_role("button", name=confirm).click()
    saved = said("Saved: %(new)s new people, %(changed)s changed.", new=good, changed=0)
    expect(page.get_by_text(saved)).to_be_visible(timeout=60_000)
    assert barriers(page) == []
    assert Trainee.objects.count() == before + good
    assert RosterImport.objects.latest("pk").status == RosterImport.Status.APPLIED

    # The people are in 李干事's list of members.
    newcomer = Trainee.objects.order_by("-pk").first()
    page.goto(f"/workbench/?q={newcomer.name}")
    expect(page.locator("main")).to_contain_text(newcomer.name)

    # Sent again, nobody is doubled.
    send(page, MESSY)
    assert tally(page) == {
        "error": len(wrong),
        "new": 0,
        "changed": 0,
        "unchanged": good,
        "duplicate": doubles,
        "missing": missing,
    }
    expect(page.get_by_role("button", name=said("Nothing to save"))).to_be_disabled()
    assert Trainee.objects.count() == before + good
    again = dry_run(academy)
    assert (again["new"], again["changed"], again["unchanged"]) == (0, 0, good)

    # The first import is taken back, and everything is as it was.
    applied = RosterImport.objects.filter(status=RosterImport.Status.APPLIED, file_name=MESSY.name).latest(
        "pk"
    )
    page.goto(f"/workbench/import/{applied.pk}/")
    page.get_by_role("link", name=said("Take this import back")).click()
    expect(page.locator(".stat-value").first).to_have_text(str(good))
    assert barriers(page) == []
    page.get_by_role("button", name=said("Take it back")).click()
    back = said(
        "Taken back: %(removed)s people removed, %(restored)s as they were before.", removed=good, restored=0
    )
    expect(page.get_by_text(back)).to_be_visible(timeout=60_000)
    assert Trainee.objects.count() == before
    assert list(Trainee.objects.order_by("pk").values_list("pk", "updated_at")[:500]) == ends_before


def test_a_file_that_is_no_spreadsheet_gets_one_sentence(door: Door, records: None, tmp_path: Path) -> None:
    broken = tmp_path / "花名册.xlsx"
    broken.write_bytes(b"this is no spreadsheet")
    before = Trainee.objects.count()
    page = door.phone("li")
    page.goto("/workbench/import/")
    page.get_by_label(said("Roster (.xlsx or .csv)")).set_input_files(broken)
    # The browser's own words are in the browser's language; ours stand in their place.
    expect(page.get_by_role("status").filter(has_text="花名册.xlsx")).to_have_text("花名册.xlsx · 1 KB")
    page.get_by_role("button", name=said("Send and preview")).click()
    sentence = page.locator(".alert-danger, .invalid-feedback, .errorlist").first
    expect(sentence).to_contain_text(re.compile(r"[\u4e00-\u9fff]{4,}"), timeout=60_000)
    assert Trainee.objects.count() == before


def test_a_file_is_chosen_by_keyboard_by_dropping_and_without_script(door: Door, tmp_path: Path) -> None:
    page = door.desktop("li")
    page.goto("/workbench/import/")
    field = page.get_by_label(said("Roster (.xlsx or .csv)"))
    field.focus()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files({"name": "一.csv", "mimeType": "text/csv", "buffer": b"x" * 3000})
    chosen = page.locator("[data-file-chosen]")
    expect(chosen).to_have_text("一.csv · 3 KB")

    page.locator(".file-drop").evaluate(
        """(drop) => {
          const carried = new DataTransfer();
          carried.items.add(new File(["x".repeat(2_500_000)], "二.xlsx"));
          carried.items.add(new File(["y"], "三.xlsx"));
          drop.dispatchEvent(new DragEvent("drop", {dataTransfer: carried, bubbles: true, cancelable: true}));
        }"""
    )
    expect(chosen).to_have_text("二.xlsx · 2.4 MB")
    assert field.evaluate("(input) => input.files.length") == 1

    with page.expect_file_chooser():
        page.locator(".file-drop .btn").click()

    plain = door.desktop("li", java_script_enabled=False)
    plain.goto("/workbench/import/")
    told = plain.get_by_text(said("A file is chosen."))
    expect(told).to_be_hidden()
    plain.get_by_label(said("Roster (.xlsx or .csv)")).set_input_files(
        {"name": "一.csv", "mimeType": "text/csv", "buffer": b"x"}
    )
    expect(told).to_be_visible()
