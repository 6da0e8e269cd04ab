"""Lesson films: slides whose points appear one by one, a progress bar and a quiet chord. H.264 and AAC."""

from __future__ import annotations

import json
import math
import struct
import subprocess
import tempfile
import wave
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from .canvas import CATEGORY_TINTS, GOLD, INK, Canvas, Tint, blend, jpeg, rgb

_SPECS: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent.parent / "content" / "videos.json").read_text(encoding="utf-8")
)
VIDEOS: tuple[str, ...] = tuple(_SPECS)
_SIZE = (640, 360)
_FPS = 12
_TITLE_SECONDS = 4.0
_HEADING_SECONDS = 2.0
_POINT_SECONDS = 3.0
_END_SECONDS = 4.0
_SAMPLE_RATE = 22050


class Beat(NamedTuple):
    """What is on the screen for a while. Slide -1 is the title, slide `len(slides)` the end card."""

    start: float
    end: float
    slide: int
    points: int
    words: str


def _beats(key: str) -> list[Beat]:
    spec = _SPECS[key]
    beats, now = [Beat(0.0, _TITLE_SECONDS, -1, 0, f"本节内容：{spec['title']}。")], _TITLE_SECONDS
    for i, (heading, points) in enumerate(spec["slides"]):
        beats.append(Beat(now, now + _HEADING_SECONDS, i, 0, heading))
        now += _HEADING_SECONDS
        for k, point in enumerate(points, start=1):
            beats.append(Beat(now, now + _POINT_SECONDS, i, k, point))
            now += _POINT_SECONDS
    beats.append(Beat(now, now + _END_SECONDS, len(spec["slides"]), 0, "本节学习结束，请继续阅读课文。"))
    return beats


def video_seconds(key: str) -> float:
    """Length of the film in seconds, known without making it."""
    return _beats(key)[-1].end


def _card(spec: dict[str, Any], tint: Tint, kicker: str, title: str, note: str) -> Image.Image:
    c = Canvas(*_SIZE, tint.deep)  # flat: a gradient shows bands after compression
    for i in range(6):
        c.ellipse((560, 70), 40 + i * 36, outline=(*rgb(GOLD), 120 - i * 17), width=2)
    c.box((48, 112, 84, 116), fill=GOLD)
    c.text((48, 128), kicker, size=20, fill="#f2dfae", weight="bold")
    c.paragraph((47, 160), title, size=40, width=540, fill="#ffffff", weight="serif")
    c.text((48, 300), note, size=18, fill="#f3ead6")
    return c.finished()


def _slide(spec: dict[str, Any], tint: Tint, beat: Beat) -> Image.Image:
    slides = spec["slides"]
    if beat.slide < 0:
        return _card(spec, tint, "微课", spec["title"], "两新组织党建学院")
    if beat.slide >= len(slides):
        return _card(spec, tint, "小结", "学习结束", "请继续阅读课文并完成测验")
    heading, points = slides[beat.slide]
    c = Canvas(*_SIZE, "#fffdf8")
    c.box((0, 0, 640, 76), fill=tint.deep)
    c.box((0, 76, 640, 80), fill=GOLD)
    c.text((32, 38), heading, size=28, fill="#ffffff", weight="bold", anchor="lm")
    c.text((608, 38), f"{beat.slide + 1} / {len(slides)}", size=18, fill="#f2dfae", anchor="rm")
    for i, point in enumerate(points):
        y = 112 + i * 72
        shown = i < beat.points
        newest = i == beat.points - 1
        c.box(
            (32, y, 608, y + 56),
            fill=tint.pale if shown else "#f6f2ea",
            outline=tint.mid if newest else None,
            width=2 if newest else 0,
            radius=10,
        )
        c.ellipse((64, y + 28), 15, fill=tint.deep if shown else blend("#f6f2ea", tint.mid, 0.2))
        c.text((64, y + 27), str(i + 1), size=17, fill="#ffffff", weight="bold", anchor="mm")
        if shown:
            c.text((94, y + 28), point, size=24, fill=INK, anchor="lm")
    return c.finished()


