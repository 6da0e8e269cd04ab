"""What people said each column of a roster holds: kept by its headings, and put to use again."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from enrollment.rules.roster.cells import plain
from enrollment.rules.roster.columns import HEADER_WITHIN, Column, Header, find_header, header_at

#: Digest of headings → heading → what it was said to hold; a heading that is left out is missing.
Remembered = Mapping[str, Mapping[str, Column]]
#: The column that we add to the rows to correct: sent back, they have the headings that the file had.
CORRECTIONS = frozenset({"whattocorrect", "更正说明"})
#: Values shown of a column, and the longest of them, in characters.
EXAMPLES = 3
LONGEST_EXAMPLE = 30
#: A run of digits as long as a phone or an identity number.
_NUMBER = re.compile(r"\d{7,}[\dXx]?")


class Lack(StrEnum):
    """Why rows under these columns cannot be read."""

    NAME = "columns_without_name"
    ORGANIZATION = "columns_without_organization"
    TWICE = "columns_told_twice"
    OTHER_HEADINGS = "columns_of_another_file"


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One lack; ``column`` is what several columns were said to hold."""

    lack: Lack
    column: Column | None = None


def headings(titles: Mapping[int, str]) -> dict[int, str]:
    """Place → heading, as columns are told apart: a second “电话” is “电话#2”."""
    seen: Counter[str] = Counter()
    named: dict[int, str] = {}
    for place, title in sorted(titles.items()):
        text = "".join(plain(title).split()).lower()
        if not text or text in CORRECTIONS:
            continue
        seen[text] += 1
        named[place] = text if seen[text] == 1 else f"{text}#{seen[text]}"
    return named


def digest_of(titles: Mapping[int, str]) -> str:
    """One short text for a set of headings, whatever their order."""
    return hashlib.sha256("\n".join(sorted(headings(titles).values())).encode()).hexdigest()


def understood(header: Header, remembered: Remembered) -> Header:
    """``header`` with its columns as they were told for these headings, if they were."""
    told = remembered.get(digest_of(header.titles))
    if told is None:
        return header
    columns = {place: told[name] for place, name in headings(header.titles).items() if name in told}
    return replace(header, columns=columns, is_told=True)


def find_told_header(rows: Sequence[Sequence[object]], remembered: Remembered) -> Header | None:
    """The header among the first ``rows``: as it was told before, else as its headings name it."""
    found = find_header(rows)
    if found is not None and (told := understood(found, remembered)).is_told:
        return told
    if remembered:
        for place in range(min(len(rows), HEADER_WITHIN)):
            told = understood(header_at(rows, place), remembered)
            if told.is_told:
                return told
    return found


def likely_header(rows: Sequence[Sequence[object]]) -> Header | None:
    """The row that looks most like a header where none names its columns: most different words, no figures.

    None when no row has two words with something under it.
    """
    best: tuple[int, int] | None = None
    for place in range(min(len(rows) - 1, HEADER_WITHIN)):
        words = {text for cell in rows[place] if (text := plain(cell)) and not re.search(r"\d", text)}
        if len(words) >= 2 and any(map(plain, rows[place + 1])) and (best is None or len(words) > best[0]):
            best = (len(words), place)
    return None if best is None else header_at(rows, best[1])


def shortfalls(columns: Collection[Column], *, has_default_organization: bool) -> list[Shortfall]:
    """What keeps rows with these columns from being read; nothing when they can be."""
    counts = Counter(columns)
    found = [Shortfall(Lack.TWICE, column) for column in Column if counts[column] > 1]
    if Column.NAME not in counts:
        found.append(Shortfall(Lack.NAME))
    if Column.ORGANIZATION not in counts and not has_default_organization:
        found.append(Shortfall(Lack.ORGANIZATION))
    return found


def example(value: object) -> str:
    """A cell as an example: short, and with the middle of every long number hidden."""
    text = _NUMBER.sub(lambda found: f"{found[0][:3]}****{found[0][-4:]}", plain(value))
    return text if len(text) <= LONGEST_EXAMPLE else f"{text[: LONGEST_EXAMPLE - 1]}…"


def examples(rows: Sequence[Sequence[object]], place: int) -> list[str]:
    """The first different values of one column, masked."""
    found: dict[str, None] = {}
    for cells in rows:
        if place < len(cells) and (text := example(cells[place])):
            found.setdefault(text)
        if len(found) == EXAMPLES:
            break
    return list(found)
