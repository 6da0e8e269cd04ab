"""What ffmpeg says of a file, and what is done with it."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: A phone on mobile data gains nothing from more lines than this.
LARGEST_HEIGHT = 720

_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_VIDEO = re.compile(r"Stream #\S+.*?: Video: (\w+).*?\b(\d{2,5})x(\d{2,5})\b")
_DONE = re.compile(r"out_time=(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_AUDIO = re.compile(r"Stream #\S+.*?: Audio: (\w+)")


@dataclass(frozen=True)
class Probe:
    """Length in seconds, size in pixels and codecs of a video file; no audio is an empty codec."""

    seconds: float
    width: int
    height: int
    video_codec: str
    audio_codec: str

    @property
    def can_be_copied(self) -> bool:
        """Whether every phone plays it as it is, so that only its packaging changes."""
        return (
            self.video_codec == "h264" and self.audio_codec in {"aac", ""} and self.height <= LARGEST_HEIGHT
        )


def read_probe(report: str) -> Probe | None:
    """What ``ffmpeg -i`` printed, understood; ``None`` where it holds no video."""
    duration = _DURATION.search(report)
    picture = _VIDEO.search(report)
    if duration is None or picture is None:
        return None
    hours, minutes, seconds = duration.groups()
    audio = _AUDIO.search(report)
    return Probe(
        seconds=int(hours) * 3600 + int(minutes) * 60 + float(seconds),
        width=int(picture[2]),
        height=int(picture[3]),
        video_codec=picture[1],
        audio_codec=audio[1] if audio else "",
    )


def read_progress(line: str) -> float | None:
    """The second of the film that a line of ``ffmpeg -progress`` says is done; other lines say nothing."""
    said = _DONE.match(line)
    return int(said[1]) * 3600 + int(said[2]) * 60 + float(said[3]) if said else None
