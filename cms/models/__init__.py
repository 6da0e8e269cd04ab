"""Site pages and media."""

from cms.models.media import AcademyDocument, AcademyImage, AcademyRendition, Video

__all__ = ["AcademyDocument", "AcademyImage", "AcademyRendition", "Video"]
