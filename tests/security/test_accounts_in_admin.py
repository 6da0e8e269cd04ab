"""Accounts in the Wagtail admin: our fields, roles through their action, no way round."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from enrollment.actions import roles
from enrollment.models import Invitation, Role, RoleGrant, User, UserSession
from enrollment.roles import GROUP_NAMES

ADD = "wagtailusers_users:add"
EDIT = "wagtailusers_users:edit"


def details(**changes):
    return {
        "username": "newone",
        "name": "示例新人",
        "phone": "",
        "email": "",
        "language": "zh-hans",
        **changes,
    }


@pytest.fixture
def office(client, zhao):
    client.force_login(zhao)
    return client


def test_list_search_and_filter_work(office, zhang, chen):
    url = reverse("wagtailusers_users:index")
    assert "张学员" in office.get(url).content.decode()
    assert "张学员" in office.get(url, {"q": "张"}).content.decode()
    assert "陈讲师" not in office.get(url, {"q": "13800000003"}).content.decode()
    group = Group.objects.get(name=GROUP_NAMES[Role.INSTRUCTOR])
    found = office.get(url, {"group": group.pk}).content.decode()
    assert "陈讲师" in found
    assert "张学员" not in found
    for order in ("name", "-name", "username", "last_login"):
        assert office.get(url, {"ordering": order}).status_code == 200


def test_list_costs_the_same_for_many_accounts(office, db, django_assert_max_num_queries):
    url = reverse("wagtailusers_users:index")
    office.get(url)
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as few:
        office.get(url)
    for number in range(15):
        User.objects.create(username=f"many{number}", name=f"多{number}")
    with django_assert_max_num_queries(len(few)):
        office.get(url)


def test_an_empty_phone_is_stored_as_none_twice(office):
    for number in range(2):
        response = office.post(reverse(ADD), details(username=f"nophone{number}"))
        assert response.status_code == 302, response.context["form"].errors
    assert list(User.objects.filter(username__startswith="nophone").values_list("phone", flat=True)) == [
        None,
        None,
    ]


def test_a_new_account_has_no_password_until_it_is_invited(office, client):
    office.post(reverse(ADD), details(roles=["instructor"]))
    user = User.objects.get(username="newone")
    assert not user.has_usable_password()
    assert user.is_staff
    response = office.post(reverse("wagtailusers_users:invite", args=[user.pk]))
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert Invitation.objects.get(user=user)


def test_editing_keeps_and_changes_what_it_says(office, zhang):
    page = office.get(reverse(EDIT, args=[zhang.pk]))
    assert page.status_code == 200
    response = office.post(
        reverse(EDIT, args=[zhang.pk]),
        details(username="zhang", name="张同学", phone="13800000099", is_active="on"),
    )
    assert response.status_code == 302, response.context["form"].errors
    zhang.refresh_from_db()
    assert (zhang.name, zhang.phone) == ("张同学", "13800000099")
    office.post(reverse(EDIT, args=[zhang.pk]), details(username="zhang", name="张同学", is_active="on"))
    zhang.refresh_from_db()
    assert zhang.phone is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "WANG"),
        ("username", "13800000001"),
        ("phone", "13800000001"),
        ("phone", "wang"),
        ("affairs_of", "NO-SUCH"),
        ("name", ""),
        ("username", ""),
    ],
)
def test_what_clashes_is_said_at_its_field(office, wang, field, value):
    response = office.post(reverse(ADD), details(**{field: value}))
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert not User.objects.filter(username="newone").exists()


def test_roles_are_granted_and_taken_through_the_form(office, zhang, soft, park):
    url = reverse(EDIT, args=[zhang.pk])
    base = details(username="zhang", name="张学员", is_active="on")
    office.post(
        url, {**base, "roles": ["instructor", "base_host"], "affairs_of": "SOFT，MAKE", "leader_of": "PARK-A"}
    )
    held = {
        (g.role, g.organization.code if g.organization else None)
        for g in RoleGrant.objects.filter(user=zhang)
    }
    assert held == {
        ("instructor", None), ("base_host", None), ("affairs_worker", "SOFT"), ("affairs_worker", "MAKE"),
        ("zone_leader", "PARK-A"),
    }  # fmt: skip
    assert set(zhang.groups.values_list("name", flat=True)) == {
        GROUP_NAMES[Role(role)] for role, _place in held
    }
    page = office.get(url)
    assert page.context["form"].initial["affairs_of"] == "MAKE, SOFT"
    office.post(url, {**base, "affairs_of": "SOFT"})
    zhang.refresh_from_db()
    assert [g.role for g in RoleGrant.objects.filter(user=zhang)] == ["affairs_worker"]
    assert not zhang.is_staff


def test_the_last_administrator_stays(office, zhao):
    response = office.post(reverse(EDIT, args=[zhao.pk]), details(username="zhao", name="赵管理员"))
    assert response.status_code == 200
    assert RoleGrant.objects.filter(user=zhao, role="administrator").exists()
    assert not roles.revoke_role(user=zhao, role="instructor")


def test_closing_an_account_ends_its_sessions(office, zhang):
    UserSession.objects.create(
        session_key="s" * 32,
        session_data="",
        user=zhang,
        expire_date="2099-01-01T00:00Z",
        last_seen_at="2099-01-01T00:00Z",
    )
    office.post(reverse(EDIT, args=[zhang.pk]), details(username="zhang", name="张学员"))
    zhang.refresh_from_db()
    assert not zhang.is_active
    assert not UserSession.objects.filter(user=zhang).exists()


def test_nobody_closes_their_own_account(office, zhao):
    office.post(
        reverse(EDIT, args=[zhao.pk]), details(username="zhao", name="赵管理员", roles=["administrator"])
    )
    zhao.refresh_from_db()
    assert zhao.is_active


@pytest.mark.parametrize("who", ["chen", "li", "sun", "zhou", "zhang"])
def test_only_administrators_touch_accounts(client, everyone, who):
    client.force_login(everyone[who])
    target = everyone["wang"]
    for name in ("edit", "history", "delete"):
        assert client.get(reverse(f"wagtailusers_users:{name}", args=[target.pk])).status_code in {302, 403}
    for name in ("invite", "unlock", "end_sessions", "reset_second_factor"):
        assert client.post(reverse(f"wagtailusers_users:{name}", args=[target.pk])).status_code in {302, 403}
    assert client.get(reverse("wagtailusers_users:index")).status_code in {302, 403}
    assert not Invitation.objects.exists()


def test_an_administrator_cannot_touch_a_superuser(office, db):
    mighty = User.objects.create_superuser("mighty", password="x" * 12)
    assert office.get(reverse(EDIT, args=[mighty.pk])).status_code in {302, 403}
    office.post(reverse("wagtailusers_users:invite", args=[mighty.pk]))
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("action", ["assign_role", "set_active_state", "delete"])
def test_bulk_actions_that_go_round_our_actions_are_closed(office, zhang, action):
    assert office.get(f"/admin/bulk/enrollment/user/{action}/?id={zhang.pk}").status_code == 404


def test_accounts_are_closed_not_deleted(office, zhang):
    office.post(reverse("wagtailusers_users:delete", args=[zhang.pk]))
    assert User.objects.filter(pk=zhang.pk).exists()


def test_the_side_bar_calls_people_by_their_name(client, chen):
    def called() -> str:
        home = client.get(reverse("wagtailadmin_home")).content.decode()
        props = home.split('id="wagtail-sidebar-props" type="application/json">')[1].split("</script>")[0]
        return json.loads(props)["modules"][-1]["_args"][2]["name"]

    client.force_login(chen)
    assert called() == "陈讲师"
    User.objects.filter(pk=chen.pk).update(name="")
    assert called() == "chen"
