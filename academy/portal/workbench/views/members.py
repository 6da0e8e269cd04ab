"""Members with what they owe and have; the picker of people; the export."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.contrib import messages as notices
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from academy.jobs import LONGEST_AT_ONCE, MEMBERS, write_members
from academy.portal.background import in_background
from academy.portal.workbench import reports
from academy.portal.workbench.access import WorkerRequest, for_organization_workers, tabs
from academy.portal.workbench.forms import MemberFilter
from cms.paging import CountedSoFar
from cms.spreadsheets import attachment
from enrollment.models import Appointment, CohortCode, Trainee, User
from enrollment.models.deadlines import new_secretaries
from enrollment.requests import number_in, numbers_in
from enrollment.roster.sheets import KINDS

PEOPLE_PER_PAGE = 50
PICKED_AT_MOST = 500
FOUND_AT_MOST = 20
#: New secretaries on the first page; who is late stands first.
DEADLINES_SHOWN = 8
COHORTS = dict(CohortCode.choices)


def _chosen(request: WorkerRequest) -> tuple[MemberFilter, dict[str, Any]]:
    """The filter, and what it asks of the list of members."""
    form = MemberFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    return form, {
        "year": reports.this_year(),
        "text": wanted.get("q", ""),
        "cohort": wanted.get("cohort", ""),
        "state": wanted.get("state", ""),
        "organization": number_in(request.GET.get("organization", "")),
    }


@require_GET
@for_organization_workers
def members(request: WorkerRequest) -> HttpResponse:
    """The people of one's organizations, with requirement, earned and shortfall."""
    form, chosen = _chosen(request)
    page = CountedSoFar(reports.members_of(request.user, **chosen), PEOPLE_PER_PAGE).get_page(
        request.GET.get("page")
    )
    for person in page:
        person.cohort_name = COHORTS.get(person.cohort, "")
        person.shortfall = max(0, person.missing or 0)
        person.is_ours = _may_hand_over(request.user, person)
    roots = reports.roots_of(request.user)
    deadlines = new_secretaries(
        Appointment.objects.filter(trainee__in=reports.people_of(request.user)), timezone.localdate()
    )
    return render(
        request,
        "academy/workbench/members.html",
        {
            "form": form,
            "page": page,
            "year": reports.this_year(),
            "totals": reports.totals_of(request.user, reports.this_year()),
            "lead": "、".join(root.name for root in roots),
            "deadlines": deadlines[:DEADLINES_SHOWN],
            "more_deadlines": max(0, len(deadlines) - DEADLINES_SHOWN),
            "looked_after": roots,
            "tabs": tabs("workbench"),
            "is_long": page.paginator.count > LONGEST_AT_ONCE,
        },
    )


def _may_hand_over(user: User, person: Trainee) -> bool:
    """Whether ``user`` keeps the record: the home organization is theirs, and the person is somebody else."""
    if person.user_id == user.pk:
        return False
    return user.scope.everything or person.home_organization.path.startswith(user.scope.managed_paths)


@require_http_methods(["GET", "HEAD", "POST"])
@for_organization_workers
def export(request: WorkerRequest) -> HttpResponse:
    """The list as a roster that can be edited and sent again; the audit log keeps who took it.

    Sent as a form, and whenever the list is long, it is prepared in the background.
    """
    _form, chosen = _chosen(request)
    if request.GET.get("kind") in KINDS:
        chosen["kind"] = request.GET["kind"]
    if request.method == "POST":
        return in_background(request, MEMBERS, _("Export of members"), chosen)
    filtered = {name: value for name, value in chosen.items() if name != "kind"}
    if reports.members_of(request.user, **filtered).count() > LONGEST_AT_ONCE:
        notices.info(request, _("This list is long. Ask for it here, and it is prepared in the background."))
        return redirect(f"{reverse('portal:workbench')}?{request.GET.urlencode()}")
    target = BytesIO()
    name = write_members(target, request.user, chosen)
    return attachment(target.getvalue(), name)


@require_POST
@for_organization_workers
def picker(request: WorkerRequest) -> HttpResponse:
    """The people picked so far, and those that the search finds: a partial for htmx."""
    return render(request, "academy/workbench/_picker.html", picked_and_found(request))


def picked_and_found(request: WorkerRequest, picked: list[int] | None = None) -> dict[str, Any]:
    """What the picker shows: nothing but people whom the asker looks after, whatever ids are sent."""
    ids = picked if picked is not None else picked_ids(request)
    text = request.POST.get("search", "")[:60]
    people = reports.people_of(request.user).select_related("home_organization").order_by("name", "pk")
    chosen = list(people.filter(pk__in=ids)) if ids else []
    found: list[Trainee] = list(reports.matching(people, text).exclude(pk__in=ids)[: FOUND_AT_MOST + 1])
    return {
        "picked": chosen,
        "found": found[:FOUND_AT_MOST],
        "more": len(found) > FOUND_AT_MOST,
        "search": text,
    }


def picked_ids(request: WorkerRequest) -> list[int]:
    """The ids of a form's checked people."""
    values = request.POST.getlist("attendees")[:PICKED_AT_MOST]
    return numbers_in(values)
