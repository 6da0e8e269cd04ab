"""Archive and copy of a class."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import FileResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from cms.actions import jobs
from cms.refusals import Refused
from enrollment.actions import archives as actions
from enrollment.actions.class_copy import copy_class
from enrollment.actions.journal import note
from enrollment.forms_classes import ArchiveFileForm, CopyForm, form_errors
from enrollment.jobs import ARCHIVE
from enrollment.models import ClassArchive, TrainingClass
from enrollment.rules import archive as rules
from enrollment.rules.archive import Change, Difference
from enrollment.views.class_access import open_for_managers


def begin_archiving(request: HttpRequest, training_class: TrainingClass) -> HttpResponse:
    """Put the archive together in the background; the page with its bar is the answer."""
    job = jobs.begin(
        kind=ARCHIVE,
        owner=request.user,
        title=_("Archive of %(class)s") % {"class": training_class.title},
        parameters={"class": training_class.pk},
    )
    return redirect(job)


@login_required
@require_http_methods(["GET", "POST"])
def class_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """The archive with its digest; a file or the records are compared with it."""
    opened = open_for_managers(request, pk)
    archive = ClassArchive.objects.filter(training_class=opened.training_class).first()
    found: list[Difference] | None = None
    what = problem = ""
    if request.method == "POST":
        do = request.POST.get("do", "")
        try:
            if do == "archive" and archive is None:
                return begin_archiving(request, opened.training_class)
            if archive is None or do not in {"file", "records"}:
                raise Http404
            if do == "records":
                what, found = _("The records of the class"), actions.verify_records(archive)
            else:
                what, found = _("The uploaded file"), _verified(request, archive)
        except Refused as refused:
            if archive is None:
                messages.error(request, refused.sentence)
                return redirect("enrollment:class_archive", pk=pk)
            problem = refused.sentence
    context = opened.context(
        "class_archive",
        archive=archive,
        file_form=ArchiveFileForm(),
        found=found,
        lines=[_sentence(difference) for difference in found or ()],
        what=what,
        problem=problem,
        is_closed=opened.training_class.status == "closed",
    )
    return render(request, "enrollment/class_archive.html", context, status=422 if problem else 200)


def _verified(request: HttpRequest, archive: ClassArchive) -> list[Difference]:
    file: Any = request.FILES.get("file")
    if file is None:
        raise Refused(rules.NOT_AN_ARCHIVE)
    if file.size > rules.MOST_UPLOADED_BYTES:
        raise Refused(rules.TOO_LARGE)
    return actions.verify_file(archive, file)


def _sentence(difference: Difference) -> str:
    sentences = {
        Change.MANIFEST: _("The list of files itself was changed: its digest is another one."),
        Change.CHANGED: _("%(path)s was changed.") % {"path": difference.path},
        Change.MISSING: _("%(path)s is missing.") % {"path": difference.path},
        Change.ADDED: _("%(path)s was added.") % {"path": difference.path},
    }
    return sentences[difference.change]


@login_required
@require_GET
def class_archive_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The archive as one file; logged, because it holds personal data."""
    opened = open_for_managers(request, pk)
    archive = get_object_or_404(ClassArchive, training_class=opened.training_class)
    if not archive.file.storage.exists(archive.file.name):
        raise Http404
    note(opened.training_class, "enrollment.class.archive_fetch", actor=request.user)
    name = _("%(class)s archive") % {"class": f"{opened.training_class.code} {opened.training_class.title}"}
    response = FileResponse(
        archive.file.open("rb"),
        as_attachment=True,
        filename=f"{name}.zip",
        content_type="application/zip",
    )
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_http_methods(["GET", "POST"])
def class_copy(request: HttpRequest, pk: int) -> HttpResponse:
    """The class once more, from another day on."""
    opened = open_for_managers(request, pk)
    if not request.user.scope.everything:
        raise Http404
    form = CopyForm(request.POST) if request.method == "POST" else CopyForm.of(opened.training_class)
    if request.method == "POST" and form.is_valid():
        try:
            copied = copy_class(source=opened.training_class, actor=request.user, **form.cleaned_data)
        except Refused as refused:
            form_errors(form, refused.reasons)
        else:
            messages.success(request, _("The class is copied as a draft, without its people."))
            if copied.dropped:
                messages.warning(
                    request,
                    _("Without a quota now, because they are dissolved: %(names)s.")
                    % {"names": "、".join(str(place) for place in copied.dropped)},
                )
            return redirect(copied.training_class)
    context = opened.context("class_copy", form=form)
    return render(request, "enrollment/class_copy.html", context, status=422 if form.errors else 200)
