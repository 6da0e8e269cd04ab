"""Notices of classes: text from a template, number, publication, receipts and attachments."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from cms.refusals import Refused
from enrollment.actions import classes, notices
from enrollment.actions.roles import grant_role
from enrollment.models import (
    ClassNotice,
    Cohort,
    Message,
    NoticeAttachment,
    NoticeReceipt,
    NoticeSettings,
    Role,
    User,
)
from enrollment.reports_notices import receptions
from enrollment.rules import notice as rules
from tests.factories.enrollment import training_class

# --- Rules -------------------------------------------------------------------------------------------


def test_places_are_filled_and_escaped():
    text = "<p>举办{名称}（{ 编号 }），{无此项}</p>"
    assert rules.filled(text, {"名称": "<b>书记班</b>", "编号": "2026-001"}) == (
        "<p>举办&lt;b&gt;书记班&lt;/b&gt;（2026-001），{无此项}</p>"
    )
    assert rules.unknown_places(text) == ["无此项"]


def test_numbers_read_as_offices_write_them():
    pattern = rules.DEFAULT_NUMBER
    assert rules.number(pattern, series="党建院", year=2026, serial=5) == "党建院〔2026〕5号"
    assert rules.pattern_refusal(pattern) is None
    for bad in ("{series}〔{year}〕号", "{serial}号", "{series}{year}{serial}{month}"):
        assert rules.pattern_refusal(bad) is rules.BAD_PATTERN


@given(st.text(max_size=200), st.text(max_size=30))
def test_filling_never_breaks_and_never_lets_markup_in(text, value):
    result = rules.filled(text, {rules.TITLE: value})
    if "<" not in text:
        assert "<" not in result


# --- Publishing --------------------------------------------------------------------------------------


@pytest.fixture
def opened(chen, soft, bio):
    opened = training_class(
        title="书记示范班",
        teacher=chen,
        capacity=20,
        cohort=Cohort.objects.get(code="secretary"),
        starts_on=dt.date(2030, 3, 4),
        ends_on=dt.date(2030, 3, 6),
    )
    classes.set_quotas(training_class=opened, seats={soft.pk: 5, bio.pk: 5}, actor=None)
    return classes.transition(training_class=opened, to="nominating", actor=None)


@pytest.fixture
def published(opened, zhao):
    notice = notices.begin_notice(training_class=opened, actor=zhao)
    return notices.publish_notice(notice=notice, actor=zhao)


def test_a_notice_begins_with_the_academys_text(opened, zhao):
    notice = notices.begin_notice(training_class=opened, actor=zhao)
    assert notices.begin_notice(training_class=opened, actor=zhao) == notice
    text = notices.text_of(notice)
    for part in ("书记示范班", opened.code, "2030年3月4日—3月6日", "共3天", "共20名", "陈讲师"):
        assert part in text
    assert "{" not in text


def test_publishing_numbers_freezes_and_tells(li, outsider, opened, published, zhao):
    year = published.published_at.year
    assert published.number == f"党建院〔{year}〕1号"
    assert Message.objects.filter(kind="class_notice").values_list("recipient", flat=True).get() == li.pk
    notices.write_notice(notice=published, title="新标题", body="<p>改期。</p>", actor=zhao)
    published.refresh_from_db()
    assert "书记示范班" in published.published_text
    again = notices.publish_notice(notice=published, actor=zhao)
    assert (again.number, again.revision, again.published_text) == (
        published.number,
        2,
        "<p>改期。</p>",
    )
    assert Message.objects.filter(kind="class_notice", recipient=li).count() == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [("<p> </p>", "notice_text_missing"), ("<p>{不知道}</p>", "notice_unknown_place")],
)
def test_what_cannot_be_published(opened, zhao, body, code):
    notice = notices.begin_notice(training_class=opened, actor=zhao, body=body)
    with pytest.raises(Refused, match=code):
        notices.publish_notice(notice=notice, actor=zhao)
    assert not ClassNotice.objects.filter(revision__gt=0).exists()


def test_script_never_reaches_a_notice(opened, zhao):
    body = '<p onclick="x()">好<script>alert(1)</script></p>'
    notice = notices.begin_notice(training_class=opened, actor=zhao, body=body)
    text = notices.publish_notice(notice=notice, actor=zhao).published_text
    assert "onclick" not in text
    assert "<script" not in text


def test_numbers_follow_each_other_and_never_repeat(opened, published, zhao):
    other = notices.begin_notice(training_class=training_class(title="另一班"), actor=zhao)
    second = notices.publish_notice(notice=other, actor=zhao)
    assert (published.serial, second.serial) == (1, 2)
    with pytest.raises(IntegrityError), transaction.atomic():
        ClassNotice.objects.filter(pk=second.pk).update(serial=1)
    settings = NoticeSettings.load()
    settings.series = "高新党建院"
    settings.save()
    third = notices.begin_notice(training_class=training_class(title="第三班"), actor=zhao)
    assert notices.publish_notice(notice=third, actor=zhao).number.startswith("高新党建院〔")


# --- Receiving ---------------------------------------------------------------------------------------


def test_organizations_confirm_once_for_each_publication(published, li, soft, bio, zhao):
    assert notices.acknowledge_notice(notice=published, actor=li) == 1
    assert notices.acknowledge_notice(notice=published, actor=li) == 0
    rows = {row.organization: row.receipt for row in receptions(published, zhao)}
    assert rows[bio] is None
    assert rows[soft].user == li
    assert [row.organization for row in receptions(published, li)] == [soft]
    again = notices.publish_notice(notice=published, actor=zhao)
    assert all(row.receipt is None for row in receptions(again, zhao))
    assert notices.acknowledge_notice(notice=again, actor=li) == 1
    assert NoticeReceipt.objects.count() == 2


def test_who_has_no_quota_confirms_nothing(published, tree, zhao):
    other = User.objects.create_user("other", name="别处")
    grant_role(user=other, role=Role.AFFAIRS_WORKER, organization=tree.make)
    with pytest.raises(Refused, match="notice_no_quota"):
        notices.acknowledge_notice(notice=published, actor=other)


def test_the_page(opened, li, zhao, chen, sign_in):
    url = reverse("enrollment:class_notice", args=[opened.pk])
    begun = sign_in(user=chen).post(url, {"do": "begin"})
    assert begun["Location"].startswith("/admin/")
    assert sign_in(user=chen).get(begun["Location"]).status_code == 200
    # As long as it is being written nobody else sees a word of it.
    assert sign_in(user=li).get(url).context["notice"] is None
    assert sign_in(user=li).post(url, {"do": "publish"}).status_code == 404
    sign_in(user=chen).post(url, {"do": "publish"})
    page = sign_in(user=li).get(url)
    assert page.context["can_confirm"]
    sign_in(user=li).post(url, {"do": "confirm"})
    page = sign_in(user=li).get(url)
    assert not page.context["can_confirm"]
    assert page.context["received"] == 1
    paper = sign_in(user=li).get(reverse("forms:form_print", args=["notice", opened.pk]))
    assert "党建院〔" in paper.content.decode()


# --- Attachments -------------------------------------------------------------------------------------


def test_attachments_are_for_readers_of_the_notice(published, opened, li, outsider, zhao, sign_in):
    url = reverse("enrollment:class_notice", args=[opened.pk])
    file = SimpleUploadedFile("日程.pdf", b"%PDF-1.7")
    sign_in(user=zhao).post(url, {"do": "attach", "file": file})
    row = NoticeAttachment.objects.get()
    address = reverse("enrollment:class_notice_file", args=[opened.pk, row.pk])
    answer = sign_in(user=li).get(address)
    assert b"".join(answer.streaming_content) == b"%PDF-1.7"
    assert answer["Content-Disposition"].startswith("attachment")
    assert sign_in(user=outsider).get(address).status_code == 404
    sign_in(user=zhao).post(url, {"do": "detach", "attachment": row.pk})
    assert not NoticeAttachment.objects.exists()


@pytest.mark.parametrize(
    ("name", "code"), [("a.exe", "attachment_kind"), ("a.html", "attachment_kind"), ("a", "attachment_kind")]
)
def test_what_is_not_attached(published, zhao, name, code):
    with pytest.raises(Refused, match=code):
        notices.attach(notice=published, file=ContentFile(b"x", name=name), actor=zhao)


def test_ten_attachments_are_enough(published, zhao):
    for number in range(rules.MOST_FILES):
        notices.attach(notice=published, file=ContentFile(b"x", name=f"{number}.txt"), actor=zhao)
    with pytest.raises(Refused, match="attachment_too_many"):
        notices.attach(notice=published, file=ContentFile(b"x", name="more.txt"), actor=zhao)
