"""The kinds of background work that people wait for; apps add theirs when they start.

A kind does its work in steps that may each be done twice: after a worker was killed, the next begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Protocol

Parameters = Mapping[str, Any]


class Progress(Protocol):
    """What a piece of work calls between its steps, outside transactions."""

    def step(self, done: int, whole: int) -> None:
        """Say how far it is; raises when the work is to stop."""


@dataclass(frozen=True)
class Outcome:
    """What came of it: a sentence, perhaps an open file with the name it is offered by, perhaps a page."""

    message: str = ""
    file: IO[bytes] | None = None
    file_name: str = ""
    #: Address (a path of this site) of the page that was made or changed.
    url: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of work.

    ``may`` is asked about its owner when it is begun, when it runs and when its result is fetched: a role may
    have been taken away in between.
    """

    name: str
    may: Callable[[Any, Parameters], bool]
    run: Callable[[Any, Parameters, Progress], Outcome]


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Add a kind of work."""
    KINDS[kind.name] = kind
