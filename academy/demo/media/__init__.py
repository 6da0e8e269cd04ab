"""Pictures and films of the demo academy, drawn here so that nothing is copied from anywhere.

Pure functions on Pillow and ffmpeg: no Django, no network, no clock. The same arguments give the same
picture. Without a Chinese font the shapes are drawn and the words are left out.
"""

from .canvas import CATEGORY_TINTS, font_available
from .covers import base_photo, cover
from .figures import FIGURES, figure
from .videos import VIDEOS, captions, lesson_video, poster, video_seconds

__all__ = [
    "CATEGORY_TINTS",
    "FIGURES",
    "VIDEOS",
    "base_photo",
    "captions",
    "cover",
    "figure",
    "font_available",
    "lesson_video",
    "poster",
    "video_seconds",
]
