"""Which row of a sheet is the header, which column is which, and which rows are no people at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from enrollment.rules.roster.cells import plain


class Column(StrEnum):
    """What a column of a roster can tell."""

    NUMBER = "number"
    NAME = "name"
    GENDER = "gender"
    ETHNICITY = "ethnicity"
    BORN = "born_on"
    EDUCATION = "education"
    JOINED = "joined_on"
    STATUS = "member_status"
    ORGANIZATION = "organization"
    POST = "post"
    PHONE = "phone"
    IDENTITY = "identity"
    NOTE = "note"


_SYNONYMS: dict[Column, tuple[str, ...]] = {
    Column.NUMBER: ("序号", "编号", "序", "no", "no.", "#"),
    Column.NAME: ("姓名", "党员姓名", "名字", "人员姓名", "成员姓名", "name"),
    Column.GENDER: ("性别", "gender", "sex"),
    Column.ETHNICITY: ("民族", "族别", "ethnicgroup", "ethnicity"),
    Column.BORN: (
        "出生年月",
        "出生日期",
        "出生年月日",
        "出生时间",
        "生日",
        "出生",
        "dateofbirth",
        "birthday",
        "born",
    ),
    Column.EDUCATION: ("学历", "文化程度", "最高学历", "学历学位", "教育程度", "education"),
    Column.JOINED: (
        "入党时间",
        "入党日期",
        "入党年月",
        "加入党组织日期",
        "加入中共时间",
        "入党",
        "加入党组织时间",
        "joinedthepartyon",
        "joined",
    ),
    Column.STATUS: (
        "党员类型",
        "党员类别",
        "人员类别",
        "政治面貌",
        "党员状态",
        "党籍状态",
        "memberstatus",
        "status",
    ),
    Column.ORGANIZATION: (
        "所在党组织",
        "所属党组织",
        "党组织",
        "党组织名称",
        "所在党支部",
        "所在支部",
        "所属支部",
        "党支部",
        "党支部名称",
        "支部名称",
        "支部",
        "组织关系所在党组织",
        "所属党支部",
        "党组织代码",
        "组织代码",
        "organization",
    ),
    Column.POST: (
        "党内职务",
        "党组织职务",
        "党务职务",
        "职务",
        "现任党内职务",
        "支部职务",
        "党内任职",
        "post",
    ),
    Column.PHONE: (
        "手机号",
        "手机号码",
        "手机",
        "联系电话",
        "电话",
        "联系方式",
        "移动电话",
        "电话号码",
        "联系手机",
        "mobilephone",
        "mobile",
        "phone",
    ),
    Column.IDENTITY: (
        "身份证号",
        "身份证号码",
        "公民身份号码",
        "身份证",
        "证件号码",
        "身份号码",
        "identitynumber",
    ),
    Column.NOTE: ("备注", "说明", "备注说明", "note", "remarks"),
}
_COLUMN_OF = {synonym: column for column, synonyms in _SYNONYMS.items() for synonym in synonyms}
_ASIDE = re.compile(r"[((\[【].*?[))\]】]|[*＊::\s]|(?:必填|选填)")
#: The header stands within the first rows, under titles and notes.
HEADER_WITHIN = 30


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header is and what it says. ``row`` counts from 1, ``last_row`` is its lower line.

    ``is_told``: somebody said what its columns hold; otherwise their headings did.
    """

    row: int
    last_row: int
    columns: Mapping[int, Column]
    titles: Mapping[int, str]
    is_told: bool = False

    def where(self, column: Column) -> int | None:
        """The place of ``column``, counted from 0."""
        return next((place for place, found in self.columns.items() if found is column), None)


def column_named(title: object) -> Column | None:
    """The column that a header cell names, with its notes in brackets, stars and spaces taken away."""
    return _COLUMN_OF.get(_ASIDE.sub("", plain(title)).lower())


