"""Files from strangers: what is kept, and the sentence for each that is not."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from weasyprint import HTML
from weasyprint.document import Document

from cms import files
from cms.models import AcademyDocument
from cms.refusals import Refused
from cms.rules import documents as rules
from enrollment.models import User
from tests import documents as make

MACRO_SLIDES = "application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"


def refused(content: bytes, name: str) -> str:
    with pytest.raises(Refused) as caught:
        files.check(io.BytesIO(content), name=name)
    assert name[:10] in caught.value.sentence
    return caught.value.code


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("课件.pdf", make.pdf("第一页")),
        ("文稿.docx", make.office("docx")),
        ("课件.pptx", make.office("pptx")),
        ("花名册.xlsx", make.office("xlsx")),
        ("说明.txt", "说明".encode()),
        ("材料.zip", make.package({"a.txt": "a"})),
        ("录音.mp3", b"ID3\x04" + bytes(40)),
        ("录音.MP3", b"\xff\xfb\x90\x00" + bytes(40)),
        ("录音.m4a", b"\0\0\0\x20ftypM4A " + bytes(40)),
        ("录音.ogg", b"OggS" + bytes(40)),
        ("录音.wav", b"RIFF\x24\0\0\0WAVEfmt " + bytes(40)),
    ],
)
def test_what_it_says_is_kept(name: str, content: bytes) -> None:
    file = io.BytesIO(content)
    files.check(file, name=name)
    assert file.tell() == 0


@pytest.mark.parametrize("kind", sorted(rules.LARGEST_MEGABYTES))
def test_the_name_decides_nothing(kind: str) -> None:
    assert refused(b"\x7fELF\x02\x01\x01\0" + bytes(200), f"假冒文件.{kind}") == "file_is_something_else"


def test_unknown_empty_and_too_large_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(b"MZ", "program.exe") == "file_kind"
    assert refused(b"x", "没有扩展名") == "file_kind"
    assert refused(b"", "空.pdf") == "file_empty"
    monkeypatch.setitem(rules.LARGEST_MEGABYTES, "txt", 0)
    assert refused(b"a", "大.txt") == "file_too_large"


def test_a_document_of_another_kind_is_not_taken_for_it() -> None:
    assert refused(make.office("xlsx"), "文稿.docx") == "file_is_something_else"
    assert refused(make.package({"a.txt": "a"}), "文稿.docx") == "file_is_something_else"


def test_macros_are_refused_however_they_are_named() -> None:
    assert refused(make.office("docx", more={"word/vbaProject.bin": b"x"}), "宏.docx") == "file_has_macros"
    enabled = make.office(
        "pptx", content_type="application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml"
    )
    assert refused(enabled, "宏.pptx") == "file_has_macros"
    assert (
        refused(make.office("docx", more={"word/activeX/activeX1.xml": "<x/>"}), "宏.docx")
        == "file_has_macros"
    )


ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'


@pytest.mark.parametrize("part", ["word/document.xml", "[Content_Types].xml", "word/_rels/document.xml.rels"])
def test_external_entities_are_refused_in_every_part(part: str) -> None:
    assert refused(make.office("docx", more={part: ENTITY}), "实体.docx") == "file_reaches_out"
    wide = ENTITY.encode("utf-16")
    assert refused(make.office("docx", more={part: wide}), "实体.docx") == "file_reaches_out"


def test_parts_from_elsewhere_are_refused_and_links_are_not() -> None:
    def relation(kind: str) -> dict[str, str]:
        one = (
            '<Relationship Id="r9" Target="http://example.org/x" TargetMode="External" '
            f'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/>'
        )
        return {"word/_rels/document.xml.rels": make.RELATIONS.format(one)}

    assert refused(make.office("docx", more=relation("image")), "外链.docx") == "file_reaches_out"
    assert refused(make.office("docx", more=relation("attachedTemplate")), "模板.docx") == "file_reaches_out"
    files.check(io.BytesIO(make.office("docx", more=relation("hyperlink"))), name="链接.docx")


def test_bombs_are_refused_before_they_are_unpacked() -> None:
    bomb = make.office("docx", more={"word/media/image1.png": bytes(20 * rules.MEGABYTE)})
    assert len(bomb) < 100_000
    assert refused(bomb, "炸弹.docx") == "file_explodes"
    many = make.package({f"{number}": "" for number in range(rules.MOST_PIECES + 1)})
    assert refused(many, "许多.zip") == "file_explodes"


def test_pieces_that_would_leave_their_folder_are_refused() -> None:
    assert refused(make.package({"../../etc/cron.d/x": "x"}), "越界.zip") == "file_broken"


def test_damaged_and_locked_files_are_told_apart() -> None:
    assert refused(make.pdf("x")[:300], "损坏.pdf") == "file_broken"
    assert refused(make.office("docx")[:200], "损坏.docx") == "file_broken"
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("a", "b")
    locked = bytearray(target.getvalue())
    # The bit that says “encrypted”, in the local header and in the directory (APPNOTE 4.4.4).
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert refused(bytes(locked), "加密.zip") == "file_locked"


def test_scripts_and_files_inside_a_pdf_are_refused() -> None:
    plain = HTML(string="<p>x").write_pdf(uncompressed_pdf=True)
    for action in (b"/S /JavaScript /JS (x)", b"/S /J#61vaScript /JS (x)", b"/S /Launch /F (x.exe)"):
        scripted = plain.replace(b"/Type /Catalog", b"/OpenAction <<" + action + b">> /Type /Catalog")
        assert action in scripted
        assert refused(scripted, "脚本.pdf") == "file_has_scripts"
    document: Document = HTML(string="<p>x").render()
    from weasyprint import Attachment

    document.metadata.attachments = [Attachment(string="a", name="a.txt")]
    assert refused(document.write_pdf(), "夹带.pdf") == "file_has_attachments"


@given(st.binary(max_size=400), st.sampled_from(sorted(rules.LARGEST_MEGABYTES)))
def test_no_bytes_break_the_first_look(head: bytes, kind: str) -> None:
    assert rules.holds(kind, head) in (True, False)


@pytest.mark.django_db
def test_the_upload_form_says_the_sentence_and_keeps_nothing(client: Client, zhao: User) -> None:
    client.force_login(zhao)
    file = SimpleUploadedFile("实体.docx", make.office("docx", more={"word/document.xml": ENTITY}))
    answer = client.post(reverse("wagtaildocs:add"), {"title": "实体", "file": file})
    assert answer.status_code == 200
    assert "实体.docx" in answer.content.decode()
    assert not AcademyDocument.objects.exists()
    several = client.post(
        reverse("wagtaildocs:add_multiple"),
        {"title": "x", "files[]": SimpleUploadedFile("x.pdf", b"%PDF-1.4 nonsense")},
        headers={"X-Requested-With": "XMLHttpRequest"},
    )
    assert several.json()["success"] is False
    assert not AcademyDocument.objects.exists()
