"""Visits to training bases as answers to training needs."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from enrollment import need_answers
from enrollment.need_answers import Answer, Source
from practicum.models import TrainingBase


def _base(reference: str) -> Answer | None:
    rows = list(TrainingBase.objects.filter(Q(code=reference) | Q(name=reference))[:2])
    return Answer(rows[0].name, reverse("practicum:base", args=[rows[0].code])) if len(rows) == 1 else None


def offer_sources() -> None:
    """Add our kind of answer."""
    need_answers.offer(Source("visit", _("Base visit (number or name of the base)"), _base))
