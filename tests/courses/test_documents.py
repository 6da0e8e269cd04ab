"""A Word document becomes the draft of a lesson."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from wagtail.models import ModelLogEntry, PageLogEntry

from cms.actions import jobs as job_actions
from cms.models import AcademyImage, Job, JobStatus
from courses.models import CoursePage, LessonPage
from courses.rules import documents as rules
from enrollment.models import User
from tests import documents as make_file
from tests.factories import courses as make

pytestmark = pytest.mark.django_db

TABLE = (
    "<w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr><w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>"
    '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr>{}</w:tc></w:tr></w:tbl>'
).format(*(make_file.paragraph(text) for text in ("会议", "频次", "支部党员大会每季度")))
LINK = '<w:hyperlink r:id="l"><w:r><w:t>条例原文</w:t></w:r></w:hyperlink>'
BOLD = "<w:r><w:rPr><w:b/></w:rPr><w:t>要点</w:t></w:r>"
FORMULA = '<m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"><m:r/></m:oMath>'


def png() -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(target, "PNG")
    return target.getvalue()


def sample() -> bytes:
    paragraph = make_file.paragraph
    body = (
        paragraph("组织生活会怎么开", "1")
        + paragraph("先学习&lt;script&gt;，", more=BOLD)
        + paragraph("再谈心。", more=LINK)
        + paragraph("会前准备", "2")
        + paragraph("没有调查，就没有发言权。", "q")
        + TABLE
        + paragraph("如图：", more=make_file.drawn("p1", "流程图"))
        + paragraph("矢量图：", more=make_file.drawn("p2", ""))
        + f"<w:p>{FORMULA}</w:p>"
    )
    return make_file.word(body, {"p1": png(), "p2": b"\x01\0\0\0 EMF"})


@pytest.fixture
def course(chen: User) -> CoursePage:
    return make.course(module=make.module(chen), slug="life")


@pytest.fixture
def writer(client: Client, chen: User) -> Client:
    client.force_login(chen)
    return client


def bring(client: Client, course: CoursePage, content: bytes, name: str = "组织生活会.docx") -> Any:
    file = SimpleUploadedFile(name, content)
    return client.post(reverse("courses:teaching_import"), {"course": course.pk, "file": file})


@pytest.fixture
def imported(
    writer: Client, course: CoursePage, django_capture_on_commit_callbacks: Any
) -> tuple[LessonPage, Job]:
    with django_capture_on_commit_callbacks(execute=True):
        answer = bring(writer, course, sample())
    job = Job.objects.get()
    assert answer.url == job.get_absolute_url()
    assert job.status == JobStatus.DONE, job.message
    return LessonPage.objects.child_of(course).get(), job


def test_headings_lists_tables_and_pictures_are_taken_over(imported: tuple[LessonPage, Job]) -> None:
    lesson, job = imported
    assert lesson.title == "组织生活会怎么开"
    kinds = [block.block_type for block in lesson.get_latest_revision_as_object().body]
    assert kinds == ["paragraph", "heading", "quote", "table", "paragraph", "figure", "paragraph"]
    text, heading, quote, table, _words, figure, _more = lesson.body
    html = text.value.source
    assert "&lt;script&gt;" in html
    assert "<b>要点</b>" in html
    assert '<a href="https://example.org/a">条例原文</a>' in html
    assert heading.value == "会前准备"
    assert quote.value["text"].startswith("没有调查")
    assert table.value["data"] == [["会议", "频次"], ["支部党员大会每季度", ""]]
    assert table.value["table_header_choice"] == "row"
    assert figure.value["alt"] == "流程图"
    assert figure.value["image"].alt_text == "流程图"
    # A drawing of Windows and a formula.
    assert "2" in job.message


def test_the_result_is_a_draft_of_the_instructor(
    imported: tuple[LessonPage, Job], writer: Client, chen: User
) -> None:
    lesson, job = imported
    assert not lesson.live
    assert lesson.owner == chen
    assert job.url == reverse("wagtailadmin_pages:edit", args=[lesson.pk])
    assert writer.get(job.url).status_code == 200
    assert job.url in writer.get(job.get_absolute_url()).content.decode()
    assert PageLogEntry.objects.filter(action="courses.document.import", user=chen).exists()
    assert ModelLogEntry.objects.filter(action="cms.job.begin", user=chen).exists()
    assert not default_storage.exists(f"{job_actions.UPLOADS}/{job.parameters['upload']}")


def test_the_same_document_again_leads_to_its_draft(
    imported: tuple[LessonPage, Job],
    writer: Client,
    course: CoursePage,
    django_capture_on_commit_callbacks: Any,
) -> None:
    pictures = AcademyImage.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        bring(writer, course, sample())
    assert LessonPage.objects.child_of(course).count() == 1
    assert AcademyImage.objects.count() == pictures
    assert Job.objects.first().url == imported[1].url


@pytest.mark.parametrize(
    ("content", "name", "part"),
    [
        (make_file.office("docx", more={"word/vbaProject.bin": b"x"}), "宏.docx", "宏.docx"),
        (b"PK\x03\x04 nonsense", "坏.docx", "坏.docx"),
        (make_file.pdf("x"), "课件.pdf", ".docx"),
    ],
)
def test_hostile_and_other_files_are_refused_with_a_sentence(
    writer: Client, course: CoursePage, content: bytes, name: str, part: str
) -> None:
    answer = bring(writer, course, content, name)
    assert answer.status_code == 422
    assert part in answer.content.decode()
    assert not Job.objects.exists()


def test_a_document_without_content_leaves_nothing(
    writer: Client, course: CoursePage, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        bring(writer, course, make_file.word(make_file.paragraph("只有标题", "1")))
    assert Job.objects.get().status == JobStatus.FAILED
    assert Job.objects.get().message == str(rules.NOTHING_IN_IT)
    assert not LessonPage.objects.child_of(course).exists()


def test_pictures_go_when_the_draft_cannot_be_kept(
    writer: Client,
    course: CoursePage,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(**_kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("courses.actions.documents.create_lesson", broken)
    before = AcademyImage.objects.count()
    with pytest.raises(RuntimeError), django_capture_on_commit_callbacks(execute=True):
        bring(writer, course, sample())
    assert AcademyImage.objects.count() == before


def test_only_those_who_write_the_course_may(
    client: Client, course: CoursePage, li: User, zhao: User, django_capture_on_commit_callbacks: Any
) -> None:
    client.force_login(li)
    assert bring(client, course, sample()).status_code == 404
    client.force_login(zhao)
    assert bring(client, course, sample()).status_code == 302


def test_an_instructor_of_another_module_is_offered_nothing(client: Client, chen: User) -> None:
    strange = make.course(module=make.module())
    client.force_login(chen)
    answer = bring(client, strange, sample())
    assert answer.status_code == 422
    assert not Job.objects.exists()


def test_rights_that_were_taken_away_stop_the_work(
    writer: Client, course: CoursePage, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as queued:
        bring(writer, course, sample())
    module = course.get_parent().specific
    module.instructors = []
    module.save()
    for callback in queued:
        callback()
    assert Job.objects.get().status == JobStatus.FAILED
    assert not LessonPage.objects.child_of(course).exists()


def test_uploads_of_cancelled_work_are_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    import datetime as dt

    from django.utils import timezone

    name = job_actions.keep_upload(file=io.BytesIO(b"left behind"), purpose="test")
    job_actions.clear(now=timezone.now())
    assert default_storage.exists(f"{job_actions.UPLOADS}/{name}")
    job_actions.clear(now=timezone.now() + dt.timedelta(days=8))
    assert not default_storage.exists(f"{job_actions.UPLOADS}/{name}")


def test_the_first_heading_is_the_title_else_the_file_names_it() -> None:
    def draft(*said: dict[str, Any]) -> rules.Draft:
        return rules.draft_of(
            said, file_name="组织 生活.会.docx", clean=str.strip, picture=lambda _file, _alt: None
        )

    assert draft({"heading": "甲"}, {"heading": "乙"}).title == "甲"
    found = draft({"paragraph": "<p>x</p>"}, {"heading": "甲"}, {"picture": "1", "alt": ""}, {"left_out": 2})
    assert found.title == "组织 生活.会"
    assert [block["type"] for block in found.blocks] == ["paragraph", "heading"]
    assert found.left_out == 3
