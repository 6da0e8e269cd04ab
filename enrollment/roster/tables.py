"""Reads the rows of any table from .xlsx or .csv, behind the same guard as a roster."""

from __future__ import annotations

import csv
import io
import itertools
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from cms.refusals import Refused
from enrollment.roster import guard, messages
from enrollment.roster.reader import MAX_COLUMNS, decode

_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_MAGIC = b"PK\x03\x04"


@dataclass
class Table:
    """Its rows in order; ``without_value`` are cells (row, column, from 1) with formulas never calculated."""

    rows: list[Sequence[Any]]
    without_value: set[tuple[int, int]] = field(default_factory=set)


def read_table(file: IO[bytes], *, most_rows: int) -> Table:
    """The first visible sheet of ``file`` (seekable, binary), at most ``most_rows`` rows.

    Raises:
        Refused: one sentence why the file cannot be read.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size == 0:
        raise Refused(messages.file_reason("empty"))
    if size > guard.MAX_BYTES:
        raise Refused(messages.file_reason("too_large", megabytes=guard.MAX_BYTES // 1024 // 1024))
    magic = file.read(8)
    file.seek(0)
    if magic.startswith(_OLE_MAGIC):
        raise Refused(messages.file_reason("old_or_encrypted"))
    if magic.startswith(_ZIP_MAGIC):
        return _workbook(file, size, most_rows)
    return _text(file, most_rows)


def _workbook(file: IO[bytes], size: int, most_rows: int) -> Table:
    try:
        with zipfile.ZipFile(file) as archive:
            guard.check_package(archive, size)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                sheet: Any = next(one for one in book.worksheets if one.sheet_state == "visible")
                sheet.reset_dimensions()
                with archive.open(sheet._worksheet_path) as source:
                    facts = guard.facts_of(source)
                rows = sheet.iter_rows(values_only=True, max_row=most_rows, max_col=MAX_COLUMNS, min_row=1)
                return Table(list(rows), facts.without_value)
            finally:
                book.close()
    except Refused:
        raise
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        StopIteration,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        EOFError,
        OSError,
        SyntaxError,
        NotImplementedError,
        OverflowError,
    ) as error:
        # Whatever a damaged package makes the library stumble over, people hear one sentence.
        raise Refused(messages.file_reason("broken")) from error


def _text(file: IO[bytes], most_rows: int) -> Table:
    text = decode(file.read())
    start = "\n".join(text.splitlines()[:30])
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=start.count))
    try:
        return Table([row[:MAX_COLUMNS] for row in itertools.islice(lines, most_rows)])
    except csv.Error as error:
        raise Refused(messages.file_reason("broken")) from error
