"""Background work of the site."""

from django.utils import timezone

from cms.actions import jobs
from cms.actions.video import prepare_video as prepare
from cms.models import Video


def prepare_video(video_id: int) -> str:
    """Make one uploaded video playable; returns where it stands."""
    video = Video.objects.filter(pk=video_id).first()
    return prepare(video=video).status if video is not None else "gone"


def run_job(job_id: int) -> str:
    """Do work that somebody waits for; returns where it stands."""
    return jobs.run(job_id=job_id)


def tend_jobs() -> int:
    """Every minute: work whose worker was killed goes on, or is given up."""
    return jobs.tend(now=timezone.now())


def clear_jobs() -> int:
    """Every night: results that were kept long enough are taken away."""
    return jobs.clear(now=timezone.now())
