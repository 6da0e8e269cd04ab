"""Pages of documents: drawn in the background, served to holders of a signed address only."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from cms import converters, tasks
from cms.actions import documents as actions
from cms.models import DOCUMENT_SALT, AcademyDocument, DocumentPages
from cms.rules import jobs as job_rules
from tests import documents as make

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
Status = DocumentPages.Status


def keep(name: str, content: bytes) -> AcademyDocument:
    document = AcademyDocument(title="示例文档")
    document.file.save(name, ContentFile(content), save=False)
    document.save()
    return document


@pytest.fixture
def document() -> AcademyDocument:
    made = keep("notes.pdf", make.pdf("第一页内容", "第二页内容"))
    actions.prepare_pages(pages=made.pages)
    return made


def test_each_page_is_a_picture_with_its_words(document: AcademyDocument, client: Client) -> None:
    assert document.pages.status == Status.READY
    first, second = document.sheets
    assert (first["number"], second["number"]) == (1, 2)
    assert first["width"] == actions.PAGE_WIDTH
    assert first["height"] > first["width"]
    assert "第一页内容" in first["text"]
    answer = client.get(second["url"])
    assert answer["Content-Type"] == "image/webp"
    assert b"".join(answer)[8:12] == b"WEBP"


def test_a_document_that_is_no_paper_has_no_pages() -> None:
    assert keep("notes.txt", b"words").pages_or_none is None


def test_nothing_is_served_without_a_good_signature(document: AcademyDocument, client: Client) -> None:
    token = signing.dumps(document.pk, salt=DOCUMENT_SALT, compress=False)
    for name in ("page-0000.webp", "page-0009.webp", "page-1.webp", "..%2Fx", "other"):
        assert client.get(f"/media/document/{token}/{name}").status_code == 404
    forged = signing.dumps(document.pk, salt="another")
    assert client.get(f"/media/document/{forged}/file").status_code == 404
    folder = document.pages.folder
    assert client.get(f"/media/{folder}/0001.webp").status_code == 404
    assert client.get(f"/media/{document.file.name}").status_code == 404


def test_an_address_expires(
    document: AcademyDocument, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cms.views.MEDIA_ADDRESS_SECONDS", -1)
    assert client.get(document.sheets[0]["url"]).status_code == 404


def test_files_are_kept_by_the_browser_and_sound_is_played(document: AcademyDocument, client: Client) -> None:
    kept = client.get(document.download_url)
    assert kept["Content-Disposition"].startswith("attachment")
    assert client.get(document.file_url)["Content-Disposition"].startswith("attachment")
    sound = keep("sound.mp3", b"ID3" + bytes(500))
    part = client.get(sound.file_url, headers={"Range": "bytes=0-99"})
    assert (part.status_code, part["Content-Type"]) == (206, "audio/mpeg")
    assert "Content-Disposition" not in part


def test_another_file_gets_other_pages_and_the_old_ones_go(document: AcademyDocument) -> None:
    before = document.pages.folder
    document.file.save("notes2.pdf", ContentFile(make.pdf("新的一页")), save=False)
    document.save()
    pages = DocumentPages.objects.get(document=document)
    assert pages.status == Status.WAITING
    actions.prepare_pages(pages=pages)
    assert [sheet["text"] for sheet in pages.sheets] == ["新的一页"]
    assert not default_storage.exists(f"{before}/0001.webp")


def test_saving_a_title_draws_nothing_anew(
    document: AcademyDocument, django_capture_on_commit_callbacks: Any
) -> None:
    document.title = "另一个名称"
    with django_capture_on_commit_callbacks() as queued:
        document.save()
    assert queued == []


def test_an_upload_is_drawn_by_the_queue(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        document = keep("queued.pdf", make.pdf("一"))
    assert DocumentPages.objects.get(document=document).status == Status.READY


def test_pages_go_with_their_document(
    document: AcademyDocument, django_capture_on_commit_callbacks: Any
) -> None:
    folder = document.pages.folder
    assert default_storage.exists(f"{folder}/0001.webp")
    with django_capture_on_commit_callbacks(execute=True):
        document.delete()
    assert not default_storage.exists(f"{folder}/0001.webp")


def test_what_cannot_be_drawn_is_said_in_a_sentence() -> None:
    pages = keep("broken.pdf", b"%PDF-1.4 nonsense").pages
    actions.prepare_pages(pages=pages)
    assert (pages.status, pages.error) == (Status.FAILED, str(actions.CANNOT_BE_SHOWN))
    assert tasks.prepare_pages(pages.pk) == Status.FAILED


def test_too_many_pages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_PAGES", 1)
    pages = keep("long.pdf", make.pdf("一", "二")).pages
    actions.prepare_pages(pages=pages)
    assert pages.error == str(actions.TOO_MANY_PAGES)


def test_a_converter_that_hangs_or_wants_too_much_is_stopped(tmp_path: Path) -> None:
    source = tmp_path / "x.pdf"
    source.write_bytes(make.pdf("x"))
    with pytest.raises(converters.Failed):
        list(converters.lines("pdf_pages", source, seconds=20, megabytes=16))
    with pytest.raises(converters.Failed):
        list(converters.lines("pdf_pages", source, seconds=0, megabytes=1024))


def test_slides_need_libreoffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converters, "office", lambda: None)
    pages = keep("slides.pptx", make.office("pptx")).pages
    actions.prepare_pages(pages=pages)
    assert (pages.status, pages.error) == (Status.FAILED, str(actions.NO_OFFICE))


def test_slides_become_pages_where_it_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A stand-in for LibreOffice: a program that takes the same words and leaves a PDF where it is told."""
    made = tmp_path / "made.pdf"
    made.write_bytes(make.pdf("幻灯片一", "幻灯片二", size="160mm 90mm"))
    program = tmp_path / "soffice"
    program.write_text(
        '#!/bin/sh\nfor word; do last="$word"; done\n'
        'while [ "$1" != --outdir ]; do shift; done\n'
        f'cp {made} "$2/$(basename "$last" .pptx).pdf"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(converters, "office", lambda: str(program))
    pages = keep("slides.pptx", make.office("pptx")).pages
    actions.prepare_pages(pages=pages)
    assert [sheet["text"] for sheet in pages.sheets] == ["幻灯片一", "幻灯片二"]
    assert pages.sheets[0]["width"] > pages.sheets[0]["height"]


def test_work_whose_worker_was_killed_goes_on_and_is_given_up_in_the_end(
    django_capture_on_commit_callbacks: Any,
) -> None:
    pages = keep("lost.pdf", make.pdf("一")).pages
    now = timezone.now()
    silent = now - dt.timedelta(seconds=job_rules.STALL_SECONDS + 1)
    DocumentPages.objects.filter(pk=pages.pk).update(status=Status.WORKING, attempts=1, seen_at=silent)
    with django_capture_on_commit_callbacks(execute=True):
        assert actions.tend(now=now) == 1
    pages.refresh_from_db()
    assert (pages.status, pages.attempts) == (Status.READY, 2)
    DocumentPages.objects.filter(pk=pages.pk).update(
        status=Status.WORKING, attempts=job_rules.MOST_ATTEMPTS, seen_at=silent
    )
    assert actions.tend(now=now) == 1
    pages.refresh_from_db()
    assert (pages.status, pages.error) == (Status.FAILED, str(job_rules.INTERRUPTED))


def test_an_attempt_that_was_taken_over_leaves_nothing(document: AcademyDocument) -> None:
    pages = document.pages
    DocumentPages.objects.filter(pk=pages.pk).update(status=Status.WORKING, attempts=7)
    with pytest.raises(actions.Stopped):
        actions._step(pages)
    actions._fail(pages, "no")
    pages.refresh_from_db()
    assert (pages.status, pages.error) == (Status.WORKING, "")


def test_ready_pages_lie_somewhere(document: AcademyDocument) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        DocumentPages.objects.update(folder="")
