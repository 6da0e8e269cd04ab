"""The session store: one query for session and user, right in every case in which Django's own is."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from enrollment.middleware import AuthenticationMiddleware, SessionMiddleware, SignInMiddleware
from enrollment.models import Role, User, UserSession
from enrollment.sessions import SessionStore
from tests.people import PASSWORD

COOKIE = django_settings.SESSION_COOKIE_NAME


def pass_through(client: Client | None, view=lambda request: HttpResponse(str(request.user.pk))):
    """One request through our middleware alone; returns the request and its answer."""
    request = RequestFactory().get("/somewhere/")
    if client is not None:
        request.COOKIES[COOKIE] = client.cookies[COOKIE].value
    chain = SessionMiddleware(AuthenticationMiddleware(SignInMiddleware(view)))
    request._messages = Messages()
    return request, chain(request)


class Messages(list):
    def add(self, level, message, extra_tags=""):
        self.append(str(message))


def age(user: User, **ago: int) -> None:
    UserSession.objects.filter(user=user).update(last_seen_at=timezone.now() - dt.timedelta(**ago))


def test_session_and_user_cost_one_query(client, zhang, django_assert_num_queries):
    client.force_login(zhang)
    with django_assert_num_queries(1) as queries:
        _request, answer = pass_through(client)
    assert answer.content.decode() == str(zhang.pk)
    assert "JOIN" in queries[0]["sql"]


def test_a_request_that_does_not_look_costs_nothing(client, zhang, settings, django_assert_num_queries):
    settings.SECOND_FACTOR_REQUIRED_FOR_STAFF = False
    client.force_login(zhang)
    with django_assert_num_queries(0):
        pass_through(client, lambda request: HttpResponse("plain"))


def test_a_stranger_costs_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        _request, answer = pass_through(None)
    assert answer.content == b"None"
    assert COOKIE not in answer.cookies


def test_staff_with_the_second_factor_rule_still_cost_one(client, zhao, settings, django_assert_num_queries):
    from allauth.account.internal.flows.login import (
        _AUTHENTICATION_METHODS_USER_SESSION_KEY,
        AUTHENTICATION_METHODS_SESSION_KEY,
    )

    client.force_login(zhao)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "at": 1}]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(zhao.pk)
    session.save()
    settings.SECOND_FACTOR_REQUIRED_FOR_STAFF = True
    with django_assert_num_queries(1):
        _request, answer = pass_through(client)
    assert answer.content.decode() == str(zhao.pk)


def test_client_login_logout_and_cycling(client, zhang):
    assert client.login(username="zhang", password=PASSWORD)
    first = client.session.session_key
    session = client.session
    session["kept"] = "yes"
    session.cycle_key()
    session.save()
    assert session.session_key != first
    assert session["kept"] == "yes"
    assert not UserSession.objects.filter(pk=first).exists()
    client.cookies[COOKIE] = session.session_key
    client.logout()
    assert not UserSession.objects.filter(user=zhang).exists()
    assert not client.login(username="zhang", password="wrong-password-1")


def test_a_row_knows_its_person_device_and_times(zhang):
    phone = Client(headers={"User-Agent": "Example Phone"})
    before = timezone.now()
    phone.post("/accounts/login/", {"login": "zhang", "password": PASSWORD})
    row = UserSession.objects.get()
    assert (row.user_id, row.device) == (zhang.pk, "Example Phone")
    assert before <= row.created_at <= row.last_seen_at <= timezone.now()


def test_saving_keeps_the_time_of_sign_in_and_asks_nothing_extra(client, zhang, django_assert_num_queries):
    client.force_login(zhang)
    made = timezone.now() - dt.timedelta(hours=1)
    UserSession.objects.update(created_at=made)
    store = SessionStore(client.session.session_key)
    store["more"] = 1
    with CaptureQueriesContext(connection) as queries:
        store.save()
    assert sum("UPDATE" in query["sql"] for query in queries) == 1
    assert not any("SELECT" in query["sql"] and "FROM" in query["sql"] for query in queries)
    assert UserSession.objects.get().created_at == made


def test_saving_a_session_that_was_ended_does_not_bring_it_back(client, zhang):
    client.force_login(zhang)
    store = SessionStore(client.session.session_key)
    store["more"] = 1
    UserSession.objects.all().delete()
    with pytest.raises(UpdateError):
        store.save()
    assert not UserSession.objects.exists()


def test_the_time_last_seen_is_written_once_a_minute(client, zhang, django_assert_num_queries):
    client.force_login(zhang)
    with django_assert_num_queries(1):
        pass_through(client)
    age(zhang, seconds=61)
    with django_assert_num_queries(2):
        pass_through(client)
    with django_assert_num_queries(1):
        pass_through(client)
    assert timezone.now() - UserSession.objects.get().last_seen_at < dt.timedelta(seconds=20)


@pytest.mark.parametrize(("who", "allowed"), [("zhang", 30), ("zhao", 15), ("chen", 15), ("li", 30)])
def test_idle_time_out(client, everyone, who, allowed):
    person = everyone[who]
    client.force_login(person)
    age(person, minutes=allowed, seconds=-20)
    _request, answer = pass_through(client)
    assert answer.content.decode() == str(person.pk)
    age(person, minutes=allowed, seconds=5)
    request, answer = pass_through(client)
    assert answer.content == b"None"
    assert answer.cookies[COOKIE].value == ""
    assert len(request._messages) == 1
    assert not UserSession.objects.filter(user=person).exists()


def test_a_role_given_while_signed_in_shortens_the_time_out(client, zhang, zhao):
    from enrollment.actions.roles import grant_role, revoke_role

    client.force_login(zhang)
    grant_role(user=zhang, role=Role.INSTRUCTOR, actor=zhao)
    age(zhang, minutes=20)
    assert pass_through(client)[1].content == b"None"
    client.force_login(zhang)
    revoke_role(user=zhang, role=Role.INSTRUCTOR, actor=zhao)
    age(zhang, minutes=20)
    assert pass_through(client)[1].content.decode() == str(zhang.pk)


def test_after_a_time_out_one_comes_back_to_the_same_page_with_a_notice(client, zhang):
    client.force_login(zhang)
    age(zhang, minutes=31)
    response = client.get("/accounts/devices/?page=2")
    assert response["Location"] == "/accounts/login/?next=/accounts/devices/%3Fpage%3D2"
    page = client.get(response["Location"])
    assert len(list(page.context["messages"])) == 1
    response = client.post(
        "/accounts/login/",
        {"login": "zhang", "password": PASSWORD, "next": page.context["redirect_field_value"]},
    )
    assert response["Location"] == "/accounts/devices/?page=2"


def test_a_form_sent_too_late_leads_back_to_its_page(client, zhang):
    client.force_login(zhang)
    age(zhang, minutes=31)
    response = client.post(
        "/accounts/devices/end-others/", headers={"Referer": "http://testserver/accounts/devices/?x=1"}
    )
    assert response["Location"] == "/accounts/login/?next=%2Faccounts%2Fdevices%2F%3Fx%3D1"
    client.force_login(zhang)
    age(zhang, minutes=31)
    response = client.post("/accounts/devices/end-others/", headers={"Referer": "https://evil.example/x"})
    assert response["Location"] == "/accounts/login/?next=%2F"


def test_htmx_and_scripts_are_told_in_their_own_way(client, zhang):
    client.force_login(zhang)
    age(zhang, minutes=31)
    response = client.get(
        "/accounts/devices/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/courses/?a=1"},
    )
    assert response["HX-Redirect"] == "/accounts/login/?next=%2Fcourses%2F%3Fa%3D1"
    client.force_login(zhang)
    age(zhang, minutes=31)
    assert client.get("/accounts/devices/", headers={"Sec-Fetch-Mode": "cors"}).status_code == 401


def test_nobody_is_left_after_expiry_deletion_or_a_new_password(client, zhang):
    client.force_login(zhang)
    UserSession.objects.update(expire_date=timezone.now() - dt.timedelta(seconds=1))
    assert pass_through(client)[1].content == b"None"
    client.force_login(zhang)
    zhang.set_password("Something-else-11")
    zhang.save()
    assert pass_through(client)[1].content == b"None"
    client.force_login(zhang)
    UserSession.objects.all().delete()
    assert pass_through(client)[1].content == b"None"


def test_a_closed_account_is_nobody_at_once(client, zhang):
    client.force_login(zhang)
    User.objects.filter(pk=zhang.pk).update(is_active=False)
    assert pass_through(client)[1].content == b"None"


def test_a_session_made_by_an_unknown_back_end_is_nobodys(client, zhang):
    client.force_login(zhang)
    session = client.session
    session["_auth_user_backend"] = "somewhere.else.Backend"
    session.save()
    assert pass_through(client)[1].content == b"None"


def test_the_same_answer_as_djangos_own_for_each_case(client, zhang):
    """Our short cut must agree with ``get_user`` whatever the session holds."""
    for change in ({}, {"_auth_user_hash": "x"}, {"_auth_user_id": "999999"}, {"_auth_user_backend": "x.y"}):
        client.force_login(zhang)
        session = client.session
        for key, value in change.items():
            session[key] = value
        session.save()
        request = HttpRequest()
        request.session = SessionStore(client.session.session_key)
        expected = get_user(request).pk
        assert pass_through(client)[1].content.decode() == str(expected), change


def test_a_key_from_a_browser_is_never_taken_over(db, zhang):
    client = Client()
    client.cookies[COOKIE] = "k" * 32
    client.post("/accounts/login/", {"login": "zhang", "password": PASSWORD})
    assert client.session.session_key != "k" * 32


def test_flush_forgets_the_person(client, zhang):
    client.force_login(zhang)
    store = SessionStore(client.session.session_key)
    assert store["_auth_user_id"] == str(zhang.pk)
    assert store.user_row == zhang
    store.flush()
    assert store.user_row is None
    assert not UserSession.objects.exists()


def test_a_fragment_asked_for_after_the_session_ended_leads_the_whole_page_to_the_sign_in(
    client, li, sign_in
):
    """The sign-in page must not be put in the place of a list of people."""
    sign_in(client, li)
    UserSession.objects.all().delete()
    page = "http://testserver/workbench/activities/new/"
    answer = client.post("/workbench/people/", headers={"HX-Request": "true", "HX-Current-URL": page})
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/accounts/login/?next=%2Fworkbench%2Factivities%2Fnew%2F"


def test_a_page_learns_who_stands_behind_it_and_sends_under_the_new_token(zhang):
    browser = Client(enforce_csrf_checks=True)
    assert browser.get("/accounts/standing/").json() == {"person": "", "token": ""}
    browser.force_login(zhang)
    answer = browser.get("/accounts/standing/")
    assert answer.json()["person"] == str(zhang.pk)
    assert "no-store" in answer.headers["Cache-Control"]
    assert browser.post("/language/", {"language": "en"}).status_code == 403
    sent = browser.post("/language/", {"language": "en", "csrfmiddlewaretoken": answer.json()["token"]})
    assert sent.status_code == 302
    age(zhang, hours=3)
    assert browser.get("/accounts/standing/").json()["person"] == ""
