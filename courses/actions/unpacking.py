"""Taking an archive of courses in: all or nothing, a second time without doubles (docs/rules/archives.md)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from wagtail.log_actions import log
from wagtail.models import Collection
from wagtail.permissions import policy_registry

from cms.actions.captions import keep_uploaded
from cms.actions.video import prepare_later
from cms.models import AcademyDocument, AcademyImage, Video
from cms.refusals import Refused
from courses.actions.archive_files import Shelf, opened, unpack_files
from courses.actions.archive_pages import Pages
from courses.actions.archive_states import Naming, wording
from courses.actions.authoring import create_category, create_module
from courses.actions.questions import keep_version
from courses.models import CategoryPage, ModulePage, Question, QuestionVersion, Quiz, QuizQuestion
from courses.rules.archives import (
    DocumentPart,
    ImagePart,
    Manifest,
    QuestionPart,
    QuizPart,
    VideoPart,
    Wording,
    refusal,
)
from enrollment.models import User


@dataclass
class Unpacked:
    """What an import came to: courses, and how many things of all kinds were new, changed or the same."""

    module: ModulePage
    courses: list[str] = field(default_factory=list)
    made: int = 0
    changed: int = 0
    same: int = 0


def unpack(
    *,
    file: IO[bytes],
    name: str,
    module: ModulePage | None = None,
    actor: User | None = None,
    publishes: bool = False,
    heard: Callable[[int, int], None] = lambda done, whole: None,
) -> Unpacked:
    """Make the courses in ``file``, or bring them up to date where they exist.

    They go under ``module``; without it under the module of the archive's code, which administrators may
    have made. ``publishes``: what was published there is published here, where ``actor`` may; the rest stays
    draft. ``heard`` is told how much is unpacked, outside of transactions. What is here alone stays.

    Raises:
        Refused: a reason of `courses.rules.archives`; nothing is kept.
    """
    with tempfile.TemporaryDirectory(prefix="academy-courses-") as folder:
        with opened(file, name) as (package, manifest):
            # Each byte is written twice: here, and where media lie.
            files = unpack_files(package, manifest, Path(folder), lambda done, whole: heard(done, 2 * whole))
        shelf = Shelf(files)
        try:
            _lay_out(manifest, shelf, heard)
            with transaction.atomic():
                return _Import(manifest, shelf, actor, publishes).run(module)
        except IntegrityError as error:
            # Keys are unique: of two imports of the same courses at once, one comes to nothing.
            shelf.clear()
            raise Refused(refusal("archive_at_once")) from error
        except BaseException:
            shelf.clear()
            raise


def _lay_out(manifest: Manifest, shelf: Shelf, heard: Callable[[int, int], None]) -> None:
    """Put what is new into the media store, outside of transactions: meanwhile others write."""
    whole = sum(file.size for file in manifest.files())
    done = whole

    def step(size: int) -> None:
        nonlocal done
        done += size
        heard(min(done, 2 * whole), 2 * whole)

    naming = Naming()
    kinds: tuple[tuple[str, Any, Any], ...] = (
        ("image", AcademyImage, manifest.images),
        ("document", AcademyDocument, manifest.documents),
        ("video", Video, manifest.videos),
    )
    for kind, model, parts in kinds:
        numbers = naming.numbers(kind)
        for part in parts:
            row = model.objects.filter(pk=numbers.get(part.key)).first() or model()
            shelf.lay(row, "file", part.file, step)
            if kind == "video" and part.captions:
                shelf.lay(row, "captions", part.captions, step)


class _Import:
    """One import; everything runs in one transaction."""

    def __init__(self, manifest: Manifest, shelf: Shelf, actor: User | None, publishes: bool) -> None:
        self.manifest, self.shelf, self.actor, self.publishes = manifest, shelf, actor, publishes
        self.naming = Naming()

    def run(self, module: ModulePage | None) -> Unpacked:
        target = module or self._module()
        if self.actor is not None and not ModulePage.objects.manageable_by(self.actor).filter(pk=target.pk):
            raise Refused(refusal("archive_not_yours", title=target.title))
        if self.actor is not None and not target.permissions_for_user(self.actor).can_publish_subpage():
            self.publishes = False
        self.result = Unpacked(target)
        for image in self.manifest.images:
            self._image(image)
        for document in self.manifest.documents:
            self._document(document)
        for video in self.manifest.videos:
            self._video(video)
        for question in self.manifest.questions:
            self._question(question)
        for quiz in self.manifest.quizzes:
            self._quiz(quiz)
        pages = Pages(
            naming=self.naming,
            module=target,
            actor=self.actor,
            publishes=self.publishes,
            counted=self._count,
        )
        self.result.courses = pages.bring(self.manifest.courses)
        log(target, "courses.archive.import", user=self.actor, data={"courses": self.result.courses[:50]})
        return self.result

    def _count(self, is_new: bool, has_changed: bool) -> None:
        self.result.made += is_new
        self.result.changed += has_changed and not is_new
        self.result.same += not has_changed and not is_new

    def _module(self) -> ModulePage:
        part = self.manifest.module
        known: ModulePage | None = ModulePage.objects.filter(code=part.code).first()
        if known is not None and part.code:
            return known
        place = self.manifest.category
        is_staff = self.actor is None or self.actor.scope.everything
        if not is_staff or not part.code or not place.code:
            raise Refused(refusal("archive_no_module", title=part.title))
        category = CategoryPage.objects.filter(code=place.code).first() or create_category(
            code=place.code, title=place.title, summary=place.summary, actor=self.actor
        )
        return create_module(
            category=category, code=part.code, title=part.title, summary=part.summary, actor=self.actor
        )

    # --- Pictures, documents, videos

    def _known(self, model: Any, kind: str, key: str) -> Any:
        pk = self.naming.numbers(kind).get(key)
        return model.objects.filter(pk=pk).first() if pk is not None else None

    def _may(self, may: bool, title: str) -> None:
        if self.actor is not None and not may:
            raise Refused(refusal("archive_not_yours", title=title))

    def _fill(self, row: Any, values: dict[str, Any]) -> bool:
        differs = [name for name, value in values.items() if getattr(row, name) != value]
        for name in differs:
            setattr(row, name, values[name])
        return bool(differs)

    def _save(self, row: Any, kind: str, key: str) -> None:
        try:
            row.full_clean(exclude=["file", "captions"])
        except ValidationError as error:
            problem = " ".join(error.messages)
            raise Refused(refusal("archive_content", title=str(row)[:80], problem=problem)) from error
        row.save()
        self.naming.bind(kind, key, row.pk)

    def _image(self, part: ImagePart) -> None:
        row = self._known(AcademyImage, "image", part.key)
        is_new = row is None
        row = row or AcademyImage(uploaded_by_user=self.actor, collection=_root())
        x, y, width, height = part.focal_point or (None, None, None, None)
        changed = self._fill(
            row,
            {
                "title": part.title,
                "alt_text": part.alt_text,
                "credit": part.credit,
                "description": part.description,
                "focal_point_x": x,
                "focal_point_y": y,
                "focal_point_width": width,
                "focal_point_height": height,
            },
        )
        if self.shelf.name(row, "file", part.file):
            changed = True
            row.width, row.height = self.shelf.picture_size(part.file)
            row.file_size, row.file_hash = part.file.size, ""
            if not is_new:
                row.renditions.all().delete()
        if changed:
            self._may(_may_write(self.actor, row), part.title)
            self._save(row, "image", part.key)
        self._count(is_new, changed)

    def _document(self, part: DocumentPart) -> None:
        row = self._known(AcademyDocument, "document", part.key)
        is_new = row is None
        row = row or AcademyDocument(uploaded_by_user=self.actor, collection=_root())
        changed = self._fill(row, {"title": part.title})
        if self.shelf.name(row, "file", part.file):
            changed = True
            row.file_size, row.file_hash = part.file.size, ""
        if changed:
            self._may(_may_write(self.actor, row), part.title)
            self._save(row, "document", part.key)
        self._count(is_new, changed)

    def _video(self, part: VideoPart) -> None:
        row = self._known(Video, "video", part.key)
        is_new = row is None
        row = row or Video(uploaded_by=self.actor, collection=_root())
        poster = self.naming.numbers("image").get(part.poster) if part.poster else None
        changed = self._fill(row, {"title": part.title, "poster_id": poster})
        has_new_film = self.shelf.name(row, "file", part.file)
        if part.captions is None:
            has_new_captions = bool(row.captions)
            row.captions = ""
        else:
            has_new_captions = self.shelf.name(row, "captions", part.captions)
        changed = changed or has_new_film or has_new_captions
        if changed:
            action = "add" if is_new else "change"
            self._may(self.actor is None or self.actor.has_perm(f"cms.{action}_video"), part.title)
            self._save(row, "video", part.key)
        if has_new_captions and part.captions:
            # Corrections go on from what is kept as the newest.
            keep_uploaded(video=row, actor=self.actor)
        if has_new_film:
            prepare_later(video=row)
        self._count(is_new, changed)

    # --- Tests

    def _question(self, part: QuestionPart) -> None:
        row: Question | None = self._known(Question, "question", part.key)
        is_new = row is None
        if row is None:
            row = Question(module=self.result.module, created_by=self.actor)
        known = [] if is_new else [wording(version) for version in row.versions.all()]
        unknown = [words for words in part.earlier if words not in known]
        differs = is_new or bool(unknown) or wording(row) != part.now or row.is_retired != part.is_retired
        if differs and not is_new:
            self._may(self.actor is None or _manages(Question, self.actor, row.pk), part.now.text[:60])
        # Wordings that tests are pinned to come first, so that the newest is the one of now.
        for words in unknown:
            self._say(row, words, part.key)
        if differs:
            row.is_retired = part.is_retired
            self._say(row, part.now, part.key)
        self._count(is_new, differs)

    def _say(self, row: Question, words: Wording, key: str) -> None:
        row.kind, row.text, row.explanation = words.kind, words.text, words.explanation
        options = [{"type": "option", "value": option.model_dump()} for option in words.options]
        row.options = row.options.stream_block.to_python(options)
        self._save(row, "question", key)
        keep_version(question=row, actor=self.actor)

    def _quiz(self, part: QuizPart) -> None:
        row: Quiz | None = self._known(Quiz, "quiz", part.key)
        is_new = row is None
        if row is None:
            row = Quiz(module=self.result.module, created_by=self.actor)
        items = [self._item(part, place) for place in range(len(part.items))]
        changed = self._fill(row, part.model_dump(exclude={"key", "items"}))
        asks = [(item.question_id, item.pinned_id, item.points) for item in items]
        before = [] if is_new else row.items.order_by("sort_order", "pk")
        has_other_items = asks != [(item.question_id, item.pinned_id, item.points) for item in before]
        if is_new or changed or has_other_items:
            self._may(is_new or self.actor is None or _manages(Quiz, self.actor, row.pk), part.title)
            self._save(row, "quiz", part.key)
        if has_other_items:
            QuizQuestion.objects.filter(quiz=row).delete()
            for item in items:
                item.quiz = row
            QuizQuestion.objects.bulk_create(items)
        self._count(is_new, changed or has_other_items)

    def _item(self, part: QuizPart, place: int) -> QuizQuestion:
        item = part.items[place]
        question_id = self.naming.numbers("question")[item.question]
        pinned: QuestionVersion | None = None
        if item.pinned is not None:
            asked = next(question for question in self.manifest.questions if question.key == item.question)
            pinned = next(
                version
                for version in QuestionVersion.objects.filter(question_id=question_id)
                if wording(version) == asked.earlier[item.pinned]
            )
        return QuizQuestion(question_id=question_id, pinned=pinned, points=item.points, sort_order=place)


def _root() -> Collection:
    root: Collection = Collection.get_first_root_node()
    return root


def _manages(model: Any, actor: User, pk: int) -> bool:
    return bool(model.objects.manageable_by(actor).filter(pk=pk).exists())


def _may_write(actor: User | None, row: AcademyImage | AcademyDocument) -> bool:
    if actor is None:
        return True
    policy: Any = policy_registry.get_by_type(type(row))
    if row.pk is None:
        return bool(policy.user_has_permission(actor, "add"))
    return bool(policy.user_has_permission_for_instance(actor, "change", row))
