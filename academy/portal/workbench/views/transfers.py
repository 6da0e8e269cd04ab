"""Handing people over: what comes in, what goes out, the sheet, and the answer."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from academy.portal.workbench import transfers as sheets
from academy.portal.workbench.access import WorkerRequest, crumb, for_organization_workers, tabs
from academy.portal.workbench.forms import TransferForm
from cms.refusals import Refused
from enrollment.actions import transfers as actions
from enrollment.actions.transfer_sheets import sheet_of
from enrollment.models import Organization, PersonTransfer, Trainee, TransferState

PER_PAGE = 20


@require_GET
@for_organization_workers
def transfers(request: WorkerRequest) -> HttpResponse:
    """Those that wait come first; whoever may answer one sees that at a glance."""
    to_answer = PersonTransfer.objects.answerable_by(request.user).open()
    waits_first = Case(
        When(pk__in=to_answer.values("pk"), then=Value(0)),
        When(state=TransferState.OPEN, then=Value(1)),
        default=Value(2),
    )
    rows = (
        PersonTransfer.objects.visible_to(request.user)
        .select_related("trainee", "from_organization", "to_organization", "answered_by")
        .order_by(waits_first, "-started_at", "-pk")
    )
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    mine = set(to_answer.filter(pk__in=[row.pk for row in page]).values_list("pk", flat=True))
    return render(
        request,
        "academy/workbench/transfers.html",
        {"tabs": tabs("workbench_transfers"), "page": page, "to_answer": mine},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization_workers
def start(request: WorkerRequest, pk: int) -> HttpResponse:
    """Offer a person of one's own to another organization, or let them leave the zone."""
    kept = Trainee.objects.active().filter(
        home_organization__in=Organization.objects.manageable_by(request.user)
    )
    person = get_object_or_404(kept.select_related("home_organization").exclude(user=request.user), pk=pk)
    form = TransferForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            if data["where"] == TransferForm.LEAVES:
                done = actions.leave_zone(
                    trainee=person,
                    on=data["on"],
                    destination=data["destination"],
                    reason=data["reason"],
                    actor=request.user,
                )
                messages.success(request, _("The sheet can be printed and handed over."))
            else:
                done = actions.start_transfer(
                    trainee=person,
                    organization=data["organization"],
                    on=data["on"],
                    post=data["post"],
                    reason=data["reason"],
                    actor=request.user,
                )
                messages.success(request, _("The receiving organization has been told."))
        except Refused as refused:
            for reason in refused.reasons:
                form.add_error(reason.field if reason.field in form.fields else None, str(reason))
        else:
            return redirect("portal:workbench_transfer", pk=done.pk)
    return render(
        request,
        "academy/workbench/transfer_new.html",
        {
            "form": form,
            "person": person,
            "tabs": tabs("workbench_transfers"),
            "crumbs": [crumb("workbench_transfers", _("Transfers"))],
        },
        status=422 if request.method == "POST" else 200,
    )


@require_GET
@for_organization_workers
def transfer(request: WorkerRequest, pk: int) -> HttpResponse:
    """The hand-over sheet with what can be done; while it waits, the sheet says how things are now."""
    found = get_object_or_404(
        PersonTransfer.objects.visible_to(request.user).select_related(
            "trainee", "from_organization", "to_organization", "started_by", "answered_by"
        ),
        pk=pk,
    )
    stored = sheet_of(found.trainee, found.on) if found.is_open else found.sheet
    return render(
        request,
        "academy/workbench/transfer.html",
        {
            "transfer": found,
            "sheet": sheets.read(stored),
            "may_answer": found.is_open
            and _is_among(found, PersonTransfer.objects.answerable_by(request.user)),
            "may_withdraw": found.is_open
            and _is_among(found, PersonTransfer.objects.withdrawable_by(request.user)),
            "crumbs": [crumb("workbench_transfers", _("Transfers"))],
        },
    )


def _is_among(found: PersonTransfer, rows: QuerySet[PersonTransfer]) -> bool:
    return rows.filter(pk=found.pk).exists()


@require_POST
@for_organization_workers
def answer(request: WorkerRequest, pk: int) -> HttpResponse:
    """Accept, decline or withdraw."""
    found = get_object_or_404(PersonTransfer.objects.visible_to(request.user), pk=pk)
    said = request.POST.get("answer", "")
    what = request.POST.get("what", "")
    try:
        if what == "accept":
            actions.accept_transfer(transfer=found, actor=request.user)
            messages.success(request, _("The person belongs to your organization now."))
        elif what == "decline":
            actions.decline_transfer(transfer=found, actor=request.user, answer=said)
            messages.success(request, _("The transfer was declined; the giving side has been told."))
        elif what == "withdraw":
            actions.withdraw_transfer(transfer=found, actor=request.user, answer=said)
            messages.success(request, _("The transfer was withdrawn."))
        else:
            messages.error(request, _("Choose whether to accept or to decline."))
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect("portal:workbench_transfer", pk=pk)
