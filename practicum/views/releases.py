"""The draft of the timetable for staff, and the changelog of its releases for everybody concerned."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cms.refusals import Refused
from enrollment.models import TrainingClass
from enrollment.requests import AuthenticatedHttpRequest
from practicum.actions import releases as actions
from practicum.actions.plans import plan_of, thawed
from practicum.forms_releases import DraftForm, ReasonForm, ReleaseForm
from practicum.models import ChangeKind, Session, SessionStatus, TimetableChange, TimetableRelease
from practicum.reports_releases import lines_of, releases_for

#: So many changes stand in one draft on the page; a larger one is released in parts.
MOST_DRAFTED = 200


def _staff(request: AuthenticatedHttpRequest) -> None:
    """Those who plan sessions: administrators and teachers of classes."""
    if not request.user.scope.everything and not TrainingClass.objects.filter(teacher=request.user).exists():
        raise Http404


def _crumbs(*, drafts: bool = False) -> list[dict[str, str]]:
    found = [{"label": _("Schedule"), "url": reverse("practicum:schedule")}]
    if drafts:
        found.append({"label": _("Timetable in draft"), "url": reverse("practicum:drafts")})
    return found


@login_required
def drafts(request: AuthenticatedHttpRequest) -> HttpResponse:
    """What is drafted; check it against everything that is taken, and release it."""
    _staff(request)
    rows = (
        TimetableChange.objects.manageable_by(request.user).drafted().select_related("session", "drafted_by")
    )
    changes = list(rows[:MOST_DRAFTED])
    form = ReleaseForm(request.POST or None)
    outlook, status = None, 200
    if request.method == "POST" and form.is_valid():
        chosen = [one for one in changes if str(one.pk) in request.POST.getlist("changes")]
        if "check" in request.POST:
            outlook = actions.preview(changes=chosen, actor=request.user)
        else:
            try:
                made = actions.release(
                    changes=chosen,
                    note_given=form.cleaned_data["note"],
                    now=timezone.now(),
                    actor=request.user,
                )
            except Refused as refused:
                for found in refused.reasons:
                    messages.error(request, str(found))
                outlook, status = actions.preview(changes=chosen, actor=request.user), 409
            else:
                messages.success(
                    request,
                    _("Release %(number)s is public; %(people)s people were told.")
                    % {"number": made.number, "people": made.people_told},
                )
                return redirect(made)
    context = {
        "lines": lines_of(changes, outlook.obstacles if outlook else None),
        "outlook": outlook,
        "chosen": request.POST.getlist("changes") if request.method == "POST" else None,
        "form": form,
        "coming": Session.objects.manageable_by(request.user)
        .unsettled()
        .filter(starts_at__gt=timezone.now())
        .select_related("training_class")[:30],
        "crumbs": _crumbs(),
    }
    return render(request, "practicum/drafts.html", context, status=status)


@login_required
def draft_new(request: AuthenticatedHttpRequest) -> HttpResponse:
    """A session into the draft."""
    _staff(request)
    form = _form(request)
    if request.method == "POST" and form.is_valid():
        actions.draft_new(plan=form.plan(), actor=request.user)
        messages.success(request, _("It is in the draft. Nobody else knows of it before the release."))
        return redirect("practicum:drafts")
    context = {"form": form, "title": _("Draft a session"), "crumbs": _crumbs(drafts=True)}
    return render(request, "practicum/draft.html", context, status=422 if form.errors else 200)


@login_required
def draft(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Change what is drafted, or discard it."""
    _staff(request)
    rows = TimetableChange.objects.manageable_by(request.user).drafted()
    change = get_object_or_404(rows.select_related("session"), pk=pk)
    form, status = None, 200
    try:
        if "discard" in request.POST:
            actions.discard(change=change, actor=request.user)
            messages.success(request, _("Taken out of the draft."))
            return redirect("practicum:drafts")
        if change.kind != ChangeKind.CANCELLED:
            form = _form(request, began=thawed(change.plan))
            if request.method == "POST" and form.is_valid():
                actions.redraft(change=change, plan=form.plan(), actor=request.user)
                messages.success(request, _("The draft was changed."))
                return redirect("practicum:drafts")
            status = 422 if form.errors else 200
    except Refused as refused:
        messages.error(request, refused.sentence)
        status = 409
    context = {"form": form, "change": change, "title": str(change), "crumbs": _crumbs(drafts=True)}
    return render(request, "practicum/draft.html", context, status=status)


