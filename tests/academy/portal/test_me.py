"""Pages about oneself."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from urllib.parse import quote

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from wagtail.models import ModelLogEntry

from enrollment.actions.exemptions import exempt
from enrollment.actions.hours import reverse_entry
from enrollment.actions.journal import note
from enrollment.models import HourEntry, HourKind, Trainee

pytestmark = pytest.mark.django_db

PAGES = ["me", "ledger", "certificates", "personal_data"]


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_is_asked_to_sign_in(client, name):
    answer = client.get(reverse(f"portal:{name}"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", PAGES)
def test_everybody_has_these_pages_roster_record_or_not(sign_in, everyone, name):
    for user in everyone.values():
        assert sign_in(user=user).get(reverse(f"portal:{name}")).status_code == 200


def test_the_ledger_names_evidence_rule_and_reversal(sign_in, zhang, zhao, credit, hour_rules):
    rule = hour_rules["hour_minutes"]
    mistaken = credit(zhang, 4, HourKind.CLASSROOM, title="重复的一课", evidence_type="attendance", rule=rule)
    credit(zhang, 6, HourKind.BRANCH, title="主题党日")
    reverse_entry(entry=mistaken, actor=zhao, reason="登记了两次")
    text = sign_in(user=zhang).get(reverse("portal:ledger")).content.decode()
    for word in ("重复的一课", "主题党日", "冲正", "已冲正", "登记了两次", "签到记录", "支部记录"):
        assert word in text
    assert str(rule.get_code_display()) in text
    trainee = Trainee.objects.get(user=zhang)
    assert sum(entry.quarters for entry in HourEntry.objects.filter(trainee=trainee)) == 6


def test_nobody_reads_the_ledger_of_another(sign_in, zhang, outsider, credit):
    credit(zhang, 4, title="张学员的一课")
    assert "张学员的一课" not in sign_in(user=outsider).get(reverse("portal:ledger")).content.decode()


def test_a_year_that_is_not_there_falls_back_to_this_one(sign_in, zhang, this_year):
    client = sign_in(user=zhang)
    for nonsense in ("1999", "abc", "²"):
        answer = client.get(reverse("portal:ledger"), {"year": nonsense})
        assert answer.status_code == 200
        assert answer.context["year"] == this_year


def test_ledger_queries_do_not_grow_with_its_rows(sign_in, zhang, credit, django_assert_max_num_queries):
    client = sign_in(user=zhang)
    credit(zhang, 1)
    client.get(reverse("portal:ledger"))
    with django_assert_max_num_queries(9) as few:
        client.get(reverse("portal:ledger"))
    for _ in range(15):
        credit(zhang, 1)
    with django_assert_max_num_queries(9) as many:
        client.get(reverse("portal:ledger"))
    assert len(few) == len(many)


def test_personal_data_are_masked(sign_in, zhang):
    text = sign_in(user=zhang).get(reverse("portal:personal_data")).content.decode()
    assert zhang.phone not in text
    assert "138****0003" in text


# --- Personal data -------------------------------------------------------------------------------------


def copy_of(client):
    response = client.get(reverse("portal:personal_data_copy"))
    assert response.status_code == 200
    assert quote("我的个人信息") in response["Content-Disposition"]
    book = load_workbook(BytesIO(response.content))
    return {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}


def test_everybody_takes_a_copy_of_their_own_data_and_of_no_one_elses(sign_in, zhang, wang, zhao, credit):
    credit(zhang, 6, HourKind.BRANCH, title="主题党日")
    credit(wang, 4, title="王书记的一课")
    exempt(
        trainee=zhang.trainee, ground="illness", reason="术后休养", starts_on=dt.date(2026, 3, 1), actor=zhao
    )
    book = copy_of(sign_in(user=zhang))
    facts = {row[0]: row[1] for row in book["个人信息"]}
    assert facts["花名册姓名"] == zhang.trainee.name
    assert facts["花名册手机号码"] == zhang.trainee.phone
    assert [row[:4] for row in book["学时台账"][1:]] == [
        ["主题党日", "支部学习", timezone.localdate().year, 1.5]
    ]
    assert book["学时豁免"][1][1] == "术后休养"
    assert len(book["任职情况"]) == 2
    assert len(book["登录设备"]) == 2
    everything = str(book)
    assert "王书记" not in everything
    assert ModelLogEntry.objects.filter(action="academy.own_data", user=zhang).count() == 1


def test_somebody_without_a_roster_record_has_a_copy_too(sign_in, zhou):
    assert set(copy_of(sign_in(user=zhou))) == {
        "个人信息", "登录设备", "学过的课程", "心得体会", "学过的课时", "参加的测验", "课时提问",
        "提问的回复", "培训需求", "消息",
    }  # fmt: skip


def test_who_opens_a_record_is_logged_and_the_person_reads_it(sign_in, zhang, zhao, li):
    client = sign_in(user=zhao)
    assert client.get(reverse("trainees:inspect", args=[zhang.trainee.pk])).status_code == 200
    assert client.get(reverse("trainees:edit", args=[zhang.trainee.pk])).status_code == 200
    assert sign_in(user=li).get(reverse("trainees:edit", args=[zhang.trainee.pk])).status_code != 200
    looks = ModelLogEntry.objects.filter(action="enrollment.person.look", object_id=str(zhang.trainee.pk))
    assert [entry.user for entry in looks] == [zhao, zhao]
    page = sign_in(user=zhang).get(reverse("portal:personal_data"))
    assert [(look.who, str(look.what)) for look in page.context["looks"]][:2] == [
        (zhao.name, "查看个人记录")
    ] * 2
    assert zhao.name in page.content.decode()


def test_what_the_page_and_the_copy_cost(sign_in, zhang, zhao, credit, django_assert_max_num_queries):
    client = sign_in(user=zhang)
    for number in range(30):
        credit(zhang, 2, HourKind.BRANCH, title=f"活动{number}")
        note(zhang.trainee, "enrollment.person.look", actor=zhao)
    with django_assert_max_num_queries(9):
        assert len(client.get(reverse("portal:personal_data")).context["looks"]) == 20
    with django_assert_max_num_queries(35):
        assert len(copy_of(client)["查阅与变更记录"]) > 30
