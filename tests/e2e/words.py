"""What the interface says in Chinese.

Journeys name a button by its source text and look for what the academy's own catalogue makes of it, so that
better wording breaks no journey. Names and sentences that people typed are written in Chinese as they are.
"""

from __future__ import annotations

import re

from django.utils import translation
from django.utils.translation import gettext, ngettext


def said(source: str, **values: object) -> str:
    """``source`` as the screen says it, with ``values`` filled in."""
    with translation.override("zh-hans"):
        text = gettext(source)
    return text % values if values else text


def said_of(count: int, one: str, many: str, **values: object) -> str:
    """The same where the number decides the wording."""
    with translation.override("zh-hans"):
        return ngettext(one, many, count) % values


def pattern_of(source: str) -> re.Pattern[str]:
    """A pattern for a sentence whose values are not known."""
    parts = re.split(r"%\(\w+\)[sd]", said(source))
    # The browser reads the pattern, and it knows fewer escapes than Python writes.
    return re.compile(".+?".join(re.escape(part).replace("\\ ", " ") for part in parts))
