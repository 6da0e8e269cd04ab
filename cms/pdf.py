"""Documents on paper: templates to PDF/A with embedded, subset Chinese fonts. Every PDF is made here.

What is written conforms to PDF/A-2u (ISO 19005-2): fonts embedded, text that can be read out again, colours
defined. Nothing is fetched while a document is laid out: pictures stand in the template as ``data:``.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import segno
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from cms.refusals import Reason, Refused
from cms.refusals import sentence as _

VARIANT = "pdf/a-2u"
CONTENT_TYPE = "application/pdf"
#: Papers are Chinese, whatever language somebody reads the screens in.
LANGUAGE = "zh-hans"
#: Kinds of pictures that a document may carry inside itself.
PICTURES = ("data:image/png;base64,", "data:image/jpeg;base64,")

#: What addresses without a host belong to, so that they are refused like any other (RFC 6761).
NOWHERE = "https://paper.invalid/"

ENGINE_MISSING = Reason(
    "pdf_engine_missing",
    _(
        "PDF files cannot be made on this server yet: the library Pango is missing. "
        "Use the printable page meanwhile; the administrators install libpango."
    ),
)
FONT_MISSING = Reason(
    "pdf_font_missing",
    _(
        "PDF files cannot be made on this server yet: the Noto CJK fonts are missing. "
        "Use the printable page meanwhile; the administrators install fonts-noto-cjk."
    ),
)


class ForeignResource(ValueError):
    """A document asked for something outside itself: a file of the server, or an address."""


@cache
def why_resting() -> Reason | None:
    """Why no PDF can be made here; nothing when all is there. Asked once for each process."""
    try:
        import weasyprint  # noqa: F401
    except OSError:
        return ENGINE_MISSING
    folders = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
    if not any(True for folder in folders for _font in folder.rglob("Noto*CJK*")):
        return FONT_MISSING
    return None


def require() -> None:
    """Go on only where PDF files can be made.

    Raises:
        Refused: ``pdf_engine_missing`` or ``pdf_font_missing``; everything but PDF goes on.
    """
    if reason := why_resting():
        raise Refused(reason)


@cache
def _fetcher() -> Any:
    """What answers a document that asks for a resource: itself and nothing else."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher

    class OnlyItself(URLFetcher):
        """Hands out pictures that stand in the document."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url.startswith(PICTURES):
                # Anything gentler would be a document with a hole in it.
                raise FatalURLFetchingError(f"A document may not fetch {url[:120]}")
            return super().fetch(url, headers)

    return OnlyItself(allowed_protocols=["data"], allow_redirects=False)


@contextmanager
def _closed() -> Iterator[None]:
    """Says in our words that something was to be fetched."""
    from weasyprint.urls import FatalURLFetchingError

    try:
        yield
    except FatalURLFetchingError as error:
        raise ForeignResource(str(error)) from None


@contextmanager
def on_paper() -> Iterator[None]:
    """The language of papers, for what is read and written inside."""
    with translation.override(LANGUAGE):
        yield


class Sheaf:
    """Pages of one document, laid out piece by piece: hundreds need no template of hundreds."""

    def __init__(self) -> None:
        require()
        from weasyprint.text.fonts import FontConfiguration

        self._fonts = FontConfiguration()
        self._first: Any = None
        self._pages: list[Any] = []

    def __len__(self) -> int:
        return len(self._pages)

    def add(self, template: str, context: Mapping[str, Any]) -> int:
        """Lay out ``template`` behind what there is; returns how many pages it took.

        Raises:
            ForeignResource: the template asked for something outside itself.
        """
        from weasyprint import HTML

        with on_paper():
            markup = render_to_string(template, dict(context))
        with _closed():
            source = HTML(string=markup, base_url=NOWHERE, url_fetcher=_fetcher())
            document = source.render(font_config=self._fonts)
        self._first = self._first or document
        self._pages += document.pages
        return len(document.pages)

    def write(self, target: IO[bytes]) -> None:
        """Write everything as one file; the title is that of the first piece.

        Raises:
            ForeignResource: a template asked for something outside itself, to be attached.
        """
        self._write(target, self._pages)

    def page(self, number: int) -> bytes:
        """One page, counted from 0, as a file of its own: quicker than laying each out alone."""
        target = BytesIO()
        self._write(target, self._pages[number : number + 1])
        return target.getvalue()

    def _write(self, target: IO[bytes], pages: list[Any]) -> None:
        with _closed():
            self._first.copy(pages).write_pdf(target, pdf_variant=VARIANT)

    def content(self) -> bytes:
        """Everything as one file in memory."""
        target = BytesIO()
        self.write(target)
        return target.getvalue()


def render(template: str, context: Mapping[str, Any]) -> bytes:
    """One template as a PDF.

    Raises:
        Refused: ``pdf_engine_missing`` or ``pdf_font_missing``; everything but PDF goes on.
        ForeignResource: the template asked for something outside itself.
    """
    sheaf = Sheaf()
    sheaf.add(template, context)
    return sheaf.content()


def picture(content: bytes, kind: str = "png") -> str:
    """A picture as it may stand in a document."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def qr(text: str) -> str:
    """The markup of a QR code of ``text``; its size is that of what it stands in."""
    # Never a Micro QR: few phones read one.
    code: str = segno.make_qr(text, error="m").svg_inline(
        border=2, omitsize=True, svgclass="qr", lineclass=None
    )
    return code


def answer(content: bytes, name: str, *, inline: bool = False) -> HttpResponse:
    """``content`` as a PDF with its Chinese ``name`` (RFC 6266); caches keep no copy."""
    response = HttpResponse(content, content_type=CONTENT_TYPE)
    way = "inline" if inline else "attachment"
    response["Content-Disposition"] = f"{way}; filename=\"document.pdf\"; filename*=UTF-8''{quote(name)}"
    response["Cache-Control"] = "no-store"
    return response
