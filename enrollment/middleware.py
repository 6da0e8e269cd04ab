"""Session, user, language, second factor and policy of a request, each at the cost it needs and no more."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

from allauth.account.authentication import get_authentication_records
from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy, default_config
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    REDIRECT_FIELD_NAME,
    SESSION_KEY,
    get_user,
)
from django.contrib.auth.middleware import AuthenticationMiddleware as DjangoAuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from enrollment.models.accounts import User
from enrollment.sessions import SessionStore

#: Where someone stands while setting up or proving a second factor, and may stay.
SECOND_FACTOR_PATHS = (
    "/accounts/2fa/",
    "/accounts/reauthenticate/",
    "/accounts/logout/",
    "/accounts/login/",
    "/language/",
    "/admin/jsi18n/",
    "/admin/sprite/",
)
#: Kept in the session while a second factor is set up: where the person wanted to go.
AFTER_SECOND_FACTOR_KEY = "after_second_factor"
#: Where Django keeps the user of a request once it is known.
KNOWN_USER = "_cached_user"


def store_of(request: HttpRequest) -> SessionStore:
    """The session of ``request`` as this academy keeps it (``SESSION_ENGINE``)."""
    return cast("SessionStore", request.session)


class SessionMiddleware(DjangoSessionMiddleware):
    """Django's, which also keeps the device's last-seen time."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        store_of(request).device = request.headers.get("User-Agent", "")[:200]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.session.accessed and not request.session.modified:
            store_of(request).touch()
        return super().process_response(request, response)


def _user_of(request: HttpRequest) -> User | AnonymousUser:
    """The signed-in user, from the row that came with the session where it can be trusted.

    The same checks as ``django.contrib.auth.get_user``: a known back end, and a session made under the
    present password.
    """
    known: User | AnonymousUser | None = getattr(request, KNOWN_USER, None)
    if known is None:
        session = store_of(request)
        user_id = session.get(SESSION_KEY)
        row = session.user_row
        if (
            row is not None
            and str(row.pk) == user_id
            and row.is_active
            and session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS
            and constant_time_compare(session.get(HASH_SESSION_KEY, ""), row.get_session_auth_hash())
        ):
            known = row
        elif user_id is None:
            known = AnonymousUser()
        else:
            known = get_user(request)
        setattr(request, KNOWN_USER, known)
    return known


class AuthenticationMiddleware(DjangoAuthenticationMiddleware):
    """Sets ``request.user`` lazily, without a second query."""

    def process_request(self, request: HttpRequest) -> None:
        lazy = SimpleLazyObject(lambda: _user_of(request))
        request.user = lazy  # type: ignore[assignment]  # stands in for the user, as Django's own does

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


class SignInMiddleware:
    """Leads staff to their second factor, and whoever was timed out back to where they were (domain §7).

    A request without a session cookie passes untouched: nothing is read for it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        if settings.SECOND_FACTOR_REQUIRED_FOR_STAFF and (answer := self._second_factor(request)):
            return answer
        response = self.get_response(request)
        if store_of(request).has_timed_out:
            return self._say_timed_out(request, response)
        if request.headers.get("HX-Request") == "true" and leads_to_sign_in(response):
            # Not the sign-in page in the place of a fragment: the whole page goes there and comes back.
            return leave_for(request, f"{sign_in_url()}?{urlencode({REDIRECT_FIELD_NAME: page_of(request)})}")
        return response

    def _second_factor(self, request: HttpRequest) -> HttpResponse | None:
        """Where a member of staff without a proven second factor must go first."""
        if request.path.startswith(SECOND_FACTOR_PATHS) or request.path.startswith(settings.STATIC_URL):
            return None
        user = request.user
        if not user.is_authenticated or not user.is_staff:
            return None
        if any(record.get("method") == "mfa" for record in get_authentication_records(request, user)):
            return None
        wanted = request.get_full_path() if request.method == "GET" and not is_script(request) else "/"
        from allauth.mfa.utils import is_mfa_enabled

        if is_mfa_enabled(user):
            target = f"{reverse('mfa_reauthenticate')}?{urlencode({REDIRECT_FIELD_NAME: wanted})}"
        else:
            if request.session.get(AFTER_SECOND_FACTOR_KEY) != wanted:
                request.session[AFTER_SECOND_FACTOR_KEY] = wanted
            messages.info(request, _("Your role asks for a second factor. Set one up, then go on."))
            target = reverse("mfa_activate_totp")
        return leave_for(request, target)

    def _say_timed_out(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        messages.warning(
            request,
            _("You were signed out because nothing happened for a while. Sign in to go on where you were."),
        )
        if not leads_to_sign_in(response):
            return response
        if request.method == "GET" and not is_script(request):
            return response
        # The address of a form's target or of a fragment is no page to come back to: the page itself is.
        return leave_for(request, f"{sign_in_url()}?{urlencode({REDIRECT_FIELD_NAME: page_of(request)})}")


def sign_in_url() -> str:
    """The address of the sign-in page."""
    return resolve_url(settings.LOGIN_URL)


def leads_to_sign_in(response: HttpResponseBase) -> bool:
    """Whether the answer is a redirect to the sign-in page."""
    return (
        response.status_code == 302 and urlsplit(response.headers.get("Location", "")).path == sign_in_url()
    )


def is_script(request: HttpRequest) -> bool:
    """Whether a script asked, not a person who opens an address."""
    return (
        request.headers.get("HX-Request") == "true"
        or request.headers.get("X-Requested-With") == "XMLHttpRequest"
        or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
    )


def page_of(request: HttpRequest) -> str:
    """The page from which ``request`` was sent, as a path on this site; else the front page."""
    page = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}):
        return "/"
    parts = urlsplit(page)
    return f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"


def leave_for(request: HttpRequest, target: str) -> HttpResponse:
    """Send the whole page to ``target``: htmx needs to be told so, other scripts get 401."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    if is_script(request):
        return HttpResponse(status=401, headers={"X-Sign-In": target})
    return redirect(target)


@lru_cache(maxsize=8)
def _fixed_policy(name: str) -> str:
    return build_policy(config=default_config(getattr(settings, name)["DIRECTIVES"]))


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp with a policy of its own for the Wagtail admin.

    The policy is put together once, not per answer.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        name = "CONTENT_SECURITY_POLICY"
        if request.path_info.startswith("/admin/"):
            name = "CONTENT_SECURITY_POLICY_ADMIN"
        if HEADER in response or getattr(response, "_csp_exempt", False):
            return response
        nonce = getattr(request, "_csp_nonce", None)
        changes: dict[str, Any] = {
            key: getattr(response, f"_csp_{key}", None) for key in ("config", "update", "replace")
        }
        if nonce is None and not any(changes.values()):
            response[HEADER] = _fixed_policy(name)
        else:
            changes["config"] = changes["config"] or default_config(getattr(settings, name)["DIRECTIVES"])
            response[HEADER] = build_policy(**changes, nonce=nonce)
        return response
