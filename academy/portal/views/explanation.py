"""The page that explains a person's target and shortfall in sentences, to the person and who may see it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from academy.templatetags.shell import me_tabs
from enrollment.actions.journal import note
from enrollment.advice import suggestions
from enrollment.models import Trainee
from enrollment.reports import years_of
from enrollment.reports_explanation import explained
from enrollment.requests import AuthenticatedHttpRequest, number_in


def _context(trainee: Trainee, asked: str, *, shows_grounds: bool) -> dict[str, Any]:
    years = years_of(trainee)
    wanted = number_in(asked)
    year = wanted if wanted in years else timezone.localdate().year
    found = explained(trainee, year, shows_grounds=shows_grounds)
    return {"trainee": trainee, "year": year, "years": years, "report": found, "facts": found.facts}


@require_GET
@login_required
def own(request: AuthenticatedHttpRequest) -> HttpResponse:
    """One's own year."""
    tabs = me_tabs("portal:explanation")
    trainee = (
        Trainee.objects.filter(user=request.user)
        .select_related("home_organization", "host_organization")
        .first()
    )
    if trainee is None:
        return render(request, "academy/me_without_roster.html", {"tabs": tabs})
    context = _context(trainee, request.GET.get("year", ""), shows_grounds=True)
    if context["facts"].has_gap and context["year"] == timezone.localdate().year:
        context["course"] = suggestions([request.user.pk]).get(request.user.pk)
    return render(request, "academy/explanation.html", {"tabs": tabs, "is_own": True, **context})


@require_GET
@login_required
def of_person(request: AuthenticatedHttpRequest, trainee_pk: int) -> HttpResponse:
    """The year of somebody whom the asker may see; the look is logged, and the person can read it."""
    trainee = get_object_or_404(
        Trainee.objects.visible_to(request.user).select_related("home_organization", "host_organization"),
        pk=trainee_pk,
    )
    # Illness and age concern the person and those who keep the record.
    keeps_record = Trainee.objects.manageable_by(request.user).filter(pk=trainee.pk).exists()
    is_own = trainee.user_id == request.user.pk
    context = _context(trainee, request.GET.get("year", ""), shows_grounds=is_own or keeps_record)
    if not is_own:
        note(trainee, "academy.view_person", actor=request.user, data={"year": context["year"]})
    crumbs = []
    scope = request.user.scope
    if keeps_record:
        crumbs = [{"label": _("Workbench"), "url": reverse("portal:workbench")}]
    elif scope.guided_paths and trainee.home_organization.path in scope.guided_paths:
        code = trainee.home_organization.code
        crumbs = [
            {"label": _("Guided organizations"), "url": reverse("portal:guide")},
            {
                "label": trainee.home_organization.name,
                "url": reverse("portal:guide_organization", args=[code]),
            },
        ]
    return render(request, "academy/explanation.html", {"crumbs": crumbs, "is_own": is_own, **context})
