"""What a target is, and how many queries one of its requests costs."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

CONNECTIONS = 8
#: Any value serves: the cookie and the header have to agree, as they do in a browser.
CSRF_TOKEN = "benchmarkbenchmarkbenchmark12345"
#: Pages ask for HTML; the scripts that send beats and sign-ins ask for JSON.
ACCEPTED = {False: "text/html,*/*", True: "application/json"}
TRANSACTION_WORDS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(frozen=True)
class Request:
    """One request as it goes over the wire; `status` is the answer that counts as right."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    status: int = 200


def as_person(path: str, session: str, *, json: str = "", form: str = "", status: int = 200) -> Request:
    """Return a request of a signed-in browser: a page, or a form or JSON sent to it."""
    headers = {
        "Cookie": f"sessionid={session}; csrftoken={CSRF_TOKEN}",
        "Accept": ACCEPTED[bool(json or form)],
    }
    if not (json or form):
        return Request(path, headers=headers, status=status)
    kind = "application/json" if json else "application/x-www-form-urlencoded"
    headers |= {"X-CSRFToken": CSRF_TOKEN, "Content-Type": kind}
    return Request(path, "POST", headers, json or form, status)


def sign_in(user: Any) -> str:
    """Return the key of a new session of this user."""
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def filled(body: str, nonce: str, tick: int, code: str) -> str:
    """Return a body with its placeholders filled, as the load generator fills them."""
    return body.replace("{nonce}", nonce).replace("{tick}", str(tick)).replace("{code}", code)


def queries_of(requests: Sequence[Request], rotating: dict[str, Any] | None = None) -> int:
    """Return the queries of one request once caches are warm; the words of transactions do not count.

    Raises:
        AssertionError: the answer is not the one that the target expects, so a number would mean nothing.
    """
    count = 0
    for number, request in enumerate(
        requests[:3] if len(requests) > 2 else [*requests, *requests, *requests]
    ):
        headers = {name: value for name, value in request.headers.items() if name != "Content-Type"}
        code = rotating["values"][str(int(time.time()) // rotating["seconds"])] if rotating else ""
        body = filled(request.body, uuid.uuid4().hex, number, code)
        with CaptureQueriesContext(connection) as captured:
            answer = Client(SERVER_NAME="127.0.0.1").generic(
                request.method,
                request.path,
                body,
                content_type=request.headers.get("Content-Type", "text/html"),
                headers=headers,
            )
            if answer.streaming:
                b"".join(answer)
        assert answer.status_code == request.status, (
            f"{request.method} {request.path} answered {answer.status_code}, not {request.status}"
        )
        said = (query["sql"].lstrip().upper() for query in captured.captured_queries)
        count = sum(not words.startswith(TRANSACTION_WORDS) for words in said)
    return count


def described(targets: dict[str, list[Request]], rotating: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return targets and their queries in the form that the load generator reads.

    `rotating` holds the values of `{code}` by the number of their time window.
    """
    return {
        name: {
            "queries": queries_of(requests, rotating),
            "requests": [asdict(request) for request in requests],
            "rotating": rotating if any("{code}" in request.body for request in requests) else None,
        }
        for name, requests in targets.items()
    }
