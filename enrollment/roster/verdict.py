"""A verdict as data: what is kept with an import, shown in the preview and printed by the command."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from enrollment.roster import messages
from enrollment.rules.roster import Column, Fault, Header, Judged, Outcome, Person, Problem, Row, plain
from enrollment.rules.roster.columns import column_named

#: How an outcome is called among the counts.
COUNTED_AS = {
    Outcome.NEW: "new",
    Outcome.CHANGED: "changed",
    Outcome.UNCHANGED: "unchanged",
    Outcome.DUPLICATE: "duplicates",
    Outcome.ERROR: "errors",
}


def counts_of(verdicts: Iterable[Judged]) -> dict[str, int]:
    """Rows by outcome; ``rows`` is their sum, ``errors`` counts rows (one row may have several flaws)."""
    found = Counter(judged.outcome for judged in verdicts)
    counts = {name: found[outcome] for outcome, name in COUNTED_AS.items()}
    return {"rows": sum(counts.values()), **counts}


def _problem(problem: Problem) -> dict[str, Any]:
    return {"field": str(problem.field), "code": str(problem.code), "params": dict(problem.params)}


def _problem_from(data: Mapping[str, Any]) -> Problem:
    return Problem(data["field"], Fault(data["code"]), dict(data["params"]))


def row_to_data(judged: Judged, raw: Sequence[str] | None = None) -> dict[str, Any]:
    """One row of a verdict; what is empty is left out, since there may be many thousands."""
    data: dict[str, Any] = {
        "number": judged.row.number,
        "outcome": str(judged.outcome),
        "person": judged.row.person.told(),
    }
    if judged.row.problems:
        data["own"] = [_problem(problem) for problem in judged.row.problems]
    elif judged.problems:
        data["problems"] = [_problem(problem) for problem in judged.problems]
    if judged.trainee_id is not None:
        data["trainee"] = judged.trainee_id
    if judged.duplicate_of is not None:
        data["duplicate_of"] = judged.duplicate_of
    if judged.changes:
        data["changes"] = {name: list(pair) for name, pair in judged.changes.items()}
    if raw is not None:
        data["raw"] = list(raw)
    return data


def row_from_data(data: Mapping[str, Any]) -> Row:
    """The row as it was read, ready to be judged again."""
    return Row(
        number=data["number"],
        person=Person(**data["person"]),
        problems=tuple(_problem_from(problem) for problem in data.get("own", ())),
    )


def problems_of(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is wrong with a row of a verdict, with sentences in the active language."""
    return [
        {
            "row": data["number"],
            "field": problem["field"],
            "label": str(messages.FIELDS.get(problem["field"], problem["field"])),
            "code": problem["code"],
            "message": messages.sentence(problem["code"], problem["params"]),
        }
        for problem in data.get("own") or data.get("problems") or ()
    ]


def identity_places(header: Header) -> set[int]:
    """Columns with identity numbers, also those that somebody left out."""
    named = {place for place, title in header.titles.items() if column_named(title) is Column.IDENTITY}
    told = header.where(Column.IDENTITY)
    return named if told is None else named | {told}


def raw_texts(raw: Sequence[Any], header: Header) -> list[str]:
    """The cells of a row as text, for the file of rows to correct; an identity number is not repeated."""
    width = max(header.titles, default=0) + 1
    identities = identity_places(header)
    texts = []
    for place in range(width):
        cell = raw[place] if place < len(raw) else None
        if isinstance(cell, dt.datetime | dt.date):
            text = plain(cell)
        else:
            text = "" if cell is None else str(cell).strip()
            text = text.removesuffix(".0") if isinstance(cell, float) else text
        if place in identities and text:
            text = re.sub(r".(?=.{4})", "*", text)
        texts.append(text[:500])
    return texts


def report_of(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """What the command prints: the counts, and every error by row, field, code and sentence."""
    counts = verdict["counts"]
    return {
        "rows": counts["rows"],
        "new": counts["new"],
        "changed": counts["changed"],
        "unchanged": counts["unchanged"],
        "duplicates": counts["duplicates"],
        "errors": [
            {name: problem[name] for name in ("row", "field", "code", "message")}
            for row in verdict["rows"]
            for problem in problems_of(row)
        ],
    }
