"""A base that receives nobody for a while, and what becomes of the visits it was to receive."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.refusals import Refused
from enrollment.requests import AuthenticatedHttpRequest
from practicum.actions import suspensions as actions
from practicum.forms import ElsewhereForm, SuspensionForm
from practicum.models import Suspension, TrainingBase, Visit
from practicum.rules.suspensions import may_lift
from practicum.rules.visits import Party

MOST_LISTED = 10


@login_required
def suspension(request: AuthenticatedHttpRequest, code: str) -> HttpResponse:
    """Suspend a base or let it receive again; the visits that lose their place, one by one."""
    of_academy = TrainingBase.objects.manageable_by(request.user)
    of_base = TrainingBase.objects.hosted_by(request.user)
    base = get_object_or_404(
        TrainingBase.objects.filter(Q(pk__in=of_academy.values("pk")) | Q(pk__in=of_base.values("pk"))),
        code=code,
    )
    manages = request.user.scope.everything
    party = Party.ACADEMY if manages else Party.BASE
    form = SuspensionForm(request.POST if request.method == "POST" and "lift" not in request.POST else None)
    status = 200
    if request.method == "POST":
        try:
            if told := _done(request, base, party, form):
                messages.success(request, told)
                return redirect("practicum:base_suspension", code=base.code)
            status = 422
        except Refused as refused:
            messages.error(request, refused.sentence)
            status = 409
    now = timezone.now()
    history = list(Suspension.objects.filter(base=base).select_related("begun_by")[:MOST_LISTED])
    standing = next((row for row in history if row.lifted_at is None), None)
    rows = Visit.objects.stranded_by(standing, now) if standing is not None else Visit.objects.none()
    if not manages:
        rows = rows.passed_on()
    context = {
        "base": base,
        "standing": standing,
        "may_lift": standing is not None and may_lift(suspended_by=Party(standing.party), party=party),
        "manages": manages,
        "stranded": list(rows.select_related("base", "training_class").order_by("starts_at")),
        "history": [row for row in history if row.lifted_at is not None],
        "form": form,
        "receives": base.terms.is_active,
        "crumbs": [
            {"label": _("Training bases"), "url": reverse("practicum:base_list")},
            {"label": str(base), "url": reverse("practicum:base", args=[base.code])},
        ],
    }
    return render(request, "practicum/base_suspension.html", context, status=status)


def _done(
    request: AuthenticatedHttpRequest, base: TrainingBase, party: Party, form: SuspensionForm
) -> str | None:
    """What was done, in words; nothing, when the form was not filled in well."""
    now = timezone.now()
    if "lift" in request.POST:
        actions.lift(base=base, party=party, actor=request.user, now=now)
        return _("The base receives visitors again.")
    if not form.is_valid():
        return None
    actions.suspend(
        base=base,
        party=party,
        reason_given=form.cleaned_data["reason"],
        ends_on=form.cleaned_data["ends_on"],
        actor=request.user,
        now=now,
    )
    return _("The base receives nobody now. What is below is to be moved or called off.")


@login_required
def elsewhere(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Call a visit off and ask another base for it, in one step."""
    rows = Visit.objects.manageable_by(request.user).open()
    visit = get_object_or_404(rows.select_related("base", "training_class", "lecturer"), pk=pk)
    form = ElsewhereForm(request.POST or None, visit=visit)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                asked = actions.move_elsewhere(
                    visit=visit,
                    base=form.cleaned_data["base"],
                    starts_at=form.cleaned_data["starts_at"],
                    reason_given=form.cleaned_data["reason"],
                    actor=request.user,
                    now=timezone.now(),
                )
            except Refused as refused:
                for found in refused.reasons:
                    form.add_error(found.field if found.field in form.fields else None, str(found))
                status = 409
            else:
                messages.success(
                    request, _("Called off here and asked for there. Pass it on to the base next.")
                )
                return redirect("practicum:visit", pk=asked.pk)
    context = {
        "visit": visit,
        "form": form,
        "crumbs": [
            {"label": str(visit.base), "url": reverse("practicum:base", args=[visit.base.code])},
            {"label": visit.title, "url": reverse("practicum:visit", args=[visit.pk])},
        ],
    }
    return render(request, "practicum/elsewhere.html", context, status=status)
