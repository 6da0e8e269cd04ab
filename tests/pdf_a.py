"""What ISO 19005-2 (PDF/A-2u) asks of a file, as far as its objects tell: clause by clause, in words.

No proof of conformance: the content of pages is not judged here. It finds what a change of engine, style or
template breaks: identification, output intent, fonts, what is forbidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from tests.pdf_objects import Document, Stream

_IDENTIFICATION = "{http://www.aiim.org/pdfa/ns/id/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
#: Actions that a file may not hold (6.5.1).
_ACTIONS = {
    "Launch", "Sound", "Movie", "ResetForm", "ImportData", "Hide", "SetOCGState", "Rendition", "Trans",
    "GoTo3DView", "JavaScript",
}  # fmt: skip
_BLEND_MODES = {
    "Normal", "Compatible", "Multiply", "Screen", "Overlay", "Darken", "Lighten", "ColorDodge", "ColorBurn",
    "HardLight", "SoftLight", "Difference", "Exclusion", "Hue", "Saturation", "Color", "Luminosity",
}  # fmt: skip


def violations(content: bytes) -> list[str]:
    """Clauses of ISO 19005-2 that ``content`` breaks, each with what was found; empty when none is."""
    document = Document(content)
    checks = (_file, _metadata, _colours, _fonts, _forbidden, _annotations)
    return [sentence for check in checks for sentence in check(document)]


def _file(document: Document) -> Iterator[str]:
    head = document.content.split(b"\n", 2)
    if not re.fullmatch(rb"%PDF-1\.[0-7]\r?", head[0]):
        yield f"6.1.2: the file begins with {head[0]!r}"
    if not re.match(rb"%[\x80-\xff]{4}", head[1]):
        yield "6.1.2: no comment of four bytes above 127 on the second line"
    if not re.search(rb"%%EOF\r?\n?$", document.content):
        yield "6.1.3: something follows %%EOF"
    if "Encrypt" in document.trailer:
        yield "6.1.3: the file is encrypted"
    identifiers = document.trailer.get("ID") or []
    if len(identifiers) != 2 or not all(identifiers):
        yield "6.1.3: the trailer has no ID"
    for value in document.objects.values():
        if isinstance(value, Stream):
            filters = value.head.get("Filter", [])
            filters = [filters] if isinstance(filters, str) else filters
            if {"LZWDecode", "Crypt"} & set(filters):
                yield f"6.1.7.2: a stream is filtered by {filters}"
            if {"F", "FFilter", "FDecodeParms"} & value.head.keys():
                yield "6.1.7.1: a stream lies in another file"


def _metadata(document: Document) -> Iterator[str]:
    packet = document.get(document.catalog.get("Metadata"))
    if not isinstance(packet, Stream):
        yield "6.6.2.1: no metadata"
        return
    text = packet.data.decode("utf-8")
    if not text.startswith("<?xpacket begin="):
        yield "6.6.2.1: metadata is no XMP packet"
    if re.search(r"<\?xpacket[^>]*(bytes|encoding)=", text):
        yield "6.6.2.1: the head of the packet names bytes or encoding"
    said: dict[str, str] = {}
    for description in ElementTree.fromstring(text.encode()).iter(f"{_RDF}Description"):
        said |= {key: value for key, value in description.attrib.items() if key.startswith(_IDENTIFICATION)}
        said |= {one.tag: one.text or "" for one in description if one.tag.startswith(_IDENTIFICATION)}
    if said.get(f"{_IDENTIFICATION}part") != "2" or said.get(f"{_IDENTIFICATION}conformance") != "U":
        yield f"6.6.4: the file says it is {said}"


def _colours(document: Document) -> Iterator[str]:
    intents = [
        intent
        for intent in document.get(document.catalog.get("OutputIntents")) or []
        if document.get(intent).get("S") == "GTS_PDFA1"
    ]
    profiles = [document.get(document.get(intent).get("DestOutputProfile")) for intent in intents]
    if len(profiles) != 1 or not isinstance(profiles[0], Stream):
        yield "6.2.3: not exactly one output intent with a profile"
        return
    profile = profiles[0].data
    if profile[36:40] != b"acsp" or profile[8] > 4:
        yield "6.2.3: the output profile is no ICC profile of version 2 to 4"
    if profile[12:16] not in {b"mntr", b"prtr"} or profile[16:20] != b"RGB " or profiles[0].head["N"] != 3:
        yield "6.2.3: the output profile is not one of RGB, which the file's colours are"
    for found in document.dictionaries():
        spaces = [document.get(found.get("ColorSpace"))]
        if isinstance(spaces[0], dict):
            spaces = [document.get(space) for space in spaces[0].values()]
        if "DeviceCMYK" in spaces:
            yield "6.2.4.3: a colour of CMYK in a file whose output intent is RGB"
        if found.get("Subtype") == "Image" and found.get("Interpolate"):
            yield "6.2.8: a picture is interpolated"
        if {"Alternates", "OPI"} & found.keys():
            yield "6.2.8: a picture has alternates"
        if found.get("Subtype") == "PS" or "Ref" in found:
            yield "6.2.9: a form refers to PostScript or to another file"
        if {"TR", "HTP"} & found.keys() or found.get("TR2", "Default") != "Default":
            yield "6.2.5: a transfer function or halftone phase"
        if (mode := found.get("BM", "Normal")) not in _BLEND_MODES:
            yield f"6.2.10: the blend mode {mode}"


def _fonts(document: Document) -> Iterator[str]:
    fonts = [found for found in document.dictionaries() if found.get("Type") == "Font"]
    if not fonts:
        yield "6.2.11: no fonts: words would be pictures"
    for font in fonts:
        name = font.get("BaseFont", "?")
        if font["Subtype"] == "Type0":
            if font.get("Encoding") not in {"Identity-H", "Identity-V"}:
                yield f"6.2.11.3.3: {name} has the encoding {font.get('Encoding')}"
            yield from _unicode(document, font, name)
            continue
        if font["Subtype"] == "Type3":
            continue
        if font["Subtype"] not in {"CIDFontType0", "CIDFontType2"}:
            yield from _unicode(document, font, name)
        if font["Subtype"] == "CIDFontType2" and "CIDToGIDMap" not in font:
            yield f"6.2.11.3.2: {name} has no CIDToGIDMap"
        descriptor = document.get(font.get("FontDescriptor")) or {}
        files = [
            document.get(descriptor[key])
            for key in ("FontFile", "FontFile2", "FontFile3")
            if key in descriptor
        ]
        if len(files) != 1 or not isinstance(files[0], Stream) or not files[0].data:
            yield f"6.2.11.4.1: {name} is not embedded"
        if not re.match(r"[A-Z]{6}\+", name):
            yield f"9.6.4 of ISO 32000-1: {name} is no subset"


def _unicode(document: Document, font: dict[str, Any], name: str) -> Iterator[str]:
    """6.2.11.7: every code has its character, and none of those that mean nothing."""
    table = document.get(font.get("ToUnicode"))
    if not isinstance(table, Stream):
        yield f"6.2.11.7.2: {name} has no ToUnicode"
        return
    pairs = re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]*)>", table.data)
    ranges = {b"0000": b"ffff"}
    mapped = [text for code, text in pairs if ranges.get(code.lower()) != text.lower()]
    if not mapped:
        yield f"6.2.11.7.2: {name} maps no code"
    for text in mapped:
        characters = bytes.fromhex(text.decode()).decode("utf-16-be", errors="replace")
        if not characters or set(characters) & {"\0", "\ufeff", "\ufffe"}:
            yield f"6.2.11.7.2: {name} maps a code to {characters!r}"


def _forbidden(document: Document) -> Iterator[str]:
    catalog = document.catalog
    names = document.get(catalog.get("Names")) or {}
    if "JavaScript" in names:
        yield "6.5.1: JavaScript"
    if "EmbeddedFiles" in names or "AF" in catalog:
        yield "6.8: embedded files, which only PDF/A-3 may hold freely"
    if "OCProperties" in catalog:
        yield "6.9: optional content is not judged here"
    form = document.get(catalog.get("AcroForm")) or {}
    if "XFA" in form or form.get("NeedAppearances"):
        yield "6.4: a form that is filled in"
    for found in document.dictionaries():
        if found.get("S") in _ACTIONS and ("Type" not in found or found["Type"] == "Action"):
            yield f"6.5.1: the action {found['S']}"
        if "AA" in found:
            yield "6.5.2: additional actions"


def _annotations(document: Document) -> Iterator[str]:
    for page in document.dictionaries():
        for one in document.get(page.get("Annots")) or [] if page.get("Type") == "Page" else []:
            annotation = document.get(one)
            kind, flags = annotation.get("Subtype"), annotation.get("F", 0)
            if kind in {"3D", "Sound", "Screen", "Movie", "FileAttachment"}:
                yield f"6.3.1: an annotation {kind}"
            if kind != "Popup" and (not flags & 4 or flags & (1 | 2 | 32 | 256)):
                yield f"6.3.2: an annotation {kind} with the flags {flags}"
