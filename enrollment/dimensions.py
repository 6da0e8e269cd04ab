"""What hours may belong to besides their kind: categories and modules, brought by higher apps at their start.

A dimension is a path of codes, ``category`` or ``category/module``; an entry keeps its own as data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Dimension:
    """A category or a module by its code, as people know it."""

    code: str
    label: str


#: All dimensions there are, in the order in which they are offered.
Source = Callable[[], Sequence[Dimension]]
#: Gets numbers of evidence of one type and says what each belongs to; it asks the database as little as it
#: can, for it is heard while people are locked.
Classifier = Callable[[Collection[str]], Mapping[str, str]]

_sources: list[Source] = []
_classifiers: dict[str, Classifier] = {}


def register(source: Source, classifiers: Mapping[str, Classifier]) -> None:
    """Offer the dimensions of ``source``, and classify evidence by its type. Registering twice is once."""
    if source not in _sources:
        _sources.append(source)
    _classifiers.update(classifiers)


def dimensions() -> list[Dimension]:
    """Every dimension there is."""
    return [one for source in _sources for one in source()]


def choices(present: str = "") -> list[tuple[str, str]]:
    """Every dimension to choose from; ``present`` stays even where nothing is called so any more."""
    found = {one.code: one.label for one in dimensions()}
    if present:
        found.setdefault(present, present)
    return list(found.items())


def label_of(code: str) -> str:
    """What people call the dimension ``code``; the code itself where nothing is called so any more."""
    return next((one.label for one in dimensions() if one.code == code), code)


def classified(evidence_type: str, evidence_ids: Collection[str]) -> Mapping[str, str]:
    """What each piece of evidence belongs to; nothing for those that belong nowhere."""
    classifier = _classifiers.get(evidence_type)
    return classifier(evidence_ids) if classifier is not None else {}
