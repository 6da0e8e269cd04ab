"""The ledger: posted once, reversed by its own entry, projected at once, guarded by the database."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.exemptions import exempt
from enrollment.actions.hours import Credit, credit_hours, credit_hours_in_bulk, reverse_entry
from enrollment.actions.people import depart, transfer
from enrollment.actions.standings import rebuild_standings
from enrollment.actions.verification import verify
from enrollment.actions.years import begin_year, close_year, reopen_year
from enrollment.models import (
    HourBalance,
    HourEntry,
    HourSpan,
    LedgerIsAppendOnly,
    OrganizationStanding,
    ParkFigure,
    Standing,
    Trainee,
    YearClosure,
)
from tests.factories.enrollment import branches, credited, trainees

YEAR = timezone.localdate().year
NOON = timezone.make_aware(dt.datetime(YEAR, 3, 3, 12))
HOUR = dt.timedelta(hours=1)


def standing_of(user, year=YEAR):
    return Standing.objects.get(trainee=user.trainee, year=year)


def figures(organization, cohort="member", year=YEAR):
    row = OrganizationStanding.objects.get(organization=organization, cohort=cohort, year=year)
    return row.people, row.exempt, row.reached, row.required_quarters, row.earned_quarters


def agrees():
    verdict = verify()
    assert verdict.agrees, [str(difference) for difference in verdict.differences]
    return verdict


def test_a_credit_reaches_every_projection(zhang, soft):
    entry = credited(zhang.trainee, 6, kind="online")
    assert (entry.year, entry.sequence, entry.organization, entry.is_late) == (YEAR, 1, soft, False)
    assert HourBalance.objects.get(trainee=zhang.trainee).quarters == 6
    assert standing_of(zhang).earned_quarters == 6
    assert figures(soft) == (1, 0, 0, 128, 6)
    agrees()


def test_the_same_evidence_counts_once(zhang):
    first = credited(zhang.trainee, 4, evidence_id=7)
    again = credited(zhang.trainee, 8, evidence_id="7")
    assert again == first
    assert standing_of(zhang).earned_quarters == 4


def test_the_same_evidence_counts_for_each_person(zhang, li):
    credited(zhang.trainee, 4, evidence_id=7)
    credited(li.trainee, 4, evidence_id=7)
    assert HourEntry.objects.count() == 2


def test_reaching_the_target(zhang, soft):
    credited(zhang.trainee, 127)
    assert not standing_of(zhang).has_reached
    credited(zhang.trainee, 1)
    assert standing_of(zhang).has_reached
    assert figures(soft)[2] == 1
    agrees()


def test_a_secretary_needs_a_centralized_training(wang, soft):
    credited(wang.trainee, 224)
    assert standing_of(wang).lacks_centralized
    assert not standing_of(wang).has_reached
    credited(wang.trainee, 4, kind="classroom")
    assert standing_of(wang).lacks_centralized
    training = credited(wang.trainee, 4, kind="classroom", is_centralized=True)
    assert standing_of(wang).has_reached
    reverse_entry(entry=training, actor=None, reason="未到场")
    assert not standing_of(wang).has_reached
    assert figures(soft, "secretary")[2] == 0
    assert standing_of(wang).centralized_entries == 0
    agrees()


def test_a_rebuild_counts_centralized_trainings_as_the_credits_did(wang):
    credited(wang.trainee, 224)
    credited(wang.trainee, 4, kind="classroom")
    credited(wang.trainee, 4, kind="live", is_centralized=True)
    undone = credited(wang.trainee, 4, kind="base_visit", is_centralized=True)
    reverse_entry(entry=undone, actor=None, reason="未到场")
    assert undone.reversal.is_centralized
    right = standing_of(wang)
    assert (right.centralized_entries, right.has_reached) == (1, True)
    Standing.objects.filter(pk=right.pk).update(centralized_entries=0, has_reached=False)
    assert not verify(year=YEAR).agrees
    assert rebuild_standings(year=YEAR) == 1
    assert (standing_of(wang).centralized_entries, standing_of(wang).has_reached) == (1, True)
    agrees()


def test_overlaps_are_refused_with_the_reason(zhang):
    credited(zhang.trainee, 8, title="党课", starts_at=NOON, ends_at=NOON + 2 * HOUR, occurred_at=NOON)
    with pytest.raises(Refused) as refused:
        credited(zhang.trainee, 4, starts_at=NOON + HOUR, ends_at=NOON + 3 * HOUR, occurred_at=NOON)
    assert refused.value.code == "hours_overlap"
    assert "党课" in refused.value.sentence
    assert f"{YEAR}-03-03 12:00–14:00" in refused.value.sentence
    credited(zhang.trainee, 4, starts_at=NOON + 2 * HOUR, ends_at=NOON + 3 * HOUR, occurred_at=NOON)
    assert HourSpan.objects.count() == 2


def test_others_may_sit_in_the_same_room(zhang, li):
    for user in (zhang, li):
        credited(user.trainee, 8, starts_at=NOON, ends_at=NOON + HOUR, occurred_at=NOON)
    assert HourEntry.objects.count() == 2


@pytest.mark.parametrize(
    ("details", "code"),
    [
        ({"quarters": 0}, "hours_not_positive"),
        ({"quarters": 401}, "hours_too_many"),
        ({"evidence_id": ""}, "evidence_missing"),
        ({"starts_at": NOON}, "period_incomplete"),
    ],
)
def test_what_a_credit_must_be(zhang, details, code):
    values = {"quarters": 4} | details
    with pytest.raises(Refused) as refused:
        credited(zhang.trainee, values.pop("quarters"), **values)
    assert refused.value.code == code
    assert refused.value.sentence
    assert not HourEntry.objects.exists()


def test_nothing_is_earned_after_leaving(zhang):
    depart(trainee=zhang.trainee, on=dt.date(YEAR, 2, 1), actor=None)
    with pytest.raises(Refused, match="trainee_left"):
        credited(zhang.trainee, 4, occurred_at=NOON)


def test_a_reversal_keeps_both(zhang, zhao, soft):
    entry = credited(zhang.trainee, 8, starts_at=NOON, ends_at=NOON + HOUR, occurred_at=NOON)
    reversal = reverse_entry(entry=entry, actor=zhao, reason="签到有误")
    assert (reversal.quarters, reversal.reverses, reversal.recorded_by, reversal.note) == (
        -8,
        entry,
        zhao,
        "签到有误",
    )
    assert HourEntry.objects.count() == 2
    assert not HourEntry.objects.standing().exists()
    assert not HourSpan.objects.exists(), "the time is free again"
    assert figures(soft)[4] == 0
    agrees()


def test_after_a_reversal_the_evidence_may_count_anew(zhang):
    entry = credited(zhang.trainee, 8, evidence_id=1, starts_at=NOON, ends_at=NOON + HOUR, occurred_at=NOON)
    reverse_entry(entry=entry, actor=None, reason="时长有误")
    again = credited(zhang.trainee, 4, evidence_id=1, starts_at=NOON, ends_at=NOON + HOUR, occurred_at=NOON)
    assert (again.sequence, again.quarters) == (2, 4)
    assert credited(zhang.trainee, 4, evidence_id=1) == again
    assert standing_of(zhang).earned_quarters == 4
    agrees()


def test_what_a_reversal_must_be(zhang):
    entry = credited(zhang.trainee, 8)
    with pytest.raises(Refused, match="reason_missing"):
        reverse_entry(entry=entry, actor=None, reason="  ")
    reversal = reverse_entry(entry=entry, actor=None, reason="重复")
    with pytest.raises(Refused, match="already_reversed"):
        reverse_entry(entry=entry, actor=None, reason="重复")
    with pytest.raises(Refused, match="is_reversal"):
        reverse_entry(entry=reversal, actor=None, reason="重复")


def test_entries_are_never_changed_by_the_application(zhang):
    entry = credited(zhang.trainee, 4)
    entry.quarters = 400
    with pytest.raises(LedgerIsAppendOnly):
        entry.save()
    with pytest.raises(LedgerIsAppendOnly):
        entry.delete()
    with pytest.raises(LedgerIsAppendOnly):
        HourEntry.objects.update(quarters=400)
    with pytest.raises(LedgerIsAppendOnly):
        HourEntry.objects.all().delete()


@pytest.mark.parametrize(
    "statement", ["UPDATE enrollment_hourentry SET quarters = 400", "DELETE FROM enrollment_hourentry"]
)
def test_entries_are_never_changed_by_the_database(zhang, statement):
    credited(zhang.trainee, 4)
    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert HourEntry.objects.get().quarters == 4


@pytest.mark.postgres
def test_postgresql_excludes_overlapping_spans(zhang):
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL only")
    entry = credited(zhang.trainee, 4, starts_at=NOON, ends_at=NOON + HOUR, occurred_at=NOON)
    other = credited(zhang.trainee, 4)
    with pytest.raises(DatabaseError, match="no_overlap"), transaction.atomic():
        HourSpan.objects.create(entry=other, trainee=entry.trainee, starts_at=NOON, ends_at=NOON + HOUR)


# --- Years -----------------------------------------------------------------------------------------


def test_hours_belong_to_the_local_year(zhang):
    new_year = timezone.make_aware(dt.datetime(YEAR, 1, 1, 0, 30))
    assert new_year.astimezone(dt.UTC).year == YEAR - 1
    assert credited(zhang.trainee, 4, occurred_at=new_year).year == YEAR


def test_a_past_year_gets_its_standing_with_its_first_hours(zhang, soft):
    credited(zhang.trainee, 4, occurred_at=NOON.replace(year=YEAR - 1))
    past = standing_of(zhang, YEAR - 1)
    assert (past.required_quarters, past.earned_quarters) == (128, 4)
    assert figures(soft, year=YEAR - 1) == (1, 0, 0, 128, 4)
    agrees()


def test_late_records_are_marked(zhang, zhao):
    before = credited(zhang.trainee, 4, occurred_at=NOON.replace(year=YEAR - 1))
    close_year(year=YEAR - 1, actor=zhao)
    late = credited(zhang.trainee, 4, occurred_at=NOON.replace(year=YEAR - 1))
    assert (before.is_late, late.is_late, late.year) == (False, True, YEAR - 1)
    assert standing_of(zhang, YEAR - 1).earned_quarters == 8
    assert reverse_entry(entry=before, actor=zhao, reason="有误").is_late
    agrees()


def test_a_closed_year_is_frozen(zhang, zhao, tree):
    credited(zhang.trainee, 4, occurred_at=NOON.replace(year=YEAR - 1))
    close_year(year=YEAR - 1, actor=zhao)
    transfer(trainee=zhang.trainee, organization=tree.bio, on=dt.date(YEAR, 2, 1), actor=zhao)
    assert standing_of(zhang, YEAR - 1).organization == tree.soft
    assert standing_of(zhang).organization == tree.bio
    agrees()


def test_which_years_can_be_closed(zhao):
    with pytest.raises(Refused, match="year_not_over"):
        close_year(year=YEAR, actor=zhao)
    closure = close_year(year=YEAR - 1, actor=zhao)
    with pytest.raises(Refused, match="year_closed"):
        close_year(year=YEAR - 1, actor=zhao)
    reopen_year(closure=closure, actor=zhao)
    assert not YearClosure.objects.exists()


def test_a_new_year_begins_for_everybody(zhang, li, wang):
    assert begin_year(year=YEAR + 1) == 3
    assert begin_year(year=YEAR + 1) == 0
    assert standing_of(wang, YEAR + 1).required_quarters == 224


# --- Many at once ----------------------------------------------------------------------------------


def bulk(people, **changes):
    values = {
        "kind": "classroom",
        "quarters": 16,
        "title": "集中培训",
        "evidence_type": "attendance",
        "occurred_at": NOON,
        "starts_at": NOON,
        "ends_at": NOON + 3 * HOUR,
    } | changes
    return [
        Credit(trainee_id=person.pk, evidence_id=str(number), **values)
        for number, person in enumerate(people, start=1)
    ]


def test_bulk_posts_refuses_and_repeats(tree):
    people = trainees(tree.soft, 5) + trainees(tree.bio, 5)
    credited(people[0], 4, title="占用", starts_at=NOON, ends_at=NOON + HOUR, occurred_at=NOON)
    credits = bulk(people)
    result = credit_hours_in_bulk(credits=[*credits, credits[1]])
    assert (len(result.posted), len(result.already), len(result.refused)) == (9, 1, 1)
    [(credit, reason)] = result.refused
    assert (credit.trainee_id, reason.code) == (people[0].pk, "hours_overlap")
    again = credit_hours_in_bulk(credits=credits)
    assert (len(again.posted), len(again.already)) == (0, 9)
    agrees()


def test_two_overlapping_credits_of_one_call(zhang):
    first, second = bulk([zhang.trainee, zhang.trainee])
    result = credit_hours_in_bulk(credits=[first, second])
    assert [entry.evidence_id for entry in result.posted] == ["1"]
    assert [reason.code for _credit, reason in result.refused] == ["hours_overlap"]


def test_bulk_queries_do_not_grow(tree):
    few, many = trainees(tree.soft, 3), trainees(tree.bio, 40)
    with CaptureQueriesContext(connection) as first:
        credit_hours_in_bulk(credits=bulk(few))
    with CaptureQueriesContext(connection) as second:
        credit_hours_in_bulk(credits=bulk(many))
    assert len(second) == len(first)


def test_one_credit_is_cheap(zhang, django_assert_max_num_queries):
    credited(zhang.trainee, 4)
    with django_assert_max_num_queries(10):
        credited(zhang.trainee, 4)


def test_an_unknown_person_is_an_error(zhang):
    with pytest.raises(Trainee.DoesNotExist):
        credit_hours_in_bulk(credits=[Credit(0, "online", 4, "课", "lesson", "1", NOON)])


# --- Proof and repair ------------------------------------------------------------------------------


def test_the_command_proves_it(zhang, wang):
    credited(zhang.trainee, 8)
    out = io.StringIO()
    call_command("verify_ledger", stdout=out)
    assert "1 entries (2 hours), 2 people, 2 standings" in out.getvalue()
    assert "agrees" in out.getvalue()


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (lambda: HourBalance.objects.update(quarters=1), "balance"),
        (lambda: HourBalance.objects.all().delete(), "balance"),
        (lambda: Standing.objects.update(earned_quarters=1), "standing"),
        (lambda: Standing.objects.update(has_reached=True), "standing"),
        (lambda: Standing.objects.update(required_quarters=1), "requirement"),
        (lambda: Standing.objects.all().delete(), "standing"),
        (lambda: OrganizationStanding.objects.update(reached=1), "figures"),
        (lambda: OrganizationStanding.objects.all().delete(), "figures"),
        (lambda: ParkFigure.objects.filter(kind="").update(people=7), "parks"),
        (lambda: ParkFigure.objects.exclude(kind="").update(month=12, earned_quarters=1), "parks"),
        (lambda: ParkFigure.objects.all().delete(), "parks"),
    ],
)
def test_the_command_finds_and_the_other_repairs(zhang, spoil, where):
    credited(zhang.trainee, 8)
    spoil()
    out = io.StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("verify_ledger", stdout=out)
    assert left.value.code == 1
    assert where in out.getvalue()
    call_command("rebuild_ledger", stdout=io.StringIO())
    agrees()


def test_rebuilding_changes_nothing_that_is_right(tree):
    people = trainees(tree.soft, 4)
    credit_hours_in_bulk(credits=bulk(people))
    exempt(trainee=people[0], ground="age", reason="年老体弱", starts_on=dt.date(YEAR, 1, 1), actor=None)
    assert rebuild_standings(year=YEAR) == 0


def test_figures_of_many_organizations(tree):
    places = branches(tree.park_b, 12)
    people = [person for place in places for person in trainees(place, 2)]
    credit_hours_in_bulk(credits=bulk(people, quarters=128))
    assert all(figures(place) == (2, 0, 2, 256, 256) for place in places)
    agrees()


def test_a_credit_needs_no_bulk_to_be_typed(zhang, hour_rules):
    entry = credit_hours(
        trainee=zhang.trainee,
        kind="online",
        quarters=4,
        title="课",
        evidence_type="lesson",
        evidence_id=3,
        occurred_at=NOON,
        rule=hour_rules["online_long"],
    )
    assert entry.rule.code == "online_long"
    assert entry.hours == 1
