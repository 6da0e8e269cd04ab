"""The printed forms of sessions: timetable, sign-in sheet, leave slip, and who came to a class's sessions."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.forms_on_paper import Column, Form, Sheet, Table, register
from cms.templatetags.ui import weekday
from enrollment.forms_on_paper import class_facts
from enrollment.models import Enrollment, TrainingClass, User, as_hours
from enrollment.requests import number_in
from enrollment.rules.codes import in_chinese
from practicum import reports
from practicum.models import AttendanceStatus, Leave, LeaveStatus, Session


def _period(session: Session) -> str:
    begin, end = timezone.localtime(session.starts_at), timezone.localtime(session.ends_at)
    return f"{begin:%H:%M}–{end:%H:%M}"


# --- The class ---------------------------------------------------------------------------------------


def find_class(user: User, key: str) -> TrainingClass | None:
    """A class that the person is on, runs or sends people to: the timetable hangs on the wall."""
    rows = TrainingClass.objects.visible_to(user).select_related("teacher", "cohort")
    return rows.filter(pk=number_in(key) or 0).first()


def find_run_class(user: User, key: str) -> TrainingClass | None:
    """A class that the person runs."""
    rows = TrainingClass.objects.manageable_by(user).select_related("teacher", "cohort")
    return rows.filter(pk=number_in(key) or 0).first()


def _to_timetable(training_class: TrainingClass, _user: User) -> str:
    return reverse("practicum:timetable", args=[training_class.pk])


def timetable(training_class: TrainingClass, user: User) -> Sheet:
    """课程表 (one query)."""
    sessions = list(Session.objects.filter(training_class=training_class).standing().with_place())
    columns = [
        Column(_("Day"), width=18),
        Column(_("Time"), width=13),
        Column(_("What"), width=28),
        Column(_("Kind"), width=10),
        Column(_("Lecturer"), width=10),
        Column(_("Place")),
        Column(_("Hours"), True, 7),
    ]
    rows = []
    for session in sessions:
        day = timezone.localdate(session.starts_at)
        rows.append(
            [
                f"{day:%Y-%m-%d} {weekday(day)}",
                _period(session),
                session.title,
                session.get_kind_display(),
                str(session.lecturer or ""),
                session.where,
                as_hours(session.quarters),
            ]
        )
    whole = as_hours(sum(session.quarters for session in sessions))
    total = [_("Together"), "", "", "", "", "", whole]
    return Sheet(
        title=_("Timetable"),
        subtitle=training_class.title,
        facts=class_facts(training_class),
        tables=[Table(columns, rows, total=total if sessions else None)],
    )


def attendance_of_class(training_class: TrainingClass, user: User) -> Sheet:
    """考勤汇总: each session of the class with how many came, were late, on leave, absent (two queries)."""
    held = reports.class_attendance(training_class)
    shown = (
        AttendanceStatus.PRESENT,
        AttendanceStatus.LATE,
        AttendanceStatus.LEFT_EARLY,
        AttendanceStatus.ON_LEAVE,
        AttendanceStatus.ABSENT,
        AttendanceStatus.EXCEPTION,
    )
    columns = [
        Column(_("Day"), width=13),
        Column(_("What"), width=34),
        *(Column(status.label, True) for status in shown),
    ]
    rows: list[list[Any]] = [
        [
            timezone.localdate(row.session.starts_at).isoformat(),
            row.session.title,
            *(row.counts.get(status, 0) for status in shown),
        ]
        for row in held
    ]
    total = [_("Together"), "", *(sum(row[place] for row in rows) for place in range(2, 2 + len(shown)))]
    return Sheet(
        title=_("Summary of attendance"),
        subtitle=training_class.title,
        facts=class_facts(training_class),
        tables=[Table(columns, rows, total=total if rows else None)],
    )


# --- One session -------------------------------------------------------------------------------------


def find_session(user: User, key: str) -> Session | None:
    """A session whose attendance the person takes."""
    return Session.objects.with_place().run_by(user).filter(pk=number_in(key) or 0).first()


def _to_session(session: Session, _user: User) -> str:
    return reverse("practicum:attendance", args=[session.pk])


def sign_in_sheet(session: Session, user: User) -> Sheet:
    """签到表: everybody expected, with room to sign on arrival and on leaving (two queries)."""
    numbers: dict[int, int | None] = {}
    if session.training_class_id is not None:
        rows = Enrollment.objects.on_roster().filter(training_class=session.training_class_id)
        numbers = dict(rows.values_list("trainee_id", "group_number"))
    people = sorted(
        session.expected().select_related("home_organization"),
        key=lambda person: (numbers.get(person.pk) or 10**6, person.name, person.pk),
    )
    columns = [
        Column(_("No."), True, 6),
        Column(_("Group"), True, 6),
        Column(_("Name"), width=11),
        Column(_("Organization"), width=33),
        Column(_("Signature on arrival"), width=17, is_for_pen=True),
        Column(_("Signature on leaving"), width=17, is_for_pen=True),
        Column(_("Remarks"), is_for_pen=True),
    ]
    day = timezone.localdate(session.starts_at)
    return Sheet(
        title=_("Sign-in sheet"),
        subtitle=session.title,
        facts=[
            (_("Class"), str(session.training_class or "")),
            (_("Time"), f"{day:%Y-%m-%d} {_period(session)}"),
            (_("Place"), session.where),
            (_("Lecturer"), str(session.lecturer or "")),
            (_("Expected"), len(people)),
        ],
        tables=[
            Table(
                columns,
                [
                    [number, numbers.get(person.pk), person.name, person.home_organization.name, "", "", ""]
                    for number, person in enumerate(people, 1)
                ],
            )
        ],
        signatures=[_("Class teacher"), _("Date")],
        is_tall=True,
    )


# --- Leave -------------------------------------------------------------------------------------------


def find_leave(user: User, key: str) -> Leave | None:
    """A leave slip of one's own, or of a session that one manages."""
    managed = Session.objects.manageable_by(user).values("pk")
    rows = Leave.objects.filter(Q(trainee__user=user) | Q(session__in=managed))
    related = (
        "session__training_class__teacher",
        "session__room__venue",
        "session__base",
        "session__lecturer",
        "trainee__home_organization",
        "decided_by",
    )
    return rows.select_related(*related).filter(pk=number_in(key) or 0).first()


