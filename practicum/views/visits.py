"""A visit as the academy sees it: pass it on, accept what the base proposes, prepare, hold, archive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cms.refusals import Refused
from enrollment.requests import AuthenticatedHttpRequest
from practicum.actions import host_links, papers, preparation
from practicum.actions import visits as actions
from practicum.forms import HeadcountForm, PaperForm, PreparationForm, RatingForm, VehiclesForm
from practicum.models import HostLink, Visit, VisitPaper, VisitStatus
from practicum.rules.deadlines import (
    CHANGES_DUE_DAYS,
    HEADCOUNT_DUE_DAYS,
    headcount_moment,
    working_days_before,
)
from practicum.rules.visits import Move, Party
from practicum.views.host_page import sent
from practicum.views.link_card import link_card

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


def _point(code: str) -> str:
    """A point of the checklist in words."""
    return {
        "headcount": _("Headcount stated"),
        "leader": _("Leader named"),
        "insurance": _("Insurance arranged"),
        "safety_plan": _("Safety plan made"),
        "vehicles": _("Seats for everybody"),
        "briefing": _("Briefing notice written"),
    }[code]


def _managed(request: HttpRequest, pk: int) -> Visit:
    rows = Visit.objects.manageable_by(request.user).select_related("base", "training_class", "lecturer")
    found: Visit = get_object_or_404(rows.prefetch_related("batches__session", "vehicles", "papers"), pk=pk)
    return found


@login_required
def visit(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """One visit with what is to be done next."""
    found = _managed(request, pk)
    form = PreparationForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        actions.prepare(visit=found, actor=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("practicum:visit", pk=found.pk)
    return _page(request, found, form)


def _page(
    request: AuthenticatedHttpRequest,
    found: Visit,
    form: PreparationForm,
    *,
    paper_form: PaperForm | None = None,
    rating: RatingForm | None = None,
    headcount: HeadcountForm | None = None,
    vehicles_form: VehiclesForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    standing = HostLink.objects.standing().filter(visit=found).first()
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
        "papers": [(one, reverse("practicum:paper", args=[one.pk])) for one in found.papers.all()],
        "headcount_form": headcount or HeadcountForm(initial={"headcount": found.headcount}),
        "vehicles_form": vehicles_form
        or VehiclesForm(initial={"vehicles": [one.pk for one in found.vehicles.all()]}),
        "checklist": [{"label": _point(code), "done": is_done} for code, is_done in found.readiness.items],
        "moment": headcount_moment(timezone.localdate(now), day, days).value,
        "is_ahead": found.is_open and found.ends_at > now,
        "sessions": [batch.session for batch in found.batches.all() if batch.session is not None],
        "paper_form": paper_form or PaperForm(),
        "rating": rating
        or RatingForm(
            of_base=False, initial={"stars": found.academy_rating, "comment": found.academy_comment}
        ),
        "may_rate": found.may_be_rated(now),
        "card": link_card(request, standing, now=now),
        "may_link": found.is_open and found.status != VisitStatus.REQUESTED,
        "crumbs": [{"label": _("Visits"), "url": reverse("practicum_visits:index")}]
        if request.user.scope.everything
        else [],
    }
    return render(request, "practicum/visit.html", context, status=status)


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


@login_required
@require_POST
def headcount(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """How many come."""
    found = _managed(request, pk)
    form = HeadcountForm(request.POST)
    if form.is_valid():
        try:
            preparation.state_headcount(
                visit=found,
                headcount=form.cleaned_data["headcount"],
                reason_given=form.cleaned_data["reason"],
                actor=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("The headcount is with the base."))
            return redirect("practicum:visit", pk=found.pk)
        except Refused as refused:
            show(form, refused)
    return _page(request, found, PreparationForm(instance=found), headcount=form, status=422)


@login_required
@require_POST
def vehicles(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """What the visit rides in."""
    found = _managed(request, pk)
    form = VehiclesForm(request.POST)
    if form.is_valid():
        try:
            preparation.allocate_vehicles(
                visit=found,
                vehicles=list(form.cleaned_data["vehicles"]),
                actor=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Vehicles and seats are allocated."))
            return redirect("practicum:visit", pk=found.pk)
        except Refused as refused:
            show(form, refused)
    return _page(request, found, PreparationForm(instance=found), vehicles_form=form, status=422)


def show(form: Form, refused: Refused) -> None:
    """Put each reason at its field, or above the form."""
    for why in refused.reasons:
        form.add_error(why.field if why.field in form.fields else None, str(why))


@login_required
@require_POST
def link(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Make, renew or take back the link by which the base answers."""
    found = _managed(request, pk)
    now = timezone.now()
    standing = HostLink.objects.standing().filter(visit=found).first()
    try:
        if "revoke" in request.POST:
            if standing is not None:
                host_links.revoke(link=standing, actor=request.user, now=now)
            messages.success(request, _("The link was taken back. Whoever has it is turned away."))
        else:
            host_links.issue(visit=found, actor=request.user, now=now)
            told = (
                _("Here is the new link; the one before no longer works. Send it to the base.")
                if standing is not None
                else _("Here is the link. Send it to the base.")
            )
            messages.success(request, told)
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect(f"{reverse('practicum:visit', args=[found.pk])}#host-link")


@login_required
@require_POST
def hand_in(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """A document for the base and the academy."""
    found = _managed(request, pk)
    form = PaperForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, found, PreparationForm(instance=found), paper_form=form, status=422)
    try:
        file = form.cleaned_data["file"]
        papers.hand_in(visit=found, file=file, party=Party.ACADEMY, actor=request.user, now=timezone.now())
        messages.success(request, _("The document is kept; the base can fetch it."))
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect("practicum:visit", pk=found.pk)


@login_required
@require_safe
def paper(request: AuthenticatedHttpRequest, pk: int) -> HttpResponseBase:
    """A document of a visit one runs."""
    return sent(get_object_or_404(VisitPaper.objects.of_visits_managed_by(request.user), pk=pk))


@login_required
@require_POST
def remove_paper(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Take a document away."""
    found = get_object_or_404(VisitPaper.objects.of_visits_managed_by(request.user), pk=pk)
    try:
        papers.remove(paper=found, actor=request.user)
        messages.success(request, _("The document was removed."))
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect("practicum:visit", pk=found.visit_id)


@login_required
@require_POST
def rate(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """What the academy thinks of the visit."""
    found = _managed(request, pk)
    form = RatingForm(request.POST, of_base=False)
    if not form.is_valid():
        return _page(request, found, PreparationForm(instance=found), rating=form, status=422)
    try:
        actions.rate(
            visit=found, party=Party.ACADEMY, actor=request.user, now=timezone.now(), **form.cleaned_data
        )
        messages.success(request, _("The rating is kept."))
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect("practicum:visit", pk=found.pk)
