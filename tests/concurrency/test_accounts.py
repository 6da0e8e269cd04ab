"""Races of accounts: guesses that arrive together, an invitation accepted twice, two last administrators.

The volley of guesses has a control that shows the race; the others rest on the lock of one row.
"""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from cms.refusals import Refused
from enrollment.actions import accounts, invitations, roles
from enrollment.actions.people import admit
from enrollment.models import Invitation, Role, RoleGrant, User
from enrollment.rules import sign_in
from enrollment.rules.sign_in import Verdict
from tests.people import MAKERS, PASSWORD, plant

pytestmark = pytest.mark.race


@pytest.fixture
def tree(race_db):
    """The small tree, in a database of this race's own."""
    return plant()


@pytest.fixture
def zhang(tree):
    return MAKERS["zhang"](tree)


@pytest.fixture
def zhao(tree):
    return MAKERS["zhao"](tree)


@pytest.fixture
def chen(tree):
    return MAKERS["chen"](tree)


def test_no_more_guesses_are_judged_than_are_allowed(zhang, monkeypatch, race):
    monkeypatch.setattr("enrollment.authentication.PATIENCE_SECONDS", 1.0)
    judged = []
    real = User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: judged.append(raw) or real(self, raw))

    def guess(number: int) -> int:
        return (
            Client()
            .post("/accounts/login/", {"login": "zhang", "password": f"guess-number-{number}"})
            .status_code
        )

    assert race(guess, 12) == [200] * 12
    assert len(judged) == 5
    zhang.refresh_from_db()
    assert zhang.locked_until is not None


def test_control_counting_after_the_password_lets_more_guesses_through(zhang, monkeypatch, race):
    """Without counting first, every guess of a volley is judged: the order is what protects."""
    monkeypatch.setattr(sign_in, "attempt", lambda record, *, now, limit: (Verdict.JUDGE, record))
    monkeypatch.setattr(accounts, "attempt", sign_in.attempt)
    judged = []
    real = User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: judged.append(raw) or real(self, raw))
    race(
        lambda number: Client().post("/accounts/login/", {"login": "zhang", "password": f"guess-{number}"}),
        12,
    )
    assert len(judged) == 12


def test_one_person_on_many_devices_at_once_is_not_locked(zhang, race):
    answers = race(
        lambda _n: Client().post("/accounts/login/", {"login": "zhang", "password": PASSWORD}).status_code, 10
    )
    assert answers == [302] * 10
    zhang.refresh_from_db()
    assert (zhang.failed_sign_ins, zhang.locked_until) == (0, None)


def test_an_invitation_is_accepted_once(tree, zhao, race):
    person = admit(name="示例新人", organization=tree.soft, actor=None, started_on=dt.date(2024, 1, 1))
    code = invitations.invite_trainees(trainees=[person], actor=zhao)[0].code
    results = race(
        lambda number: invitations.accept(code=code, username=f"user{number}", password="Chosen-by-me-2026"),
        6,
    )
    assert sum(isinstance(one, User) for one in results) == 1
    assert all(one.code == "invitation_used" for one in results if isinstance(one, Refused))
    assert User.objects.filter(username__startswith="user").count() == 1
    assert Invitation.objects.get().accepted_at is not None


def test_inviting_again_and_accepting_never_wait_for_each_other(zhang, zhao, race):
    """Both take the account before its invitations; the other way round, two of them would stand still."""
    codes = [invitations.invite_user(user=zhang, actor=zhao).code]

    def either(number: int) -> object:
        if number % 2:
            return invitations.invite_user(user=zhang, actor=zhao)
        return invitations.accept(code=codes[0], username="", password="Chosen-by-me-2026")

    results = race(either, 10)
    assert all(isinstance(one, User | invitations.Issued | Refused) for one in results), results
    assert sum(isinstance(one, invitations.Issued) for one in results) == 5
    assert Invitation.objects.filter(accepted_at=None, revoked_at=None).count() == 1


def test_two_administrators_cannot_remove_each_other(zhao, chen, race):
    roles.grant_role(user=chen, role=Role.ADMINISTRATOR)
    pair = [zhao, chen]
    results = race(lambda number: roles.revoke_role(user=pair[number], role=Role.ADMINISTRATOR), 2)
    assert sum(one is True for one in results) == 1
    assert RoleGrant.objects.filter(role=Role.ADMINISTRATOR).count() == 1


def test_a_code_of_the_second_factor_works_once(zhao, race):
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal import auth
    from allauth.mfa.utils import encrypt

    from enrollment.forms_accounts import use_code

    secret = auth.generate_totp_secret()
    Authenticator.objects.create(user=zhao, type="totp", data={"secret": encrypt(secret)})
    code = auth.format_hotp_value(auth.hotp_value(secret, list(auth.yield_hotp_counters_from_time())[1]))
    results = race(lambda _n: use_code(User.objects.get(pk=zhao.pk), code), 6)
    assert sum(one is not None and not isinstance(one, Exception) for one in results) == 1
