"""The pages of handing somebody over, from both desks."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from enrollment.actions.people import admit
from enrollment.actions.roles import grant_role
from enrollment.actions.transfers import start_transfer
from enrollment.models import Message, PersonTransfer, Role, Trainee
from tests.people import account

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def qi(tree):
    """Affairs worker of the receiving branch."""
    user = account("qi", "齐干事", "13800000011")
    grant_role(user=user, role=Role.AFFAIRS_WORKER, organization=tree.bio)
    return user


def at(name, *args):
    return reverse(f"portal:{name}", args=args)


def form(**changes):
    values = {"where": "within", "organization": "BIO", "on": TODAY.isoformat(), "reason": "换了工作单位"}
    return {**values, "post": "member", **changes}


def test_from_one_desk_to_the_other(sign_in, li, qi, zhang, tree):
    giving, receiving = sign_in(user=li), sign_in(user=qi)
    person = zhang.trainee
    assert at("workbench_transfer_new", person.pk) in giving.get(at("workbench")).content.decode()
    started = giving.post(at("workbench_transfer_new", person.pk), form())
    transfer = PersonTransfer.objects.get()
    assert started["Location"] == at("workbench_transfer", transfer.pk)

    sheet = receiving.get(at("workbench_transfer", transfer.pk)).content.decode()
    assert "138****0003" in sheet
    assert "13800000003" not in sheet
    assert 'value="accept"' in sheet
    assert 'value="withdraw"' not in sheet
    mine = giving.get(at("workbench_transfer", transfer.pk)).content.decode()
    assert 'value="accept"' not in mine
    assert 'value="withdraw"' in mine
    assert at("workbench_transfer", transfer.pk) in receiving.get(at("workbench_transfers")).content.decode()
    # The message leads to the sheet.
    assert Message.objects.get(recipient=qi).link == at("workbench_transfer", transfer.pk)

    receiving.post(at("workbench_transfer_answer", transfer.pk), {"what": "accept"})
    person.refresh_from_db()
    assert person.home_organization == tree.bio
    for desk in (giving, receiving):
        kept = desk.get(at("workbench_transfer", transfer.pk)).content.decode()
        assert 'name="what"' not in kept
        assert tree.soft.name in kept


def test_the_giving_side_cannot_accept_for_the_other(sign_in, li, qi, zhang, tree):
    transfer = start_transfer(trainee=zhang.trainee, organization=tree.bio, on=TODAY, reason="x", actor=li)
    for what in ("accept", "decline", "nothing", ""):
        answered = sign_in(user=li).post(
            at("workbench_transfer_answer", transfer.pk), {"what": what, "answer": "否"}, follow=True
        )
        assert answered.status_code == 200
    transfer.refresh_from_db()
    assert transfer.is_open
    sign_in(user=qi).post(at("workbench_transfer_answer", transfer.pk), {"what": "decline", "answer": ""})
    transfer.refresh_from_db()
    assert transfer.is_open


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"organization": ""}, "organization"),
        ({"organization": "没有这个支部"}, "organization"),
        ({"organization": "SOFT"}, "organization"),
        ({"reason": ""}, "reason"),
        ({"on": "2026-13-45"}, "on"),
        ({"on": "2999-01-01"}, "on"),
        ({"where": "leaves", "destination": ""}, "destination"),
        ({"where": "nowhere"}, "where"),
    ],
)
def test_what_is_wrong_stands_at_its_field(sign_in, li, zhang, changes, field):
    answer = sign_in(user=li).post(at("workbench_transfer_new", zhang.trainee.pk), form(**changes))
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}
    assert not PersonTransfer.objects.exists()


def test_leaving_the_zone_opens_the_document(sign_in, li, zhang):
    done = sign_in(user=li).post(
        at("workbench_transfer_new", zhang.trainee.pk),
        form(where="leaves", organization="", destination="外省某市委组织部"),
        follow=True,
    )
    assert "外省某市委组织部" in done.content.decode()
    assert Trainee.objects.get(pk=zhang.trainee.pk).left_on == TODAY


def test_others_do_not_find_it(sign_in, li, zhang, wang, zhou, outsider, tree):
    transfer = start_transfer(trainee=wang.trainee, organization=tree.make, on=TODAY, reason="x", actor=li)
    stranger = account("park", "别处干事", "13800000012")
    grant_role(user=stranger, role=Role.AFFAIRS_WORKER, organization=tree.park_b)
    for user in (zhang, wang, zhou, outsider, stranger):
        client = sign_in(user=user)
        assert client.get(at("workbench_transfer", transfer.pk)).status_code == 404
        assert client.get(at("workbench_transfer_new", wang.trainee.pk)).status_code == 404
        assert client.post(at("workbench_transfer_answer", transfer.pk), {"what": "accept"}).status_code in (
            403,
            404,
        )


def test_nobody_starts_their_own(sign_in, li):
    assert sign_in(user=li).get(at("workbench_transfer_new", li.trainee.pk)).status_code == 404


def test_the_list_takes_the_same_queries_for_any_number(sign_in, zhao, tree):
    client = sign_in(user=zhao)

    def cost(number):
        for count in range(number):
            person = admit(name=f"示例{count}", organization=tree.soft, actor=None)
            start_transfer(trainee=person, organization=tree.bio, on=TODAY, reason="x", actor=None)
        client.get(at("workbench_transfers"))
        with CaptureQueriesContext(connection) as queries:
            client.get(at("workbench_transfers"))
        return len(queries)

    assert cost(1) == cost(15)
