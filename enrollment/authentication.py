"""Signing in by user name or mobile phone, by invitation only, with a lock-out that every process sees."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from enrollment.models.accounts import User


def user_by_name_or_phone(identifier: str) -> User | None:
    """The account whose user name or mobile phone is ``identifier``."""
    identifier = identifier.strip()
    return User.objects.filter(username=identifier).first() or User.objects.filter(phone=identifier).first()


class UsernameOrPhoneBackend(AuthenticationBackend):
    """Accepts a mobile phone where a user name is asked for."""

    def _authenticate_by_username(self, **credentials: Any) -> User | None:
        user = user_by_name_or_phone(credentials.get("username") or "")
        if user is not None and self._check_password(user, credentials.get("password") or ""):
            return user
        return None


class AccountAdapter(DefaultAccountAdapter):
    """No open sign-up: accounts come from invitations."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
