"""Invitations: the only way to an account, for one use, for one person."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions import invitations
from enrollment.actions.people import admit
from enrollment.models import Invitation, Trainee, User, UserSession
from enrollment.rules.invitations import normalized, spelled
from tests.people import PASSWORD

NEW = "Chosen-by-me-2026"


@pytest.fixture
def newcomer(soft) -> Trainee:
    return admit(
        name="示例新人", organization=soft, phone="13900000001", actor=None, started_on=dt.date(2024, 1, 1)
    )


@pytest.fixture
def code(newcomer, zhao) -> str:
    return invitations.invite_trainees(trainees=[newcomer], actor=zhao)[0].code


def accept(client: Client, code: str, **changes):
    data = {"username": "13900000001", "password1": NEW, "password2": NEW, **changes}
    return client.post(reverse("accounts:invitation", args=[code]), data)


def test_accepting_makes_the_account_and_signs_in(client, newcomer, code):
    page = client.get(reverse("accounts:invitation", args=[code]))
    assert "示例新人" in page.content.decode()
    assert page.context["form"].initial["username"] == "13900000001"
    assert accept(client, code)["Location"] == "/"
    newcomer.refresh_from_db()
    assert newcomer.user.username == "13900000001"
    assert newcomer.user.phone == "13900000001"
    assert newcomer.user.check_password(NEW)
    assert client.session["_auth_user_id"] == str(newcomer.user_id)


def test_a_code_may_be_typed_as_people_type(client, code):
    typed = f" {spelled(code).lower().replace('0', 'o').replace('1', 'l')} "
    assert normalized(typed) == code
    response = client.post(reverse("accounts:invitation_code"), {"code": typed})
    assert response["Location"] == reverse("accounts:invitation", args=[code])
    response = client.post(reverse("accounts:invitation_code"), {"code": "AAAA-BBBB-CCCC-DDDD"})
    assert response.context["form"].errors["code"]


def test_only_a_digest_is_kept(code):
    stored = Invitation.objects.values().get()
    assert code not in str(stored)
    assert len(stored["digest"]) == 64


def test_a_code_works_once(client, code):
    accept(client, code)
    second = Client()
    assert second.get(reverse("accounts:invitation", args=[code])).status_code == 410
    assert accept(second, code, username="thief").status_code == 410
    assert "_auth_user_id" not in second.session


@pytest.mark.parametrize(
    ("field", "value"),
    [("expires_at", dt.timedelta(seconds=-1)), ("revoked_at", dt.timedelta(0))],
)
def test_expired_and_revoked_codes_are_refused_with_a_sentence(client, code, field, value):
    Invitation.objects.update(**{field: timezone.now() + value})
    response = client.get(reverse("accounts:invitation", args=[code]))
    assert response.status_code == 410
    assert "示例新人" not in response.content.decode()
    assert accept(client, code).status_code == 410
    assert not User.objects.filter(username="13900000001").exists()


def test_an_unknown_code_says_nothing_else(client, db):
    assert client.get(reverse("accounts:invitation", args=["0" * 16])).status_code == 404
    assert client.get(reverse("accounts:invitation", args=["x"])).status_code == 404


def test_a_new_invitation_replaces_the_old(client, newcomer, code, zhao):
    fresh = invitations.invite_trainees(trainees=[newcomer], actor=zhao)[0].code
    assert client.get(reverse("accounts:invitation", args=[code])).status_code == 410
    assert client.get(reverse("accounts:invitation", args=[fresh])).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"password1": "short", "password2": "short"},
        {"password2": "Something-else-99"},
        {"password1": "13900000001", "password2": "13900000001"},
        {"username": ""},
        {"username": "wang"},
        {"username": "WANG"},
        {"username": "13800000001"},
        {"username": "<script>"},
    ],
)
def test_what_cannot_be_accepted_keeps_the_invitation_open(client, newcomer, code, wang, changes):
    response = accept(client, code, **changes)
    assert response.status_code == 200
    assert response.context["form"].errors
    newcomer.refresh_from_db()
    assert newcomer.user is None
    assert accept(client, code).status_code == 302


def test_a_forgotten_password_is_replaced_and_other_devices_are_signed_out(client, zhang, li):
    elsewhere = Client()
    elsewhere.force_login(zhang)
    code = invitations.invite_trainees(trainees=[zhang.trainee], actor=li)[0].code
    page = client.get(reverse("accounts:invitation", args=[code]))
    assert page.context["form"].fields["username"].disabled
    response = accept(client, code, username="somebody-else")
    assert response.status_code == 302
    zhang.refresh_from_db()
    assert zhang.username == "zhang"
    assert zhang.check_password(NEW)
    assert elsewhere.get("/accounts/devices/").status_code == 302
    assert UserSession.objects.filter(user=zhang).count() == 1


def test_an_affairs_worker_invites_their_own_people_only(li, outsider, newcomer):
    assert invitations.invite_trainees(trainees=[newcomer], actor=li)
    with pytest.raises(Refused) as refused:
        invitations.invite_trainees(trainees=[newcomer, outsider.trainee], actor=li)
    assert refused.value.code == "not_manageable"


def test_an_affairs_worker_cannot_take_over_an_account_of_staff(li, zhang, zhao):
    from enrollment.actions.roles import grant_role

    grant_role(user=zhang, role="administrator", actor=zhao)
    with pytest.raises(Refused) as refused:
        invitations.invite_trainees(trainees=[zhang.trainee], actor=li)
    assert refused.value.code == "account_of_staff"


def test_only_administrators_invite_to_an_account(li, wang):
    with pytest.raises(Refused):
        invitations.invite_user(user=wang, actor=li)


def test_the_printable_list_shows_codes_once_and_is_not_kept(client, li, newcomer, soft):
    client.force_login(li)
    page = client.get(reverse("accounts:invitations"))
    assert page.status_code == 200
    assert "示例新人" in page.content.decode()
    assert "13900000001" not in page.content.decode()
    response = client.post(
        reverse("accounts:invitations"), {"organization": soft.pk, "trainee": [newcomer.pk]}
    )
    body = response.content.decode()
    assert "<svg" in body
    assert response["Cache-Control"] == "no-store"
    printed = response.context["slips"][0]["code"]
    assert invitations.find(code=printed).trainee == newcomer
    assert printed not in client.get(reverse("accounts:invitations")).content.decode()


def test_the_list_of_another_organization_is_not_there(client, li, bio, outsider):
    client.force_login(li)
    url = reverse("accounts:invitations")
    assert client.get(url, {"organization": bio.pk}).status_code == 404
    assert client.post(url, {"organization": bio.pk, "trainee": [outsider.trainee.pk]}).status_code == 404
    revoke = reverse("accounts:revoke_invitation", args=[outsider.trainee.pk])
    assert client.post(revoke).status_code == 404


def test_people_of_another_organization_cannot_be_smuggled_in(client, li, soft, outsider):
    client.force_login(li)
    client.post(reverse("accounts:invitations"), {"organization": soft.pk, "trainee": [outsider.trainee.pk]})
    assert not Invitation.objects.exists()


def test_the_list_costs_the_same_for_many_people(client, li, soft, django_assert_max_num_queries):
    for number in range(25):
        admit(name=f"示例{number}", organization=soft, actor=None, started_on=dt.date(2024, 1, 1))
    client.force_login(li)
    client.get(reverse("accounts:invitations"))
    with django_assert_max_num_queries(8):
        client.get(reverse("accounts:invitations"))


def test_an_invitation_can_be_withdrawn(client, li, newcomer, code):
    client.force_login(li)
    client.post(reverse("accounts:revoke_invitation", args=[newcomer.pk]))
    with pytest.raises(Refused) as refused:
        invitations.find(code=code)
    assert refused.value.code == "invitation_revoked"


def test_whoever_was_signed_in_on_the_device_is_signed_out(client, wang, newcomer, code):
    client.force_login(wang)
    accept(client, code)
    newcomer.refresh_from_db()
    assert client.session["_auth_user_id"] == str(newcomer.user_id)
    assert not UserSession.objects.filter(user=wang).exists()


def test_a_second_factor_is_asked_for_even_with_an_invitation(client, zhao, chen, settings):
    from allauth.mfa.models import Authenticator

    settings.SECOND_FACTOR_REQUIRED_FOR_STAFF = True
    Authenticator.objects.create(user=chen, type="totp", data={"secret": "x"})
    code = invitations.invite_user(user=chen, actor=zhao).code
    response = accept(client, code)
    assert response["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in client.session


def test_passwords_never_reach_the_log(client, code, caplog):
    caplog.set_level("DEBUG")
    accept(client, code)
    assert NEW not in caplog.text
    assert PASSWORD not in caplog.text
