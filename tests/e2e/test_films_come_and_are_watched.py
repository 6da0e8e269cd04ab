"""陈讲师 sends a large film over a bad line; 张学员 is asked whether he is still there."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Page, expect

from cms.actions.video import ffmpeg
from cms.models import Upload, Video
from cms.rules.uploads import PIECE_BYTES
from courses.models import LessonPage, LessonProgress, StudyClock
from tests.e2e.people import PATIENCE, Door
from tests.e2e.running import Academy
from tests.e2e.words import said

#: Slow enough that there is time to cut the line (bytes a second).
SLOW = 3 * 1024 * 1024
WHOLE = 24 * 1024 * 1024


def film(folder: Path) -> Path:
    """A short film made large: what follows its end is read by nobody."""
    path = folder / "大片.mp4"
    source = "testsrc=size=160x90:rate=5:duration=2"
    command = [ffmpeg(), "-loglevel", "error", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True)
    with path.open("ab") as file:
        rest = WHOLE - path.stat().st_size
        # A box that players skip (ISO/IEC 14496-12, §8.1.2).
        file.write(rest.to_bytes(4, "big") + b"free" + bytes(rest - 8))
    return path


def came(page: Page, pieces: Path, size: int) -> int:
    """Wait until so many bytes lie on the server; returns how many there are."""
    for _moment in range(PATIENCE // 100):
        if pieces.stat().st_size >= size:
            return pieces.stat().st_size
        page.wait_for_timeout(100)
    raise AssertionError(f"{pieces.stat().st_size} of {size} bytes have come")


def test_a_large_film_arrives_over_a_line_that_breaks(
    door: Door, records: None, academy: Academy, tmp_path: Path
) -> None:
    path = film(tmp_path)
    page = door.desktop("chen")
    line = page.context.new_cdp_session(page)
    limits = {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": SLOW}
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", limits)
    page.goto("/admin/snippets/cms/video/add/")
    page.locator("#id_title").fill("断线续传的大片")
    page.locator("input[type=file][name=file]").set_input_files(path)
    expect(page.locator("[data-upload-percent]")).to_contain_text("%", timeout=PATIENCE)
    upload = Upload.objects.get(name=path.name)
    pieces = academy.folder / "media" / "uploads" / str(upload.key)
    came(page, pieces, PIECE_BYTES)

    # The line breaks and comes back: it goes on by itself.
    line.send("Network.emulateNetworkConditions", {**limits, "offline": True})
    expect(page.locator("[data-upload-words]")).to_contain_text("没有网络连接", timeout=PATIENCE)
    before = pieces.stat().st_size
    assert PIECE_BYTES <= before < WHOLE
    line.send("Network.emulateNetworkConditions", limits)
    came(page, pieces, before + PIECE_BYTES)

    # The page is loaded anew: the same file goes on from where it was.
    page.reload()
    expect(page.locator("[data-upload-words]")).to_contain_text(path.name, timeout=PATIENCE)
    kept = pieces.stat().st_size
    assert before <= kept < WHOLE
    page.locator("#id_title").fill("断线续传的大片")
    line.send("Network.emulateNetworkConditions", {**limits, "uploadThroughput": -1})
    page.locator("input[type=file][name=file]").set_input_files(path)
    expect(page.locator("[data-upload-words]")).to_contain_text("已全部到达", timeout=PATIENCE)
    assert Upload.objects.filter(name=path.name).count() == 1
    page.get_by_role("button", name=said("Save"), exact=True).first.click()
    page.wait_for_url("**/admin/snippets/cms/video/")
    video = Video.objects.get(title="断线续传的大片")
    stored = academy.folder / "media" / str(video.file.name)
    assert hashlib.sha256(stored.read_bytes()).digest() == hashlib.sha256(path.read_bytes()).digest()
    assert not Upload.objects.filter(name=path.name).exists()


def test_whoever_plays_for_long_is_asked_and_answers_with_a_key(door: Door, records: None) -> None:
    lesson = LessonPage.objects.live().filter(rule="watch").order_by("-path").first()
    assert lesson is not None
    page = door.phone("wang")
    page.goto(lesson.own_path() or "")
    page.locator("video").evaluate("film => { film.muted = true; return film.play(); }")
    progress = LessonProgress.objects.filter(user__username="wang", lesson=lesson)
    clock = StudyClock.objects.filter(user__username="wang")
    expect(page.locator("[data-presence]")).to_be_hidden()
    page.wait_for_timeout(1500)
    assert progress.exists()
    # As if it had played for long.
    assert clock.update(present_at=timezone.now() - dt.timedelta(hours=1), is_running=True) == 1
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("您还在吗", timeout=PATIENCE)
    expect(dialog.locator("[data-present]")).to_be_focused()
    assert clock.get().asked_at is not None
    with page.expect_response("**/courses/beat/**"):
        page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert clock.get().asked_at is None
    assert page.locator("video").evaluate("film => !film.paused")
