"""Staff look at two records, say what stays, make them one, and take it back."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from enrollment.actions.duplicates import find_duplicates
from enrollment.actions.people import admit, depart
from enrollment.models import DuplicatePair, HourEntry, PersonMerger, Trainee
from tests.factories.enrollment import credited

pytestmark = pytest.mark.django_db
LIST = "portal:workbench_duplicates"


@pytest.fixture
def pair(tree, zhang):
    twin = admit(
        name="张学员", organization=tree.soft, phone="13912345678", born_on=dt.date(1990, 5, 1), actor=None
    )
    credited(twin, 8, title="另一档案的课")
    find_duplicates()
    return DuplicatePair.objects.get(other=twin)


def page(client, name, *args, **query):
    response = client.get(reverse(f"portal:{name}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def post(client, name, pk, **data):
    return client.post(reverse(f"portal:{name}", args=[pk]), data, follow=True)


def merge(client, pk, **data):
    """Look at what would happen, and confirm it."""
    shown = post(client, "workbench_duplicate_merge", pk, **data)
    if shown.context is None or "outcome" not in shown.context:
        return shown
    return post(client, "workbench_duplicate_merge", pk, **data, confirmed=shown.context["outcome"].digest)


def test_from_the_list_to_one_record_and_back(sign_in, li, pair):
    desk = sign_in(user=li)
    text = page(desk, "workbench_duplicates")
    assert "张学员" in text
    assert "139****5678" in text
    assert "13912345678" not in text
    text = page(desk, "workbench_duplicate", pair.pk)
    assert "1990-05-01" in text
    assert "13912345678" not in text
    # The record with the account is offered; the date of birth only the other knows is offered from there.
    assert f'name="keep" id="keep-{pair.one_id}" value="{pair.one_id}" checked' in text
    assert f'id="take-born_on-{pair.other_id}" value="{pair.other_id}" checked' in text

    done = merge(desk, pair.pk,
        keep=pair.one_id, take_born_on=pair.other_id, take_phone=pair.one_id, reason="同一人",
    )  # fmt: skip
    merger = PersonMerger.objects.get()
    assert done.redirect_chain[-1][0] == reverse("portal:workbench_merger", args=[merger.pk])
    assert "同一人" in done.content.decode()
    stays = Trainee.objects.get(pk=pair.one_id)
    assert (stays.born_on, stays.phone) == (dt.date(1990, 5, 1), "13800000003")
    text = page(desk, "workbench_duplicates")
    assert reverse("portal:workbench_duplicate", args=[pair.pk]) not in text
    assert reverse("portal:workbench_merger", args=[merger.pk]) in text

    undone = post(desk, "workbench_merger_undo", merger.pk)
    assert "alert-danger" not in undone.content.decode()
    assert Trainee.objects.active().filter(pk=pair.other_id).exists()
    assert reverse("portal:workbench_duplicate", args=[pair.pk]) in page(desk, "workbench_duplicates")


def test_what_stands_in_the_way_is_said(sign_in, zhao, pair, tree):
    desk = sign_in(user=zhao)
    merge(desk, pair.pk, keep=pair.one_id)
    admit(name="示例后来", organization=tree.soft, phone="13912345678", actor=None)
    merger = PersonMerger.objects.get()
    assert "139****5678" in post(desk, "workbench_merger_undo", merger.pk).content.decode()
    merger.refresh_from_db()
    assert merger.is_standing


def test_not_the_same_person(sign_in, zhao, pair):
    desk = sign_in(user=zhao)
    post(desk, "workbench_duplicate_apart", pair.pk)
    here = reverse("portal:workbench_duplicate_apart", args=[pair.pk])
    assert here not in page(desk, "workbench_duplicates")
    assert here in page(desk, "workbench_duplicates", state="different")
    post(desk, "workbench_duplicate_apart", pair.pk, again="")
    pair.refresh_from_db()
    assert pair.state == "open"


@pytest.mark.parametrize("keep", ["", "0", "x", "９９９", "99999999999999999999999"])
def test_bad_choices_change_nothing(sign_in, zhao, pair, keep):
    answer = merge(sign_in(user=zhao), pair.pk, keep=keep)
    assert answer.status_code == 200
    assert not PersonMerger.objects.exists()


def test_refusals_are_sentences(sign_in, zhao, pair):
    depart(trainee=pair.one, on=dt.date.today(), actor=None)
    answer = merge(sign_in(user=zhao), pair.pk, keep=pair.one_id)
    assert answer.status_code == 200
    assert not PersonMerger.objects.exists()
    assert PersonMerger.objects.count() == 0
    # The one that is on the roster is offered instead.
    assert f'id="keep-{pair.other_id}" value="{pair.other_id}" checked' in answer.content.decode()


def test_others_do_not_find_it(sign_in, pair, zhang, wang, zhou, outsider, tree):
    for user in (zhang, wang, zhou, outsider):
        client = sign_in(user=user)
        assert client.get(reverse(LIST)).status_code == 404
        for name in ("workbench_duplicate",):
            assert client.get(reverse(f"portal:{name}", args=[pair.pk])).status_code == 404
        assert client.post(
            reverse("portal:workbench_duplicate_merge", args=[pair.pk]), {"keep": pair.one_id}
        ).status_code in (403, 404)


def test_the_search_runs_in_the_background(sign_in, zhao, tree):
    """The tests' queue works at once."""
    for _side in range(2):
        admit(name="示例双", organization=tree.soft, actor=None)
    answer = sign_in(user=zhao).post(reverse("portal:workbench_duplicates_search"), follow=True)
    assert answer.status_code == 200
    assert DuplicatePair.objects.get().one.name == "示例双"


