"""Packing courses with all that they show into one archive (docs/rules/archives.md)."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Callable
from typing import IO, Any

from django.db.models.fields.files import FieldFile
from wagtail.log_actions import log

from cms.models import AcademyDocument, AcademyImage, Video
from cms.refusals import Reason, Refused
from cms.refusals import sentence as _
from courses.actions.archive_states import (
    Naming,
    course_state,
    has_draft,
    latest,
    lesson_state,
    quiz_part,
)
from courses.models import CoursePage, LessonPage, ModulePage, Quiz
from courses.rules.archives import (
    FORMAT,
    MANIFEST,
    VERSION,
    CoursePart,
    DocumentPart,
    ImagePart,
    LessonPart,
    Manifest,
    PlacePart,
    QuestionPart,
    QuizPart,
    StoredFile,
    VideoPart,
)
from enrollment.models import User

#: Everything in an archive bears this time, so that the same content makes the same archive.
_TIME = (1980, 1, 1, 0, 0, 0)
_CHUNK = 256 * 1024
#: What is smaller than this is kept in memory while it is packed.
_IN_MEMORY = 8 * 1024 * 1024

NOTHING_TO_PACK = Reason("archive_nothing", _("There is no course in it that could be exported."))


def pack(
    *,
    page: CoursePage | ModulePage,
    actor: User | None = None,
    heard: Callable[[int, int], None] = lambda done, whole: None,
) -> IO[bytes]:
    """The archive of a course, or of all courses of a module, open at its beginning.

    ``heard`` is told how many files of how many are packed.

    Raises:
        Refused: ``archive_nothing``, or ``archive_file_gone`` naming what has lost its file.
    """
    module: ModulePage = page if isinstance(page, ModulePage) else page.get_parent().specific
    courses = (
        list(CoursePage.objects.child_of(module).order_by("path"))
        if isinstance(page, ModulePage)
        else [CoursePage.objects.get(pk=page.pk)]
    )
    if not courses:
        raise Refused(NOTHING_TO_PACK)
    naming = Naming()
    parts = [_course(course, naming) for course in courses]
    quizzes, questions = _tests(naming)
    packed = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller reads it
    try:
        with zipfile.ZipFile(packed, "w", allowZip64=True) as target:
            videos, images, documents = _media(target, naming, heard)
            manifest = Manifest(
                format=FORMAT,
                version=VERSION,
                category=_place(module.get_parent().specific),
                module=_place(module),
                courses=parts,
                images=images,
                documents=documents,
                videos=videos,
                quizzes=quizzes,
                questions=questions,
            )
            listed = manifest.model_dump_json(indent=1).encode()
            target.writestr(zipfile.ZipInfo(MANIFEST, _TIME), listed, zipfile.ZIP_DEFLATED)
    except BaseException:
        packed.close()
        raise
    packed.seek(0)
    log(page, "courses.archive.export", user=actor, data={"courses": [part.key for part in parts]})
    return packed


def _place(page: Any) -> PlacePart:
    return PlacePart(code=page.code or "", title=page.title, summary=page.summary)


def _course(course: CoursePage, naming: Naming) -> CoursePart:
    return CoursePart(
        key=str(course.translation_key),
        published=course_state(course, naming) if course.live else None,
        draft=course_state(latest(course), naming) if has_draft(course) else None,
        lessons=[
            LessonPart(
                key=str(lesson.translation_key),
                published=lesson_state(lesson, naming) if lesson.live else None,
                draft=lesson_state(latest(lesson), naming) if has_draft(lesson) else None,
            )
            for lesson in LessonPage.objects.child_of(course).order_by("path")
        ],
    )


def _tests(naming: Naming) -> tuple[list[QuizPart], list[QuestionPart]]:
    quizzes: list[QuizPart] = []
    questions: dict[str, QuestionPart] = {}
    for quiz in Quiz.objects.filter(pk__in=naming.used["quiz"]):
        part, asked = quiz_part(quiz, naming)
        merged = []
        for item, question in zip(part.items, asked, strict=True):
            known = questions.get(question.key, question.model_copy(update={"earlier": []}))
            earlier = list(known.earlier)
            pinned = item.pinned
            if pinned is not None:
                if question.earlier[0] not in earlier:
                    earlier.append(question.earlier[0])
                pinned = earlier.index(question.earlier[0])
            questions[question.key] = known.model_copy(update={"earlier": earlier})
            merged.append(item.model_copy(update={"pinned": pinned}))
        quizzes.append(part.model_copy(update={"items": merged}))
    return _sorted(quizzes), _sorted(questions.values())


def _sorted(parts: Any) -> list[Any]:
    return sorted(parts, key=lambda part: part.key)


def _media(
    target: zipfile.ZipFile, naming: Naming, heard: Callable[[int, int], None]
) -> tuple[list[VideoPart], list[ImagePart], list[DocumentPart]]:
    found_videos = list(Video.objects.filter(pk__in=naming.used["video"]))
    posters = {video.pk: naming.key("image", video.poster_id) for video in found_videos if video.poster_id}
    found_images = list(AcademyImage.objects.filter(pk__in=naming.used["image"]))
    found_documents = list(AcademyDocument.objects.filter(pk__in=naming.used["document"]))
    whole = len(found_videos) + len(found_images) + len(found_documents)
    done = 0

    def put(folder: str, key: str, file: FieldFile, title: str) -> StoredFile:
        return _put(target, f"{folder}/{key}", file, title, lambda: heard(done, whole))

    videos, images, documents = [], [], []
    for video in found_videos:
        key = naming.used["video"][video.pk]
        videos.append(
            VideoPart(
                key=key,
                title=video.title,
                poster=posters.get(video.pk),
                file=put("videos", key, video.file, video.title),
                captions=put("captions", key, video.captions, video.title) if video.captions else None,
            )
        )
        done += 1
    for image in found_images:
        key = naming.used["image"][image.pk]
        images.append(
            ImagePart(
                key=key,
                title=image.title,
                alt_text=image.alt_text,
                credit=image.credit,
                description=image.description,
                focal_point=(
                    image.focal_point_x,
                    image.focal_point_y,
                    image.focal_point_width,
                    image.focal_point_height,
                )
                if image.focal_point_x is not None and image.focal_point_y is not None
                else None,
                file=put("images", key, image.file, image.title),
            )
        )
        done += 1
    for document in found_documents:
        key = naming.used["document"][document.pk]
        file = put("documents", key, document.file, document.title)
        documents.append(DocumentPart(key=key, title=document.title, file=file))
        done += 1
    return _sorted(videos), _sorted(images), _sorted(documents)


def _put(
    target: zipfile.ZipFile, stem: str, file: FieldFile, title: str, heard: Callable[[], None]
) -> StoredFile:
    name = str(file.name).rpartition("/")[2]
    path = f"{stem}.{name.rpartition('.')[2].lower()}"
    digest, size = hashlib.sha256(), 0
    try:
        source = file.storage.open(str(file.name), "rb")
    except OSError as error:
        raise Refused(
            Reason(
                "archive_file_gone",
                _("The file of “%(title)s” is not there any more. Upload it again, then export."),
                {"title": title},
            )
        ) from error
    # Pictures and films are packed already.
    entry = zipfile.ZipInfo(path, _TIME)
    with source, target.open(entry, "w", force_zip64=True) as packed:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            packed.write(chunk)
            heard()
    return StoredFile(path=path, name=name, sha256=digest.hexdigest(), size=size)
