"""Least hours in a category or a module, where the academy asks for them (off unless a row says so)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules.requirement import in_hours


@dataclass(frozen=True)
class Minimum:
    """What a year asks for in one dimension; ``cohort`` is empty where it is asked of all three."""

    dimension: str
    quarters: int
    cohort: str = ""
    label: str = ""
    source: str = ""


@dataclass(frozen=True)
class Gap:
    """A minimum as it stands for one person, in quarters."""

    minimum: Minimum
    asked: int
    earned: int

    @property
    def missing(self) -> int:
        """What is still wanting."""
        return max(0, self.asked - self.earned)

    @property
    def reason(self) -> Reason:
        """The same as a sentence."""
        return Reason(
            "minimum_missing",
            _("In “%(name)s” %(hours)s hours are still missing."),
            {"name": self.minimum.label or self.minimum.dimension, "hours": in_hours(self.missing)},
        )


def earned_in(dimension: str, earned: Mapping[str, int]) -> int:
    """Quarters in ``dimension`` and everything below it: a category counts its modules."""
    below = f"{dimension}/"
    return sum(quarters for code, quarters in earned.items() if code == dimension or code.startswith(below))


def gaps(
    minimums: Iterable[Minimum], *, cohort: str, required_quarters: int, earned: Mapping[str, int]
) -> tuple[Gap, ...]:
    """Every minimum that is asked of somebody of ``cohort``, met or not.

    Never more than the year asks of the person altogether: whoever joins in December owes no whole minimum.
    """
    return tuple(
        Gap(one, min(one.quarters, required_quarters), earned_in(one.dimension, earned))
        for one in minimums
        if one.cohort in {"", cohort}
    )


DIMENSION_UNKNOWN = Reason(
    "dimension_unknown", _("There is no such category or module; choose one of the list."), field="dimension"
)
