"""A visit as the academy sees it: pass it on, accept what the base proposes, prepare, hold, archive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cms.refusals import Refused
from practicum.actions import visits as actions
from practicum.forms import PreparationForm
from practicum.models import Visit
from practicum.rules.deadlines import CHANGES_DUE_DAYS, HEADCOUNT_DUE_DAYS, working_days_before
from practicum.rules.visits import Move, Party

#: Moves that a button makes, with its label; those that need a reason ask for one.
WITHOUT_REASON: dict[Move, Callable[..., Visit]] = {
    Move.CHECK: lambda visit, actor, now: actions.check(visit=visit, actor=actor),
    Move.CONFIRM: lambda visit, actor, now: actions.confirm(
        visit=visit, actor=actor, now=now, party=Party.ACADEMY
    ),
    Move.ACCEPT: lambda visit, actor, now: actions.accept(visit=visit, actor=actor, now=now),
    Move.BRIEF: lambda visit, actor, now: actions.brief(visit=visit, actor=actor),
    Move.HOLD: lambda visit, actor, now: actions.hold(visit=visit, actor=actor, now=now),
    Move.ARCHIVE: lambda visit, actor, now: actions.archive(visit=visit, actor=actor),
}
WITH_REASON: dict[Move, Callable[..., Visit]] = {
    Move.REJECT: actions.reject,
    Move.REFUSE: actions.refuse,
    Move.CANCEL: actions.cancel,
}


def _labels() -> dict[str, str]:
    return {
        "check": _("Pass on to the base"),
        "confirm": _("Confirm for the base"),
        "accept": _("Accept the proposal"),
        "brief": _("Send the briefing notice"),
        "hold": _("It took place"),
        "archive": _("Archive"),
        "reject": _("Do not take it up"),
        "refuse": _("Refuse the proposal"),
        "cancel": _("Cancel the visit"),
    }


def _managed(request: HttpRequest, pk: int) -> Visit:
    rows = Visit.objects.manageable_by(request.user).select_related("base", "training_class", "lecturer")
    found: Visit = get_object_or_404(rows.prefetch_related("batches__session", "vehicles"), pk=pk)
    return found


@login_required
def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """One visit with what is to be done next."""
    found = _managed(request, pk)
    form = PreparationForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        actions.prepare(visit=found, actor=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("practicum:visit", pk=found.pk)
    labels = _labels()
    day = timezone.localdate(found.starts_at)
    days = actions.calendar()
    moves = found.academy_moves
    context: dict[str, Any] = {
        "visit": found,
        "form": form,
        "buttons": [{"move": move, "label": labels[move]} for move in moves if Move(move) in WITHOUT_REASON],
        "refusals": [{"move": move, "label": labels[move]} for move in moves if Move(move) in WITH_REASON],
        "headcount_due": working_days_before(day, HEADCOUNT_DUE_DAYS, days),
        "changes_due": working_days_before(day, CHANGES_DUE_DAYS, days),
        "crumbs": [{"label": _("Visits"), "url": reverse("practicum_visits:index")}]
        if request.user.scope.everything
        else [],
    }
    return render(request, "practicum/visit.html", context)


@login_required
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one move of the workflow."""
    found = _managed(request, pk)
    asked = request.POST.get("move", "")
    try:
        if asked in WITHOUT_REASON:
            WITHOUT_REASON[Move(asked)](found, request.user, timezone.now())
        elif asked in WITH_REASON:
            WITH_REASON[Move(asked)](
                visit=found, actor=request.user, reason_given=request.POST.get("reason", "")
            )
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect("practicum:visit", pk=found.pk)
