"""A table of training bases: which column is which, what a row says, and what it changes. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules.organization_table import (
    CHANGED,
    ERROR,
    FORMULA,
    HEADER_WITHIN,
    MISSING,
    NEW,
    TAG_SEPARATOR,
    TWICE,
    UNCHANGED,
    UNKNOWN,
    Line,
    Verdict,
)
from enrollment.rules.roster.cells import plain, read_date, says_nothing

#: Field of a base → how its column is called; the first is what an export writes.
TITLES: dict[str, tuple[str, ...]] = {
    "code": ("编号", "基地编号", "编码"),
    "name": ("名称", "基地名称"),
    "status": ("状态",),
    "unit": ("所在单位", "单位", "单位名称"),
    "organization": ("党组织编号",),
    "organization_name": ("党组织名称", "党组织"),
    "park": ("园区编号", "所属园区编号"),
    "field": ("产业领域",),
    "chain": ("产业链",),
    "theme": ("主题",),
    "summary": ("简介",),
    "teaching_points": ("教学点", "现场教学点"),
    "guides": ("讲解人",),
    "address": ("地址",),
    "latitude": ("纬度",),
    "longitude": ("经度",),
    "route": ("乘车路线", "路线"),
    "coach_spaces": ("大巴车位",),
    "parking_note": ("停车说明",),
    "is_step_free": ("无障碍通行",),
    "accessibility": ("无障碍说明",),
    "capacity_per_batch": ("每批人数",),
    "batches_per_day": ("每日批次",),
    "visit_minutes": ("参访时长", "参访时长（分钟）"),
    "open_weekdays": ("开放日",),
    "opens_at": ("开放时间",),
    "closes_at": ("关闭时间",),
    "lead_days": ("提前工作日",),
    "contact_name": ("联系人",),
    "contact_phone": ("联系电话",),
    "photo_rule": ("拍照要求",),
    "confidentiality_rule": ("保密要求",),
    "dress_rule": ("着装要求",),
    "modules": ("对应模块编号", "对应模块"),
    "title_level": ("称号级别",),
    "title_awarded_on": ("授予日期",),
    "title_expires_on": ("称号到期", "到期日期"),
}
_FIELD_OF = {title: name for name, titles in TITLES.items() for title in titles}
#: A row of a new base says at least this.
NEEDED = ("code", "name", "unit", "theme", "address")
STATUSES = {"draft": "筹备中", "active": "接待中", "suspended": "已暂停", "retired": "已退出"}
LEVELS = {"": "", "province": "省级", "city": "市级", "district": "区级"}
DAYS = "一二三四五六日"
YES, NO = "是", "否"
FIGURES = ("coach_spaces", "capacity_per_batch", "batches_per_day", "visit_minutes", "lead_days")
MOST = 32_767
CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")

NO_HEADER = Reason(
    "table_no_header",
    _("No header was found in the first 30 rows; one row must name the columns “编号” and “名称”."),
    field="file",
)
NO_ROWS = Reason("table_empty", _("The table has a header but no bases under it."), field="file")
TOO_MANY_ROWS = Reason(
    "table_too_long",
    _("The table has more than %(rows)s bases; split it and send the parts one by one."),
    field="file",
)
NOT_A_CODE = Reason(
    "cell_not_a_code", _("“%(value)s” is no code; use letters, digits, “-” and “_”, at most 40.")
)
NOT_A_FIGURE = Reason("cell_not_a_figure", _("“%(value)s” in “%(title)s” is not a whole number."))
NOT_A_PLACE = Reason("cell_not_a_place", _("“%(value)s” in “%(title)s” is not in degrees, like 36.6812."))
NOT_A_TIME = Reason("cell_not_a_time", _("“%(value)s” in “%(title)s” is not a time; write it like 09:00."))
NOT_A_DAY = Reason("cell_not_a_date", _("“%(value)s” in “%(title)s” is not a day; write it like 2025-06-30."))
NOT_WEEKDAYS = Reason("cell_not_weekdays", _("“%(value)s” are no weekdays; write them like 一二三四五."))
REFUSED = Reason("cell_refused", _("“%(title)s”: %(why)s"))
OWN_PAGE = Reason(
    "row_suspension", _("A base is suspended or lifted on its own page, with a reason; not by a table.")
)
HOURS_IN_ORDER = Reason("row_hours", _("A base closes after it opens."))
TITLE_IN_ORDER = Reason("row_title", _("A title cannot expire before it was awarded."))
CAN_RECEIVE = Reason(
    "row_capacity",
    _("A base takes at least one person a batch and one batch a day, for a quarter of an hour."),
)


def find_header(rows: Sequence[Sequence[object]]) -> tuple[int, dict[int, str]] | None:
    """The place of the header (from 0) and its fields by column; None without code and name."""
    for place, cells in enumerate(rows[:HEADER_WITHIN]):
        fields: dict[int, str] = {}
        for column, cell in enumerate(cells):
            name = _FIELD_OF.get(plain(cell).replace(" ", "").strip("*"))
            if name is not None and name not in fields.values():
                fields[column] = name
        if {"code", "name"} <= set(fields.values()):
            return place, fields
    return None


class Wrong(Exception):
    """A cell that does not say what its column wants."""

    def __init__(self, reason: Reason, value: str) -> None:
        super().__init__(reason.code)
        self.reason, self.value = reason, value


def _figure(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > MOST:
        raise Wrong(NOT_A_FIGURE, text)
    return int(text)


def _degrees(text: str) -> str | None:
    """Six decimals, as they are stored."""
    if not text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise Wrong(NOT_A_PLACE, text) from None
    if not found.is_finite() or abs(found) > 180:
        raise Wrong(NOT_A_PLACE, text)
    return str(found.quantize(Decimal("0.000001")))


def _time(raw: object, text: str) -> str:
    if isinstance(raw, dt.datetime):
        raw = raw.time()
    if isinstance(raw, dt.time):
        return f"{raw:%H:%M}"
    try:
        return f"{dt.time.fromisoformat(text.zfill(5)):%H:%M}"
    except ValueError:
        raise Wrong(NOT_A_TIME, text) from None


def _day(raw: object) -> str | None:
    reading = read_date(raw)
    # A month alone is no day on which a title runs out.
    if reading.fault is not None or (reading.value is not None and len(reading.value) != len("2025-06-30")):
        raise Wrong(NOT_A_DAY, plain(raw))
    return reading.value


def _weekdays(text: str) -> str:
    digits = {str(DAYS.index(sign) + 1) if sign in DAYS else sign for sign in text.replace("天", "日")}
    digits -= {"、", ",", " ", "周"}
    if not digits or not digits <= set("1234567"):
        raise Wrong(NOT_WEEKDAYS, text)
    return "".join(sorted(digits))


def _lines(raw: object) -> str:
    """A cell of several lines, each trimmed; a stroke between two counts as a new line."""
    text = str(raw if raw is not None else "").replace("｜", "\n").replace("|", "\n")
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _choice(text: str, choices: Mapping[str, str]) -> str:
    for value, words in choices.items():
        if text in (words, value):
            return value
    raise Wrong(UNKNOWN, text)


def _known(name: str, text: str, known: Mapping[str, Mapping[str, int]]) -> int | None:
    if not text:
        return None
    if text not in known[name]:
        raise Wrong(UNKNOWN, text)
    return known[name][text]


def _modules(text: str, known: Mapping[str, Mapping[str, int]]) -> list[int]:
    words = [word.strip() for word in re.split(r"[、,;\s]+", text) if word.strip()]
    return sorted({found for word in words if (found := _known("modules", word, known)) is not None})


def read_cell(name: str, raw: object, known: Mapping[str, Mapping[str, int]]) -> Any:
    """What a cell of column ``name`` says, as it is stored.

    Raises:
        Wrong: it says nothing of the kind.
    """
    if isinstance(raw, str) and raw[:1] == "'" and raw[1:2] in tuple("=+-@"):
        # An export writes the stroke, so that no program takes the cell for a formula.
        raw = raw[1:]
    text = "" if says_nothing(plain(raw)) else plain(raw)
    if name in _READERS:
        return _READERS[name](raw, text, known)
    return raw.strip() if isinstance(raw, str) and text else text


def _code(text: str) -> str:
    if text and not CODE.fullmatch(text):
        raise Wrong(NOT_A_CODE, text)
    return text


_Reader = Callable[[object, str, Mapping[str, Mapping[str, int]]], Any]


def _of_known(name: str) -> _Reader:
    return lambda raw, text, known: _known(name, text, known)


#: How the columns are read that are not plain text: raw cell, its text, what is known → what is stored.
_READERS: dict[str, _Reader] = {
    "code": lambda raw, text, known: _code(text),
    "modules": lambda raw, text, known: _modules(text, known),
    "is_step_free": lambda raw, text, known: _choice(text or NO, {YES: YES, NO: NO}) == YES,
    "status": lambda raw, text, known: _choice(text, STATUSES),
    "title_level": lambda raw, text, known: _choice(text, LEVELS),
    "open_weekdays": lambda raw, text, known: _weekdays(text),
    **{name: lambda raw, text, known: _figure(text) for name in FIGURES},
    **{name: lambda raw, text, known: _degrees(text) for name in ("latitude", "longitude")},
    **{name: lambda raw, text, known: _time(raw, text) for name in ("opens_at", "closes_at")},
    **{name: lambda raw, text, known: _day(raw) for name in ("title_awarded_on", "title_expires_on")},
    **{name: _of_known(name) for name in ("organization", "park", "field", "chain")},
    **{
        name: lambda raw, text, known: _lines(raw) if text else ""
        for name in ("teaching_points", "guides", "route")
    },
}


def read_line(
    number: int,
    cells: Mapping[str, object],
    *,
    known: Mapping[str, Mapping[str, int]],
    without_value: frozenset[str] = frozenset(),
) -> Line:
    """Row ``number`` with ``cells`` by field.

    ``known``: how organizations, parks, fields, chains and modules may be written → their ids.
    """
    told: dict[str, Any] = {}
    problems: list[Reason] = []
    for name, raw in cells.items():
        if name in without_value:
            problems.append(Reason(FORMULA.code, FORMULA.message, {"title": TITLES[name][0]}, name))
            continue
        try:
            told[name] = read_cell(name, raw, known)
        except Wrong as wrong:
            params = {"title": TITLES[name][0], "value": wrong.value[:60]}
            problems.append(Reason(wrong.reason.code, wrong.reason.message, params, name))
    problems += [
        Reason(MISSING.code, MISSING.message, {"title": TITLES[name][0]}, name)
        for name in NEEDED
        if name in told and not told[name]
    ]
    return Line(number, told, tuple(problems))


def judge(
    lines: Sequence[Line], stored: Mapping[str, Mapping[str, Any]], defaults: Mapping[str, Any]
) -> list[Verdict]:
    """Each row against what is ``stored`` (by code) and the others; a new base has the ``defaults``."""
    rows_of: dict[str, int] = {}
    return [_judged(line, stored, defaults, rows_of) for line in lines]


def _judged(
    line: Line,
    stored: Mapping[str, Mapping[str, Any]],
    defaults: Mapping[str, Any],
    rows_of: dict[str, int],
) -> Verdict:
    code = line.told.get("code", "")
    problems = list(line.problems)
    if code in rows_of:
        problems.append(Reason(TWICE.code, TWICE.message, {"value": code, "row": rows_of[code]}, "code"))
    rows_of.setdefault(code, line.number)
    present = stored.get(code)
    if present is None and not problems:
        problems += [
            Reason(MISSING.code, MISSING.message, {"title": TITLES[name][0]}, name)
            for name in NEEDED
            if not line.told.get(name)
        ]
    after = {**(present or defaults), **line.told}
    if "suspended" in (after["status"], (present or after)["status"]) and (
        present is None or after["status"] != present["status"]
    ):
        problems.append(OWN_PAGE)
    problems += _inconsistent(after)
    if problems:
        return Verdict(line, ERROR, problems=tuple(problems))
    if present is None:
        return Verdict(line, NEW)
    changes = {
        name: (present[name], value) for name, value in line.told.items() if not _same(present[name], value)
    }
    return Verdict(line, CHANGED if changes else UNCHANGED, changes)


def _same(present: Any, value: Any) -> bool:
    if isinstance(present, str) and isinstance(value, str):
        return plain(present) == plain(value)
    return bool(present == value)


def _inconsistent(after: Mapping[str, Any]) -> list[Reason]:
    """What the row as a whole may not say."""
    found = []
    if after["closes_at"] <= after["opens_at"]:
        found.append(HOURS_IN_ORDER)
    awarded, expires = after["title_awarded_on"], after["title_expires_on"]
    if awarded and expires and expires <= awarded:
        found.append(TITLE_IN_ORDER)
    if after["capacity_per_batch"] < 1 or after["batches_per_day"] < 1 or after["visit_minutes"] < 15:
        found.append(CAN_RECEIVE)
    return found


def written(name: str, value: Any, names: Mapping[str, Mapping[int, str]]) -> str:
    """``value`` of field ``name`` as an export writes it; ``names``: ids → words, as read again."""
    if name in ("organization", "park", "field", "chain"):
        return names[name].get(value, "")
    if name == "modules":
        return TAG_SEPARATOR.join(names[name][key] for key in value)
    if name == "is_step_free":
        return YES if value else NO
    if name == "status":
        return STATUSES[value]
    if name == "title_level":
        return LEVELS[value]
    if name == "open_weekdays":
        return "".join(DAYS[int(digit) - 1] for digit in value)
    return "" if value is None else str(value)
