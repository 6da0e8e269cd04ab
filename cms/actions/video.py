"""Making an uploaded video playable on every phone."""

from __future__ import annotations

import datetime as dt
import io
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imageio_ffmpeg
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task
from PIL import Image
from wagtail.log_actions import log

from cms.models import AcademyImage, Video
from cms.refusals import Reason, Refused
from cms.rules import jobs as job_rules
from cms.rules.jobs import Care
from cms.rules.video import LARGEST_HEIGHT, Probe, read_probe, read_progress

SEGMENT_SECONDS = 6
#: A converter that takes longer than this is stopped.
CONVERT_SECONDS = 1500
#: How often progress is written, at most.
STEP_SECONDS = 1.0
#: So much of the preparation is converting; the rest is putting the pieces where they are served from.
CONVERTING_SHARE = 0.9
NOT_A_VIDEO = Reason("not_a_video", _("This file holds no video that can be read. Upload an MP4 file."))
CANNOT_BE_PREPARED = Reason(
    "video_cannot_be_prepared",
    _("The video could not be prepared. Save it as MP4 (H.264) and upload it again."),
)
HAS_NOT_FAILED = Reason(
    "video_has_not_failed",
    _("This video was prepared already. Upload another file to have it prepared anew."),
)


class Stopped(Exception):
    """Raised inside an attempt that no longer counts."""


def ffmpeg() -> str:
    """Path of the system's ffmpeg, or of the one that comes with the Python environment."""
    return shutil.which("ffmpeg") or str(imageio_ffmpeg.get_ffmpeg_exe())


