"""Leave from a class 请假: asked for by the trainee, decided by the class teacher, long leave by the academy.

The class row is locked, so that a decision and the class's end follow each other. What an approved slip does
to attendance is said by the app that takes it (``enrollment.leave_news``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from cms.refusals import Refused
from enrollment import leave_news
from enrollment.actions.classes import lock_class
from enrollment.actions.journal import note
from enrollment.actions.messages import notify
from enrollment.models import (
    ClassLeave,
    ClassLeaveKind,
    ClassLeavePart,
    ClassLeaveStatus,
    Enrollment,
    EnrollmentStatus,
    Role,
    RoleGrant,
    TrainingClass,
    User,
)
from enrollment.rules import class_policy as rules
from enrollment.rules.class_life import OPEN_FOR_ENROLMENT
from enrollment.rules.class_policy import Span
from enrollment.timetables import Lesson, lessons_of


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def leave_page(training_class: TrainingClass) -> str:
    """The address of a class's slips."""
    return reverse("enrollment:class_leave", args=[training_class.pk])


@transaction.atomic
def ask_class_leave(
    *,
    enrollment: Enrollment,
    reason: str,
    actor: User | None,
    starts_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    sessions: Collection[int] = (),
    kind: str = ClassLeaveKind.PERSONAL,
) -> ClassLeave:
    """Ask to be away from ``sessions`` (keys of the timetable), or from a moment to another.

    Raises:
        Refused: not on the roster, the class is over, no reason, no time, a session that is no more, or a
        time that is past, outside the class or asked for before.
    """
    row = lock_class(enrollment.training_class)
    held = Enrollment.objects.select_related("trainee").get(pk=enrollment.pk)
    if row.status not in OPEN_FOR_ENROLMENT:
        raise Refused(rules.LEAVE_CLASS_CLOSED)
    if held.status != EnrollmentStatus.ENROLLED:
        raise Refused(rules.LEAVE_NOT_ON_ROSTER)
    now = timezone.now()
    chosen = _lessons(row, sessions, now)
    spans = [lesson.span for lesson in chosen]
    if not chosen:
        if starts_at is None or ends_at is None:
            raise Refused(rules.LEAVE_NO_TIME)
        spans = [Span(starts_at, ends_at)]
    others = ClassLeave.objects.standing().filter(enrollment=held).prefetch_related("parts")
    against = rules.leave_refusals(
        spans,
        reason=reason,
        first_day=_midnight(row.starts_on),
        last_day=_midnight(row.ends_on + dt.timedelta(days=1)),
        standing=[span for other in others for span in other.spans],
        now=now,
    )
    if against:
        raise Refused(*against)
    leave = ClassLeave.objects.create(
        enrollment=held,
        kind=kind,
        starts_at=min(span.starts_at for span in spans),
        ends_at=max(span.ends_at for span in spans),
        minutes=rules.length_minutes(_local(spans)),
        reason=reason.strip()[:200],
    )
    ClassLeavePart.objects.bulk_create(
        ClassLeavePart(
            leave=leave,
            key=lesson.key,
            title=lesson.title[:200],
            starts_at=lesson.starts_at,
            ends_at=lesson.ends_at,
        )
        for lesson in chosen
    )
    note(leave, "enrollment.leave.ask", actor=actor, data={"sessions": len(chosen), "minutes": leave.minutes})
    if deciders := _deciders(row, leave.minutes):
        notify(
            kind="leave_asked",
            recipients=deciders,
            key=f"class-leave:{leave.pk}",
            context={
                "title": row.title,
                "person": held.trainee.name,
                "starts_at": leave.starts_at,
                "ends_at": leave.ends_at,
                "reason": leave.reason,
            },
            link=leave_page(row),
        )
    return leave


def _lessons(row: TrainingClass, keys: Collection[int], now: dt.datetime) -> list[Lesson]:
    """The sessions that are meant; all of them still to come."""
    if not keys:
        return []
    coming = {lesson.key: lesson for lesson in lessons_of(row) if lesson.starts_at > now}
    if not coming.keys() >= set(keys):
        raise Refused(rules.LEAVE_NO_SESSION)
    return [lesson for key, lesson in coming.items() if key in keys]


def _local(spans: Collection[Span]) -> list[Span]:
    return [Span(timezone.localtime(span.starts_at), timezone.localtime(span.ends_at)) for span in spans]


def _deciders(row: TrainingClass, minutes: int) -> list[int]:
    """Accounts of who decides: the class teacher, on long leave the administrators."""
    if not rules.is_for_academy(minutes, row.leave_teacher_hours):
        return [] if row.teacher_id is None else [row.teacher_id]
    grants = RoleGrant.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True)
    return list(grants.order_by("user").values_list("user", flat=True).distinct())


@transaction.atomic
def decide_class_leave(*, leave: ClassLeave, approve: bool, actor: User, answer: str = "") -> ClassLeave:
    """Approve or refuse; the trainee is told, and attendance follows.

    Raises:
        Refused: the actor does not run the class, leave that is the academy's to decide, decided before, or
        refused without a word.
    """
    if not ClassLeave.objects.manageable_by(actor).filter(pk=leave.pk).exists():
        raise Refused(rules.NOT_CLASS_TEACHER)
    if not approve and not answer.strip():
        raise Refused(rules.LEAVE_REFUSAL_REASON)
    found = ClassLeave.objects.select_related("enrollment__training_class").get(pk=leave.pk)
    row = lock_class(found.enrollment.training_class)
    # Read again under the lock: somebody else may have decided.
    locked = ClassLeave.objects.select_related("enrollment__trainee").get(pk=leave.pk)
    if not locked.is_requested:
        raise Refused(rules.LEAVE_DECIDED)
    if rules.is_for_academy(locked.minutes, row.leave_teacher_hours) and not actor.scope.everything:
        raise Refused(rules.LEAVE_FOR_ACADEMY)
    locked.status = ClassLeaveStatus.APPROVED if approve else ClassLeaveStatus.REFUSED
    locked.answer, locked.decided_by, locked.decided_at = answer.strip()[:200], actor, timezone.now()
    locked.save(update_fields=["status", "answer", "decided_by", "decided_at"])
    note(locked, "enrollment.leave.decide", actor=actor, data={"approved": approve})
    leave_news.announce(locked)
    account = locked.enrollment.trainee.user_id
    if account is not None:
        notify(
            kind="leave_decided",
            recipients=[account],
            key=f"class-leave:{locked.pk}:decided",
            context={
                "title": row.title,
                "approved": approve,
                "answer": locked.answer,
                "starts_at": locked.starts_at,
                "ends_at": locked.ends_at,
            },
            link=leave_page(row),
        )
    return locked


@transaction.atomic
def take_back_class_leave(*, leave: ClassLeave, actor: User) -> ClassLeave:
    """Take back a slip of one's own that nobody has decided.

    Raises:
        Refused: it was decided, or taken back before.
    """
    found = ClassLeave.objects.select_related("enrollment__training_class").get(pk=leave.pk)
    lock_class(found.enrollment.training_class)
    locked = ClassLeave.objects.get(pk=leave.pk)
    if not locked.is_requested:
        raise Refused(rules.LEAVE_DECIDED)
    locked.status = ClassLeaveStatus.TAKEN_BACK
    locked.save(update_fields=["status"])
    note(locked, "enrollment.leave.take_back", actor=actor)
    return locked
