"""Whom a class is for, and how it judges presence."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from cms.refusals import Refused
from enrollment.actions.classes import lock_class
from enrollment.actions.journal import note
from enrollment.models import Cohort, Organization, TrainingClass, User
from enrollment.rules import class_life as rules
from enrollment.rules.class_policy import LEAVE_TEACHER_HOURS


@transaction.atomic
def set_terms(
    *,
    training_class: TrainingClass,
    cohorts: Iterable[Cohort],
    organizations: Iterable[Organization],
    absence_limit_percent: int | None,
    leave_counts_as_absence: bool,
    leave_teacher_hours: int = LEAVE_TEACHER_HOURS,
    actor: User | None,
) -> TrainingClass:
    """Say for whom the class is (besides its cohort), and what it asks of presence.

    Whoever is in the class already stays: terms are asked of nominations to come.

    Raises:
        Refused: the class is over, or the share is none.
    """
    row = lock_class(training_class)
    if row.status not in rules.OPEN_FOR_ENROLMENT:
        raise Refused(rules.NOT_OPEN)
    if absence_limit_percent is not None and not 1 <= absence_limit_percent <= 100:
        raise Refused(rules.NO_SHARE)
    row.absence_limit_percent = absence_limit_percent
    row.leave_counts_as_absence = leave_counts_as_absence
    row.leave_teacher_hours = leave_teacher_hours
    row.save(update_fields=["absence_limit_percent", "leave_counts_as_absence", "leave_teacher_hours"])
    row.further_cohorts.set([cohort for cohort in cohorts if cohort.pk != row.cohort_id])
    row.eligible_organizations.set(organizations)
    note(
        row,
        "enrollment.class.terms",
        actor=actor,
        data={
            "cohorts": sorted(row.further_cohorts.values_list("code", flat=True)),
            "organizations": sorted(row.eligible_organizations.values_list("code", flat=True)),
            "absence_limit_percent": absence_limit_percent,
            "leave_teacher_hours": leave_teacher_hours,
        },
    )
    return row
