"""A class held again: its terms, quotas, policies and notice with shifted dates; nobody of its people."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db import transaction

from enrollment.actions.classes import open_class, set_quotas
from enrollment.actions.journal import note
from enrollment.actions.notices import begin_notice, write_notice
from enrollment.actions.surveys import questions_of, write_questions
from enrollment.models import ClassNotice, ClassSurvey, Organization, Quota, TrainingClass, User


@dataclass
class Copied:
    """The new class, and the quotas that could not come along because their organization is no more."""

    training_class: TrainingClass
    dropped: list[Organization] = field(default_factory=list)


@transaction.atomic
def copy_class(
    *, source: TrainingClass, title: str, starts_on: dt.date, actor: User | None, code: str = ""
) -> Copied:
    """Open a class as ``source`` was, from ``starts_on`` on for as many days, as a draft.

    Quotas of an organization that was merged go to the one that took it in. The notice comes as it was
    written, with its places in braces, so that it speaks of the new class; it has no number yet. The
    survey asks the same questions.

    Raises:
        Refused: see ``open_class``.
    """
    length = source.ends_on - source.starts_on
    opened = open_class(
        title=title,
        code=code,
        starts_on=starts_on,
        ends_on=starts_on + length,
        actor=actor,
        cohort=source.cohort,
        teacher=source.teacher if source.teacher is not None and source.teacher.is_active else None,
        capacity=source.capacity,
        description=source.description,
        is_centralized=source.is_centralized,
        late_after_minutes=source.late_after_minutes,
        early_before_minutes=source.early_before_minutes,
        needs_sign_out=source.needs_sign_out,
        absence_limit_percent=source.absence_limit_percent,
        leave_counts_as_absence=source.leave_counts_as_absence,
        leave_teacher_hours=source.leave_teacher_hours,
        dimension=source.dimension,
    )
    opened.further_cohorts.set(source.further_cohorts.all())
    opened.eligible_organizations.set(source.eligible_organizations.filter(dissolved_on__isnull=True))
    copied = Copied(opened)
    seats: dict[int, int] = {}
    quotas = Quota.objects.filter(training_class=source).select_related("organization__merged_into")
    for quota in quotas:
        place: Organization | None = quota.organization
        while place is not None and place.dissolved_on is not None:
            place = place.merged_into
        if place is None:
            copied.dropped.append(quota.organization)
        else:
            seats[place.pk] = seats.get(place.pk, 0) + quota.seats
    if seats:
        set_quotas(training_class=opened, seats=seats, actor=actor)
    written = ClassNotice.objects.filter(training_class=source).first()
    if written is not None:
        begun = begin_notice(training_class=opened, actor=actor, body=written.body)
        write_notice(
            notice=begun,
            title=written.title.replace(source.title, opened.title),
            body=written.body,
            actor=actor,
        )
    asked = ClassSurvey.objects.filter(training_class=source).first()
    if asked is not None:
        write_questions(
            training_class=opened,
            questions=questions_of(asked),
            minimum_answers=asked.minimum_answers,
            actor=actor,
        )
    note(opened, "enrollment.class.copy", actor=actor, data={"source": source.code})
    return copied
