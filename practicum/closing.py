"""What the practicum has to say before a class is closed: its timetable and its attendance."""

from __future__ import annotations

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cms.refusals import Reason
from enrollment import closing
from enrollment.closing import Item
from enrollment.models import TrainingClass, User
from practicum.actions.attendance import settle
from practicum.models import Attendance, AttendanceStatus, Session
from practicum.rules.reasons import reason


def _timetable(training_class: TrainingClass) -> list[Reason]:
    planned = Session.objects.filter(training_class=training_class).standing()
    return [] if planned.exists() else [reason("class_without_sessions")]


def _attendance(training_class: TrainingClass) -> list[Reason]:
    """Every session that is held is settled, and nobody's presence is left open."""
    sessions = Session.objects.filter(training_class=training_class).standing()
    unsettled = sessions.unsettled()
    coming = unsettled.filter(ends_at__gt=timezone.now()).count()
    waiting = unsettled.filter(ends_at__lte=timezone.now()).count()
    exceptions = Attendance.objects.filter(
        session__training_class=training_class, status=AttendanceStatus.EXCEPTION
    ).count()
    found = []
    if coming:
        found.append(reason("class_sessions_to_come", sessions=coming))
    if waiting:
        found.append(reason("class_sessions_unsettled", sessions=waiting))
    if exceptions:
        found.append(reason("class_exceptions_open", people=exceptions))
    return found


def settle_held(training_class: TrainingClass, actor: User | None) -> None:
    """Post the hours of the sessions that are over, each in a transaction of its own."""
    over = Session.objects.filter(training_class=training_class).standing().unsettled()
    for session in over.filter(ends_at__lte=timezone.now()).order_by("pk"):
        settle(session=session, now=timezone.now(), actor=actor)


def _timetable_page(training_class: TrainingClass) -> str:
    return reverse("practicum:timetable", args=[training_class.pk])


def _attendance_page(training_class: TrainingClass) -> str:
    """The first session that asks for something, else the timetable."""
    open_ones = Attendance.objects.filter(session=OuterRef("pk"), status=AttendanceStatus.EXCEPTION)
    sessions = Session.objects.filter(training_class=training_class).standing().order_by("starts_at", "pk")
    first = (
        sessions.unsettled().filter(ends_at__lte=timezone.now()).first()
        or sessions.filter(Exists(open_ones)).first()
    )
    return reverse("practicum:attendance", args=[first.pk]) if first else _timetable_page(training_class)


def offer_items() -> None:
    """Add our items to the checklist."""
    closing.settle_with(settle_held)
    closing.offer(Item("timetable", _("Timetable"), _timetable, _timetable_page))
    closing.offer(Item("attendance", _("Attendance"), _attendance, _attendance_page, may_be_ticked=False))
