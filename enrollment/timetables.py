"""What is held in a class, as the app that plans sessions knows it; it offers its source when it starts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from enrollment.models import TrainingClass
from enrollment.rules.class_policy import Span


@dataclass(frozen=True)
class Lesson:
    """Something that is held: ``key`` stays the same when it is moved."""

    key: int
    title: str
    starts_at: dt.datetime
    ends_at: dt.datetime

    @property
    def span(self) -> Span:
        """From when to when, for the rules."""
        return Span(self.starts_at, self.ends_at)


#: What stands in the timetable of a class and is not called off, in order of time (one query).
Source = Callable[[TrainingClass], list[Lesson]]

_sources: list[Source] = []


def register(source: Source) -> Source:
    """Ask ``source`` as well. Registering twice is once."""
    if source not in _sources:
        _sources.append(source)
    return source


def lessons_of(training_class: TrainingClass) -> list[Lesson]:
    """Everything that is held in ``training_class``, in order of time."""
    every = [lesson for source in _sources for lesson in source(training_class)]
    return sorted(every, key=lambda lesson: (lesson.starts_at, lesson.key))
