"""Rendered pieces that are the same for everyone, kept in the cache."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core.cache import cache
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from wagtail.templatetags.wagtailcore_tags import richtext

from cms.offered_blocks import Gap, filled, with_gaps
from courses.models import LessonPage
from courses.models.outlines import CourseOutline, LessonOutline

#: Shorter than the life of a signed address that a text may hold (a second video, see cms.views).
KEPT_SECONDS = 3600
#: Marks a text in which something is still being prepared (templates/cms/blocks/), and how long it is kept.
PENDING = " data-pending"
PENDING_SECONDS = 10


def body_of(lesson: LessonOutline, reader: Any) -> SafeString:
    """The text of ``lesson``, rendered once for each published revision and language.

    What differs from reader to reader (`cms.offered_blocks`) is filled in for ``reader``.
    """
    stamp = hashlib.blake2s(lesson.revision.encode(), digest_size=8).hexdigest()
    key = f"courses:parts:{lesson.pk}:{stamp}:{get_language()}"
    parts: list[str | Gap] | None = cache.get(key)
    if parts is None:
        page = LessonPage.objects.only("body").get(pk=lesson.pk)
        parts = with_gaps(page.body)
        # A page that is being prepared is there in a moment, without a new revision.
        is_pending = any(isinstance(part, str) and PENDING in part for part in parts)
        cache.set(key, parts, PENDING_SECONDS if is_pending else KEPT_SECONDS)
    return filled(parts, LessonPage._meta.get_field("body").stream_block, reader)


def outline_of(
    course: CourseOutline,
    mark: int,
    *,
    current: LessonOutline | None,
    complete: frozenset[int],
    passed: frozenset[int],
) -> SafeString:
    """The list of lessons with what is complete; few patterns exist, and each is rendered once."""
    done = "".join("1" if lesson.pk in complete else "0" for lesson in course.lessons)
    tests = "".join("1" if lesson.pk in passed else "0" for lesson in course.lessons if lesson.quiz_pk)
    at = current.pk if current else 0
    key = f"courses:outline:{course.pk}:{mark}:{get_language()}:{at}:{done}:{tests}"
    if len(key) > 200:
        key = "courses:outline:" + hashlib.blake2s(key.encode()).hexdigest()
    html: str | None = cache.get(key)
    if html is None:
        reachable = True
        rows = []
        for lesson in course.lessons:
            rows.append(
                {
                    "lesson": lesson,
                    "is_complete": lesson.pk in complete,
                    "is_passed": lesson.pk in passed,
                    "is_current": current is not None and lesson.pk == current.pk,
                    "is_open": reachable or not course.is_sequential,
                }
            )
            reachable = reachable and lesson.pk in complete
        html = render_to_string("courses/pieces/outline.html", {"course": course, "rows": rows})
        cache.set(key, html, KEPT_SECONDS)
    return mark_safe(html)  # noqa: S308 - our own template


def piece(name: str, key: str, context: dict[str, Any]) -> SafeString:
    """A piece of ``courses/pieces/`` as rendered for the same ``key``, which names all it depends on."""
    full = f"courses:piece:{name}:{key}:{get_language()}"
    html: str | None = cache.get(full)
    if html is None:
        html = render_to_string(f"courses/pieces/{name}.html", context)
        cache.set(full, html, KEPT_SECONDS)
    return mark_safe(html)  # noqa: S308 - our own templates


def rich(text: str) -> SafeString:
    """Rich text of the catalogue's introduction."""
    return richtext(text) if text else mark_safe("")
