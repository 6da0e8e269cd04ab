"""What the practicum puts into the archive of a class: timetable, attendance and hours."""

from __future__ import annotations

from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from enrollment.archiving import Column, Section, Table, offer
from enrollment.models import HourEntry, HourKind, TrainingClass
from practicum.models import Attendance, AttendanceStatus, Session, SessionKind, SessionStatus
from practicum.models.projection import EVIDENCE


def _timetable(training_class: TrainingClass) -> list[Table]:
    sessions = Session.objects.filter(training_class=training_class).with_place().order_by("starts_at", "pk")
    columns = [
        Column("starts_at", _("From")),
        Column("ends_at", _("To")),
        Column("title", _("What")),
        Column("kind", _("Kind"), dict(SessionKind.choices)),
        Column("status", _("Status"), dict(SessionStatus.choices)),
        Column("lecturer", _("Lecturer")),
        Column("place", _("Place")),
        Column("quarters", _("Quarter hours")),
    ]
    rows = [
        [
            session.starts_at,
            session.ends_at,
            session.title,
            session.kind,
            session.status,
            session.lecturer or "",
            session.room or session.base or session.place,
            session.quarters,
        ]
        for session in sessions
    ]
    return [Table(_("Timetable"), columns, rows)]


def _attendance(training_class: TrainingClass) -> list[Table]:
    attendances = Attendance.objects.filter(session__training_class=training_class).order_by(
        "session__starts_at", "session", "trainee__home_organization__path", "trainee__name", "trainee"
    )
    columns = [
        Column("starts_at", _("Day")),
        Column("title", _("Session")),
        Column("name", _("Name")),
        Column("organization", _("Organization")),
        Column("status", _("Status"), dict(AttendanceStatus.choices)),
        Column("signed_in_at", _("Signed in at")),
        Column("signed_out_at", _("Signed out at")),
        Column("quarters", _("Quarter hours")),
    ]
    rows = attendances.values_list(
        "session__starts_at",
        "session__title",
        "trainee__name",
        "trainee__home_organization__name",
        "status",
        "signed_in_at",
        "signed_out_at",
        "quarters",
    )
    return [Table(_("Attendance"), columns, list(rows))]


def _hours(training_class: TrainingClass) -> list[Table]:
    """The entries of the ledger that this class's attendance posted, reversals included."""
    evidence = (
        Attendance.objects.filter(session__training_class=training_class)
        .annotate(key=Cast("pk", CharField()))
        .values("key")
    )
    entries = HourEntry.objects.filter(evidence_type=EVIDENCE, evidence_id__in=evidence).order_by("pk")
    columns = [
        Column("entry", _("Entry")),
        Column("name", _("Name")),
        Column("kind", _("Kind"), dict(HourKind.choices)),
        Column("title", _("What")),
        Column("year", _("Year")),
        Column("quarters", _("Quarter hours")),
        Column("reverses", _("Reverses")),
    ]
    rows = entries.values_list("pk", "trainee__name", "kind", "title", "year", "quarters", "reverses")
    return [Table(_("Study hours"), columns, list(rows))]


def offer_sections() -> None:
    """Add ours, after the roster and before the certificates."""
    offer(Section("timetable", _("Timetable"), _timetable, order=62))
    offer(Section("attendance", _("Attendance"), _attendance, order=64))
    offer(Section("hours", _("Study hours"), _hours, order=66))
