"""Cleaning HTML that did not come from our own editor, and plain words that people send."""

import re
import unicodedata
from html.parser import HTMLParser

import bleach
from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString, mark_safe

ALLOWED_TAGS = ["p", "br", "b", "strong", "i", "em", "ul", "ol", "li", "a", "sup", "sub"]
ALLOWED_PROTOCOLS = ["http", "https", "mailto", "tel"]
#: bleach takes "javascript:1" for a host with a port and lets it pass, so a link must say what it is.
_SAFE_LINK = re.compile(r"(?:https?://|mailto:|tel:|/|#)", re.IGNORECASE)


def is_safe_link(address: str) -> bool:
    """Whether following ``address`` opens a page or a letter, and runs nothing."""
    return _SAFE_LINK.match(address.strip()) is not None


def _is_allowed(tag: str, name: str, value: str) -> bool:
    return tag == "a" and name == "href" and is_safe_link(value)


def clean_html(html: str) -> str:
    """``html`` with only plain text marks and safe links left."""
    cleaned: str = bleach.clean(
        html, tags=ALLOWED_TAGS, attributes=_is_allowed, protocols=ALLOWED_PROTOCOLS, strip=True
    )
    return cleaned


def plain_words(text: str) -> str:
    """``text`` as people typed it, without what cannot be seen: control and direction characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(
        character
        for character in lines
        if character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs"}
    )
    # Characters that turn the direction of writing make a name or an address look like another one.
    return re.sub("[\u202a-\u202e\u2066-\u2069]", "", kept).strip()


def shown(text: str) -> SafeString:
    """Plain words of people as paragraphs: no mark of theirs is obeyed, and an address may be followed.

    Nothing is lost: what looks like markup is shown as it was typed.
    """
    html = bleach.linkify(linebreaks(escape(text)), callbacks=[], parse_email=False)
    return mark_safe(clean_html(html))  # noqa: S308 - escaped, then cleaned


class _Paragraphs(HTMLParser):
    """Collects the words of each paragraph and item of a list; items of a numbered list keep their number."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = [""]
        #: For each list that is open the number of its last item; None where it is not numbered.
        self._lists: list[int | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"ol", "ul"}:
            self._lists.append(0 if tag == "ol" else None)
        if tag in {"p", "br", "li", "ol", "ul"}:
            self.lines.append("")
        if tag == "li":
            self.lines[-1] = self._mark()

    def _mark(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "• "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def handle_endtag(self, tag: str) -> None:
        if tag in {"ol", "ul"} and self._lists:
            self._lists.pop()
        if tag in {"p", "li", "ol", "ul"}:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        self.lines[-1] += data


def paragraphs(html: str) -> list[str]:
    """The words of cleaned ``html`` paragraph by paragraph, for paper and spreadsheets that know no marks."""
    parser = _Paragraphs()
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in parser.lines)
    return [line for line in lines if line.strip("• ")]
