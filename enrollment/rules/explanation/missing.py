"""What is missing, and what would close the gap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules.explanation.facts import Facts, Line, NewSecretary
from enrollment.rules.requirement import in_hours


def missing_lines(facts: Facts) -> Iterator[Line]:
    """What is wanting still."""
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


def ways_lines(facts: Facts) -> Iterator[Line]:
    """What would close the gap."""
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
