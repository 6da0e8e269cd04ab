"""Serving pictures to all and videos to those who hold a signed address."""

from __future__ import annotations

import mimetypes
import re

from django.core import signing
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from cms.models import VIDEO_SALT, Video
from cms.serving import send

#: How long a video's address lasts: longer than a sitting, shorter than a day.
VIDEO_ADDRESS_SECONDS = 6 * 3600
#: Folders of the media root that hold only pictures shown on pages.
PUBLIC_FOLDERS = ("images/",)
_SEGMENT = re.compile(r"part\d{4}\.ts")


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
        video_id = signing.loads(token, salt=VIDEO_SALT, max_age=VIDEO_ADDRESS_SECONDS)
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
