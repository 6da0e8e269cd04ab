"""For hosts of training bases: what is asked of them, and who comes."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from enrollment.models import Role
from enrollment.requests import AuthenticatedHttpRequest
from practicum.models import Session, TrainingBase, Visit, VisitPaper
from practicum.models.projection import expected_people
from practicum.rules.visits import Stage
from practicum.views import host_page
from practicum.views.host_page import TONES, Door


@login_required
def host(request: HttpRequest) -> HttpResponse:
    """The bases one receives visitors for: what waits for an answer, and what is coming."""
    bases = list(TrainingBase.objects.hosted_by(request.user))
    if not bases and not request.user.scope.has(Role.BASE_HOST):
        raise PermissionDenied
    visits = list(
        Visit.objects.answerable_by(request.user)
        .open()
        .select_related("base", "training_class")
        .prefetch_related("batches")
    )
    now = timezone.now()
    coming = list(
        Session.objects.filter(base__in=bases, ends_at__gte=now)
        .standing()
        .with_place()
        .order_by("starts_at")[:20]
    )
    people = expected_people(coming)
    for session in coming:
        session.headcount = len(people.get(session.pk, ()))
    context = {
        "bases": bases,
        "asked": [visit for visit in visits if visit.status == Stage.WITH_BASE],
        "asked_tone": TONES[Stage.WITH_BASE],
        "offered": [visit for visit in visits if visit.status == Stage.PROPOSED],
        "offered_tone": TONES[Stage.PROPOSED],
        "coming": coming,
        "today": [
            session for session in coming if timezone.localdate(session.starts_at) == timezone.localdate(now)
        ],
    }
    return render(request, "practicum/host.html", context)


def _answerable(request: HttpRequest, pk: int) -> Visit:
    rows = Visit.objects.answerable_by(request.user).select_related("base", "training_class")
    found: Visit = get_object_or_404(rows.prefetch_related("batches__session", "vehicles", "papers"), pk=pk)
    return found


def _door(request: AuthenticatedHttpRequest, pk: int) -> Door:
    return Door(
        visit_url=reverse("practicum:host_visit", args=[pk]),
        answer_url=reverse("practicum:host_answer", args=[pk]),
        paper_url=lambda paper: reverse("practicum:host_paper", args=[paper]),
        crumbs=[{"label": _("My base"), "url": reverse("practicum:host")}],
        actor=request.user,
    )


@login_required
def host_visit(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """One visit as the base sees it: the group, the deadlines, the answer, the roster without numbers."""
    return host_page.page(request, _answerable(request, pk), _door(request, pk))


@login_required
@require_POST
def host_answer(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Confirm, decline or propose; safety notes, papers, rating."""
    return host_page.answer(request, _answerable(request, pk), _door(request, pk))


@login_required
@require_safe
def host_paper(request: AuthenticatedHttpRequest, pk: int) -> HttpResponseBase:
    """A document of a visit to one's base."""
    found = get_object_or_404(VisitPaper.objects.of_visits_hosted_by(request.user), pk=pk)
    return host_page.sent(found)
