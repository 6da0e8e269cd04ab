"""Signing in: by name or phone, with one answer for strangers, a lock-out, and a second factor for staff."""

from __future__ import annotations

import datetime as dt

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from enrollment.actions import accounts
from enrollment.models import UnknownSignIn, User, UserSession
from tests.people import PASSWORD

LOGIN = "/accounts/login/"
WRONG = "not-the-password-2026"


def try_sign_in(client: Client, login: str, password: str = PASSWORD, **data):
    return client.post(LOGIN, {"login": login, "password": password, **data})


def errors_of(response) -> str:
    return " ".join(response.context["form"].non_field_errors())


@pytest.mark.parametrize("login", ["zhang", " zhang ", "13800000003"])
def test_user_name_and_phone_both_open_the_door(client, zhang, login):
    response = try_sign_in(client, login)
    assert response.status_code == 302
    assert response["Location"] == "/"
    assert client.session["_auth_user_id"] == str(zhang.pk)


def test_a_user_name_goes_before_the_same_phone(client, zhang, wang):
    User.objects.filter(pk=wang.pk).update(username=zhang.phone)
    try_sign_in(client, zhang.phone)
    assert client.session["_auth_user_id"] == str(wang.pk)


def test_the_answer_does_not_tell_whether_a_name_exists(client, zhang):
    known = errors_of(try_sign_in(client, "zhang", WRONG))
    unknown = errors_of(try_sign_in(client, "nobody-of-that-name", WRONG))
    assert known == unknown != ""


def test_a_name_nobody_has_is_locked_as_a_real_one_is(client, zhang):
    for name in ("zhang", "nobody-of-that-name"):
        answers = [errors_of(try_sign_in(client, name, WRONG)) for _ in range(6)]
        assert answers[3] != answers[4]
        assert "5" in answers[4]
        assert answers[4] == answers[5]
    assert UnknownSignIn.objects.get().digest != "nobody-of-that-name"


def test_the_same_work_is_done_for_a_name_nobody_has(client, zhang, django_assert_num_queries, monkeypatch):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts, hashes = [], []
    from django.contrib.auth import hashers

    real = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(
        hashers.MD5PasswordHasher, "encode", lambda self, *a, **k: hashes.append(1) or real(self, *a, **k)
    )
    for name in ("zhang", "nobody-of-that-name"):
        try_sign_in(Client(), name, WRONG)
        hashes.clear()
        with CaptureQueriesContext(connection) as queries:
            try_sign_in(Client(), name, WRONG)
        counts.append((sum("SELECT" in q["sql"] and "FROM" in q["sql"] for q in queries), len(hashes)))
    known, unknown = counts
    assert known[1] == unknown[1] == 1
    # The known account's failure is also written to its log, which looks nothing up.
    assert abs(known[0] - unknown[0]) <= 1


def test_five_failures_lock_for_fifteen_minutes_and_say_until_when(client, zhang):
    for _ in range(4):
        assert "10" not in errors_of(try_sign_in(client, "zhang", WRONG))
    before = timezone.now()
    sentence = errors_of(try_sign_in(client, "zhang", WRONG))
    zhang.refresh_from_db()
    assert (
        dt.timedelta(minutes=14, seconds=50)
        < zhang.locked_until - before
        < dt.timedelta(minutes=15, seconds=10)
    )
    shown = timezone.localtime(zhang.locked_until + dt.timedelta(minutes=1))
    assert f"{shown:%H:%M}" in sentence
    # The right password does not help now, nor does the other name of the same account.
    assert f"{shown:%H:%M}" in errors_of(try_sign_in(client, "zhang"))
    assert f"{shown:%H:%M}" in errors_of(try_sign_in(client, zhang.phone))
    assert "_auth_user_id" not in client.session
    logged = ModelLogEntry.objects.filter(object_id=str(zhang.pk)).values_list("action", flat=True)
    assert list(logged).count("enrollment.sign_in.fail") == 5
    assert list(logged).count("enrollment.sign_in.lock") == 1


def test_the_lock_ends_by_itself_and_counting_begins_anew(client, zhang):
    User.objects.filter(pk=zhang.pk).update(
        failed_sign_ins=5, locked_until=timezone.now() - dt.timedelta(seconds=1)
    )
    try_sign_in(client, "zhang", WRONG)
    zhang.refresh_from_db()
    assert (zhang.failed_sign_ins, zhang.locked_until) == (1, None)
    assert try_sign_in(client, "zhang").status_code == 302
    zhang.refresh_from_db()
    assert zhang.failed_sign_ins == 0


