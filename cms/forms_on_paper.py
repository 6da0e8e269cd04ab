"""The registry of printed forms: each is a report, and comes out on the screen, printed, as .xlsx and PDF.

An app registers its forms when it starts. A form finds its subject for a user, or does not: then it is not
there. It reads the subject into a :class:`Sheet`, which one set of templates lays out in every way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from cms.spreadsheets import Sheet as SpreadsheetSheet
from cms.spreadsheets import workbook

Text = str | Promise
#: Text, a figure, a day, or nothing; written as it is by `cms.spreadsheets`, and as text on paper.
Cell = object


@dataclass(frozen=True)
class Column:
    """A column: its head, whether it holds figures, its share of the width in percent (0: as it comes)."""

    label: Text
    is_number: bool = False
    width: int = 0
    #: Left empty for pens: signatures and remarks.
    is_for_pen: bool = False


@dataclass(frozen=True)
class Table:
    """A table of a form; ``total`` is a last row that stands out."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    title: Text = ""
    total: Sequence[Cell] | None = None

    @property
    def has_head(self) -> bool:
        """Whether any column has a name; slips have none."""
        return any(str(column.label) for column in self.columns)


@dataclass(frozen=True)
class Sheet:
    """A form that has been filled in."""

    title: Text
    subtitle: Text = ""
    facts: Sequence[tuple[Text, Cell]] = ()
    #: Running text, by paragraphs: of a notice or a slip.
    paragraphs: Sequence[Text] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[Text] = ()
    #: Lines for names and dates at the end.
    signatures: Sequence[Text] = ()
    #: Who issues it and on which day, at the right of the end.
    issuer: Sequence[Text] = ()
    #: The tables stand behind the issuer, as annexes of a letter do.
    tables_are_annexes: bool = False
    is_landscape: bool = False
    #: A little more height in each row, for pens.
    is_tall: bool = False


@dataclass(frozen=True)
class Form:
    """A form: how it is found and read.

    ``find(user, key)`` gives its subject, or nothing where the user may not have it. ``read(subject, user)``
    asks for all rows at a number of queries that does not grow with them.
    """

    code: str
    label: Text
    find: Callable[[Any, str], Any]
    read: Callable[[Any, Any], Sheet]
    #: Where "back" leads, for a subject and a user.
    back: Callable[[Any, Any], str] = lambda _subject, _user: "/"
    #: A template of what else can be done with the subject, on its screen.
    more: str = ""
    #: The row that the audit log names.
    logged: Callable[[Any], Any] = lambda subject: subject


FORMS: dict[str, Form] = {}


def register(form: Form) -> Form:
    """Add a form."""
    FORMS[form.code] = form
    return form


def as_spreadsheet(sheet: Sheet) -> bytes:
    """The form as .xlsx: its words first, then each table; cells are neutralized where they are written."""
    sheets = []
    if sheet.facts or sheet.paragraphs or sheet.notes:
        rows: list[list[Any]] = [[str(label), value] for label, value in sheet.facts]
        rows += [[str(text), ""] for text in (*sheet.paragraphs, *sheet.notes)]
        heads = [str(sheet.title), str(sheet.subtitle)]
        sheets.append(SpreadsheetSheet(_tab(sheet.title), heads, rows, (30, 40)))
    for number, table in enumerate(sheet.tables, 1):
        body = [list(row) for row in table.rows]
        if table.total is not None:
            body.append(list(table.total))
        sheets.append(
            SpreadsheetSheet(
                # Two sheets of one name would be refused.
                f"{number} {_tab(table.title or sheet.title)}",
                [str(column.label) for column in table.columns],
                body,
                tuple(8 if column.is_number else 22 for column in table.columns),
            )
        )
    return workbook(*sheets)


def _tab(name: Text) -> str:
    """A name that a sheet may bear: without the signs that none may have, and short."""
    return "".join(sign for sign in str(name) if sign not in "[]:*?/\\'")[:27]
