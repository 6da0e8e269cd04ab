"""What a phone carries from the scan to the confirmation, and the codes that persons show.

A scan is judged at once, by the server's clock. Whoever is not signed in yet loses the code's twenty
seconds while typing a password, so the browser keeps a signed ticket that says which session's code was
good, and when. It is bound to that browser by a cookie that scripts cannot read, and runs out.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import uuid
from dataclasses import dataclass

from django.core import signing

from enrollment.models import Trainee
from practicum.models import new_nonce

COOKIE = "practicum_scan"
COOKIE_PATH = "/practicum/"
LIFETIME = dt.timedelta(minutes=10)
SCAN_SALT = "practicum.scan"
PERSON_SALT = "practicum.person"
HOST_SALT = "practicum.host_link"


@dataclass(frozen=True)
class Ticket:
    """A good scan.

    Which session, which way, when by the server's clock, and the nonce of its one check-in.
    """

    session_id: int
    direction: str
    scanned_at: dt.datetime
    nonce: str


def issue(*, session_id: int, direction: str, now: dt.datetime) -> str:
    """A signed ticket for a code that was found good at ``now``."""
    data = {"s": session_id, "d": direction, "t": now.timestamp(), "n": new_nonce()}
    return signing.dumps(data, salt=SCAN_SALT)


def read(text: str, *, session_id: int, now: dt.datetime) -> Ticket | None:
    """The ticket for this session, or None when it is forged, another session's, or too old."""
    try:
        data = signing.loads(text, salt=SCAN_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    scanned_at = dt.datetime.fromtimestamp(data["t"], tz=dt.UTC)
    if data["s"] != session_id or now - scanned_at > LIFETIME:
        return None
    return Ticket(data["s"], data["d"], scanned_at, data["n"])


def personal_code(trainee: Trainee) -> str:
    """What stands in a person's own QR code: their number, signed. It names nobody."""
    return signing.Signer(salt=PERSON_SALT).sign(f"P{trainee.pk}")


def person_of(text: str) -> int | None:
    """The key of the trainee whose code ``text`` is, or None when it is nobody's."""
    try:
        value = signing.Signer(salt=PERSON_SALT).unsign(text.strip())
    except signing.BadSignature:
        return None
    return int(value[1:]) if value[:1] == "P" and value[1:].isdigit() else None


def _host_signer() -> signing.Signer:
    # A full stop parts key and signature: it stays itself in an address and at the end of a chat message.
    return signing.Signer(salt=HOST_SALT, sep=".")


def host_token(key: uuid.UUID) -> str:
    """What stands in the address of a base's link: its key, signed. It names nobody."""
    return _host_signer().sign(base64.urlsafe_b64encode(key.bytes).decode().rstrip("="))


def host_key(token: str) -> uuid.UUID | None:
    """The key of the link whose address holds ``token``, or None when we did not make it."""
    try:
        value = _host_signer().unsign(token)
        return uuid.UUID(bytes=base64.urlsafe_b64decode(value + "=="))
    except (signing.BadSignature, binascii.Error, ValueError):
        return None