def probe(path: Path) -> Probe:
    """Length, size and codecs of the file at ``path``.

    Raises:
        Refused: ``not_a_video``.
    """
    report = subprocess.run(
        [ffmpeg(), "-hide_banner", "-protocol_whitelist", "file", "-i", str(path)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
        check=False,
    )
    found = read_probe(report.stderr)
    if found is None:
        raise Refused(NOT_A_VIDEO)
    return found


def prepare_later(*, video: Video) -> None:
    """Have ``video`` prepared in the background once the present transaction is committed.

    An attempt that is at work on an older file finds out at its next step, and leaves nothing.
    """
    video.status, video.error = Video.Status.WAITING, ""
    video.percent, video.attempts, video.queued_at, video.seen_at = 0, 0, timezone.now(), None
    video.save(update_fields=["status", "error", "percent", "attempts", "queued_at", "seen_at"])
    _queue(video.pk)


def _queue(video_id: int) -> None:
    transaction.on_commit(lambda: async_task("cms.tasks.prepare_video", video_id, group="video"))


def retry(*, video: Video, actor: Any) -> Video:
    """Have a video whose preparation failed prepared once more; pressed twice, it is begun once.

    Raises:
        Refused: ``video_has_not_failed``.
    """
    with transaction.atomic():
        row = Video.objects.select_for_update(of=("self",)).get(pk=video.pk)
        if row.is_open:
            return row
        if row.status != Video.Status.FAILED:
            raise Refused(HAS_NOT_FAILED)
        prepare_later(video=row)
        log(row, "cms.video.retry", user=actor)
    return row


def prepare_video(*, video: Video) -> Video:
    """Package ``video`` as HLS, take its poster and note its length; a failure is kept as a sentence.

    A file that phones play as it is (H.264/AAC, at most 720 lines) is only repackaged; others are
    converted. Running it again replaces the result; while another worker is at it, nothing is done.

    Raises:
        Exception: whatever was not foreseen, after the video was noted as failed.
    """
    if not _take(video):
        return video
    try:
        with tempfile.TemporaryDirectory(prefix="academy-video-") as folder:
            _prepare(video, Path(folder))
    except Stopped:
        video.refresh_from_db()
    except Refused as refusal:
        _fail(video, refusal.sentence)
    except Exception:
        _fail(video, str(job_rules.UNEXPECTED))
        raise
    return video


@transaction.atomic
def _take(video: Video) -> bool:
    """Take the video for this worker, unless somebody is at it; what was read before is read anew."""
    Video.objects.select_for_update(of=("self",)).get(pk=video.pk)
    video.refresh_from_db()
    now = timezone.now()
    if video.status == Video.Status.TRANSCODING and not video.pulse.has_stalled(now):
        return False
    video.status, video.error, video.percent = Video.Status.TRANSCODING, "", 0
    video.attempts, video.seen_at = video.attempts + 1, now
    video.save(update_fields=["status", "error", "percent", "attempts", "seen_at"])
    return True


def _attempt(video: Video) -> QuerySet[Video]:
    """The row, as long as this attempt is the one that counts."""
    return Video.objects.filter(
        pk=video.pk,
        status=Video.Status.TRANSCODING,
        attempts=video.attempts,
        queued_at=video.queued_at,
    )


def _fail(video: Video, sentence: str) -> None:
    video.status, video.error = Video.Status.FAILED, sentence[:300]
    if not _attempt(video).update(status=video.status, error=video.error):
        video.refresh_from_db()


def _step(video: Video, share: float) -> None:
    """Note how much of the preparation is done; it is the worker's sign of life as well.

    Raises:
        Stopped: the video was taken away, got another file, or was taken over by another worker.
    """
    # All of it is said by the status.
    video.percent, video.seen_at = min(99, max(0, int(share * 100))), timezone.now()
    if not _attempt(video).update(percent=video.percent, seen_at=video.seen_at):
        raise Stopped


def tend(*, now: dt.datetime) -> int:
    """Every minute: queue again what lost its worker, or give it up; returns how many."""
    silent = now - dt.timedelta(seconds=job_rules.STALL_SECONDS)
    lost = now - dt.timedelta(seconds=job_rules.LOST_SECONDS)
    wanting = Video.objects.filter(
        Q(status=Video.Status.TRANSCODING, seen_at__lt=silent)
        | Q(status=Video.Status.TRANSCODING, seen_at=None)
        | Q(status=Video.Status.WAITING, queued_at__lt=lost)
    )
    return sum(_tend(pk, now) for pk in list(wanting.values_list("pk", flat=True)))


@transaction.atomic
def _tend(video_id: int, now: dt.datetime) -> bool:
    video = Video.objects.select_for_update(of=("self",)).filter(pk=video_id).first()
    if video is None or not video.is_open:
        return False
    care = job_rules.care_for(video.pulse, now)
    if care is Care.GIVE_UP:
        video.status, video.error = Video.Status.FAILED, str(job_rules.INTERRUPTED)[:300]
        video.save(update_fields=["status", "error"])
    elif care is Care.QUEUE:
        video.status, video.queued_at = Video.Status.WAITING, now
        video.save(update_fields=["status", "queued_at"])
        _queue(video.pk)
    return care is not Care.NOTHING


def _prepare(video: Video, folder: Path) -> None:
    source = folder / "source"
    with video.file.open("rb") as stored, source.open("wb") as local:
        shutil.copyfileobj(stored, local)
    found = probe(source)
    output = folder / "hls"
    output.mkdir()
    if found.can_be_copied:
        codecs = ["-c", "copy"]
    else:
        codecs = [
            *(
                "-vf",
                f"scale=-2:'min({LARGEST_HEIGHT},ih)'",
                "-c:v",
                "libx264",
                "-preset",
                "veryfast",
                "-crf",
                "23",
            ),
            *("-pix_fmt", "yuv420p", "-g", "48", "-c:a", "aac", "-b:a", "96k", "-ac", "2"),
        ]
    _run(
        [
            *("-i", str(source), *codecs, "-f", "hls", "-hls_time", str(SEGMENT_SECONDS)),
            *("-hls_playlist_type", "vod", "-hls_segment_filename", str(output / "part%04d.ts")),
            str(output / "index.m3u8"),
        ],
        heard=lambda second: _step(video, CONVERTING_SHARE * second / found.seconds),
    )
    poster = folder / "poster.png"
    _run(["-ss", f"{min(2.0, found.seconds / 3):.2f}", "-i", str(source), "-frames:v", "1", str(poster)])

    storage = video.file.storage
    base = f"videos/hls/{video.pk}"
    pieces = sorted(output.iterdir())
    told = time.monotonic()
    for place, path in enumerate(pieces):
        if time.monotonic() - told >= STEP_SECONDS or place == 0:
            told = time.monotonic()
            _step(video, CONVERTING_SHARE + (1 - CONVERTING_SHARE) * place / len(pieces))
        name = f"{base}/{path.name}"
        if storage.exists(name):
            storage.delete(name)
        storage.save(name, ContentFile(path.read_bytes()))
    if video.poster_id is None:
        video.poster = _picture(video, poster)
    video.playlist = f"{base}/index.m3u8"
    video.duration_seconds, video.width, video.height = found.seconds, found.width, found.height
    # Only what was found out here: the title may have been changed in the meantime.
    kept = {name: getattr(video, name) for name in ("playlist", "duration_seconds", "width", "height")}
    counted = _attempt(video).update(
        **kept, poster=video.poster, status=Video.Status.READY, error="", percent=100
    )
    if not counted:
        raise Stopped
    video.status, video.error, video.percent = Video.Status.READY, "", 100


def _picture(video: Video, path: Path) -> AcademyImage:
    content = io.BytesIO()
    with Image.open(path) as frame:
        frame.convert("RGB").save(content, "JPEG", quality=85)
    picture = AcademyImage(title=video.title, file=ImageFile(content, name=f"video-{video.pk}.jpg"))
    picture.save()
    return picture


def _run(arguments: list[str], *, heard: Callable[[float], None] | None = None) -> None:
    """Run ffmpeg; ``heard`` is told about once a second how many seconds of the film are done.

    Raises:
        Refused: ``video_cannot_be_prepared``.
        Stopped: ``heard`` did.
    """
    command = [ffmpeg(), "-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-y"]
    command += ["-progress", "pipe:1", "-protocol_whitelist", "file", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace"
    ) as converter:
        # One that hangs says nothing, so its lines cannot be waited for.
        watch = threading.Timer(CONVERT_SECONDS, converter.kill)
        watch.start()
        try:
            told = time.monotonic()
            for line in converter.stdout or ():
                second = read_progress(line)
                if second is None or heard is None or time.monotonic() - told < STEP_SECONDS:
                    continue
                told = time.monotonic()
                heard(second)
            code = converter.wait()
        except BaseException:
            converter.kill()
            raise
        finally:
            watch.cancel()
    if code != 0:
        raise Refused(CANNOT_BE_PREPARED)
