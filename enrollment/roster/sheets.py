"""Spreadsheets that leave the academy: the rows to correct, and the people of organizations.

Text that a spreadsheet program would take for a formula is neutralised; phones and numbers are written as
text, so that nothing is rounded when the file comes back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from enrollment.roster.verdict import problems_of

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: What a member's row is written as; the importer reads every one of these headers.
PEOPLE_HEADERS = (
    "姓名", "性别", "民族", "出生年月", "学历", "入党时间", "党员类型", "所在党组织", "党内职务", "手机号",
    "备注",
)  # fmt: skip
_GENDERS = {"m": "男", "f": "女"}
_STATUSES = {"full": "正式党员", "probationary": "预备党员"}
_POSTS = {
    "secretary": "书记",
    "deputy_secretary": "副书记",
    "organization_member": "组织委员",
    "publicity_member": "宣传委员",
    "discipline_member": "纪检委员",
    "committee_member": "委员",
    "affairs_worker": "党务工作者",
    "member": "",
}


def harmless(value: Any) -> str:
    """``value`` as text that no spreadsheet program runs: an apostrophe goes before what begins a formula."""
    text = "" if value is None else ILLEGAL_CHARACTERS_RE.sub("", str(value))
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def _write(
    target: IO[bytes],
    *,
    title: str,
    headers: Sequence[str],
    rows: Iterable[Sequence[Any]],
    widths: Sequence[int],
) -> None:
    """A sheet with a header that stays in view, every cell text, written as a stream."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    head = []
    for header in headers:
        cell = WriteOnlyCell(sheet, value=harmless(header))
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="F3E9E0")
        cell.alignment = Alignment(horizontal="center")
        head.append(cell)
    sheet.append(head)
    for row in rows:
        sheet.append([harmless(value) for value in row])
    book.save(target)


def write_corrections(target: IO[bytes], verdict: Mapping[str, Any]) -> int:
    """The rows that could not be taken, as they came, each with the reasons; returns how many.

    The file has the header it came with, so that it can be corrected and sent again.
    """
    titles = [column["title"] for column in verdict["columns"]]
    wrong = [row for row in verdict["rows"] if row["outcome"] == "error"]
    rows = (
        [
            *(list(row.get("raw", [])) + [""] * len(titles))[: len(titles)],
            " ".join(f"{problem['label']}:{problem['message']}" for problem in problems_of(row)),
        ]
        for row in wrong
    )
    _write(
        target,
        title=_("Rows to correct"),
        headers=[*titles, _("What to correct")],
        rows=rows,
        widths=[*([16] * len(titles)), 70],
    )
    return len(wrong)


def _date(day: dt.date | None) -> str:
    """The first of a month stands for the month (see ``Trainee.born_on``)."""
    if day is None:
        return ""
    return day.strftime("%Y.%m") if day.day == 1 else day.isoformat()


def write_people(target: IO[bytes], people: Iterable[Mapping[str, Any]]) -> None:
    """People as a roster that the importer reads back without a change.

    Each has the fields of ``Trainee`` by name, ``organization`` (full name) and ``post``.
    """
    rows = (
        (
            person["name"],
            _GENDERS.get(person["gender"], ""),
            person["ethnicity"],
            _date(person["born_on"]),
            person["education"],
            _date(person["joined_on"]),
            _STATUSES.get(person["member_status"], ""),
            person["organization"],
            _POSTS.get(person["post"], ""),
            person["phone"],
            person["note"],
        )
        for person in people
    )
    _write(
        target,
        title="党员花名册",
        headers=PEOPLE_HEADERS,
        rows=rows,
        widths=[12, 6, 10, 12, 12, 12, 10, 36, 12, 15, 24],
    )
