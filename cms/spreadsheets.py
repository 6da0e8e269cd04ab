"""Spreadsheets that leave the academy, safe to open: every .xlsx and .csv is written here, cell by cell."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO, TextIOWrapper
from typing import IO, Any
from urllib.parse import quote

from django.http import HttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"
#: A cell that begins with one of these is a formula to some program (OWASP, “CSV injection”).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
TITLE_LENGTH = 31


def neutral(value: Any) -> str | int | float | Decimal | None:
    """``value`` as a cell that no program takes for a formula.

    Figures stay figures; anything else becomes text, without the characters that a sheet cannot hold.
    """
    if value is None or isinstance(value, (int, float, Decimal)):
        return value
    text: str = ILLEGAL_CHARACTERS_RE.sub("", str(value))
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def as_text(value: Any) -> str:
    """``value`` as neutral text: no phone or number is rounded when the file comes back."""
    return str(neutral("" if value is None else str(value)))


@dataclass(frozen=True)
class Sheet:
    """One sheet: its header stays in view, its rows are written as they come.

    ``widths`` are those of the first columns, in characters; with ``is_text`` every cell is text.
    """

    title: str
    heads: Sequence[Any]
    rows: Iterable[Sequence[Any]]
    widths: Sequence[int] = field(default=(38,))
    is_text: bool = False


def write(target: IO[bytes], sheets: Iterable[Sheet]) -> None:
    """Write a workbook; rows are streamed, so that a long list needs little memory."""
    book = Workbook(write_only=True)
    for wanted in sheets:
        cell_of = as_text if wanted.is_text else neutral
        sheet = book.create_sheet(wanted.title[:TITLE_LENGTH])
        sheet.freeze_panes = "A2"
        for number, width in enumerate(wanted.widths, 1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.append([_head(sheet, head) for head in wanted.heads])
        for row in wanted.rows:
            sheet.append([cell_of(value) for value in row])
    book.save(target)


def write_csv(target: IO[bytes], sheet: Sheet) -> None:
    """Write one sheet as text in UTF-8, with the mark by which spreadsheet programs know it."""
    text = TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([as_text(head) for head in sheet.heads])
    for row in sheet.rows:
        writer.writerow([as_text(value) for value in row])
    text.flush()
    # The caller goes on with the file: it must not be closed with its wrapper.
    text.detach()


def workbook(*sheets: Sheet) -> bytes:
    """The same as bytes."""
    target = BytesIO()
    write(target, sheets)
    return target.getvalue()


def attachment(content: bytes, name: str) -> HttpResponse:
    """``content`` as a download with its Chinese ``name`` (RFC 6266); caches keep no copy."""
    kind, plain_name = (CSV_TYPE, "export.csv") if name.endswith(".csv") else (CONTENT_TYPE, "export.xlsx")
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f"attachment; filename=\"{plain_name}\"; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store"
    return response


def _head(sheet: Any, head: Any) -> Any:
    cell = WriteOnlyCell(sheet, value=as_text(head))
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="F3E9E0")
    cell.alignment = Alignment(horizontal="center")
    return cell
