"""Certificates as pages of a PDF: one, a sample for whoever writes the template, those of a whole class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import IO, Any
from zipfile import ZIP_STORED, ZipFile

from django.conf import settings
from django.urls import reverse

from cms import pdf
from cms.jobs import Progress
from enrollment.models import Certificate, CertificateTemplate, Orientation
from enrollment.rules.certificate_template import filled
from enrollment.rules.invitations import spelled

PAGE = "pdf/certificate.html"
#: Laid out together; between two such pieces a sign of progress.
PIECE = 10
#: So many in one book of an archive: written in seconds, with a sign of life after each.
BOOK = 50
#: Somebody who does not exist, with the longest name and titles that a page must bear.
SAMPLE = {
    "name": "张学员",
    "organization": "中共示例软件有限公司支部委员会",
    "class": "新任党组织书记示范培训班",
    "class_number": "2026-001",
    "starts_on": "2026年11月2日",
    "ends_on": "2026年11月6日",
    "hours": "40",
    "number": "2026-001-0001",
    "issued_on": "2026年11月6日",
}
LONGEST_SAMPLE = SAMPLE | {
    "name": "阿卜杜热合曼·买买提依明",
    "organization": "中共示例高新技术产业开发区信息通信与智能制造产业创新联合服务中心总支部委员会",
    "class": "“两新”组织党务工作者能力提升与新时代基层党建工作创新案例现场教学示范培训班（第十二期）",
}
#: Room for the text and the foot below one another: what templates/pdf/certificate.html leaves to them.
BOXES = {Orientation.LANDSCAPE: "217mm 104mm", Orientation.PORTRAIT: "150mm 156mm"}
SAMPLE_CODE = "SAMPLESAMPLESAMP"


def check_address(code: str) -> str:
    """The public address that confirms a paper; it stands there for years, so no request makes it."""
    return f"{settings.WAGTAILADMIN_BASE_URL}{reverse('enrollment:certificate', args=[code])}"


@cache
def _picture(seal: bytes) -> str:
    return pdf.picture(seal)


def _page(
    template: CertificateTemplate, values: dict[str, str], code: str, *, is_sample: bool = False
) -> Any:
    return {
        "title": template.title,
        "body": filled(template.body, values),
        "footer": _lines(template.footer, values),
        "signatory": template.signatory,
        "seal": _picture(bytes(template.seal)) if template.seal else "",
        "is_landscape": template.orientation == Orientation.LANDSCAPE,
        "issued_on": values["issued_on"],
        "qr": pdf.qr(check_address(code)),
        "code": spelled(code),
        "is_sample": is_sample,
    }


def _lines(text: str, values: dict[str, str]) -> list[str]:
    """The foot line by line; the QR code has a place of its own beside them."""
    lines = ("".join(part.text for part in filled(line, values)).strip() for line in text.splitlines())
    return [line for line in lines if line]


def _context(pages: Sequence[Any]) -> dict[str, Any]:
    """Pages that lie the same way, for one piece."""
    return {
        "pages": pages,
        "is_landscape": pages[0]["is_landscape"],
        "name": pages[0]["title"],
        "corners": ("nw", "ne", "se", "sw"),
    }


def page_of(certificate: Certificate) -> Any:
    """What a certificate shows: as it was when issued, by the version of the template it was made with."""
    return _page(certificate.template, certificate.printed, certificate.verification_code)


def one(certificate: Certificate) -> bytes:
    """One certificate as a PDF.

    Raises:
        Refused: PDF files cannot be made on this server.
    """
    return pdf.render(PAGE, _context([page_of(certificate)]))


def sample(template: CertificateTemplate, values: dict[str, str] | None = None) -> tuple[bytes, int]:
    """A certificate of nobody by ``template`` (saved or not), marked as a sample; and its number of pages."""
    sheaf, page = pdf.Sheaf(), _page(template, values or SAMPLE, SAMPLE_CODE, is_sample=True)
    number = sheaf.add(PAGE, _context([page]))
    return sheaf.content(), number


def fits(template: CertificateTemplate) -> bool:
    """Whether a long name and a long title of the class still leave one page."""
    context = _context([_page(template, LONGEST_SAMPLE, SAMPLE_CODE)])
    return pdf.Sheaf().add(PAGE, context | {"box": BOXES[Orientation(template.orientation)]}) == 1


def _pieces(certificates: Sequence[Certificate]) -> list[list[Certificate]]:
    """In their order, so many at a time, and never two ways of lying in one piece."""
    pieces: list[list[Certificate]] = []
    for row in certificates:
        last = pieces[-1] if pieces else None
        if last and len(last) < PIECE and last[0].template.orientation == row.template.orientation:
            last.append(row)
        else:
            pieces.append([row])
    return pieces


def write_book(target: IO[bytes], certificates: Sequence[Certificate], progress: Progress) -> None:
    """All of them as one PDF, a page each."""
    sheaf = pdf.Sheaf()
    for piece in _pieces(certificates):
        progress.step(len(sheaf), len(certificates))
        sheaf.add(PAGE, _context([page_of(row) for row in piece]))
    progress.step(len(certificates), len(certificates))
    sheaf.write(target)


def write_archive(target: IO[bytes], certificates: Sequence[Certificate], progress: Progress) -> None:
    """All of them as files of their own in a .zip, named by number and name."""
    # PDF streams are compressed already.
    with ZipFile(target, "w", ZIP_STORED) as archive:
        done = 0
        for piece in _pieces(certificates):
            sheaf = pdf.Sheaf()
            sheaf.add(PAGE, _context([page_of(row) for row in piece]))
            for number, row in enumerate(piece):
                progress.step(done, len(certificates))
                archive.writestr(f"{row.number} {_file_name(row.holder)}.pdf", sheaf.page(number))
                done += 1
        progress.step(done, len(certificates))


def books(certificates: Sequence[Certificate]) -> Iterator[tuple[str, bytes]]:
    """All of them as PDFs of many pages, with their names: fonts are subset once a book, not once a page."""
    for begin in range(0, len(certificates), BOOK):
        rows = certificates[begin : begin + BOOK]
        sheaf = pdf.Sheaf()
        for piece in _pieces(rows):
            sheaf.add(PAGE, _context([page_of(row) for row in piece]))
        yield f"{rows[0].number} – {rows[-1].number}.pdf", sheaf.content()


def _file_name(name: str) -> str:
    """A name without what no file name bears."""
    return "".join(sign for sign in name if sign not in '\\/:*?"<>|' and sign.isprintable())
