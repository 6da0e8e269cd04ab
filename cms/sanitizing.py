"""Cleaning HTML that did not come from our own editor."""

import re

import bleach

ALLOWED_TAGS = ["p", "br", "b", "strong", "i", "em", "ul", "ol", "li", "a", "sup", "sub"]
ALLOWED_PROTOCOLS = ["http", "https", "mailto", "tel"]
#: bleach takes "javascript:1" for a host with a port and lets it pass, so a link must say what it is.
_SAFE_LINK = re.compile(r"(?:https?://|mailto:|tel:|/|#)", re.IGNORECASE)


def _is_allowed(tag: str, name: str, value: str) -> bool:
    return tag == "a" and name == "href" and _SAFE_LINK.match(value.strip()) is not None


def clean_html(html: str) -> str:
    """``html`` with only plain text marks and safe links left."""
    cleaned: str = bleach.clean(
        html, tags=ALLOWED_TAGS, attributes=_is_allowed, protocols=ALLOWED_PROTOCOLS, strip=True
    )
    return cleaned
