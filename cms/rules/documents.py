"""What an uploaded file is, judged by what it holds; its name and what a browser says decide nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cms.refusals import Reason
from cms.refusals import sentence as _

MEGABYTE = 1024 * 1024
#: Largest file of each kind, in megabytes. What may be uploaded at all stands here.
LARGEST_MEGABYTES = {
    "pdf": 100,
    "pptx": 100,
    "docx": 50,
    "xlsx": 20,
    "txt": 5,
    "zip": 100,
    "mp3": 100,
    "m4a": 100,
    "ogg": 100,
    "wav": 200,
}
AUDIO = ("mp3", "m4a", "ogg", "wav")
#: Kinds that can be shown page by page.
PAGED = ("pdf", "pptx")
#: The main part of each kind of Office document (ISO/IEC 29500-1, §11.3.10, §12.3.7, §13.3.6), no macros.
MAIN_PART = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
}
#: A package may hold so many pieces, and so many bytes when it is unpacked.
MOST_PIECES = 5000
MOST_UNPACKED = 600 * MEGABYTE
#: XML packs 10 to 40 times; beyond this, only what was made to explode does.
MOST_RATIO = 200
RATIO_MATTERS_FROM = 4 * MEGABYTE
#: So much of a file's beginning tells what it is.
HEAD_BYTES = 1024

_SENTENCES = {
    "file_kind": _("“%(name)s” cannot be uploaded here. Choose a file of one of these kinds: %(kinds)s."),
    "file_empty": _("“%(name)s” is empty. Choose the file again."),
    "file_too_large": _("“%(name)s” is larger than %(megabytes)s MB. Make it smaller or divide it."),
    "file_is_something_else": _(
        "“%(name)s” is no %(kind)s file inside, whatever its name says. "
        "Open it in the program that made it and save it as %(kind)s."
    ),
    "file_broken": _("“%(name)s” is damaged and cannot be opened. Save it anew and upload it again."),
    "file_locked": _("“%(name)s” is protected by a password. Take the password away and upload it again."),
    "file_has_macros": _(
        "“%(name)s” holds macros or scripts. Save it without them (for example as .docx or .pptx) and "
        "upload it again."
    ),
    "file_has_scripts": _(
        "“%(name)s” holds scripts or starts programs. Print it into a new PDF file and upload that one."
    ),
    "file_reaches_out": _(
        "“%(name)s” fetches parts of itself from elsewhere. Put the pictures into the file itself "
        "and save it anew."
    ),
    "file_explodes": _(
        "“%(name)s” unpacks to far more than it should. Save it anew in the program that made it, "
        "or divide it."
    ),
    "file_has_attachments": _("“%(name)s” carries other files inside. Save it without its attachments."),
}


def refusal(code: str, name: str, **told: object) -> Reason:
    """Why the file ``name`` is refused; ``code`` is a key of the sentences above."""
    return Reason(code, _SENTENCES[code], {"name": name[:80], **told}, "file")


def kind_of(name: str) -> str:
    """The ending of ``name`` in small letters, without its dot; empty where there is none."""
    _before, dot, ending = name.rpartition(".")
    return ending.lower() if dot else ""


def holds(kind: str, head: bytes) -> bool:
    """Whether a file that begins with ``head`` can be of ``kind``."""
    if kind in ("docx", "pptx", "xlsx", "zip"):
        return head.startswith(b"PK\x03\x04")
    if kind == "pdf":
        # Some programs write a few bytes before it; readers look through 1024 (ISO 32000-1, annex H).
        return b"%PDF-" in head[:HEAD_BYTES]
    if kind == "mp3":
        return head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2)
    if kind == "m4a":
        return head[4:8] == b"ftyp"
    if kind == "ogg":
        return head.startswith(b"OggS")
    if kind == "wav":
        return head.startswith(b"RIFF") and head[8:12] == b"WAVE"
    return kind == "txt" and b"\0" not in head


@dataclass(frozen=True)
class Piece:
    """One piece of a package as its directory announces it. Sizes in bytes."""

    name: str
    size: int
    packed: int
    is_locked: bool = False


def judge_pieces(name: str, pieces: Iterable[Piece], *, most_unpacked: int = MOST_UNPACKED) -> Reason | None:
    """Whether a package may be unpacked at all, judged before a byte of it is."""
    found = list(pieces)
    if len(found) > MOST_PIECES or sum(piece.size for piece in found) > most_unpacked:
        return refusal("file_explodes", name)
    for piece in found:
        if piece.is_locked:
            return refusal("file_locked", name)
        if piece.size > RATIO_MATTERS_FROM and piece.size > MOST_RATIO * max(piece.packed, 1):
            return refusal("file_explodes", name)
        parts = piece.name.replace("\\", "/").split("/")
        if ".." in parts or piece.name.startswith(("/", "\\")) or ":" in parts[0]:
            return refusal("file_broken", name)
    return None


def has_macros(names: Iterable[str], content_types: Iterable[str]) -> bool:
    """Whether an Office document carries macros, by the names and the types of its parts."""
    lowered = [name.lower() for name in names]
    return any(
        name.endswith(("vbaproject.bin", "vbadata.xml")) or "/macrosheets/" in name or "/activex/" in name
        for name in lowered
    ) or any("macroenabled" in kind.lower() for kind in content_types)


def reaches_out(relation: str, mode: str) -> bool:
    """Whether a relation is fetched when the document is opened; a link is followed by people only."""
    return mode.lower() == "external" and not relation.endswith("/hyperlink")
