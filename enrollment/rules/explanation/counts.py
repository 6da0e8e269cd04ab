"""What of the hours counts."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules.explanation.facts import Facts, Line
from enrollment.rules.requirement import in_hours


def counted_lines(facts: Facts) -> Iterator[Line]:
    """What counts of what was earned."""
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
