"""How often somebody without an account may ask in vain."""

from __future__ import annotations

import ipaddress

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

#: A hall full of people checks certificates from one address; whoever tries numbers out fails more often.
FAILURES = 30
SECONDS = 600


def _key(request: HttpRequest, what: str) -> str:
    """The address of whoever asks; of IPv6 the network, for each customer has one whole."""
    try:
        parsed = ipaddress.ip_address(get_adapter().get_client_ip(request))
    except (PermissionDenied, ValueError):
        return f"throttle:{what}:unknown"
    if parsed.version == 6:
        return f"throttle:{what}:{ipaddress.ip_network((parsed, 64), strict=False)}".replace(" ", "")
    return f"throttle:{what}:{parsed}"


def is_worn_out(request: HttpRequest, what: str) -> bool:
    """Whether this address failed too often at ``what`` lately. Each server process counts for itself."""
    return int(cache.get(_key(request, what), 0)) >= FAILURES


def count_failure(request: HttpRequest, what: str) -> None:
    """One more failure of this address; they are forgotten ten minutes after the first."""
    key = _key(request, what)
    if not cache.add(key, 1, SECONDS):
        try:
            cache.incr(key)
        except ValueError:
            # Forgotten between the two.
            cache.add(key, 1, SECONDS)
