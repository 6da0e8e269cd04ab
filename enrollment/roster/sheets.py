"""Spreadsheets that leave the academy: the rows to correct, and the people of organizations.

Every cell is text, so that no phone or number is rounded when the file comes back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.utils.translation import gettext as _

from cms.spreadsheets import Sheet, write, write_csv
from enrollment.roster.verdict import problems_of

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
    sheet = Sheet(
        title=_("Rows to correct"),
        heads=[*titles, _("What to correct")],
        rows=rows,
        widths=[*([16] * len(titles)), 70],
        is_text=True,
    )
    write(target, [sheet])
    return len(wrong)


def _date(day: dt.date | None) -> str:
    """The first of a month stands for the month (see ``Trainee.born_on``)."""
    if day is None:
        return ""
    return day.strftime("%Y.%m") if day.day == 1 else day.isoformat()


#: The kinds of file that people are written as.
KINDS = ("xlsx", "csv")


def write_people(target: IO[bytes], people: Iterable[Mapping[str, Any]], *, kind: str = "xlsx") -> None:
    """People as a roster (``kind`` is one of ``KINDS``) that the importer reads back without a change.

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
    sheet = Sheet(
        title="党员花名册",
        heads=PEOPLE_HEADERS,
        rows=rows,
        widths=[12, 6, 10, 12, 12, 12, 10, 36, 12, 15, 24],
        is_text=True,
    )
    if kind == "csv":
        write_csv(target, sheet)
    else:
        write(target, [sheet])
