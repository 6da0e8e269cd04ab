"""Pictures for all, videos and documents for holders of a signed address, background work for its owner."""

from __future__ import annotations

import mimetypes
import re

from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST, require_safe

from cms.actions import jobs
from cms.models import DOCUMENT_SALT, VIDEO_SALT, AcademyDocument, Job, Video
from cms.rules.jobs import KEEP_DAYS
from cms.serving import send

JOBS_PER_PAGE = 20

#: How long an address of a video or document lasts: longer than a sitting, shorter than a day.
MEDIA_ADDRESS_SECONDS = 6 * 3600
#: Documents that a browser plays itself.
_PLAYED = {"mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg", "wav": "audio/wav"}
#: Folders of the media root that hold only pictures shown on pages.
PUBLIC_FOLDERS = ("images/",)
_SEGMENT = re.compile(r"part\d{4}\.ts")
_PAGE = re.compile(r"page-(\d{4})\.webp")


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """A rendition of a picture; everything else under the media root stays closed."""
    if not name.startswith(PUBLIC_FOLDERS) or ".." in name.split("/"):
        raise Http404
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = send(request, default_storage, name, content_type=content_type)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@require_safe
def video(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """The file, the playlist, a segment or the captions of the video that ``token`` was signed for."""
    try:
        video_id = signing.loads(token, salt=VIDEO_SALT, max_age=MEDIA_ADDRESS_SECONDS)
    except signing.BadSignature as error:
        raise Http404 from error
    found = get_object_or_404(Video, pk=video_id)
    if name == "file":
        response = send(
            request,
            found.file.storage,
            str(found.file.name),
            content_type=mimetypes.guess_type(str(found.file.name))[0] or "video/mp4",
        )
    elif name == "captions.vtt" and found.captions:
        response = send(
            request, found.captions.storage, str(found.captions.name), content_type="text/vtt; charset=utf-8"
        )
    elif found.playlist and (name == "index.m3u8" or _SEGMENT.fullmatch(name)):
        stored = f"{found.playlist.rpartition('/')[0]}/{name}"
        kind = "application/vnd.apple.mpegurl" if name.endswith(".m3u8") else "video/mp2t"
        response = send(request, found.file.storage, stored, content_type=kind)
    else:
        raise Http404
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@require_safe
def document(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """The file, or the picture of a page, of the document that ``token`` was signed for."""
    try:
        document_id = signing.loads(token, salt=DOCUMENT_SALT, max_age=MEDIA_ADDRESS_SECONDS)
    except signing.BadSignature as error:
        raise Http404 from error
    found = get_object_or_404(AcademyDocument.objects.select_related("pages"), pk=document_id)
    storage, page = found.file.storage, _PAGE.fullmatch(name)
    if name in ("file", "download"):
        stored = str(found.file.name)
        kind = _PLAYED.get(found.file_extension.lower(), "application/octet-stream")
        response = send(request, storage, stored, content_type=kind)
        if name == "download" or kind == "application/octet-stream":
            # Whatever the file holds, the browser keeps it and does not run it.
            response.headers["Content-Disposition"] = str(content_disposition_header(True, found.filename))
    elif page and found.pages_or_none is not None and found.pages.is_ready:
        response = send(request, storage, f"{found.pages.folder}/{page[1]}.webp", content_type="image/webp")
    else:
        raise Http404
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


# --- Background work -------------------------------------------------------------------------------


def _own_job(request: HttpRequest, pk: int) -> Job:
    """One's own piece of work; to others it does not exist."""
    return get_object_or_404(Job.objects.visible_to(request.user).select_related("owner"), pk=pk)


@require_GET
@login_required
def job_list(request: HttpRequest) -> HttpResponse:
    """What one asked for lately: how far it is, and what came of it."""
    page = Paginator(Job.objects.visible_to(request.user), JOBS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "cms/jobs.html", {"page": page, "keep_days": KEEP_DAYS})


@require_GET
@login_required
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """One piece of work; the page may be left and found again."""
    return render(request, "cms/job.html", {"job": _own_job(request, pk), "keep_days": KEEP_DAYS})


@require_GET
@login_required
def job_status(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a piece of a page, asked for while the work goes on."""
    return render(request, "components/job.html", {"job": _own_job(request, pk)})


@require_POST
@login_required
def job_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Have it stopped."""
    stopped = jobs.cancel(job=_own_job(request, pk), actor=request.user)
    return redirect("jobs:job", pk=stopped.pk)


@require_safe
@login_required
def job_result(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file that came of it, to its owner, while they may still have it."""
    found = _own_job(request, pk)
    if not jobs.may_fetch(found) or not found.file.storage.exists(found.file.name):
        raise Http404
    jobs.note_fetched(job=found, actor=request.user)
    name = found.file_name
    response = FileResponse(
        found.file.open("rb"),
        as_attachment=True,
        filename=name,
        content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
    )
    response.headers["Cache-Control"] = "no-store"
    return response
