"""Sending a large video in pieces: the server's side of tus 1.0 (https://tus.io)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from cms.actions import uploads
from cms.models import Upload
from cms.refusals import Refused
from cms.rules.uploads import BUSY, GONE, LARGEST_BYTES, WRONG_PLACE

PROTOCOL = "1.0.0"
_STATUS = {WRONG_PLACE.code: 409, BUSY.code: 423, GONE.code: 410}


def _answer(status: int, **headers: Any) -> HttpResponse:
    answer = HttpResponse(status=status)
    for name, value in {"Tus-Resumable": PROTOCOL, "Cache-Control": "no-store", **headers}.items():
        answer.headers[name.replace("_", "-")] = str(value)
    return answer


def _refusal(refused: Refused, status: int = 400) -> HttpResponse:
    answer = _answer(_STATUS.get(refused.code, status))
    answer.content = refused.sentence.encode()
    answer.headers["Content-Type"] = "text/plain; charset=utf-8"
    return answer


def _number(request: HttpRequest, header: str) -> int:
    written = request.headers.get(header, "")
    return int(written) if written.isascii() and written.isdigit() and len(written) < 16 else -1


def _name(request: HttpRequest) -> str:
    """The file's name out of ``Upload-Metadata: filename <base64>, …``."""
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _space, value = pair.strip().partition(" ")
        if key == "filename":
            try:
                return base64.b64decode(value, validate=True).decode().replace("/", "_").replace("\\", "_")
            except (binascii.Error, UnicodeDecodeError):
                return ""
    return ""


@require_http_methods(["OPTIONS", "POST"])
def begin(request: HttpRequest) -> HttpResponse:
    """Let a file come; its address is in ``Location``."""
    if request.method == "OPTIONS":
        extensions = {"Tus_Version": PROTOCOL, "Tus_Extension": "creation,termination"}
        return _answer(204, **extensions, Tus_Max_Size=LARGEST_BYTES)
    try:
        upload = uploads.begin(
            owner=request.user, name=_name(request), size=_number(request, "Upload-Length")
        )
    except Refused as refused:
        return _refusal(refused)
    return _answer(201, Location=reverse("wagtailsnippets_cms_video:upload", args=[upload.key]))


@require_http_methods(["HEAD", "PATCH", "DELETE"])
def upload(request: HttpRequest, key: str) -> HttpResponse:
    """How much has come (HEAD), one more piece (PATCH), or away with it (DELETE); one's own only."""
    found = get_object_or_404(Upload.objects.visible_to(request.user), key=key)
    if request.method == "HEAD":
        return _answer(200, Upload_Offset=found.received, Upload_Length=found.size)
    if request.method == "DELETE":
        uploads.drop(upload=found)
        return _answer(204)
    if request.content_type != "application/offset+octet-stream":
        return _answer(415)
    try:
        received = uploads.receive(upload=found, offset=_number(request, "Upload-Offset"), piece=request)  # type: ignore[arg-type]
    except Refused as refused:
        return _refusal(refused)
    except OSError:
        # The connection broke: what came is kept, and the browser asks how much that was.
        return _answer(400)
    return _answer(204, Upload_Offset=received)
