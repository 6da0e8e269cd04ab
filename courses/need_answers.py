"""Courses as answers to training needs."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from courses.models import CoursePage
from enrollment import need_answers
from enrollment.need_answers import Answer, Source


def _course(reference: str) -> Answer | None:
    rows = list(CoursePage.objects.live().filter(Q(title=reference) | Q(slug=reference))[:2])
    if len(rows) != 1:
        return None
    return Answer(rows[0].title, reverse("courses:course", args=[rows[0].slug]))


def offer_sources() -> None:
    """Add our kind of answer."""
    need_answers.offer(Source("course", _("Course (title)"), _course))
