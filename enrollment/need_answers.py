"""What of the academy can answer a training need. Higher apps offer their sources when they start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from enrollment.models import TrainingClass


@dataclass(frozen=True)
class Answer:
    """Something that answers a need, and where it is (a path on this site)."""

    title: str
    url: str


#: Gets a number or title as somebody typed it; the one thing that has it.
Finder = Callable[[str], Answer | None]


@dataclass(frozen=True)
class Source:
    """One kind of answer."""

    kind: str
    label: str | Promise
    find: Finder


_sources: dict[str, Source] = {}


def offer(source: Source) -> Source:
    """Add a kind of answer."""
    _sources[source.kind] = source
    return source


def sources() -> list[Source]:
    """The kinds of answer that name something."""
    return list(_sources.values())


def find(kind: str, reference: str) -> Answer | None:
    """What is called ``reference`` among things of ``kind``."""
    source = _sources.get(kind)
    return source.find(reference.strip()) if source is not None and reference.strip() else None


def _class(reference: str) -> Answer | None:
    rows = list(TrainingClass.objects.filter(Q(code=reference) | Q(title=reference))[:2])
    return Answer(rows[0].title, rows[0].get_absolute_url()) if len(rows) == 1 else None


def offer_own() -> None:
    """The kinds of this app."""
    offer(Source("class", _("Training class (number or title)"), _class))
