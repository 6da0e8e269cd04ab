"""Papers that go with a visit: what may be handed in. The content decides, not the name alone."""

from __future__ import annotations

MAX_BYTES = 10 * 1024 * 1024
MOST_OF_ONE_VISIT = 12
#: By ending: how the file begins, and what it is called when it is sent.
_ZIP = b"PK\x03\x04"
KINDS: dict[str, tuple[bytes, str]] = {
    "pdf": (b"%PDF-", "application/pdf"),
    "jpg": (b"\xff\xd8\xff", "image/jpeg"),
    "jpeg": (b"\xff\xd8\xff", "image/jpeg"),
    "png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    "docx": (_ZIP, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": (_ZIP, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
#: So much of the beginning is looked at.
HEAD_BYTES = 8


def ending(name: str) -> str:
    """The ending of a file's name, in small letters."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def content_type(name: str) -> str:
    """How a file of this name is sent; plain bytes when it is of no kind we know."""
    found = KINDS.get(ending(name))
    return found[1] if found else "application/octet-stream"


def refusal(*, name: str, size: int, head: bytes, already: int) -> str:
    """The code of why a file is not taken; empty when it is. ``already``: papers the visit has."""
    if already >= MOST_OF_ONE_VISIT:
        return "papers_too_many"
    if size > MAX_BYTES:
        return "paper_too_large"
    if (kind := KINDS.get(ending(name))) is None:
        return "paper_of_other_kind"
    if size == 0 or not head.startswith(kind[0]):
        return "paper_not_what_it_says"
    return ""
