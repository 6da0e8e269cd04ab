"""A trainee's own reflection of a lesson, and its pictures."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from cms.refusals import Refused
from cms.serving import send
from courses.actions import reflections
from courses.forms import ReflectionForm
from courses.models import CompletionRule, LessonProgress, Reflection, ReflectionPicture, ReflectionStatus
from courses.models.outlines import catalogue
from courses.rules.reflections import ACCEPTED
from courses.views import for_learners
from enrollment.requests import AuthenticatedHttpRequest


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_learners
def reflection(request: AuthenticatedHttpRequest, lesson_id: int) -> HttpResponse:
    """What is asked, what was handed in and answered, and the form for a first or newer version."""
    held = catalogue()
    lesson = held.lessons.get(lesson_id)
    progress = (
        LessonProgress.objects.filter(user=request.user, lesson_id=lesson_id).select_related("entry").first()
    )
    if lesson is None:
        raise Http404
    if progress is None:
        if lesson.rule != CompletionRule.REFLECT:
            raise Http404
        # The lesson's page opens it, or says why it is not open yet.
        return redirect(lesson.url)
    standing = Reflection.objects.filter(progress=progress).first()
    if progress.rule != CompletionRule.REFLECT and standing is None:
        raise Http404
    versions = (
        list(standing.versions.select_related("decided_by").prefetch_related("pictures")) if standing else []
    )
    latest = versions[0] if versions else None
    before = list(latest.pictures.all()) if latest else []
    form = None
    if standing is None or standing.status != ACCEPTED:
        if request.method == "POST":
            form = ReflectionForm(request.POST, request.FILES, before=before)
            if form.is_valid() and _handed_in(request, lesson_id, form):
                return redirect("courses:reflection", lesson_id)
        else:
            form = ReflectionForm(
                before=before,
                initial={
                    "text": latest.text if latest else "",
                    "keep": [picture.pk for picture in before],
                },
            )
    context = {
        "lesson": lesson,
        "course": held.courses[lesson.course_pk],
        "progress": progress,
        "reflection": standing,
        "latest": latest,
        "versions": versions,
        "form": form,
        "is_waiting": standing is not None and standing.status == ReflectionStatus.WAITING,
        "is_returned": standing is not None and standing.status == ReflectionStatus.RETURNED,
        "is_accepted": standing is not None and standing.status == ReflectionStatus.ACCEPTED,
    }
    refused = form is not None and form.is_bound
    return render(request, "courses/reflection.html", context, status=422 if refused else 200)


def _handed_in(request: AuthenticatedHttpRequest, lesson_id: int, form: ReflectionForm) -> bool:
    """Whether it was; where not, the form says why."""
    data = form.cleaned_data
    try:
        reflections.hand_in(
            user=request.user,
            lesson_id=lesson_id,
            text=data["text"],
            key=data["key"],
            pictures=data["pictures"],
            keep=data.get("keep", []),
        )
    except Refused as refusal:
        for reason in refusal.reasons:
            form.add_error(reason.field if reason.field in form.fields else None, str(reason))
        return False
    messages.success(request, _("Handed in. You will be told when it has been read."))
    return True


@require_safe
@login_required
def picture(request: HttpRequest, picture_id: int) -> HttpResponseBase:
    """A picture of a reflection, for its writer, the instructors of the module and administrators."""
    found = get_object_or_404(
        ReflectionPicture, pk=picture_id, reflection__in=Reflection.objects.visible_to(request.user)
    )
    response = send(request, found.file.storage, str(found.file.name), content_type="image/jpeg")
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
