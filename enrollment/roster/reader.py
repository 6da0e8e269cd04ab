"""Reads a roster from .xlsx or .csv, row by row, with nothing but cells coming out."""

from __future__ import annotations

import csv
import io
import itertools
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from cms.refusals import Refused
from enrollment.roster import guard, messages
from enrollment.roster.packages import MAX_COLUMNS, is_workbook, opened_workbook
from enrollment.rules.roster import Column, Header, header_at, is_footer, is_header_again, plain
from enrollment.rules.roster.columns import HEADER_WITHIN
from enrollment.rules.roster.mapping import (
    Remembered,
    example,
    examples,
    find_told_header,
    likely_header,
    understood,
)

MAX_ROWS = 50_000
#: Formatted but empty rows are read past; a sheet cannot have more than this.
MAX_ROWS_SCANNED = 1_048_576
#: A merged cell in these columns holds for every row it spans (one organization for many people).
_SPANNING = frozenset({Column.ORGANIZATION, Column.POST, Column.STATUS, Column.NOTE})
Finder = Callable[[Sequence[Sequence[object]]], Header | None]
#: So many rows are looked at for examples of a column, and shown to choose the header from.
LOOKED_AT = 200
#: A row to choose the header from is shown up to this length.
LONGEST_ROW = 80


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


@dataclass(frozen=True)
class Glance:
    """A file at first sight: a header (found or likely), the rows that could be one, and examples by place.

    Numbers as long as a phone are masked; ``choices`` are row numbers with what stands there.
    """

    header: Header
    is_named: bool
    choices: list[tuple[int, str]]
    examples: dict[int, list[str]]


def _finder(remembered: Remembered | None, row: int | None) -> Finder:
    """How the header is found: at ``row`` (from 1) where somebody said so."""

    def find(rows: Sequence[Sequence[object]]) -> Header | None:
        if row is None:
            return find_told_header(rows, remembered or {})
        return understood(header_at(rows, row - 1), remembered or {}) if row <= len(rows) else None

    return find


@contextmanager
def open_roster(
    file: IO[bytes], *, remembered: Remembered | None = None, header_row: int | None = None
) -> Iterator[Sheet]:
    """The roster in ``file`` (seekable, binary), its columns as ``remembered`` for their headings.

    Raises:
        Refused: one sentence when it cannot be read.
    """
    find = _finder(remembered, header_row)
    if not is_workbook(file):
        yield _open_text(file, find)
        return
    with opened_workbook(file) as (book, archive):
        yield _sheet_with_header(book, archive, find)


def glance_at(
    file: IO[bytes], *, remembered: Remembered | None = None, header_row: int | None = None
) -> Glance:
    """What stands at the head of ``file``: for a person to say what each column holds.

    Raises:
        Refused: it cannot be read, or no row of it can be a header.
    """
    find = _finder(remembered, header_row)
    if not is_workbook(file):
        heads = [[row for _number, row in itertools.islice(_records(file), LOOKED_AT)]]
    else:
        with opened_workbook(file) as (book, _archive):
            heads = [
                list(sheet.iter_rows(values_only=True, max_row=LOOKED_AT, max_col=MAX_COLUMNS, min_row=1))
                for sheet in _visible(book)
            ]
    for look in (find, likely_header):
        for rows in heads:
            if header := look(rows):
                return Glance(
                    header=header,
                    is_named=look is find,
                    choices=_choices(rows),
                    examples={place: examples(rows[header.last_row :], place) for place in header.titles},
                )
    raise Refused(messages.file_reason("no_header"))


def _choices(rows: Sequence[Sequence[Any]]) -> list[tuple[int, str]]:
    """The rows that a header may stand in, each with what it says."""
    found = []
    for number, cells in enumerate(rows[:HEADER_WITHIN], 1):
        texts = [text for cell in cells if (text := example(cell))]
        if texts:
            found.append((number, "、".join(texts)[:LONGEST_ROW]))
    return found


# --- .xlsx ---------------------------------------------------------------------------------------


def _visible(book: Any) -> Iterator[Any]:
    """The visible sheets of cells, to their last row whatever their own word about it."""
    for worksheet in book.worksheets:
        if getattr(worksheet, "sheet_state", "visible") != "visible" or not hasattr(
            worksheet, "reset_dimensions"
        ):
            continue
        worksheet.reset_dimensions()
        yield worksheet


def _sheet_with_header(book: Any, archive: zipfile.ZipFile, find: Finder) -> Sheet:
    """The first visible sheet that has a header; the others are named in a note."""
    chosen: tuple[Any, Header] | None = None
    also: list[str] = []
    for worksheet in _visible(book):
        head = list(
            worksheet.iter_rows(values_only=True, max_row=HEADER_WITHIN + 1, max_col=MAX_COLUMNS, min_row=1)
        )
        header = find(head)
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


def _records(file: IO[bytes]) -> Iterator[tuple[int, Sequence[Any]]]:
    """Numbered records of a text. What a spreadsheet program shows as row 7 is the seventh record."""
    text = decode(file.read())
    start = "\n".join(text.splitlines()[:HEADER_WITHIN])
    delimiter = max(",;\t", key=start.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, row in enumerate(lines, 1):
            yield number, row[:MAX_COLUMNS]
    except csv.Error as error:
        raise Refused(messages.file_reason("broken")) from error


def _open_text(file: IO[bytes], find: Finder) -> Sheet:
    source = _records(file)
    head = list(itertools.islice(source, HEADER_WITHIN + 1))
    header = find([row for _number, row in head])
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
