"""What an archive of courses holds, and which archives are not unpacked (docs/rules/archives.md).

An archive is a zip: ``manifest.json`` and the files it lists, nothing else. Things are named by keys that are
the same in every academy, never by numbers of a database.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cms.refusals import Reason
from cms.refusals import sentence as _
from cms.rules.documents import LARGEST_MEGABYTES, MEGABYTE, MOST_PIECES, Piece, judge_pieces

FORMAT: Final = "academy-courses"
VERSION: Final = 1
MANIFEST = "manifest.json"
LARGEST_MANIFEST = 32 * MEGABYTE
#: Films are large; beyond this a module is exported course by course.
MOST_UNPACKED = 8 * 1024 * MEGABYTE
LARGEST_IMAGE = 20 * MEGABYTE
LARGEST_VIDEO = 4 * 1024 * MEGABYTE
IMAGE_KINDS = frozenset({"jpg", "jpeg", "png", "gif", "webp", "avif"})
VIDEO_KINDS = frozenset({"mp4", "m4v", "mov", "mkv", "webm", "avi", "ts"})

NO_ARCHIVE = Reason(
    "archive_is_none",
    _("“%(name)s” is no archive of courses. Choose a .zip that was exported here or in another academy."),
)
NO_PICTURE = Reason("archive_no_picture", _("it cannot be opened as a picture of this kind."))
_SENTENCES = {
    "archive_is_none": NO_ARCHIVE.message,
    "archive_broken": _("The archive is damaged: “%(piece)s” cannot be read. Export it anew."),
    "archive_unsafe": _(
        "The archive holds “%(piece)s”, which would lie outside of it or hides its size. It is not unpacked."
    ),
    "archive_too_large": _(
        "The archive unpacks to more than %(gigabytes)s GB. Export the courses one by one."
    ),
    "archive_too_many": _("The archive holds more than %(most)s files. Export the courses one by one."),
    "archive_stranger": _("The archive holds “%(piece)s”, which belongs to no course. It is not unpacked."),
    "archive_incomplete": _("“%(piece)s” is missing in the archive. Export it anew."),
    "archive_manifest": _("The archive's list cannot be understood at “%(place)s”: %(problem)s"),
    "archive_newer": _("The archive was made by a newer version of this program. Update this one first."),
    "archive_changed": _("“%(piece)s” is not the file that was packed. Export the archive anew."),
    "archive_wrong_kind": _("“%(piece)s” in the archive is not what its name says: %(problem)s"),
    "archive_script": _(
        "The text of “%(title)s” holds “%(mark)s”, which no lesson may hold. The archive is not imported."
    ),
    "archive_content": _("“%(title)s” cannot be imported as it is: %(problem)s"),
    "archive_not_yours": _("“%(title)s” exists already, and you may not change it."),
    "archive_no_module": _(
        "The module “%(title)s” does not exist here. Choose the module that the courses go under."
    ),
    "archive_at_once": _(
        "The same courses are being imported by somebody else at this moment. Try again when that is done."
    ),
    "archive_no_cohort": _("The archive names the cohort “%(code)s”, which does not exist here."),
}


def refusal(reason: str, /, **told: object) -> Reason:
    """Why an archive is refused; ``reason`` is a key of the sentences above."""
    return Reason(reason, _SENTENCES[reason], dict(told), "file")


class Part(BaseModel):
    """Base of the list's parts: of exactly this shape."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Key = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
