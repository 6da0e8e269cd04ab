"""Files as people upload them, good and hostile, made here."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from weasyprint import HTML

OFFICE = "application/vnd.openxmlformats-officedocument"
MAIN = {
    "docx": ("word/document.xml", f"{OFFICE}.wordprocessingml.document.main+xml"),
    "pptx": ("ppt/presentation.xml", f"{OFFICE}.presentationml.presentation.main+xml"),
    "xlsx": ("xl/workbook.xml", f"{OFFICE}.spreadsheetml.sheet.main+xml"),
}
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)


def pdf(*pages: str, size: str = "A5") -> bytes:
    """A PDF with one page for each text."""
    style = f"<style>@page {{ size: {size} }} p + p {{ break-before: page }}</style>"
    made: bytes = HTML(string=style + "".join(f"<p>{page}</p>" for page in pages)).write_pdf()
    return made


def package(parts: Mapping[str, str | bytes]) -> bytes:
    """A .zip of these parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return target.getvalue()


def office(kind: str, *, content_type: str = "", more: Mapping[str, str | bytes] | None = None) -> bytes:
    """The bones of an Office document of ``kind``; ``more`` adds parts or replaces them."""
    main, usual = MAIN[kind]
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/{main}" ContentType="{content_type or usual}"/></Types>'
    )
    root = RELATIONS.format(
        f'<Relationship Id="r1" Target="{main}" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>'
    )
    return package({"[Content_Types].xml": types, "_rels/.rels": root, main: "<x/>", **(more or {})})
