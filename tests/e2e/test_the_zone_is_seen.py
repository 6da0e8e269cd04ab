"""周主任 sees the three cohorts by park; every figure is what the ledger says, and a command proves it."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from pathlib import Path

from django.db.models import Sum
from django.utils import timezone
from playwright.sync_api import Page, expect

from enrollment.models import (
    CohortCode,
    HourEntry,
    Organization,
    OrganizationKind,
    Standing,
)
from tests.e2e.people import Door
from tests.e2e.running import Academy
from tests.e2e.words import said

COLUMNS = ("people", "exempt", "reached", "share", *CohortCode.values)


def row_of(page: Page, name: str) -> dict[str, str]:
    """The figures of one organization in the table of those below."""
    heading = said("Organizations below, in the order of the tree")
    table = page.get_by_role("table", name=heading)
    row = table.get_by_role("row").filter(has=page.get_by_text(name, exact=True)).first
    return dict(zip(COLUMNS, row.locator("td").all_inner_texts(), strict=True))


def counted(organization: Organization, year: int) -> dict[str, str]:
    """The same from the persons below ``organization``, whose hours are summed from the ledger here."""
    people = list(Standing.objects.filter(year=year, organization__path__startswith=organization.path))
    earned: Counter[int] = Counter()
    sums = HourEntry.objects.filter(year=year).values_list("trainee_id").annotate(Sum("quarters")).order_by()
    for trainee, quarters in sums:
        earned[trainee] = quarters
    held = HourEntry.objects.standing().filter(year=year, is_centralized=True)
    centralized = Counter(held.values_list("trainee_id", flat=True))

    def has_reached(person: Standing) -> bool:
        return (
            earned[person.trainee_id] >= person.required_quarters
            and centralized[person.trainee_id] >= person.centralized_required
        )

    def share(cohort: str = "") -> str:
        held_to = [p for p in people if not p.is_exempt and cohort in ("", p.cohort)]
        if not held_to:
            return "—"
        return f"{100 * sum(map(has_reached, held_to)) // len(held_to)}%"

    return {
        "people": str(len(people)),
        "exempt": str(sum(person.is_exempt for person in people)),
        "reached": str(sum(has_reached(person) for person in people if not person.is_exempt)),
        "share": share(),
        **{cohort: share(cohort) for cohort in CohortCode.values},
    }


def test_cohorts_by_park_down_to_an_organization(door: Door, academy: Academy, records: None) -> None:
    year = timezone.localdate().year
    page = door.desktop("zhou")
    page.goto("/zone/")
    expect(page.get_by_role("heading", name=said("The three cohorts"), exact=True)).to_be_visible()
    for cohort in CohortCode:
        expect(page.locator(".cohort").filter(has_text=str(cohort.label))).to_have_count(1)
    parks = list(Organization.objects.filter(kind=OrganizationKind.PARK).order_by("path"))
    assert len(parks) == 7
    for park in parks:
        assert row_of(page, str(park)) == counted(park, year), park

    park = parks[0]
    page.get_by_role("table").get_by_role("link", name=str(park), exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(park.name)
    below = Organization.objects.filter(path__startswith=park.path, depth=park.depth + 1).order_by("path")
    organization = below.filter(standings__year=year).distinct().first()
    figures = counted(organization, year)
    assert row_of(page, str(organization)) == figures
    page.get_by_role("table").get_by_role("link", name=str(organization), exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(organization.name)
    stats = page.locator(".stats").first
    expect(stats).to_contain_text(figures["people"])
    expect(stats).to_contain_text(figures["reached"])

    # The people behind a figure are listed, with no rank among them.
    stats.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/people/\?year="))
    names = page.locator("tbody tr").count()
    assert names == min(int(figures["people"]), 50)


def test_the_ledger_is_proved_and_the_proof_can_fail(academy: Academy, records: None, tmp_path: Path) -> None:
    copy = academy.copy_of_database(tmp_path / "copy.sqlite3")
    agrees = academy.manage("verify_ledger", DATABASE_URL=copy)
    assert agrees.returncode == 0, agrees.stdout + agrees.stderr

    with sqlite3.connect(tmp_path / "copy.sqlite3") as database:
        database.execute(
            "UPDATE enrollment_hourbalance SET quarters = quarters + 4"
            " WHERE id = (SELECT min(id) FROM enrollment_hourbalance WHERE quarters > 0)"
        )
    differs = academy.manage("verify_ledger", DATABASE_URL=copy)
    assert differs.returncode == 1
    assert re.search(r"\d", differs.stdout)
    academy.manage("rebuild_ledger", DATABASE_URL=copy)
    assert academy.manage("verify_ledger", DATABASE_URL=copy).returncode == 0
