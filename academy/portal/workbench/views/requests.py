"""What members ask to have corrected about themselves."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from academy.portal.workbench.access import WorkerRequest, for_organization_workers, tabs
from cms.refusals import Refused
from enrollment.actions.corrections import answer_correction
from enrollment.models import CorrectionRequest, CorrectionStatus

PER_PAGE = 20


@require_GET
@for_organization_workers
def requests(request: WorkerRequest) -> HttpResponse:
    """Requests of one's own people, those that wait first."""
    waits_first = Case(When(status=CorrectionStatus.OPEN, then=Value(0)), default=Value(1))
    asked = (
        CorrectionRequest.objects.manageable_by(request.user)
        .select_related("trainee__home_organization", "answered_by")
        .order_by(waits_first, "-asked_at", "-pk")
    )
    page = Paginator(asked, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request, "academy/workbench/requests.html", {"tabs": tabs("workbench_requests"), "page": page}
    )


@require_POST
@for_organization_workers
def answer(request: WorkerRequest, pk: int) -> HttpResponse:
    """Answer a request: corrected, or not and why."""
    found = get_object_or_404(CorrectionRequest.objects.manageable_by(request.user), pk=pk)
    status = CorrectionStatus.DONE if request.POST.get("status") == "done" else CorrectionStatus.DECLINED
    try:
        answer_correction(
            request=found, actor=request.user, status=status, answer=request.POST.get("answer", "")[:300]
        )
    except Refused as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, _("The answer was sent to the person."))
    return redirect("portal:workbench_requests")
