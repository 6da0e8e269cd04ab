"""Figures and lists as spreadsheets that are safe to open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: A cell that begins with one of these is a formula to some program (OWASP, “CSV injection”).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def neutral(value: Any) -> Any:
    """``value`` as a cell that no program takes for a formula; figures stay figures."""
    if value is None or isinstance(value, (int, float)):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def workbook(sheets: Iterable[tuple[str, Sequence[Any], Iterable[Sequence[Any]]]]) -> bytes:
    """A workbook of ``(title, heads, rows)``; rows are streamed, so that a long list needs little memory."""
    book = Workbook(write_only=True)
    for title, heads, rows in sheets:
        sheet = book.create_sheet(title[:31])
        sheet.freeze_panes = "A2"
        sheet.column_dimensions["A"].width = 38
        cells = []
        for head in heads:
            cell = WriteOnlyCell(sheet, value=neutral(str(head)))
            cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)
        for row in rows:
            sheet.append([neutral(value) for value in row])
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def attachment(content: bytes, name: str) -> HttpResponse:
    """``content`` as a download called ``name``, with its Chinese name kept (RFC 6266)."""
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    response["Content-Disposition"] = f"attachment; filename=\"export.xlsx\"; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store"
    return response
