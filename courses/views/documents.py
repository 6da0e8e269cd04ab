"""For instructors: bringing what was written elsewhere."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cms.actions import jobs
from cms.refusals import Refused
from courses.forms import DocumentForm
from courses.jobs import DOCUMENT
from courses.models import CoursePage
from courses.models.access import may_teach
from enrollment.requests import AuthenticatedHttpRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def bring(request: AuthenticatedHttpRequest) -> HttpResponse:
    """A Word document becomes the draft of a lesson, in the background."""
    if not may_teach(request.user):
        raise Http404
    has_courses = CoursePage.objects.writable_by(request.user).exists()
    if request.method != "POST":
        form = DocumentForm(user=request.user, initial={"course": request.GET.get("course", "")})
        return render(request, "courses/teaching_import.html", {"form": form, "has_courses": has_courses})
    form = DocumentForm(request.POST, request.FILES, user=request.user)
    if form.is_valid():
        course, file = form.cleaned_data["course"], form.cleaned_data["file"]
        try:
            job = jobs.begin(
                kind=DOCUMENT,
                owner=request.user,
                title=_("Lesson out of “%(name)s”") % {"name": file.name[:80]},
                parameters={
                    "course": course.pk,
                    "upload": jobs.keep_upload(file=file, purpose=f"{request.user.pk} {course.pk}"),
                    "name": file.name[:200],
                },
            )
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return redirect(job)
    context = {"form": form, "has_courses": has_courses}
    return render(request, "courses/teaching_import.html", context, status=422)
