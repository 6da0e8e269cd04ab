"""A course goes into one archive and comes out of it, here or elsewhere, once however often."""

from __future__ import annotations

import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from PIL import Image
from wagtail.models import PageLogEntry

from cms.actions.captions import correct, current
from cms.actions.jobs import Stopped
from cms.actions.video import ffmpeg
from cms.models import AcademyDocument, AcademyImage, Job, JobStatus, Video
from cms.refusals import Refused
from courses.actions import unpacking
from courses.actions.authoring import publish
from courses.actions.packing import pack
from courses.actions.questions import keep_version
from courses.actions.unpacking import Unpacked, unpack
from courses.models import (
    ArchiveKey,
    CategoryPage,
    CoursePage,
    LessonPage,
    LessonProgress,
    ModulePage,
    Question,
    Quiz,
    QuizQuestion,
)
from enrollment.models import Cohort, User
from tests import documents as make_file
from tests.courses.conftest import outlines
from tests.factories import courses as make

pytestmark = pytest.mark.django_db

CAPTIONS = b"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHello\n"
MODELS = (QuizQuestion, Quiz, Question, Video, AcademyDocument, AcademyImage, ArchiveKey)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path: Path = tmp_path_factory.mktemp("film") / "film.mp4"
    source = "testsrc=size=64x36:rate=5:duration=1"
    command = [ffmpeg(), "-loglevel", "error", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True)
    return path.read_bytes()


def picture(colour: str) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(target, "PNG")
    return target.getvalue()


@dataclass
class Whole:
    """A course with one of everything."""

    course: CoursePage
    lessons: list[LessonPage]
    question: Question
    video: Video
    image: AcademyImage


@pytest.fixture
def whole(chen: User, film: bytes, settings: Any, tmp_path: Path) -> Whole:
    settings.MEDIA_ROOT = str(tmp_path / "here")
    image = AcademyImage(title="封面", alt_text="红旗", focal_point_x=5, focal_point_y=6)
    image.file = ImageFile(io.BytesIO(picture("red")), name="cover.png")
    image.save()
    document = AcademyDocument(title="读本")
    document.file.save("读本.pdf", ContentFile(make_file.pdf("第一页")))
    video = Video(title="片子", poster=image, status=Video.Status.READY, duration_seconds=100)
    video.file.save("film.mp4", ContentFile(film), save=False)
    video.captions.save("film.vtt", ContentFile(CAPTIONS))
    module = make.module(chen, code="M77", title="档案模块", category=make.category(code="c77"))
    before = make.course(module=module, slug="before", title="先修课")
    course = make.course(
        module=module,
        slug="whole",
        title="整课",
        cover=image,
        cohorts=[Cohort.objects.first()],
        prerequisites=[before],
        is_sequential=True,
    )
    question = make.question(text="旧问法")
    quiz = make.quiz(1, title="小测")
    quiz.items.update(question=question, pinned=question.versions.get(), points=3)
    question.text = "新问法"
    question.save()
    keep_version(question=question)
    first = make.lesson(
        course,
        slug="first",
        video=video,
        quiz=quiz,
        blocks=[
            {"type": "figure", "value": {"image": image.pk, "caption": "图", "alt": ""}},
            {"type": "document", "value": {"document": document.pk, "caption": "", "may_download": True}},
            {
                "type": "gallery",
                "value": {"pictures": [{"image": image.pk, "caption": "甲", "alt": ""}] * 2},
            },
            {"type": "video", "value": video.pk},
        ],
    )
    second = make.lesson(course, slug="second", title="第二课")
    # A link forward, in a draft that goes beyond what is published.
    first.body.append(
        (
            "paragraph",
            f'<p>见<a linktype="page" id="{second.pk}">下一课</a><a linktype="page" id="99999">×</a></p>',
        )
    )
    draft = first.get_latest_revision_as_object()
    draft.body = first.body
    draft.title = "第一课（修订）"
    draft.save_revision()
    make.lesson(course, slug="third", published=False, title="草稿课")
    return Whole(course, [first, second], question, video, image)


def packed(page: Any) -> bytes:
    with pack(page=page) as file:
        return file.read()


