"""A large video comes in pieces, goes on after any interruption, and becomes a video when it is whole."""

from __future__ import annotations

import base64
import datetime as dt
import fcntl
import io
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms.actions import uploads
from cms.models import VIDEO_SALT, Upload, Video
from cms.refusals import Refused
from cms.rules import uploads as rules

pytestmark = pytest.mark.django_db

CONTENT = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def _own_folder(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


@pytest.fixture
def sender(client: Client, chen: Any) -> Client:
    client.force_login(chen)
    return client


def begin(client: Client, name: str = "片子.mp4", size: int = len(CONTENT)) -> Any:
    metadata = f"filename {base64.b64encode(name.encode()).decode()}"
    headers = {"Upload-Length": str(size), "Upload-Metadata": metadata, "Tus-Resumable": "1.0.0"}
    return client.post(reverse("wagtailsnippets_cms_video:begin_upload"), headers=headers)


def patch(client: Client, address: str, offset: int, piece: bytes) -> Any:
    return client.patch(
        address, piece, content_type="application/offset+octet-stream", headers={"Upload-Offset": str(offset)}
    )


def test_pieces_become_a_video(sender: Client, django_capture_on_commit_callbacks: Any) -> None:
    begun = begin(sender)
    assert begun.status_code == 201
    address = begun["Location"]
    assert patch(sender, address, 0, CONTENT[:5000])["Upload-Offset"] == "5000"
    # After a lost connection the browser asks how much has come.
    assert sender.head(address)["Upload-Offset"] == "5000"
    assert patch(sender, address, 0, CONTENT).status_code == 409
    key = str(Upload.objects.get().key)
    form = {"title": "大片", "upload": key}
    early = sender.post(reverse("wagtailsnippets_cms_video:add"), form)
    assert str(rules.NOT_WHOLE) in early.content.decode()
    assert patch(sender, address, 5000, CONTENT[5000:]).status_code == 204
    with django_capture_on_commit_callbacks():
        assert sender.post(reverse("wagtailsnippets_cms_video:add"), form).status_code == 302
    video = Video.objects.get()
    assert video.title == "大片"
    with video.file.open("rb") as file:
        assert file.read() == CONTENT
    assert video.status == Video.Status.WAITING
    assert signing.loads(video.file_url.split("/")[-2], salt=VIDEO_SALT) == video.pk


def test_what_cannot_be_a_film_or_is_too_much_is_refused_with_a_sentence(sender: Client) -> None:
    for name, size in (("x.exe", 5), ("x.mp4", 0), ("x.mp4", rules.LARGEST_BYTES + 1)):
        answer = begin(sender, name, size)
        assert answer.status_code == 400
        assert name in answer.content.decode()
    address = begin(sender, "../../x.mp4", 10)["Location"]
    assert Upload.objects.get().path.parent.name == "uploads"
    assert patch(sender, address, 0, b"x" * 11).status_code == 400
    for _number in range(rules.MOST_AT_ONCE - 1):
        begin(sender)
    assert "5" in begin(sender).content.decode()
    assert sender.delete(address).status_code == 204
    assert sender.head(address).status_code == 404


def test_of_two_pages_that_send_the_same_file_one_waits(sender: Client) -> None:
    begin(sender)
    upload = Upload.objects.get()
    with upload.path.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Refused, match="upload_busy"):
            uploads.receive(upload=upload, offset=0, piece=io.BytesIO(b"x"))
    assert uploads.receive(upload=upload, offset=0, piece=io.BytesIO(b"x")) == 1


def test_others_neither_see_nor_take_it(sender: Client, client: Client, zhao: Any, li: Any) -> None:
    address = begin(sender)["Location"]
    key = str(Upload.objects.get().key)
    client.force_login(zhao)
    assert client.head(address).status_code == 404
    answer = client.post(reverse("wagtailsnippets_cms_video:add"), {"title": "x", "upload": key})
    assert str(rules.GONE) in answer.content.decode()
    client.force_login(li)
    assert begin(client).status_code != 201


def test_what_nobody_finishes_is_taken_away(sender: Client) -> None:
    begin(sender)
    path = Upload.objects.get().path
    assert uploads.clear(now=timezone.now()) == 0
    assert uploads.clear(now=timezone.now() + dt.timedelta(days=8)) == 1
    assert not path.exists()
