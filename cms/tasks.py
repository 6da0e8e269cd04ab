"""Background work of the site."""

from django.core.management import call_command
from django.utils import timezone

from cms.actions import documents, jobs, planner, uploads
from cms.actions import video as videos
from cms.models import DocumentPages, Video


def prepare_video(video_id: int) -> str:
    """Make one uploaded video playable; returns where it stands."""
    video = Video.objects.filter(pk=video_id).first()
    if video is None:
        return "gone"
    # Delivered a second time, there is nothing left to do.
    return videos.prepare_video(video=video).status if video.is_open else video.status


def prepare_pages(pages_id: int) -> str:
    """Make the pages of one document; returns where it stands."""
    pages = DocumentPages.objects.filter(pk=pages_id).first()
    if pages is None:
        return "gone"
    return documents.prepare_pages(pages=pages).status if pages.is_open else pages.status


def run_job(job_id: int) -> str:
    """Do work that somebody waits for; returns where it stands."""
    return jobs.run(job_id=job_id)


def tend_jobs() -> int:
    """Every minute: work (videos and pages too) whose worker was killed goes on, or is given up."""
    now = timezone.now()
    return jobs.tend(now=now) + videos.tend(now=now) + documents.tend(now=now)


def publish_scheduled() -> None:
    """Every five minutes: pages whose time has come are published or taken away."""
    call_command("publish_scheduled")


def clear_jobs() -> int:
    """Every night: results that were kept long enough, and files that never arrived, are taken away."""
    now = timezone.now()
    return jobs.clear(now=now) + uploads.clear(now=now)


def refresh_statistics() -> bool:
    """Every night: the planner of SQLite learns how the tables have grown."""
    return planner.refresh_statistics()
