"""What one row says about one person, and everything that is wrong with it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from enrollment.rules.roster.cells import (
    Fault,
    Reading,
    plain,
    read_birth,
    read_education,
    read_ethnicity,
    read_gender,
    read_identity,
    read_joined,
    read_name,
    read_phone,
    read_post,
    read_status,
    says_nothing,
)
from enrollment.rules.roster.columns import Column

#: Fields of a person that a difference is shown for, in the order people read them.
COMPARED = (
    "name",
    "gender",
    "ethnicity",
    "born_on",
    "education",
    "joined_on",
    "member_status",
    "organization_id",
    "post",
    "phone",
    "identity_digest",
    "note",
)
_LONGEST = {Column.NAME: 60, Column.ETHNICITY: 20, Column.EDUCATION: 20, Column.NOTE: 200}
#: What a spreadsheet program leaves where a formula failed.
_CELL_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one row: the column it is in, its code, and what its sentence needs."""

    field: str
    code: Fault
    params: dict[str, str | int] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """What a row says about a person, in the academy's own form. ``None``: the file does not tell."""

    name: str = ""
    gender: str | None = None
    ethnicity: str | None = None
    born_on: str | None = None
    education: str | None = None
    joined_on: str | None = None
    member_status: str | None = None
    organization_id: int | None = None
    post: str | None = None
    phone: str | None = None
    identity_digest: str | None = None
    identity_tail: str | None = None
    note: str | None = None

    def told(self) -> dict[str, Any]:
        """The fields that the file tells."""
        return {part.name: value for part in fields(self) if (value := getattr(self, part.name)) is not None}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the sheet (``number`` as the spreadsheet program shows it) and what is wrong with it."""

    number: int
    person: Person
    problems: tuple[Problem, ...] = ()


def organization_variants(text: str) -> tuple[str, ...]:
    """How one organization's name or code may be written: full- and half-width, with spaces or not."""
    trimmed = text.strip()
    half = "".join(unicodedata.normalize("NFKC", trimmed).split())
    full = half.replace("(", "（").replace(")", "）")
    return tuple(dict.fromkeys((trimmed, half, full)))


def _organization(
    raw: object, organizations: Mapping[str, tuple[int, ...]], dissolved: frozenset[int], default: int | None
) -> tuple[int | None, Problem | None]:
    """The organization that a cell names among those that may be managed."""
    text = plain(raw)
    if says_nothing(text):
        missing = None if default is not None else Problem(Column.ORGANIZATION, Fault.ORGANIZATION_MISSING)
        return default, missing
    found = {pk for variant in organization_variants(str(raw)) for pk in organizations.get(variant, ())}
    alive = found - dissolved
    if len(alive) == 1:
        return alive.pop(), None
    if alive:
        return None, Problem(Column.ORGANIZATION, Fault.AMBIGUOUS_ORGANIZATION, {"value": text[:60]})
    if found:
        return None, Problem(Column.ORGANIZATION, Fault.DISSOLVED_ORGANIZATION, {"value": text[:60]})
    return None, Problem(Column.ORGANIZATION, Fault.UNKNOWN_ORGANIZATION, {"value": text[:60]})


def _read_note(raw: object) -> Reading:
    text = plain(raw)
    return Reading() if not text else Reading(text)


def read_row(
    number: int,
    cells: Mapping[Column, object],
    *,
    organizations: Mapping[str, tuple[int, ...]],
    dissolved: frozenset[int] = frozenset(),
    default_organization: int | None,
    today: dt.date,
    digest: Callable[[str], str],
    without_value: frozenset[Column] = frozenset(),
) -> Row:
    """Row ``number`` with ``cells`` by column, read and judged on its own.

    ``organizations``: name, short name or code → ids of those the importer may manage.
    ``digest``: identity number → salted digest; the number itself goes no further.
    ``without_value``: columns whose cell holds a formula that was never calculated.
    """
    problems: list[Problem] = []
    values: dict[str, str | None] = {}
    readers: dict[Column, Callable[[object], Reading]] = {
        Column.NAME: read_name,
        Column.GENDER: read_gender,
        Column.ETHNICITY: read_ethnicity,
        Column.BORN: lambda raw: read_birth(raw, today),
        Column.EDUCATION: read_education,
        Column.JOINED: lambda raw: read_joined(raw, today),
        Column.STATUS: read_status,
        Column.POST: read_post,
        Column.PHONE: read_phone,
        Column.IDENTITY: read_identity,
        Column.NOTE: _read_note,
    }
    organization: int | None = default_organization
    for column in Column:
        if column not in cells and column not in (Column.NAME, Column.ORGANIZATION):
            continue
        raw = cells.get(column)
        if column in without_value:
            problems.append(Problem(column, Fault.FORMULA_WITHOUT_VALUE))
            continue
        if isinstance(raw, str) and raw.strip() in _CELL_ERRORS:
            problems.append(Problem(column, Fault.CELL_ERROR, {"value": raw.strip()}))
            continue
        if column is Column.ORGANIZATION:
            organization, problem = _organization(raw, organizations, dissolved, default_organization)
            if problem:
                problems.append(problem)
            continue
        if column is Column.NUMBER:
            continue
        reading = readers[column](raw)
        if reading.fault is not None:
            problems.append(Problem(column, reading.fault, reading.params))
        elif reading.value is not None and len(reading.value) > _LONGEST.get(column, 10_000):
            problems.append(Problem(column, Fault.TOO_LONG, {"longest": _LONGEST[column]}))
        else:
            values[column] = reading.value
    born, joined = values.get(Column.BORN), values.get(Column.JOINED)
    if born and joined and joined[: len(born)] < born[: len(joined)]:
        problems.append(Problem(Column.JOINED, Fault.JOINED_BEFORE_BORN, {"born": born, "joined": joined}))
    identity = values.get(Column.IDENTITY)
    person = Person(
        name=values.get(Column.NAME) or "",
        gender=values.get(Column.GENDER),
        ethnicity=values.get(Column.ETHNICITY),
        born_on=born or (_birth_in(identity) if identity else None),
        education=values.get(Column.EDUCATION),
        joined_on=joined,
        member_status=values.get(Column.STATUS),
        organization_id=organization,
        post=values.get(Column.POST),
        phone=values.get(Column.PHONE),
        identity_digest=digest(identity) if identity else None,
        identity_tail=identity[-4:] if identity else None,
        note=values.get(Column.NOTE),
    )
    return Row(number=number, person=person, problems=tuple(problems))


def _birth_in(identity: str) -> str | None:
    """The date of birth inside an identity number, for files that have no column of it."""
    match = re.match(r"\d{6}(\d{4})(\d{2})(\d{2})", identity)
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3])).isoformat() if match else None
    except ValueError:
        return None
