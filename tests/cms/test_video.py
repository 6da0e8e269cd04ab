"""Videos: read, prepared, served to holders of a signed address only."""

import subprocess
from pathlib import Path

import pytest
from django.core import signing
from django.core.files.base import ContentFile
from django.test import Client

from cms.actions.video import ffmpeg, prepare_video
from cms.models import VIDEO_SALT, Video
from cms.rules.video import Probe, read_probe

REPORT = """
  Duration: 00:01:12.48, start: 0.000000, bitrate: 301 kb/s
  Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661), yuv420p, 640x360 [SAR 1:1 DAR 16:9], 12 fps
  Stream #0:1[0x2](und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, stereo, fltp, 96 kb/s
"""


def test_a_report_is_understood() -> None:
    probe = read_probe(REPORT)
    assert probe == Probe(72.48, 640, 360, "h264", "aac")
    assert probe.can_be_copied


def test_a_file_without_video_is_no_video() -> None:
    assert read_probe("Duration: 00:01:12.48\n Stream #0:0: Audio: mp3, 44100 Hz") is None


def test_large_or_foreign_codecs_are_converted() -> None:
    assert not Probe(10, 1920, 1080, "h264", "aac").can_be_copied
    assert not Probe(10, 640, 360, "hevc", "aac").can_be_copied


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path: Path = tmp_path_factory.mktemp("video") / "clip.mp4"
    subprocess.run(
        [
            *(ffmpeg(), "-hide_banner", "-loglevel", "error", "-f", "lavfi"),
            *("-i", "testsrc=size=320x180:rate=10:duration=8", "-f", "lavfi", "-i", "sine=duration=8"),
            *("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest", str(path)),
        ],
        check=True,
    )
    return path.read_bytes()


@pytest.fixture
def video(db: None, clip: bytes) -> Video:
    found = Video(title="示例视频")
    found.file.save("clip.mp4", ContentFile(clip))
    return prepare_video(video=found)


def test_a_prepared_video_plays_from_its_signed_address(video: Video, client: Client, clip: bytes) -> None:
    assert video.status == Video.Status.READY
    assert 7 < video.duration_seconds < 9
    assert (video.width, video.height) == (320, 180)
    assert video.poster is not None

    playlist = client.get(video.playlist_url)
    text = b"".join(playlist).decode()
    assert text.startswith("#EXTM3U")
    segment = next(line for line in text.splitlines() if line.endswith(".ts"))
    answer = client.get(video.playlist_url.replace("index.m3u8", segment))
    assert answer.status_code == 200
    assert len(b"".join(answer)) > 1000
    assert b"".join(client.get(video.file_url)) == clip


def test_a_player_gets_the_part_it_asks_for(video: Video, client: Client, clip: bytes) -> None:
    answer = client.get(video.file_url, headers={"Range": "bytes=100-199"})
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes 100-199/{len(clip)}"
    assert b"".join(answer) == clip[100:200]
    tail = client.get(video.file_url, headers={"Range": "bytes=-50"})
    assert b"".join(tail) == clip[-50:]
    beyond = client.get(video.file_url, headers={"Range": f"bytes={len(clip)}-"})
    assert beyond.status_code == 416


def test_nothing_is_served_without_a_good_signature(video: Video, client: Client) -> None:
    forged = signing.dumps(video.pk, salt="another salt")
    assert client.get(f"/media/video/{forged}/file").status_code == 404
    token = signing.dumps(video.pk, salt=VIDEO_SALT)
    for name in ["..%2F..%2Fsettings", "part1.ts", "secret.txt"]:
        assert client.get(f"/media/video/{token}/{name}").status_code == 404
    for name in [video.file.name, video.playlist, "rosters/2026/01/a.xlsx", "images/../videos/x"]:
        assert client.get(f"/media/{name}").status_code == 404


def test_a_file_that_is_no_video_is_kept_with_a_sentence(db: None) -> None:
    video = Video(title="坏文件")
    video.file.save("bad.mp4", ContentFile(b"not a video at all"))
    prepare_video(video=video)
    assert video.status == Video.Status.FAILED
    assert video.error
    assert not video.is_ready
