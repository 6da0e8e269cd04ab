"""Possible duplicates: the list, two records side by side, making them one, and taking that back."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_q.tasks import async_task

from academy.portal.workbench import comparison
from academy.portal.workbench.access import WorkerRequest, crumb, for_organization_workers, tabs
from cms.refusals import Refused
from enrollment.actions import duplicates as actions
from enrollment.actions.person_mergers import TAKEABLE, merge_people, undo_merger
from enrollment.models import DuplicatePair, PairState, PersonMerger, Trainee
from enrollment.requests import number_in

PER_PAGE = 20
MERGERS_SHOWN = 10
SEARCH = "enrollment.tasks.find_duplicates"


@require_GET
@for_organization_workers
def duplicates(request: WorkerRequest) -> HttpResponse:
    """Pairs among one's own people, the likeliest first; ``?state=different`` shows those kept apart."""
    state = PairState.DIFFERENT if request.GET.get("state") == PairState.DIFFERENT else PairState.OPEN
    pairs = (
        DuplicatePair.objects.manageable_by(request.user)
        .filter(state=state)
        .select_related("one__home_organization", "other__home_organization", "decided_by")
        .order_by("-score", "pk")
    )
    page = Paginator(pairs, PER_PAGE).get_page(request.GET.get("page"))
    mergers = PersonMerger.objects.manageable_by(request.user).select_related("keeper", "other", "merged_by")
    return render(
        request,
        "academy/workbench/duplicates.html",
        {
            "tabs": tabs("workbench_duplicates"),
            "page": page,
            "kept_apart": state == PairState.DIFFERENT,
            "mergers": mergers[:MERGERS_SHOWN],
        },
    )


@require_POST
@for_organization_workers
def search(request: WorkerRequest) -> HttpResponse:
    """Look through the roster anew, in the background."""
    async_task(SEARCH, group="duplicates")
    messages.info(request, _("The roster is being searched. New pairs stand here in a moment."))
    return redirect("portal:workbench_duplicates")


@require_GET
@for_organization_workers
def pair(request: WorkerRequest, pk: int) -> HttpResponse:
    """Two records side by side, with what is to stay of each."""
    found = get_object_or_404(DuplicatePair.objects.manageable_by(request.user), pk=pk)
    people = comparison.records([found.one_id, found.other_id])
    asked = number_in(request.GET.get("keep", ""))
    keeper = asked if asked in (found.one_id, found.other_id) else comparison.suggested_keeper(people)
    return render(
        request,
        "academy/workbench/duplicate.html",
        {
            "tabs": tabs("workbench_duplicates"),
            "crumbs": [crumb("workbench_duplicates", _("Duplicates"))],
            "pair": found,
            "people": people,
            "keeper": keeper,
            "values": comparison.values(people, keeper),
            "holdings": comparison.holdings(people),
        },
    )


@require_POST
@for_organization_workers
def merge(request: WorkerRequest, pk: int) -> HttpResponse:
    """Make the two one, as chosen."""
    found = get_object_or_404(DuplicatePair.objects.manageable_by(request.user), pk=pk)
    keeper_id = number_in(request.POST.get("keep", ""))
    if keeper_id not in (found.one_id, found.other_id):
        messages.error(request, _("Choose the record that stays."))
        return redirect("portal:workbench_duplicate", pk=pk)
    other_id = found.other_id if keeper_id == found.one_id else found.one_id
    taking = [name for name in TAKEABLE if number_in(request.POST.get(f"take_{name}", "")) == other_id]
    people = Trainee.objects.in_bulk([keeper_id, other_id])
    try:
        done = merge_people(
            keeper=people[keeper_id],
            other=people[other_id],
            actor=request.user,
            taking=taking,
            reason=request.POST.get("reason", ""),
        )
    except Refused as refused:
        messages.error(request, refused.sentence)
        return redirect("portal:workbench_duplicate", pk=pk)
    messages.success(request, _("The two records are one now."))
    return redirect("portal:workbench_merger", pk=done.pk)


@require_POST
@for_organization_workers
def apart(request: WorkerRequest, pk: int) -> HttpResponse:
    """Remember that they are two people; or, with ``again``, take that back."""
    found = get_object_or_404(DuplicatePair.objects.manageable_by(request.user), pk=pk)
    try:
        if "again" in request.POST:
            actions.look_again(pair=found, actor=request.user)
            messages.success(request, _("The two records are to be compared again."))
        else:
            actions.keep_apart(pair=found, actor=request.user)
            messages.success(request, _("Noted: two different people. They are not asked about again."))
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect("portal:workbench_duplicates")


@require_GET
@for_organization_workers
def merger(request: WorkerRequest, pk: int) -> HttpResponse:
    """What a merger did, and the way back."""
    found = get_object_or_404(
        PersonMerger.objects.manageable_by(request.user).select_related(
            "keeper__home_organization",
            "other__home_organization",
            "merged_by",
            "undone_by",
            "closed_account",
        ),
        pk=pk,
    )
    return render(
        request,
        "academy/workbench/merger.html",
        {
            "tabs": tabs("workbench_duplicates"),
            "crumbs": [crumb("workbench_duplicates", _("Duplicates"))],
            "merger": found,
            "outcome": comparison.outcome_of(found),
        },
    )


@require_POST
@for_organization_workers
def undo(request: WorkerRequest, pk: int) -> HttpResponse:
    """Put both records back, or say what stands in the way."""
    found = get_object_or_404(PersonMerger.objects.manageable_by(request.user), pk=pk)
    try:
        undo_merger(merger=found, actor=request.user)
    except Refused as refused:
        for reason in refused.reasons:
            messages.error(request, str(reason))
    else:
        messages.success(request, _("Both records are as they were."))
    return redirect("portal:workbench_merger", pk=pk)
