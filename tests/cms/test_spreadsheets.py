"""Spreadsheets that leave the academy open as what they are: text and figures, never a program."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from cms.spreadsheets import Sheet, as_text, attachment, neutral, workbook

FORMULAS = ["=1+1", "+1", "-1", "@x", "\tx", "\n=1"]


def read(content: bytes):
    return load_workbook(BytesIO(content))


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_program_would_run_becomes_text(text):
    assert neutral(text) == f"'{text}"
    assert as_text(text) == f"'{text}"
    sheet = read(workbook(Sheet("名单", [text], [[text]]))).active
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert all(cell.value.startswith("'") for row in sheet.iter_rows() for cell in row)


def test_a_formula_cannot_hide_behind_a_character_that_no_sheet_holds():
    assert neutral("\x00=1+1") == "'=1+1"
    assert neutral("张\x0b三") == "张三"


def test_figures_stay_figures():
    figures = [3, 2.5, None, -4, Decimal("1.25")]
    assert [neutral(value) for value in figures] == figures
    [row] = read(workbook(Sheet("学时", list("甲乙丙丁戊"), [figures]))).active.iter_rows(
        min_row=2, values_only=True
    )
    assert list(row) == [3, 2.5, None, -4, 1.25]


def test_a_sheet_of_text_keeps_every_digit():
    sheet = Sheet("花名册", ["手机号", "备注"], [[13900000001, None], ["007", -1]], is_text=True)
    rows = list(read(workbook(sheet)).active.iter_rows(min_row=2, values_only=True))
    assert rows == [("13900000001", None), ("007", "'-1")]


def test_the_header_stays_in_view_and_columns_have_their_width():
    book = read(workbook(Sheet("一", ["甲", "乙"], [], widths=(12, 30)), Sheet("二" * 40, ["丙"], [])))
    first, second = book.worksheets
    assert (first.freeze_panes, first["A1"].font.bold) == ("A2", True)
    assert (first.column_dimensions["A"].width, first.column_dimensions["B"].width) == (12, 30)
    assert second.title == "二" * 31


def test_a_download_keeps_its_chinese_name_and_is_not_cached():
    answer = attachment(workbook(Sheet("一", ["甲"], [])), "学时 2026.xlsx")
    assert unquote(answer["Content-Disposition"]).endswith("filename*=UTF-8''学时 2026.xlsx")
    assert answer["Cache-Control"] == "no-store"
    assert read(answer.content).active["A1"].value == "甲"
