"""External training: sent in with its evidence, looked at, decided, taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from academy.portal.forms_claims import TrainingForm, show
from academy.templatetags.shell import me_tabs
from cms.refusals import Refused
from enrollment.actions import claims
from enrollment.actions.journal import note
from enrollment.evidence import CONTENT_TYPES
from enrollment.models import ExternalTraining, Trainee
from enrollment.requests import AuthenticatedHttpRequest

PER_PAGE = 20


def _trainee(request: AuthenticatedHttpRequest) -> Trainee | None:
    return Trainee.objects.filter(user=request.user).select_related("home_organization").first()


@require_GET
@login_required
def own(request: AuthenticatedHttpRequest) -> HttpResponse:
    """What was sent in about oneself, the latest first."""
    tabs = me_tabs("portal:external")
    trainee = _trainee(request)
    if trainee is None:
        return render(request, "academy/me_without_roster.html", {"tabs": tabs})
    sent = ExternalTraining.objects.filter(trainee=trainee)
    page = Paginator(sent, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "academy/external.html", {"tabs": tabs, "page": page, "section": "me"})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def send(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Send in one's own training."""
    tabs = me_tabs("portal:external")
    trainee = _trainee(request)
    if trainee is None:
        return render(request, "academy/me_without_roster.html", {"tabs": tabs})
    context = {
        "tabs": tabs,
        "section": "me",
        "crumbs": [{"label": _("External training"), "url": reverse("portal:external")}],
    }
    return send_for(request, trainee, context, then="portal:external")


def send_for(
    request: AuthenticatedHttpRequest, trainee: Trainee, context: dict[str, Any], then: str
) -> HttpResponse:
    """The form for ``trainee``, shared with the workbench; ``then`` is the page that follows."""
    form = TrainingForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            claims.send_training(
                trainee=trainee,
                title=data["title"],
                organizer=data["organizer"],
                starts_at=data["starts_at"],
                ends_at=data["ends_at"],
                unit=data["unit"],
                amount=data["amount"],
                evidence=data["file"],
                evidence_name=request.FILES["file"].name or "",
                submission_key=data["submission_key"],
                actor=request.user,
            )
        except Refused as refused:
            show(form, refused, TrainingForm.FIELD_OF)
        else:
            messages.success(request, _("It was sent in. The hours post when somebody else has approved it."))
            return redirect(then)
    status = 422 if request.method == "POST" else 200
    return render(
        request, "academy/external_new.html", {"form": form, "trainee": trainee, **context}, status=status
    )


def _visible(request: AuthenticatedHttpRequest, pk: int) -> ExternalTraining:
    found: ExternalTraining = get_object_or_404(
        ExternalTraining.objects.visible_to(request.user).select_related(
            "trainee__home_organization", "submitted_by", "decided_by", "withdrawn_by", "rule"
        ),
        pk=pk,
    )
    return found


@require_GET
@login_required
def record(request: AuthenticatedHttpRequest, external_pk: int) -> HttpResponse:
    """One training with its evidence, its story, and what the reader may do about it."""
    found = _visible(request, external_pk)
    is_own = found.trainee.user_id == request.user.pk
    here = "portal:external" if is_own else "portal:workbench_external"
    return render(
        request,
        "academy/external_record.html",
        {
            "section": "me" if is_own else "workbench",
            "training": found,
            "entry": found.entry,
            "is_picture": found.evidence_kind in {"jpg", "png"},
            "may_decide": ExternalTraining.objects.decidable_by(request.user).filter(pk=found.pk).exists(),
            "may_withdraw": found.status in {"open", "approved"} and claims.may_withdraw(request.user, found),
            "crumbs": [{"label": _("External training"), "url": reverse(here)}],
        },
    )


@require_safe
@login_required
def evidence(request: AuthenticatedHttpRequest, external_pk: int) -> HttpResponseBase:
    """The file itself, to those who may see the claim; opening somebody else's is logged."""
    found = _visible(request, external_pk)
    if not found.evidence.storage.exists(found.evidence.name):
        raise Http404
    if found.trainee.user_id != request.user.pk:
        note(found.trainee, "enrollment.external.look", actor=request.user, data={"claim": found.pk})
    kind = found.evidence_kind
    response = FileResponse(
        found.evidence.open("rb"),
        # A PDF is taken away, not opened inside our pages: what is in it was written by somebody else.
        as_attachment=kind == "pdf",
        filename=_("Evidence %(number)s") % {"number": found.pk} + f".{kind}",
        content_type=CONTENT_TYPES.get(kind, "application/octet-stream"),
    )
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
@login_required
def decide(request: AuthenticatedHttpRequest, external_pk: int) -> HttpResponse:
    """Approve or decline."""
    found = _visible(request, external_pk)
    approve = request.POST.get("verdict") == "approve"
    try:
        claims.decide(
            claim=found, actor=request.user, approve=approve, reason=request.POST.get("reason", "")[:300]
        )
    except Refused as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(
            request, _("Approved; the hours are posted.") if approve else _("Declined; the person is told.")
        )
    return redirect("portal:external_record", external_pk=found.pk)


@require_POST
@login_required
def withdraw(request: AuthenticatedHttpRequest, external_pk: int) -> HttpResponse:
    """Take it back, and reverse its hours if they were posted."""
    found = _visible(request, external_pk)
    try:
        claims.withdraw_claim(claim=found, actor=request.user, reason=request.POST.get("reason", "")[:300])
    except Refused as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, _("It was taken back. To correct it, send it in again."))
    return redirect("portal:external_record", external_pk=found.pk)
