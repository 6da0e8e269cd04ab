"""What a request is known to be, for views that stand behind a sign-in."""

from __future__ import annotations

from django.http import HttpRequest

from enrollment.models import User


class AuthenticatedHttpRequest(HttpRequest):
    """A request whose user has signed in: only an annotation, for views behind ``login_required``."""

    user: User
