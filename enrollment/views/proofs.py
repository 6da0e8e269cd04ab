"""Proofs of study as PDF: one's own, and those of people whose records one keeps."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from cms import pdf
from cms.refusals import Refused
from enrollment import proof_pages
from enrollment.actions.proofs import issue_proof
from enrollment.models import ProofKind, Trainee
from enrollment.reports import years_of
from enrollment.requests import number_in


@require_POST
@login_required
def proof(request: HttpRequest, pk: int) -> HttpResponse:
    """Print what the ledger says of somebody; what was printed is kept, and stays confirmable."""
    kept = Trainee.objects.manageable_by(request.user).values("pk")
    rows = Trainee.objects.filter(Q(user=request.user) | Q(pk__in=kept))
    trainee = get_object_or_404(rows.select_related("home_organization"), pk=pk)
    kind = request.POST.get("kind", "")
    if kind not in ProofKind.values:
        raise Http404
    year = 0
    if kind == ProofKind.YEAR:
        year = number_in(request.POST.get("year", "")) or 0
        if year not in years_of(trainee):
            raise Http404
    try:
        pdf.require()
        issued = issue_proof(
            trainee=trainee,
            kind=ProofKind(kind),
            year=year,
            day_year=timezone.localdate().year,
            actor=request.user,
        )
        content = proof_pages.content(issued)
    except Refused as refused:
        messages.error(request, refused.sentence)
        back = request.headers.get("Referer", "")
        own = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
        return redirect(back if own else "portal:certificates")
    return pdf.answer(content, f"{issued.number}.pdf")