def taken_in(raw: bytes, **kwargs: Any) -> Unpacked:
    return unpack(file=io.BytesIO(raw), name="课程.zip", **{"publishes": True, **kwargs})


@pytest.fixture
def elsewhere(settings: Any, tmp_path: Path) -> Callable[[], None]:
    """Leave for an academy without courses and media."""

    def go() -> None:
        CategoryPage.objects.get(code="c77").delete()
        for model in MODELS:
            model.objects.all().delete()
        settings.MEDIA_ROOT = str(tmp_path / "there")
        outlines.forget()

    return go


def test_out_in_elsewhere_and_out_again_is_the_same(whole: Whole, elsewhere: Callable[[], None]) -> None:
    module = whole.course.get_parent().specific
    first = packed(module)
    elsewhere()
    found = taken_in(first)
    assert (found.changed, found.same) == (0, 0)
    assert packed(ModulePage.objects.get(code="M77")) == first
    course = CoursePage.objects.get(slug="whole")
    assert course.live
    assert [before.title for before in course.prerequisites.all()] == ["先修课"]
    lesson = LessonPage.objects.child_of(course).get(slug="first")
    assert lesson.live
    assert lesson.has_unpublished_changes
    assert lesson.body[0].value["image"].alt_text == "红旗"
    link = lesson.get_latest_revision_as_object().body[-1].value.source
    assert f'id="{LessonPage.objects.get(slug="second").pk}"' in link
    assert "<a>×</a>" in link
    item = lesson.quiz.items.get()
    assert (item.points, item.pinned.text, item.question.text) == (3, "旧问法", "新问法")
    assert not LessonPage.objects.get(slug="third").live
    # What phones play is made anew.
    assert lesson.video.status == Video.Status.WAITING
    assert lesson.pk in outlines.catalogue().lessons


def counts() -> list[int]:
    return [model.objects.count() for model in (*MODELS, CoursePage, LessonPage)]


def test_again_it_brings_up_to_date_and_makes_nothing_twice(whole: Whole, zhang: User) -> None:
    raw = packed(whole.course)
    progress = LessonProgress.objects.create(
        user=zhang,
        lesson=whole.lessons[1],
        course=whole.course,
        rule="read",
        opened_at=whole.course.first_published_at,
        studied_at=whole.course.first_published_at,
    )
    assert taken_in(raw).changed == 0
    lesson = LessonPage.objects.get(pk=whole.lessons[1].pk)
    lesson.title = "改过的"
    publish(page=lesson)
    Question.objects.filter(pk=whole.question.pk).update(text="改过的问法")
    AcademyImage.objects.filter(pk=whole.image.pk).update(title="改过的图")
    own = make.lesson(whole.course, slug="own", title="本地课")
    before = counts()
    found = taken_in(raw)
    assert (found.made, found.changed) == (0, 3)
    assert counts() == before
    assert LessonPage.objects.get(pk=lesson.pk).title == "第二课"
    assert Question.objects.get(pk=whole.question.pk).text == "新问法"
    assert AcademyImage.objects.get(pk=whole.image.pk).title == "封面"
    # What only exists here stays, after what came; results are untouched.
    order = LessonPage.objects.child_of(whole.course).order_by("path").values_list("slug", flat=True)
    assert list(order)[-1] == own.slug
    progress.refresh_from_db()


