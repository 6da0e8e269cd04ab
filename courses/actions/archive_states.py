"""What courses, lessons and tests say, with keys in place of numbers; for packing and for unpacking."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from wagtail.models import Page

from cms import offered_blocks
from cms.models import AcademyDocument, AcademyImage, Video
from cms.references import swapped
from courses.models import ArchiveKey, CoursePage, LessonPage, Question, QuestionVersion, Quiz
from courses.rules.archives import (
    CourseState,
    LessonState,
    OptionPart,
    QuestionPart,
    QuizItem,
    QuizPart,
    Reference,
    Wording,
)

#: What has keys of ours, in the order in which it is made.
KINDS: dict[str, type[Model]] = {
    "image": AcademyImage,
    "document": AcademyDocument,
    "video": Video,
    "question": Question,
    "quiz": Quiz,
}


class Naming:
    """Keys of things, given once and kept; it remembers what it was asked for."""

    def __init__(self) -> None:
        self._types = {kind: ContentType.objects.get_for_model(model) for kind, model in KINDS.items()}
        kinds = {content_type.pk: kind for kind, content_type in self._types.items()}
        self._keys: dict[tuple[str, int], str] = {
            (kinds[content_type_id], number): str(key)
            for content_type_id, number, key in ArchiveKey.objects.filter(
                content_type__in=self._types.values()
            ).values_list("content_type_id", "object_id", "key")
        }
        self.used: dict[str, dict[int, str]] = {kind: {} for kind in KINDS}

    def key(self, kind: str, number: Any) -> str | None:
        """The key of a thing; nothing for what is not there, or belongs to no archive."""
        if not str(number).isdecimal():
            return None
        pk = int(number)
        if kind == "page":
            found = Page.objects.filter(pk=pk).values_list("translation_key", flat=True).first()
            return str(found) if found else None
        if kind not in KINDS:
            shown = offered_blocks.of_kind(kind)
            return shown.key_of(pk) if shown is not None else None
        if pk not in self.used[kind]:
            known = self._keys.get((kind, pk)) or self._new(kind, pk)
            if known is None:
                return None
            self.used[kind][pk] = known
        return self.used[kind][pk]

    def _new(self, kind: str, pk: int) -> str | None:
        if not KINDS[kind]._default_manager.filter(pk=pk).exists():
            return None
        # Of two exports that name a thing for the first time, both write the same key.
        row, _is_new = ArchiveKey.objects.get_or_create(content_type=self._types[kind], object_id=pk)
        return str(row.key)

    def numbers(self, kind: str) -> dict[str, int]:
        """The things of a kind that have keys, by key."""
        return {key: pk for (known, pk), key in self._keys.items() if known == kind}

    def bind(self, kind: str, key: str, pk: int) -> None:
        """Say that the thing ``pk`` is the one that archives call ``key``."""
        content_type = self._types[kind]
        ArchiveKey.objects.filter(content_type=content_type, object_id=pk).exclude(key=key).delete()
        ArchiveKey.objects.update_or_create(
            key=uuid.UUID(key), defaults={"content_type": content_type, "object_id": pk}
        )
        self._keys[(kind, pk)] = key


def _page_fields(page: Page) -> dict[str, Any]:
    return {
        "title": page.title,
        "slug": page.slug,
        "seo_title": page.seo_title,
        "search_description": page.search_description,
        "summary": page.summary,
    }


def course_state(page: CoursePage, naming: Naming) -> CourseState:
    """What a course, or its draft, says."""
    return CourseState(
        **_page_fields(page),
        cover=naming.key("image", page.cover_id) if page.cover_id else None,
        cohorts=sorted(cohort.code for cohort in page.cohorts.all()),
        prerequisites=sorted(
            (
                Reference(key=str(course.translation_key), title=course.title)
                for course in page.prerequisites.all()
            ),
            key=lambda reference: reference.key,
        ),
        review_due_on=page.review_due_on,
        is_mandatory=page.is_mandatory,
        is_sequential=page.is_sequential,
        needs_quizzes=page.needs_quizzes,
    )


def lesson_state(page: LessonPage, naming: Naming) -> LessonState:
    """What a lesson, or its draft, says."""
    stream, stored = page.body.stream_block, page.body.get_prep_value()
    return LessonState(
        **_page_fields(page),
        video=naming.key("video", page.video_id) if page.video_id else None,
        body=offered_blocks.with_words(stream, stored, swapped(stream, stored, naming.key)),
        study_minutes=page.study_minutes,
        rule=page.rule,
        watch_percent=page.watch_percent,
        least_seconds=page.least_seconds,
        quiz=naming.key("quiz", page.quiz_id) if page.quiz_id else None,
        reflection_task=page.reflection_task,
        reflection_least_characters=page.reflection_least_characters,
    )


def latest(page: Any) -> Any:
    """The page as its writers see it."""
    return page.get_latest_revision_as_object() if page.latest_revision_id else page


def has_draft(page: Page) -> bool:
    """Whether there is more than what is published."""
    return not page.live or page.has_unpublished_changes


def wording(question: Question | QuestionVersion) -> Wording:
    """A question as it stands, or one of its versions."""
    options = question.plain_options if isinstance(question, Question) else question.options
    return Wording(
        kind=cast("Any", question.kind),
        text=question.text,
        options=[OptionPart(text=option["text"], correct=bool(option["correct"])) for option in options],
        explanation=question.explanation,
    )


def quiz_part(quiz: Quiz, naming: Naming) -> tuple[QuizPart, list[QuestionPart]]:
    """A test, and the questions that it asks with the wordings it is pinned to."""
    items, questions = [], []
    for item in quiz.items.select_related("question", "pinned").order_by("sort_order", "pk"):
        key = naming.key("question", item.question_id)
        earlier = [wording(item.pinned)] if item.pinned_id and item.pinned else []
        questions.append(
            QuestionPart(
                key=str(key), now=wording(item.question), earlier=earlier, is_retired=item.question.is_retired
            )
        )
        items.append(QuizItem(question=str(key), pinned=0 if earlier else None, points=item.points))
    part = QuizPart(
        key=str(naming.key("quiz", quiz.pk)),
        title=quiz.title,
        introduction=quiz.introduction,
        pass_percent=quiz.pass_percent,
        time_limit_minutes=quiz.time_limit_minutes,
        max_attempts=quiz.max_attempts,
        shuffles_questions=quiz.shuffles_questions,
        shuffles_options=quiz.shuffles_options,
        items=items,
    )
    return part, questions
