"""For hosts of training bases: what is asked of them, and who comes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from cms.refusals import Refused
from enrollment.models import Role
from practicum.actions import visits as actions
from practicum.forms import ProposalForm, ReasonForm
from practicum.models import Session, TrainingBase, Visit
from practicum.models.projection import expected_people
from practicum.rules.deadlines import CHANGES_DUE_DAYS, HEADCOUNT_DUE_DAYS, working_days_before
from practicum.rules.visits import PENDING_STAGES, Stage, split

TONES = {
    Stage.WITH_BASE: "brand",
    Stage.PROPOSED: "gold",
    Stage.CONFIRMED: "good",
    Stage.BRIEFED: "good",
    Stage.HELD: "info",
}


@login_required
def host(request: HttpRequest) -> HttpResponse:
    """The bases one receives visitors for: what waits for an answer, and what is coming."""
    bases = list(TrainingBase.objects.hosted_by(request.user))
    if not bases and not request.user.scope.has(Role.BASE_HOST):
        raise PermissionDenied
    visits = list(
        Visit.objects.answerable_by(request.user)
        .open()
        .select_related("base", "training_class")
        .prefetch_related("batches")
    )
    now = timezone.now()
    coming = list(
        Session.objects.filter(base__in=bases, ends_at__gte=now)
        .standing()
        .with_place()
        .order_by("starts_at")[:20]
    )
    people = expected_people(coming)
    for session in coming:
        session.headcount = len(people.get(session.pk, ()))
    context = {
        "bases": bases,
        "asked": [visit for visit in visits if visit.status == Stage.WITH_BASE],
        "asked_tone": TONES[Stage.WITH_BASE],
        "offered": [visit for visit in visits if visit.status == Stage.PROPOSED],
        "offered_tone": TONES[Stage.PROPOSED],
        "coming": coming,
        "today": [
            session for session in coming if timezone.localdate(session.starts_at) == timezone.localdate(now)
        ],
    }
    return render(request, "practicum/host.html", context)


def _answerable(request: HttpRequest, pk: int) -> Visit:
    rows = Visit.objects.answerable_by(request.user).select_related("base", "training_class")
    found: Visit = get_object_or_404(rows.prefetch_related("batches__session", "vehicles"), pk=pk)
    return found


@login_required
def host_visit(request: HttpRequest, pk: int) -> HttpResponse:
    """One visit as the base sees it: the group, the deadlines, the answer, the roster without numbers."""
    visit = _answerable(request, pk)
    return _visit_page(request, visit, ProposalForm(initial=_initial(visit)), ReasonForm())


def _initial(visit: Visit) -> dict[str, Any]:
    """A first proposal: as many batches as the base's capacity asks for, one after the other."""
    initial: dict[str, Any] = {}
    start = timezone.localtime(visit.starts_at)
    length = visit.ends_at - visit.starts_at
    for number, people in enumerate(
        split(visit.headcount, visit.base.capacity_per_batch)[: ProposalForm.ROWS], 1
    ):
        initial[f"starts_{number}"] = start
        initial[f"ends_{number}"] = (start + length).time()
        initial[f"people_{number}"] = people
        start += length
    return initial


def _visit_page(
    request: HttpRequest, visit: Visit, proposal: ProposalForm, refusal: ReasonForm, status: int = 200
) -> HttpResponse:
    sessions = [batch.session for batch in visit.batches.all() if batch.session is not None]
    rosters = []
    for session in sessions:
        names = session.expected().select_related("home_organization").order_by("name")
        # Names and units only: nothing that identifies leaves the academy.
        rosters.append((session, [(person.name, str(person.home_organization)) for person in names]))
    days = actions.calendar()
    day = timezone.localdate(visit.starts_at)
    context = {
        "visit": visit,
        "tone": TONES.get(Stage(visit.status), ""),
        "proposal": proposal,
        "refusal": refusal,
        "rosters": rosters,
        "moves": visit.base_moves,
        "is_pending": visit.status in PENDING_STAGES,
        "headcount_due": working_days_before(day, HEADCOUNT_DUE_DAYS, days),
        "changes_due": working_days_before(day, CHANGES_DUE_DAYS, days),
        "too_many": visit.headcount > visit.base.capacity_per_batch,
        "crumbs": [{"label": _("My base"), "url": reverse("practicum:host")}],
    }
    return render(request, "practicum/host_visit.html", context, status=status)


@login_required
@require_POST
def host_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm, decline or propose."""
    visit = _answerable(request, pk)
    proposal, refusal = ProposalForm(initial=_initial(visit)), ReasonForm()
    now = timezone.now()
    try:
        if "confirm" in request.POST:
            actions.confirm(visit=visit, actor=request.user, now=now)
            messages.success(request, _("Confirmed. The academy and the class see it at once."))
        elif "decline" in request.POST:
            refusal = ReasonForm(request.POST)
            if not refusal.is_valid():
                return _visit_page(request, visit, proposal, refusal, status=422)
            actions.decline(visit=visit, actor=request.user, reason_given=refusal.cleaned_data["reason"])
            messages.success(request, _("Declined. The academy was told why."))
        elif "propose" in request.POST:
            proposal = ProposalForm(request.POST)
            if not proposal.is_valid():
                return _visit_page(request, visit, proposal, refusal, status=422)
            actions.propose(
                visit=visit,
                batches=proposal.batches,
                actor=request.user,
                now=now,
                message=proposal.cleaned_data["message"],
            )
            messages.success(request, _("Your proposal went to the academy."))
    except Refused as refused:
        messages.error(request, refused.sentence)
        return _visit_page(request, visit, proposal, refusal, status=409)
    return redirect("practicum:host_visit", pk=visit.pk)
