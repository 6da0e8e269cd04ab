"""What a year asks of somebody."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.requirement import (
    Absence,
    Target,
    Targets,
    Tenure,
    add_months,
    clipped,
    half_up,
    in_hours,
    new_secretary_deadline,
    requirement,
)

D = dt.date
SINCE = D(2019, 1, 1)
TARGETS = Targets((Target(SINCE, None, 128),), (Target(SINCE, None, 224),), 1)
DAYS = st.dates(D(2025, 1, 1), D(2026, 12, 31))


def asked(*tenures, absences=(), year=2026, targets=TARGETS):
    return requirement(year, tuple(tenures), tuple(absences), targets)


def test_a_member_owes_32_hours():
    result = asked(Tenure(D(2020, 5, 1), None, False))
    assert (result.quarters, result.is_exempt, result.centralized) == (128, False, 0)
    assert [reason.code for reason in result.reasons] == ["member_days"]


def test_a_committee_member_owes_56_hours_and_one_centralized_training():
    result = asked(Tenure(D(2020, 5, 1), None, True))
    assert (result.quarters, result.centralized) == (224, 1)
    assert [reason.code for reason in result.reasons] == ["committee_days", "centralized_required"]


def test_a_new_post_counts_from_its_day():
    """181 days as a member, 184 on the committee."""
    result = asked(Tenure(D(2020, 1, 1), D(2026, 6, 30), False), Tenure(D(2026, 7, 1), None, True))
    assert result.quarters == half_up(Fraction(128 * 181 + 224 * 184, 365)) == 176
    assert "184" in str(result.reasons[1])


def test_a_leap_year_has_366_days():
    result = asked(Tenure(D(2028, 7, 2), None, False), year=2028)
    assert result.quarters == half_up(Fraction(128 * 183, 366)) == 64


def test_exempt_days_owe_nothing():
    result = asked(Tenure(D(2020, 1, 1), None, False), absences=[Absence(D(2026, 1, 1), D(2026, 3, 31))])
    assert result.quarters == half_up(Fraction(128 * 275, 365))
    assert not result.is_exempt


@pytest.mark.parametrize("until", [None, D(2026, 12, 31), D(2030, 1, 1)])
def test_an_exemption_to_the_years_end_takes_somebody_out(until):
    result = asked(Tenure(D(2020, 1, 1), None, True), absences=[Absence(D(2026, 9, 1), until)])
    assert result.is_exempt
    assert result.centralized == 0


def test_an_exemption_of_another_year_changes_nothing():
    absence = Absence(D(2025, 1, 1), D(2025, 12, 31))
    assert asked(Tenure(D(2020, 1, 1), None, False), absences=[absence]).quarters == 128


def test_no_post_no_requirement():
    assert asked() is None
    assert asked(Tenure(D(2027, 1, 1), None, False)) is None
    assert asked(Tenure(D(2020, 1, 1), D(2025, 12, 31), False)) is None


def test_a_changed_target_counts_from_its_day():
    targets = Targets((Target(SINCE, D(2026, 6, 30), 128), Target(D(2026, 7, 1), None, 160)), ())
    result = asked(Tenure(D(2020, 1, 1), None, False), targets=targets)
    assert result.quarters == half_up(Fraction(128 * 181 + 160 * 184, 365))


def test_without_a_rule_nothing_is_asked():
    assert asked(Tenure(D(2020, 1, 1), None, False), targets=Targets((), ())).quarters == 0


def test_the_deadline_of_a_new_secretary():
    assert new_secretary_deadline(D(2026, 3, 1), 6) == D(2026, 9, 1)
    assert add_months(D(2026, 8, 31), 6) == D(2027, 2, 28)


@pytest.mark.parametrize(
    ("quarters", "text"), [(0, "0"), (6, "1.5"), (5, "1.25"), (128, "32"), (-3, "-0.75")]
)
def test_quarters_in_words(quarters, text):
    assert in_hours(quarters) == text


@given(start=DAYS, committee=st.booleans())
def test_never_more_than_the_whole_year(start, committee):
    result = asked(Tenure(start, None, committee))
    assert result is not None
    assert 0 <= result.quarters <= (224 if committee else 128)


@given(cut=st.dates(D(2026, 1, 2), D(2026, 12, 31)), committee=st.booleans())
def test_a_cut_into_equal_parts_changes_nothing(cut, committee):
    whole = asked(Tenure(D(2020, 1, 1), None, committee))
    day = dt.timedelta(days=1)
    parts = asked(Tenure(D(2020, 1, 1), cut - day, committee), Tenure(cut, None, committee))
    assert parts.quarters == whole.quarters
    assert len(parts.segments) == 1


@given(first=DAYS, last=DAYS)
def test_an_exemption_never_adds(first, last):
    tenure = Tenure(D(2020, 1, 1), None, True)
    absence = Absence(min(first, last), max(first, last))
    assert asked(tenure, absences=[absence]).quarters <= asked(tenure).quarters


@given(starts=st.lists(DAYS, max_size=4), committee=st.booleans())
def test_clipping_changes_no_figure(starts, committee):
    tenures = [Tenure(day, None, committee) for day in starts]
    plain, cut = asked(*tenures), asked(*clipped(2026, tenures))
    assert (plain and plain.quarters) == (cut and cut.quarters)