def test_an_administrator_unlocks(client, zhang, zhao):
    for _ in range(5):
        try_sign_in(client, "zhang", WRONG)
    office = Client()
    office.force_login(zhao)
    assert office.get(reverse("wagtailusers_users:edit", args=[zhang.pk])).status_code == 200
    assert office.post(reverse("wagtailusers_users:unlock", args=[zhang.pk])).status_code == 302
    assert try_sign_in(client, "zhang").status_code == 302
    assert ModelLogEntry.objects.filter(action="enrollment.account.unlock", user=zhao).exists()


def test_a_closed_account_does_not_get_in(client, zhang):
    User.objects.filter(pk=zhang.pk).update(is_active=False)
    response = try_sign_in(client, "zhang")
    assert response["Location"] == "/accounts/inactive/"
    assert client.get("/accounts/inactive/").status_code == 200
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "https:evil.example",
        "\\\\evil.example",
    ],
)
def test_signing_in_never_leads_to_another_site(client, zhang, target):
    assert try_sign_in(client, "zhang", next=target)["Location"] == "/"
    assert client.get(LOGIN, {"next": target})["Location"] == "/"
    assert client.post("/accounts/logout/", {"next": target})["Location"] == "/"


def test_signing_in_leads_back_to_where_one_was_going(client, zhang):
    assert try_sign_in(client, "zhang", next="/courses/")["Location"] == "/courses/"


def test_the_session_key_changes_at_sign_in(client, zhang):
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    try_sign_in(client, "zhang")
    assert client.session.session_key != planted
    assert not UserSession.objects.filter(pk=planted).exists()


def test_a_planted_session_of_somebody_else_is_emptied(client, zhang, wang):
    client.force_login(wang)
    session = client.session
    session["secret_of_wang"] = 1
    session.save()
    client.logout()
    try_sign_in(client, "zhang")
    assert "secret_of_wang" not in client.session


def test_signing_in_sets_the_persons_language(client, zhang):
    User.objects.filter(pk=zhang.pk).update(language="en")
    response = try_sign_in(client, "zhang")
    assert response.cookies["django_language"].value == "en"


@pytest.mark.parametrize(
    "path",
    [
        "signup/",
        "password/reset/",
        "email/",
        "confirm-email/",
        "password/set/",
        "login/code/",
        "3rdparty/",
        "2fa/webauthn/",
    ],
)
def test_doors_of_allauth_that_nobody_needs_are_closed(client, zhang, path):
    assert client.get(f"/accounts/{path}").status_code == 404
    client.force_login(zhang)
    assert client.get(f"/accounts/{path}").status_code == 404


def test_signing_out_needs_a_post_and_is_logged(client, zhang):
    client.force_login(zhang)
    assert client.get("/accounts/logout/").status_code == 200
    assert "_auth_user_id" in client.session
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session
    assert ModelLogEntry.objects.filter(action="enrollment.sign_out", object_id=str(zhang.pk)).exists()


def test_csrf_is_asked_for(zhang):
    client = Client(enforce_csrf_checks=True)
    assert try_sign_in(client, "zhang").status_code == 403
    client.force_login(zhang)
    for path in ("/accounts/logout/", "/accounts/devices/end-others/", "/accounts/password/change/"):
        assert client.post(path).status_code == 403


# --- Passwords ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "weak", ["short-1", "1234567890", "password123456"[:8], "13800000003", "13800000003a"]
)
def test_weak_passwords_are_refused(client, zhang, weak):
    client.force_login(zhang)
    response = client.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    )
    assert response.status_code == 200
    assert response.context["form"].errors["password1"]
    zhang.refresh_from_db()
    assert zhang.check_password(PASSWORD)


def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one(client, zhang):
    elsewhere = Client()
    elsewhere.force_login(zhang)
    client.force_login(zhang)
    new = "Another-long-one-77"
    response = client.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert response["Location"] == reverse("accounts:devices")
    assert client.get("/accounts/devices/").status_code == 200
    assert elsewhere.get("/accounts/devices/").status_code == 302
    assert UserSession.objects.filter(user=zhang).count() == 1


def test_guessing_the_present_password_locks_too(client, zhang):
    client.force_login(zhang)
    for _ in range(5):
        client.post(
            "/accounts/password/change/",
            {"oldpassword": WRONG, "password1": "Another-long-one-77", "password2": "Another-long-one-77"},
        )
    zhang.refresh_from_db()
    assert zhang.locked_until is not None


# --- The second factor -------------------------------------------------------------------------------------


