"""Correcting captions in place: a page of them with the video beside it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.admin import messages

from cms.actions.captions import bring_back, check_captions, correct, current
from cms.models import CaptionVersion, Video
from cms.refusals import Refused
from cms.rules.captions import MOST_CUES, Cue, problem, seconds


def _entered(request: HttpRequest) -> list[dict[str, str]]:
    """The rows as they were typed; an empty row and one ticked to go are none."""
    rows = []
    for place in range(MOST_CUES + 2):
        if f"text-{place}" not in request.POST:
            break
        row = {name: request.POST.get(f"{name}-{place}", "") for name in ("start", "end", "text", "settings")}
        is_empty = not any(row[name].strip() for name in ("start", "end", "text"))
        if not is_empty and f"gone-{place}" not in request.POST:
            rows.append({**row, "text": row["text"].replace("\r\n", "\n").strip()})
    return rows


def _cues(rows: list[dict[str, str]]) -> list[Cue]:
    cues = []
    for line, row in enumerate(rows, 1):
        start, end = seconds(row["start"]), seconds(row["end"])
        if start is None or end is None:
            wrong = row["start"] if start is None else row["end"]
            raise Refused(problem("captions_bad_time", line=line, text=wrong[:40]))
        # Where a caption stands on the screen is kept as it came, and is no markup.
        cues.append(Cue(start, end, row["text"], " ".join(row["settings"].split())[:100]))
    return cues


def captions(request: HttpRequest, video: Video) -> HttpResponse:
    """The captions of ``video``, which the view set has looked up for this person; kept on POST."""
    problem_found = ""
    status = 200
    try:
        base, cues = current(video)
        rows: list[dict[str, Any]] = [
            {"start": cue.begins_at, "end": cue.ends_at, "text": cue.text, "settings": cue.settings}
            for cue in cues
        ]
    except Refused as refusal:
        base, rows, problem_found = 0, [], refusal.sentence
    if request.method == "POST":
        rows = list(_entered(request))
        try:
            base = int(request.POST.get("base") or 0)
            correct(video=video, cues=_cues(rows), base=base, actor=request.user)
        except Refused as refusal:
            problem_found, status = refusal.sentence, 422
        else:
            messages.success(request, _("The captions are corrected; the version before is kept."))
            return redirect(request.path)
    context = {
        "video": video,
        "rows": [*rows, {"start": "", "end": "", "text": "", "settings": ""}],
        "base": base,
        "problem": problem_found,
        "versions": video.caption_versions.select_related("made_by"),
        "back": reverse("wagtailsnippets_cms_video:edit", args=[video.pk]),
    }
    return render(request, "cms/admin/captions.html", context, status=status)


def version(request: HttpRequest, video: Video, number: int) -> HttpResponse:
    """One version to look at; made the newest again on POST."""
    found = get_object_or_404(CaptionVersion, video=video, number=number)
    if request.method == "POST":
        try:
            bring_back(version=found, actor=request.user)
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, _("Version %(number)s is the newest again.") % {"number": found.number})
        return redirect("wagtailsnippets_cms_video:captions", video.pk)
    context = {"video": video, "version": found, "cues": check_captions(found.content.encode())}
    return render(request, "cms/admin/caption_version.html", context)
