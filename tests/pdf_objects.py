"""Reads the objects of a PDF file (ISO 32000-1 §7.3–7.5), as much as is needed to judge what was written.

No reader of the file's own kind: what WeasyPrint wrote is taken apart here by the standard alone.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Any

_OBJECT = re.compile(rb"(\d+) (\d+) obj\b")
_SPACE = b"\x00\t\n\x0c\r "
_DELIMITERS = b"()<>[]{}/%"


class Name(str):
    """/Name."""

    __slots__ = ()


@dataclass(frozen=True)
class Ref:
    """An indirect reference."""

    number: int


@dataclass
class Stream:
    """A stream with its dictionary; ``data`` is unpacked."""

    head: dict[str, Any]
    data: bytes


class _Scanner:
    """One value after the other out of some bytes."""

    def __init__(self, text: bytes, at: int = 0) -> None:
        self.text, self.at = text, at

    def _skip(self) -> None:
        while self.at < len(self.text):
            if self.text[self.at] in _SPACE:
                self.at += 1
            elif self.text[self.at : self.at + 1] == b"%":
                self.at = self.text.index(b"\n", self.at) + 1
            else:
                return

    def value(self) -> Any:
        self._skip()
        begin = self.text[self.at : self.at + 2]
        if begin == b"<<":
            return self._dictionary()
        sign = begin[:1]
        if sign == b"[":
            return self._array()
        if sign == b"/":
            return self._name()
        if sign == b"(":
            return self._string()
        if sign == b"<":
            end = self.text.index(b">", self.at)
            digits = bytes(one for one in self.text[self.at + 1 : end] if one not in _SPACE)
            self.at = end + 1
            return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
        return self._word()

    def _dictionary(self) -> dict[str, Any]:
        self.at += 2
        found: dict[str, Any] = {}
        while True:
            self._skip()
            if self.text[self.at : self.at + 2] == b">>":
                self.at += 2
                return found
            key = self._name()
            found[key] = self.value()

    def _array(self) -> list[Any]:
        self.at += 1
        found: list[Any] = []
        while True:
            self._skip()
            if self.text[self.at : self.at + 1] == b"]":
                self.at += 1
                return found
            found.append(self.value())

    def _name(self) -> Name:
        end = self.at + 1
        while end < len(self.text) and self.text[end] not in _SPACE + _DELIMITERS:
            end += 1
        name, self.at = self.text[self.at + 1 : end], end
        return Name(re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes.fromhex(m[1].decode()), name).decode())

    def _string(self) -> bytes:
        depth, end = 1, self.at + 1
        while depth:
            sign = self.text[end : end + 1]
            end += 2 if sign == b"\\" else 1
            depth += (sign == b"(") - (sign == b")")
        found, self.at = self.text[self.at + 1 : end - 1], end
        return found

    def _word(self) -> Any:
        reference = re.compile(rb"(\d+)\s+\d+\s+R\b").match(self.text, self.at)
        if reference:
            self.at = reference.end()
            return Ref(int(reference[1]))
        end = self.at
        while end < len(self.text) and self.text[end] not in _SPACE + _DELIMITERS:
            end += 1
        word, self.at = self.text[self.at : end].decode(), end
        if word in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[word]
        return float(word) if "." in word else int(word)


class Document:
    """Every object of a file by its number, and its trailer."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.objects: dict[int, Any] = {}
        self.trailer: dict[str, Any] = {}
        at = 0
        while found := _OBJECT.search(content, at):
            at = self._read(int(found[1]), found.end())

    def _read(self, number: int, at: int) -> int:
        scanner = _Scanner(self.content, at)
        value = scanner.value()
        rest = re.compile(rb"\s*stream\r?\n").match(self.content, scanner.at)
        if rest is None:
            self.objects[number] = value
            return scanner.at
        end = rest.end() + value["Length"]
        data = self.content[rest.end() : end]
        if value.get("Filter") in ("FlateDecode", ["FlateDecode"]):
            data = zlib.decompress(data)
        self.objects[number] = Stream(value, data)
        if value.get("Type") == "XRef":
            self.trailer = value
        elif value.get("Type") == "ObjStm":
            self._unpack(value, data)
        return end

    def _unpack(self, head: dict[str, Any], data: bytes) -> None:
        pairs = [int(word) for word in data[: head["First"]].split()]
        for number, offset in zip(pairs[::2], pairs[1::2], strict=True):
            self.objects[number] = _Scanner(data, head["First"] + offset).value()

    def get(self, value: Any) -> Any:
        """``value``, or what it refers to."""
        return self.objects[value.number] if isinstance(value, Ref) else value

    @property
    def catalog(self) -> dict[str, Any]:
        """The root of the document."""
        root: dict[str, Any] = self.get(self.trailer["Root"])
        return root

    def dictionaries(self) -> list[dict[str, Any]]:
        """Every dictionary, those of streams and those inside others too."""
        found: list[dict[str, Any]] = []

        def walk(value: Any) -> None:
            if isinstance(value, Stream):
                walk(value.head)
            elif isinstance(value, dict):
                found.append(value)
                for inner in value.values():
                    walk(inner)
            elif isinstance(value, list):
                for inner in value:
                    walk(inner)

        for value in self.objects.values():
            walk(value)
        return found
