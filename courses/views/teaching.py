"""For instructors and administrators: what waits for them, and their courses."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from cms.refusals import Refused
from courses.actions import reflections
from courses.forms import DecisionForm
from courses.models import Reflection, ReflectionStatus
from courses.models.access import may_teach
from courses.reports import teaching
from courses.reports.discussion import questions_waiting
from enrollment.requests import AuthenticatedHttpRequest

ROWS_PER_PAGE = 30


def _tabs(current: str) -> list[dict[str, object]]:
    return [
        {"label": label, "url": reverse(f"courses:{name}"), "current": name == current}
        for name, label in (
            ("teaching", _("My courses")),
            ("teaching_reflections", _("Reflections")),
            ("teaching_questions", _("Questions and answers")),
        )
    ]


def _teacher(request: HttpRequest) -> None:
    """To others these pages do not exist."""
    if not may_teach(request.user):
        raise Http404


@require_safe
@login_required
def courses(request: AuthenticatedHttpRequest) -> HttpResponse:
    """The courses of one's modules, with what waits in each."""
    _teacher(request)
    context = {
        "tabs": _tabs("teaching"),
        "courses": teaching.courses_taught(request.user),
        "today": timezone.localdate(),
        "edits": request.user.has_perm("wagtailadmin.access_admin"),
    }
    return render(request, "courses/teaching.html", context)


@require_safe
@login_required
def reflection_list(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Reflections that wait, or those that were answered."""
    _teacher(request)
    is_decided = request.GET.get("show") == "decided"
    found = (teaching.reflections_decided if is_decided else teaching.reflections_waiting)(request.user)
    page = Paginator(found, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"tabs": _tabs("teaching_reflections"), "page_obj": page, "is_decided": is_decided}
    return render(request, "courses/teaching_reflections.html", context)


@require_safe
@login_required
def question_list(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Questions about lessons that wait for an instructor."""
    _teacher(request)
    page = Paginator(questions_waiting(request.user), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"tabs": _tabs("teaching_questions"), "page_obj": page}
    return render(request, "courses/teaching_questions.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def reflection(request: AuthenticatedHttpRequest, pk: int) -> HttpResponse:
    """One reflection: read it, then accept it or hand it back."""
    found = teaching.reflection_to_read(request.user, pk)
    if found is None:
        raise Http404
    form = DecisionForm(request.POST or None, initial={"number": found.number})
    if request.method == "POST" and form.is_valid() and _decided(request, found, form):
        return redirect("courses:teaching_reflections")
    if form.is_bound:
        # What was decided or handed in meanwhile is shown beside the refusal.
        found = teaching.reflection_to_read(request.user, pk) or found
    versions = list(found.versions.all())
    context = {
        "reflection": found,
        "person": found.progress.user,
        "lesson": found.progress.lesson,
        "course": found.progress.course,
        "latest": versions[0],
        "earlier": versions[1:],
        "is_waiting": found.status == ReflectionStatus.WAITING,
        "form": form,
    }
    return render(request, "courses/teaching_reflection.html", context, status=422 if form.is_bound else 200)


def _decided(request: AuthenticatedHttpRequest, found: Reflection, form: DecisionForm) -> bool:
    data = form.cleaned_data
    accepts = data["decision"] == "accept"
    decide = reflections.accept if accepts else reflections.hand_back
    try:
        decide(
            reflection=found,
            number=data["number"],
            actor=request.user,
            comment=data["comment"],
        )
    except Refused as refusal:
        for reason in refusal.reasons:
            form.add_error(reason.field if reason.field in form.fields else None, str(reason))
        return False
    messages.success(request, _("Accepted; the lesson is complete.") if accepts else _("Handed back."))
    return True
