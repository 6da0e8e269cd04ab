"""Wagtail's own address of a document gives it to those who may see a page with it, and to nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from cms.models import AcademyDocument
from courses.models import LessonPage
from enrollment.models import User
from tests.factories import courses as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def document() -> AcademyDocument:
    found = AcademyDocument(title="读本")
    found.file.save("reader.txt", ContentFile("读本".encode()))
    return found


@pytest.fixture
def lesson(chen: User, document: AcademyDocument) -> LessonPage:
    link = f'<p><a linktype="document" id="{document.pk}">读本</a></p>'
    course = make.course(module=make.module(chen))
    return make.lesson(course, blocks=[{"type": "paragraph", "value": link}])


def status(client: Client, user: Any, document: AcademyDocument) -> int:
    client.logout()
    if user is not None:
        client.force_login(user)
    code: int = client.get(document.url).status_code
    return code


def test_a_document_of_no_page_is_for_its_editors(
    client: Client, document: AcademyDocument, chen: User, zhao: User, zhang: User
) -> None:
    seen = [status(client, user, document) for user in (None, zhang, chen, zhao)]
    assert seen == [404, 404, 200, 200]


def test_a_document_of_a_lesson_is_for_those_who_study(
    client: Client, document: AcademyDocument, lesson: LessonPage, zhang: User
) -> None:
    stranger = User.objects.create_user("stranger")
    assert [status(client, user, document) for user in (None, stranger, zhang)] == [404, 404, 200]
    lesson.unpublish()
    assert status(client, zhang, document) == 404


def test_a_course_that_was_taken_down_takes_its_documents_along(
    client: Client, document: AcademyDocument, lesson: LessonPage, zhang: User
) -> None:
    assert status(client, zhang, document) == 200
    lesson.get_parent().specific.unpublish()
    lesson.refresh_from_db()
    assert lesson.live
    assert status(client, zhang, document) == 404