def code_of(user: User, offset: int = 0) -> str:
    from allauth.mfa.utils import decrypt

    secret = decrypt(Authenticator.objects.get(user=user, type="totp").data["secret"])
    counter = list(totp.yield_hotp_counters_from_time())[1] + offset
    return totp.format_hotp_value(totp.hotp_value(secret, counter))


@pytest.fixture
def strict(settings):
    settings.SECOND_FACTOR_REQUIRED_FOR_STAFF = True


def set_up_second_factor(client: Client) -> None:
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.status_code == 200
    secret = page.context["form"].secret
    counter = list(totp.yield_hotp_counters_from_time())[1]
    code = totp.format_hotp_value(totp.hotp_value(secret, counter))
    response = client.post("/accounts/2fa/totp/activate/", {"code": code})
    assert response.status_code == 302, response.context["form"].errors


def test_staff_set_up_a_second_factor_and_go_on_at_once(client, zhao, strict, monkeypatch):
    # The test's own transaction never commits; in the academy this happens inside the view.
    monkeypatch.setattr("django.db.transaction.on_commit", lambda work, *args, **kwargs: work())
    try_sign_in(client, "zhao")
    response = client.get("/admin/users/?q=x")
    assert response["Location"] == "/accounts/2fa/totp/activate/"
    set_up_second_factor(client)
    codes = client.get("/accounts/2fa/recovery-codes/")
    assert codes.status_code == 200
    assert "/admin/users/?q=x" in codes.content.decode()
    assert client.get("/admin/users/").status_code == 200
    stored = Authenticator.objects.get(user=zhao, type="totp").data["secret"]
    assert len(stored) > 60, "the secret lies encrypted"


def test_no_page_but_the_way_to_the_second_factor_is_open_to_staff_without_one(client, zhao, strict):
    client.force_login(zhao)
    for path in ("/", "/admin/", "/accounts/devices/", "/accounts/invitations/", "/courses/"):
        assert client.get(path)["Location"].startswith("/accounts/2fa/"), path
    assert client.get("/", headers={"HX-Request": "true"})["HX-Redirect"].startswith("/accounts/2fa/")
    assert client.post("/accounts/logout/").status_code == 302


def test_trainees_are_not_asked_for_one(client, zhang, strict):
    client.force_login(zhang)
    assert client.get("/accounts/devices/").status_code == 200


def test_a_password_alone_does_not_open_an_account_with_a_second_factor(client, zhao, strict):
    try_sign_in(client, "zhao")
    client.get("/admin/")
    set_up_second_factor(client)
    again = Client()
    response = try_sign_in(again, "zhao", next="/admin/users/")
    assert response["Location"].startswith("/accounts/2fa/authenticate/")
    assert again.get("/admin/users/").status_code == 302
    assert again.get("/accounts/2fa/authenticate/").status_code == 200
    assert again.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    code = code_of(zhao, +1)
    response = again.post("/accounts/2fa/authenticate/", {"code": code})
    assert response["Location"] == "/admin/users/"
    assert again.get("/admin/users/").status_code == 200
    # The same code once more, from another process with another cache.
    from django.core.cache import cache

    cache.clear()
    replay = Client()
    try_sign_in(replay, "zhao")
    assert replay.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 200
    assert "_auth_user_id" not in replay.session


def test_codes_cannot_be_guessed_without_end(client, zhao, strict):
    try_sign_in(client, "zhao")
    client.get("/admin/")
    set_up_second_factor(client)
    guesser = Client()
    try_sign_in(guesser, "zhao")
    for _ in range(5):
        response = guesser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert "5" in str(response.context["form"].errors)
    zhao.refresh_from_db()
    assert zhao.locked_until is not None
    assert guesser.post("/accounts/2fa/authenticate/", {"code": code_of(zhao, +1)}).status_code == 200


def test_a_recovery_code_works_once(client, zhao, strict):
    try_sign_in(client, "zhao")
    client.get("/admin/")
    set_up_second_factor(client)
    code = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"][0]
    for expected in (302, 200):
        again = Client()
        try_sign_in(again, "zhao")
        assert again.post("/accounts/2fa/authenticate/", {"code": code}).status_code == expected


def test_staff_cannot_remove_their_second_factor(client, zhao, strict):
    try_sign_in(client, "zhao")
    client.get("/admin/")
    set_up_second_factor(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    client.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=zhao, type="totp").exists()


