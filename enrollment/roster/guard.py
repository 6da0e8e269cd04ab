"""What is looked at before a spreadsheet is opened: its size, what is packed in it, and its XML.

A file from outside may be a zip bomb, carry macros, or declare entities that read other files. None of it
reaches the library that reads the cells.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from typing import IO, NoReturn
from xml.parsers import expat

from cms.refusals import Refused
from enrollment.roster import messages

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED_BYTES = 150 * 1024 * 1024
MAX_ENTRIES = 2000
MAX_MERGED = 20_000
#: XML of a sheet packs 10 to 40 times; beyond this, only what was made to explode does.
MAX_RATIO = 200
RATIO_MATTERS_FROM = 1024 * 1024
_CHUNK = 256 * 1024


@dataclass
class SheetFacts:
    """What cells alone do not show: merged ranges, and formulas that were never calculated."""

    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    without_value: set[tuple[int, int]] = field(default_factory=set)
    formulas: int = 0


def check_package(archive: zipfile.ZipFile, packed_bytes: int) -> None:
    """Refuses a package that is too large unpacked, has macros, or whose XML declares a document type."""
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES:
        raise Refused(messages.file_reason("packed_too_tightly"))
    for entry in entries:
        if entry.file_size > RATIO_MATTERS_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise Refused(messages.file_reason("packed_too_tightly"))
        if entry.flag_bits & 0x1:
            raise Refused(messages.file_reason("encrypted"))
    if unpacked > MAX_RATIO * max(packed_bytes, 1) and unpacked > RATIO_MATTERS_FROM:
        raise Refused(messages.file_reason("packed_too_tightly"))
    names = {entry.filename.lower() for entry in entries}
    if any(name.endswith("vbaproject.bin") or "/macrosheets/" in name for name in names):
        raise Refused(messages.file_reason("macros"))
    if "[content_types].xml" not in names or not any(name.startswith("xl/workbook") for name in names):
        raise Refused(messages.file_reason("not_a_spreadsheet"))
    for entry in entries:
        if entry.filename.lower().endswith((".xml", ".rels", ".vml")):
            with archive.open(entry) as source:
                _refuse_document_type(source)


def _parser() -> expat.XMLParserType:
    """An XML parser that refuses every document type, and with it every entity."""

    def refuse(*_args: object) -> NoReturn:
        raise Refused(messages.file_reason("external_entities"))

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    return parser


class _RootReachedError(Exception):
    """The root element has begun: no document type can follow."""


def _refuse_document_type(source: IO[bytes]) -> None:
    parser = _parser()

    def begun(*_args: object) -> None:
        raise _RootReachedError

    parser.StartElementHandler = begun
    try:
        while chunk := source.read(8192):
            parser.Parse(chunk, False)
    except _RootReachedError:
        return
    except expat.ExpatError as error:
        raise Refused(messages.file_reason("broken")) from error


_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


def _place(reference: str) -> tuple[int, int] | None:
    """``B3`` as (row 3, column 2)."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return None
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column


class _FactFinder:
    """Listens to the elements of one sheet."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.facts = SheetFacts()
        self.parser = parser
        self.reference = ""
        self.has_formula = self.has_value = False
        parser.StartElementHandler = self.start
        parser.EndElementHandler = self.end

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "c":
            self.reference = attributes.get("r", "")
            # An empty text is a result; an empty number is none.
            self.has_formula, self.has_value = False, attributes.get("t") == "str"
        elif name == "f":
            self.has_formula = True
        elif name in ("v", "is"):
            self.parser.CharacterDataHandler = self.said
        elif name == "mergeCell" and len(self.facts.merged) < MAX_MERGED:
            first, _, last = attributes.get("ref", "").partition(":")
            top, bottom = _place(first), _place(last or first)
            if top and bottom:
                self.facts.merged.append((*top, *bottom))

    def said(self, _text: str) -> None:
        self.has_value = True
        self.parser.CharacterDataHandler = None

    def end(self, tag: str) -> None:
        self.parser.CharacterDataHandler = None
        if tag.rpartition(" ")[2] == "c" and self.has_formula:
            self.facts.formulas += 1
            place = _place(self.reference)
            if place and not self.has_value:
                self.facts.without_value.add(place)


def facts_of(source: IO[bytes]) -> SheetFacts:
    """One pass over a sheet's XML that keeps only what ``SheetFacts`` names."""
    parser = _parser()
    finder = _FactFinder(parser)
    try:
        while chunk := source.read(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Refused(messages.file_reason("broken")) from error
    return finder.facts
