"""What content refers to: pictures, documents, videos and pages, found wherever blocks may name them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

from wagtail import blocks
from wagtail.blocks.field_block import ChooserBlock
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock

from cms.blocks import VideoBlock
from cms.sanitizing import ALLOWED_TAGS, is_safe_link

#: Takes what kind of thing is named (“image”, “document”, “video”, “page” or another model's label) and by
#: what; returns by what to name it instead, or nothing where it is to be left out.
Swap = Callable[[str, Any], Any]

_LINK = re.compile(r"<a\b([^>]*)>", re.IGNORECASE)
_KIND = re.compile(r'\blinktype="([^"]*)"')
_NUMBER = re.compile(r'\bid="([^"]*)"')
#: Besides what cleaned text holds: what the editor itself writes.
_EDITOR_ATTRIBUTES = frozenset({"linktype", "id", "data-block-key"})


class UnknownBlock(ValueError):
    """Content holds a block that this site does not know."""


def _kind(block: ChooserBlock) -> str:
    if isinstance(block, ImageChooserBlock):
        return "image"
    if isinstance(block, DocumentChooserBlock):
        return "document"
    if isinstance(block, VideoBlock):
        return "video"
    if isinstance(block, blocks.PageChooserBlock):
        return "page"
    return str(block.target_model._meta.label_lower)


def swapped(block: blocks.Block, value: Any, swap: Swap) -> Any:
    """``value`` as ``block`` stores it, with everything that it refers to named by what ``swap`` says.

    Raises:
        UnknownBlock: a kind of block that is not there, or a value of another shape.
    """
    if isinstance(block, ChooserBlock):
        return None if value is None else swap(_kind(block), value)
    if isinstance(block, blocks.RichTextBlock):
        return _swapped_links(_of(str, value), swap)
    if isinstance(block, blocks.StreamBlock):
        return [_swapped_child(block, _of(dict, item), swap) for item in _of(list, value)]
    if isinstance(block, blocks.StructBlock):
        return {
            name: swapped(block.child_blocks[name], part, swap)
            for name, part in _of(dict, value).items()
            if name in block.child_blocks
        }
    if isinstance(block, blocks.ListBlock):
        return [_swapped_item(block, item, swap) for item in _of(list, value)]
    return value


def _of(shape: type, value: Any) -> Any:
    if not isinstance(value, shape):
        raise UnknownBlock(str(value)[:40])
    return value


def _swapped_child(block: blocks.StreamBlock, item: dict[str, Any], swap: Swap) -> dict[str, Any]:
    child = block.child_blocks.get(item.get("type"))
    if child is None or "value" not in item:
        raise UnknownBlock(str(item.get("type"))[:40])
    return {**item, "value": swapped(child, item["value"], swap)}


def _swapped_item(block: blocks.ListBlock, item: Any, swap: Swap) -> Any:
    if isinstance(item, dict) and item.get("type") == "item" and "value" in item:
        return {**item, "value": swapped(block.child_block, item["value"], swap)}
    return swapped(block.child_block, item, swap)


def _swapped_links(html: str, swap: Swap) -> str:
    def named(found: re.Match[str]) -> str:
        kind, number = _KIND.search(found[1]), _NUMBER.search(found[1])
        if kind is None or number is None:
            return found[0]
        known = swap(kind[1], number[1])
        # A link that leads nowhere here stays as words.
        renamed = _NUMBER.sub(f'id="{known}"', found[1])
        return "<a>" if known is None else f"<a{renamed}>"

    return _LINK.sub(named, html)


class _Looker(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.stranger = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED_TAGS:
            self.stranger = self.stranger or f"<{tag}>"
        for name, value in attrs:
            is_fine = name in _EDITOR_ATTRIBUTES or (
                tag == "a" and name == "href" and is_safe_link(value or "")
            )
            if not is_fine:
                self.stranger = self.stranger or f"<{tag} {name}>"

    def handle_comment(self, data: str) -> None:
        self.stranger = self.stranger or "<!-->"

    def unknown_decl(self, data: str) -> None:
        self.stranger = self.stranger or "<!>"

    def handle_decl(self, decl: str) -> None:
        self.unknown_decl(decl)

    def handle_pi(self, data: str) -> None:
        self.unknown_decl(data)


def stranger_in(block: blocks.Block, value: Any) -> str:
    """The first mark in the rich text of ``value`` that our own editor would never write; else nothing.

    ``value`` has the shape that `swapped` has looked at.
    """
    if isinstance(block, blocks.RichTextBlock):
        looker = _Looker()
        looker.feed(value)
        # An angle bracket that is left over was meant to hide a mark.
        rest = looker.rawdata
        looker.close()
        return looker.stranger or ("<" if "<" in rest else "")
    if isinstance(block, blocks.StreamBlock):
        parts = [(block.child_blocks[item["type"]], item["value"]) for item in value]
    elif isinstance(block, blocks.StructBlock):
        parts = [(block.child_blocks[name], part) for name, part in value.items()]
    elif isinstance(block, blocks.ListBlock):
        parts = [
            (block.child_block, item["value"])
            if isinstance(item, dict) and item.get("type") == "item" and "value" in item
            else (block.child_block, item)
            for item in value
        ]
    else:
        return ""
    return next((found for child, part in parts if (found := stranger_in(child, part))), "")
