"""What a request is known to be, for views that stand behind a sign-in."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest

from enrollment.models import User


class AuthenticatedHttpRequest(HttpRequest):
    """A request whose user has signed in: only an annotation, for views behind ``login_required``."""

    user: User


def number_in(text: str) -> int | None:
    """A number as sent by a browser; None for anything else, other scripts' digits and endless ones too."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def numbers_in(texts: Iterable[str]) -> list[int]:
    """The numbers among what a browser sent, each once, in their order."""
    return [number for text in dict.fromkeys(texts) if (number := number_in(text)) is not None]
