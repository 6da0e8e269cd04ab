"""Frozen years, overlapping exemptions, reversals of reversals, minimums, the cap: by rule and database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from cms.refusals import Refused
from courses.models.outlines import catalogue
from enrollment.actions.exemptions import change_exemption, exempt, exempt_in_bulk
from enrollment.actions.hour_rules import remove_minimum, save_minimum, save_rule
from enrollment.actions.hours import reverse_entry
from enrollment.actions.verification import verify
from enrollment.actions.years import close_year, reopen_year
from enrollment.dimensions import dimensions, label_of
from enrollment.models import (
    Exemption,
    HourEntry,
    HourMinimum,
    HourRule,
    Standing,
    YearClosure,
    rulebook,
)
from enrollment.reports import year_of
from enrollment.rules import minimums, years
from enrollment.rules.minimums import Minimum
from enrollment.rules.people import first_overlap
from tests.factories import courses as school
from tests.factories.enrollment import credited, trainees

YEAR = timezone.localdate().year
NOON = timezone.make_aware(dt.datetime(YEAR, 3, 3, 12))
LAST_YEAR = NOON.replace(year=YEAR - 1)


def agrees():
    verdict = verify()
    assert verdict.agrees, [str(difference) for difference in verdict.differences]


def day(month, number, year=YEAR):
    return dt.date(year, month, number)


def raw(entry, **changes):
    """A row beside ``entry``, past every action."""
    values = {
        "trainee": entry.trainee,
        "organization": entry.organization,
        "year": entry.year,
        "kind": entry.kind,
        "quarters": 4,
        "title": "绕过",
        "evidence_type": "lesson",
        "evidence_id": "raw",
    } | changes
    with transaction.atomic():
        return HourEntry.objects.create(**values)


# --- Frozen years ---------------------------------------------------------------------------------


def closed(zhao, *, late_for=None, ended=False):
    """Last year closed; ``ended``: the time for late records is over."""
    if late_for is not None:
        HourRule.objects.filter(code="late_days").update(value=late_for)
        rulebook.forget()
    closure = close_year(year=YEAR - 1, actor=zhao)
    if ended:
        YearClosure.objects.update(late_until=timezone.now() - dt.timedelta(days=1))
    return closure


def test_how_long_late_records_are_taken_comes_from_the_rule(zhao):
    closure = closed(zhao, late_for=30)
    assert (closure.late_until - timezone.now()).days in {29, 30}


def test_without_the_rule_there_is_no_end(zhao):
    HourRule.objects.filter(code="late_days").delete()
    rulebook.forget()
    assert closed(zhao).late_until is None


def test_a_frozen_year_takes_nothing_more(zhang, zhao):
    before = credited(zhang.trainee, 4, occurred_at=LAST_YEAR)
    closure = closed(zhao, ended=True)
    with pytest.raises(Refused) as refused:
        credited(zhang.trainee, 4, occurred_at=LAST_YEAR)
    assert refused.value.code == "year_frozen"
    assert str(YEAR - 1) in refused.value.sentence
    with pytest.raises(Refused, match="year_frozen"):
        reverse_entry(entry=before, actor=zhao, reason="有误")
    reopen_year(closure=closure, actor=zhao)
    assert not credited(zhang.trainee, 4, occurred_at=LAST_YEAR).is_late
    agrees()


def test_the_database_refuses_an_unmarked_or_too_late_entry(zhang, zhao):
    entry = credited(zhang.trainee, 4, occurred_at=LAST_YEAR)
    closed(zhao)
    with pytest.raises(DatabaseError, match="frozen_year"):
        raw(entry)
    marked = raw(entry, is_late=True)
    assert marked.is_late
    YearClosure.objects.update(late_until=timezone.now() - dt.timedelta(days=1))
    with pytest.raises(DatabaseError, match="frozen_year"):
        raw(entry, is_late=True, evidence_id="raw-2")


def test_the_rule_of_late_records():
    now = NOON
    assert years.refusal_of_late(None, now) is None
    assert years.refusal_of_late(years.Closure(2025, None), now) is None
    assert years.refusal_of_late(years.Closure(2025, now), now) is None
    assert (
        years.refusal_of_late(years.Closure(2025, now - dt.timedelta(seconds=1)), now).code == "year_frozen"
    )
    assert years.late_until(now, None) is None
    assert years.late_until(now, 0) == now


# --- Reversals of reversals -------------------------------------------------------------------------


def test_the_database_refuses_to_reverse_a_reversal(zhang):
    entry = credited(zhang.trainee, 4)
    reversal = reverse_entry(entry=entry, actor=None, reason="有误")
    with pytest.raises(Refused, match="is_reversal"):
        reverse_entry(entry=reversal, actor=None, reason="有误")
    with pytest.raises(DatabaseError, match="no_double_reversal"):
        raw(entry, reverses=reversal, quarters=-4)
    assert HourEntry.objects.count() == 2


# --- Exemptions -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "other", "clashes"),
    [
        ((day(1, 1), day(1, 31)), (day(2, 1), None), False),
        ((day(1, 1), day(2, 1)), (day(2, 1), None), True),
        ((day(3, 1), None), (day(1, 1), None), True),
        ((day(3, 1), None), (day(1, 1), day(2, 28)), False),
        ((day(1, 1), None), (day(5, 1), day(5, 1)), True),
    ],
)
def test_when_exemptions_overlap(mine, other, clashes):
    assert (first_overlap(*mine, [other]) is not None) is clashes
    assert (first_overlap(*other, [mine]) is not None) is clashes


def exempted(user, starts_on, ends_on=None):
    return exempt(
        trainee=user.trainee,
        ground="illness",
        reason="住院",
        starts_on=starts_on,
        ends_on=ends_on,
        actor=None,
    )


def test_an_exemption_that_overlaps_is_refused(zhang):
    first = exempted(zhang, day(2, 1), day(3, 31))
    with pytest.raises(Refused) as refused:
        exempted(zhang, day(3, 31))
    assert refused.value.code == "exemption_overlaps"
    assert f"{YEAR}-02-01" in refused.value.sentence
    second = exempted(zhang, day(4, 1))
    with pytest.raises(Refused, match="exemption_overlaps"):
        change_exemption(
            exemption=second, actor=None, reason="住院", ground="illness", starts_on=day(3, 1), ends_on=None
        )
    change_exemption(
        exemption=first, actor=None, reason="住院", ground="illness", starts_on=day(2, 1), ends_on=day(3, 1)
    )
    agrees()


def test_exemptions_in_bulk_overlap_neither_each_other_nor_what_stands(soft):
    [person] = trainees(soft, 1)
    rows = [
        Exemption(trainee=person, ground="age", reason="高龄", starts_on=day(1, 1), ends_on=day(6, 30)),
        Exemption(trainee=person, ground="age", reason="高龄", starts_on=day(6, 1)),
    ]
    with pytest.raises(Refused, match="exemption_overlaps"):
        exempt_in_bulk(rows=rows, actor=None)
    assert not Exemption.objects.exists()


def test_the_database_keeps_exemptions_apart(zhang, li):
    exempted(zhang, day(2, 1))
    values = {"ground": "age", "reason": "绕过"}
    with pytest.raises(DatabaseError, match="no_overlap"), transaction.atomic():
        Exemption.objects.create(trainee=zhang.trainee, starts_on=day(12, 31), **values)
    Exemption.objects.create(trainee=li.trainee, starts_on=day(12, 31), **values)
    other = Exemption.objects.create(trainee=zhang.trainee, starts_on=day(1, 1), ends_on=day(1, 31), **values)
    with pytest.raises(DatabaseError, match="no_overlap"), transaction.atomic():
        Exemption.objects.filter(pk=other.pk).update(ends_on=day(2, 1))


# --- Minimums of categories and modules ---------------------------------------------------------------


@pytest.fixture
def taught(db):
    """A module with a lesson, and another without."""
    category = school.category(code="theory", title="理论武装")
    module = school.module(category=category, code="original", title="原著研读")
    lesson = school.lesson(school.course(module=module))
    # Whoever credits a lesson has just read the catalogue: the one in memory knows it.
    assert lesson.pk in catalogue().lessons
    return lesson


def least(hours=2, **changes):
    values = {
        "dimension": "theory/original",
        "hours": Decimal(hours),
        "effective_from": day(1, 1),
        "source": "学院2026年度计划",
    } | changes
    return save_minimum(minimum=HourMinimum(**values), actor=None)


def test_what_is_taught_can_be_asked_for(taught):
    assert [one.code for one in dimensions()] == ["theory", "theory/original"]
    assert label_of("theory/original") == "理论武装 · 原著研读"
    assert label_of("gone") == "gone"


def test_an_entry_keeps_what_its_evidence_belongs_to(taught, zhang):
    entry = credited(zhang.trainee, 4, evidence_id=taught.pk)
    assert entry.dimension == "theory/original"
    assert reverse_entry(entry=entry, actor=None, reason="有误").dimension == "theory/original"
    assert credited(zhang.trainee, 4, evidence_type="branch").dimension == ""
    assert catalogue().dimension_of_lesson[taught.pk] == "theory/original"


def test_a_minimum_is_part_of_reaching_the_target(taught, zhang, soft):
    least()
    credited(zhang.trainee, 128, evidence_type="branch", kind="branch")
    assert not Standing.objects.get(trainee=zhang.trainee).has_reached
    report = year_of(zhang.trainee, YEAR)
    assert not report.has_reached
    assert "minimum_missing" in [reason.code for reason in report.reasons]
    agrees()
    entry = credited(zhang.trainee, 8, evidence_id=taught.pk)
    assert Standing.objects.get(trainee=zhang.trainee).has_reached
    agrees()
    reverse_entry(entry=entry, actor=None, reason="有误")
    assert not Standing.objects.get(trainee=zhang.trainee).has_reached
    agrees()


def test_a_category_counts_its_modules(taught, zhang):
    least(dimension="theory")
    credited(zhang.trainee, 128, evidence_id=taught.pk)
    assert Standing.objects.get(trainee=zhang.trainee).has_reached
    agrees()


def test_a_new_minimum_judges_everybody_anew(taught, zhang, wang, django_capture_on_commit_callbacks):
    credited(zhang.trainee, 128, evidence_type="branch", kind="branch")
    assert Standing.objects.get(trainee=zhang.trainee).has_reached
    with django_capture_on_commit_callbacks(execute=True):
        minimum = least(cohort="member")
    assert not Standing.objects.get(trainee=zhang.trainee).has_reached
    agrees()
    with django_capture_on_commit_callbacks(execute=True):
        remove_minimum(minimum=minimum, actor=None)
    assert Standing.objects.get(trainee=zhang.trainee).has_reached
    agrees()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"dimension": "nothing"}, "dimension_unknown"),
        ({"hours": 0}, "minimum_not_positive"),
        ({"source": " "}, "source_missing"),
        ({"effective_to": day(1, 1, YEAR - 1)}, "rule_dates_backward"),
    ],
)
def test_what_a_minimum_must_be(taught, changes, code):
    with pytest.raises(Refused, match=code):
        least(**changes)


def test_two_versions_of_a_minimum_do_not_overlap(taught):
    least(effective_to=day(6, 30))
    with pytest.raises(Refused, match="minimums_overlap"):
        least(3, effective_from=day(6, 30))
    least(3, effective_from=day(7, 1))
    assert [one.quarters for one in rulebook.minimums_of(YEAR)] == [12]


def test_nobody_owes_more_in_a_category_than_altogether():
    asked = Minimum("theory", 40)
    [gap] = minimums.gaps([asked], cohort="member", required_quarters=11, earned={"theory/a": 5, "other": 9})
    assert (gap.asked, gap.earned, gap.missing) == (11, 5, 6)
    assert (
        minimums.gaps([Minimum("theory", 4, "secretary")], cohort="member", required_quarters=9, earned={})
        == ()
    )
    assert minimums.earned_in("theory", {"theory": 1, "theory/a": 2, "theoryx/a": 4}) == 3


def test_without_minimums_nothing_more_is_asked_of_the_database(zhang, django_assert_max_num_queries):
    credited(zhang.trainee, 4)
    with django_assert_max_num_queries(10):
        credited(zhang.trainee, 4)


# --- The cap on online hours ----------------------------------------------------------------------------


def test_the_cap_is_in_figures_page_and_proof(zhang, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        save_rule(
            rule=HourRule(
                code="online_cap", value=Decimal(50), effective_from=day(1, 1), source="学院2026年度计划"
            ),
            actor=None,
        )
    credited(zhang.trainee, 100)
    credited(zhang.trainee, 28, kind="classroom")
    standing = Standing.objects.get(trainee=zhang.trainee)
    assert (standing.earned_quarters, standing.has_reached) == (128, False)
    report = year_of(zhang.trainee, YEAR)
    assert (report.counted_quarters, report.shortfall_quarters) == (92, 36)
    agrees()
    credited(zhang.trainee, 36, kind="classroom")
    assert Standing.objects.get(trainee=zhang.trainee).has_reached
    agrees()


def test_the_guards_stand(db):
    """A migration that rebuilds a table of SQLite drops its triggers: it must set them again."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION SELECT conname FROM pg_constraint"
            )
        found = {name for [name] in cursor.fetchall()}
    wanted = (
        {
            "enrollment_hourentry_no_update",
            "enrollment_hourentry_no_delete",
            "enrollment_hourentry_no_double_reversal",
            "enrollment_hourentry_frozen_year",
            "enrollment_exemption_no_overlap_insert",
            "enrollment_exemption_no_overlap_update",
            "wagtailcore_modellogentry_no_update",
            "wagtailcore_modellogentry_no_delete",
            "wagtailcore_pagelogentry_no_update",
            "wagtailcore_pagelogentry_no_delete",
            "enrollment_trainingclass_moves",
            "enrollment_trainingclass_archived_sealed",
            "enrollment_trainingclass_stays_archived",
            "enrollment_trainingclass_archived_stays",
            "enrollment_classarchive_no_update",
            "enrollment_classarchive_no_delete",
            "enrollment_enrollment_within_quota_insert",
            "enrollment_enrollment_within_quota_update",
            "enrollment_enrollment_within_class_insert",
            "enrollment_enrollment_within_class_update",
            "enrollment_quota_covers_taken",
            "enrollment_quota_within_class_insert",
            "enrollment_quota_within_class_update",
            "enrollment_trainingclass_covers_seats",
        }
        if connection.vendor == "sqlite"
        else {
            "enrollment_hourentry_append_only",
            "enrollment_hourentry_sound",
            "enrollment_exemption_no_overlap",
            "enrollment_hourspan_no_overlap",
            "wagtailcore_modellogentry_append_only",
            "wagtailcore_pagelogentry_append_only",
            "enrollment_trainingclass_moves",
            "enrollment_classarchive_written_once",
            "enrollment_guard_seats",
            "enrollment_guard_quotas",
            "enrollment_guard_capacity",
        }
    )
    assert wanted <= found
