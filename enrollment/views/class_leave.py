"""Leave from a class: asked for by the trainee, decided by the class teacher or the academy."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cms.refusals import Refused
from enrollment.actions import class_leave as actions
from enrollment.forms_classes import ClassLeaveForm, DecisionForm, form_errors
from enrollment.models import ClassLeave, ClassLeaveStatus
from enrollment.rules.class_policy import is_for_academy
from enrollment.timetables import Lesson, lessons_of
from enrollment.views.class_access import Opened, open_for_anybody

PER_PAGE = 50


def _opened(request: HttpRequest, pk: int) -> Opened:
    opened = open_for_anybody(request, pk)
    if not opened.rights.manages and not opened.rights.is_on_roster:
        raise Http404
    return opened


def _coming(opened: Opened) -> list[Lesson]:
    """The sessions that can still be missed."""
    now = timezone.now()
    return [lesson for lesson in lessons_of(opened.training_class) if lesson.starts_at > now]


def _slips(opened: Opened) -> Any:
    rows = ClassLeave.objects.filter(enrollment__training_class=opened.training_class)
    return (
        rows.visible_to(opened.user)
        .select_related("enrollment__trainee__home_organization", "decided_by")
        .prefetch_related("parts")
    )


@login_required
@require_http_methods(["GET", "POST"])
def class_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """One's own slips with a form for the next; for the class teacher everybody's, those that wait first."""
    opened = _opened(request, pk)
    enrollment = opened.enrollment
    lessons = _coming(opened) if enrollment is not None else []
    form = ClassLeaveForm(lessons)
    if request.method == "POST":
        if enrollment is None:
            raise Http404
        form = ClassLeaveForm(lessons, request.POST)
        if form.is_valid():
            try:
                actions.ask_class_leave(enrollment=enrollment, actor=request.user, **form.cleaned_data)
            except Refused as refused:
                form_errors(form, refused.reasons)
            else:
                messages.success(request, _("Your leave was asked for; the class teacher decides."))
                return redirect("enrollment:class_leave", pk=pk)
    slips = _slips(opened)
    waiting = list(slips.filter(status=ClassLeaveStatus.REQUESTED)[:PER_PAGE])
    for slip in waiting:
        slip.is_long = is_for_academy(slip.minutes, opened.training_class.leave_teacher_hours)
    others = slips.exclude(status=ClassLeaveStatus.REQUESTED).order_by("-starts_at", "-pk")
    context = opened.context(
        "class_leave",
        form=form,
        enrollment=enrollment,
        waiting=waiting,
        page=Paginator(others, PER_PAGE).get_page(request.GET.get("page")),
    )
    return render(request, "enrollment/class_leave.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def class_leave_decide(request: HttpRequest, pk: int, leave_pk: int) -> HttpResponse:
    """The class teacher approves or refuses; the trainee takes back."""
    opened = _opened(request, pk)
    leave = get_object_or_404(_slips(opened), pk=leave_pk)
    form = DecisionForm(request.POST)
    answer = form.cleaned_data["answer"] if form.is_valid() else ""
    try:
        if "take_back" in request.POST:
            if leave.enrollment.trainee.user_id != request.user.pk:
                raise Http404
            actions.take_back_class_leave(leave=leave, actor=request.user)
            messages.success(request, _("Your leave slip was taken back."))
        else:
            actions.decide_class_leave(
                leave=leave, approve="approve" in request.POST, actor=request.user, answer=answer
            )
            messages.success(
                request, _("Decided; %(name)s is told.") % {"name": leave.enrollment.trainee.name}
            )
    except Refused as refused:
        messages.error(request, refused.sentence)
    return redirect("enrollment:class_leave", pk=pk)
