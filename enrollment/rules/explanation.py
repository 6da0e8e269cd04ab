"""How somebody's target and shortfall of a year came about, as facts that are said in sentences (domain §2).

Nothing is computed twice: the runs of days are those of `requirement`, what counts is that of `standing`.
This module only says why.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules.minimums import Gap
from enrollment.rules.requirement import Requirement, Segment, days_of, in_hours


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


@dataclass(frozen=True)
class Explanation:
    """The answer: why this target, what counts, what is missing, what would close the gap."""

    target: tuple[Line, ...]
    counts: tuple[Line, ...]
    missing: tuple[Line, ...]
    ways: tuple[Line, ...]


def explain(facts: Facts) -> Explanation:
    """Everything there is to say about ``facts``, in the order in which it is read."""
    return Explanation(
        target=tuple(_target(facts)),
        counts=tuple(_counts(facts)),
        missing=tuple(_missing(facts)),
        ways=tuple(_ways(facts)),
    )


# --- The target -----------------------------------------------------------------------------------


def _target(facts: Facts) -> Iterator[Line]:
    required = facts.requirement
    if facts.left_on is not None and facts.left_on.year <= facts.year:
        yield Line(
            Reason("left", _("Left on %(day)s: nothing is asked for this year."), {"day": facts.left_on})
        )
        return
    if required is None:
        yield Line(Reason("no_post", _("No post was held in %(year)s: nothing is asked."), _year(facts)))
        return
    first = dt.date(facts.year, 1, 1)
    if required.segments[0].starts_on > first:
        yield Line(
            Reason(
                "joined_late",
                _("On the roster since %(day)s: the days before it owe nothing."),
                {"day": required.segments[0].starts_on},
            )
        )
    for segment in required.segments:
        yield _run(facts, segment)
    if len([one for one in required.segments if not one.is_exempt]) > 1 or _is_rounded(required):
        yield Line(
            Reason(
                "target_sum",
                _("Together %(exact)s hours, rounded to the quarter hour: %(hours)s."),
                {"exact": _two_places(required.exact), "hours": in_hours(required.quarters)},
            ),
            Fraction(required.quarters),
        )
    if facts.is_exempt:
        yield Line(
            Reason(
                "outside_denominator",
                _("Exempt at the year's end: the target is not held against you, and study still counts."),
            )
        )
    elif facts.centralized_required:
        yield Line(
            Reason(
                "centralized_asked",
                _("On the committee at the year's end; centralized trainings asked as well: %(times)s."),
                {"times": facts.centralized_required},
            ),
            source=facts.centralized_source,
        )
    for gap in () if facts.is_exempt else facts.gaps:
        yield Line(
            Reason(
                "minimum_asked",
                _("Of these at least %(hours)s hours in “%(name)s”."),
                {"hours": in_hours(gap.asked), "name": gap.minimum.label or gap.minimum.dimension},
            ),
            source=gap.minimum.source,
        )
    if facts.closing is not None:
        yield _closed(facts, facts.closing, required)


def _year(facts: Facts) -> dict[str, object]:
    return {"year": facts.year}


def _run(facts: Facts, segment: Segment) -> Line:
    """One run of days: the posts held in it, what they ask, and its part of the year."""
    params = {
        "from": segment.starts_on,
        "to": segment.ends_on,
        "days": segment.days,
        "year_days": days_of(facts.year),
        "hours": in_hours(segment.annual_quarters),
    }
    details = tuple(
        Reason(
            "post_held",
            _("%(post)s, %(organization)s, since %(from)s")
            if held.ends_on is None
            else _("%(post)s, %(organization)s, %(from)s to %(to)s"),
            {
                "post": held.post,
                "organization": held.organization,
                "from": held.starts_on,
                "to": held.ends_on,
            },
        )
        for held in facts.posts
        if _meet(segment, held.starts_on, held.ends_on)
    )
    if segment.is_exempt:
        grounds = "、".join(
            dict.fromkeys(
                one.ground for one in facts.exemptions if _meet(segment, one.starts_on, one.ends_on)
            )
        )
        sentence = (
            _("%(from)s to %(to)s: exempt (%(ground)s), these %(days)s days owe nothing.")
            if grounds
            else _("%(from)s to %(to)s: exempt, these %(days)s days owe nothing.")
        )
        return Line(Reason("exempt_run", sentence, params | {"ground": grounds}), Fraction(0))
    source = next(
        (
            one.source
            for one in reversed(facts.targets)
            if one.on_committee == segment.on_committee and _meet(segment, one.starts_on, one.ends_on)
        ),
        "",
    )
    is_whole = segment.days == days_of(facts.year)
    if segment.on_committee:
        sentence = (
            _("The whole year on the committee: %(hours)s hours.")
            if is_whole
            else _(
                "%(from)s to %(to)s on the committee: %(days)s of %(year_days)s days of %(hours)s hours "
                "a year."
            )
        )
    else:
        sentence = (
            _("The whole year not on the committee: %(hours)s hours.")
            if is_whole
            else _(
                "%(from)s to %(to)s not on the committee: %(days)s of %(year_days)s days of %(hours)s hours "
                "a year."
            )
        )
    return Line(
        Reason("run", sentence, params),
        Fraction(segment.annual_quarters * segment.days, days_of(facts.year)),
        source,
        details,
    )


def _meet(segment: Segment, starts_on: dt.date, ends_on: dt.date | None) -> bool:
    return starts_on <= segment.ends_on and (ends_on is None or segment.starts_on <= ends_on)


def _is_rounded(required: Requirement) -> bool:
    return required.exact != required.quarters


def _two_places(quarters: Fraction) -> str:
    return f"{float(quarters / 4):.2f}"


def _closed(facts: Facts, closing: Closing, required: Requirement) -> Line:
    params = {
        "year": facts.year,
        "day": closing.closed_on,
        "hours": in_hours(facts.required),
        "other": in_hours(required.quarters),
        "late": closing.late_until,
    }
    if (facts.required, facts.is_exempt) != (required.quarters, required.is_exempt):
        return Line(
            Reason(
                "closed_otherwise",
                _(
                    "%(year)s was closed on %(day)s: the target stays %(hours)s hours as it was then; "
                    "today's records would give %(other)s."
                ),
                params,
            )
        )
    if closing.late_until is not None:
        return Line(
            Reason(
                "closed_until",
                _("%(year)s was closed on %(day)s; late records are taken until %(late)s and marked."),
                params,
            )
        )
    return Line(
        Reason("closed", _("%(year)s was closed on %(day)s; late records are taken with a mark."), params)
    )


# --- What counts ------------------------------------------------------------------------------------


def _counts(facts: Facts) -> Iterator[Line]:
    yield Line(
        Reason(
            "earned",
            _("%(hours)s hours stand in the ledger of %(year)s; hours of other years are not carried over."),
            {"hours": in_hours(facts.earned), "year": facts.year},
        ),
        Fraction(facts.earned),
    )
    above = facts.earned - facts.counted
    if facts.online_cap_percent:
        allowed = facts.required * facts.online_cap_percent // 100
        params = {
            "percent": facts.online_cap_percent,
            "allowed": in_hours(allowed),
            "online": in_hours(facts.online),
            "above": in_hours(above),
        }
        if above:
            yield Line(
                Reason(
                    "cap_passed",
                    _(
                        "Online study counts up to %(percent)s%% of the target, %(allowed)s hours; of your "
                        "%(online)s online hours %(above)s lie above it and do not count."
                    ),
                    params,
                ),
                Fraction(-above),
                facts.online_cap_source,
            )
        else:
            yield Line(
                Reason(
                    "cap_kept",
                    _(
                        "Online study counts up to %(percent)s%% of the target, %(allowed)s hours; your "
                        "%(online)s online hours all count."
                    ),
                    params,
                ),
                source=facts.online_cap_source,
            )
    else:
        yield Line(Reason("no_cap", _("Online hours count in full: no cap is set for this year.")))
    if facts.centralized_required:
        yield Line(
            Reason(
                "centralized_held",
                _(
                    "Centralized trainings held: %(held)s of %(asked)s. Only sessions of classes that are "
                    "marked so count; lessons online, branch life and other classes do not."
                ),
                {"held": facts.centralized_held, "asked": facts.centralized_required},
            )
        )
    for gap in () if facts.is_exempt else facts.gaps:
        yield Line(
            Reason(
                "minimum_earned",
                _("In “%(name)s”: %(earned)s of %(asked)s hours."),
                {
                    "name": gap.minimum.label or gap.minimum.dimension,
                    "earned": in_hours(gap.earned),
                    "asked": in_hours(gap.asked),
                },
            )
        )
    if facts.reversed_entries:
        yield Line(
            Reason(
                "reversed",
                _(
                    "Entries taken back: %(entries)s, with %(hours)s hours that do not count; who took them "
                    "back and why stands in the ledger."
                ),
                {"entries": facts.reversed_entries, "hours": in_hours(facts.reversed_quarters)},
            )
        )
    if facts.late_entries:
        yield Line(
            Reason(
                "late",
                _(
                    "Entries posted after the year was closed: %(entries)s, together %(hours)s hours; they "
                    "count for this year and carry a mark."
                ),
                {"entries": facts.late_entries, "hours": in_hours(facts.late_quarters)},
            )
        )


# --- What is missing --------------------------------------------------------------------------------


def _missing(facts: Facts) -> Iterator[Line]:
    if facts.is_exempt:
        yield Line(Reason("nothing_asked", _("Exempt this year: nothing is missing.")))
    elif facts.missing:
        yield Line(
            Reason(
                "gap",
                _("Asked %(required)s, counted %(counted)s: %(missing)s hours are missing."),
                {
                    "required": in_hours(facts.required),
                    "counted": in_hours(facts.counted),
                    "missing": in_hours(facts.missing),
                },
            ),
            Fraction(facts.missing),
        )
    else:
        yield Line(
            Reason(
                "no_gap",
                _("Asked %(required)s, counted %(counted)s: the hours are there."),
                {"required": in_hours(facts.required), "counted": in_hours(facts.counted)},
            )
        )
    if not facts.is_exempt and facts.centralized_held < facts.centralized_required:
        yield Line(
            Reason(
                "centralized_gap",
                _("Centralized training: %(times)s more."),
                {"times": facts.centralized_required - facts.centralized_held},
            )
        )
    if not facts.is_exempt:
        yield from (Line(gap.reason) for gap in facts.gaps if gap.missing)
    if facts.new_secretary is not None and not facts.is_exempt:
        yield Line(deadline_reason(facts.new_secretary, facts.today), source=facts.new_secretary.source)


def deadline_reason(one: NewSecretary, today: dt.date) -> Reason:
    """A new secretary's first training, as a sentence."""
    params = {
        "appointed": one.appointed_on,
        "deadline": one.deadline,
        "months": one.months,
        "trained": one.trained_on,
        "days": (one.deadline - today).days,
    }
    if one.trained_on is not None:
        return Reason(
            "secretary_trained",
            _("Secretary since %(appointed)s, first trained on %(trained)s (due by %(deadline)s)."),
            params,
        )
    if one.is_overdue(today):
        return Reason(
            "secretary_overdue",
            _(
                "Secretary since %(appointed)s: the first training was due within %(months)s months, by "
                "%(deadline)s, and is still to come."
            ),
            params,
        )
    return Reason(
        "secretary_due",
        _(
            "Secretary since %(appointed)s: the first training is due within %(months)s months, by "
            "%(deadline)s (%(days)s days left)."
        ),
        params,
    )


