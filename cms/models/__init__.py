"""Site pages and media."""

from cms.models.media import VIDEO_SALT, AcademyDocument, AcademyImage, AcademyRendition, Video
from cms.models.pages import HomePage, NewsIndexPage, NewsPage, StandardPage

__all__ = [
    "VIDEO_SALT",
    "AcademyDocument",
    "AcademyImage",
    "AcademyRendition",
    "HomePage",
    "NewsIndexPage",
    "NewsPage",
    "StandardPage",
    "Video",
]
