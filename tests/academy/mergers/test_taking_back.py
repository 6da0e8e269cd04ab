"""What stands in the way of taking a merger back, and what stays with the record that stayed."""

from __future__ import annotations

import pytest
from django.utils import timezone

from cms.refusals import Refused
from courses.actions.completion import Completion, complete_in_bulk
from enrollment.actions.classes import enrol
from enrollment.actions.hours import credit_hours, reverse_entry
from enrollment.actions.organizations import dissolve
from enrollment.actions.people import admit, amend
from enrollment.actions.person_mergers import merge_people, undo_merger
from enrollment.models import (
    Enrollment,
    HourEntry,
)
from tests.academy.mergers.lives import everything_agrees, projections
from tests.factories import courses as catalogue
from tests.factories import practicum as make

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


# --- What stands in the way of taking back ------------------------------------------------------------------


def blocked(merger, actor, code):
    with pytest.raises(Refused) as refused:
        undo_merger(merger=merger, actor=actor)
    assert code in {reason.code for reason in refused.value.reasons}
    everything = refused.value.sentence
    merger.refresh_from_db()
    assert merger.is_standing
    return everything


def test_a_later_merger_stands_in_the_way(lives, tree, zhao):
    keeper, other = lives.keeper, lives.other
    first = merge_people(keeper=keeper, other=other, actor=zhao)
    last = admit(name="张学员丙", organization=tree.soft, actor=None)
    second = merge_people(keeper=last, other=keeper, actor=zhao)
    other.refresh_from_db()
    assert other.merged_into == last
    assert "张学员丙" in blocked(first, zhao, "merged_later")
    everything_agrees()
    undo_merger(merger=second, actor=zhao)
    undo_merger(merger=first, actor=zhao)
    other.refresh_from_db()
    assert other.merged_into is None
    everything_agrees()


def test_later_changes_stand_in_the_way_by_name(lives, tree, zhao):
    keeper, other = lives.keeper, lives.other
    merger = merge_people(keeper=keeper, other=other, actor=zhao, taking=["phone"])
    amend(trainee=keeper, actor=None, phone="13800009999")
    assert "张学员" in blocked(merger, zhao, "changed_since")
    amend(trainee=keeper, actor=None, phone="13800000033")
    # Fields that the merger did not touch are free.
    amend(trainee=keeper, actor=None, note="改了备注")
    entry = HourEntry.objects.standing().filter(trainee=keeper, title="独堂课").get()
    reverse_entry(entry=entry, actor=None, reason="更正")
    assert "独堂课" in blocked(merger, zhao, "hours_changed_since")


def test_a_phone_given_to_somebody_else_stands_in_the_way(lives, tree, zhao):
    merger = merge_people(keeper=lives.keeper, other=lives.other, actor=zhao)
    admit(name="示例新人", organization=tree.soft, phone="13800000033", actor=None)
    sentence = blocked(merger, zhao, "taken_since")
    assert "138****0033" in sentence
    assert "13800000033" not in sentence


def test_a_dissolved_organization_stands_in_the_way(lives, tree, zhao):
    merger = merge_people(keeper=lives.keeper, other=lives.other, actor=zhao)
    dissolve(organization=tree.make, on=timezone.localdate(), actor=None)
    assert tree.make.name in blocked(merger, zhao, "dissolved_since")


def test_hours_studied_since_with_an_account_that_would_change_hands(tree, zhao, zhang):
    bare = admit(name="张学员", organization=tree.soft, actor=None)
    lesson = catalogue.lesson(catalogue.course(), minutes=40, title="后来学的课")
    merger = merge_people(keeper=bare, other=zhang.trainee, actor=zhao)
    complete_in_bulk(rows=[Completion(zhang.pk, lesson.pk, timezone.now())])
    assert "后来学的课" in blocked(merger, zhao, "studied_since")


def test_what_came_later_stays_with_the_one_that_stayed(lives, tree, zhao):
    keeper, other = lives.keeper, lives.other
    before = projections(other)
    merger = merge_people(keeper=keeper, other=other, actor=zhao)
    credit_hours(
        trainee=keeper, kind="external", quarters=4, title="后来", evidence_type="external",
        evidence_id="later", occurred_at=timezone.now(),
    )  # fmt: skip
    later = make.TrainingClassFactory(title="后来的班")
    enrol(training_class=later, trainee=keeper, actor=None)
    undo_merger(merger=merger, actor=zhao)
    assert projections(other) == before
    assert HourEntry.objects.standing().filter(trainee=keeper, evidence_id="later").exists()
    assert Enrollment.objects.get(training_class=later).trainee == keeper
    everything_agrees()
