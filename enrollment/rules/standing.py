"""Whether a year's requirement is reached, and what is still missing (domain §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules.minimums import Gap
from enrollment.rules.requirement import in_hours


@dataclass(frozen=True)
class Earned:
    """What somebody has in the ledger for one year, in quarter hours."""

    quarters: int = 0
    online_quarters: int = 0
    centralized_entries: int = 0
    #: By category and module; only filled where a minimum is asked for.
    by_dimension: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Where somebody stands in one year."""

    counted_quarters: int
    has_reached: bool
    shortfall_quarters: int
    reasons: tuple[Reason, ...]


def counted(earned: Earned, required_quarters: int, online_cap_percent: int = 0) -> int:
    """Quarters that count toward the target: online ones only up to the cap; 0 means that there is no cap."""
    if online_cap_percent <= 0:
        return earned.quarters
    allowed = required_quarters * online_cap_percent // 100
    return earned.quarters - max(0, earned.online_quarters - allowed)


def has_reached(
    *,
    earned: Earned,
    required_quarters: int,
    is_exempt: bool,
    centralized_required: int = 0,
    online_cap_percent: int = 0,
    gaps: tuple[Gap, ...] = (),
) -> bool:
    """Whether the year's target is met. The exempt are neither reached nor missing: they are not counted."""
    return (
        not is_exempt
        and counted(earned, required_quarters, online_cap_percent) >= required_quarters
        and earned.centralized_entries >= centralized_required
        and not any(gap.missing for gap in gaps)
    )


def verdict(
    *,
    earned: Earned,
    required_quarters: int,
    is_exempt: bool,
    centralized_required: int = 0,
    online_cap_percent: int = 0,
    gaps: tuple[Gap, ...] = (),
) -> Verdict:
    """Where somebody stands, with a sentence for each thing that matters."""
    counts = counted(earned, required_quarters, online_cap_percent)
    reached = has_reached(
        earned=earned,
        required_quarters=required_quarters,
        is_exempt=is_exempt,
        centralized_required=centralized_required,
        online_cap_percent=online_cap_percent,
        gaps=gaps,
    )
    missing = 0 if is_exempt else max(0, required_quarters - counts)
    reasons: list[Reason] = []
    if is_exempt:
        reasons.append(Reason("exempt", _("Exempt this year: the target is not asked; study is welcome.")))
    elif missing:
        reasons.append(
            Reason("shortfall", _("%(hours)s hours are still missing."), {"hours": in_hours(missing)})
        )
    if not is_exempt and earned.centralized_entries < centralized_required:
        reasons.append(Reason("centralized_missing", _("A centralized training is still missing this year.")))
    if not is_exempt:
        reasons += [gap.reason for gap in gaps if gap.missing]
    if counts < earned.quarters:
        reasons.append(
            Reason(
                "online_capped",
                _("%(hours)s online hours lie above the cap and do not count toward the target."),
                {"hours": in_hours(earned.quarters - counts)},
            )
        )
    if reached:
        reasons.append(Reason("reached", _("The target of the year is reached.")))
    return Verdict(counts, reached, missing, tuple(reasons))
