"""What belongs to a person, in every app: what goes with them when two records become one.

Each app registers followers when it starts. A follower names the rows (``parts``) that are recorded before
and after, so that taking a merger back puts every one of them where it was; it locks what it will change,
moves it, and settles what follows from the ledger.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from cms.refusals import Reason
from enrollment.models import HourEntry, Trainee, User
from enrollment.rules.person_mergers import Fate


@dataclass(frozen=True)
class Part:
    """Rows of one model that belong to a person (``owner`` leads to a trainee) or to their account.

    ``settled`` names fields that must be as the merger left them for it to be taken back; other fields that
    it did not touch may change freely.
    """

    model: type[Model]
    owner: str
    of_account: bool = False
    settled: tuple[str, ...] = ()


@dataclass
class Pair:
    """The two records by number, and what becomes of their accounts.

    ``account`` is the one that stays, if there is any; ``closing`` the one that is closed, if both had one.
    """

    keeper_id: int
    other_id: int
    account_id: int | None = None
    closing_id: int | None = None

    @property
    def people(self) -> tuple[int, int]:
        """Both records."""
        return self.keeper_id, self.other_id

    @property
    def accounts(self) -> list[int]:
        """The accounts concerned."""
        return [pk for pk in (self.account_id, self.closing_id) if pk is not None]


@dataclass
class Merging:
    """A merger under way, as followers see it. Everything is locked."""

    pair: Pair
    keeper: Trainee
    other: Trainee
    actor: User | None
    now: dt.datetime
    #: Fields whose value comes from the other record; "post" and "account" among them.
    taking: frozenset[str] = frozenset()
    #: Evidence whose hours count by another row now: the entry is reversed and not moved.
    superseded: set[tuple[str, str]] = field(default_factory=set)
    #: What became of the entries of the other's ledger, by key, and where they went.
    fates: dict[int, Fate] = field(default_factory=dict)
    entries: list[HourEntry] = field(default_factory=list)
    moved: dict[int, HourEntry] = field(default_factory=dict)
    #: What followers keep for themselves between moving and settling.
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def note(self) -> str:
        """What stands in a ledger or a log beside what the merger did."""
        return NOTE % {"number": self.other.pk}


@dataclass
class Undoing:
    """A merger being taken back. Everything is locked."""

    pair: Pair
    keeper: Trainee
    other: Trainee
    merged_at: dt.datetime
    changes: Sequence[dict[str, Any]]
    actor: User | None
    now: dt.datetime

    @property
    def note(self) -> str:
        """What stands in a ledger or a log beside what taking back did."""
        return UNDO_NOTE % {"number": self.other.pk}

    def of(self, model: type[Model]) -> list[dict[str, Any]]:
        """The recorded changes of one model."""
        return [change for change in self.changes if change["model"] == model._meta.label]

    @property
    def people_changes(self) -> list[dict[str, Any]]:
        """The recorded changes of the two records themselves."""
        return self.of(Trainee)


#: Kept in the ledger in the language of the academy, as notes of people are.
NOTE = "重复档案合并（原档案编号 %(number)s）"
UNDO_NOTE = "撤销档案合并（档案编号 %(number)s）"


def _nothing(_subject: Any) -> None:
    pass


def _none(_subject: Any) -> tuple[()]:
    return ()


@dataclass(frozen=True)
class Follower:
    """One app's (or one subject's) part in a merger. Followers run by ``rank``: the order of locks.

    ``reach`` gives the keys of the rows that ``hold`` locks, ascending; it is asked again once the people
    are locked. ``refuse`` says why the merger must wait. ``move`` runs before hours pass over, ``settle``
    after.
    """

    name: str
    rank: int
    parts: Sequence[Part]
    reach: Callable[[Pair], Collection[int]] = _none
    hold: Callable[[Collection[int]], None] = _nothing
    refuse: Callable[[Merging], Iterable[Reason]] = _none
    move: Callable[[Merging], None] = _nothing
    settle: Callable[[Merging], None] = _nothing
    in_the_way: Callable[[Undoing], Iterable[Reason]] = _none
    returned: Callable[[Undoing], None] = _nothing


_followers: dict[str, Follower] = {}


def register(*followers: Follower) -> None:
    """Add followers. One of the same name takes the place of the former."""
    for follower in followers:
        _followers[follower.name] = follower


def followers() -> list[Follower]:
    """All of them, in the order of locks."""
    return sorted(_followers.values(), key=lambda follower: (follower.rank, follower.name))


def parts() -> list[Part]:
    """The rows of every follower, in that order."""
    return [part for follower in followers() for part in follower.parts]