@login_required
def draft_session(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """Draft another time or place of a public session, or its end; it stays as it is until the release."""
    rows = Session.objects.with_place().manageable_by(request.user).filter(status=SessionStatus.SCHEDULED)
    session = get_object_or_404(rows, pk=pk)
    form = _form(request, began=plan_of(session), use_data="cancel" not in request.POST)
    reason_form = ReasonForm(request.POST if "cancel" in request.POST else None)
    status = 200
    try:
        if "cancel" in request.POST and reason_form.is_valid():
            actions.draft_cancel(
                session=session, reason_given=reason_form.cleaned_data["reason"], actor=request.user
            )
            messages.success(request, _("Its end is in the draft; until the release it stands."))
            return redirect("practicum:drafts")
        if request.method == "POST" and "cancel" not in request.POST and form.is_valid():
            actions.draft_move(session=session, plan=form.plan(), actor=request.user)
            messages.success(request, _("The change is in the draft; until the release everything stays."))
            return redirect("practicum:drafts")
        status = 422 if request.method == "POST" else 200
    except Refused as refused:
        messages.error(request, refused.sentence)
        status = 409
    context = {
        "form": form,
        "reason_form": reason_form,
        "session": session,
        "title": session.title,
        "crumbs": _crumbs(drafts=True),
    }
    return render(request, "practicum/draft.html", context, status=status)


def _form(request: AuthenticatedHttpRequest, *, began: Any = None, use_data: bool = True) -> DraftForm:
    return DraftForm(
        request.POST if request.method == "POST" and use_data else None,
        classes=TrainingClass.objects.manageable_by(request.user).order_by("-starts_on"),
        must_have_class=not request.user.scope.everything,
        began=began,
    )


# --- Changelog --------------------------------------------------------------------------------------------


@login_required
@require_safe
def releases(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The releases that changed something of one's own; all of them for administrators."""
    page = Paginator(releases_for(request.user), 20).get_page(request.GET.get("page"))
    drafts_here = TimetableChange.objects.manageable_by(request.user).exists()
    context = {
        "page": page,
        "is_staff": request.user.scope.everything or drafts_here,
        "crumbs": _crumbs(),
    }
    return render(request, "practicum/releases.html", context)


@login_required
def release(request: AuthenticatedHttpRequest, number: int) -> HttpResponse:
    """One release: what changed for me, and for those who plan, everything; they roll it back."""
    found = get_object_or_404(releases_for(request.user), number=number)
    runs = TimetableRelease.objects.manageable_by(request.user).filter(pk=found.pk).exists()
    back = TimetableRelease.objects.filter(rolls_back=found).first()
    form, status = ReasonForm(request.POST or None), 200
    if request.method == "POST":
        if not runs:
            raise Http404
        status = 422
        if form.is_valid():
            try:
                made = actions.roll_back(
                    release=found,
                    reason_given=form.cleaned_data["reason"],
                    now=timezone.now(),
                    actor=request.user,
                )
            except Refused as refused:
                for one in refused.reasons:
                    messages.error(request, str(one))
                status = 409
            else:
                messages.success(request, _("Rolled back by release %(number)s.") % {"number": made.number})
                return redirect(made)
    changes = TimetableChange.objects.filter(release=found).select_related("session")
    mine = list(
        TimetableChange.objects.concerning(request.user).filter(release=found).values_list("pk", flat=True)
    )
    managed = set(
        TimetableChange.objects.manageable_by(request.user).filter(release=found).values_list("pk", flat=True)
    )
    lines = lines_of([one for one in changes if one.pk in managed or one.pk in mine])
    context = {
        "release": found,
        "mine": [line for line in lines if line.change.pk in mine],
        "others": [line for line in lines if line.change.pk not in mine],
        "back": back,
        "runs": runs,
        "form": form,
        "crumbs": [
            *_crumbs(),
            {"label": _("Changes of the timetable"), "url": reverse("practicum:releases")},
        ],
    }
    return render(request, "practicum/release.html", context, status=status)