FilePath = Annotated[str, Field(pattern=r"^(images|documents|videos|captions)/[0-9a-f-]{36}\.[a-z0-9]{2,5}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, Field(max_length=20_000)]
Line = Annotated[str, Field(max_length=255)]


class Reference(Part):
    """Something that need not be in the archive itself."""

    key: Key
    title: Line


class StoredFile(Part):
    """A file of the archive; ``name`` is what it was called."""

    path: FilePath
    name: Annotated[str, Field(max_length=200, pattern=r"^[^/\\\x00-\x1f]+$")]
    sha256: Digest
    size: Annotated[int, Field(ge=1)]


class ImagePart(Part):
    """A picture."""

    key: Key
    title: Line
    alt_text: Annotated[str, Field(max_length=200)]
    credit: Annotated[str, Field(max_length=100)]
    description: Line
    focal_point: tuple[int, int, int | None, int | None] | None
    file: StoredFile


class DocumentPart(Part):
    """A document."""

    key: Key
    title: Line
    file: StoredFile


class VideoPart(Part):
    """A video as it was uploaded; what phones play is made of it anew."""

    key: Key
    title: Annotated[str, Field(max_length=120)]
    poster: Key | None
    file: StoredFile
    captions: StoredFile | None


class OptionPart(Part):
    """One option of a question."""

    text: Annotated[str, Field(min_length=1, max_length=500)]
    correct: bool


class Wording(Part):
    """A question at one time."""

    kind: Literal["single", "multiple", "true_false"]
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    options: list[OptionPart]
    explanation: Annotated[str, Field(max_length=2000)]


class QuestionPart(Part):
    """A question of the bank; ``earlier`` are wordings that tests are pinned to."""

    key: Key
    now: Wording
    earlier: list[Wording]
    is_retired: bool


class QuizItem(Part):
    """A question in a test; ``pinned`` is a place among its earlier wordings."""

    question: Key
    pinned: int | None
    points: Annotated[int, Field(ge=1, le=1000)]


class QuizPart(Part):
    """A test."""

    key: Key
    title: Annotated[str, Field(max_length=120)]
    introduction: Annotated[str, Field(max_length=1000)]
    pass_percent: Annotated[int, Field(ge=1, le=100)]
    time_limit_minutes: Annotated[int, Field(ge=1)] | None
    max_attempts: Annotated[int, Field(ge=1)] | None
    shuffles_questions: bool
    shuffles_options: bool
    items: list[QuizItem]


class PageState(Part):
    """What a page says at one time."""

    title: Line
    slug: Annotated[str, Field(max_length=255, pattern=r"^[-a-zA-Z0-9_]+$")]
    seo_title: Line
    search_description: Text
    summary: Annotated[str, Field(max_length=500)]


class CourseState(PageState):
    """A course as it is published, or as its draft stands."""

    cover: Key | None
    cohorts: list[str]
    prerequisites: list[Reference]
    review_due_on: dt.date | None
    is_mandatory: bool
    is_sequential: bool
    needs_quizzes: bool


class LessonState(PageState):
    """The same for a lesson. ``body`` is as stored, with keys in place of numbers."""

    video: Key | None
    body: list[dict[str, Any]]
    study_minutes: Annotated[int, Field(ge=1, le=600)]
    rule: str
    watch_percent: Annotated[int, Field(ge=1, le=100)]
    least_seconds: Annotated[int, Field(ge=0)] | None
    quiz: Key | None
    reflection_task: Annotated[str, Field(max_length=1000)]
    reflection_least_characters: Annotated[int, Field(ge=0, le=5000)]


class LessonPart(Part):
    """A lesson: what is published, and a draft that goes beyond it."""

    key: Key
    published: LessonState | None
    draft: LessonState | None


class CoursePart(Part):
    """A course with its lessons in order."""

    key: Key
    published: CourseState | None
    draft: CourseState | None
    lessons: list[LessonPart]


class PlacePart(Part):
    """A module or category: where the courses stand."""

    code: Annotated[str, Field(max_length=30, pattern=r"^[-a-zA-Z0-9_]*$")]
    title: Line
    summary: Annotated[str, Field(max_length=500)]


class Manifest(Part):
    """The archive's list."""

    format: Literal["academy-courses"]
    version: Literal[1]
    category: PlacePart
    module: PlacePart
    courses: Annotated[list[CoursePart], Field(min_length=1)]
    images: list[ImagePart]
    documents: list[DocumentPart]
    videos: list[VideoPart]
    quizzes: list[QuizPart]
    questions: list[QuestionPart]

    def files(self) -> Iterator[StoredFile]:
        """All files that the archive holds."""
        yield from (image.file for image in self.images)
        yield from (document.file for document in self.documents)
        for video in self.videos:
            yield video.file
            if video.captions:
                yield video.captions


def judge_package(pieces: Iterable[Piece]) -> Reason | None:
    """Whether the zip may be opened further, by its directory alone."""
    found = list(islice(pieces, MOST_PIECES + 1))
    if len(found) > MOST_PIECES:
        return refusal("archive_too_many", most=MOST_PIECES)
    names = [piece.name for piece in found]
    if MANIFEST not in names:
        return refusal("archive_incomplete", piece=MANIFEST)
    if twice := _twice(names):
        return refusal("archive_unsafe", piece=twice[:80])
    if sum(piece.size for piece in found) > MOST_UNPACKED:
        return refusal("archive_too_large", gigabytes=MOST_UNPACKED // 1024 // MEGABYTE)
    for piece in found:
        if piece.name == MANIFEST and piece.size > LARGEST_MANIFEST:
            return refusal("archive_unsafe", piece=MANIFEST)
        if piece.is_locked or judge_pieces("", [piece], most_unpacked=MOST_UNPACKED):
            return refusal("archive_unsafe", piece=piece.name[:80])
    return None


def _twice(names: Iterable[str]) -> str:
    """The first name that is there more than once; empty where each is there once."""
    return next((name for name, count in Counter(names).items() if count > 1), "")


def read_manifest(raw: bytes, names: Iterable[str]) -> Manifest | Reason:
    """The archive's list, if it is one of ours and lists exactly the files ``names`` that are there."""
    try:
        manifest = Manifest.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = " → ".join(str(part) for part in first["loc"]) or MANIFEST
        if first["loc"] == ("format",):
            return refusal("archive_is_none", name=MANIFEST)
        if first["loc"] == ("version",):
            return refusal("archive_newer")
        return refusal("archive_manifest", place=place[:120], problem=first["msg"][:120])
    there, listed = set(names) - {MANIFEST}, {file.path for file in manifest.files()}
    if strangers := there - listed:
        return refusal("archive_stranger", piece=min(strangers)[:80])
    if missing := listed - there:
        return refusal("archive_incomplete", piece=min(missing))
    return _judge_keys(manifest) or _judge_files(manifest) or manifest


def _judge_files(manifest: Manifest) -> Reason | None:
    rows = [
        *((part.file, "images", IMAGE_KINDS, LARGEST_IMAGE) for part in manifest.images),
        *(
            (part.file, "documents", LARGEST_MEGABYTES, max(LARGEST_MEGABYTES.values()) * MEGABYTE)
            for part in manifest.documents
        ),
        *((part.file, "videos", VIDEO_KINDS, LARGEST_VIDEO) for part in manifest.videos),
        *((part.captions, "captions", {"vtt"}, 2 * MEGABYTE) for part in manifest.videos if part.captions),
    ]
    paths = [file.path for file, *_rest in rows]
    if twice := _twice(paths):
        return refusal("archive_unsafe", piece=twice)
    for file, folder, kinds, largest in rows:
        kind = file.path.rpartition(".")[2]
        if not file.path.startswith(f"{folder}/") or kind not in kinds:
            return refusal("archive_stranger", piece=file.path)
        if file.name.rpartition(".")[2].lower() != kind:
            return refusal("archive_stranger", piece=file.name)
        if file.size > largest:
            return refusal("archive_unsafe", piece=file.path)
    return None


def _judge_keys(manifest: Manifest) -> Reason | None:
    """Whether each key is given once, and each that is named is given."""
    kinds: dict[str, list[str]] = {
        "images": [part.key for part in manifest.images],
        "documents": [part.key for part in manifest.documents],
        "videos": [part.key for part in manifest.videos],
        "quizzes": [part.key for part in manifest.quizzes],
        "questions": [part.key for part in manifest.questions],
        "courses": [
            *(course.key for course in manifest.courses),
            *(lesson.key for course in manifest.courses for lesson in course.lessons),
        ],
    }
    for kind, keys in kinds.items():
        if len(set(keys)) != len(keys):
            return refusal("archive_manifest", place=kind, problem=keys[0])
    lessons = [
        state
        for course in manifest.courses
        for lesson in course.lessons
        for state in (lesson.published, lesson.draft)
        if state
    ]
    covers = [
        state.cover for course in manifest.courses for state in (course.published, course.draft) if state
    ]
    wanted = (
        ("images", [*covers, *(part.poster for part in manifest.videos)]),
        ("videos", [state.video for state in lessons]),
        ("quizzes", [state.quiz for state in lessons]),
        ("questions", [item.question for quiz in manifest.quizzes for item in quiz.items]),
    )
    for kind, keys_named in wanted:
        if missing := {key for key in keys_named if key} - set(kinds[kind]):
            return refusal("archive_incomplete", piece=f"{kind} {min(missing)}")
    earlier = {part.key: len(part.earlier) for part in manifest.questions}
    for quiz in manifest.quizzes:
        for item in quiz.items:
            if item.pinned is not None and not 0 <= item.pinned < earlier[item.question]:
                return refusal("archive_manifest", place=quiz.title, problem=str(item.pinned))
    pages: list[CoursePart | LessonPart] = [*manifest.courses]
    pages += [lesson for course in manifest.courses for lesson in course.lessons]
    for page in pages:
        if page.published is None and page.draft is None:
            return refusal("archive_manifest", place=page.key, problem="published, draft")
    return None


def file_name_of(title: str, day: dt.date) -> str:
    """What an exported archive is called."""
    plain = re.sub(r'[\\/:*?"<>|\s]+', "-", title).strip("-.")[:60]
    return f"{plain or 'courses'}-{day.isoformat()}.zip"
