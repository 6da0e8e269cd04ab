"""For those who write courses: taking them along as one archive, and bringing an archive in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cms.actions import jobs
from cms.refusals import Refused
from courses.forms import PackForm, UnpackForm
from courses.jobs import EXPORT, IMPORT
from courses.models.access import may_teach
from enrollment.requests import AuthenticatedHttpRequest


def _writer(request: AuthenticatedHttpRequest) -> None:
    """To others these pages do not exist."""
    if not may_teach(request.user) or not request.user.has_perm("wagtailadmin.access_admin"):
        raise Http404


def _page(
    request: AuthenticatedHttpRequest, *, pack: PackForm | None = None, unpack: UnpackForm | None = None
) -> HttpResponse:
    has_problem = bool((pack and pack.errors) or (unpack and unpack.errors))
    chosen = request.GET.get("page", "")
    kind, _dash, pk = chosen.partition("-")
    module = pk if kind == "module" else ""
    context = {
        "pack": pack or PackForm(user=request.user, initial={"page": chosen}),
        "unpack": unpack or UnpackForm(user=request.user, initial={"module": module}),
    }
    return render(request, "courses/teaching_archive.html", context, status=422 if has_problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def archives(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Both forms; an archive that was sent is imported in the background."""
    _writer(request)
    if request.method != "POST":
        return _page(request)
    form = UnpackForm(request.POST, request.FILES, user=request.user)
    if form.is_valid():
        file, module = form.cleaned_data["file"], form.cleaned_data["module"]
        try:
            job = jobs.begin(
                kind=IMPORT,
                owner=request.user,
                title=_("Courses out of “%(name)s”") % {"name": file.name[:80]},
                parameters={
                    "module": module.pk if module else None,
                    "upload": jobs.keep_upload(file=file, purpose=f"archive {request.user.pk}"),
                    "name": file.name[:200],
                    "publishes": form.cleaned_data.get("publishes", False),
                },
            )
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return redirect(job)
    return _page(request, unpack=form)


@require_POST
@login_required
def export(request: AuthenticatedHttpRequest) -> HttpResponse:
    """Have a course or module packed; its page offers the file when it is done."""
    _writer(request)
    form = PackForm(request.POST, user=request.user)
    if form.is_valid():
        title = dict(pair for _group, pairs in form.fields["page"].choices for pair in pairs)[  # type: ignore[attr-defined]
            form.cleaned_data["page"]
        ]
        try:
            job = jobs.begin(
                kind=EXPORT,
                owner=request.user,
                title=_("Archive of “%(title)s”") % {"title": title},
                parameters=form.chosen,
            )
        except Refused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return redirect(job)
    return _page(request, pack=form)
