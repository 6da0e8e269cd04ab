"""The notice 通知 of a class: its number, and a text whose places are filled from the class."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from cms.refusals import Reason
from cms.refusals import sentence as _

#: What may stand in braces in a notice, as its writers know it.
TITLE, CODE, DAYS, LENGTH, WHOM, SEATS, TEACHER = (
    "名称",
    "编号",
    "时间",
    "天数",
    "对象",
    "名额",
    "班主任",
)
PLACES = (TITLE, CODE, DAYS, LENGTH, WHOM, SEATS, TEACHER)
_PLACE = re.compile(r"[{｛]\s*([^{}｛｝<>]{1,20}?)\s*[}｝]")

#: What a number is put together from.
NUMBER_PARTS = ("series", "year", "serial")
DEFAULT_NUMBER = "{series}〔{year}〕{serial}号"
_PART = re.compile(r"\{([^{}]*)\}")


def filled(text: str, values: Mapping[str, object]) -> str:
    """``text`` (HTML) with each place filled; a place that nobody knows stays as it is."""

    def fill(found: re.Match[str]) -> str:
        name = found[1]
        return html.escape(str(values[name])) if name in values else found[0]

    return _PLACE.sub(fill, text)


def unknown_places(text: str) -> list[str]:
    """What stands in braces and is no place, each once, in order."""
    return [name for name in dict.fromkeys(_PLACE.findall(text)) if name not in PLACES]


def number(pattern: str, *, series: str, year: int, serial: int) -> str:
    """The number of a notice: 党建院〔2026〕5号 (GB/T 9704: year in full, serial without zeros)."""
    parts = {"series": series, "year": str(year), "serial": str(serial)}
    return _PART.sub(lambda found: parts.get(found[1], found[0]), pattern)


def pattern_refusal(pattern: str) -> Reason | None:
    """Why ``pattern`` cannot number notices: without year and serial two would look the same."""
    found = _PART.findall(pattern)
    if "year" not in found or "serial" not in found or set(found) - set(NUMBER_PARTS):
        return BAD_PATTERN
    return None


def publication_refusals(*, text: str, title: str, class_status: str) -> tuple[Reason, ...]:
    """Why a notice cannot be published."""
    reasons = []
    if class_status in {"cancelled", "archived"}:
        reasons.append(CLASS_IS_OVER)
    if not title.strip():
        reasons.append(NO_TITLE)
    if not re.sub(r"<[^>]*>|&nbsp;|\s", "", text):
        reasons.append(NO_TEXT)
    if unknown := unknown_places(text):
        reasons.append(
            Reason(
                "notice_unknown_place",
                _("%(names)s: no such place; use %(known)s, or take the braces away."),
                {
                    "names": "、".join(f"{{{name}}}" for name in unknown),
                    "known": "、".join(f"{{{name}}}" for name in PLACES),
                },
                field="body",
            )
        )
    return tuple(reasons)


CLASS_IS_OVER = Reason("notice_class_over", _("The class was called off or archived; it gets no notice."))
NO_TITLE = Reason("notice_title_missing", _("The notice needs a title."), field="title")
NO_TEXT = Reason("notice_text_missing", _("The notice has no text yet; write it first."), field="body")
BAD_PATTERN = Reason(
    "notice_pattern",
    _("The form of the number needs {year} and {serial}, may have {series}, and nothing else in braces."),
    field="number_pattern",
)
NOT_PUBLISHED = Reason("notice_not_published", _("This notice has not been published yet."))
NO_QUOTA_OF_YOURS = Reason(
    "notice_no_quota", _("None of the organizations you look after has a quota in this class.")
)
FILE_TOO_LARGE = Reason(
    "attachment_too_large",
    _("The file is larger than %(megabytes)s MB; attach a smaller one."),
    {"megabytes": 20},
    field="file",
)
FILE_KIND = Reason(
    "attachment_kind",
    _("Attach a document (.pdf, .docx, .xlsx, .pptx, .wps, .et, .txt) or a picture (.jpg, .png)."),
    field="file",
)
TOO_MANY_FILES = Reason("attachment_too_many", _("A notice has at most ten attachments."), field="file")
MOST_BYTES = 20 * 1024 * 1024
MOST_FILES = 10
#: Kinds of file that offices send one another and that no browser runs.
KINDS = frozenset(
    {".pdf", ".docx", ".xlsx", ".pptx", ".doc", ".xls", ".ppt", ".wps", ".et", ".txt", ".jpg", ".png"}
)
