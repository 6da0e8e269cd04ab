"""钱顾问 records a visit on a phone and settles what was to follow; 张学员 opens what waits in the inbox."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from playwright.sync_api import expect

from enrollment.models import Guidance, Message, Organization, User
from tests.e2e.people import Door
from tests.e2e.words import said


def test_a_visit_is_recorded_and_its_follow_up_settled(door: Door, records: None) -> None:
    qian = User.objects.get(username="qian")
    organization = Organization.objects.visible_to(qian).active().order_by("path").last()
    assert organization is not None
    before = Guidance.objects.filter(organization=organization).count()
    page = door.phone("qian")
    page.goto(f"/guide/{organization.code}/")
    page.get_by_text(said("Record a visit")).click()
    summary = f"到支部走访 {timezone.now():%H%M%S}"
    page.get_by_label(said("What was done")).fill(summary)
    page.get_by_label(said("What is to follow")).fill("补报两名党员参加集中培训")
    by = timezone.localdate() + dt.timedelta(days=7)
    page.get_by_label(said("To be settled by")).fill(by.isoformat())
    page.get_by_role("button", name=said("Save the record")).click()
    record = page.get_by_role("article").filter(has_text=summary)
    expect(record).to_contain_text(said("Waits"))
    assert Guidance.objects.filter(organization=organization).count() == before + 1

    record.get_by_label(said("How it was settled")).fill("已报名")
    record.get_by_role("button", name=said("Settle")).click()
    expect(page.get_by_role("article").filter(has_text=summary)).to_contain_text("已报名")
    settled = Guidance.objects.get(summary=summary)
    assert (settled.settlement, settled.settled_on) == ("已报名", timezone.localdate())


def test_the_inbox_holds_what_was_not_read(door: Door, records: None) -> None:
    zhang = User.objects.get(username="zhang")
    # The worker may tell more meanwhile: the oldest that waits is looked for under what is unread.
    message = Message.objects.filter(recipient=zhang).unread().order_by("created_at", "pk").first()
    assert message is not None
    page = door.phone("zhang")
    page.goto("/me/messages/?show=unread")
    page.locator(f"a[href$='{message.pk}/']").click()
    page.wait_for_url(lambda url: "show=unread" not in url)
    message.refresh_from_db()
    assert message.read_at is not None
    page.goto("/me/messages/?show=unread")
    expect(page.get_by_role("heading", name=said("Messages"), exact=True)).to_be_visible()
    expect(page.locator(f"a[href$='{message.pk}/']")).to_have_count(0)