def test_the_pages_take_the_same_queries_for_any_number(sign_in, zhao, tree):
    client = sign_in(user=zhao)

    def cost(number):
        for _count in range(number):
            twins = [
                admit(name=f"示例双{Trainee.objects.count() // 2}", organization=tree.soft, actor=None)
                for _side in range(2)
            ]
            for twin in twins:
                credited(twin, 4)
        find_duplicates()
        page(client, "workbench_duplicates")
        with CaptureQueriesContext(connection) as listing:
            page(client, "workbench_duplicates")
        with CaptureQueriesContext(connection) as comparing:
            page(client, "workbench_duplicate", DuplicatePair.objects.first().pk)
        return len(listing), len(comparing)

    assert cost(1) == cost(12)


# --- Two records chosen by hand --------------------------------------------------------------------


@pytest.fixture
def strangers(tree):
    """One person under two names, whom the search cannot see."""
    return [
        admit(name=name, organization=tree.soft, phone=phone, actor=None)
        for name, phone in (("旧名甲", "13911110001"), ("新名乙", "13911110002"))
    ]


def pick(client, *people, do="compare", q=""):
    form = {"chosen": [one.pk for one in people], "do": do, "q": q}
    return client.post(reverse("portal:workbench_duplicates_pick"), form, follow=True)


def test_two_records_chosen_by_hand_are_compared_and_stay_until_decided(sign_in, li, strangers):
    desk = sign_in(user=li)
    assert find_duplicates().open == 0
    one, other = strangers
    found = pick(desk, do="search", q="旧名").content.decode()
    assert "139****0001" in found
    assert "13911110001" not in found
    # What was chosen stays while one searches on.
    text = pick(desk, one, do="search", q="新名").content.decode()
    assert f'value="{one.pk}" id="chosen-{one.pk}" checked' in text
    assert "新名乙" in text
    shown = pick(desk, one, other)
    pair = DuplicatePair.objects.get()
    assert shown.redirect_chain[-1][0] == reverse("portal:workbench_duplicate", args=[pair.pk])
    assert "手工选定" in shown.content.decode()
    find_duplicates()
    assert DuplicatePair.objects.get().state == "open"
    assert pick(desk, other, one).redirect_chain[-1][0] == shown.redirect_chain[-1][0]


@pytest.mark.parametrize("chosen", [[], [0], [0, 1, 2]])
def test_two_are_chosen_no_more_no_fewer(sign_in, li, strangers, tree, chosen):
    people = [*strangers, admit(name="第三人", organization=tree.soft, actor=None)]
    answer = pick(sign_in(user=li), *(people[place] for place in chosen))
    assert answer.status_code == 422
    assert not DuplicatePair.objects.exists()


def test_nobody_picks_a_record_they_do_not_keep(sign_in, li, strangers, tree):
    elsewhere = admit(name="外园区", organization=tree.bio, actor=None)
    assert pick(sign_in(user=li), strangers[0], elsewhere).status_code == 422
    assert pick(sign_in(user=li), strangers[0], li.trainee).status_code == 422
    searched = pick(sign_in(user=li), do="search", q="外园区")
    assert (searched.context["found"], searched.context["chosen"]) == ([], [])
    assert not DuplicatePair.objects.exists()


def test_the_preview_names_what_moves_and_what_counts_once_and_writes_nothing(sign_in, zhao, strangers):
    one, other = strangers
    shared = {"evidence_type": "lesson", "evidence_id": "77", "title": "同一节课"}
    credited(one, 4, **shared)
    credited(other, 4, **shared)
    credited(other, 8, title="另一节课")
    desk = sign_in(user=zhao)
    pick(desk, one, other)
    pair = DuplicatePair.objects.get()
    before = list(HourEntry.objects.order_by("pk").values())
    url = reverse("portal:workbench_duplicate_merge", args=[pair.pk])
    shown = desk.post(url, {"keep": one.pk, "reason": "改名"})
    text = shown.content.decode()
    assert (shown.context["outcome"].moved_entries, len(shown.context["outcome"].uncounted)) == (1, 1)
    assert "同一节课" in text
    assert not PersonMerger.objects.exists()
    assert list(HourEntry.objects.order_by("pk").values()) == before
    assert Trainee.objects.get(pk=other.pk).left_on is None
    # Something is written before it is confirmed: what is shown then is the new preview.
    credited(other, 2, title="后来的课")
    confirmed = {"keep": one.pk, "reason": "改名", "confirmed": shown.context["outcome"].digest}
    again = desk.post(url, confirmed)
    assert again.context["is_changed"]
    assert not PersonMerger.objects.exists()
    done = desk.post(url, confirmed | {"confirmed": again.context["outcome"].digest})
    merger = PersonMerger.objects.get()
    assert done.url == reverse("portal:workbench_merger", args=[merger.pk])
    assert merger.reason == "改名"
    assert [line["fate"] for line in merger.ledger].count("moved") == 2
