"""The blocks of a lesson: what they show, what they refuse, and their previews in the chooser."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from cms import converters
from cms.actions.documents import NO_OFFICE, prepare_pages
from cms.lesson_blocks import CheckBlock, DocumentBlock, SlidesBlock, lesson_blocks
from cms.models import AcademyDocument
from courses.models.outlines import catalogue
from courses.reports.finding import search_catalogue
from courses.reports.texts import PENDING_SECONDS, body_of
from enrollment.models import User
from tests import documents as make_file
from tests.factories import courses as make

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NAMES = [name for name, _block in lesson_blocks()]


def keep(name: str, content: bytes) -> AcademyDocument:
    document = AcademyDocument(title="支部工作条例")
    document.file.save(name, ContentFile(content), save=False)
    document.save()
    return document


@pytest.mark.parametrize("name", NAMES)
def test_every_block_has_a_preview_that_renders(client: Client, chen: User, name: str) -> None:
    lesson = make.lesson(make.course(module=make.module(chen)))
    block = lesson.body.stream_block.child_blocks[name]
    assert block.is_previewable
    assert block.get_description()
    client.force_login(chen)
    answer = client.get(reverse("wagtailadmin_block_preview"), {"id": block.definition_prefix})
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "block-preview" in text
    assert len(text.partition("block-preview")[2].strip()) > 60


def shown(blocks: list[dict[str, Any]]) -> str:
    page = make.lesson(make.course(), blocks=blocks)
    cache.clear()
    return str(body_of(make.outlines(page)[1], AnonymousUser()))


def test_pages_are_drawn_lazily_and_read_out(client: Client) -> None:
    paper = keep("paper.pdf", make_file.pdf("总则第一条", "附则"))
    prepare_pages(pages=paper.pages)
    value = {"document": paper.pk, "caption": "条例", "may_download": True}
    for kind, layout in (("document", "scroll"), ("slides", "slides")):
        html = shown([{"type": kind, "value": value}])
        assert f'data-pages="{layout}"' in html
        assert html.count('loading="lazy"') == 2
        with translation.override("zh-hans"):
            assert "第 2 页，共 2 页" in shown([{"type": kind, "value": value}])
        assert "总则第一条" in html
        assert "window.open" not in html
        assert 'target="_blank"' not in html
    hidden = shown([{"type": "document", "value": {**value, "may_download": False}}])
    assert "/download" not in hidden


def test_pages_on_their_way_are_said_and_not_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[int] = []
    monkeypatch.setattr("courses.reports.texts.cache.set", lambda _key, _value, seconds: kept.append(seconds))
    paper = keep("paper.pdf", make_file.pdf("一"))
    blocks = [{"type": "document", "value": {"document": paper.pk, "caption": "", "may_download": True}}]
    assert "data-pending" in shown(blocks)
    assert kept[-1] == PENDING_SECONDS
    prepare_pages(pages=paper.pages)
    assert "data-pending" not in shown(blocks)
    assert kept[-1] > PENDING_SECONDS


def test_the_answer_is_there_without_script() -> None:
    value = {
        "question": "多久召开一次？",
        "options": [{"text": "每月", "is_right": False}, {"text": "每季度", "is_right": True}],
        "explanation": "<p>见条例第十一条</p>",
    }
    html = shown([{"type": "check", "value": value}])
    assert 'type="radio"' in html
    answer = html.partition("<details>")[2]
    assert "每季度" in answer
    assert "见条例第十一条" in answer
    several = {**value, "options": [{"text": "甲", "is_right": True}, {"text": "乙", "is_right": True}]}
    assert 'type="checkbox"' in shown([{"type": "check", "value": several}])


def test_a_question_without_a_right_option_is_refused() -> None:
    block = CheckBlock()
    options = [{"text": "甲", "is_right": False}, {"text": "乙", "is_right": False}]
    with pytest.raises(ValidationError):
        block.clean(block.to_python({"question": "?", "options": options, "explanation": ""}))
    options[0]["is_right"] = True
    block.clean(block.to_python({"question": "?", "options": options, "explanation": ""}))


def file_errors(block: DocumentBlock | SlidesBlock, document: AcademyDocument) -> str:
    with pytest.raises(ValidationError) as caught:
        block.clean(block.to_python({"document": document.pk, "caption": "", "may_download": True}))
    errors: dict[str, ValidationError] = caught.value.block_errors
    return " ".join(errors["document"].messages)


def test_files_that_cannot_be_shown_are_refused_where_they_are_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "pdf" in file_errors(DocumentBlock(), keep("table.xlsx", make_file.office("xlsx")))
    monkeypatch.setattr(converters, "office", lambda: None)
    slides = keep("slides.pptx", make_file.office("pptx"))
    assert file_errors(SlidesBlock(), slides) == str(NO_OFFICE)
    broken = keep("broken.pdf", b"%PDF-1.4 nonsense")
    prepare_pages(pages=broken.pages)
    assert file_errors(DocumentBlock(), broken) == broken.pages.error
    good = keep("good.pdf", make_file.pdf("一"))
    block = DocumentBlock()
    block.clean(block.to_python({"document": good.pk, "caption": "", "may_download": True}))


def test_words_of_a_document_are_found_by_search() -> None:
    paper = keep("paper.pdf", make_file.pdf("流动党员管理办法全文"))
    prepare_pages(pages=paper.pages)
    value = {"document": paper.pk, "caption": "", "may_download": True}
    page = make.lesson(make.course(), blocks=[{"type": "document", "value": value}])
    found = search_catalogue(held=catalogue(), query="流动党员")
    assert [one.lesson.pk for one in found.lessons] == [page.pk]
    assert any(piece.is_found for piece in found.lessons[0].text)


def test_words_that_come_after_the_lesson_are_found_too() -> None:
    paper = keep("paper.pdf", make_file.pdf("流动党员管理办法全文"))
    value = {"document": paper.pk, "caption": "", "may_download": True}
    page = make.lesson(make.course(), blocks=[{"type": "document", "value": value}])
    assert not search_catalogue(held=catalogue(), query="流动党员").lessons
    prepare_pages(pages=paper.pages)
    assert [one.lesson.pk for one in search_catalogue(held=catalogue(), query="流动党员").lessons] == [
        page.pk
    ]
