"""Reads the rows of any table from .xlsx or .csv, behind the same guard as a roster."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from cms.refusals import Refused
from enrollment.roster import guard, messages
from enrollment.roster.packages import MAX_COLUMNS, is_workbook, opened_workbook
from enrollment.roster.reader import decode


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
    if not is_workbook(file):
        return _text(file, most_rows)
    with opened_workbook(file) as (book, archive):
        sheet: Any = next((one for one in book.worksheets if one.sheet_state == "visible"), None)
        if sheet is None:
            raise Refused(messages.file_reason("broken"))
        sheet.reset_dimensions()
        with archive.open(sheet._worksheet_path) as source:
            facts = guard.facts_of(source)
        rows = sheet.iter_rows(values_only=True, max_row=most_rows, max_col=MAX_COLUMNS, min_row=1)
        return Table(list(rows), facts.without_value)


def _text(file: IO[bytes], most_rows: int) -> Table:
    text = decode(file.read())
    start = "\n".join(text.splitlines()[:30])
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=start.count))
    try:
        return Table([row[:MAX_COLUMNS] for row in itertools.islice(lines, most_rows)])
    except csv.Error as error:
        raise Refused(messages.file_reason("broken")) from error
