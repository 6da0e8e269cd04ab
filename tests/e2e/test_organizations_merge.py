"""赵管理员 merges two organizations: the preview says who comes over, and the tree shows the one no more."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from enrollment.models import Organization, OrganizationChange, Trainee
from tests.e2e.people import Door
from tests.e2e.words import said


def two_branches() -> tuple[Organization, Organization]:
    """Two branches beside one another, of which nobody in another journey is a member."""
    rows = Organization.objects.active().filter(depth=3, numchild=0, quotas__isnull=True).order_by("-path")
    first = rows[0]
    second = rows.filter(path__startswith=first.path[:8]).exclude(pk=first.pk)[0]
    return first, second


def found(page: Page, words: str) -> list[str]:
    """The organizations that the tree finds under ``words``."""
    page.goto("/organizations/")
    page.get_by_label(said("Name or code of an organization")).fill(words)
    page.get_by_role("button", name=said("Find")).click()
    expect(page.get_by_role("heading", name=said("Found"))).to_be_visible()
    return page.locator(".tree-found a").all_inner_texts()


def test_two_become_one_and_the_tree_follows(door: Door, records: None) -> None:
    gone, stays = two_branches()
    people = Trainee.objects.active().filter(home_organization__in=[gone, stays]).count()
    page = door.desktop("zhao")
    assert found(page, gone.code) == [gone.name]
    page.locator(".tree-found a").click()
    expect(page.locator(f"#organization-{gone.pk}")).to_be_visible()

    page.goto(f"/admin/organizations/merge/{stays.pk}/")
    page.get_by_role("button", name=said("Choose an organization")).first.click()
    chooser = page.locator(".modal-content")
    chooser.locator("input[name=q]").fill(gone.code)
    chooser.get_by_role("link", name=gone.name).click()
    expect(chooser).to_be_hidden()
    page.get_by_role("button", name=said("Show what will happen")).click()
    expect(page.get_by_role("region", name=said("What will happen"))).to_contain_text(gone.name)
    assert not OrganizationChange.objects.filter(organization=gone, kind="merged").exists()
    page.get_by_role("button", name=said("Confirm")).click()
    expect(page.locator("body")).to_contain_text(said("The organizations have merged."))

    gone.refresh_from_db()
    assert gone.merged_into == stays
    assert Trainee.objects.active().filter(home_organization=stays).count() == people
    assert found(page, gone.code) == []
    assert found(page, stays.code) == [stays.name]
