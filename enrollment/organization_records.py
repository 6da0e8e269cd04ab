"""What hangs on an organization, in every app: what follows, or is settled, when it merges, splits or ends.

Each app registers followers when it starts. A follower names the relations it answers for; a test walks every
relation to an organization and refuses one that nobody has thought of. Moving an organization needs no
follower: nothing names a place in the tree, everything names the organization that went there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from django.db.models import Model
from django.utils.functional import Promise

from enrollment.models import Organization, User


@dataclass(frozen=True)
class Merger:
    """``sources`` become part of ``into``. Everything is locked; the sources are dissolved already."""

    sources: Collection[int]
    into: Organization
    actor: User | None
    on: dt.date


@dataclass(frozen=True)
class Split:
    """``new`` is founded out of ``old``, and ``people`` go there."""

    old: Organization
    new: Organization
    people: Collection[int]
    actor: User | None
    on: dt.date


@dataclass(frozen=True)
class End:
    """``organization`` is dissolved and nothing takes its place; nobody is on its roster."""

    organization: Organization
    actor: User | None
    on: dt.date


def _none(_change: object) -> int:
    return 0


@dataclass(frozen=True)
class Follower:
    """One subject's part when organizations change. Followers run by ``rank``: the order of locks.

    ``relations`` are the fields that point to an organization, as (model, field). Each of the three returns
    how many rows followed or were settled; ``label`` says what they are, in words.
    """

    name: str
    rank: int
    label: str | Promise
    relations: Sequence[tuple[type[Model], str]]
    merged: Callable[[Merger], int] = _none
    split: Callable[[Split], int] = _none
    ended: Callable[[End], int] = _none


@dataclass(frozen=True)
class Followed:
    """What happened to the rows of one follower."""

    label: str | Promise
    number: int


#: Places in the order of locks (docs/locking.md); people come over at PEOPLE, by the merger itself.
CLASSES, BASES, PEOPLE, ACCOUNTS = 20, 30, 50, 70

_followers: dict[str, Follower] = {}


def register(*followers: Follower) -> None:
    """Add followers. One of the same name takes the place of the former."""
    for follower in followers:
        _followers[follower.name] = follower


def followers() -> list[Follower]:
    """All of them, in the order of locks."""
    return sorted(_followers.values(), key=lambda follower: (follower.rank, follower.name))


def follow(change: Merger | Split | End, *, before_people: bool) -> list[Followed]:
    """Let those followers do their part whose locks come before (or after) those of people."""
    done = []
    for follower in followers():
        if (follower.rank < PEOPLE) != before_people:
            continue
        match change:
            case Merger():
                number = follower.merged(change)
            case Split():
                number = follower.split(change)
            case End():
                number = follower.ended(change)
        if number:
            done.append(Followed(follower.label, number))
    return done
