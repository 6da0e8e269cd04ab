"""Videos: read, prepared, served to holders of a signed address only."""

import datetime as dt
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core import signing
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from cms import tasks
from cms.actions import video as actions
from cms.actions.video import ffmpeg, prepare_later, prepare_video, retry, tend
from cms.models import VIDEO_SALT, Video
from cms.refusals import Refused
from cms.rules import jobs as job_rules
from cms.rules.video import Probe, read_probe, read_progress

pytestmark = pytest.mark.slow

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


# --- How far it is -----------------------------------------------------------------------------------


def test_what_ffmpeg_says_of_its_progress_is_understood() -> None:
    assert read_progress("out_time=00:01:02.500000") == 62.5
    assert read_progress("out_time_us=62500000") is None
    assert read_progress("out_time=N/A") is None


@pytest.fixture
def foreign(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Video:
    """A video that has to be converted, every step of which is written."""
    path = tmp_path / "foreign.avi"
    subprocess.run(
        [
            *(ffmpeg(), "-hide_banner", "-loglevel", "error", "-f", "lavfi"),
            *("-i", "testsrc=size=640x360:rate=25:duration=40", "-c:v", "mpeg4", str(path)),
        ],
        check=True,
    )
    monkeypatch.setattr(actions, "STEP_SECONDS", 0)
    found = Video(title="要转码的视频")
    found.file.save("foreign.avi", ContentFile(path.read_bytes()))
    return found


def at_each_step(monkeypatch: pytest.MonkeyPatch, does: Callable[[int], None]) -> None:
    """Have ``does`` called with the percent before each of them is written."""
    write = actions._step

    def step(video: Video, share: float) -> None:
        does(int(share * 100))
        write(video, share)

    monkeypatch.setattr(actions, "_step", step)


def test_progress_grows_in_the_database_until_all_is_there(
    foreign: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    at_each_step(monkeypatch, lambda percent: written.append(Video.objects.get(pk=foreign.pk).percent))
    assert prepare_video(video=foreign).status == Video.Status.READY
    assert written == sorted(written)
    assert any(0 < percent < 90 for percent in written), "the converter tells on the way"
    assert 90 <= max(written) < 100
    kept = Video.objects.get(pk=foreign.pk)
    assert (kept.percent, kept.attempts, kept.error) == (100, 1, "")
    assert kept.poster is not None


def test_a_title_that_is_changed_in_the_meantime_stays(
    foreign: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_each_step(monkeypatch, lambda percent: Video.objects.filter(pk=foreign.pk).update(title="新标题"))
    prepare_video(video=foreign)
    kept = Video.objects.get(pk=foreign.pk)
    assert (kept.title, kept.status) == ("新标题", Video.Status.READY)


def test_an_attempt_at_a_file_that_was_replaced_leaves_nothing(
    foreign: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replaced(percent: int) -> None:
        if Video.objects.get(pk=foreign.pk).status == Video.Status.TRANSCODING:
            prepare_later(video=Video.objects.get(pk=foreign.pk))

    at_each_step(monkeypatch, replaced)
    prepare_video(video=foreign)
    kept = Video.objects.get(pk=foreign.pk)
    assert (kept.status, kept.percent, kept.playlist) == (Video.Status.WAITING, 0, "")


def test_a_converter_that_hangs_is_stopped(foreign: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "CONVERT_SECONDS", 0.05)
    prepare_video(video=foreign)
    kept = Video.objects.get(pk=foreign.pk)
    assert (kept.status, kept.error) == (Video.Status.FAILED, actions.CANNOT_BE_PREPARED.message)


def test_what_is_being_prepared_is_not_begun_a_second_time(video: Video) -> None:
    Video.objects.filter(pk=video.pk).update(
        status=Video.Status.TRANSCODING, percent=40, seen_at=timezone.now()
    )
    prepare_video(video=Video.objects.get(pk=video.pk))
    assert Video.objects.get(pk=video.pk).percent == 40


def test_a_task_that_is_delivered_twice_does_nothing_the_second_time(video: Video) -> None:
    assert tasks.prepare_video(video.pk) == Video.Status.READY
    assert Video.objects.get(pk=video.pk).attempts == 1


def test_what_was_not_foreseen_is_told_as_a_failure(foreign: Video, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_path: Path) -> Probe:
        raise OSError("no space left")

    monkeypatch.setattr(actions, "probe", broken)
    with pytest.raises(OSError, match="no space"):
        prepare_video(video=foreign)
    kept = Video.objects.get(pk=foreign.pk)
    assert (kept.status, kept.error) == (Video.Status.FAILED, str(job_rules.UNEXPECTED))


# --- Killed workers, and once more --------------------------------------------------------------------


def test_a_video_whose_worker_died_is_queued_again_and_given_up_in_the_end(
    video: Video, django_capture_on_commit_callbacks
) -> None:
    now = timezone.now()
    silent = now - dt.timedelta(seconds=job_rules.STALL_SECONDS + 1)
    dead = {"status": Video.Status.TRANSCODING, "seen_at": silent}
    Video.objects.filter(pk=video.pk).update(attempts=1, **dead)
    with django_capture_on_commit_callbacks() as queued:
        assert tend(now=now) == 1
    assert Video.objects.get(pk=video.pk).status == Video.Status.WAITING
    assert len(queued) == 1
    # What waits its turn, or shows signs of life, is left alone.
    assert tend(now=now) == 0
    Video.objects.filter(pk=video.pk).update(status=Video.Status.TRANSCODING, seen_at=now)
    assert tend(now=now) == 0

    Video.objects.filter(pk=video.pk).update(attempts=job_rules.MOST_ATTEMPTS, **dead)
    assert tend(now=now) == 1
    kept = Video.objects.get(pk=video.pk)
    assert (kept.status, kept.error) == (Video.Status.FAILED, str(job_rules.INTERRUPTED))


def test_a_worker_takes_over_from_a_dead_one(video: Video) -> None:
    long_ago = timezone.now() - dt.timedelta(seconds=job_rules.STALL_SECONDS + 1)
    Video.objects.filter(pk=video.pk).update(status=Video.Status.TRANSCODING, seen_at=long_ago)
    assert tasks.prepare_video(video.pk) == Video.Status.READY
    assert Video.objects.get(pk=video.pk).attempts == 2


def test_what_failed_is_tried_again_once_however_often_it_is_asked_for(
    video: Video, zhao, django_capture_on_commit_callbacks
) -> None:
    with pytest.raises(Refused, match="video_has_not_failed"):
        retry(video=video, actor=zhao)
    Video.objects.filter(pk=video.pk).update(status=Video.Status.FAILED, error="坏了", percent=40, attempts=3)
    with django_capture_on_commit_callbacks() as queued:
        retry(video=video, actor=zhao)
        retry(video=video, actor=zhao)
    kept = Video.objects.get(pk=video.pk)
    assert (kept.status, kept.error, kept.percent, kept.attempts) == (Video.Status.WAITING, "", 0, 0)
    assert ModelLogEntry.objects.filter(action="cms.video.retry", user=zhao).count() == 1
    # The queue of the tests works at once.
    [work] = queued
    work()
    assert Video.objects.get(pk=video.pk).status == Video.Status.READY


# --- In the admin ---------------------------------------------------------------------------------------


def addresses(video: Video) -> dict[str, str]:
    """The pages of a video in the admin."""
    name = "wagtailsnippets_cms_video"
    return {
        "list": reverse(f"{name}:list"),
        **{page: reverse(f"{name}:{page}", args=[video.pk]) for page in ("edit", "state", "retry")},
    }


def test_list_and_form_show_a_bar_that_asks_again(video: Video, zhao, sign_in) -> None:
    Video.objects.filter(pk=video.pk).update(
        status=Video.Status.TRANSCODING, percent=40, seen_at=timezone.now()
    )
    client, at = sign_in(user=zhao), addresses(video)
    for page in ("list", "edit", "state"):
        html = client.get(at[page]).content.decode()
        assert '<progress max="100" value="40"' in html, page
        assert f'data-again="{at["state"]}"' in html, page
    Video.objects.filter(pk=video.pk).update(status=Video.Status.READY, percent=100)
    assert "data-again" not in client.get(at["state"]).content.decode()


def test_a_failure_is_told_and_can_be_tried_again(video: Video, zhao, sign_in) -> None:
    Video.objects.filter(pk=video.pk).update(status=Video.Status.FAILED, error="请另存为 MP4。")
    client, at = sign_in(user=zhao), addresses(video)
    html = client.get(at["edit"]).content.decode()
    assert "请另存为 MP4。" in html
    assert f'formaction="{at["retry"]}"' in html
    assert client.get(at["retry"]).status_code == 405
    answer = client.post(at["retry"])
    assert answer.status_code == 302
    assert answer["Location"] == at["edit"]
    assert Video.objects.get(pk=video.pk).status == Video.Status.WAITING


def test_preparation_is_nobody_elses_business(video: Video, zhang, chen, sign_in) -> None:
    at = addresses(video)
    Video.objects.filter(pk=video.pk).update(status=Video.Status.FAILED)
    for person in (zhang, chen):
        client = sign_in(user=person)
        may = person.has_perm("cms.change_video")
        assert (client.get(at["state"]).status_code == 200) is may
        client.post(at["retry"])
        expected = Video.Status.WAITING if may else Video.Status.FAILED
        assert Video.objects.get(pk=video.pk).status == expected
        Video.objects.filter(pk=video.pk).update(status=Video.Status.FAILED)


def test_the_list_costs_the_same_for_any_number_of_videos(
    video: Video, zhao, sign_in, django_assert_num_queries
) -> None:
    client, at = sign_in(user=zhao), addresses(video)
    client.get(at["list"])
    with CaptureQueriesContext(connection) as few:
        client.get(at["list"])
    for number in range(5):
        Video.objects.create(title=f"示例{number}", file="videos/original/x.mp4")
    with django_assert_num_queries(len(few)):
        client.get(at["list"])
