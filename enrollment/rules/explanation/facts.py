"""What an explanation is made of: the facts of a year, and the sentences about them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from cms.refusals import Reason
from enrollment.rules.minimums import Gap
from enrollment.rules.requirement import Requirement


@dataclass(frozen=True)
class Held:
    """A post as people call it, between two days, both included."""

    post: str
    organization: str
    starts_on: dt.date
    ends_on: dt.date | None


@dataclass(frozen=True)
class Excused:
    """An exemption; ``ground`` is empty for readers whom it does not concern."""

    starts_on: dt.date
    ends_on: dt.date | None
    ground: str = ""


@dataclass(frozen=True)
class TargetVersion:
    """One version of an annual target with the document it comes from."""

    starts_on: dt.date
    ends_on: dt.date | None
    on_committee: bool
    source: str


@dataclass(frozen=True)
class NewSecretary:
    """A secretary's first training: appointed when, by when, held when."""

    appointed_on: dt.date
    deadline: dt.date
    months: int
    trained_on: dt.date | None
    source: str = ""

    def is_overdue(self, today: dt.date) -> bool:
        """Whether the time is over and no training was held."""
        return self.trained_on is None and today > self.deadline


@dataclass(frozen=True)
class Closing:
    """A closed year: what was asked when it was closed stays asked."""

    closed_on: dt.date
    late_until: dt.date | None


@dataclass(frozen=True)
class OpenClass:
    """A class that would help and takes nominations."""

    title: str
    starts_on: dt.date
    is_centralized: bool


@dataclass(frozen=True)
class Facts:
    """All that is known of one person's year. Hours are in quarters."""

    year: int
    today: dt.date
    requirement: Requirement | None
    posts: tuple[Held, ...] = ()
    exemptions: tuple[Excused, ...] = ()
    targets: tuple[TargetVersion, ...] = ()
    #: As the standing has it: in a closed year it may differ from what today's records would give.
    required: int = 0
    is_exempt: bool = False
    earned: int = 0
    counted: int = 0
    online: int = 0
    online_cap_percent: int = 0
    online_cap_source: str = ""
    centralized_required: int = 0
    centralized_held: int = 0
    centralized_source: str = ""
    gaps: tuple[Gap, ...] = ()
    reversed_entries: int = 0
    reversed_quarters: int = 0
    late_entries: int = 0
    late_quarters: int = 0
    closing: Closing | None = None
    left_on: dt.date | None = None
    new_secretary: NewSecretary | None = None
    open_class: OpenClass | None = None
    day_quarters: int = 0

    @property
    def missing(self) -> int:
        """What is still missing; nothing for the exempt."""
        return 0 if self.is_exempt else max(0, self.required - self.counted)

    @property
    def has_gap(self) -> bool:
        """Whether anything at all is wanting."""
        return not self.is_exempt and bool(
            self.missing
            or self.centralized_held < self.centralized_required
            or any(gap.missing for gap in self.gaps)
        )


@dataclass(frozen=True)
class Line:
    """One sentence; where it has them with the hours it comes to (quarters or a part) and its source."""

    reason: Reason
    quarters: Fraction | None = None
    source: str = ""
    details: tuple[Reason, ...] = ()

    @property
    def hours(self) -> str:
        """The hours, to two places: they are rounded to quarters only once, in the sum."""
        if self.quarters is None:
            return ""
        exact = self.quarters / 4
        return f"{float(exact):.2f}".rstrip("0").rstrip(".")