# --- What would close the gap -----------------------------------------------------------------------


def _ways(facts: Facts) -> Iterator[Line]:
    if not facts.has_gap and (facts.new_secretary is None or facts.new_secretary.trained_on is not None):
        return
    if facts.open_class is not None:
        params = {"title": facts.open_class.title, "day": facts.open_class.starts_on}
        yield Line(
            Reason(
                "class_centralized" if facts.open_class.is_centralized else "class",
                _(
                    "The class “%(title)s” of %(day)s is a centralized training and takes nominations: ask "
                    "the affairs worker of your organization."
                )
                if facts.open_class.is_centralized
                else _(
                    "The class “%(title)s” of %(day)s takes nominations: ask the affairs worker of your "
                    "organization."
                ),
                params,
            )
        )
    if not facts.missing:
        return
    left = (dt.date(facts.year, 12, 31) - facts.today).days
    if left >= 0:
        yield Line(Reason("days_left", _("The year has %(days)s days left."), {"days": left}))
    allowed = max(0, facts.required * facts.online_cap_percent // 100 - facts.online)
    if facts.online_cap_percent and allowed < facts.missing:
        yield Line(
            Reason(
                "online_left",
                _("Online courses can still give %(hours)s hours that count; the rest is earned in person."),
                {"hours": in_hours(allowed)},
            )
        )
    if facts.day_quarters:
        days = Fraction(facts.missing, facts.day_quarters)
        yield Line(
            Reason(
                "days_of_training",
                _("In days of training of %(hours)s hours each: %(days)s."),
                {"hours": in_hours(facts.day_quarters), "days": f"{float(days):.1f}"},
            )
        )
