"""Session, user, language and second factor of a request, each at the cost it needs and no more."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from enrollment.models.accounts import User
from enrollment.sessions import IS_STAFF_KEY


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's, which also keeps the device's last-seen time."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.session.device = request.headers.get("User-Agent", "")[:200]

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.session.accessed and not request.session.modified:
            request.session.touch()
        return super().process_response(request, response)


def _user_of(request: HttpRequest) -> User | AnonymousUser:
    """The signed-in user, from the row that came with the session where it can be trusted.

    The same checks as ``django.contrib.auth.get_user``: a known back end, and a session made under the
    present password.
    """
    if not hasattr(request, "_cached_user"):
        session = request.session
        user_id = session.get(SESSION_KEY)
        row = session.user_row
        if (
            row is not None
            and str(row.pk) == user_id
            and row.is_active
            and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
            and constant_time_compare(session.get(HASH_SESSION_KEY, ""), row.get_session_auth_hash())
        ):
            request._cached_user = row
        else:
            request._cached_user = get_user(request)
    return request._cached_user


class AuthenticationMiddleware(DjangoAuthenticationMiddleware):
    """Sets ``request.user`` lazily, without a second query."""

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: _user_of(request))

        async def auser() -> User | AnonymousUser:
            return _user_of(request)

        request.auser = auser


class LocaleMiddleware:
    """The language a person chose (kept in a cookie), else Chinese; a browser's default is not a choice."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.languages = dict(settings.LANGUAGES)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        language = chosen if chosen in self.languages else settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class SecondFactorMiddleware:
    """Leads staff without a second factor to set one up before anything else (domain §7)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (
            settings.SECOND_FACTOR_REQUIRED_FOR_STAFF
            and not request.path.startswith(("/accounts/", "/static/"))
            and request.session.get(IS_STAFF_KEY)
            and request.user.is_authenticated
            and not any(
                record.get("method") == "mfa"
                for record in request.session.get("account_authentication_methods", [])
            )
        ):
            return redirect(reverse("mfa_index"))
        return self.get_response(request)