def _of_leave(leave: Leave, _user: User) -> str:
    return reverse("practicum:session", args=[leave.session_id])


def leave_slip(leave: Leave, user: User) -> Sheet:
    """请假条 (one query at most)."""
    session, person = leave.session, leave.trainee
    enrolled = (
        Enrollment.objects.filter(training_class=session.training_class_id, trainee=person).first()
        if session.training_class_id
        else None
    )
    day = timezone.localdate(session.starts_at)
    decided = leave.decided_at and timezone.localtime(leave.decided_at)
    rows: list[list[object]] = [
        [_("Name"), person.name, _("Group"), enrolled.group_number if enrolled else None],
        [_("Organization"), person.home_organization.name, _("Class"), str(session.training_class or "")],
        [_("Session"), session.title, _("Time"), f"{day:%Y-%m-%d} {_period(session)}"],
        [_("Reason"), leave.reason, _("Asked for on"), timezone.localdate(leave.requested_at).isoformat()],
        [
            _("Decision"),
            "" if leave.status == LeaveStatus.REQUESTED else leave.get_status_display(),
            _("Decided by"),
            f"{leave.decided_by or ''} {decided:%Y-%m-%d %H:%M}" if decided else "",
        ],
    ]
    columns = [Column("", width=14), Column("", width=40), Column("", width=14), Column("")]
    return Sheet(
        title=_("Leave slip"),
        subtitle=str(session.training_class or session.title),
        tables=[Table(columns, rows)],
        notes=[_("A make-up session replaces missed hours; it never doubles them.")],
        signatures=[_("Signature of the trainee"), _("Class teacher")],
        issuer=["", in_chinese(timezone.localdate())],
        is_tall=True,
    )


def register_forms() -> None:
    """Offer them."""
    register(Form("timetable", gettext_lazy("Timetable"), find_class, timetable, _to_timetable))
    register(
        Form(
            "attendance",
            gettext_lazy("Summary of attendance"),
            find_run_class,
            attendance_of_class,
            lambda one, _user: reverse("enrollment:class_roster", args=[one.pk]),
        )
    )
    register(Form("sign-in-sheet", gettext_lazy("Sign-in sheet"), find_session, sign_in_sheet, _to_session))
    register(Form("leave-slip", gettext_lazy("Leave slip"), find_leave, leave_slip, _of_leave))
