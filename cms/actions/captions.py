"""Captions of videos: checked line by line when they come, corrected in place, every version kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import log

from cms.models import CaptionVersion, Video
from cms.refusals import Reason, Refused
from cms.rules.captions import MOST_CUES, Cue, judge, problem, read, write

CHANGED_MEANWHILE = Reason(
    "captions_changed_meanwhile",
    _("Somebody else has changed these captions since you opened them. Open them anew; yours stand below."),
)


def check_captions(raw: bytes) -> list[Cue]:
    """The captions in a file.

    Raises:
        Refused: a reason of `cms.rules.captions` that names the line.
    """
    found = read(raw)
    if isinstance(found, Reason):
        raise Refused(found)
    return found


def current(video: Video) -> tuple[int, list[Cue]]:
    """The number of the newest version (0 where none was kept yet) and its captions."""
    newest = video.caption_versions.first()
    if newest is not None:
        return newest.number, check_captions(newest.content.encode())
    if not video.captions:
        return 0, []
    with video.captions.open("rb") as file:
        return 0, check_captions(file.read())


def keep_uploaded(*, video: Video, actor: Any = None) -> CaptionVersion:
    """Keep the file that was just uploaded as the newest version."""
    with video.captions.open("rb") as file:
        content = file.read().decode("utf-8-sig")
    newest = video.caption_versions.first()
    return CaptionVersion.objects.create(
        video=video, number=(newest.number if newest else 0) + 1, content=content, made_by=actor
    )


def correct(*, video: Video, cues: Sequence[Cue], base: int, actor: Any = None) -> CaptionVersion:
    """Make ``cues`` the captions of ``video``; ``base`` is the version they were corrected from.

    They are put in the order of their times. What stood before is kept.

    Raises:
        Refused: the sentence about the first caption that is wrong (``line`` is its place from 1), or
            ``captions_changed_meanwhile``; nothing is kept.
    """
    ordered = sorted(cues, key=lambda cue: (cue.start, cue.end))
    if not ordered:
        raise Refused(problem("captions_no_cues"))
    if len(ordered) > MOST_CUES:
        raise Refused(problem("captions_too_many", line=MOST_CUES + 1, most=MOST_CUES))
    for place, cue in enumerate(ordered):
        reason = judge(replace(cue, line=place + 1), ordered[place - 1] if place else None)
        if reason is not None:
            raise Refused(replace(reason, params={**reason.params, "line": place + 1}))
    before = str(video.captions.name or "")
    try:
        with transaction.atomic():
            if base == 0 and video.captions:
                first = keep_uploaded(video=video)
                base = first.number
            version = _keep(video, base, write(ordered), actor)
    except IntegrityError as error:
        raise Refused(CHANGED_MEANWHILE) from error
    if before:
        transaction.on_commit(lambda: video.captions.storage.delete(before))
    return version


@transaction.atomic
def _keep(video: Video, base: int, content: str, actor: Any) -> CaptionVersion:
    # The number is unique: of two corrections of one version the second comes to nothing.
    version = CaptionVersion.objects.create(video=video, number=base + 1, content=content, made_by=actor)
    video.captions.save(f"captions-{video.pk}.vtt", ContentFile(content.encode()), save=False)
    video.save(update_fields=["captions"])
    log(video, "cms.captions.correct", user=actor, data={"version": version.number})
    return version


def bring_back(*, version: CaptionVersion, actor: Any = None) -> CaptionVersion:
    """Make an earlier version the newest again.

    Raises:
        Refused: ``captions_changed_meanwhile``.
    """
    video = version.video
    base, _cues = current(video)
    return correct(video=video, cues=check_captions(version.content.encode()), base=base, actor=actor)
