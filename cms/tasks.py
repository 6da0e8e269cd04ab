"""Background work of the site."""

from django.utils import timezone

from cms.actions import jobs
from cms.actions import video as videos
from cms.models import Video


def prepare_video(video_id: int) -> str:
    """Make one uploaded video playable; returns where it stands."""
    video = Video.objects.filter(pk=video_id).first()
    if video is None:
        return "gone"
    # Delivered a second time, there is nothing left to do.
    return videos.prepare_video(video=video).status if video.is_open else video.status


def run_job(job_id: int) -> str:
    """Do work that somebody waits for; returns where it stands."""
    return jobs.run(job_id=job_id)


def tend_jobs() -> int:
    """Every minute: work (and videos) whose worker was killed goes on, or is given up."""
    now = timezone.now()
    return jobs.tend(now=now) + videos.tend(now=now)


def clear_jobs() -> int:
    """Every night: results that were kept long enough are taken away."""
    return jobs.clear(now=timezone.now())
