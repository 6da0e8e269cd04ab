"""From a page into the background: begin the work, and show how far it is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from cms.actions import jobs
from cms.refusals import Refused


def in_background(request: HttpRequest, kind: str, title: str, parameters: dict[str, Any]) -> HttpResponse:
    """Begin work of ``kind`` for whoever asks and lead to its page; refused, to what is at work already."""
    try:
        job = jobs.begin(kind=kind, owner=request.user, title=title, parameters=parameters)
    except Refused as refused:
        messages.error(request, refused.sentence)
        return redirect("jobs:list")
    return redirect(job)
