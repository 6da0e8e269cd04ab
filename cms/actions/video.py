"""Making an uploaded video playable on every phone."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from pathlib import Path

import imageio_ffmpeg
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task
from PIL import Image

from cms.models import AcademyImage, Video
from cms.refusals import Reason, Refused
from cms.rules.video import LARGEST_HEIGHT, Probe, read_probe

SEGMENT_SECONDS = 6
#: A converter that takes longer than this is stopped.
CONVERT_SECONDS = 1500
NOT_A_VIDEO = Reason("not_a_video", _("This file holds no video that can be read. Upload an MP4 file."))
CANNOT_BE_PREPARED = Reason(
    "video_cannot_be_prepared",
    _("The video could not be prepared. Save it as MP4 (H.264) and upload it again."),
)


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
    """Have ``video`` prepared in the background once the present transaction is committed."""
    transaction.on_commit(lambda: async_task("cms.tasks.prepare_video", video.pk, group="video"))


def prepare_video(*, video: Video) -> Video:
    """Package ``video`` as HLS, take its poster and note its length; a failure is kept as a sentence.

    A file that phones play as it is (H.264/AAC, at most 720 lines) is only repackaged; others are
    converted. Running it again replaces the result.
    """
    Video.objects.filter(pk=video.pk).update(status=Video.Status.TRANSCODING, error="")
    try:
        with tempfile.TemporaryDirectory(prefix="academy-video-") as folder:
            _prepare(video, Path(folder))
    except Refused as refusal:
        video.status, video.error = Video.Status.FAILED, refusal.sentence[:300]
        video.save(update_fields=["status", "error"])
    return video


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
        ]
    )
    poster = folder / "poster.png"
    _run(["-ss", f"{min(2.0, found.seconds / 3):.2f}", "-i", str(source), "-frames:v", "1", str(poster)])

    storage = video.file.storage
    base = f"videos/hls/{video.pk}"
    for path in sorted(output.iterdir()):
        name = f"{base}/{path.name}"
        if storage.exists(name):
            storage.delete(name)
        storage.save(name, ContentFile(path.read_bytes()))
    if video.poster_id is None:
        video.poster = _picture(video, poster)
    video.playlist = f"{base}/index.m3u8"
    video.duration_seconds, video.width, video.height = found.seconds, found.width, found.height
    video.status, video.error = Video.Status.READY, ""
    video.save()


def _picture(video: Video, path: Path) -> AcademyImage:
    content = io.BytesIO()
    with Image.open(path) as frame:
        frame.convert("RGB").save(content, "JPEG", quality=85)
    picture = AcademyImage(title=video.title, file=ImageFile(content, name=f"video-{video.pk}.jpg"))
    picture.save()
    return picture


def _run(arguments: list[str]) -> None:
    try:
        done = subprocess.run(
            [ffmpeg(), "-hide_banner", "-nostdin", "-y", "-protocol_whitelist", "file", *arguments],
            capture_output=True,
            timeout=CONVERT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Refused(CANNOT_BE_PREPARED) from error
    if done.returncode != 0:
        raise Refused(CANNOT_BE_PREPARED)
