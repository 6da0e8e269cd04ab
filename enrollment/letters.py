"""What a message says: its kinds, and the texts put together from templates in the reader's language.

A kind belongs to a group and has ``messages/<kind>.subject.txt`` and ``messages/<kind>.body.txt``. Higher
apps add theirs when they start.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.template import Context as TemplateContext
from django.template.loader import get_template
from django.utils import timezone, translation
from django.utils.dateparse import parse_date, parse_datetime

from enrollment.rules.messages import Group

Context = Mapping[str, Any]


@dataclass(frozen=True)
class File:
    """Something that goes along with a mail; ``mimetype`` may have parameters."""

    name: str
    content: bytes
    mimetype: str


@dataclass(frozen=True)
class Kind:
    """One kind of message. Urgent ones wait for no digest; ``inbox_only`` ones stay in the academy.

    ``files`` makes what goes along with its mail, from the stored context and the key of the account, when
    the mail goes out.
    """

    name: str
    group: str
    icon: str = "bell"
    is_urgent: bool = False
    inbox_only: bool = False
    files: Callable[[Mapping[str, Any], int], Sequence[File]] | None = None


@dataclass(frozen=True)
class Letter:
    """A message as it is read: a line and some plain text."""

    subject: str
    body: str


KINDS: dict[str, Kind] = {}

#: How times stand in a stored context.
_MOMENT, _DAY = "$moment", "$day"


def register(*kinds: Kind) -> None:
    """Add kinds of messages."""
    for kind in kinds:
        KINDS[kind.name] = kind


def frozen(context: Context) -> dict[str, Any]:
    """A context as it is stored: moments and days marked, everything else plain."""

    def plain(value: Any) -> Any:
        if isinstance(value, dt.datetime):
            return {_MOMENT: value.isoformat()}
        if isinstance(value, dt.date):
            return {_DAY: value.isoformat()}
        if isinstance(value, (int, float, bool)) or value is None:
            return value
        return str(value)

    return {name: plain(value) for name, value in context.items()}


def thawed(context: Context) -> dict[str, Any]:
    """The same with moments in local time and days again."""

    def lively(value: Any) -> Any:
        if isinstance(value, dict) and _MOMENT in value:
            found = parse_datetime(value[_MOMENT])
            return timezone.localtime(found) if found is not None else ""
        if isinstance(value, dict) and _DAY in value:
            return parse_date(value[_DAY]) or ""
        return value

    return {name: lively(value) for name, value in context.items()}


def _plain(name: str, values: Context) -> str:
    """Text, not HTML: nothing is escaped here; pages escape it where they show it."""
    template: Any = get_template(name)
    return str(template.template.render(TemplateContext(dict(values), autoescape=False)))


def letter(kind: str, context: Context, language: str | None = None) -> Letter:
    """The text of a stored message, in ``language`` or in that of the request.

    Raises:
        TemplateDoesNotExist: the kind has no texts.
    """
    with translation.override(language or translation.get_language()):
        values = thawed(context)
        subject, body = (_plain(f"messages/{kind}.{part}.txt", values) for part in ("subject", "body"))
    lines = (" ".join(line.split()) for line in body.strip().splitlines())
    return Letter(" ".join(subject.split()), "\n".join(line for line in lines if line))


register(
    Kind("class_enrolled", Group.CLASSES, "mortarboard"),
    Kind("class_refused", Group.CLASSES, "mortarboard"),
    Kind("class_promoted", Group.CLASSES, "mortarboard", is_urgent=True),
    Kind("class_survey", Group.CLASSES, "clipboard-check", is_urgent=True),
    Kind("class_notice", Group.WORK, "megaphone", is_urgent=True),
    Kind("need_answered", Group.CLASSES, "clipboard-check"),
    Kind("leave_asked", Group.WORK, "calendar3", is_urgent=True),
    Kind("leave_decided", Group.CLASSES, "calendar3", is_urgent=True),
    Kind("certificate_issued", Group.CLASSES, "award"),
    Kind("correction_answered", Group.STUDY, "person"),
    Kind("records_merged", Group.STUDY, "person"),
    Kind("transfer_done", Group.STUDY, "person"),
    Kind("transfer_asked", Group.WORK, "arrow-repeat"),
    Kind("transfer_answered", Group.WORK, "arrow-repeat"),
    Kind("transfer_waits", Group.WORK, "arrow-repeat"),
    Kind("upload_cleared", Group.WORK, "trash"),
    Kind("hours_short", Group.STUDY, "clock-history"),
    Kind("claim_decided", Group.STUDY, "file-earmark-text"),
    Kind("secretary_due", Group.STUDY, "mortarboard"),
    Kind("hours_summary", Group.WORK, "clock-history"),
)
