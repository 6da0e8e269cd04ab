"""Nominations for classes in which one's organizations have a quota."""

from __future__ import annotations

from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from academy.portal.workbench import reports
from academy.portal.workbench.access import WorkerRequest, crumb, for_organization_workers, tabs
from academy.portal.workbench.forms import WithdrawForm
from cms.refusals import Refused
from enrollment.actions import classes as class_actions
from enrollment.models import ClassStatus, EnrollmentStatus
from enrollment.reports_classes import reasons_against
from enrollment.requests import number_in

CLASSES_PER_PAGE = 20
FOUND_AT_MOST = 20


@require_GET
@for_organization_workers
def classes(request: WorkerRequest) -> HttpResponse:
    """Classes with seats for these organizations."""
    page = Paginator(reports.classes_with_quota(request.user), CLASSES_PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(
        request, "academy/workbench/classes.html", {"page": page, "tabs": tabs("workbench_classes")}
    )


@require_GET
@for_organization_workers
def nominations(request: WorkerRequest, pk: int) -> HttpResponse:
    """One class: seats by organization, who was nominated, and a search for whom to nominate next."""
    training_class = get_object_or_404(reports.classes_with_quota(request.user), pk=pk)
    people = list(reports.nominated(request.user, training_class))
    text = request.GET.get("q", "")[:60].strip()
    found = []
    is_open = training_class.status == ClassStatus.NOMINATING
    if is_open and text:
        candidates = reports.matching(reports.people_of(request.user), text).exclude(
            pk__in=[enrollment.trainee_id for enrollment in people]
        )
        rows = list(candidates.select_related("home_organization").order_by("name", "pk")[:FOUND_AT_MOST])
        against = reasons_against(training_class.terms, rows)
        found = [{"person": person, "reasons": against.get(person.pk, ())} for person in rows]
    return render(
        request,
        "academy/workbench/class.html",
        {
            "training_class": training_class,
            "quotas": reports.quotas_with_seats(request.user, training_class),
            "people": people,
            "found": found,
            "q": text,
            "is_open": is_open,
            "tabs": tabs("workbench_classes"),
            "crumbs": [crumb("workbench_classes", _("Nominations"))],
        },
    )


@require_POST
@for_organization_workers
def nominate(request: WorkerRequest, pk: int) -> HttpResponse:
    """Nominate one person under the quota of their organization."""
    training_class = get_object_or_404(reports.classes_with_quota(request.user), pk=pk)
    trainee = get_object_or_404(
        reports.people_of(request.user), pk=number_in(request.POST.get("trainee", ""))
    )
    try:
        enrollment = class_actions.nominate(
            training_class=training_class, trainee=trainee, actor=request.user
        )
    except Refused as refused:
        notices.error(request, refused.sentence)
    else:
        if enrollment.status == EnrollmentStatus.WAITLISTED:
            notices.warning(
                request, _("%(name)s is on the waitlist: the quota is full.") % {"name": trainee.name}
            )
        else:
            notices.success(request, _("%(name)s has been nominated.") % {"name": trainee.name})
    return redirect("portal:workbench_class", pk=pk)


@require_POST
@for_organization_workers
def withdraw(request: WorkerRequest, pk: int, enrollment_pk: int) -> HttpResponse:
    """Take a nomination back, with the reason."""
    training_class = get_object_or_404(reports.classes_with_quota(request.user), pk=pk)
    enrollment = get_object_or_404(reports.nominated(request.user, training_class), pk=enrollment_pk)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        notices.error(request, _("Say why %(name)s is withdrawn.") % {"name": enrollment.trainee.name})
        return redirect("portal:workbench_class", pk=pk)
    try:
        class_actions.withdraw(enrollment=enrollment, actor=request.user, reason=form.cleaned_data["reason"])
    except Refused as refused:
        notices.error(request, refused.sentence)
    else:
        notices.success(request, _("%(name)s was withdrawn.") % {"name": enrollment.trainee.name})
    return redirect("portal:workbench_class", pk=pk)
