"""A lesson out of a Word document: read in a process of its own, kept as a draft of whoever brought it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from django.core.files.images import ImageFile
from django.db import transaction
from wagtail.log_actions import log

from cms import converters
from cms.models import AcademyImage
from cms.pictures import redraw
from cms.refusals import Refused
from cms.sanitizing import clean_html
from courses.actions.authoring import create_lesson
from courses.models import CoursePage, LessonPage
from courses.rules import documents as rules
from enrollment.models import User

READ_SECONDS = 180
READ_MEGABYTES = 1024


def import_document(
    *, course: CoursePage, file: IO[bytes], name: str, key: str, actor: User, heard: Callable[[int], None]
) -> tuple[LessonPage, int]:
    """Make a draft at the end of ``course`` of the Word document ``file``, looked into before (`cms.files`).

    ``key`` stands for the document: as long as its draft lies in the course unpublished, a second import
    leads there. ``heard`` is told how many parts were read. Returns the draft and how many things were left
    out.

    Raises:
        Refused: ``document_cannot_be_read``, ``document_empty`` or ``document_too_long``; nothing is kept.
    """
    slug = f"doc-{key[:12]}"
    known = LessonPage.objects.child_of(course).filter(slug=slug, live=False).first()
    if known is not None:
        return known, 0
    pictures: list[AcademyImage] = []
    try:
        with tempfile.TemporaryDirectory(prefix="academy-docx-") as folder:
            draft = _read(file, Path(folder), name, actor, pictures, heard)
        return _keep(course, draft, slug, actor), draft.left_out
    except BaseException:
        # Nobody else knows of them yet.
        for picture in pictures:
            picture.delete()
        raise


def _read(
    file: IO[bytes],
    folder: Path,
    name: str,
    actor: User,
    pictures: list[AcademyImage],
    heard: Callable[[int], None],
) -> rules.Draft:
    source = folder / "source.docx"
    with source.open("wb") as local:
        shutil.copyfileobj(file, local)

    def picture(kept: str, alt: str) -> int | None:
        title = f"{name.rpartition('.')[0]} {len(pictures) + 1}"
        try:
            with (folder / kept).open("rb") as raw:
                drawn = redraw(raw, name=title)
        except Refused:
            # Drawings of Windows (EMF, WMF) and moving pictures are shown by no browser, or move.
            return None
        image = AcademyImage(title=title[:255], alt_text=alt[:200], uploaded_by_user=actor)
        image.file = ImageFile(_in_memory(drawn.content), name="document.jpg")
        image.save()
        pictures.append(image)
        return int(image.pk)

    said = []
    try:
        for facts in converters.lines(
            "docx_blocks", source, folder, seconds=READ_SECONDS, megabytes=READ_MEGABYTES
        ):
            said.append(facts)
            if len(said) > rules.MOST_BLOCKS:
                raise Refused(rules.TOO_LONG)
            heard(len(said))
    except converters.Failed as error:
        raise Refused(rules.CANNOT_BE_READ) from error
    draft = rules.draft_of(said, file_name=name, clean=clean_html, picture=picture)
    if not draft.blocks:
        raise Refused(rules.NOTHING_IN_IT)
    return draft


def _in_memory(content: bytes) -> IO[bytes]:
    target = tempfile.SpooledTemporaryFile(max_size=len(content) + 1)  # noqa: SIM115 - closed with the picture
    target.write(content)
    target.seek(0)
    return target


@transaction.atomic
def _keep(course: CoursePage, draft: rules.Draft, slug: str, actor: User) -> LessonPage:
    taken = set(LessonPage.objects.child_of(course).values_list("slug", flat=True))
    free, number = slug, 1
    while free in taken:
        number += 1
        free = f"{slug}-{number}"
    lesson = create_lesson(
        course=course, title=draft.title, slug=free, blocks=draft.blocks, published=False, actor=actor
    )
    log(lesson, "courses.document.import", user=actor)
    return lesson
