"""Captions: checked line by line, corrected in place, every version kept."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from cms.actions.captions import bring_back, correct, current
from cms.models import CaptionVersion, Video
from cms.refusals import Reason, Refused
from cms.rules.captions import MOST_CUES, Cue, read, seconds, write, written

GOOD = (
    "\ufeffWEBVTT - 第一课\r\n\r\nNOTE 说明\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\n"
    "甲\r\n00:01.000 --> 00:02.500 line:0\r\n<v 王书记>大家好\r\n第二行\r\n\r\n"
    "00:00:03.000 --> 00:00:04.000\r\n<b>请坐</b>\r\n"
)


def test_a_file_is_read_and_written_without_loss() -> None:
    cues = read(GOOD.encode())
    assert not isinstance(cues, Reason)
    first, second = cues
    assert (first.start, first.end, first.settings, first.name) == (1.0, 2.5, "line:0", "甲")
    assert first.text == "<v 王书记>大家好\n第二行"
    again = read(write(cues).encode())
    assert not isinstance(again, Reason)
    assert [(cue.start, cue.end, cue.text, cue.settings, cue.name) for cue in again] == [
        (cue.start, cue.end, cue.text, cue.settings, cue.name) for cue in (first, second)
    ]


@given(st.integers(min_value=0, max_value=100 * 3600 * 1000 - 1))
def test_times_come_back_as_they_were_written(thousandths: int) -> None:
    assert seconds(written(thousandths / 1000)) == pytest.approx(thousandths / 1000, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("Hello", "captions_no_header", None),
        ("WEBVTT\n", "captions_no_cues", None),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n", "captions_empty", 4),
        ("WEBVTT\n\n00:01,000 --> 00:02.000\nx", "captions_bad_time", 3),
        ("WEBVTT\n\n00:61.000 --> 00:99.000\nx", "captions_bad_time", 3),
        ("WEBVTT\n\n00:03.000 --> 00:02.000\nx", "captions_backwards", 3),
        ("WEBVTT\n\n00:03.000 --> 00:04.000\nx\n\n00:01.000 --> 00:02.000\ny", "captions_out_of_order", 6),
        ("WEBVTT\n\njust words", "captions_stray_text", 3),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nx\n<script>y</script>", "captions_mark", 5),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n" + "x" * 501, "captions_long", 4),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, code: str, line: int | None) -> None:
    reason = read(text.encode())
    assert isinstance(reason, Reason)
    assert (reason.code, reason.params.get("line")) == (code, line)
    if line is not None:
        assert str(line) in str(reason)


def test_other_files_are_no_captions() -> None:
    for raw in (b"\xff\xfe\0W", b"WEBVTT\n\n\0"):
        reason = read(raw)
        assert isinstance(reason, Reason)
        assert reason.code == "captions_no_text"


# --- Versions -----------------------------------------------------------------------------------------


@pytest.fixture
def film(db: None) -> Video:
    video = Video(title="示例视频", file="videos/original/x.mp4", status=Video.Status.READY)
    video.captions.save("x.vtt", ContentFile(GOOD.encode()))
    return video


def test_every_version_is_kept_and_comes_back(film: Video) -> None:
    base, cues = current(film)
    assert base == 0
    correct(video=film, cues=[cues[1], Cue(1, 2.5, "大家好！")], base=0)
    number, now = current(Video.objects.get(pk=film.pk))
    assert (number, [cue.text for cue in now]) == (2, ["大家好！", "<b>请坐</b>"])
    with film.captions.open("rb") as file:
        assert "大家好！" in file.read().decode()
    bring_back(version=film.caption_versions.get(number=1))
    number, now = current(film)
    assert (number, now[0].text) == (3, "<v 王书记>大家好\n第二行")
    assert CaptionVersion.objects.count() == 3


def test_of_two_corrections_of_one_version_the_second_is_told(film: Video) -> None:
    _base, cues = current(film)
    correct(video=film, cues=cues, base=0)
    with pytest.raises(Refused, match="captions_changed_meanwhile"):
        correct(video=film, cues=cues[:1], base=1)
    with pytest.raises(Refused, match="captions_backwards"):
        correct(video=film, cues=[cues[0], Cue(9, 8, "x")], base=2)
    assert current(film)[0] == 2


# --- In the admin -------------------------------------------------------------------------------------


@pytest.fixture
def editor(client: Client, chen: Any) -> Client:
    client.force_login(chen)
    return client


def rows(*cues: tuple[str, str, str]) -> dict[str, str]:
    return {
        f"{name}-{place}": value
        for place, cue in enumerate(cues)
        for name, value in zip(("start", "end", "text"), cue, strict=True)
    }


def test_captions_are_corrected_on_their_page(film: Video, editor: Client) -> None:
    address = reverse("wagtailsnippets_cms_video:captions", args=[film.pk])
    page = editor.get(address).content.decode()
    assert "第二行" in page
    bad = editor.post(address, {"base": 0, **rows(("00:00:01.000", "1.5", "改过的"))})
    assert bad.status_code == 422
    # What was typed stands there still.
    assert "改过的" in bad.content.decode()
    assert "1.5" in bad.content.decode()
    data = {"base": 0, **rows(("00:00:01.000", "00:00:02.000", "改过的"), ("", "", ""))}
    assert editor.post(address, data).status_code == 302
    assert [cue.text for cue in current(film)[1]] == ["改过的"]
    version = reverse("wagtailsnippets_cms_video:caption_version", args=[film.pk, 1])
    assert "第二行" in editor.get(version).content.decode()
    editor.post(version)
    assert current(film)[0] == 3


def test_an_upload_is_refused_with_the_line(editor: Client, film: Video) -> None:
    address = reverse("wagtailsnippets_cms_video:edit", args=[film.pk])
    file = SimpleUploadedFile("x.vtt", b"WEBVTT\n\n00:01.000 --> 00:00.500\nx", "text/vtt")
    answer = editor.post(address, {"title": film.title, "captions": file})
    assert "3" in answer.context["form"].errors["captions"][0]
    good = SimpleUploadedFile("x.vtt", b"WEBVTT\n\n00:01.000 --> 00:01.500\nx", "text/vtt")
    assert editor.post(address, {"title": film.title, "captions": good}).status_code == 302
    assert CaptionVersion.objects.get().number == 1


def test_others_do_not_reach_them(film: Video, client: Client, li: Any) -> None:
    client.force_login(li)
    assert client.get(reverse("wagtailsnippets_cms_video:captions", args=[film.pk])).status_code != 200


def test_as_many_captions_as_may_be_are_saved_in_place(film: Video, editor: Client) -> None:
    cues = [Cue(place, place + 1, "字") for place in range(MOST_CUES)]
    newest = correct(video=film, cues=cues, base=0).number
    address = reverse("wagtailsnippets_cms_video:captions", args=[film.pk])
    page = editor.get(address).content.decode()
    assert "settings-" not in page
    names = re.findall(r'name="((?:start|end|text|gone)-(\d+))"', page)
    values = {"start": written, "end": lambda n: written(n + 1), "text": lambda n: "改过的"}
    data = {
        name: values[name.split("-")[0]](int(place)) if int(place) < MOST_CUES else ""
        for name, place in names
        if not name.startswith("gone")
    }
    # All but one are ticked: then the form sends the most that it can.
    ticks = {f"gone-{place}": "on" for place in range(1, MOST_CUES)}
    assert editor.post(address, {"base": newest, **data}).status_code == 302
    assert len(current(film)[1]) == MOST_CUES
    assert editor.post(address, {"base": newest + 1, **data, **ticks}).status_code == 302
    assert len(current(film)[1]) == 1


def test_one_caption_more_than_may_be_read_again_is_not_kept(film: Video) -> None:
    cues = [Cue(place, place + 1, "字") for place in range(MOST_CUES + 1)]
    with pytest.raises(Refused, match="captions_too_many"):
        correct(video=film, cues=cues, base=0)
