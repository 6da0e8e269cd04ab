"""Signing in by user name or mobile phone, by invitation only, with a lock-out that every process sees."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import time
from functools import lru_cache
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, Q, Value, When
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.actions import accounts
from enrollment.actions.journal import note
from enrollment.models.accounts import User
from enrollment.rules.sign_in import Verdict

#: How long an attempt waits for others on the same account that are being judged at this moment.
PATIENCE_SECONDS = 8.0
#: A password typed this recently need not be typed again before a second factor is set up.
FRESH_SECONDS = 300


def user_by_name_or_phone(identifier: str) -> User | None:
    """The account whose user name or mobile phone is ``identifier``; a user name goes first."""
    identifier = identifier.strip()
    if not identifier:
        return None
    return (
        User.objects.filter(Q(username=identifier) | Q(phone=identifier))
        .order_by(
            Case(When(username=identifier, then=Value(0)), default=Value(1), output_field=IntegerField())
        )
        .first()
    )


class UsernameOrPhoneBackend(AuthenticationBackend):
    """Accepts a mobile phone where a user name is asked for, and locks an account after failures.

    Every way in that checks a password (the sign-in page, confirming it's you, changing the password) ends
    here. A name nobody has costs the same queries, the same password hash and the same lock.
    """

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:  # type: ignore[override]
        identifier = str(credentials.get("username") or "").strip()
        password = credentials.get("password") or ""
        if not identifier or not password:
            return None
        user = user_by_name_or_phone(identifier)
        begun = _begin(user, identifier)
        if begun.verdict is not Verdict.JUDGE:
            _tell_locked(request, begun)
            return None
        if user is not None and user.check_password(password):
            accounts.pass_sign_in(user=user)
            if self.user_can_authenticate(user):
                return user
            # allauth shows the page for closed accounts to whoever knew the password.
            self._stash_user(user)
            return None
        if user is None:
            self._mitigate_timing_attack(password)
        outcome = accounts.fail_sign_in(
            user=user, identifier=identifier, address=address_of(request), device=device_of(request)
        )
        if outcome.verdict is Verdict.LOCKED:
            _tell_locked(request, outcome)
        return None


def _begin(user: User | None, identifier: str) -> accounts.Attempt:
    """Count an attempt, after those that are being judged at this moment where there are too many."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        begun = accounts.begin_sign_in(user=user, identifier=identifier)
        if begun.verdict is not Verdict.WAIT:
            return begun
        if time.monotonic() > deadline:
            return accounts.lock_after_silence(user=user, identifier=identifier)
        time.sleep(0.1)


def _tell_locked(request: HttpRequest | None, attempt: accounts.Attempt) -> None:
    """Leave the lock where the form that asked for the password can speak of it."""
    if request is not None:
        request.lock_out = attempt  # type: ignore[attr-defined]


def locked(attempt: accounts.Attempt) -> ValidationError:
    """The sentence for a locked account."""
    until = timezone.localtime(attempt.locked_until)
    if until.second or until.microsecond:
        # Rounded up: whoever comes back at the minute that was named gets in.
        until += dt.timedelta(minutes=1)
    return ValidationError(
        _("After %(failures)s failed attempts this account is locked until %(time)s. Please try again then."),
        code="locked",
        params={"failures": settings.LOCKOUT_FAILURES, "time": f"{until:%H:%M}"},
    )


def address_of(request: HttpRequest | None) -> str:
    """The client's network address, as far as trusted proxies tell it."""
    return (get_client_ip(request) or "") if request is not None else ""


def device_of(request: HttpRequest | None) -> str:
    """What the browser calls itself."""
    return request.headers.get("User-Agent", "")[:200] if request is not None else ""


class AccountAdapter(DefaultAccountAdapter):
    """No open sign-up: accounts come from invitations."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _(
            "The user name or mobile phone and the password do not match. Check both and try again."
        ),
        "incorrect_password": _("That is not your password."),
        "enter_current_password": _("That is not your present password."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        attempt = getattr(request, "lock_out", None)
        if attempt is not None:
            raise locked(attempt)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whoever has just signed in need not type the password again to set up the second factor."""
        if app == "allauth.mfa":
            now = time.time()
            for record in get_authentication_records(self.request, self.request.user):
                if now - record.get("at", 0) < FRESH_SECONDS:
                    return False
        return super().is_reauthentication_required(app=app, **kwargs)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:devices")

    def set_password(self, user: User, password: str) -> None:  # type: ignore[override]
        """One door for passwords: the action ends the other sessions and writes the log."""
        request = self.request
        accounts.change_password(
            user=user,
            password=password,
            actor=user,
            keep_session=request.session.session_key if request else None,
        )

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        response = super().post_login(request, user, **kwargs)
        remember_language(response, user.language)
        return response

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Most people have no mail address here; the sign-in log tells them instead."""


def remember_language(response: HttpResponse, language: str) -> None:
    """Keep the chosen language where it costs no query to read."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        path=settings.LANGUAGE_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"academy.second-factor:{key}".encode()).digest()))
            for key in keys
        ]
    )


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of authenticators lie encrypted in the database; staff keep theirs."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That code is not right, or has been used. Wait for the next one."),
        "cannot_delete_authenticator": _("Your role requires a second factor; it cannot be removed."),
    }

    def get_totp_label(self, user: User) -> str:  # type: ignore[override]
        return user.username

    def build_totp_svg(self, url: str) -> str:
        import segno

        return segno.make_qr(url, error="m").svg_inline(scale=5, border=3)

    def encrypt(self, text: str) -> str:
        return _cipher((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            cipher = _cipher((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
            return cipher.decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            # SECRET_KEY was changed without a fallback: no code can match; an administrator resets it.
            return ""

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not (settings.SECOND_FACTOR_REQUIRED_FOR_STAFF and authenticator.user.is_staff)


@receiver(user_logged_in, dispatch_uid="enrollment.note_sign_in")
def _note_sign_in(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    accounts.note_sign_in(user=user, address=address_of(request), device=device_of(request))


@receiver(user_logged_out, dispatch_uid="enrollment.note_sign_out")
def _note_sign_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        accounts.note_sign_out(user=user)


@receiver(authenticator_added, dispatch_uid="enrollment.second_factor_added")
def _second_factor_added(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    note(user, "enrollment.second_factor.add", actor=user, data={"type": authenticator.type})
    if authenticator.type == Authenticator.Type.TOTP:
        # Its first code has just been typed: the person need not prove it again to go on.
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


@receiver(authenticator_removed, dispatch_uid="enrollment.second_factor_removed")
def _second_factor_removed(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    note(user, "enrollment.second_factor.remove", actor=user, data={"type": authenticator.type})
