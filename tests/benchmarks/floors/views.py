"""Four views, each doing one thing."""

import itertools
import os

from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse

from tests.benchmarks.floors.models import Row

_counter = itertools.count(os.getpid())


def _answer(text: str) -> HttpResponse:
    # The length spares the server from sending chunks; the academy's pages get theirs from a middleware.
    body = text.encode()
    return HttpResponse(body, headers={"Content-Length": str(len(body))})


def empty(request: HttpRequest) -> HttpResponse:
    """Do nothing."""
    return _answer("empty")


def session_and_user(request: HttpRequest) -> HttpResponse:
    """Load the session, then its user, as Django's own middleware does: two queries."""
    request.session = SessionStore(request.COOKIES.get("sessionid"))
    user = get_user(request)
    return _answer(user.get_username()) if user.is_authenticated else HttpResponse(status=401)


def read_row(request: HttpRequest, key: int) -> HttpResponse:
    """Read one row by its unique key."""
    return _answer(str(Row.objects.get(key=key).value))


def upsert_row(request: HttpRequest, key: int) -> HttpResponse:
    """Insert or overwrite one row in one statement."""
    Row.objects.bulk_create(
        [Row(key=key, value=next(_counter) % 2_000_000_000)],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["value"],
    )
    return _answer("written")
