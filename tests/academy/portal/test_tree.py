"""The tree of organizations: who sees which part, level by level, at a fixed number of queries."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enrollment.actions.organizations import dissolve
from enrollment.models import Role, RoleGrant, User
from enrollment.reports_organizations import LEVEL_SIZE, tree_opened_at, tree_roots
from tests.factories.enrollment import branches, credited, trainees

URL = reverse("portal:zone_tree")
YEAR = timezone.localdate().year


def below(organization):
    return reverse("portal:zone_tree_below", args=[organization.code])


def names(level):
    return [node.organization.code for node in level.nodes]


@pytest.mark.parametrize("name", ["zhang", "li", "chen", "sun", "outsider"])
def test_it_is_for_administrators_and_zone_leaders(client, sign_in, everyone, tree, name):
    client = sign_in(client, everyone[name])
    assert client.get(URL).status_code == 403
    assert client.get(below(tree.zone)).status_code == 403


def test_the_first_level_stands_open(client, sign_in, zhou, tree):
    page = sign_in(client, zhou).get(URL).content.decode()
    assert "中共示例软件园区委员会" in page
    assert "中共示例软件有限公司支部委员会" not in page
    assert 'role="tree"' in page
    assert 'aria-expanded="false"' in page
    assert below(tree.park_a) in page


def test_a_level_comes_when_it_is_asked_for(client, sign_in, zhou, tree):
    people = trainees(tree.soft, 3)
    credited(people[0], 128)
    [deep] = branches(tree.soft, 1)
    trainees(deep, 1)
    answer = sign_in(client, zhou).get(below(tree.park_a))
    soft, _make = answer.context["level"].nodes
    assert (soft.figures.people, soft.figures.reached, soft.figures.share) == (4, 1, 25)
    page = answer.content.decode()
    assert "<html" not in page
    assert reverse("portal:zone_organization", args=["SOFT"]) in page
    assert reverse("organizations:inspect", args=[tree.soft.pk]) not in page


def test_administrators_are_led_to_the_page_of_the_organization(client, sign_in, zhao, tree):
    page = sign_in(client, zhao).get(below(tree.park_a)).content.decode()
    assert reverse("organizations:inspect", args=[tree.soft.pk]) in page


def test_a_leader_of_one_park_sees_no_other(client, sign_in, chen, tree):
    RoleGrant.objects.create(user=chen, role=Role.ZONE_LEADER, organization=tree.park_a)
    leader = User.objects.get(pk=chen.pk)
    assert names(tree_roots(leader, YEAR)) == ["PARK-A"]
    client = sign_in(client, leader)
    assert client.get(below(tree.park_b)).status_code == 404
    assert client.get(URL, {"at": "BIO"}).status_code == 404
    assert client.get(URL, {"q": "示例生物"}).context["found"] == []
    page = client.get(URL).content.decode()
    assert "中共示例软件有限公司支部委员会" in page
    assert "中共示例高新区综合委员会" not in page


def test_a_search_opens_the_way_to_a_hit(client, sign_in, zhou, tree):
    client = sign_in(client, zhou)
    page = client.get(URL, {"q": "生物有限"})
    assert [one.code for one in page.context["found"]] == ["BIO"]
    assert "?at=BIO#organization-" in page.content.decode()
    opened = client.get(URL, {"at": "BIO"}).content.decode()
    assert "中共示例生物有限公司支部委员会" in opened
    assert 'aria-current="true"' in opened
    assert "中共示例软件有限公司支部委员会" not in opened
    assert client.get(URL, {"q": "没有这个"}).context["found"] == []


def test_the_dissolved_are_left_out(client, sign_in, zhou, tree):
    dissolve(organization=tree.bio, on=timezone.localdate(), actor=None)
    client = sign_in(client, zhou)
    assert client.get(below(tree.park_b)).context["level"].nodes == []
    assert client.get(URL, {"q": "生物有限"}).context["found"] == []
    assert client.get(below(tree.bio)).status_code == 404


def test_a_hundred_at_a_time(client, sign_in, zhou, tree):
    many = branches(tree.park_b, LEVEL_SIZE + 30)
    client = sign_in(client, zhou)
    first = client.get(below(tree.park_b))
    assert (len(first.context["level"].nodes), first.context["level"].has_more) == (LEVEL_SIZE, True)
    second = client.get(below(tree.park_b), {"page": 1, "more": 1})
    assert (len(second.context["level"].nodes), second.context["level"].has_more) == (31, False)
    assert "page=0" not in second.content.decode()
    assert client.get(below(tree.park_b), {"page": "99999999999"}).context["level"].nodes == []
    opened = tree_opened_at(many[-1], zhou, YEAR)
    park = next(node for node in opened.nodes[0].below.nodes if node.organization == tree.park_b)
    assert (park.below.page, many[-1].code in names(park.below)) == (1, True)


@pytest.mark.parametrize("asked", [{}, {"at": "BIO"}, {"q": "示例"}])
def test_queries_do_not_grow(client, sign_in, zhou, tree, asked):
    client = sign_in(client, zhou)

    def measured():
        client.get(URL, asked)
        with CaptureQueriesContext(connection) as page:
            client.get(URL, asked)
        with CaptureQueriesContext(connection) as level:
            client.get(below(tree.park_b))
        return len(page), len(level)

    trainees(branches(tree.park_b, 2)[0], 2)
    few = measured()
    for place in branches(tree.park_b, 120)[:5]:
        trainees(place, 5)
        branches(place, 3)
    assert measured() == few
    assert few[1] <= 6


def test_without_script_a_branch_is_opened_by_its_address(client, sign_in, zhou, tree):
    page = sign_in(client, zhou).get(URL, {"at": "PARK-B", "open": 1}).content.decode()
    assert "中共示例生物有限公司支部委员会" in page
