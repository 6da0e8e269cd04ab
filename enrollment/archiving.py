"""What goes into the archive of a class. Higher apps offer sections when they start.

A section is tables of plain values. It is kept twice: as a record (JSON with codes, the same whatever the
language) that can be made again from the database and compared, and in a workbook and on a page for readers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise

from enrollment.models import TrainingClass
from enrollment.rules import archive as rules

Label = str | Promise


@dataclass(frozen=True)
class Column:
    """A column: its code in the record, its name for readers, and words for coded values."""

    code: str
    label: Label
    words: Mapping[Any, Label] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """Rows of plain values; days and times are written as ISO 8601 in the record."""

    title: Label
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]


#: Makes the tables of a class as it stands.
Tables = Callable[[TrainingClass], list[Table]]
#: Makes further files: a path inside the archive and what is in it.
Files = Callable[[TrainingClass], Iterable[tuple[str, bytes]]]


@dataclass(frozen=True)
class Section:
    """One part of the archive. ``files`` may add documents: sealed, but not made again to compare."""

    code: str
    label: Label
    tables: Tables
    files: Files | None = None
    order: int = 100


_sections: dict[str, Section] = {}


def offer(section: Section) -> Section:
    """Add a section, or take the place of the one with its code."""
    _sections[section.code] = section
    return section


def sections() -> list[Section]:
    """The sections in their order."""
    return sorted(_sections.values(), key=lambda section: (section.order, section.code))


def plain(value: Any) -> Any:
    """``value`` as it stands in a record."""
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


def record_of(code: str, tables: Iterable[Table]) -> bytes:
    """A section as a record."""
    return rules.canonical(
        {
            "section": code,
            "tables": [
                {
                    "columns": [column.code for column in table.columns],
                    "rows": [[plain(value) for value in row] for row in table.rows],
                }
                for table in tables
            ],
        }
    )


def records_of(training_class: TrainingClass) -> Iterator[tuple[str, bytes]]:
    """Every record of a class as the database has it now, by path."""
    for section in sections():
        yield record_path(section), record_of(section.code, section.tables(training_class))


def record_path(section: Section) -> str:
    """Where a section's record lies in the archive."""
    return f"{rules.RECORDS}{section.code}.json"


def readable(table: Table) -> Iterator[list[Any]]:
    """The rows of a table for readers: coded values in words, times in local time."""
    for row in table.rows:
        yield [_in_words(column, value) for column, value in zip(table.columns, row, strict=True)]


def _in_words(column: Column, value: Any) -> Any:
    if value in column.words:
        return str(column.words[value])
    if isinstance(value, dt.datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return value if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) else _text(value)


def _text(value: Any) -> str:
    return "" if value is None else str(plain(value))
