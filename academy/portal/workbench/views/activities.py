"""Branch activities: what was recorded, and recording one with its attendees."""

from __future__ import annotations

from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from academy.portal.workbench import reports
from academy.portal.workbench.access import WorkerRequest, crumb, for_organization_workers, tabs
from academy.portal.workbench.forms import ActivityForm
from academy.portal.workbench.views.members import picked_and_found
from cms.refusals import Refused
from enrollment.actions import branch
from enrollment.models import BranchActivity
from enrollment.requests import numbers_in

ACTIVITIES_PER_PAGE = 20
#: More than this wait for nobody: the share of checks is then set too high.
MOST_WAITING = 500
#: What the page says after each verdict.
SAID = {
    "approve": gettext_lazy("Approved; the hours are posted."),
    "decline": gettext_lazy("The activity does not count."),
    "draw": gettext_lazy("Drawn for a check."),
    "passed": gettext_lazy("Checked, in order."),
    "all": gettext_lazy("The finding is recorded, and everybody's hours are reversed."),
    "some": gettext_lazy("The finding is recorded, and the hours of those who were not there are reversed."),
}
#: Where a refusal of the action is shown in the form.
FIELD_OF = {"starts_at": "starts", "ends_at": "ends", "title": "title", "organization": "organization"}


@require_GET
@for_organization_workers
def activities(request: WorkerRequest) -> HttpResponse:
    """What was recorded, the latest first; or only what waits for me."""
    listed = reports.activities_of(request.user)
    mine = BranchActivity.objects.judged_by(request.user).waiting()
    waiting = set(mine.values_list("pk", flat=True)[:MOST_WAITING])
    only_waiting = request.GET.get("state") == "waiting"
    if only_waiting:
        listed = listed.filter(pk__in=waiting)
    page = Paginator(listed, ACTIVITIES_PER_PAGE).get_page(request.GET.get("page"))
    for activity in page:
        activity.waits_for_me = activity.pk in waiting  # type: ignore[attr-defined]
    return render(
        request,
        "academy/workbench/activities.html",
        {
            "page": page,
            "waiting": len(waiting),
            "only_waiting": only_waiting,
            "tabs": tabs("workbench_activities"),
        },
    )


def _visible(request: WorkerRequest, pk: int) -> BranchActivity:
    found: BranchActivity = get_object_or_404(
        BranchActivity.objects.visible_to(request.user).select_related(
            "organization", "recorded_by", "approved_by", "checked_by"
        ),
        pk=pk,
    )
    return found


@require_GET
@for_organization_workers
def activity(request: WorkerRequest, activity_pk: int) -> HttpResponse:
    """One activity with its attendance list, and what the reader may decide about it."""
    found = _visible(request, activity_pk)
    judges = BranchActivity.objects.judged_by(request.user).filter(pk=found.pk).exists()
    return render(
        request,
        "academy/workbench/activity.html",
        {
            "activity": found,
            "attendance": reports.attendance_of(found),
            "may_decide": judges and found.approval == BranchActivity.Approval.WAITING,
            "may_check": judges and found.check_state == BranchActivity.Check.WAITING,
            "may_draw": judges and found.counts and found.check_state == BranchActivity.Check.NONE,
            "tabs": tabs("workbench_activities"),
            "crumbs": [crumb("workbench_activities", _("Branch activities"))],
        },
    )


@require_POST
@for_organization_workers
def judge(request: WorkerRequest, activity_pk: int) -> HttpResponse:
    """Approve, decline, draw or check, as the button pressed says."""
    found = _visible(request, activity_pk)
    verdict = request.POST.get("verdict", "")
    words = request.POST.get("words", "")[:500]
    try:
        if verdict in {"approve", "decline"}:
            branch.decide_activity(
                activity=found, actor=request.user, approve=verdict == "approve", reason=words
            )
        elif verdict == "draw":
            branch.draw_activity(activity=found, actor=request.user)
        elif verdict in {"passed", "all", "some"}:
            branch.check_activity(
                activity=found,
                actor=request.user,
                passed=verdict == "passed",
                findings=words,
                absent=numbers_in(request.POST.getlist("absent")) if verdict == "some" else None,
            )
    except Refused as refused:
        notices.error(request, refused.sentence)
    else:
        if verdict in SAID:
            notices.success(request, SAID[verdict])
    return redirect("portal:workbench_activity", activity_pk=found.pk)


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
            recorded = branch.record_activity(
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
            said = (
                _("“%(title)s” was recorded; hours are posted once.")
                if recorded.counts
                else _("“%(title)s” was recorded; its hours post when somebody above has approved it.")
            )
            notices.success(request, said % {"title": recorded.title})
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
