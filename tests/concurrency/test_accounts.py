"""Races of accounts: guesses that arrive together, an invitation accepted twice, two last administrators.

Each has a control that takes the lock away and shows that the race is real.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from cms.refusals import Refused
from enrollment.actions import accounts, invitations, roles
from enrollment.actions.people import admit
from enrollment.models import Invitation, Role, RoleGrant, User
from enrollment.rules import sign_in
from enrollment.rules.sign_in import Verdict
from tests.people import PASSWORD

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run ``work`` in ``count`` threads that set off at the same moment; return what each got."""
    start = threading.Barrier(count)
    results: list[Any] = [None] * count

    def run(number: int) -> None:
        try:
            start.wait(timeout=30)
            results[number] = work(number)
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.fixture(autouse=True)
def _real_database():
    if connection.vendor == "sqlite" and "mode=memory" in str(connection.settings_dict["NAME"]):
        pytest.skip("threads need a database file or PostgreSQL")


def test_no_more_guesses_are_judged_than_are_allowed(zhang, monkeypatch):
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

    assert together(12, guess) == [200] * 12
    assert len(judged) == 5
    zhang.refresh_from_db()
    assert zhang.locked_until is not None


def test_control_counting_after_the_password_lets_more_guesses_through(zhang, monkeypatch):
    """Without counting first, every guess of a volley is judged: the order is what protects."""
    monkeypatch.setattr(sign_in, "attempt", lambda record, *, now, limit: (Verdict.JUDGE, record))
    monkeypatch.setattr(accounts, "attempt", sign_in.attempt)
    judged = []
    real = User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: judged.append(raw) or real(self, raw))
    together(
        12,
        lambda number: Client().post("/accounts/login/", {"login": "zhang", "password": f"guess-{number}"}),
    )
    assert len(judged) == 12


def test_one_person_on_many_devices_at_once_is_not_locked(zhang):
    answers = together(
        10, lambda _n: Client().post("/accounts/login/", {"login": "zhang", "password": PASSWORD}).status_code
    )
    assert answers == [302] * 10
    zhang.refresh_from_db()
    assert (zhang.failed_sign_ins, zhang.locked_until) == (0, None)


def test_an_invitation_is_accepted_once(soft, zhao):
    person = admit(name="示例新人", organization=soft, actor=None, started_on=dt.date(2024, 1, 1))
    code = invitations.invite_trainees(trainees=[person], actor=zhao)[0].code
    results = together(
        6,
        lambda number: invitations.accept(code=code, username=f"user{number}", password="Chosen-by-me-2026"),
    )
    assert sum(isinstance(one, User) for one in results) == 1
    assert all(one.code == "invitation_used" for one in results if isinstance(one, Refused))
    assert User.objects.filter(username__startswith="user").count() == 1
    assert Invitation.objects.get().accepted_at is not None


def test_two_administrators_cannot_remove_each_other(zhao, chen):
    roles.grant_role(user=chen, role=Role.ADMINISTRATOR)
    pair = [zhao, chen]
    results = together(2, lambda number: roles.revoke_role(user=pair[number], role=Role.ADMINISTRATOR))
    assert sum(one is True for one in results) == 1
    assert RoleGrant.objects.filter(role=Role.ADMINISTRATOR).count() == 1


def test_a_code_of_the_second_factor_works_once(zhao):
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal import auth
    from allauth.mfa.utils import encrypt

    from enrollment.forms_accounts import use_code

    secret = auth.generate_totp_secret()
    Authenticator.objects.create(user=zhao, type="totp", data={"secret": encrypt(secret)})
    code = auth.format_hotp_value(auth.hotp_value(secret, list(auth.yield_hotp_counters_from_time())[1]))
    results = together(6, lambda _n: use_code(User.objects.get(pk=zhao.pk), code))
    assert sum(one is not None and not isinstance(one, Exception) for one in results) == 1
