"""Reads a roster from .xlsx or .csv, row by row, with nothing but cells coming out."""

from __future__ import annotations

import csv
import io
import itertools
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from cms.refusals import Refused
from enrollment.roster import guard, messages
from enrollment.roster.packages import MAX_COLUMNS, is_workbook, opened_workbook
from enrollment.rules.roster import Column, Header, find_header, is_footer, is_header_again, plain
from enrollment.rules.roster.columns import HEADER_WITHIN

MAX_ROWS = 50_000
#: Formatted but empty rows are read past; a sheet cannot have more than this.
MAX_ROWS_SCANNED = 1_048_576
#: A merged cell in these columns holds for every row it spans (one organization for many people).
_SPANNING = frozenset({Column.ORGANIZATION, Column.POST, Column.STATUS, Column.NOTE})


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row about a person. ``number`` is the row number that the spreadsheet program shows."""

    number: int
    cells: dict[Column, Any]
    raw: tuple[Any, ...]
    without_value: frozenset[Column] = frozenset()


@dataclass
class Sheet:
    """An opened roster: its header, and its rows as they are read."""

    header: Header
    rows: Iterator[SheetRow]
    title: str = ""
    notes: list[str] = field(default_factory=list)


@contextmanager
def open_roster(file: IO[bytes]) -> Iterator[Sheet]:
    """The roster in ``file`` (seekable, binary); ``Refused`` with one sentence when it cannot be read."""
    if not is_workbook(file):
        yield _open_text(file)
        return
    with opened_workbook(file) as (book, archive):
        yield _sheet_with_header(book, archive)


# --- .xlsx ---------------------------------------------------------------------------------------


def _sheet_with_header(book: Any, archive: zipfile.ZipFile) -> Sheet:
    """The first visible sheet that has a header; the others are named in a note."""
    chosen: tuple[Any, Header] | None = None
    also: list[str] = []
    for worksheet in book.worksheets:
        if getattr(worksheet, "sheet_state", "visible") != "visible" or not hasattr(
            worksheet, "reset_dimensions"
        ):
            continue
        worksheet.reset_dimensions()
        head = list(
            worksheet.iter_rows(values_only=True, max_row=HEADER_WITHIN + 1, max_col=MAX_COLUMNS, min_row=1)
        )
        header = find_header(head)
        if header is None:
            continue
        if chosen is None:
            chosen = (worksheet, header)
        else:
            also.append(str(worksheet.title))
    if chosen is None:
        raise Refused(messages.file_reason("no_header"))
    worksheet, header = chosen
    with archive.open(worksheet._worksheet_path) as source:
        facts = guard.facts_of(source)
    notes = []
    if also:
        notes.append("other_sheets")
    if facts.formulas:
        notes.append("formulas")
    values = worksheet.iter_rows(values_only=True, max_col=MAX_COLUMNS, min_row=1)
    return Sheet(
        header=header,
        rows=_people(enumerate(values, 1), header, facts),
        title=str(worksheet.title),
        notes=notes,
    )


# --- .csv ----------------------------------------------------------------------------------------


def decode(data: bytes) -> str:
    """Text in UTF-8 (with or without a mark), UTF-16 with a mark, or GB18030."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\x00" in data[:4096]:
        raise Refused(messages.file_reason("not_a_spreadsheet"))
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused(messages.file_reason("not_a_spreadsheet"))


def _open_text(file: IO[bytes]) -> Sheet:
    text = decode(file.read())
    start = "\n".join(text.splitlines()[:HEADER_WITHIN])
    delimiter = max(",;\t", key=start.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)

    def cells() -> Iterator[tuple[int, Sequence[Any]]]:
        try:
            for row in lines:
                # What a spreadsheet program shows as row 7 is the seventh record, whatever line it begins on.
                yield next(numbers), row[:MAX_COLUMNS]
        except csv.Error as error:
            raise Refused(messages.file_reason("broken")) from error

    numbers = itertools.count(1)
    source = cells()
    head = list(itertools.islice(source, HEADER_WITHIN + 1))
    header = find_header([row for _number, row in head])
    if header is None:
        raise Refused(messages.file_reason("no_header"))
    return Sheet(header=header, rows=_people(itertools.chain(head, source), header, guard.SheetFacts()))


# --- rows ----------------------------------------------------------------------------------------


def _spans(header: Header, facts: guard.SheetFacts) -> dict[int, tuple[int, int]]:
    """Row → the first row and place of the merged cell of one spanning column, by (row, place)."""
    spans: dict[int, tuple[int, int]] = {}
    for top, left, bottom, right in facts.merged:
        for place in range(left - 1, min(right, MAX_COLUMNS)):
            if header.columns.get(place) in _SPANNING:
                for row in range(top + 1, min(bottom, top + MAX_ROWS) + 1):
                    spans[row * MAX_COLUMNS + place] = (top, left - 1)
    return spans


def _people(
    numbered: Iterator[tuple[int, Sequence[Any]]], header: Header, facts: guard.SheetFacts
) -> Iterator[SheetRow]:
    """The rows that are about people: not blank, not a subtotal, not the header again."""
    spans = _spans(header, facts)
    heads = {(top, place) for top, place in spans.values()}
    spanning: dict[tuple[int, int], Any] = {}
    places = [(place, column) for place, column in header.columns.items() if column is not Column.NUMBER]
    count = 0
    for number, values in numbered:
        if number > MAX_ROWS_SCANNED:
            break
        for place, _column in places:
            if (number, place) in heads and place < len(values):
                spanning[number, place] = values[place]
        if number <= header.last_row:
            continue
        missing = frozenset(column for place, column in places if (number, place + 1) in facts.without_value)
        if not missing and not any(
            place < len(values) and values[place] is not None and plain(values[place])
            for place, _column in places
        ):
            continue
        if is_footer(values, header) or is_header_again(values, header):
            continue
        count += 1
        if count > MAX_ROWS:
            raise Refused(messages.file_reason("too_many_rows", rows=MAX_ROWS))
        cells: dict[Column, Any] = {
            column: values[place] if place < len(values) else None for place, column in places
        }
        for place, column in places:
            if cells[column] is None and (origin := spans.get(number * MAX_COLUMNS + place)):
                cells[column] = spanning.get(origin)
        yield SheetRow(number=number, cells=cells, raw=tuple(values), without_value=missing)
