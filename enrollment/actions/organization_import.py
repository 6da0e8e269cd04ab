"""A table of organizations comes in and goes out: read, judged row by row, applied whole or not at all.

What is kept between preview and confirmation: ``organization_imports``.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from django.db import transaction

from cms.jobs import Progress
from cms.refusals import Reason, Refused
from cms.spreadsheets import Sheet, write, write_csv
from enrollment.actions.journal import note
from enrollment.actions.organization_history import TODAY, Basis
from enrollment.actions.organization_records import kept_records, restate
from enrollment.actions.organizations import Founding, amend, found_in_bulk, lock_tree, move, rename
from enrollment.models import STEP, Area, IndustryTag, Organization, ServiceGroup, User
from enrollment.roster.tables import read_table
from enrollment.rules import organization_records as records
from enrollment.rules import organization_table as rules
from enrollment.rules.organization_table import Line, Verdict
from enrollment.rules.roster.cells import plain

#: So many organizations in one file; what is larger is sent in parts.
MAX_ROWS = 50_000
#: Rows between two signs of progress.
STEP_ROWS = 500


def read_lines(file: IO[bytes], *, progress: Progress | None = None) -> list[Line]:
    """The rows of ``file``.

    Raises:
        Refused: it cannot be read, has no header, no rows or too many.
    """
    table = read_table(file, most_rows=MAX_ROWS + rules.HEADER_WITHIN + 1)
    header = rules.find_header(table.rows)
    if header is None:
        raise Refused(rules.NO_HEADER)
    place, fields = header
    known = _known()
    lines = []
    for number, values in enumerate(table.rows[place + 1 :], start=place + 2):
        if progress is not None and number % STEP_ROWS == 0:
            progress.step(number, len(table.rows))
        cells = {name: values[at] if at < len(values) else None for at, name in fields.items()}
        missing = frozenset(name for at, name in fields.items() if (number, at + 1) in table.without_value)
        if not missing and not any(plain(cell) for cell in cells.values()):
            continue
        lines.append(rules.read_line(number, cells, known=known, without_value=missing))
    if not lines:
        raise Refused(rules.NO_ROWS)
    if len(lines) > MAX_ROWS:
        raise Refused(
            Reason(rules.TOO_MANY_ROWS.code, rules.TOO_MANY_ROWS.message, {"rows": MAX_ROWS}, "file")
        )
    return lines


def _known() -> dict[str, dict[str, int]]:
    """How areas, groupings and service groups may be written → their ids (three queries)."""
    return {
        "area": {plain(words): row.pk for row, words in _words(Area.objects.all())},
        "tags": {plain(words): row.pk for row, words in _words(IndustryTag.objects.all())},
        "service_group": {plain(words): row.pk for row, words in _words(ServiceGroup.objects.all())},
    }


def _words(rows: Iterable[Any]) -> Iterator[tuple[Any, str]]:
    """Each row by its code, and by its name where no other bears it."""
    known = list(rows)
    bearers = Counter(row.name for row in known)
    for row in known:
        yield row, row.code
        if bearers[row.name] == 1:
            yield row, row.name


def _written(rows: Iterable[Any]) -> dict[int, str]:
    """What an export writes for each: the name, or the code where the name does not tell."""
    return {row.pk: words for row, words in _words(rows)}


def _stored() -> tuple[dict[str, dict[str, Any]], frozenset[str]]:
    """What is kept of every active organization, by code; and the codes of the dissolved (five queries)."""
    rows = list(Organization.objects.prefetch_related("tags"))
    kept = kept_records()
    code_at = {row.path: row.code for row in rows}
    stored = {
        row.code: {
            "code": row.code,
            # As a table that holds them is read: what was typed with two spaces comes back with one.
            "name": plain(row.name),
            "short_name": plain(row.short_name),
            "kind": row.kind,
            "parent": code_at.get(row.path[:-STEP], ""),
            "area": row.area_id,
            "tags": sorted(tag.pk for tag in row.tags.all()),
            "service_group": row.service_group_id,
            "star": row.star,
            "is_social": row.is_social,
            "founded_on": row.founded_on.isoformat() if row.founded_on else None,
            **{name: kept[name].get(row.pk, []) for name in records.KINDS},
        }
        for row in rows
        if row.dissolved_on is None
    }
    return stored, frozenset(row.code for row in rows if row.dissolved_on is not None)


def judge_lines(lines: Sequence[Line]) -> list[Verdict]:
    """What each line comes to against what is stored now (five queries, however many lines)."""
    return rules.judge(lines, *_stored())


def summary(verdicts: Sequence[Verdict]) -> list[tuple[int, str, list[str]]]:
    """What was shown, in a form that can be compared: row, outcome, fields that change."""
    return [(one.line.number, one.outcome, sorted(one.changes)) for one in verdicts]


@transaction.atomic
def apply_lines(
    *, lines: Sequence[Line], shown: Sequence[Any], actor: User | None, basis: Basis = TODAY
) -> dict[str, int]:
    """Found, rename, move and amend as ``lines`` say, all or none; return how many were new and changed.

    Organizations that are not in the table stay as they are. Applied twice, the second finds the stored rows
    different from what was ``shown`` and refuses.

    Raises:
        Refused: rows are wrong; what is stored changed since it was shown; or an action refuses.
    """
    # The tree and whatever the table names are held still, so that what is judged is what is written.
    named = {line.told[name] for line in lines for name in ("code", "parent") if line.told.get(name)}
    lock_tree(*Organization.objects.filter(code__in=named))
    verdicts = judge_lines(lines)
    if [list(one) for one in summary(verdicts)] != [list(one) for one in shown]:
        raise Refused(rules.CHANGED_SINCE)
    if any(one.outcome == rules.ERROR for one in verdicts):
        raise Refused(rules.NOT_APPLICABLE)
    new = [one for one in verdicts if one.outcome == rules.NEW]
    changed = [one for one in verdicts if one.outcome == rules.CHANGED]
    founded = found_in_bulk(rows=_in_order(new), actor=actor, basis=basis) if new else []
    codes = {one.line.told["code"] for one in changed}
    parents = {one.changes["parent"][1] for one in changed if "parent" in one.changes}
    rows = {row.code: row for row in Organization.objects.filter(code__in=codes | parents)}
    for one in changed:
        _change(rows, one, actor, basis)
    told = {row.code: row for row in founded} | rows
    restate(
        told={
            told[one.line.told["code"]]: {
                name: one.line.told[name]
                for name in records.KINDS
                if one.line.told.get(name) or name in one.changes
            }
            for one in [*new, *changed]
        },
        actor=actor,
    )
    counts = {"new": len(founded), "changed": len(changed)}
    if root := Organization.objects.filter(depth=1).first():
        note(root, "enrollment.organization.import", actor=actor, data=counts)
    return counts


def _in_order(new: Sequence[Verdict]) -> list[Founding]:
    """Those above before those below, whatever order the table has.

    Raises:
        Refused: some stand below one another in a ring.
    """
    waiting = {one.line.told["code"]: one.line.told for one in new}
    ordered: list[Founding] = []
    while waiting:
        ready = [told for told in waiting.values() if told["parent"] not in waiting]
        if not ready:
            told = next(iter(waiting.values()))
            params = {"value": told["parent"], "title": rules.TITLES["parent"][0]}
            raise Refused(Reason(rules.UNKNOWN.code, rules.UNKNOWN.message, params, "parent"))
        for told in ready:
            del waiting[told["code"]]
            ordered.append(_founding(told))
    return ordered


def _founding(told: dict[str, Any]) -> Founding:
    return Founding(
        code=told["code"],
        name=told["name"],
        kind=told["kind"],
        parent_code=told["parent"],
        short_name=told.get("short_name", ""),
        area_id=told.get("area"),
        service_group_id=told.get("service_group"),
        star=told.get("star"),
        is_social=told.get("is_social", False),
        founded_on=_day(told.get("founded_on")),
        tag_ids=tuple(told.get("tags", ())),
    )


def _day(value: str | None) -> dt.date | None:
    return dt.date.fromisoformat(value) if value else None


def _change(rows: dict[str, Organization], one: Verdict, actor: User | None, basis: Basis) -> None:
    told, changes = one.line.told, one.changes
    organization = rows[told["code"]]
    if "parent" in changes:
        parent = rows[changes["parent"][1]]
        move(organization=organization, parent=parent, actor=actor, basis=basis)
    if {"name", "short_name"} & set(changes):
        rename(
            organization=organization,
            name=told["name"],
            short_name=told.get("short_name"),
            actor=actor,
            basis=basis,
        )
    details: dict[str, Any] = {
        name: changes[name][1] for name in ("kind", "star", "is_social") if name in changes
    }
    if "founded_on" in changes:
        details["founded_on"] = _day(changes["founded_on"][1])
    if "area" in changes:
        details["area"] = Area.objects.filter(pk=changes["area"][1]).first()
    if "service_group" in changes:
        details["service_group"] = ServiceGroup.objects.filter(pk=changes["service_group"][1]).first()
    if "tags" in changes:
        details["tags"] = list(IndustryTag.objects.filter(pk__in=changes["tags"][1]))
    if details:
        amend(organization=organization, actor=actor, basis=basis, **details)


def write_organizations(target: IO[bytes], user: User, *, as_csv: bool = False) -> int:
    """Every active organization in the scope of ``user`` as a table that comes back without a change.

    Telephones of contacts are written whole, so that they come back; the caller logs the export.
    """
    rows = list(Organization.objects.visible_to(user).active().prefetch_related("tags"))
    areas, tags = _written(Area.objects.all()), _written(IndustryTag.objects.all())
    groups = _written(ServiceGroup.objects.all())
    kept = kept_records(Organization.objects.visible_to(user).active().order_by())
    above = {row.path[:-STEP] for row in rows}
    code_at = dict(Organization.objects.filter(path__in=above).values_list("path", "code"))

    def cells() -> Iterator[list[str]]:
        for row in rows:
            yield [
                row.code,
                row.name,
                row.short_name,
                rules.KINDS.get(row.kind, ""),
                code_at.get(row.path[:-STEP], ""),
                areas.get(row.area_id, ""),
                rules.TAG_SEPARATOR.join(tags[tag.pk] for tag in row.tags.all()),
                groups.get(row.service_group_id, ""),
                str(row.star or ""),
                rules.SOCIAL if row.is_social else rules.ENTERPRISE,
                row.founded_on.isoformat() if row.founded_on else "",
                *(records.write_cell(name, kept[name].get(row.pk, ())) for name in records.KINDS),
            ]

    heads = [titles[0] for titles in rules.TITLES.values()]
    widths = [12, 40, 24, 14, 12, 18, 36, 14, 8, 12, 14, 36, 44, 60]
    sheet = Sheet("党组织", heads, cells(), widths=widths, is_text=True)
    if as_csv:
        write_csv(target, sheet)
    else:
        write(target, [sheet])
    return len(rows)
