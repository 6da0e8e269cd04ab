"""The view of a guide: the organizations of one's service groups, and who needs attention there."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from academy.portal import guide as reads
from academy.portal.guide import Guided
from cms import spreadsheets
from cms.refusals import Refused
from cms.spreadsheets import Sheet
from cms.templatetags.ui import hours
from enrollment.actions.guidance import record_guidance, settle_follow_up
from enrollment.actions.journal import note
from enrollment.models import CohortCode, Guidance, GuidanceWay

PEOPLE_PER_PAGE = 50
ACTIVITIES_SHOWN = 5
GUIDANCE_SHOWN = 30


class NeedFilter(forms.Form):
    """Which organizations are shown."""

    need = forms.ChoiceField(
        label=gettext_lazy("Which organizations"),
        required=False,
        choices=[
            ("", gettext_lazy("All organizations")),
            ("any", gettext_lazy("Those that need attention")),
            ("short", gettext_lazy("Somebody is still short")),
            ("centralized", gettext_lazy("A centralized training is missing")),
            ("secretaries", gettext_lazy("A new secretary is to be trained")),
            ("nominations", gettext_lazy("Nobody is nominated")),
            ("follow_ups", gettext_lazy("A follow-up waits")),
        ],
    )


class GuidanceForm(forms.Form):
    """What a guide did in an organization, and what is to follow."""

    way = forms.ChoiceField(label=gettext_lazy("Way"), choices=GuidanceWay.choices)
    held_on = forms.DateField(
        label=gettext_lazy("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    summary = forms.CharField(
        label=gettext_lazy("What was done"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    follow_up = forms.CharField(
        label=gettext_lazy("What is to follow"),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    follow_up_by = forms.DateField(
        label=gettext_lazy("To be settled by"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    nonce = forms.CharField(widget=forms.HiddenInput, max_length=64)


NEEDS: dict[str, Callable[[Guided], Any]] = {
    "any": lambda place: place.needs_attention,
    "short": lambda place: place.short,
    "centralized": lambda place: place.without_centralized,
    "secretaries": lambda place: place.new_secretaries,
    "nominations": lambda place: place.open_classes,
    "follow_ups": lambda place: place.follow_ups,
}


def for_guides(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Only for people whose service groups look after organizations; to others the view does not exist."""

    @login_required
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.scope.guided_paths:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def _chosen(request: HttpRequest, year: int) -> tuple[NeedFilter, list[Guided], list[Guided]]:
    """The filter, all organizations, and those it leaves."""
    form = NeedFilter(request.GET)
    places = reads.guided(request.user, year)
    need = form.cleaned_data.get("need", "") if form.is_valid() else ""
    return form, places, [place for place in places if need not in NEEDS or NEEDS[need](place)]


@require_GET
@for_guides
def guide(request: HttpRequest) -> HttpResponse:
    """Every organization of one's service groups: its figures, and what is wanting."""
    year = timezone.localdate().year
    form, everything, places = _chosen(request, year)
    groups = dict.fromkeys(place.organization.service_group.name for place in everything)
    context = {
        "form": form,
        "places": places,
        "year": year,
        "lead": "、".join(groups),
        "shows_groups": len(groups) > 1,
        "total": reads.total_of(everything),
        "organizations": len(everything),
        "wanting": sum(place.needs_attention for place in everything),
        "query": request.GET.urlencode(),
    }
    return render(request, "academy/guide.html", context)