def poster(key: str) -> bytes:
    """The film's first picture, 640×360 JPEG."""
    spec = _SPECS[key]
    return jpeg(_slide(spec, CATEGORY_TINTS[spec["tint"]], _beats(key)[0]))


def _write_tone(path: Path, seconds: float) -> None:
    """A soft chord that swells and fades every eight seconds; one period is made and repeated."""
    period = 8
    samples = bytearray()
    for n in range(_SAMPLE_RATE * period):
        t = n / _SAMPLE_RATE
        swell = math.sin(math.pi * t / period) ** 2
        tone = (
            math.sin(math.tau * 196 * t)
            + 0.6 * math.sin(math.tau * 294 * t)
            + 0.4 * math.sin(math.tau * 392 * t)
        )
        samples += struct.pack("<h", round(700 * swell * tone))
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_SAMPLE_RATE)
        sound.writeframes((bytes(samples) * math.ceil(seconds / period))[: round(seconds * _SAMPLE_RATE) * 2])


def lesson_video(key: str, path: Path | str, ffmpeg: str) -> float:
    """Write the film to `path` (mp4, 640×360, 12 frames a second) with the program `ffmpeg`.

    Returns its length in seconds. Raises KeyError for an unknown key and
    `subprocess.CalledProcessError`, with ffmpeg's own words in `stderr`, when ffmpeg refuses.
    """
    spec = _SPECS[key]
    tint = CATEGORY_TINTS[spec["tint"]]
    beats = _beats(key)
    seconds = beats[-1].end
    with tempfile.TemporaryDirectory() as folder:
        listing = []
        for i, beat in enumerate(beats):
            _slide(spec, tint, beat).save(Path(folder) / f"{i:02}.png", compress_level=1)
            listing += [f"file {i:02}.png", f"duration {beat.end - beat.start}"]
        # The concat reader needs the last picture once more to give it its full duration.
        listing.append(f"file {len(beats) - 1:02}.png")
        (Path(folder) / "slides.txt").write_text("\n".join(listing), encoding="ascii")
        Image.new("RGB", (640, 6), rgb(GOLD)).save(Path(folder) / "bar.png")
        _write_tone(Path(folder) / "tone.wav", seconds)
        # fmt: off
        command = [
            ffmpeg, "-hide_banner", "-loglevel", "error", "-y",
            "-f", "concat", "-i", str(Path(folder) / "slides.txt"),
            "-loop", "1", "-framerate", str(_FPS), "-i", str(Path(folder) / "bar.png"),
            "-i", str(Path(folder) / "tone.wav"),
            "-filter_complex",
            f"[0:v]fps={_FPS},format=yuv420p[s];[s][1:v]overlay=x='-w+w*t/{seconds}':y=354:shortest=0[v]",
            "-map", "[v]", "-map", "2:a", "-t", str(seconds),
            "-c:v", "libx264", "-preset", "veryfast", "-tune", "stillimage", "-crf", "26", "-g", str(_FPS * 2),
            "-profile:v", "main", "-pix_fmt", "yuv420p", "-r", str(_FPS),
            "-c:a", "aac", "-b:a", "48k", "-ar", "44100",
            "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact",
            "-movflags", "+faststart", str(path),
        ]
        # fmt: on
        subprocess.run(command, check=True, capture_output=True, text=True)
    return seconds


def _stamp(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{round((seconds - whole) * 1000):03}"


def captions(key: str) -> str:
    """The film's subtitles as WebVTT."""
    cues = [
        f"{i}\n{_stamp(beat.start)} --> {_stamp(beat.end)}\n{beat.words}"
        for i, beat in enumerate(_beats(key), start=1)
    ]
    return "WEBVTT\n\n" + "\n\n".join(cues) + "\n"
