"""The timetable as a calendar: every session of every resource, moved by hand or by a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cms.refusals import Refused
from enrollment.requests import AuthenticatedHttpRequest
from practicum import timetables
from practicum.actions.moving import Move, move, try_move
from practicum.forms_planner import MoveForm, PlannerFilterForm, SpanForm, TimesForm
from practicum.models import Session
from practicum.views.access import may_plan


def _planning(request: AuthenticatedHttpRequest) -> None:
    """Only who plans comes in: administrators, and teachers of a class for their classes."""
    if not may_plan(request.user):
        raise PermissionDenied


def _session(request: AuthenticatedHttpRequest, pk: int) -> Session:
    _planning(request)
    found: Session = get_object_or_404(Session.objects.with_place().manageable_by(request.user), pk=pk)
    return found


@login_required
@require_GET
def planner(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The calendar."""
    _planning(request)
    form = PlannerFilterForm(request.GET, user=request.user)
    form.is_valid()
    now = timezone.now()
    rows = Session.objects.manageable_by(request.user).standing().filter(form.condition(), ends_at__gt=now)
    context = {
        "form": form,
        "coming": list(rows.with_place().order_by("starts_at", "pk")[: timetables.NEXT_SHOWN]),
        "query": request.GET.urlencode(),
        "plans": request.user.scope.everything,
        "crumbs": [{"label": _("Timetable"), "url": reverse("practicum:schedule")}],
    }
    return render(request, "practicum/planner.html", context)


@login_required
@require_GET
def events(request: AuthenticatedHttpRequest) -> JsonResponse:
    """What the calendar shows between two moments, closures and holidays included."""
    _planning(request)
    span, form = SpanForm(request.GET), PlannerFilterForm(request.GET, user=request.user)
    if not span.is_valid():
        return JsonResponse({"message": _("Say from when to when, at most 45 days.")}, status=400)
    form.is_valid()
    rows = Session.objects.manageable_by(request.user).filter(form.condition())
    start, end = span.cleaned_data["start"], span.cleaned_data["end"]
    return JsonResponse(
        {
            "sessions": timetables.events(rows, start, end, now=timezone.now()),
            "closures": timetables.closures(form.resources(), start, end),
            "days": timetables.special_days(start, end),
        }
    )


@login_required
@require_POST
def planner_move(request: AuthenticatedHttpRequest, pk: int) -> JsonResponse:
    """Try a new time (``try``), or move the session there.

    The answer says who stands against it, where and when; 409 when it was to be saved.
    """
    session = _session(request, pk)
    form = TimesForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"reasons": [_("Say when it begins and when it ends.")]}, status=400)
    to = Move(form.cleaned_data["starts_at"], form.cleaned_data["ends_at"])
    now = timezone.now()
    if "try" in request.POST:
        found = try_move(session=session, to=to, actor=request.user, now=now)
        return JsonResponse({"reasons": [str(reason) for reason in found]})
    try:
        move(session=session, to=to, actor=request.user, now=now)
    except Refused as refused:
        return JsonResponse({"reasons": [str(reason) for reason in refused.reasons]}, status=409)
    return JsonResponse({"reasons": []})


@login_required
def planner_session(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """The same by a form: for the keyboard, and to change room and lecturer as well."""
    session = _session(request, pk)
    form = MoveForm(request.POST or None, session=session)
    status, checked = 200, False
    if request.method == "POST":
        status = 422
        if form.is_valid():
            status, done = _answer(request, session, form)
            if done:
                messages.success(request, _("Saved. Those who are expected were told."))
                return redirect("practicum:planner_session", pk=session.pk)
            checked = status == 200
    context: dict[str, Any] = {
        "session": session,
        "form": form,
        "checked": checked,
        "fixed": timetables.fixed_because(session, timezone.now()),
        "edits": request.user.scope.everything,
        "crumbs": [
            {"label": _("Timetable"), "url": reverse("practicum:schedule")},
            {"label": _("Plan the timetable"), "url": reverse("practicum:planner")},
        ],
    }
    return render(request, "practicum/planner_session.html", context, status=status)


def _answer(request: AuthenticatedHttpRequest, session: Session, form: MoveForm) -> tuple[int, bool]:
    """Try or do what the form says: the status, and whether it was done."""
    now, to = timezone.now(), form.move()
    if "try" in request.POST:
        found = try_move(session=session, to=to, actor=request.user, now=now)
        _show(form, found)
        return (409 if found else 200), False
    try:
        move(
            session=session,
            to=to,
            actor=request.user,
            now=now,
            reason_given=form.cleaned_data["reason"],
        )
    except Refused as refused:
        _show(form, refused.reasons)
        return 409, False
    return 200, True


def _show(form: forms.Form, reasons: Any) -> None:
    for found in reasons:
        form.add_error(found.field if found.field in form.fields else None, str(found))