@require_GET
@for_guides
def export(request: HttpRequest) -> HttpResponse:
    """The same list as a spreadsheet; who took it is logged."""
    year = timezone.localdate().year
    _form, _everything, places = _chosen(request, year)
    heads = [
        _("Organization"),
        _("Service group"),
        _("People"),
        _("Exempt"),
        _("Reached"),
        _("Share reached (%)"),
        _("Still short"),
        _("Without centralized training"),
        _("New secretaries to be trained"),
        _("Classes without a nomination"),
        _("Branch activities"),
        _("Last contact"),
        _("Follow-ups that wait"),
    ]
    rows = [
        [
            place.organization.name,
            place.organization.service_group.name,
            place.figures.people,
            place.figures.exempt,
            place.figures.reached,
            place.figures.share,
            place.short,
            place.without_centralized,
            place.new_secretaries,
            place.open_classes,
            place.activities,
            place.last_contact,
            place.follow_ups,
        ]
        for place in places
    ]
    data = {"what": "guided_organizations", "year": year, "rows": len(rows)}
    note(request.user, "academy.export", actor=request.user, data=data)
    name = _("Guided organizations %(year)s") % {"year": year}
    return spreadsheets.attachment(
        spreadsheets.workbook(Sheet(_("Organizations"), heads, rows)), f"{name}.xlsx"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_guides
def organization(request: HttpRequest, code: str) -> HttpResponse:
    """One organization: who needs attention there, seats that wait, branch life, and what guides did."""
    year = timezone.localdate().year
    place = next((one for one in reads.guided(request.user, year) if one.organization.code == code), None)
    if place is None:
        raise Http404
    today = timezone.localdate()
    form = GuidanceForm(request.POST or None, initial={"held_on": today, "nonce": uuid.uuid4().hex})
    if request.method == "POST" and form.is_valid():
        try:
            record_guidance(organization=place.organization, guide=request.user, **form.cleaned_data)
        except Refused as refused:
            for reason in refused.reasons:
                form.add_error(reason.field if reason.field in form.fields else None, str(reason))
        else:
            messages.success(request, _("The record was saved."))
            return redirect("portal:guide_organization", code=code)
    here = [place.organization]
    people = reads.people_wanting(request.user, place.organization, year)
    page = Paginator(people, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    labels = dict(CohortCode.choices)
    context = {
        "section": "guide",
        "place": place,
        "form": form,
        "today": today,
        "guidance": reads.guidance_of(request.user, place.organization)[:GUIDANCE_SHOWN],
        "year": year,
        "page": page,
        "crumbs": [{"label": _("Guided organizations"), "url": reverse("portal:guide")}],
        "columns": [
            {"label": _("Name")},
            {"label": _("Cohort")},
            {"label": _("Hours required"), "number": True},
            {"label": _("Hours earned"), "number": True},
            {"label": _("Shortfall"), "number": True},
            {"label": _("Centralized training")},
        ],
        "rows": [
            [
                {
                    "text": standing.trainee.name,
                    "url": reverse("portal:person_explanation", args=[standing.trainee_id]),
                },
                {"text": labels.get(standing.cohort, "—")},
                {"text": hours(standing.required_quarters)},
                {"text": hours(standing.earned_quarters)},
                {"text": hours(standing.shortfall_quarters)},
                {"text": _("Missing"), "tone": "gold"}
                if standing.lacks_centralized
                else {"text": _("Held") if standing.centralized_required else "—"},
            ]
            for standing in page
        ],
        "deadlines": reads.new_secretaries_in(here),
        "unfilled": reads.unfilled(here),
        "activities": reads.activities_in(here, year).order_by("-starts_at", "-pk")[:ACTIVITIES_SHOWN],
    }
    note(
        place.organization,
        "academy.view_people",
        actor=request.user,
        data={"year": year, "shown": len(page.object_list)},
    )
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "academy/guide_organization.html", context, status=status)


@require_POST
@for_guides
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle the follow-up of a record."""
    record = get_object_or_404(
        Guidance.objects.visible_to(request.user).select_related("organization"), pk=pk
    )
    try:
        settle_follow_up(
            record=record, guide=request.user, settlement=request.POST.get("settlement", "")[:300]
        )
    except Refused as refused:
        messages.error(request, refused.sentence)
    else:
        messages.success(request, _("The follow-up is settled."))
    return redirect("portal:guide_organization", code=record.organization.code)
