"""Giving courses to cohorts, classes and organizations."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django_q.tasks import async_task
from wagtail.log_actions import log

from cms.refusals import Reason, Refused
from cms.refusals import sentence as _
from courses.models import CourseAssignment, CoursePage
from enrollment.models import Cohort, Organization, TrainingClass, User

TELLING = "courses.tasks.tell_assigned"
ONE_TARGET = Reason("one_target", _("Choose a cohort, a class or an organization: exactly one of them."))


@transaction.atomic
def assign_course(
    *,
    course: CoursePage,
    due_on: dt.date,
    cohort: Cohort | None = None,
    training_class: TrainingClass | None = None,
    organization: Organization | None = None,
    is_mandatory: bool = True,
    actor: User | None = None,
) -> CourseAssignment:
    """Give ``course`` to a cohort, a class or an organization; given again, its due date moves.

    Raises:
        Refused: ``one_target``: none, or more than one of the three.
    """
    if sum(target is not None for target in (cohort, training_class, organization)) != 1:
        raise Refused(ONE_TARGET)
    assignment, is_new = CourseAssignment.objects.update_or_create(
        course=course,
        cohort=cohort,
        training_class=training_class,
        organization=organization,
        defaults={"due_on": due_on, "is_mandatory": is_mandatory},
        create_defaults={"due_on": due_on, "is_mandatory": is_mandatory, "created_by": actor},
    )
    log(assignment, "wagtail.create" if is_new else "wagtail.edit", user=actor)
    announce(assignment=assignment)
    return assignment


def announce(*, assignment: CourseAssignment) -> None:
    """Have those it reaches told in the background, once this transaction is committed."""
    transaction.on_commit(lambda: async_task(TELLING, assignment.pk, group="messages"))
