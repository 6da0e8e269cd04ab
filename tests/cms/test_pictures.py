"""Pictures of strangers: judged by what they hold, and never kept as they came."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from cms.pictures import LARGEST_BYTES, LONGEST_SIDE, redraw
from cms.refusals import Refused
from cms.sanitizing import plain_words, shown


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **options) -> io.BytesIO:
    target = io.BytesIO()
    Image.new(mode, size, "red" if mode == "RGB" else (255, 0, 0, 0)).save(target, kind, **options)
    target.seek(0)
    return target


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_three_kinds_become_a_jpeg_of_our_own(kind):
    kept = redraw(picture(kind), name="a.bin")
    with Image.open(io.BytesIO(kept.content)) as opened:
        assert (opened.format, opened.size) == ("JPEG", (40, 30))
    assert (kept.width, kept.height) == (40, 30)


def test_nothing_but_the_picture_is_kept():
    exif = Image.Exif()
    exif[0x010E] = "济南高新区"  # description
    exif[0x8825] = {1: "N", 2: (36.0, 40.0, 0.0)}  # place
    hidden = picture("JPEG", exif=exif).getvalue() + b"<script>alert(1)</script>"
    kept = redraw(io.BytesIO(hidden), name="a.jpg")
    assert b"script" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as opened:
        assert not dict(opened.getexif())


def test_a_turned_picture_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    kept = redraw(picture("JPEG", size=(40, 20), exif=exif), name="a.jpg")
    assert (kept.width, kept.height) == (20, 40)


def test_what_is_transparent_lies_on_white_paper():
    kept = redraw(picture("PNG", mode="RGBA"), name="a.png")
    with Image.open(io.BytesIO(kept.content)) as opened:
        assert opened.getpixel((5, 5)) == (255, 255, 255)


def test_a_large_one_is_shrunk():
    kept = redraw(picture("JPEG", size=(3 * LONGEST_SIDE, LONGEST_SIDE)), name="a.jpg")
    assert max(kept.width, kept.height) == LONGEST_SIDE


def png_that_says(width: int, height: int) -> io.BytesIO:
    """A picture of a hundred bytes that would open into gigabytes."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return io.BytesIO(
        b"\x89PNG\r\n\x1a\n"
        + part(b"IHDR", head)
        + part(b"IDAT", zlib.compress(b"\0" * 100))
        + part(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (io.BytesIO(b""), "picture_unknown"),
        (io.BytesIO(b"%PDF-1.7 not a picture"), "picture_unknown"),
        (io.BytesIO(b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), "picture_unknown"),
        (io.BytesIO(b"GIF89a" + b"\0" * 40), "picture_unknown"),
        (io.BytesIO(picture("JPEG").getvalue()[:200]), "picture_unknown"),
        (io.BytesIO(b"\xff\xd8" + b"\0" * (LARGEST_BYTES + 1)), "picture_too_large"),
        (png_that_says(9000, 9000), "picture_too_wide"),
        (png_that_says(60_000, 60_000), "picture_too_wide"),
    ],
)
def test_what_is_no_picture_or_too_much_is_refused_by_name(content, code):
    with pytest.raises(Refused) as refusal:
        redraw(content, name="心得.jpg")
    assert refusal.value.code == code
    assert "心得.jpg" in refusal.value.sentence


def test_words_are_kept_as_typed_and_obey_nobody():
    text = plain_words("  a < b 且 <b>粗</b>\r\n<script>alert(1)</script>\u202e\x00  ")
    assert text == "a < b 且 <b>粗</b>\n<script>alert(1)</script>"
    html = shown(text)
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "&lt;b&gt;粗" in html


def test_addresses_may_be_followed_and_others_not():
    html = shown("见 https://example.org/a 和 javascript:alert(1)")
    assert '<a href="https://example.org/a"' in html
    assert 'href="javascript' not in html
