"""Site pages and media."""

from cms.models.captions import CaptionVersion
from cms.models.jobs import Job, JobStatus
from cms.models.media import (
    DOCUMENT_SALT,
    VIDEO_SALT,
    AcademyDocument,
    AcademyImage,
    AcademyRendition,
    DocumentPages,
    Video,
)
from cms.models.pages import HomePage, NewsIndexPage, NewsPage, StandardPage
from cms.models.uploads import Upload

__all__ = [
    "DOCUMENT_SALT",
    "VIDEO_SALT",
    "AcademyDocument",
    "AcademyImage",
    "AcademyRendition",
    "CaptionVersion",
    "DocumentPages",
    "HomePage",
    "Job",
    "JobStatus",
    "NewsIndexPage",
    "NewsPage",
    "StandardPage",
    "Upload",
    "Video",
]
