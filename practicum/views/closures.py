"""What a closed lecturer, room, vehicle or base leaves stranded, settled one by one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cms.refusals import Refused
from enrollment.requests import AuthenticatedHttpRequest
from enrollment.viewsets.scoped import show_refusal
from practicum import reports_closures as reports
from practicum.actions import stand_ins as actions
from practicum.forms_closures import CallOffForm, StandInForm
from practicum.models import Blackout, Session
from practicum.rules.reasons import reason
from practicum.views.access import may_plan


@login_required
@require_GET
def closures(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Every closure that strands sessions of this person's."""
    if not may_plan(request.user):
        raise PermissionDenied
    context = {
        "strandings": reports.strandings(request.user, timezone.now()),
        "registers": request.user.scope.everything,
        "crumbs": [_timetable()],
    }
    return render(request, "practicum/closures.html", context)


@login_required
@require_GET
def closure(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """One closure and the sessions that it strands."""
    found, stranded = _closure(request, pk)
    context = {
        "closure": found,
        "stranded": stranded,
        "edits": request.user.scope.everything,
        "crumbs": [_timetable(), _list()],
    }
    return render(request, "practicum/closure.html", context)


@login_required
def stand_in(request: AuthenticatedHttpRequest, pk: int, session_pk: int) -> HttpResponse:
    """Another lecturer, room or vehicle for a session, or the session called off."""
    found, stranded = _closure(request, pk)
    rows = Session.objects.manageable_by(request.user).select_related("visit_batch__visit")
    session = get_object_or_404(rows.with_place(), pk=session_pk)
    if session not in stranded:
        messages.info(request, str(reason("not_stranded")))
        return redirect("practicum:closure", pk=found.pk)
    calls_off = "call_off" in request.POST
    given = request.POST if request.method == "POST" else None
    form = StandInForm(None if calls_off else given, closure=found)
    off_form = CallOffForm(given if calls_off else None, initial={"reason": found.reason})
    visit_batch = getattr(session, "visit_batch", None)
    status = 200
    if request.method == "POST":
        status = 422
        active: forms.Form = off_form if calls_off else form
        if active.is_valid():
            try:
                told = _settle(request, found, session, active)
            except Refused as refused:
                show_refusal(active, refused)
                status = 409
            else:
                messages.success(request, told)
                return redirect("practicum:closure", pk=found.pk)
    context: dict[str, Any] = {
        "closure": found,
        "session": session,
        "visit": visit_batch.visit if visit_batch is not None else None,
        "form": form if found.kind != "base" else None,
        "off_form": off_form,
        "crumbs": [
            _timetable(),
            _list(),
            {"label": str(found.thing), "url": reverse("practicum:closure", args=[found.pk])},
        ],
    }
    return render(request, "practicum/closure_session.html", context, status=status)


def _settle(request: AuthenticatedHttpRequest, found: Blackout, session: Session, form: forms.Form) -> str:
    """Do what the form says; what was done, in words."""
    now = timezone.now()
    if isinstance(form, CallOffForm):
        actions.call_off(
            session=session,
            closure=found,
            reason_given=form.cleaned_data["reason"],
            actor=request.user,
            now=now,
        )
        return _("The session was called off; those who were expected were told.")
    substitute = form.cleaned_data["substitute"]
    actions.stand_in(session=session, closure=found, substitute=substitute, actor=request.user, now=now)
    return _("%(thing)s takes the place.") % {"thing": substitute}


def _closure(request: AuthenticatedHttpRequest, pk: int) -> tuple[Blackout, list[Session]]:
    """The closure with what it strands: any for administrators, else one that strands a session of theirs."""
    related = ("base", "room__venue", "vehicle", "lecturer")
    found = get_object_or_404(Blackout.objects.select_related(*related), pk=pk)
    stranded = reports.stranded_by(found, request.user, timezone.now())
    if not stranded and not request.user.scope.everything:
        raise Http404
    return found, stranded


def _timetable() -> dict[str, str]:
    return {"label": _("Timetable"), "url": reverse("practicum:schedule")}


def _list() -> dict[str, str]:
    return {"label": _("Sessions to settle"), "url": reverse("practicum:closures")}
