"""Hours that wait for a decision: external training of one's people, and adjustments."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from academy.portal.forms_claims import AdjustmentForm, show
from academy.portal.views.external import send_for
from academy.portal.workbench import reports
from academy.portal.workbench.access import WorkerRequest, crumb, for_organization_workers, tabs
from cms.refusals import Refused
from enrollment.actions import claims
from enrollment.models import Claim, ExternalTraining, HourAdjustment, Trainee
from enrollment.requests import number_in

PER_PAGE = 20
FOUND_AT_MOST = 20


def _listed(request: WorkerRequest, claims_of: QuerySet[Any], mine: QuerySet[Any]) -> dict[str, Any]:
    """Claims in the order in which they are worked on, and a search for whom one could send in for."""
    for_me = set(mine.values_list("pk", flat=True))
    order = Case(When(pk__in=for_me, then=Value(0)), When(status="open", then=Value(1)), default=Value(2))
    rows = claims_of.select_related("trainee__home_organization", "submitted_by", "decided_by")
    page = Paginator(rows.order_by(order, "-submitted_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.waits_for_me = row.pk in for_me
    text = request.GET.get("q", "")[:60].strip()
    people = reports.people_of(request.user).exclude(user=request.user)
    found: list[Trainee] = []
    if text:
        candidates = reports.matching(people, text).select_related("home_organization")
        found = list(candidates.order_by("name", "pk")[:FOUND_AT_MOST])
    return {"page": page, "waiting": len(for_me), "q": text, "found": found}


def _person(request: WorkerRequest) -> Trainee | None:
    """Whom the form is about; nobody when nobody was chosen."""
    pk = number_in(request.GET.get("trainee", ""))
    if pk is None:
        return None
    people = reports.people_of(request.user).select_related("home_organization")
    return get_object_or_404(people, pk=pk)


@require_GET
@for_organization_workers
def external(request: WorkerRequest) -> HttpResponse:
    """External training of one's people: what waits for me first."""
    seen = ExternalTraining.objects.visible_to(request.user)
    mine = ExternalTraining.objects.decidable_by(request.user)
    context = _listed(request, seen, mine)
    return render(request, "academy/workbench/external.html", {"tabs": tabs("workbench_external"), **context})


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization_workers
def external_new(request: WorkerRequest) -> HttpResponse:
    """Send in training of one of one's people."""
    person = _person(request)
    if person is None:
        return redirect("portal:workbench_external")
    context = {
        "section": "workbench",
        "tabs": tabs("workbench_external"),
        "crumbs": [crumb("workbench_external", _("External training"))],
    }
    return send_for(request, person, context, then="portal:workbench_external")


@require_GET
@for_organization_workers
def adjustments(request: WorkerRequest) -> HttpResponse:
    """Adjustments: those that wait for me first, then the other open ones, then the decided."""
    seen = HourAdjustment.objects.visible_to(request.user)
    mine = HourAdjustment.objects.decidable_by(request.user)
    context = _listed(request, seen, mine)
    for row in context["page"]:
        row.may_withdraw = row.status in {"open", "approved"} and claims.may_withdraw(request.user, row)
    return render(
        request, "academy/workbench/adjustments.html", {"tabs": tabs("workbench_adjustments"), **context}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization_workers
def adjustment_new(request: WorkerRequest) -> HttpResponse:
    """Propose an adjustment for one person."""
    person = _person(request)
    if person is None:
        return redirect("portal:workbench_adjustments")
    form = AdjustmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            claims.propose_adjustment(
                trainee=person,
                title=data["title"],
                reason=data["reason"],
                year=data["year"],
                quarters=int(data["hours"] * 4),
                submission_key=data["submission_key"],
                actor=request.user,
            )
        except Refused as refused:
            show(form, refused)
        else:
            messages.success(request, _("Proposed. The hours post when an administrator has approved it."))
            return redirect("portal:workbench_adjustments")
    return render(
        request,
        "academy/workbench/adjustment_new.html",
        {
            "form": form,
            "trainee": person,
            "tabs": tabs("workbench_adjustments"),
            "crumbs": [crumb("workbench_adjustments", _("Adjustments"))],
        },
        status=422 if request.method == "POST" else 200,
    )


def _visible(request: WorkerRequest, pk: int) -> HourAdjustment:
    found: HourAdjustment = get_object_or_404(HourAdjustment.objects.visible_to(request.user), pk=pk)
    return found


@require_POST
@for_organization_workers
def decide(request: WorkerRequest, adjustment_pk: int) -> HttpResponse:
    """Approve or decline an adjustment."""
    approve = request.POST.get("verdict") == "approve"
    _try(
        request,
        lambda claim: claims.decide(
            claim=claim, actor=request.user, approve=approve, reason=request.POST.get("reason", "")[:300]
        ),
        _visible(request, adjustment_pk),
        _("Approved; the hours are posted.") if approve else _("Declined; the person is told."),
    )
    return redirect("portal:workbench_adjustments")


@require_POST
@for_organization_workers
def withdraw(request: WorkerRequest, adjustment_pk: int) -> HttpResponse:
    """Take an adjustment back."""
    _try(
        request,
        lambda claim: claims.withdraw_claim(
            claim=claim, actor=request.user, reason=request.POST.get("reason", "")[:300]
        ),
        _visible(request, adjustment_pk),
        _("It was taken back, and its hours are reversed."),
    )
    return redirect("portal:workbench_adjustments")


def _try(request: WorkerRequest, act: Any, claim: Claim, done: str) -> None:
    try:
        act(claim)
    except Refused as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, done)
