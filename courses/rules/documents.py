"""From a Word document to the blocks of a lesson."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cms.refusals import Reason
from cms.refusals import sentence as _

TITLE_LENGTH = 255
#: What a reader gets through in one sitting, and an editor can still be worked in.
MOST_BLOCKS = 600

NOTHING_IN_IT = Reason("document_empty", _("There is nothing in this document that a lesson could show."))
TOO_LONG = Reason(
    "document_too_long",
    _("This document has more than %(most)s parts. Divide it into several lessons."),
    {"most": MOST_BLOCKS},
)
CANNOT_BE_READ = Reason(
    "document_cannot_be_read", _("This document cannot be read. Open it in Word, save it anew and try again.")
)


@dataclass
class Draft:
    """A lesson as it comes out of a document. ``left_out`` counts what could not be taken over."""

    title: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    left_out: int = 0


def draft_of(
    said: Iterable[Mapping[str, Any]],
    *,
    file_name: str,
    clean: Callable[[str], str],
    picture: Callable[[str, str], int | None],
) -> Draft:
    """The lesson that a document makes. A heading at its beginning is the title, else the file's name is.

    ``said`` is what `cms.converters.docx_blocks` says; ``clean`` takes what is not allowed out of HTML;
    ``picture`` keeps a picture (its file and description) and returns its number, or nothing where it cannot.
    """
    draft = Draft()
    for facts in said:
        if "heading" in facts:
            if not draft.title and not draft.blocks:
                draft.title = facts["heading"][:TITLE_LENGTH]
            else:
                draft.blocks.append({"type": "heading", "value": facts["heading"]})
        elif "paragraph" in facts:
            draft.blocks.append({"type": "paragraph", "value": clean(facts["paragraph"])})
        elif "quote" in facts:
            draft.blocks.append({"type": "quote", "value": {"text": facts["quote"], "source": ""}})
        elif "rows" in facts:
            draft.blocks.append({"type": "table", "value": _table(facts["rows"], facts["has_header"])})
        elif "picture" in facts:
            number = picture(facts["picture"], facts["alt"])
            if number is None:
                draft.left_out += 1
            else:
                value = {"image": number, "caption": "", "alt": facts["alt"]}
                draft.blocks.append({"type": "figure", "value": value})
        elif "left_out" in facts:
            draft.left_out += facts["left_out"]
    if not draft.title:
        draft.title = file_name.rpartition(".")[0][:TITLE_LENGTH] or file_name[:TITLE_LENGTH]
    return draft


def _table(rows: list[list[str]], has_header: bool) -> dict[str, Any]:
    header, rest = (rows[0], rows[1:]) if has_header and len(rows) > 1 else (None, rows)
    return {"header": header, "rows": rest}
