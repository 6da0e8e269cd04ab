"""Titles, pairings and contacts of an organization in one cell of a table: read, compared and written. Pure.

A cell holds any number of rows, parted by “；” or a line break; the parts of a row by “｜”:

    市级｜2023-07-01｜2026-06-30；区级｜2021-07-01

Half-width signs do as well. What is kept is told whole: a row that is no longer in the cell is taken away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules.roster.cells import plain, read_date, says_nothing

#: One kept row as its parts, each as text; days as 2023-07-01, and empty where nothing is said.
Parts = list[str]

ROW_SEPARATOR, PART_SEPARATOR = "；", "｜"
#: The same signs as they may come, half- or full-width.
_ROWS, _PARTS = re.compile(r"[;；\n\r]"), re.compile(r"[|｜]")
#: What stands in a text in place of the signs that part rows and parts.
_INSTEAD = str.maketrans({";": ",", "；": "，", "|": "/", "｜": "／", "\n": " ", "\r": " "})
LEVELS = {"province": "省级", "city": "市级", "district": "区级"}
_LEVEL_OF = {words: level for level, words in LEVELS.items()} | {
    "省": "province",
    "市": "city",
    "区": "district",
}
#: What a code may look like; a name of a unit outside the tree is not written like this.
_LIKE_A_CODE = re.compile(r"[A-Za-z0-9._-]+")

TOO_MANY_PARTS = Reason(
    "record_too_many_parts",
    _("“%(value)s” has more parts than %(form)s; write one line for each, parted by “；”."),
)
PART_MISSING = Reason("record_part_missing", _("“%(value)s”: %(part)s is missing; write it as %(form)s."))
PART_TOO_LONG = Reason(
    "record_part_too_long", _("“%(value)s”: %(part)s is longer than %(longest)s characters.")
)
NOT_A_DAY = Reason("record_not_a_day", _("“%(value)s”: %(part)s is not a day; write it like 2023-07-01."))
UNKNOWN_LEVEL = Reason("record_unknown_level", _("“%(value)s”: the level is one of 省级, 市级, 区级."))
DAYS_REVERSED = Reason("record_days_reversed", _("“%(value)s”: it ends before it begins; correct the days."))
TWICE = Reason("record_twice", _("“%(value)s” stands twice in this cell; keep one."))
BOTH_OPEN = Reason(
    "record_both_open",
    _("“%(value)s” holds twice at a time; give the earlier one its last day."),
)
WITH_ITSELF = Reason("record_with_itself", _("“%(value)s”: an organization is not paired with itself."))
UNKNOWN_PARTNER = Reason(
    "record_unknown_partner",
    _("“%(value)s”: no organization has this code; correct it, or write the unit's full name."),
)
PARTNER_DISSOLVED = Reason(
    "record_partner_dissolved",
    _(
        "“%(value)s”: that organization has been dissolved; "
        "choose another one or give the pairing its last day."
    ),
)


@dataclass(frozen=True)
class Part:
    """One part of a row: what it is called, and what it may be."""

    title: str
    longest: int = 0
    is_day: bool = False
    required: bool = False
    is_phone: bool = False


@dataclass(frozen=True)
class Kind:
    """One kind of kept rows.

    ``known_by``: the parts by which a row is found again; ``alone``: those of which only one row holds at a
    time; ``begins`` and ``ends`` are the places of its days.
    """

    parts: tuple[Part, ...]
    known_by: tuple[int, ...]
    alone: tuple[int, ...]
    begins: int
    ends: int
    #: A title that is awarded and expires on one day held no day at all.
    may_end_at_once: bool = True

    @property
    def form(self) -> str:
        """How a row is written."""
        return PART_SEPARATOR.join(part.title for part in self.parts)

    def key(self, parts: Sequence[str]) -> tuple[str, ...]:
        """What a row is known by."""
        return tuple(parts[place] for place in self.known_by)


def _day(title: str, *, required: bool = False) -> Part:
    return Part(title, is_day=True, required=required)


#: Field of an organization's row → what is kept under it.
KINDS: dict[str, Kind] = {
    "titles": Kind(
        (Part("级别", required=True), _day("授予日期", required=True), _day("到期日期")),
        known_by=(0, 1),
        alone=(),
        begins=1,
        ends=2,
        may_end_at_once=False,
    ),
    "pairings": Kind(
        (
            Part("结对组织编号或单位全称", 120, required=True),
            _day("开始日期", required=True),
            _day("结束日期"),
            Part("备注", 200),
        ),
        known_by=(0, 1),
        alone=(0,),
        begins=1,
        ends=2,
    ),
    "contacts": Kind(
        (
            Part("角色", 40, required=True),
            Part("姓名或单位", 60, required=True),
            Part("单位职务", 120),
            Part("电话", 20, is_phone=True),
            _day("开始日期", required=True),
            _day("结束日期"),
        ),
        known_by=(0, 4),
        alone=(0,),
        begins=4,
        ends=5,
    ),
}


def as_kept(text: str) -> str:
    """``text`` as a cell that holds it is read: on one line, without the signs that part rows and parts."""
    return plain(text.translate(_INSTEAD)).translate(_INSTEAD)


def write_cell(name: str, rows: Iterable[Sequence[str]]) -> str:
    """``rows`` of the kind ``name`` as a cell that ``read_cell`` reads back."""
    return ROW_SEPARATOR.join(write_row(name, parts) for parts in sorted(map(list, rows)))


def write_row(name: str, parts: Sequence[str]) -> str:
    """One row in words, without empty parts at its end."""
    shown = [LEVELS.get(parts[0], parts[0]), *parts[1:]] if name == "titles" else list(parts)
    while len(shown) > 1 and not shown[-1]:
        shown.pop()
    return PART_SEPARATOR.join(shown)


def shown_row(name: str, parts: Sequence[str]) -> str:
    """One row as a preview shows it: telephones are masked."""
    return write_row(
        name,
        [
            f"{text[:3]}****{text[-4:]}" if part.is_phone and len(text) >= 7 else text
            for part, text in zip(KINDS[name].parts, parts, strict=True)
        ],
    )


def read_cell(name: str, raw: object) -> tuple[list[Parts], list[Reason]]:
    """The rows of a cell, in order of their parts, and what is wrong with them."""
    kind = KINDS[name]
    reader = _Cell(name, kind)
    if not says_nothing(plain(raw)):
        for text in _ROWS.split(str(raw).removeprefix("'") if isinstance(raw, str) else plain(raw)):
            if plain(text):
                reader.read(text)
    return sorted(reader.rows), reader.problems


class _Cell:
    def __init__(self, name: str, kind: Kind) -> None:
        self.name, self.kind = name, kind
        self.rows: list[Parts] = []
        self.problems: list[Reason] = []

    def wrong(self, reason: Reason, text: str, part: str = "", longest: int = 0) -> None:
        params = {"value": plain(text)[:60], "part": part, "form": self.kind.form, "longest": longest}
        self.problems.append(Reason(reason.code, reason.message, params, self.name))

    def read(self, text: str) -> None:
        told = [plain(part) for part in _PARTS.split(text)]
        if len(told) > len(self.kind.parts):
            self.wrong(TOO_MANY_PARTS, text)
            return
        told += [""] * (len(self.kind.parts) - len(told))
        before = len(self.problems)
        parts = [self._part(part, value, text) for part, value in zip(self.kind.parts, told, strict=True)]
        if len(self.problems) == before:
            self._whole(parts, text)

    def _part(self, part: Part, value: str, text: str) -> str:
        value = "" if says_nothing(value) else value
        if part.required and not value:
            self.wrong(PART_MISSING, text, part.title)
        elif part.is_day and value:
            reading = read_date(value)
            if reading.fault is not None or len(reading.value or "") != len("2023-07-01"):
                self.wrong(NOT_A_DAY, text, part.title)
            return reading.value or ""
        elif part.longest and len(value) > part.longest:
            self.wrong(PART_TOO_LONG, text, part.title, part.longest)
        elif self.name == "titles" and not part.is_day:
            if value not in _LEVEL_OF:
                self.wrong(UNKNOWN_LEVEL, text)
            return _LEVEL_OF.get(value, "")
        return value

    def _whole(self, parts: Parts, text: str) -> None:
        kind = self.kind
        begins, ends = parts[kind.begins], parts[kind.ends]
        if ends and (ends < begins or (ends == begins and not kind.may_end_at_once)):
            self.wrong(DAYS_REVERSED, text)
        elif any(kind.key(parts) == kind.key(row) for row in self.rows):
            self.wrong(TWICE, text)
        elif kind.alone and not ends and any(self._as_open_as(parts, row) for row in self.rows):
            self.wrong(BOTH_OPEN, text)
        else:
            self.rows.append(parts)

    def _as_open_as(self, parts: Parts, row: Parts) -> bool:
        return not row[self.kind.ends] and all(row[place] == parts[place] for place in self.kind.alone)


def partner_problems(
    rows: Iterable[Parts],
    *,
    code: str,
    kept: Collection[tuple[str, str]],
    is_known: Callable[[str], bool],
    dissolved: Collection[str],
) -> list[Reason]:
    """What is wrong with the partners of the organization ``code``; what is ``kept`` stays as it is."""
    problems = []
    for parts in rows:
        partner, text = parts[0], write_row("pairings", parts)
        reason = None
        if partner == code:
            reason = WITH_ITSELF
        elif (partner, parts[1]) in kept or is_known(partner):
            continue
        elif partner in dissolved:
            # What ended before the organization did may be entered afterwards.
            reason = None if parts[KINDS["pairings"].ends] else PARTNER_DISSOLVED
        elif _LIKE_A_CODE.fullmatch(partner):
            reason = UNKNOWN_PARTNER
        if reason is not None:
            problems.append(Reason(reason.code, reason.message, {"value": text[:60]}, "pairings"))
    return problems


@dataclass(frozen=True)
class Difference:
    """What a cell changes: rows that come, rows that are known and say something else, rows that go."""

    added: list[Parts]
    altered: list[tuple[Parts, Parts]]
    gone: list[Parts]


def difference(name: str, before: Iterable[Parts], after: Iterable[Parts]) -> Difference:
    """From the rows that are kept to the rows that are told."""
    kind = KINDS[name]
    kept = {kind.key(parts): parts for parts in before}
    told = {kind.key(parts): parts for parts in after}
    return Difference(
        added=[parts for key, parts in told.items() if key not in kept],
        altered=[(kept[key], parts) for key, parts in told.items() if key in kept and kept[key] != parts],
        gone=[parts for key, parts in kept.items() if key not in told],
    )


IN_WORDS = {
    "added": _("%(title)s: “%(row)s” comes in."),
    "altered": _("%(title)s: “%(before)s” becomes “%(row)s”."),
    "gone": _("%(title)s: “%(row)s” is taken away."),
}
