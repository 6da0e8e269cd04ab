"""Pages about oneself."""

from __future__ import annotations

import pytest
from django.urls import reverse

from enrollment.actions.hours import reverse_entry
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
