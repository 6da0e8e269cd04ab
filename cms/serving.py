"""Sending a stored file in whole or in the part a player asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from django.core.files.storage import Storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

CHUNK_BYTES = 64 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


def send(request: HttpRequest, storage: Storage, name: str, *, content_type: str) -> HttpResponseBase:
    """The file ``name``, or the single byte range of the request's ``Range`` header (RFC 9110 §14).

    Raises:
        Http404: there is no such file.
    """
    if not storage.exists(name):
        raise Http404
    size = storage.size(name)
    asked = _RANGE.match(request.headers.get("Range", ""))
    if asked is None or (not asked[1] and not asked[2]):
        response: HttpResponseBase = FileResponse(storage.open(name, "rb"), content_type=content_type)
        response.headers["Accept-Ranges"] = "bytes"
        return response
    if asked[1]:
        first, last = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
    else:
        first, last = max(0, size - int(asked[2])), size - 1
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response = StreamingHttpResponse(
        _part(storage.open(name, "rb"), first, last - first + 1), status=206, content_type=content_type
    )
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    response.headers["Content-Length"] = str(last - first + 1)
    return response


def _part(stored: IO[Any], first: int, length: int) -> Iterator[bytes]:
    with stored:
        stored.seek(first)
        while length > 0 and (chunk := stored.read(min(CHUNK_BYTES, length))):
            length -= len(chunk)
            yield chunk
