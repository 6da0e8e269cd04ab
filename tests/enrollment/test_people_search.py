"""The people list of a large academy: any part of a name is found from an index, and counting has an end."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cms.paging import CountedSoFar
from enrollment.actions.people import admit
from enrollment.models import Trainee
from enrollment.name_pairs import pairs_of
from tests.factories.enrollment import trainees

NAMES = ["田洁兰", "田洁", "洁田", "Müller Li", "straße王", "王", "a%b", "田x洁"]


@pytest.fixture
def named(tree):
    return {name: admit(name=name, organization=tree.soft, actor=None) for name in NAMES}


@pytest.mark.parametrize(
    "text", ["田洁", "洁", "洁兰", "田洁兰", "müll", "LI", "straße", "王", "%", "r l", "无", " "]
)
def test_holds_finds_what_icontains_finds(named, text):
    found = set(Trainee.objects.filter(name__holds=text).values_list("name", flat=True))
    assert found == set(Trainee.objects.filter(name__icontains=text).values_list("name", flat=True))
    assert found == {name for name in NAMES if text.upper() in name.upper()} or "ß" in text


def test_pairs_are_what_a_name_must_have():
    assert pairs_of("田洁兰") == ["洁兰", "田洁"]
    assert pairs_of("王") == ["王"]
    assert pairs_of("aß") == []
    assert pairs_of("") == []


def test_postgresql_reads_the_index_of_pairs(named):
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL only")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Trainee.objects.filter(name__holds="田洁").explain()
    assert "enrollment_trainee_name_pairs" in plan
    plan = Trainee.objects.filter(phone__icontains="1380").explain()
    assert "enrollment_trainee_phone_part" in plan


def test_the_list_is_counted_up_to_a_limit(tree, zhao, sign_in, monkeypatch):
    trainees(tree.soft, 8)
    monkeypatch.setattr(CountedSoFar, "most", 5)
    monkeypatch.setattr("enrollment.viewsets.people.IndexView.get_paginate_by", lambda *_: 2)
    browser = sign_in(user=zhao)
    with CaptureQueriesContext(connection) as seen:
        page = browser.get(reverse("trainees:index"))
    assert page.context["paginator"].num_pages == 3
    assert page.context["paginator"].is_cut
    counting = [
        query["sql"] for query in seen if "COUNT(" in query["sql"] and "enrollment_trainee" in query["sql"]
    ]
    assert len(counting) == 1
    assert "LIMIT 6" in counting[0]
    assert "超过5" in page.content.decode().replace(" ", "")


def test_a_list_below_the_limit_is_counted_as_ever(tree, zhao, sign_in):
    trainees(tree.soft, 3)
    page = sign_in(user=zhao).get(reverse("trainees:index"))
    assert not page.context["paginator"].is_cut
    assert page.context["paginator"].count == Trainee.objects.count()


@pytest.mark.parametrize(
    ("words", "found"), [("田洁", {"田洁", "田洁兰"}), ("6601", {"赵电话"}), ("66", set())]
)
def test_the_list_is_searched_by_name_and_by_enough_of_a_phone(tree, named, zhao, sign_in, words, found):
    admit(name="赵电话", organization=tree.soft, phone="13912346601", actor=None)
    page = sign_in(user=zhao).get(reverse("trainees:index"), {"q": words})
    assert {person.name for person in page.context["object_list"]} == found
