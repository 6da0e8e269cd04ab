"""Branch activities: what was recorded, and recording one with its attendees."""

from __future__ import annotations

from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from academy.portal.workbench import reports
from academy.portal.workbench.access import WorkerRequest, crumb, for_organization_workers, tabs
from academy.portal.workbench.forms import ActivityForm
from academy.portal.workbench.views.members import picked_and_found
from cms.refusals import Refused
from enrollment.actions import branch

ACTIVITIES_PER_PAGE = 20
#: Where a refusal of the action is shown in the form.
FIELD_OF = {"starts_at": "starts", "ends_at": "ends", "title": "title", "organization": "organization"}


@require_GET
@for_organization_workers
def activities(request: WorkerRequest) -> HttpResponse:
    """What was recorded, the latest first."""
    page = Paginator(reports.activities_of(request.user), ACTIVITIES_PER_PAGE).get_page(
        request.GET.get("page")
    )
    return render(
        request, "academy/workbench/activities.html", {"page": page, "tabs": tabs("workbench_activities")}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization_workers
def record(request: WorkerRequest) -> HttpResponse:
    """Record one activity; the same form sent twice records once."""
    form = ActivityForm(request.POST or None, user=request.user)
    # The picker's search button works without script: it sends the form, and nothing is recorded.
    searching = "find" in request.POST
    people = picked_and_found(request)
    if request.method == "POST" and not searching and form.is_valid():
        data = form.cleaned_data
        try:
            activity = branch.record_activity(
                organization=data["organization"],
                form=data["form"],
                title=data["title"],
                starts_at=data["starts_at"],
                ends_at=data["ends_at"],
                place=data["place"],
                attendees=people["picked"],
                submission_key=data["submission_key"],
                actor=request.user,
            )
        except Refused as refused:
            for reason in refused.reasons:
                form.add_error(FIELD_OF.get(reason.field), str(reason))
        else:
            notices.success(
                request, _("“%(title)s” was recorded; hours are posted once.") % {"title": activity.title}
            )
            return redirect("portal:workbench_activities")
    return render(
        request,
        "academy/workbench/activity_new.html",
        {
            "form": form,
            "tabs": tabs("workbench_activities"),
            "crumbs": [crumb("workbench_activities", _("Branch activities"))],
            **people,
        },
        status=422 if request.method == "POST" and not searching else 200,
    )