def _columns_of(cells: Sequence[object]) -> dict[int, Column]:
    """The columns named by a row; of two of one kind the first counts."""
    columns: dict[int, Column] = {}
    for place, cell in enumerate(cells):
        column = column_named(cell) if isinstance(cell, str) else None
        if column is not None and column not in columns.values():
            columns[place] = column
    return columns


def header_at(rows: Sequence[Sequence[object]], place: int) -> Header:
    """Row ``place`` (from 0) taken for the header, with whatever columns its headings name."""
    cells = rows[place]
    titles = {column: text for column, cell in enumerate(cells) if (text := plain(cell))}
    return Header(row=place + 1, last_row=place + 1, columns=_columns_of(cells), titles=titles)


def find_header(rows: Sequence[Sequence[object]]) -> Header | None:
    """The header among the first ``rows`` of a sheet: the row that names most columns, a name among them.

    A header of two lines (a group above, its parts below) is read as one.
    """
    best: tuple[int, dict[int, Column]] | None = None
    for index, cells in enumerate(rows[:HEADER_WITHIN]):
        columns = _columns_of(cells)
        if Column.NAME not in columns.values() or len(columns) < 2:
            continue
        if best is None or len(columns) > len(best[1]):
            best = (index, columns)
    if best is None:
        return None
    index, columns = best
    last = index
    if index + 1 < len(rows):
        name_place = next(place for place, column in columns.items() if column is Column.NAME)
        below = rows[index + 1]
        more = {
            place: column
            for place, column in _columns_of(below).items()
            if place not in columns and column not in columns.values()
        }
        if more and not plain(below[name_place] if name_place < len(below) else None):
            columns, last = {**columns, **more}, index + 1
    titles = {
        place: plain(
            rows[last][place] if place < len(rows[last]) and plain(rows[last][place]) else rows[index][place]
        )
        for place in range(len(rows[index]))
        if plain(rows[index][place])
        or (last > index and place < len(rows[last]) and plain(rows[last][place]))
    }
    return Header(row=index + 1, last_row=last + 1, columns=dict(sorted(columns.items())), titles=titles)


_FOOTER = re.compile(
    r"^(本页)?(合计|小计|总计|共计|总人数|填表人|填报人|填表日期|填报日期|填表单位|填报单位|制表|制表人|制表日期|审核|审核人|经办人"
    r"|负责人|联系人|盖章|单位盖章|党组织盖章|党支部书记签字|书记签字|签字|签名|注|注意|备注|说明|填表说明|以下空白|此行以下)"
    r"(\W|\d|$)"
)
_COUNT = re.compile(r"^共?计?\d+(人|名|名党员|人次)$")
_FIGURE = re.compile(r"^\d{1,5}$")


def is_footer(cells: Sequence[object], header: Header) -> bool:
    """Whether a row is a subtotal, a signature line or a note rather than a person."""
    said = [(place, text) for place, cell in enumerate(cells) if (text := plain(cell))]
    if not said:
        return False
    texts = [text.replace(" ", "") for _place, text in said]
    if not (_FOOTER.match(texts[0]) or any(_COUNT.match(text) for text in texts)):
        return False
    return not any(
        header.columns.get(place) in _TELLING and not any(p.match(text) for p in (_FOOTER, _COUNT, _FIGURE))
        for (place, _said), text in zip(said, texts, strict=True)
    )


#: A row that says any of these is about a person, whatever else is in it.
_TELLING = frozenset(
    {Column.BORN, Column.JOINED, Column.ORGANIZATION, Column.POST, Column.PHONE, Column.IDENTITY}
)


def is_header_again(cells: Sequence[object], header: Header) -> bool:
    """Whether a row repeats the header, as sheets made of printed pages do."""
    named = sum(
        1
        for place, column in header.columns.items()
        if place < len(cells)
        and (
            column_named(cells[place]) is column
            or (header.is_told and plain(cells[place]) == header.titles.get(place))
        )
    )
    return named >= 2
