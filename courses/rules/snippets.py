"""Showing where a search found something."""

from __future__ import annotations

from dataclasses import dataclass

#: Characters shown around the first find.
WIDTH = 90
#: How much of it lies before the find.
LEAD = 24


@dataclass(frozen=True)
class Piece:
    """A stretch of text, found or not."""

    text: str
    is_found: bool = False


def terms_of(query: str) -> list[str]:
    """What to mark for ``query``: its words, longest first; of a Chinese phrase also its pairs."""
    words = [word for word in query.split() if word]
    pairs = [
        word[place : place + 2]
        for word in words
        if not word.isascii()
        for place in range(len(word) - 1)
        if len(word) > 2
    ]
    return list(dict.fromkeys([*sorted(words, key=len, reverse=True), *pairs]))


def find(text: str, query: str) -> int:
    """Where the first (and longest) term of ``query`` stands in ``text``; −1 where none does."""
    lower = text.lower()
    return next((place for term in terms_of(query) if (place := lower.find(term.lower())) >= 0), -1)


def snippet(text: str, query: str, width: int = WIDTH) -> list[Piece]:
    """About ``width`` characters of ``text`` around the first find, with every find marked."""
    text = " ".join(text.split())
    place = find(text, query)
    start = max(0, place - LEAD) if place >= 0 else 0
    shown = text[start : start + width]
    pieces = marked(shown, query)
    if start > 0:
        pieces.insert(0, Piece("…"))
    if start + width < len(text):
        pieces.append(Piece("…"))
    return pieces


def marked(text: str, query: str) -> list[Piece]:
    """``text`` cut where a term of ``query`` begins or ends; pairs only where no whole word stands."""
    lower = text.lower()
    words = [word.lower() for word in query.split() if word]
    hits = _spans(lower, words) or _spans(lower, [term.lower() for term in terms_of(query)])
    pieces: list[Piece] = []
    at = 0
    for start, end in hits:
        if start > at:
            pieces.append(Piece(text[at:start]))
        pieces.append(Piece(text[start:end], is_found=True))
        at = end
    if at < len(text):
        pieces.append(Piece(text[at:]))
    return pieces


def _spans(text: str, terms: list[str]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for term in terms:
        at = text.find(term)
        while at >= 0:
            found.append((at, at + len(term)))
            at = text.find(term, at + 1)
    found.sort()
    joined: list[tuple[int, int]] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
