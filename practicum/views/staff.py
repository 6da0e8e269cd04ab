"""For those who run a session: roll-call, corrections, hours, and the class's timetable."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cms.refusals import Refused
from enrollment.models import Enrollment, Trainee, TrainingClass
from practicum import reports
from practicum.actions import attendance as actions
from practicum.actions import leave as leave_actions
from practicum.forms import CorrectionForm
from practicum.models import (
    Attendance,
    AttendanceStatus,
    CheckinEvent,
    Direction,
    Leave,
    LeaveStatus,
    Session,
    Source,
    new_nonce,
)
from practicum.models.projection import excused_by_class
from practicum.rules.attendance import Presence, judge
from practicum.views.access import run_session

TONES: dict[str, str] = {
    AttendanceStatus.PRESENT: "good",
    AttendanceStatus.LATE: "gold",
    AttendanceStatus.LEFT_EARLY: "gold",
    AttendanceStatus.EXCEPTION: "brand",
    AttendanceStatus.ABSENT: "brand",
    AttendanceStatus.ON_LEAVE: "info",
}


@dataclass
class Line:
    """One person of the roll."""

    trainee: Trainee
    attendance: Attendance | None
    group: int | None
    leave: Leave | None
    status: str
    label: str
    tone: str


def roll(session: Session, *, only: int | None = None) -> list[Line]:
    """Everybody expected, with what is known of them; the same few queries for any number of people."""
    now = timezone.now()
    people = session.expected().select_related("home_organization")
    saved = Attendance.objects.filter(session=session)
    slips = Leave.objects.filter(session=session)
    if only is not None:
        people, saved, slips = people.filter(pk=only), saved.filter(trainee=only), slips.filter(trainee=only)
    groups: dict[int, int | None] = {}
    if session.training_class_id is not None:
        rows = Enrollment.objects.on_roster().filter(training_class=session.training_class_id)
        if only is not None:
            rows = rows.filter(trainee=only)
        groups = dict(rows.values_list("trainee_id", "group_number"))
    known = {row.trainee_id: row for row in saved}
    leaves = {row.trainee_id: row for row in slips}
    excused = {trainee_id for _session, trainee_id in excused_by_class([session])}
    lines = [
        _line(
            session,
            person,
            known.get(person.pk),
            groups.get(person.pk),
            leaves.get(person.pk),
            now,
            is_excused=person.pk in excused,
        )
        for person in people
    ]
    lines.sort(key=lambda line: (line.group or 10**6, line.trainee.name, line.trainee.pk))
    return lines


def _line(
    session: Session,
    trainee: Trainee,
    attendance: Attendance | None,
    group: int | None,
    leave: Leave | None,
    now: dt.datetime,
    *,
    is_excused: bool,
) -> Line:
    if attendance is not None and (session.is_settled or attendance.status != AttendanceStatus.PENDING):
        status = attendance.status
    else:
        found = Presence(
            attendance.signed_in_at if attendance else None, attendance.signed_out_at if attendance else None
        )
        approved = is_excused or (leave is not None and leave.status == LeaveStatus.APPROVED)
        is_over = not reports.is_open(session, now) and now > session.ends_at
        status = judge(
            found, timing=session.timing, policy=session.policy, on_leave=approved, is_over=is_over
        ).value
        if status == AttendanceStatus.PENDING and found.signed_out_at is not None:
            status = "out"
        elif status == AttendanceStatus.PENDING and found.signed_in_at is None:
            status = "expected"
    labels = {"expected": _("Not here yet"), "out": _("Signed out")}
    label = labels.get(status) or AttendanceStatus(status).label
    tones = {**TONES, "pending": "good", "out": "good"}
    return Line(trainee, attendance, group, leave, status, str(label), tones.get(status, ""))


@login_required
def attendance(request: HttpRequest, pk: int) -> HttpResponse:
    """The roll of one session."""
    session = run_session(request, pk)
    now = timezone.now()
    lines = roll(session)
    counts = Counter(line.status for line in lines)
    context = {
        "session": session,
        "lines": lines,
        "expected": len(lines),
        "came": sum(1 for line in lines if line.attendance and line.attendance.signed_in_at),
        "went": sum(1 for line in lines if line.attendance and line.attendance.signed_out_at),
        "exceptions": counts["exception"],
        "on_leave": counts["on_leave"],
        "leaves": [line for line in lines if line.leave and line.leave.status == LeaveStatus.REQUESTED],
        "can_settle": not session.is_settled and not session.is_cancelled and now >= session.ends_at,
        "can_correct": _can_correct(request, session),
        "can_sign": not session.is_settled and not session.is_cancelled,
        "crumbs": [{"label": session.title, "url": reverse("practicum:session", args=[session.pk])}],
    }
    return render(request, "practicum/attendance.html", context)


def _can_correct(request: HttpRequest, session: Session) -> bool:
    """Hosts take the roll; deciding about people is the academy's."""
    scope = request.user.scope
    owner = session.training_class
    lecturer = session.lecturer
    return bool(
        scope.everything
        or (owner is not None and owner.teacher_id == request.user.pk)
        or (lecturer is not None and lecturer.user_id == request.user.pk)
    )


