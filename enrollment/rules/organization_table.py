"""A table of organizations: which column is which, what a row says, and what it changes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules import organization_records as records
from enrollment.rules.roster.cells import plain, read_date, says_nothing

#: Field of an organization → how its column is called; the first is what an export writes.
TITLES: dict[str, tuple[str, ...]] = {
    "code": ("编号", "编码", "组织编号", "党组织编号"),
    "name": ("名称", "组织名称", "党组织名称", "党组织全称", "全称"),
    "short_name": ("简称",),
    "kind": ("类别", "组织类别", "党组织类别", "类型"),
    "parent": ("上级编号", "上级组织编号", "上级党组织编号"),
    "area": ("片区", "所属片区"),
    "tags": ("产业分组", "产业领域", "领域和产业链"),
    "service_group": ("服务小组",),
    "star": ("星级", "星级评定"),
    "is_social": ("单位性质", "单位类型"),
    "founded_on": ("成立日期", "成立时间"),
    "titles": ("示范称号", "示范培育对象", "示范培育称号"),
    "pairings": ("结对共建", "结对组织", "结对党组织"),
    "contacts": ("五个一联系人", "五个一"),
}
_FIELD_OF = {title: name for name, titles in TITLES.items() for title in titles}
KINDS = {
    "zone": "园区综合党委",
    "park": "专业园区党组织",
    "committee": "党委",
    "general_branch": "党总支",
    "branch": "党支部",
    "joint_branch": "联合党支部",
}
_KIND_OF = {words: kind for kind, words in KINDS.items()} | {
    "总支": "general_branch",
    "支部": "branch",
    "联合支部": "joint_branch",
    "园区党委": "park",
}
SOCIAL, ENTERPRISE = "社会组织", "非公企业"
_SOCIAL_OF = {SOCIAL: True, ENTERPRISE: False, "非公有制企业": False, "企业": False}
_WORDS_OF: dict[str, Mapping[str, Any]] = {"kind": _KIND_OF, "is_social": _SOCIAL_OF}
HEADER_WITHIN = 30
TAG_SEPARATOR = "、"
_LONGEST = {"code": 40, "name": 120, "short_name": 60}

NO_HEADER = Reason(
    "table_no_header",
    _("No header was found in the first 30 rows; one row must name the columns “编号” and “名称”."),
    field="file",
)
NO_ROWS = Reason("table_empty", _("The table has a header but no organizations under it."), field="file")
TOO_MANY_ROWS = Reason(
    "table_too_long",
    _("The table has more than %(rows)s organizations; split it and send the parts one by one."),
    field="file",
)
MISSING = Reason("cell_missing", _("“%(title)s” is missing; fill it in."))
TOO_LONG = Reason("cell_too_long", _("“%(title)s” holds more than %(longest)s characters; shorten it."))
UNKNOWN = Reason("cell_unknown", _("“%(value)s” is no known %(title)s; correct it or leave the cell empty."))
UNREADABLE_DATE = Reason(
    "cell_not_a_date", _("“%(value)s” is not a day; write the founding day like 2018-06-04.")
)
NOT_A_STAR = Reason("cell_not_a_star", _("“%(value)s” is not a star rating; write a number from 1 to 5."))
FORMULA = Reason("cell_formula", _("“%(title)s” holds a formula without a result; paste it as a value."))
TWICE = Reason("code_twice", _("The code %(value)s stands in row %(row)s as well; keep one of the two rows."))
IS_DISSOLVED = Reason(
    "row_dissolved", _("The organization %(value)s has been dissolved; take the row out of the table.")
)
PARENT_MISSING = Reason(
    "row_parent_missing", _("A new organization needs “上级编号”, the code of the organization above it.")
)
NOT_READY = Reason("table_not_ready", _("This import is not waiting for confirmation."))
FILE_GONE = Reason("table_gone", _("The file is no longer there; send the table again."), field="file")
CHANGED_SINCE = Reason(
    "table_changed_since",
    _("Somebody changed organizations after this preview was made. Nothing was saved; look at the new one."),
)
NOT_APPLICABLE = Reason(
    "table_has_errors", _("Some rows are wrong, so nothing was saved; correct them and send the table again.")
)


@dataclass(frozen=True)
class Line:
    """One row: ``number`` as the spreadsheet program shows it, what it tells by field, and what is wrong."""

    number: int
    told: dict[str, Any]
    problems: tuple[Reason, ...] = ()


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


def read_line(
    number: int,
    cells: Mapping[str, object],
    *,
    known: Mapping[str, Mapping[str, int]],
    without_value: frozenset[str] = frozenset(),
) -> Line:
    """Row ``number`` with ``cells`` by field. ``known``: names → ids of areas, tags and service groups."""
    reader = _Reader(known)
    for name, raw in cells.items():
        if name in without_value:
            reader.wrong(FORMULA, name)
        else:
            reader.read(name, raw)
    return Line(number, reader.told, tuple(reader.problems))


@dataclass
class _Reader:
    known: Mapping[str, Mapping[str, int]]
    told: dict[str, Any] = field(default_factory=dict)
    problems: list[Reason] = field(default_factory=list)

    def wrong(self, reason: Reason, name: str, value: str = "", **more: object) -> None:
        params = {"title": TITLES[name][0], "value": value[:60], **more}
        self.problems.append(Reason(reason.code, reason.message, params, name))

    def read(self, name: str, raw: object) -> None:
        text = plain(raw)
        empty = says_nothing(text)
        if name in ("code", "name") and empty:
            self.wrong(MISSING, name)
        elif name in _LONGEST:
            if len(text) > _LONGEST[name]:
                self.wrong(TOO_LONG, name, longest=_LONGEST[name])
            # Stored as it was written: full-width brackets in a name stay what they are.
            written = raw.strip() if isinstance(raw, str) and name != "code" else text
            self.told[name] = "" if empty else written
        elif name == "parent":
            self.told[name] = "" if empty else text
        elif name in _WORDS_OF:
            if not empty:
                self._choose(name, text, _WORDS_OF[name])
        elif name in ("area", "service_group"):
            self._choose(name, text, {"": None} | dict(self.known[name]), empty=empty)
        elif name == "tags":
            self._tags(text, empty)
        elif name == "star":
            self._star(text, empty)
        elif name in records.KINDS:
            self.told[name], problems = records.read_cell(name, raw)
            self.problems += problems
        else:
            self._day(raw)

    def _choose(self, name: str, text: str, choices: Mapping[str, Any], *, empty: bool = False) -> None:
        text = "" if empty else text
        if text in choices:
            self.told[name] = choices[text]
        else:
            self.wrong(UNKNOWN, name, text)

    def _tags(self, text: str, empty: bool) -> None:
        words = [] if empty else text.replace(",", "、").replace(";", "、").split(TAG_SEPARATOR)
        names = [word.strip() for word in words if word.strip()]
        for word in names:
            if word not in self.known["tags"]:
                self.wrong(UNKNOWN, "tags", word)
        self.told["tags"] = sorted({self.known["tags"][word] for word in names if word in self.known["tags"]})

    def _star(self, text: str, empty: bool) -> None:
        figure = text.removesuffix("星级").removesuffix("星")
        figure = {"一": "1", "二": "2", "三": "3", "四": "4", "五": "5"}.get(figure, figure)
        if empty:
            self.told["star"] = None
        elif figure in {"1", "2", "3", "4", "5"}:
            self.told["star"] = int(figure)
        else:
            self.wrong(NOT_A_STAR, "star", text)

    def _day(self, raw: object) -> None:
        reading = read_date(raw)
        if reading.fault is not None:
            self.wrong(UNREADABLE_DATE, "founded_on", plain(raw))
        else:
            self.told["founded_on"] = reading.value


def _same(name: str, present: Any, value: Any) -> bool:
    if name == "parent" and not value:
        return True
    if name in _LONGEST:
        return plain(present) == plain(value)
    return bool(present == value)


NEW, CHANGED, UNCHANGED, ERROR = "new", "changed", "unchanged", "error"
#: In the order in which they are shown: what somebody has to do something about comes first.
OUTCOMES = (ERROR, NEW, CHANGED, UNCHANGED)


@dataclass(frozen=True)
class Verdict:
    """What a row comes to: ``changes`` holds before and after of each field that differs."""

    line: Line
    outcome: str
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    problems: tuple[Reason, ...] = ()


def judge(
    lines: Sequence[Line], stored: Mapping[str, Mapping[str, Any]], dissolved: frozenset[str]
) -> list[Verdict]:
    """Each row against what is ``stored`` (by code, with the fields of ``TITLES``) and against the others."""

    def is_known(code: str) -> bool:
        return code in stored or code in coming

    rows_of: dict[str, int] = {}
    verdicts = []
    coming = {line.told.get("code") for line in lines}
    for line in lines:
        code = line.told.get("code", "")
        problems = list(line.problems)
        if code and code in rows_of:
            problems.append(Reason(TWICE.code, TWICE.message, {"value": code, "row": rows_of[code]}, "code"))
        rows_of.setdefault(code, line.number)
        if code in dissolved:
            problems.append(Reason(IS_DISSOLVED.code, IS_DISSOLVED.message, {"value": code}, "code"))
        parent = line.told.get("parent", "")
        if parent and parent not in stored and parent not in coming:
            params = {"value": parent, "title": TITLES["parent"][0]}
            problems.append(Reason(UNKNOWN.code, UNKNOWN.message, params, "parent"))
        present = stored.get(code)
        problems += records.partner_problems(
            line.told.get("pairings", ()),
            code=code,
            kept={(row[0], row[1]) for row in present["pairings"]} if present else (),
            is_known=is_known,
            dissolved=dissolved,
        )
        if present is None and not problems:
            if not parent:
                problems.append(PARENT_MISSING)
            if not line.told.get("kind"):
                params = {"title": TITLES["kind"][0]}
                problems.append(Reason(MISSING.code, MISSING.message, params, "kind"))
        if problems:
            verdicts.append(Verdict(line, ERROR, problems=tuple(problems)))
        elif present is None:
            verdicts.append(Verdict(line, NEW))
        else:
            changes = {
                name: (present[name], value)
                for name, value in line.told.items()
                # An empty cell above means: where it stands now.
                if not _same(name, present[name], value)
            }
            verdicts.append(Verdict(line, CHANGED if changes else UNCHANGED, changes))
    return verdicts
