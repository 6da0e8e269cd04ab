"""Site pages and media."""

from cms.models.jobs import Job, JobStatus
from cms.models.media import VIDEO_SALT, AcademyDocument, AcademyImage, AcademyRendition, Video
from cms.models.pages import HomePage, NewsIndexPage, NewsPage, StandardPage

__all__ = [
    "VIDEO_SALT",
    "AcademyDocument",
    "AcademyImage",
    "AcademyRendition",
    "HomePage",
    "Job",
    "JobStatus",
    "NewsIndexPage",
    "NewsPage",
    "StandardPage",
    "Video",
]
