"""Lesson blocks that higher apps offer when they start: live classes, base visits, packages to come.

A lesson's text is rendered once and kept for everybody (`courses.reports.texts`). A block that every reader
sees alike is offered as it is. One that shows a thing of the higher app as it stands now, for the one who
reads, is a `ReaderBlock`: the kept text has a gap in its place, and all gaps of a kind are filled at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.utils import translation
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from wagtail import blocks
from wagtail.blocks.stream_block import StreamValue

_OFFERED: dict[str, Callable[[], blocks.Block]] = {}
#: Whether the lessons' blocks have been put together: what is offered later would be missing from them.
_is_read = False

#: Beside the block's own values in an archive: what to say where the thing is not known.
WORDS = "words"
MOST_WORDS = 300


class ReaderBlock(blocks.StructBlock):
    """Base of a block that shows one thing of a higher app to each reader as it stands for them."""

    #: The child block that chooses the thing.
    subject: ClassVar[str]

    def show(self, values: Sequence[Mapping[str, Any]], reader: Any) -> list[str]:
        """What each of ``values`` (as stored) looks like to ``reader``; many cost what one does."""
        raise NotImplementedError

    @classmethod
    def key_of(cls, pk: int) -> str | None:
        """By what archives name the thing; nothing for what is not there."""
        raise NotImplementedError

    @classmethod
    def find(cls, key: str) -> int | None:
        """The thing that archives name so, where it is known."""
        raise NotImplementedError

    @classmethod
    def words(cls, pk: int) -> str:
        """What to say in its place where the thing is not known."""
        raise NotImplementedError

    @classmethod
    def kind(cls) -> str:
        """What kind of thing it shows, as `cms.references` names kinds."""
        return str(cls.base_blocks[cls.subject].target_model._meta.label_lower)

    def render(self, value: Any, context: Any = None) -> str:
        """By itself, as in a preview: to whoever asks."""
        request = (context or {}).get("request")
        reader = getattr(request, "user", None) or AnonymousUser()
        return mark_safe(self.show([self.get_prep_value(value)], reader)[0])  # noqa: S308 - its own template


def offer(name: str, make: Callable[[], blocks.Block]) -> None:
    """Add a kind of block to all lessons; called from ``AppConfig.ready()``.

    Raises:
        RuntimeError: too late, the lessons' blocks have been put together.
    """
    if _is_read:
        raise RuntimeError(f"Offer the block {name} in AppConfig.ready(), before any lesson is read.")
    _OFFERED[name] = make


def offered_blocks() -> list[tuple[str, blocks.Block]]:
    """Fresh instances of what higher apps offer, by name."""
    global _is_read  # noqa: PLW0603 - the one moment after which offering is over
    _is_read = True
    return [(name, make()) for name, make in _OFFERED.items()]


def of_kind(kind: str) -> type[ReaderBlock] | None:
    """The block that shows things of ``kind``."""
    found = (make for make in _OFFERED.values() if isinstance(make, type) and issubclass(make, ReaderBlock))
    return next((block for block in found if block.kind() == kind), None)


# --- Kept texts with gaps


@dataclass(frozen=True)
class Gap:
    """A place in a text that is filled for each reader."""

    name: str
    value: Mapping[str, Any]


def with_gaps(body: StreamValue) -> list[str | Gap]:
    """``body`` rendered, except for what differs from reader to reader."""
    parts: list[str | Gap] = []
    for child in body:
        if isinstance(child.block, ReaderBlock):
            parts.append(Gap(child.block_type, child.block.get_prep_value(child.value)))
            continue
        html = str(_framed(child.block_type, child.render()))
        if parts and isinstance(parts[-1], str):
            parts[-1] += html
        else:
            parts.append(html)
    return parts


def filled(parts: Sequence[str | Gap], stream: blocks.StreamBlock, reader: Any) -> SafeString:
    """The whole text for ``reader``; each kind of block is asked once."""
    values: dict[str, list[Mapping[str, Any]]] = {}
    for part in parts:
        if isinstance(part, Gap):
            values.setdefault(part.name, []).append(part.value)
    shown = {name: iter(stream.child_blocks[name].show(found, reader)) for name, found in values.items()}
    whole = (
        part if isinstance(part, str) else _framed(part.name, mark_safe(next(shown[part.name])))  # noqa: S308
        for part in parts
    )
    return mark_safe("".join(whole))  # noqa: S308 - rendered by the blocks' own templates


def _framed(name: str, html: str) -> SafeString:
    """As Wagtail frames the children of a stream."""
    return format_html('<div class="block-{}">{}</div>\n', name, html)


# --- Archives


def with_words(stream: blocks.StreamBlock, stored: Sequence[Any], named: Sequence[Any]) -> list[Any]:
    """``named`` (``stored`` with keys in place of numbers), with what to say where things are not known."""
    found = []
    for before, after in zip(stored, named, strict=True):
        block = stream.child_blocks[before["type"]]
        if not isinstance(block, ReaderBlock):
            found.append(after)
            continue
        pk = before["value"].get(block.subject)
        # Whoever exports, the same content makes the same archive.
        with translation.override(settings.LANGUAGE_CODE):
            words = block.words(pk)[:MOST_WORDS] if pk is not None else ""
        found.append({**after, "value": {**after["value"], WORDS: words}})
    return found


def known_here(stream: blocks.StreamBlock, named: Sequence[Any]) -> list[Any]:
    """``named`` as it can be here: what is not known becomes words, what has none is left out."""
    found = []
    for item in named:
        value = item.get("value")
        block = stream.child_blocks.get(item.get("type"))
        is_shown = isinstance(block, ReaderBlock)
        if not isinstance(value, dict) or not (
            is_shown or (block is None and isinstance(value.get(WORDS), str))
        ):
            found.append(item)
            continue
        key = value.get(block.subject) if is_shown else None
        if isinstance(key, str) and block.find(key) is not None:
            found.append({**item, "value": {name: part for name, part in value.items() if name != WORDS}})
        elif words := str(value.get(WORDS) or "")[:MOST_WORDS]:
            found.append({**item, "type": "paragraph", "value": f"<p>{escape(words)}</p>"})
    return found
