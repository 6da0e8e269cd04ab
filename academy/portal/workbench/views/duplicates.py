"""Possible duplicates: the list, two records side by side, making them one, and taking that back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_q.tasks import async_task

from academy.portal.workbench import comparison, reports
from academy.portal.workbench.access import WorkerRequest, crumb, for_organization_workers, tabs
from cms.refusals import Refused
from enrollment.actions import duplicates as actions
from enrollment.actions.person_mergers import TAKEABLE, merge_people, undo_merger
from enrollment.models import DuplicatePair, Organization, PairState, PersonMerger, Trainee
from enrollment.requests import number_in, numbers_in

PER_PAGE = 20
MERGERS_SHOWN = 10
#: Of what a search finds so many are listed, and so many that were chosen are kept.
FOUND_AT_MOST, PICKED_AT_MOST = 20, 10
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
    """Show what making the two one, as chosen, would do; do it once exactly that is confirmed."""
    found = get_object_or_404(DuplicatePair.objects.manageable_by(request.user), pk=pk)
    keeper_id = number_in(request.POST.get("keep", ""))
    if keeper_id not in (found.one_id, found.other_id):
        messages.error(request, _("Choose the record that stays."))
        return redirect("portal:workbench_duplicate", pk=pk)
    other_id = found.other_id if keeper_id == found.one_id else found.one_id
    taking = [name for name in TAKEABLE if number_in(request.POST.get(f"take_{name}", "")) == other_id]
    people = Trainee.objects.in_bulk([keeper_id, other_id])
    reason = request.POST.get("reason", "").strip()
    try:
        # The preview is the deed, taken back: it says and refuses exactly what the deed would.
        with transaction.atomic():
            done = merge_people(
                keeper=people[keeper_id],
                other=people[other_id],
                actor=request.user,
                taking=taking,
                reason=reason,
            )
            outcome = comparison.outcome_of(done)
            confirmed = request.POST.get("confirmed", "")
            if confirmed != outcome.digest:
                transaction.set_rollback(True)
    except Refused as refused:
        messages.error(request, refused.sentence)
        return redirect("portal:workbench_duplicate", pk=pk)
    if confirmed != outcome.digest:
        chosen = {"keep": keeper_id, "reason": reason} | {f"take_{name}": other_id for name in taking}
        return _foreseen(request, found, done, outcome, chosen, is_changed=bool(confirmed))
    messages.success(request, _("The two records are one now."))
    return redirect("portal:workbench_merger", pk=done.pk)


def _foreseen(
    request: WorkerRequest,
    found: DuplicatePair,
    merger: PersonMerger,
    outcome: comparison.Outcome,
    chosen: dict[str, Any],
    *,
    is_changed: bool,
) -> HttpResponse:
    """What the merger would do; ``is_changed``: not what was confirmed, something was written meanwhile."""
    people = {one.pk: one for one in comparison.records([found.one_id, found.other_id])}
    back = f"{reverse('portal:workbench_duplicate', args=[found.pk])}?keep={merger.keeper_id}"
    return render(
        request,
        "academy/workbench/duplicate_preview.html",
        {
            "tabs": tabs("workbench_duplicates"),
            "crumbs": [crumb("workbench_duplicates", _("Duplicates"))],
            "pair": found,
            "keeper": people[merger.keeper_id],
            "other": people[merger.other_id],
            "closes_account": merger.closed_account,
            "outcome": outcome,
            "chosen": chosen,
            "back": back,
            "is_changed": is_changed,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization_workers
def pick(request: WorkerRequest) -> HttpResponse:
    """Choose any two records of one's own people, whether or not the search sees a likeness."""
    text = request.POST.get("q", "")[:60].strip()
    is_search = request.POST.get("do") != "compare"
    mine = (
        Trainee.objects.unmerged()
        .filter(
            erased_at__isnull=True, home_organization__in=Organization.objects.manageable_by(request.user)
        )
        .exclude(user=request.user)
        .select_related("home_organization")
        .order_by("name", "pk")
    )
    chosen = list(mine.filter(pk__in=numbers_in(request.POST.getlist("chosen")[:PICKED_AT_MOST])))
    if not is_search:
        if len(chosen) != 2:
            messages.error(request, _("Choose two records, no more and no fewer."))
        else:
            try:
                pair = actions.pick_pair(one=chosen[0], other=chosen[1], actor=request.user)
            except Refused as refused:
                messages.error(request, refused.sentence)
            else:
                return redirect("portal:workbench_duplicate", pk=pair.pk)
    others = mine.exclude(pk__in=[one.pk for one in chosen])
    found = list(reports.matching(others, text)[: FOUND_AT_MOST + 1]) if text else []
    return render(
        request,
        "academy/workbench/duplicate_pick.html",
        {
            "tabs": tabs("workbench_duplicates"),
            "crumbs": [crumb("workbench_duplicates", _("Duplicates"))],
            "q": text,
            "chosen": chosen,
            "found": found[:FOUND_AT_MOST],
            "more": len(found) > FOUND_AT_MOST,
        },
        status=200 if is_search else 422,
    )


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
