"""A Word document as blocks: ``docx_blocks.py SOURCE FOLDER``. Run by `cms.converters`, after `cms.files`.

Says one JSON object a line, in the order of the document: ``{heading}``, ``{paragraph}`` (HTML of paragraphs
and lists), ``{quote}``, ``{rows, has_header}``, ``{picture, alt}`` (a file in the folder); at the end
``{left_out}``, how many things could not be read (formulas, charts, drawings).
"""

import json
import sys
from html import escape
from html.parser import HTMLParser
from pathlib import Path

import mammoth

#: What Word and WPS call them in Chinese, besides what the library knows.
STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='标题'] => h1:fresh
p[style-name='标题 1'] => h1:fresh
p[style-name='标题 2'] => h2:fresh
p[style-name='标题 3'] => h3:fresh
p[style-name='Quote'] => blockquote:fresh
p[style-name='Intense Quote'] => blockquote:fresh
p[style-name='引用'] => blockquote:fresh
p[style-name='明显引用'] => blockquote:fresh
"""
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
#: Marks that a paragraph keeps, by the library's name and ours.
INLINE = {"strong": "b", "em": "i", "sup": "sup", "sub": "sub"}
LISTS = {"ul": "ul", "ol": "ol", "li": "li"}
LINKS = ("http://", "https://", "mailto:")
MOST_PICTURES = 200
IGNORED = "An unrecognised element was ignored"


def say(**facts: object) -> None:
    """One line for whoever listens."""
    sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
    sys.stdout.flush()


class Pictures:
    """Writes pictures into the folder as they are met."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def keep(self, image: object) -> dict[str, str]:
        """Where one lies, as the address that stands in the library's HTML."""
        self.count += 1
        if self.count > MOST_PICTURES:
            return {"src": ""}
        name = f"{self.count:04d}"
        with image.open() as source:  # type: ignore[attr-defined]
            (self.folder / name).write_bytes(source.read())
        return {"src": name}


class Blocks(HTMLParser):
    """Divides the library's HTML (flat: headings, paragraphs, lists, tables) into blocks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.left_out = 0
        self.block = ""  # the outermost element that is open
        self.depth = 0
        self.text: list[str] = []  # of the open heading, quotation or cell, plain
        self.html: list[str] = []  # of paragraphs that follow each other
        self.links: list[bool] = []
        self.rows: list[list[str]] = []
        self.has_header = False
        self.spans: list[int] = []
        self.pictures: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "img":
            if given.get("src"):
                self.pictures.append({"picture": given["src"], "alt": given.get("alt", "")})
            else:
                self.left_out += 1
        elif tag == "br":
            self.text.append("\n")
            self.html.append("<br/>")
        elif not self.block:
            self._begin(tag)
        elif tag == self.block:
            self.depth += 1
            self._mark(tag, given)
        else:
            self._mark(tag, given)

    def _begin(self, tag: str) -> None:
        self.block, self.depth, self.text = tag, 1, []
        if tag in HEADINGS or tag in ("blockquote", "table"):
            self._flush()
        if tag == "table":
            self.rows, self.has_header = [], False
        elif tag in ("p", *LISTS):
            self.html.append(f"<{tag}>")

    def _mark(self, tag: str, given: dict[str, str]) -> None:
        if self.block == "table":
            if tag == "thead":
                self.has_header = True
            elif tag == "tr":
                self.rows.append([])
            elif tag in ("td", "th"):
                self.text = []
                span = given.get("colspan", "1")
                self.spans.append(int(span) if span.isdigit() else 1)
            elif tag == "p" and "".join(self.text).strip():
                self.text.append("\n")
        elif self.block in ("p", *LISTS):
            if tag in INLINE or tag in LISTS:
                self.html.append(f"<{INLINE.get(tag) or LISTS[tag]}>")
            elif tag == "a":
                self.links.append(given.get("href", "").lower().startswith(LINKS))
                if self.links[-1]:
                    self.html.append(f'<a href="{escape(given["href"])}">')

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self.block in ("p", *LISTS):
            self.html.append(escape(data, quote=False))

    def handle_endtag(self, tag: str) -> None:
        if self.block == "table" and tag in ("td", "th") and self.rows:
            span = self.spans.pop() if self.spans else 1
            self.rows[-1] += ["".join(self.text).strip(), *[""] * (min(span, 50) - 1)]
        elif self.block in ("p", *LISTS):
            if tag in INLINE or tag in LISTS or (tag == "p" and self.block == "p"):
                self.html.append(f"</{INLINE.get(tag) or tag}>")
            elif tag == "a" and self.links and self.links.pop():
                self.html.append("</a>")
        if tag == self.block:
            self.depth -= 1
            if self.depth == 0:
                self._end(tag)

    def _end(self, tag: str) -> None:
        self.block = ""
        words = "".join(self.text).strip()
        if tag in HEADINGS and words:
            say(heading=" ".join(words.split()))
        elif tag == "blockquote" and words:
            say(quote=words)
        elif tag == "table" and any(any(row) for row in self.rows):
            width = max(len(row) for row in self.rows)
            say(rows=[row + [""] * (width - len(row)) for row in self.rows], has_header=self.has_header)
        if self.pictures:
            self._flush()
            for picture in self.pictures:
                say(**picture)
            self.pictures = []

    def _flush(self) -> None:
        html = "".join(self.html)
        if html.replace("<p>", "").replace("</p>", "").strip():
            say(paragraph=html.replace("<p></p>", ""))
        self.html = []

    def close(self) -> None:
        super().close()
        self._flush()
        say(left_out=self.left_out)


def main() -> None:
    """Read the document and say its blocks."""
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    with source.open("rb") as file:
        read = mammoth.convert_to_html(
            file,
            style_map=STYLES,
            convert_image=mammoth.images.img_element(Pictures(folder).keep),
            external_file_access=False,
            include_embedded_style_map=False,
        )
    blocks = Blocks()
    blocks.left_out = sum(message.message.startswith(IGNORED) for message in read.messages)
    blocks.feed(read.value)
    blocks.close()


if __name__ == "__main__":
    main()
