"""Files from people whom nobody has checked: looked at before anything is kept.

Size, what the file is by its content, bombs, document types (external entities), macros, parts fetched from
elsewhere, scripts and files inside a PDF. Each refusal has its sentence (`cms.rules.documents`).
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NoReturn
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import parse

from cms import converters
from cms.refusals import Refused
from cms.rules import documents as rules

_CHUNK = 256 * 1024
_CONTENT_TYPES = "[Content_Types].xml"
#: How long a look at a PDF may take, in seconds.
PDF_SECONDS = 20


def check(file: IO[bytes] | Any, *, name: str) -> None:
    """Look at ``file`` as a whole; ``name`` is what its owner calls it. Afterwards it is at its beginning.

    Raises:
        Refused: a reason of `cms.rules.documents`, about the field ``file``.
    """
    kind = rules.kind_of(name)
    if kind not in rules.LARGEST_MEGABYTES:
        raise Refused(rules.refusal("file_kind", name, kinds=", ".join(rules.LARGEST_MEGABYTES)))
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    if size == 0:
        raise Refused(rules.refusal("file_empty", name))
    if size > rules.LARGEST_MEGABYTES[kind] * rules.MEGABYTE:
        raise Refused(rules.refusal("file_too_large", name, megabytes=rules.LARGEST_MEGABYTES[kind]))
    if not rules.holds(kind, file.read(rules.HEAD_BYTES)):
        raise Refused(rules.refusal("file_is_something_else", name, kind=kind.upper()))
    file.seek(0)
    if kind == "pdf":
        _check_pdf(file, name)
    elif kind in rules.MAIN_PART or kind == "zip":
        _check_package(file, name, kind)
    file.seek(0)


def _check_pdf(file: IO[bytes], name: str) -> None:
    with tempfile.TemporaryDirectory(prefix="academy-check-") as folder:
        path = Path(folder) / "source.pdf"
        with path.open("wb") as local:
            while chunk := file.read(_CHUNK):
                local.write(chunk)
        try:
            facts = next(converters.lines("pdf_pages", path, seconds=PDF_SECONDS, megabytes=1024))
        except (converters.Failed, StopIteration) as error:
            raise Refused(rules.refusal("file_broken", name)) from error
    if facts.get("locked"):
        raise Refused(rules.refusal("file_locked", name))
    if facts["scripts"]:
        raise Refused(rules.refusal("file_has_scripts", name))
    if facts["attachments"]:
        raise Refused(rules.refusal("file_has_attachments", name))


@contextmanager
def _opened(file: IO[bytes], name: str) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as package:
            yield package
    except DefusedXmlException as error:
        raise Refused(rules.refusal("file_reaches_out", name)) from error
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ParseError,
        expat.ExpatError,
    ) as error:
        raise Refused(rules.refusal("file_broken", name)) from error


def _check_package(file: IO[bytes], name: str, kind: str) -> None:
    with _opened(file, name) as package:
        pieces = package.infolist()
        reason = rules.judge_pieces(
            name,
            (
                rules.Piece(piece.filename, piece.file_size, piece.compress_size, bool(piece.flag_bits & 1))
                for piece in pieces
            ),
        )
        if reason:
            raise Refused(reason)
        if kind != "zip":
            _check_office(package, name, kind)


def _check_office(package: zipfile.ZipFile, name: str, kind: str) -> None:
    names = package.namelist()
    if _CONTENT_TYPES not in names:
        raise Refused(rules.refusal("file_is_something_else", name, kind=kind.upper()))
    types = [node.get("ContentType", "") for node in _root(package, _CONTENT_TYPES)]
    if rules.has_macros(names, types):
        raise Refused(rules.refusal("file_has_macros", name))
    if rules.MAIN_PART[kind] not in types:
        raise Refused(rules.refusal("file_is_something_else", name, kind=kind.upper()))
    for part in names:
        if part.lower().endswith(".rels"):
            for node in _root(package, part):
                if rules.reaches_out(node.get("Type", ""), node.get("TargetMode", "")):
                    raise Refused(rules.refusal("file_reaches_out", name))
        elif part.lower().endswith((".xml", ".vml")):
            with package.open(part) as source:
                _refuse_document_type(source, name)


def _root(package: zipfile.ZipFile, part: str) -> Element:
    with package.open(part) as source:
        root: Element = parse(source, forbid_dtd=True).getroot()
    return root


class _RootReached(Exception):
    """The root element has begun: no document type can follow."""


def _refuse_document_type(source: IO[bytes], name: str) -> None:
    """Refuse XML that declares a document type, and with it every entity; nothing beyond the root is read."""

    def refuse(*_args: object) -> NoReturn:
        raise Refused(rules.refusal("file_reaches_out", name))

    def begun(*_args: object) -> NoReturn:
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = begun
    try:
        while chunk := source.read(8192):
            parser.Parse(chunk, False)
    except _RootReached:
        return
