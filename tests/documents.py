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
            # The same parts make the same file, whenever they are packed.
            packed.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
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


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"


def paragraph(text: str, style: str = "", more: str = "") -> str:
    """A paragraph of a Word document."""
    look = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{look}<w:r><w:t>{text}</w:t></w:r>{more}</w:p>"


def drawn(relation: str, description: str) -> str:
    """A picture inside a paragraph."""
    return (
        '<w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/'
        f'wordprocessingDrawing"><wp:docPr id="1" name="p" descr="{description}"/>'
        f'<a:graphic xmlns:a="{DRAWING}/main"><a:graphicData uri="{DRAWING}/picture">'
        f'<pic:pic xmlns:pic="{DRAWING}/picture"><pic:blipFill>'
        f'<a:blip r:embed="{relation}"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline>'
        "</w:drawing></w:r>"
    )


def word(body: str, pictures: Mapping[str, bytes] | None = None) -> bytes:
    """A Word document with headings in the styles of Word and WPS; ``pictures`` by their relation."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{code}"><w:name w:val="{name}"/></w:style>'
        for code, name in (("1", "heading 1"), ("2", "标题 2"), ("q", "Quote"))
    )
    office_relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = [f'<Relationship Id="s" Target="styles.xml" Type="{office_relations}/styles"/>']
    relations += [
        f'<Relationship Id="{key}" Target="media/{key}.png" Type="{office_relations}/image"/>'
        for key in pictures or {}
    ]
    links = (
        '<Relationship Id="l" Target="{}" TargetMode="External" Type="' + office_relations + '/hyperlink"/>'
    )
    relations.append(links.format("https://example.org/a"))
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="png" ContentType="image/png"/>'
        f'<Override PartName="/word/document.xml" ContentType="{MAIN["docx"][1]}"/></Types>'
    )
    return office(
        "docx",
        more={
            "[Content_Types].xml": types,
            "word/document.xml": f'<w:document xmlns:w="{WORD}" xmlns:r="{office_relations}">'
            f"<w:body>{body}</w:body></w:document>",
            "word/styles.xml": f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>',
            "word/_rels/document.xml.rels": RELATIONS.format("".join(relations)),
            **{f"word/media/{key}.png": content for key, content in (pictures or {}).items()},
        },
    )
