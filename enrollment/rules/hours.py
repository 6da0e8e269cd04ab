"""From minutes to study hours, and when two records of one person clash (domain §2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules.requirement import half_up

QUARTERS_PER_HOUR = 4
#: An online lesson is long from the first figure on, and short below the second; the rules are named so.
LONG_FROM_MINUTES = 30
MEDIUM_FROM_MINUTES = 15
#: No single record is longer than this; more is a slip of the pen.
HIGHEST_QUARTERS = 100 * QUARTERS_PER_HOUR


class RuleVersion(Protocol):
    """The part of an hour rule that a computation needs."""

    @property
    def value(self) -> Decimal:
        """The rule's figure, in the unit its code names."""


@dataclass(frozen=True)
class Credit:
    """Hours to be posted, by id, as ``credit_hours_in_bulk`` takes them."""

    trainee_id: int
    kind: str
    quarters: int
    title: str
    evidence_type: str
    evidence_id: str
    occurred_at: dt.datetime
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None
    rule_id: int | None = None
    note: str = ""
    #: Whether it was part of a centralized training 集中培训.
    is_centralized: bool = False
    #: Category and module; empty: whatever is registered for the evidence (enrollment/dimensions.py).
    dimension: str = ""


@dataclass(frozen=True)
class Span:
    """Time that a record occupies; its end is not part of it."""

    starts_at: dt.datetime
    ends_at: dt.datetime

    def overlaps(self, other: Span) -> bool:
        """Whether both share a moment; one may begin when the other ends."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def first_clash(span: Span, others: Iterable[Span]) -> Span | None:
    """The first of ``others`` that shares a moment with ``span``."""
    return next((other for other in others if span.overlaps(other)), None)


def quarters_from_hours(hours: Decimal | int | Fraction) -> int:
    """``hours`` as whole quarters, halves upward."""
    return half_up(Fraction(hours) * QUARTERS_PER_HOUR)


def lesson_rule(minutes: int) -> str:
    """Code of the rule that values an online lesson of ``minutes``."""
    if minutes >= LONG_FROM_MINUTES:
        return "online_long"
    return "online_medium" if minutes >= MEDIUM_FROM_MINUTES else "online_short"


def quarters_for_lesson(minutes: int, rules: Mapping[str, RuleVersion]) -> int:
    """Quarters that an online lesson of ``minutes`` is worth under ``rules`` (by code); 0 without a rule."""
    rule = rules.get(lesson_rule(minutes))
    return quarters_from_hours(rule.value) if rule is not None and minutes > 0 else 0


def quarters_for_quiz(rules: Mapping[str, RuleVersion]) -> int:
    """Quarters that a passed test is worth; 0 where no rule is in force."""
    rule = rules.get("quiz_passed")
    return quarters_from_hours(rule.value) if rule is not None else 0


def quarters_for_session(minutes: int, hour_minutes: int) -> int:
    """Quarters for ``minutes`` of presence at ``hour_minutes`` to the hour, rounded to a quarter (half up).

    Raises:
        ValueError: ``hour_minutes`` is not positive.
    """
    if hour_minutes <= 0:
        raise ValueError("hour_minutes must be positive")
    return half_up(Fraction(max(0, minutes) * QUARTERS_PER_HOUR, hour_minutes))


def flaws_of(credit: Credit) -> tuple[Reason, ...]:
    """What is wrong with ``credit`` in itself, whatever else is in the ledger."""
    reasons: list[Reason] = []
    if credit.quarters <= 0:
        reasons.append(NOT_POSITIVE)
    elif credit.quarters > HIGHEST_QUARTERS:
        reasons.append(TOO_MANY)
    if not credit.evidence_type or not credit.evidence_id:
        reasons.append(NO_EVIDENCE)
    if (credit.starts_at is None) != (credit.ends_at is None):
        reasons.append(HALF_A_PERIOD)
    elif credit.starts_at is not None and credit.ends_at is not None and credit.starts_at >= credit.ends_at:
        reasons.append(PERIOD_BACKWARD)
    return tuple(reasons)


NOT_POSITIVE = Reason(
    "hours_not_positive", _("There are no hours to post: the figure must be above zero."), field="hours"
)
TOO_MANY = Reason("hours_too_many", _("One record cannot stand for more than 100 hours."), field="hours")
NO_EVIDENCE = Reason("evidence_missing", _("Hours are posted only with their evidence."))
HALF_A_PERIOD = Reason(
    "period_incomplete", _("Give both the beginning and the end of the period."), field="ends_at"
)
PERIOD_BACKWARD = Reason("period_backward", _("The period must end after it begins."), field="ends_at")
HAS_LEFT = Reason("trainee_left", _("This person had already left when the hours were earned."))
REASON_MISSING = Reason("reason_missing", _("Say why: the reason stays in the ledger."), field="reason")
ALREADY_REVERSED = Reason("already_reversed", _("This entry has already been reversed."))
IS_REVERSAL = Reason(
    "is_reversal", _("A reversal cannot itself be reversed; record the hours again instead.")
)


def overlap(title: str, span: Span) -> Reason:
    """Refusal of a record that shares time with ``title``; ``span`` is in local time."""
    same_day = span.starts_at.date() == span.ends_at.date()
    return Reason(
        "hours_overlap",
        _("The time overlaps with “%(title)s” (%(from)s–%(to)s), which already counts for this person."),
        {
            "title": title,
            "from": f"{span.starts_at:%Y-%m-%d %H:%M}",
            "to": f"{span.ends_at:%H:%M}" if same_day else f"{span.ends_at:%Y-%m-%d %H:%M}",
        },
        field="starts_at",
    )
