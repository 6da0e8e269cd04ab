"""Captions as WebVTT (W3C), read strictly, so that each mistake is named with its line, and written.

Times are seconds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cms.refusals import Reason
from cms.refusals import sentence as _

LARGEST_BYTES = 2 * 1024 * 1024
#: Corrected in place, each takes up to five fields of a form, which may have 10,000 of them.
MOST_CUES = 2000
LONGEST_TEXT = 500
#: Players show nothing after this (100 hours take a third digit, which the format allows).
LATEST_SECOND = 100 * 3600.0

_TIME = re.compile(r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})")
_ARROW = "-->"
#: What a cue may be marked with (WebVTT §4.2.2); anything else is taken for text by players.
_TAG = re.compile(r"<(/?)([^>\s.]*)[^>]*>")
_MARKS = frozenset({"b", "i", "u", "c", "v", "ruby", "rt", "lang"})

_SENTENCES = {
    "captions_no_text": _("The file is not text in UTF-8. Save it anew as WebVTT (.vtt) in UTF-8."),
    "captions_too_large": _("Captions of more than 2 MB belong to no lesson. Choose the .vtt file again."),
    "captions_no_header": _("Line 1: a caption file begins with the word WEBVTT."),
    "captions_no_cues": _("There is no caption in this file."),
    "captions_too_many": _("Line %(line)s: more than %(most)s captions. Divide the video."),
    "captions_bad_time": _(
        "Line %(line)s: “%(text)s” is no time of a caption. Write it like 00:01:05.000 --> 00:01:09.500."
    ),
    "captions_backwards": _("Line %(line)s: this caption ends before it begins."),
    "captions_out_of_order": _("Line %(line)s: this caption begins before the one above it."),
    "captions_empty": _("Line %(line)s: this caption has no words."),
    "captions_stray_text": _("Line %(line)s: “%(text)s” belongs to no caption; its time is missing."),
    "captions_mark": _("Line %(line)s: “%(text)s” is no mark that captions may hold."),
    "captions_long": _("Line %(line)s: a caption has at most %(most)s characters. Divide it."),
}


def problem(code: str, **told: object) -> Reason:
    """One of the sentences above, about the field ``captions``."""
    return Reason(code, _SENTENCES[code], dict(told), "captions")


@dataclass(frozen=True)
class Cue:
    """One caption. ``settings`` (where it stands on the screen) and ``name`` are kept as they came."""

    start: float
    end: float
    text: str
    settings: str = ""
    name: str = ""
    line: int = 0

    @property
    def begins_at(self) -> str:
        """When it begins, as the format writes it."""
        return written(self.start)

    @property
    def ends_at(self) -> str:
        """When it ends."""
        return written(self.end)


def seconds(text: str) -> float | None:
    """A time as the format writes it; ``None`` where it is none."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, whole, thousandths = found.groups()
    value = int(hours or 0) * 3600 + int(minutes) * 60 + int(whole) + int(thousandths) / 1000
    return value if value < LATEST_SECOND else None


def written(moment: float) -> str:
    """``moment`` as the format writes it, hours always given."""
    thousandths = round(moment * 1000)
    whole, rest = divmod(thousandths, 1000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}.{rest:03}"


def read(raw: bytes) -> list[Cue] | Reason:
    """The captions in ``raw``, or what is wrong with them and where."""
    if len(raw) > LARGEST_BYTES:
        return problem("captions_too_large")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return problem("captions_no_text")
    if "\0" in text:
        return problem("captions_no_text")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        return problem("captions_no_header")
    cues: list[Cue] = []
    for first, block in _blocks(lines):
        found = _cue(first, block, cues)
        if isinstance(found, Reason):
            return found
        if found is not None:
            cues.append(found)
            if len(cues) > MOST_CUES:
                return problem("captions_too_many", line=found.line, most=MOST_CUES)
    return cues or problem("captions_no_cues")


def _blocks(lines: Sequence[str]) -> list[tuple[int, list[str]]]:
    """Pieces between empty lines, each with the number of its first line; the header is none of them."""
    found: list[tuple[int, list[str]]] = []
    current: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            current.append(line)
        elif current:
            found.append((number - len(current), current))
            current = []
    return [(first, block) for first, block in found if first > 1]


def _cue(first: int, block: list[str], cues: Sequence[Cue]) -> Cue | Reason | None:
    if block[0].startswith("NOTE") and _ARROW not in block[0]:
        return None
    if not cues and re.match(r"(?:STYLE|REGION)\s*$", block[0]):
        # Styles of a stranger's file would reach our page; where captions stand is the player's affair.
        return None
    place = next((number for number, line in enumerate(block[:2]) if _ARROW in line), None)
    if place is None:
        return problem("captions_stray_text", line=first, text=block[0].strip()[:40])
    line = first + place
    before, _arrow, after = block[place].partition(_ARROW)
    end_text, _space, settings = after.strip().partition(" ")
    start, end = seconds(before), seconds(end_text)
    if start is None or end is None:
        return problem("captions_bad_time", line=line, text=block[place].strip()[:60])
    words = "\n".join(part.rstrip() for part in block[place + 1 :])
    cue = Cue(start, end, words, settings.strip(), block[0].strip() if place else "", line)
    return judge(cue, cues[-1] if cues else None) or cue


def judge(cue: Cue, before: Cue | None) -> Reason | None:
    """What is wrong with a caption that stands after ``before``; ``cue.line`` names it."""
    if cue.end <= cue.start:
        return problem("captions_backwards", line=cue.line)
    if before is not None and cue.start < before.start:
        return problem("captions_out_of_order", line=cue.line)
    if not cue.text.strip():
        return problem("captions_empty", line=cue.line + 1)
    if len(cue.text) > LONGEST_TEXT:
        return problem("captions_long", line=cue.line + 1, most=LONGEST_TEXT)
    for offset, text in enumerate(cue.text.split("\n"), 1):
        if _ARROW in text:
            return problem("captions_bad_time", line=cue.line + offset, text=text.strip()[:60])
        for tag in _TAG.finditer(text):
            if tag[2] not in _MARKS and seconds(tag[2]) is None:
                return problem("captions_mark", line=cue.line + offset, text=tag[0][:40])
    return None


def write(cues: Sequence[Cue]) -> str:
    """The file of these captions."""
    parts = ["WEBVTT\n"]
    for cue in cues:
        name = f"{cue.name}\n" if cue.name else ""
        settings = f" {cue.settings}" if cue.settings else ""
        # An empty line would end the caption.
        text = "\n".join(line for line in cue.text.split("\n") if line.strip())
        parts.append(f"{name}{cue.begins_at} --> {cue.ends_at}{settings}\n{text}\n")
    return "\n".join(parts)
