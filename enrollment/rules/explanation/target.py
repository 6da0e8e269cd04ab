"""Why somebody is asked for so many hours, day by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction

from cms.refusals import Reason
from cms.refusals import sentence as _
from enrollment.rules.explanation.facts import Closing, Facts, Line
from enrollment.rules.requirement import Requirement, Segment, days_of, in_hours


def target_lines(facts: Facts) -> Iterator[Line]:
    """Why so many hours are asked."""
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