def test_files_are_compared_and_copied_before_the_transaction(
    whole: Whole, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = packed(whole.course)
    whole.video.file.storage.delete(str(whole.video.file.name))
    whole.video.file.save("film.mp4", ContentFile(film + b"\0"))
    depth, seen = len(connection.savepoint_ids), []
    save, read = FileSystemStorage._save, FileSystemStorage._open

    def saved(self: Any, name: str, content: Any) -> str:
        seen.append(("save", Path(name).suffix, len(connection.savepoint_ids)))
        return str(save(self, name, content))

    def opened(self: Any, name: str, mode: str = "rb") -> Any:
        seen.append(("open", Path(name).suffix, len(connection.savepoint_ids)))
        return read(self, name, mode)

    monkeypatch.setattr(FileSystemStorage, "_save", saved)
    monkeypatch.setattr(FileSystemStorage, "_open", opened)
    signs: list[tuple[int, int]] = []
    taken_in(raw, heard=lambda done, size: signs.append((done, size)))
    assert {("save", ".mp4", depth), ("open", ".mp4", depth), ("open", ".png", depth)} <= set(seen)
    assert {at for _what, _kind, at in seen} == {depth}
    # The worker is heard of while it copies, with one and the same whole.
    assert len({size for _done, size in signs}) == 1
    half = signs[0][1] // 2
    assert sum(done >= half for done, _size in signs) > 5
    assert signs[-1][0] > half
    assert Video.objects.get(pk=whole.video.pk).file.size == len(film)


def test_what_is_exchanged_after_it_was_compared_is_not_overwritten(
    whole: Whole, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    raw = packed(whole.course)
    store = whole.image.file.storage
    AcademyImage.objects.update(file=store.save("old.png", ContentFile(picture("blue"))))
    lay_out = unpacking._lay_out

    def slow(*args: Any) -> None:
        lay_out(*args)
        AcademyImage.objects.update(file=store.save("now.png", ContentFile(picture("green"))))

    monkeypatch.setattr(unpacking, "_lay_out", slow)
    before = set(Path(settings.MEDIA_ROOT).rglob("cover*"))
    with pytest.raises(Refused, match="archive_at_once"):
        taken_in(raw)
    assert AcademyImage.objects.get(pk=whole.image.pk).file.name == "now.png"
    assert set(Path(settings.MEDIA_ROOT).rglob("cover*")) == before


def test_cancelled_while_it_copies_it_leaves_nothing(whole: Whole, elsewhere: Callable[[], None]) -> None:
    raw = packed(whole.course)
    elsewhere()

    def cancelled(done: int, size: int) -> None:
        if done > size // 2:
            raise Stopped

    with pytest.raises(Stopped):
        taken_in(raw, heard=cancelled)
    root = Path(AcademyImage._meta.get_field("file").storage.location)
    assert not [path for path in root.rglob("*") if path.is_file()]


def test_lessons_stand_in_the_order_of_the_archive(whole: Whole) -> None:
    raw = packed(whole.course)
    second = LessonPage.objects.get(slug="second")
    second.move(CoursePage.objects.get(pk=whole.course.pk), pos="first-child")
    taken_in(raw)
    order = LessonPage.objects.child_of(whole.course).order_by("path").values_list("slug", flat=True)
    assert list(order) == ["first", "second", "third"]


# --- Whose it is --------------------------------------------------------------------------------------


def test_an_instructor_brings_drafts_and_publishes_nothing(
    whole: Whole, chen: User, elsewhere: Callable[[], None]
) -> None:
    raw = packed(whole.course)
    elsewhere()
    with pytest.raises(Refused, match="archive_no_module"):
        taken_in(raw, actor=chen)
    taken_in(raw, actor=chen, module=make.module(chen))
    assert not LessonPage.objects.live().exists()
    assert LessonPage.objects.count() == 3


def test_what_others_write_is_not_overwritten(whole: Whole, chen: User) -> None:
    raw = packed(whole.course)
    mine = make.module(chen)
    module = ModulePage.objects.get(code="M77")
    module.instructors = []
    publish(page=module)
    titles = list(LessonPage.objects.values_list("title", flat=True))
    with pytest.raises(Refused, match="archive_not_yours"):
        taken_in(raw, actor=User.objects.get(pk=chen.pk), module=mine)
    assert list(LessonPage.objects.values_list("title", flat=True)) == titles


def test_nothing_is_put_into_the_past_of_a_question_of_others(whole: Whole, chen: User) -> None:
    Question.objects.filter(pk=whole.question.pk).update(module=make.module(), created_by=None)
    told = whole.question.versions.count()

    def change(pieces: dict[str, bytes]) -> None:
        def invent(listed: Any) -> None:
            listed["questions"][0]["earlier"].append({**listed["questions"][0]["now"], "text": "从没问过"})

        manifest(pieces, invent)

    raw = packed(whole.course)
    actor = User.objects.get(pk=chen.pk)
    module = ModulePage.objects.get(code="M77")
    # As it is it may come in: of the question nothing changes.
    taken_in(raw, actor=actor, module=module)
    with pytest.raises(Refused, match="archive_not_yours"):
        taken_in(repacked(raw, change), actor=actor, module=module)
    assert whole.question.versions.count() == told


def test_captions_that_come_in_are_the_newest_version(whole: Whole) -> None:
    raw = packed(whole.course)
    _base, cues = current(whole.video)
    correct(video=whole.video, cues=[replace(cues[0], text="Corrected here")], base=0)
    taken_in(raw)
    number, now = current(Video.objects.get(pk=whole.video.pk))
    assert (number, [cue.text for cue in now]) == (3, ["Hello"])


# --- Hostile archives ---------------------------------------------------------------------------------


def repacked(raw: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        pieces = {name: package.read(name) for name in package.namelist()}
    change(pieces)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in pieces.items():
            package.writestr(name, content)
    return target.getvalue()


def manifest(pieces: dict[str, bytes], change: Callable[[Any], None]) -> None:
    listed = json.loads(pieces["manifest.json"])
    change(listed)
    pieces["manifest.json"] = json.dumps(listed).encode()


def swap_file(pieces: dict[str, bytes], folder: str, content: bytes) -> None:
    """Another content under a name, with the list telling the truth about it."""
    import hashlib

    path = next(name for name in pieces if name.startswith(folder))
    pieces[path] = content
    digest = hashlib.sha256(content).hexdigest()

    def tell(listed: Any) -> None:
        for kind in ("images", "documents", "videos"):
            for part in listed[kind]:
                for file in (part["file"], part.get("captions")):
                    if file and file["path"] == path:
                        file.update(sha256=digest, size=len(content))

    manifest(pieces, tell)


def body(listed: Any, block: dict[str, Any]) -> None:
    listed["courses"][0]["lessons"][0]["published"]["body"] = [block]


HOSTILE: dict[str, tuple[Callable[[dict[str, bytes]], None], str, str]] = {
    "slip": (lambda p: p.update({"../../evil.py": b"x"}), "archive_unsafe", "evil.py"),
    "absolute": (lambda p: p.update({"/etc/x": b"x"}), "archive_unsafe", "/etc/x"),
    "bomb": (lambda p: p.update({"images/b.png": b"\0" * 30_000_000}), "archive_unsafe", "b.png"),
    "stranger": (lambda p: p.update({"run.sh": b"x"}), "archive_stranger", "run.sh"),
    "no list": (lambda p: p.pop("manifest.json") and None, "archive_incomplete", "manifest.json"),
    "broken list": (lambda p: p.update({"manifest.json": b"{"}), "archive_manifest", "manifest.json"),
    "other list": (
        lambda p: manifest(p, lambda m: m.update(format="other")),
        "archive_is_none",
        "manifest.json",
    ),
    "newer": (lambda p: manifest(p, lambda m: m.update(version=2)), "archive_newer", ""),
    "more than known": (lambda p: manifest(p, lambda m: m.update(run="x")), "archive_manifest", "run"),
    "picture": (lambda p: swap_file(p, "images/", b"<script>"), "archive_wrong_kind", "cover.png"),
    "document": (lambda p: swap_file(p, "documents/", b"MZ"), "archive_wrong_kind", "读本.pdf"),
    "film": (lambda p: swap_file(p, "videos/", b"#!/bin/sh"), "archive_wrong_kind", "film.mp4"),
    "captions": (
        lambda p: swap_file(p, "captions/", b"WEBVTT\n\n1 --> 2\nx"),
        "archive_wrong_kind",
        "film.vtt",
    ),
    "swapped": (
        lambda p: p.update({n: p[n][:-1] + b"?" for n in p if n.startswith("images/")}),
        "archive_changed",
        "images/",
    ),
    "script": (
        lambda p: manifest(
            p, lambda m: body(m, {"type": "paragraph", "value": "<p>x</p><script>1</script>"})
        ),
        "archive_script",
        "<script>",
    ),
    "handler": (
        lambda p: manifest(p, lambda m: body(m, {"type": "paragraph", "value": '<p onclick="x">x</p>'})),
        "archive_script",
        "onclick",
    ),
    "link that runs": (
        lambda p: manifest(
            p, lambda m: body(m, {"type": "paragraph", "value": '<a href="javascript:x">x</a>'})
        ),
        "archive_script",
        "href",
    ),
    "block": (
        lambda p: manifest(p, lambda m: body(m, {"type": "raw_html", "value": "x"})),
        "archive_content",
        "raw_html",
    ),
    "shape": (
        lambda p: manifest(p, lambda m: body(m, {"type": "figure", "value": [1]})),
        "archive_content",
        "",
    ),
}


@pytest.fixture(scope="module")
def kept() -> dict[str, bytes]:
    return {}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archives_are_refused_and_leave_nothing(
    case: str,
    request: pytest.FixtureRequest,
    kept: dict[str, bytes],
    settings: Any,
    tmp_path: Path,
) -> None:
    if not kept:
        kept["raw"] = packed(request.getfixturevalue("whole").course)
        CategoryPage.objects.get(code="c77").delete()
        for model in MODELS:
            model.objects.all().delete()
    settings.MEDIA_ROOT = str(tmp_path / "there")
    change, code, part = HOSTILE[case]
    with pytest.raises(Refused) as refused:
        taken_in(repacked(kept["raw"], change))
    assert refused.value.code == code
    assert part in refused.value.sentence
    assert not CoursePage.objects.filter(slug="whole").exists()
    assert [model.objects.count() for model in MODELS] == [0] * len(MODELS)
    assert not [path for path in (tmp_path / "there").rglob("*") if path.is_file()]


def test_no_zip_at_all_is_refused() -> None:
    with pytest.raises(Refused, match="archive_is_none"):
        taken_in(b"PK\x03\x04 nonsense")


# --- By hand ------------------------------------------------------------------------------------------


@pytest.fixture
def writer(client: Client, chen: User) -> Client:
    client.force_login(chen)
    return client


def test_both_ways_through_the_screens(
    whole: Whole, writer: Client, chen: User, django_capture_on_commit_callbacks: Any
) -> None:
    page = writer.get(reverse("courses:teaching_archive"), {"page": f"course-{whole.course.pk}"})
    assert "整课" in page.content.decode()
    assert "publishes" not in page.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        answer = writer.post(
            reverse("courses:teaching_archive_export"), {"page": f"course-{whole.course.pk}"}
        )
    job = Job.objects.get()
    assert (answer.url, job.status) == (job.get_absolute_url(), JobStatus.DONE)
    raw = b"".join(writer.get(reverse("jobs:result", args=[job.pk])))
    assert job.file_name.startswith("整课-")
    lesson = LessonPage.objects.get(slug="third")
    lesson.title = "改过的草稿"
    lesson.save_revision()
    module = whole.course.get_parent()
    with django_capture_on_commit_callbacks(execute=True):
        answer = writer.post(
            reverse("courses:teaching_archive"),
            {"module": module.pk, "file": SimpleUploadedFile("整课.zip", raw)},
        )
    job = Job.objects.exclude(pk=job.pk).get()
    assert answer.url == job.get_absolute_url()
    assert job.status == JobStatus.DONE, job.message
    assert LessonPage.objects.get(slug="third").get_latest_revision_as_object().title == "草稿课"
    for action in ("courses.archive.export", "courses.archive.import"):
        assert PageLogEntry.objects.filter(action=action, user=chen).exists()
    answer = writer.post(
        reverse("courses:teaching_archive"),
        {"module": module.pk, "file": SimpleUploadedFile("整课.zip", raw[:-40])},
    )
    assert answer.status_code == 422


def test_both_ways_from_the_command_line(whole: Whole, elsewhere: Callable[[], None], tmp_path: Path) -> None:
    path = tmp_path / "m77.zip"
    call_command("export_courses", str(path), module="M77", stdout=io.StringIO())
    elsewhere()
    said = io.StringIO()
    call_command("import_courses", str(path), publish=True, stdout=said)
    assert "整课" in said.getvalue()
    assert CoursePage.objects.get(slug="whole").live
