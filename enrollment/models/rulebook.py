"""The hour rules as every process holds them: few rows that hardly ever change, not read per request."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal

from enrollment.dimensions import label_of
from enrollment.models.hours import QUARTERS_PER_HOUR, HourRule, HourRuleCode
from enrollment.models.minimums import HourMinimum
from enrollment.rules.minimums import Minimum
from enrollment.rules.requirement import Target, Targets

#: Another process sees a changed rule after at most this long; the process that changed it, at once.
FRESH_SECONDS = 30.0

_held: tuple[float, tuple[HourRule, ...]] | None = None
_minimums: tuple[float, tuple[HourMinimum, ...]] | None = None
#: What was worked out from the versions beside it: a roster asks for every one of its people.
_in_force: dict[dt.date, tuple[tuple[HourRule, ...], dict[str, HourRule]]] = {}
_asked: dict[int, tuple[tuple[HourRule, ...], Targets]] = {}


def versions() -> tuple[HourRule, ...]:
    """Every version of every rule."""
    global _held  # noqa: PLW0603
    now = time.monotonic()
    if _held is None or now - _held[0] > FRESH_SECONDS:
        _held = (now, tuple(HourRule.objects.order_by("effective_from", "pk")))
        _in_force.clear()
        _asked.clear()
    return _held[1]


def forget() -> None:
    """Read the rules anew at the next question: something changed them."""
    global _held, _minimums  # noqa: PLW0603
    _held = _minimums = None


def rules_on(day: dt.date) -> dict[str, HourRule]:
    """The rules in force on ``day``, by code; of two versions that both cover it, the later."""
    held = versions()
    known = _in_force.get(day)
    if known is not None and known[0] is held:
        return known[1]
    found = {
        rule.code: rule
        for rule in held
        if rule.effective_from <= day and (rule.effective_to is None or day <= rule.effective_to)
    }
    _in_force[day] = held, found
    return found


def _targets(code: str) -> tuple[Target, ...]:
    return tuple(
        Target(rule.effective_from, rule.effective_to, int(rule.value * QUARTERS_PER_HOUR))
        for rule in versions()
        if rule.code == code
    )


def year_end(year: int) -> dt.date:
    """The day that a year's own figures refer to."""
    return dt.date(year, 12, 31)


def targets_of(year: int) -> Targets:
    """What the requirement of ``year`` is computed from."""
    held = versions()
    known = _asked.get(year)
    if known is not None and known[0] is held:
        return known[1]
    centralized = rules_on(year_end(year)).get(HourRuleCode.CENTRALIZED_COMMITTEE)
    found = Targets(
        members=_targets(HourRuleCode.TARGET_MEMBER),
        committee=_targets(HourRuleCode.TARGET_COMMITTEE),
        centralized_for_committee=int(centralized.value) if centralized else 0,
    )
    _asked[year] = held, found
    return found


def online_cap_of(year: int) -> int:
    """Highest share of online hours in ``year``, in percent; 0 when there is no cap."""
    rule = rules_on(year_end(year)).get(HourRuleCode.ONLINE_CAP)
    return int(rule.value) if rule else 0


def minimums_of(year: int) -> tuple[Minimum, ...]:
    """What ``year`` asks for in categories and modules: as its last day has it; mostly nothing."""
    global _minimums  # noqa: PLW0603
    now = time.monotonic()
    if _minimums is None or now - _minimums[0] > FRESH_SECONDS:
        _minimums = (now, tuple(HourMinimum.objects.order_by("effective_from", "pk")))
    day = year_end(year)
    # Of two versions that cover the day, the later one is meant.
    in_force = {
        (row.dimension, row.cohort): row
        for row in _minimums[1]
        if row.effective_from <= day and (row.effective_to is None or day <= row.effective_to)
    }
    return tuple(
        Minimum(
            row.dimension,
            int(row.hours * QUARTERS_PER_HOUR),
            row.cohort,
            label_of(row.dimension),
            row.source,
        )
        for row in in_force.values()
    )


def value_on(code: str, day: dt.date) -> int | None:
    """The whole figure of the rule ``code`` on ``day``; None where none is in force."""
    rule = rules_on(day).get(code)
    return int(rule.value) if rule is not None else None


def hour_minutes_on(day: dt.date) -> int:
    """Minutes to the study hour on ``day`` (45 where no rule says otherwise, domain §2)."""
    rule = rules_on(day).get(HourRuleCode.HOUR_MINUTES)
    return int(rule.value) if rule and rule.value >= Decimal(1) else 45
