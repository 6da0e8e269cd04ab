"""The sentences that explain a year; most of it without a database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from enrollment.actions.exemptions import exempt
from enrollment.actions.hour_rules import save_rule
from enrollment.actions.hours import reverse_entry
from enrollment.actions.people import appoint, transfer
from enrollment.actions.reminders import remind
from enrollment.actions.years import close_year
from enrollment.models import Appointment, HourRule, Standing
from enrollment.models.deadlines import new_secretaries
from enrollment.reports_explanation import explained
from enrollment.rules import reminders
from enrollment.rules.explanation import (
    Closing,
    Excused,
    Facts,
    Held,
    NewSecretary,
    OpenClass,
    TargetVersion,
    explain,
)
from enrollment.rules.minimums import Gap, Minimum
from enrollment.rules.requirement import Absence, Target, Targets, Tenure, requirement
from tests.factories.enrollment import credited, trainees, training_class

TODAY = dt.date(2026, 11, 25)
YEAR = timezone.localdate().year
TARGETS = Targets((Target(dt.date(2024, 1, 1), None, 128),), (Target(dt.date(2024, 1, 1), None, 224),), 1)
VERSIONS = (
    TargetVersion(dt.date(2019, 1, 1), dt.date(2023, 12, 31), False, "旧规划"),
    TargetVersion(dt.date(2024, 1, 1), None, False, "新规划"),
    TargetVersion(dt.date(2024, 1, 1), None, True, "班子规划"),
)


def facts(tenures=None, absences=(), **changes):
    tenures = tenures or (Tenure(dt.date(2020, 1, 1), None, False),)
    required = requirement(2026, tuple(tenures), tuple(absences), TARGETS)
    values = {
        "year": 2026,
        "today": TODAY,
        "requirement": required,
        "targets": VERSIONS,
        "required": required.quarters if required else 0,
        "is_exempt": bool(required and required.is_exempt),
        "centralized_required": required.centralized if required else 0,
        "day_quarters": 32,
    }
    return Facts(**(values | changes))


def codes(lines):
    return [line.reason.code for line in lines]


def said(lines):
    with translation.override("en"):
        return "\n".join(str(line.reason) for line in lines)


def test_a_plain_member_owes_the_whole_year():
    found = explain(facts(earned=40, counted=40))
    [run] = found.target
    assert (run.quarters, run.source) == (Fraction(128), "新规划")
    assert run.hours == "32"
    assert codes(found.missing) == ["gap"]
    assert "Asked 32, counted 10: 22 hours are missing." in said(found.missing)
    assert "The year has 36 days left." in said(found.ways)
    assert "2.8" in said(found.ways), "22 hours in days of 8 hours"


def test_a_change_of_post_is_two_runs_that_add_up():
    change = dt.date(2026, 7, 1)
    tenures = (
        Tenure(dt.date(2020, 1, 1), dt.date(2026, 6, 30), False),
        Tenure(change, None, True),
    )
    posts = (
        Held("党员", "软件支部", dt.date(2020, 1, 1), dt.date(2026, 6, 30)),
        Held("书记", "软件支部", change, None),
    )
    found = explain(facts(tenures, posts=posts))
    runs = [line for line in found.target if line.reason.code == "run"]
    assert [line.quarters for line in runs] == [Fraction(128 * 181, 365), Fraction(224 * 184, 365)]
    assert [len(line.details) for line in runs] == [1, 1], "each run names only the posts held in it"
    assert [line.source for line in runs] == ["新规划", "班子规划"]
    [total] = [line for line in found.target if line.reason.code == "target_sum"]
    assert total.quarters == facts(tenures).required
    exact = sum(line.quarters for line in runs) / 4
    assert f"{float(exact):.2f}" in str(total.reason)
    assert "centralized_asked" in codes(found.target)
    assert "centralized_gap" in codes(found.missing)


def test_an_exemption_takes_its_days_out_and_its_ground_is_said_only_where_it_is_known():
    away = Absence(dt.date(2026, 3, 1), dt.date(2026, 4, 30))
    for ground, expected in (("Illness", "exempt (Illness)"), ("", "exempt, these 61 days")):
        excused = Excused(away.starts_on, away.ends_on, ground)
        found = explain(facts(absences=[away], exemptions=(excused,)))
        assert expected in said(found.target)
    assert [line.quarters for line in found.target if line.reason.code == "exempt_run"] == [Fraction(0)]


def test_the_exempt_miss_nothing():
    always = Absence(dt.date(2020, 1, 1), None)
    found = explain(facts(absences=[always], new_secretary=NewSecretary(TODAY, TODAY, 6, None)))
    assert codes(found.missing) == ["nothing_asked"]
    assert found.ways == ()
    assert "outside_denominator" in codes(found.target)


def test_who_joined_or_left_or_never_was_there():
    joined = explain(facts([Tenure(dt.date(2026, 10, 1), None, False)]))
    assert codes(joined.target)[0] == "joined_late"
    assert codes(explain(facts(left_on=dt.date(2026, 5, 1))).target) == ["left"]
    assert codes(explain(facts(requirement=None)).target) == ["no_post"]


def test_the_cap_says_what_does_not_count():
    above = explain(
        facts(
            earned=128,
            counted=92,
            online=100,
            online_cap_percent=50,
            online_cap_source="学院计划",
        )
    )
    [line] = [line for line in above.counts if line.reason.code == "cap_passed"]
    assert (line.quarters, line.source) == (Fraction(-36), "学院计划")
    assert "up to 50% of the target, 16 hours; of your 25 online hours 9" in said([line])
    assert "online_left" in codes(above.ways)
    kept = explain(facts(earned=40, counted=40, online=40, online_cap_percent=50))
    assert "cap_kept" in codes(kept.counts)
    assert "6 hours that count" in said(kept.ways), "of 16 allowed 10 are used, and 22 are missing"
    assert "no_cap" in codes(explain(facts()).counts)


def test_reversals_and_late_records_are_named():
    found = explain(
        facts(reversed_entries=2, reversed_quarters=16, late_entries=1, late_quarters=8, earned=8, counted=8)
    )
    assert "Entries taken back: 2, with 4 hours" in said(found.counts)
    assert "Entries posted after the year was closed: 1, together 2 hours" in said(found.counts)


def test_a_closed_year_keeps_what_was_asked():
    closing = Closing(dt.date(2027, 1, 10), dt.date(2027, 4, 10))
    assert "closed_until" in codes(explain(facts(closing=closing)).target)
    without_end = Closing(dt.date(2027, 1, 10), None)
    assert "closed" in codes(explain(facts(closing=without_end)).target)
    otherwise = explain(facts(closing=closing, required=100))
    assert "stays 25 hours as it was then; today's records would give 32" in said(otherwise.target)


def test_minimums_are_in_target_counts_and_gap():
    gap = Gap(Minimum("theory", 16, label="理论武装", source="学院计划"), 16, 6)
    found = explain(facts(gaps=(gap,), earned=128, counted=128))
    assert "minimum_asked" in codes(found.target)
    assert "minimum_earned" in codes(found.counts)
    assert codes(found.missing) == ["no_gap", "minimum_missing"]
    assert facts(gaps=(gap,), earned=128, counted=128).has_gap


@pytest.mark.parametrize(
    ("deadline", "trained", "code"),
    [
        (dt.date(2026, 12, 1), None, "secretary_due"),
        (dt.date(2026, 11, 1), None, "secretary_overdue"),
        (dt.date(2026, 11, 1), dt.date(2026, 10, 1), "secretary_trained"),
    ],
)
def test_a_new_secretary(deadline, trained, code):
    one = NewSecretary(dt.date(2026, 5, 1), deadline, 6, trained, "规划")
    found = explain(facts(new_secretary=one, earned=128, counted=128))
    assert codes(found.missing) == ["no_gap", code]
    if code == "secretary_due":
        assert "6 days left" in said(found.missing)


def test_the_class_that_would_help():
    ways = explain(facts(open_class=OpenClass("书记班", dt.date(2026, 12, 1), True))).ways
    assert codes(ways)[0] == "class_centralized"
    assert "书记班" in said(ways)
    assert explain(facts(earned=128, counted=128)).ways == ()


# --- What is read ------------------------------------------------------------------------------------


def day(month, number):
    return dt.date(YEAR, month, number)


def test_the_sum_said_is_the_target_of_the_standing(zhang, tree, zhao):
    appoint(trainee=zhang.trainee, post="secretary", started_on=day(4, 1), actor=None)
    transfer(trainee=zhang.trainee, organization=tree.bio, on=day(8, 1), actor=None)
    exempt(
        trainee=zhang.trainee,
        ground="illness",
        reason="住院",
        starts_on=day(5, 1),
        ends_on=day(5, 20),
        actor=None,
    )
    found = explained(zhang.trainee, YEAR)
    runs = [line.quarters for line in found.explanation.target if line.quarters is not None]
    standing = Standing.objects.get(trainee=zhang.trainee, year=YEAR)
    assert runs[-1] == standing.required_quarters == found.facts.required
    assert abs(sum(runs[:-1]) - runs[-1]) <= Fraction(1, 2)
    assert len(found.facts.posts) == 3


def test_what_is_said_to_count_is_what_the_standing_counts(zhang, zhao, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        save_rule(
            rule=HourRule(code="online_cap", value=Decimal(25), effective_from=day(1, 1), source="学院计划"),
            actor=None,
        )
    credited(zhang.trainee, 60)
    mistaken = credited(zhang.trainee, 8, kind="classroom")
    credited(zhang.trainee, 4, kind="branch")
    reverse_entry(entry=mistaken, actor=zhao, reason="重复")
    found = explained(zhang.trainee, YEAR).facts
    standing = Standing.objects.get(trainee=zhang.trainee)
    assert (found.earned, found.counted) == (standing.earned_quarters, standing.counted_quarters) == (64, 36)
    assert (found.reversed_entries, found.reversed_quarters) == (1, 8)
    assert found.missing == standing.shortfall_quarters


def test_a_late_record_of_a_closed_year_is_named(zhang, zhao):
    close_year(year=YEAR - 1, actor=zhao)
    moment = timezone.make_aware(dt.datetime(YEAR - 1, 5, 5, 12))
    credited(zhang.trainee, 8, occurred_at=moment)
    found = explained(zhang.trainee, YEAR - 1)
    assert (found.facts.late_entries, found.facts.late_quarters) == (1, 8)
    assert "closed_until" in codes(found.explanation.target)


def test_grounds_are_kept_from_whom_they_do_not_concern(zhang):
    exempt(trainee=zhang.trainee, ground="illness", reason="住院", starts_on=day(5, 1), actor=None)
    assert explained(zhang.trainee, YEAR).facts.exemptions[0].ground
    assert explained(zhang.trainee, YEAR, shows_grounds=False).facts.exemptions[0].ground == ""


def test_it_costs_the_same_however_much_there_is(zhang, tree):
    def cost():
        with CaptureQueriesContext(connection) as seen:
            explained(zhang.trainee, YEAR)
        return len(seen)

    credited(zhang.trainee, 4)
    training_class(nominating=True)
    cost()
    few = cost()
    for month in range(2, 9):
        transfer(
            trainee=zhang.trainee,
            organization=tree.bio if month % 2 else tree.soft,
            on=day(month, 1),
            actor=None,
        )
        credited(zhang.trainee, 4, kind="branch")
        training_class(nominating=True, title=f"班{month}")
    assert cost() == few <= 16


# --- New secretaries ------------------------------------------------------------------------------------


def deadlines(user, today):
    return new_secretaries(Appointment.objects.filter(trainee=user.trainee), today)


def test_who_only_changes_the_organization_is_no_new_secretary(wang, tree):
    assert deadlines(wang, day(8, 1)) == [], "secretary for years"
    transfer(trainee=wang.trainee, organization=tree.bio, on=day(7, 1), post="secretary", actor=None)
    assert deadlines(wang, day(8, 1)) == []


def test_who_is_admitted_without_a_date_is_no_new_secretary(tree):
    [person] = trainees(tree.soft, 1, post="secretary", started_on=None)
    held = Appointment.objects.filter(trainee=person)
    assert held.get().started_on == day(1, 1)
    assert new_secretaries(held, day(5, 1)) == []
    transfer(trainee=person, organization=tree.bio, on=day(2, 1), actor=None)
    appoint(trainee=person, post="secretary", started_on=day(3, 1), actor=None)
    assert len(new_secretaries(held, day(5, 1))) == 1


def test_who_had_another_post_until_new_years_eve_is_a_new_secretary(zhang, tree):
    appoint(trainee=zhang.trainee, post="secretary", started_on=day(1, 1), actor=None)
    assert [row.deadline for row in deadlines(zhang, day(5, 1))] == [day(7, 1)]
    assert [row.deadline for row in deadlines(zhang, day(12, 31))] == [day(7, 1)], "late, and still in sight"


def test_external_training_counts_for_a_new_secretary(zhang):
    appoint(trainee=zhang.trainee, post="secretary", started_on=day(3, 1), actor=None)
    moment = timezone.make_aware(dt.datetime(YEAR, 4, 4, 9))
    entry = credited(
        zhang.trainee,
        16,
        kind="external",
        occurred_at=moment,
        starts_at=moment,
        ends_at=moment + dt.timedelta(hours=3),
    )
    assert deadlines(zhang, day(5, 1))[0].training.trained_on == day(4, 4)
    reverse_entry(entry=entry, actor=None, reason="不实")
    assert deadlines(zhang, day(5, 1))[0].training.trained_on is None


def test_lessons_online_do_not(zhang):
    appoint(trainee=zhang.trainee, post="secretary", started_on=day(3, 1), actor=None)
    credited(zhang.trainee, 16)
    assert not deadlines(zhang, day(5, 1))[0].is_done


def test_when_a_new_secretary_is_reminded():
    now = dt.datetime(2026, 6, 1, 9)
    wants = reminders.wants_secretary_reminder
    assert not wants(dt.date(2026, 9, 1), None, None, now), "more than ninety days"
    assert wants(dt.date(2026, 8, 1), None, None, now)
    assert wants(dt.date(2026, 3, 1), None, None, now), "overdue: monthly until it is held"
    assert not wants(dt.date(2026, 8, 1), dt.date(2026, 5, 5), None, now)
    assert not wants(dt.date(2026, 8, 1), None, now - dt.timedelta(days=5), now)


def test_a_new_secretary_is_reminded_once_a_month_and_the_exempt_never(zhang, zhao):
    appoint(trainee=zhang.trainee, post="secretary", started_on=day(1, 10), actor=None)
    spring = timezone.make_aware(dt.datetime(YEAR, 6, 1, 9))
    assert remind(now=spring).secretaries == 1
    assert remind(now=spring).secretaries == 0
    message = zhang.inbox.get(kind="secretary_due")
    assert message.link == "/me/explanation/"
    exempt(trainee=zhang.trainee, ground="age", reason="高龄", starts_on=day(1, 1), actor=zhao)
    assert remind(now=spring + dt.timedelta(days=40)).secretaries == 0