def test_another_administrator_resets_a_lost_second_factor(client, zhao, chen, settings):
    Authenticator.objects.create(user=chen, type="totp", data={"secret": "x"})
    client.force_login(zhao)
    client.post(reverse("wagtailusers_users:reset_second_factor", args=[chen.pk]))
    assert not Authenticator.objects.filter(user=chen).exists()
    Authenticator.objects.create(user=zhao, type="totp", data={"secret": "x"})
    client.post(reverse("wagtailusers_users:reset_second_factor", args=[zhao.pk]))
    assert Authenticator.objects.filter(user=zhao).exists()


def test_a_known_second_factor_is_asked_for_in_a_session_that_has_not_shown_it(client, zhao, strict):
    Authenticator.objects.create(user=zhao, type="totp", data={"secret": "x"})
    client.force_login(zhao)
    assert client.get("/admin/")["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2F"
    assert client.get("/accounts/2fa/reauthenticate/").status_code == 200


# --- The admin behind the same door -----------------------------------------------------------------------


def test_the_admin_has_no_door_of_its_own(client, zhao):
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    response = client.get("/admin/login/?next=/admin/users/")
    assert response["Location"] == "/accounts/login/?next=%2Fadmin%2Fusers%2F"
    client.post("/admin/login/", {"username": "zhao", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    assert client.get("/admin/password_reset/").status_code == 404
    try_sign_in(client, "zhao")
    assert client.get("/admin/").status_code == 200
    client.post("/admin/logout/")
    assert "_auth_user_id" not in client.session


def test_who_may_not_enter_the_admin_is_told_so_and_not_sent_in_circles(client, zhang):
    client.force_login(zhang)
    assert client.get("/admin/", follow=True).status_code == 403


def test_the_admins_own_account_page_offers_no_second_way_to_a_password(client, zhao):
    client.force_login(zhao)
    page = client.get("/admin/account/")
    assert page.status_code == 200
    body = page.content.decode()
    assert 'name="password-' not in body
    assert "name_email-first_name" not in body


# --- Devices ---------------------------------------------------------------------------------------------


def test_devices_are_listed_and_one_is_ended(client, zhang, wang):
    phone = Client(headers={"User-Agent": "Mozilla/5.0 (Linux; Android 9) MicroMessenger/8.0"})
    try_sign_in(phone, "zhang")
    client.force_login(zhang)
    page = client.get("/accounts/devices/")
    assert "微信 · Android" in page.content.decode()
    assert phone.session.session_key not in page.content.decode()
    handle = next(one.handle for one in page.context["devices"] if not one.is_this)
    stranger = Client()
    stranger.force_login(wang)
    stranger.post(reverse("accounts:end_device", args=[handle]))
    assert phone.get("/accounts/devices/").status_code == 200
    client.post(reverse("accounts:end_device", args=[handle]))
    assert phone.get("/accounts/devices/").status_code == 302


def test_signing_out_everywhere_else(client, zhang):
    others = [Client() for _ in range(3)]
    for other in others:
        other.force_login(zhang)
    client.force_login(zhang)
    client.post("/accounts/devices/end-others/")
    assert [other.get("/accounts/devices/").status_code for other in others] == [302, 302, 302]
    assert client.get("/accounts/devices/").status_code == 200


def test_the_log_tells_of_sign_ins_good_and_bad_and_masks_the_phone(client, zhang):
    try_sign_in(client, "zhang", WRONG)
    try_sign_in(client, "zhang")
    body = client.get("/accounts/devices/").content.decode()
    assert "127.0.0.1" in body
    assert "138****0003" in body
    assert zhang.phone not in body


def test_devices_page_costs_the_same_for_many_devices(client, zhang, django_assert_max_num_queries):
    for _ in range(12):
        Client().force_login(zhang)
    client.force_login(zhang)
    client.get("/accounts/devices/")
    with django_assert_max_num_queries(8):
        client.get("/accounts/devices/")


def test_closing_an_account_ends_its_sessions(client, zhang, zhao):
    client.force_login(zhang)
    accounts.set_active(user=zhang, is_active=False, actor=zhao)
    assert client.get("/accounts/devices/").status_code == 302
    assert not UserSession.objects.filter(user=zhang).exists()


def test_clearsessions_deletes_what_cannot_be_used(zhang):
    now = timezone.now()
    for key, expires, seen in (
        ("a" * 32, now - dt.timedelta(hours=1), now),
        ("b" * 32, now + dt.timedelta(hours=1), now - dt.timedelta(hours=2)),
        ("c" * 32, now + dt.timedelta(hours=1), now),
    ):
        UserSession.objects.create(
            session_key=key, session_data="", expire_date=expires, last_seen_at=seen, user=zhang
        )
    from enrollment.sessions import SessionStore

    SessionStore.clear_expired()
    assert [session.session_key for session in UserSession.objects.all()] == ["c" * 32]