@login_required
@require_POST
def roll_call(request: HttpRequest, pk: int) -> HttpResponse:
    """One tap: this person is here, or leaves. The answer is the person's line."""
    session = run_session(request, pk)
    trainee = get_object_or_404(session.expected(), pk=request.POST.get("trainee"))
    direction = Direction.OUT if request.POST.get("direction") == "out" else Direction.IN
    result = actions.check_in(
        session=session,
        trainee=trainee,
        direction=direction,
        source=Source.ROLL_CALL,
        nonce=request.POST.get("nonce", "")[:64] or new_nonce(),
        now=timezone.now(),
        actor=request.user,
    )
    if not request.headers.get("HX-Request"):
        if result.refusal is not None:
            messages.error(request, str(result.refusal))
        return redirect("practicum:attendance", pk=session.pk)
    (line,) = roll(session, only=trainee.pk)
    context = {
        "line": line,
        "session": session,
        "refusal": result.refusal,
        "can_sign": True,
        "can_correct": _can_correct(request, session),
    }
    return render(request, "practicum/attendance_line.html", context)


@login_required
def person(request: HttpRequest, pk: int, trainee_pk: int) -> HttpResponse:
    """Everything recorded of one person at one session, and the decision of staff."""
    session = run_session(request, pk)
    if not _can_correct(request, session):
        raise PermissionDenied
    trainee = get_object_or_404(
        Trainee.objects.select_related("home_organization"),
        pk=trainee_pk,
        pk__in=session.expected().values("pk")
        if not CheckinEvent.objects.filter(session=session, trainee=trainee_pk).exists()
        else [trainee_pk],
    )
    form = CorrectionForm(request.POST or None, session=session)
    if request.method == "POST" and form.is_valid():
        try:
            actions.correct(
                session=session,
                trainee=trainee,
                actor=request.user,
                reason_given=form.cleaned_data["reason"],
                now=timezone.now(),
                ruling=form.cleaned_data["ruling"],
                signed_in_at=form.cleaned_data["signed_in_at"] or None,
                signed_out_at=form.cleaned_data["signed_out_at"] or None,
            )
        except Refused as refused:
            for found in refused.reasons:
                form.add_error(found.field if found.field in form.fields else None, str(found))
        else:
            messages.success(request, _("Corrected. What was there before stays on record."))
            return redirect("practicum:attendance", pk=session.pk)
    events = CheckinEvent.objects.filter(session=session, trainee=trainee).select_related("actor")
    context = {
        "session": session,
        "trainee": trainee,
        "form": form,
        "attendance": Attendance.objects.filter(session=session, trainee=trainee).first(),
        "events": events,
        "crumbs": [
            {"label": session.title, "url": reverse("practicum:session", args=[session.pk])},
            {"label": _("Attendance"), "url": reverse("practicum:attendance", args=[session.pk])},
        ],
    }
    return render(request, "practicum/person.html", context)


@login_required
@require_POST
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Judge everybody and post the hours."""
    session = run_session(request, pk)
    if not _can_correct(request, session):
        raise PermissionDenied
    try:
        result = actions.settle(session=session, now=timezone.now(), actor=request.user)
    except Refused as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, _("Hours were posted for %(count)s people.") % {"count": result.posted})
        if result.exceptions:
            messages.warning(
                request, _("%(count)s people need a decision of yours.") % {"count": result.exceptions}
            )
        if result.refused:
            messages.warning(
                request,
                _("For %(count)s people the ledger refused the hours; see their lines.")
                % {"count": len(result.refused)},
            )
    return redirect("practicum:attendance", pk=session.pk)


@login_required
@require_POST
def decide_leave(request: HttpRequest, pk: int, leave_pk: int) -> HttpResponse:
    """Approve or refuse a leave slip."""
    session = run_session(request, pk)
    if not _can_correct(request, session):
        raise PermissionDenied
    slip = get_object_or_404(Leave, pk=leave_pk, session=session)
    try:
        leave_actions.decide(
            leave=slip, approve="approve" in request.POST, now=timezone.now(), actor=request.user
        )
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect("practicum:attendance", pk=session.pk)


@login_required
def timetable(request: HttpRequest, pk: int) -> HttpResponse:
    """The timetable of a class, for the wall."""
    training_class = get_object_or_404(
        TrainingClass.objects.visible_to(request.user).select_related("teacher", "cohort"), pk=pk
    )
    sessions = (
        Session.objects.filter(training_class=training_class)
        .standing()
        .with_place()
        .annotate(seats_of_room=F("room__capacity"))
    )
    days: dict = {}
    for session in sessions:
        days.setdefault(timezone.localdate(session.starts_at), []).append(session)
    return render(
        request,
        "practicum/timetable.html",
        {
            "training_class": training_class,
            "days": list(days.items()),
            "quarters": sum(session.quarters for session in sessions),
        },
    )
