"""Background work of the site."""

from cms.actions.video import prepare_video as prepare
from cms.models import Video


def prepare_video(video_id: int) -> str:
    """Make one uploaded video playable; returns where it stands."""
    video = Video.objects.filter(pk=video_id).first()
    return prepare(video=video).status if video is not None else "gone"
