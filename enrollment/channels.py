"""The ways out of the academy: mail, and HTTP gateways for text messages and WeCom.

A gateway is an address, a token and a body (settings ``SMS`` and ``WECOM``); without an address it is off.
Redirects are not followed, certificates are checked, and an answer is waited for no longer than
``TIMEOUT_SECONDS``.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils.translation import ngettext

from enrollment.letters import File, Letter
from enrollment.models import User
from enrollment.rules.messages import REFUSED, RETRY, Channel

#: For the whole exchange with a gateway, not for each packet of it.
TIMEOUT_SECONDS = 10.0
#: More of an answer is not read.
ANSWER_BYTES = 64 * 1024
#: Answers that may be better later, besides 5xx.
LATER = frozenset({408, 425, 429})
#: WeCom says yes with status 200 and what is wrong as ``errcode``; these may be better later: busy, a token
#: that ran out, too many calls (https://developer.work.weixin.qq.com/document/path/90313).
ERRCODES_LATER = frozenset({-1, 42001, 45009, 45033})
#: Where a value goes in a gateway's body.
PLACE = re.compile(r"\{(\w+)\}")


class NotDelivered(Exception):
    """A channel did not take a letter; ``may_go_later`` says whether trying again makes sense."""

    def __init__(self, error: str, *, may_go_later: bool) -> None:
        self.error, self.may_go_later = error, may_go_later
        super().__init__(error)


@dataclass(frozen=True)
class Post:
    """What goes to one person at once. ``batch`` is the same at every attempt."""

    batch: str
    to: User
    letters: Sequence[Letter]
    #: Where the person reads on: an absolute address.
    url: str
    #: What goes along with a mail; other channels carry text only.
    files: Sequence[File] = ()

    @property
    def subject(self) -> str:
        """The line of the one letter, or how many there are."""
        if len(self.letters) == 1:
            return self.letters[0].subject
        return ngettext(
            "%(number)s message from the academy", "%(number)s messages from the academy", len(self.letters)
        ) % {"number": len(self.letters)}

    @property
    def text(self) -> str:
        """All letters one below the other."""
        if len(self.letters) == 1:
            return self.letters[0].body
        return "\n\n".join(f"■ {one.subject}\n{one.body}" for one in self.letters)


def offered() -> frozenset[str]:
    """The channels that this academy has."""
    gateways = {Channel.SMS: settings.SMS, Channel.WECOM: settings.WECOM}
    return frozenset({Channel.EMAIL.value} | {name.value for name, one in gateways.items() if one["URL"]})


def reachable(user: User) -> frozenset[str]:
    """The channels on which ``user`` has an address."""
    found = set()
    if user.email:
        found.add(Channel.EMAIL.value)
    if user.phone:
        found |= {Channel.SMS.value, Channel.WECOM.value}
    return frozenset(found)


def send(channel: str, post: Post) -> None:
    """Hand ``post`` to ``channel``.

    Raises:
        NotDelivered: it was not taken, or nobody can tell.
    """
    if channel == Channel.EMAIL:
        _mail(post)
        return
    gateway = settings.SMS if channel == Channel.SMS else settings.WECOM
    if not gateway["URL"]:
        raise NotDelivered("The channel is switched off.", may_go_later=REFUSED)
    _call(gateway, post)


def _mail(post: Post) -> None:
    if not post.to.email:
        raise NotDelivered("The person has no mail address any more.", may_go_later=REFUSED)
    host = urlsplit(settings.WAGTAILADMIN_BASE_URL).hostname or "localhost"
    mail = EmailMessage(
        post.subject,
        f"{post.text}\n\n{post.url}\n",
        to=[post.to.email],
        # The same at every attempt: a mail server that has it already can tell.
        headers={"Message-ID": f"<{post.batch}@{host}>", "Auto-Submitted": "auto-generated"},
        connection=get_connection(timeout=TIMEOUT_SECONDS)
        if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend")
        else get_connection(),
    )
    for file in post.files:
        mail.attach(file.name, file.content.decode(), file.mimetype)
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        answers = [_answer(code, text) for code, text in error.recipients.values()]
        later = any(code < 500 for code, _text in error.recipients.values())
        raise NotDelivered("; ".join(answers) or "The address was refused.", may_go_later=later) from error
    except smtplib.SMTPResponseException as error:
        told = _answer(error.smtp_code, error.smtp_error)
        raise NotDelivered(told, may_go_later=error.smtp_code < 500) from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotDelivered(str(error) or type(error).__name__, may_go_later=RETRY) from error


def _answer(code: int, text: bytes | str) -> str:
    """What a mail server answered, as one reads it: ``550 5.1.1 No such user here``."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(f"{code} {words}".split())


def _filled(part: Any, values: Mapping[str, str]) -> Any:
    """The body with its places filled; values are put into strings, so that none of them can break out."""
    if isinstance(part, dict):
        return {name: _filled(value, values) for name, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, values) for value in part]
    if isinstance(part, str):
        return PLACE.sub(lambda found: values.get(found[1], found[0]), part)
    return part


def _call(gateway: Mapping[str, Any], post: Post) -> None:
    if not post.to.phone:
        raise NotDelivered("The person has no phone number any more.", may_go_later=REFUSED)
    values = {
        "phone": post.to.phone,
        "username": post.to.username,
        "subject": post.subject,
        "url": post.url,
        "key": post.batch,
        "text": post.text,
    }
    body = json.dumps(_filled(gateway["BODY"], values), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": post.batch}
    if gateway["TOKEN"]:
        headers["Authorization"] = f"Bearer {gateway['TOKEN']}"
    try:
        status, answer = _exchange(gateway["URL"], body, headers)
    except ssl.SSLCertVerificationError as error:
        told = f"Its certificate is not trusted: {error.verify_message}"
        raise NotDelivered(told, may_go_later=RETRY) from error
    except (OSError, http.client.HTTPException) as error:
        raise NotDelivered(str(error) or type(error).__name__, may_go_later=RETRY) from error
    if 200 <= status < 300:
        code, words = _errcode(answer)
        if code:
            told = " ".join(f"It answered errcode {code} {words}".split())[:200]
            raise NotDelivered(told, may_go_later=code in ERRCODES_LATER)
        return
    if 300 <= status < 400:
        raise NotDelivered(f"It answered {status}; redirects are not followed.", may_go_later=REFUSED)
    raise NotDelivered(f"It answered {status}.", may_go_later=status >= 500 or status in LATER)


def _errcode(answer: bytes) -> tuple[int, str]:
    """What an answer that says yes takes back in its body, as WeCom does: code (0: nothing) and words."""
    try:
        told = json.loads(answer)
    except ValueError:
        return 0, ""
    code = told.get("errcode") if isinstance(told, dict) else 0
    return (code, str(told.get("errmsg", ""))) if isinstance(code, int) else (0, "")


def _exchange(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Post ``body`` and return the status of the answer and its beginning."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    deadline = time.monotonic() + TIMEOUT_SECONDS
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            host, parts.port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_SECONDS)
    with contextlib.closing(connection):
        connection.request("POST", path, body, dict(headers))
        # One that answers byte by byte would otherwise hold the sender for as long as it likes.
        watch = _Watch(connection.sock, deadline)
        with watch:
            answer = connection.getresponse()
            content = answer.read(ANSWER_BYTES)
        return answer.status, content


class _Watch:
    """Shuts a connection down when its time is up."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._shut)
        self._timer.daemon = True

    def _shut(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
