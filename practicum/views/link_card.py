"""A base's link as the academy shows it: address, code to scan, words to send, and who has used it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from enrollment.rules.devices import device_name
from practicum import tickets
from practicum.models import HostLink
from practicum.views.door import qr_svg

#: The latest uses that stand beside a visit.
USES_SHOWN = 8


@dataclass(frozen=True)
class Use:
    """One use of a link, as it is read."""

    used_at: dt.datetime
    deed: str
    by: str


@dataclass(frozen=True)
class LinkCard:
    """A link that stands, with all that is shown of it."""

    address: str
    qr: str
    words: str
    expires_at: dt.datetime
    has_expired: bool
    uses: list[Use]


def link_card(
    request: HttpRequest, link: HostLink | None, *, now: dt.datetime, most: int = USES_SHOWN
) -> LinkCard | None:
    """What is shown of ``link``; nothing where there is none."""
    if link is None:
        return None
    path = reverse("practicum:link", args=[tickets.host_token(link.key)])
    address = request.build_absolute_uri(path)
    day = f"{timezone.localtime(link.expires_at):%Y-%m-%d}"
    if link.visit is not None:
        words = _(
            "The Party-building Academy asks for a visit: %(title)s, %(when)s. Please answer here by phone or"
            " computer, no account needed (until %(day)s): %(address)s"
        ) % {
            "title": link.visit.title,
            "when": f"{timezone.localtime(link.visit.starts_at):%Y-%m-%d %H:%M}",
            "day": day,
            "address": address,
        }
    else:
        words = _(
            "Visits of the Party-building Academy to %(base)s: see and answer them here by phone or computer,"
            " no account needed (until %(day)s): %(address)s"
        ) % {"base": link.base, "day": day, "address": address}
    return LinkCard(
        address=address,
        qr=qr_svg(address),
        words=words,
        expires_at=link.expires_at,
        has_expired=link.expires_at <= now,
        uses=[
            Use(
                use.used_at,
                use.get_deed_display(),
                " · ".join(filter(None, [device_name(use.device), use.address])),
            )
            for use in link.uses.all()[:most]
        ],
    )
