"""The directory of bases as a table: read, judged, written whole or not at all, and taken away.

Locks: the import (``base_imports``), then the bases that the table names, ascending.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db import transaction
from wagtail.log_actions import log

from cms.jobs import Progress
from cms.refusals import Reason, Refused
from cms.spreadsheets import Sheet, write, write_csv
from courses.models import ModulePage
from enrollment.models import IndustryTag, Organization, OrganizationKind, TagKind, User
from enrollment.roster.tables import read_table
from enrollment.rules import organization_table as shared
from enrollment.rules.organization_table import Line, Verdict
from enrollment.rules.roster.cells import plain
from practicum.models import TrainingBase
from practicum.rules import base_table as rules

MAX_ROWS = 2_000
STEP_ROWS = 100
RELATED = ("organization", "park", "field", "chain")
TIMES = ("opens_at", "closes_at")
DAYS = ("title_awarded_on", "title_expires_on")
DEGREES = ("latitude", "longitude")
Known = dict[str, dict[str, int]]


def read_lines(file: IO[bytes], *, progress: Progress | None = None) -> list[Line]:
    """The rows of ``file``.

    Raises:
        Refused: it cannot be read, has no header, no rows or too many.
    """
    table = read_table(file, most_rows=MAX_ROWS + shared.HEADER_WITHIN + 1)
    header = rules.find_header(table.rows)
    if header is None:
        raise Refused(rules.NO_HEADER)
    place, fields = header
    known, lines = _known(), []
    for number, values in enumerate(table.rows[place + 1 :], start=place + 2):
        if progress is not None and number % STEP_ROWS == 0:
            progress.step(number, len(table.rows))
        cells = {name: values[at] if at < len(values) else None for at, name in fields.items()}
        missing = frozenset(name for at, name in fields.items() if (number, at + 1) in table.without_value)
        if missing or any(plain(cell) for cell in cells.values()):
            lines.append(rules.read_line(number, cells, known=known, without_value=missing))
    if not lines:
        raise Refused(rules.NO_ROWS)
    if len(lines) > MAX_ROWS:
        message = rules.TOO_MANY_ROWS
        raise Refused(Reason(message.code, message.message, {"rows": MAX_ROWS}, "file"))
    return lines


def _words(rows: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    """Each row by its name where no other bears it, else by its code; both are understood."""
    known = list(rows)
    bearers = Counter(row.name for row in known)
    for row in known:
        yield row, row.code
        if bearers[row.name] == 1:
            yield row, row.name


def _tags(kind: str) -> list[IndustryTag]:
    return list(IndustryTag.objects.filter(kind=kind))


def _known() -> Known:
    """How what a base refers to may be written → its key (five queries)."""
    return {
        "organization": dict(Organization.objects.values_list("code", "pk")),
        "park": dict(Organization.objects.filter(kind=OrganizationKind.PARK).values_list("code", "pk")),
        "field": {plain(words): row.pk for row, words in _words(_tags(TagKind.FIELD))},
        "chain": {plain(words): row.pk for row, words in _words(_tags(TagKind.CHAIN))},
        "modules": dict(ModulePage.objects.values_list("code", "pk")),
    }


def _told(base: TrainingBase) -> dict[str, Any]:
    """A base as its row tells it."""
    found: dict[str, Any] = {}
    for name in rules.TITLES:
        if name == "modules":
            found[name] = sorted(module.pk for module in base.modules.all())
        elif name in RELATED:
            found[name] = getattr(base, f"{name}_id")
        else:
            value = getattr(base, name)
            if isinstance(value, dt.time):
                value = f"{value:%H:%M}"
            elif isinstance(value, dt.date):
                value = value.isoformat()
            elif isinstance(value, Decimal):
                value = str(value)
            found[name] = value
    return found


def judge_lines(lines: Sequence[Line]) -> list[Verdict]:
    """What each line comes to against what is stored now (two queries, however many lines)."""
    stored = {base.code: base for base in TrainingBase.objects.prefetch_related("modules")}
    told = {code: _told(base) for code, base in stored.items()}
    verdicts = rules.judge(lines, told, _defaults())
    return [
        one
        if one.outcome in (shared.ERROR, shared.UNCHANGED)
        else _by_field(one, stored.get(one.line.told["code"]))
        for one in verdicts
    ]


def _defaults() -> dict[str, Any]:
    base = TrainingBase()
    return {name: [] if name == "modules" else None for name in rules.TITLES} | {
        name: f"{value:%H:%M}" if isinstance(value := getattr(base, name), dt.time) else value
        for name in rules.TITLES
        if name not in ("modules", *RELATED)
    }


def _by_field(one: Verdict, present: TrainingBase | None) -> Verdict:
    """``one``, or what its fields have against it: too long, out of range, no such choice."""
    base = present or TrainingBase()
    _fill(base, one.line.told)
    try:
        base.clean_fields(exclude=[*RELATED, "story"])
    except ValidationError as error:
        problems = [
            Reason(
                rules.REFUSED.code,
                rules.REFUSED.message,
                {"title": rules.TITLES[name][0], "why": " ".join(texts)},
                name,
            )
            for name, texts in error.message_dict.items()
        ]
        return Verdict(one.line, shared.ERROR, problems=tuple(problems))
    return one


def _fill(base: TrainingBase, told: Mapping[str, Any]) -> None:
    for name, value in told.items():
        if name == "modules":
            continue
        if name in RELATED:
            setattr(base, f"{name}_id", value)
        elif name in TIMES:
            setattr(base, name, dt.time.fromisoformat(value))
        elif name in DAYS:
            setattr(base, name, dt.date.fromisoformat(value) if value else None)
        elif name in DEGREES:
            setattr(base, name, Decimal(value) if value else None)
        else:
            setattr(base, name, value)


def summary(verdicts: Sequence[Verdict]) -> list[tuple[int, str, list[str]]]:
    """What was shown, in a form that can be compared: row, outcome, fields that change."""
    return [(one.line.number, one.outcome, sorted(one.changes)) for one in verdicts]


@transaction.atomic
def apply_lines(*, lines: Sequence[Line], shown: Sequence[Any], actor: User | None) -> dict[str, int]:
    """Enter and change bases as ``lines`` say, all or none; how many were new and changed.

    Bases that are not in the table stay as they are.

    Raises:
        Refused: rows are wrong, or what is stored changed since it was shown.
    """
    codes = [line.told["code"] for line in lines if line.told.get("code")]
    held = {
        base.code: base
        for base in TrainingBase.objects.select_for_update(of=("self",)).filter(code__in=codes).order_by("pk")
    }
    verdicts = judge_lines(lines)
    if [list(one) for one in summary(verdicts)] != [list(one) for one in shown]:
        raise Refused(shared.CHANGED_SINCE)
    if any(one.outcome == shared.ERROR for one in verdicts):
        raise Refused(shared.NOT_APPLICABLE)
    counts = {"new": 0, "changed": 0}
    for one in verdicts:
        if one.outcome == shared.UNCHANGED:
            continue
        told = one.line.told
        base = held.get(told["code"]) or TrainingBase()
        is_new = base.pk is None
        _fill(base, told if is_new else {name: told[name] for name in one.changes})
        if "modules" in (told if is_new else one.changes):
            if is_new:
                base.save()
            base.modules.set(told["modules"])
        base.save()
        data = {"fields": sorted(one.changes)} if one.changes else {}
        log(base, "wagtail.create" if is_new else "wagtail.edit", user=actor, data=data)
        counts["new" if is_new else "changed"] += 1
    return counts


def write_bases(target: IO[bytes], bases: Iterable[TrainingBase], *, kind: str = "xlsx") -> int:
    """``bases`` as a table that comes back without a change; how many."""
    rows = list(bases)
    names: dict[str, dict[int, str]] = {
        "organization": _codes(row.organization_id for row in rows),
        "park": _codes(row.park_id for row in rows),
        "field": {row.pk: words for row, words in _words(_tags(TagKind.FIELD))},
        "chain": {row.pk: words for row, words in _words(_tags(TagKind.CHAIN))},
        "modules": dict(ModulePage.objects.values_list("pk", "code")),
    }
    cells = ([rules.written(name, value, names) for name, value in _told(base).items()] for base in rows)
    heads = [titles[0] for titles in rules.TITLES.values()]
    if kind == "csv":
        write_csv(target, Sheet("实训基地", heads, cells, is_text=True))
    else:
        widths = [12, 26, 10, 30, 14, 30, 14, 18, 18, 24]
        write(target, [Sheet("实训基地", heads, cells, widths=widths, is_text=True)])
    return len(rows)


def _codes(keys: Iterable[int | None]) -> dict[int, str]:
    wanted = {key for key in keys if key is not None}
    return dict(Organization.objects.filter(pk__in=wanted).values_list("pk", "code"))
