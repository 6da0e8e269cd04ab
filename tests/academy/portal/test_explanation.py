"""The page that explains a year: to the person, to those who may see it, and to nobody else."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from enrollment.actions.exemptions import exempt
from enrollment.actions.people import appoint

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


def url(user):
    return reverse("portal:person_explanation", args=[user.trainee.pk])


def test_the_person_reads_it_from_home_and_ledger(sign_in, zhang, credit):
    credit(zhang, 6)
    client = sign_in(user=zhang)
    address = reverse("portal:explanation")
    for name in ("home", "me", "ledger"):
        assert address in client.get(reverse(f"portal:{name}")).content.decode()
    text = client.get(address).content.decode()
    assert "30.5" in text, "32 asked, 1.5 there"
    assert "《2024—2028年全国党员教育培训工作规划》" in text


@pytest.mark.parametrize("name", ["li", "zhao", "zhou"])
def test_those_who_may_see_the_person_see_it_and_are_logged(sign_in, everyone, name):
    answer = sign_in(user=everyone[name]).get(url(everyone["zhang"]))
    assert answer.status_code == 200
    assert ModelLogEntry.objects.filter(action="academy.view_person", user=everyone[name]).count() == 1


@pytest.mark.parametrize("name", ["wang", "chen", "sun", "outsider"])
def test_others_do_not(sign_in, everyone, name):
    assert sign_in(user=everyone[name]).get(url(everyone["zhang"])).status_code == 404


def test_grounds_of_an_exemption_are_for_the_person_and_the_keepers_of_the_record(sign_in, everyone):
    zhang = everyone["zhang"]
    exempt(
        trainee=zhang.trainee,
        ground="illness",
        reason="住院",
        starts_on=dt.date(YEAR, 2, 1),
        ends_on=dt.date(YEAR, 3, 1),
        actor=None,
    )
    assert "患病" in sign_in(user=zhang).get(reverse("portal:explanation")).content.decode()
    assert "患病" in sign_in(user=everyone["li"]).get(url(zhang)).content.decode()
    assert "患病" not in sign_in(user=everyone["zhou"]).get(url(zhang)).content.decode()


def test_the_workbench_shows_new_secretaries(sign_in, zhang, li):
    appoint(
        trainee=zhang.trainee,
        post="secretary",
        started_on=timezone.localdate() - dt.timedelta(days=30),
        actor=None,
    )
    page = sign_in(user=li).get(reverse("portal:workbench"))
    assert [row.appointment.trainee for row in page.context["deadlines"]] == [zhang.trainee]
    assert "新任书记" in page.content.decode()
