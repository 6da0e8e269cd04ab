"""Pictures from people whom nobody has checked: judged by what they hold, and drawn anew.

What is kept is never the file that came. It is opened by one of three known decoders, turned upright, shrunk
and written once more: whatever was hidden in it (places of a phone, scripts behind the picture) stays behind.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from PIL import Image, ImageOps, UnidentifiedImageError

from cms.refusals import Reason, Refused
from cms.refusals import sentence as _

#: What is opened at all; the name of a file and what a browser says of it decide nothing.
FORMATS = ("JPEG", "PNG", "WEBP")
LARGEST_BYTES = 10 * 1024 * 1024
#: A picture of so many points takes 150 MB while it is open; phones take 12 to 50 million.
MOST_POINTS = 50_000_000
#: The longer side of what is kept, in points: fine print on a photographed page can still be read.
LONGEST_SIDE = 2000
QUALITY = 85


@dataclass(frozen=True)
class Picture:
    """A JPEG of our own making, with its size in points."""

    content: bytes
    width: int
    height: int


def redraw(file: IO[bytes] | Any, *, name: str, field: str = "") -> Picture:
    """The picture in ``file`` as we keep it. ``name`` is what its owner calls it.

    Raises:
        Refused: ``picture_too_large``, ``picture_unknown`` or ``picture_too_wide``, each naming the file.
    """
    told = {"name": name[:60]}
    file.seek(0)
    raw = file.read(LARGEST_BYTES + 1)
    if len(raw) > LARGEST_BYTES:
        raise Refused(
            Reason(
                "picture_too_large",
                _("The picture “%(name)s” is larger than 10 MB; send a smaller one."),
                told,
                field,
            )
        )
    unknown = Reason(
        "picture_unknown",
        _("“%(name)s” is not a picture that can be opened; send a JPEG, PNG or WebP picture."),
        told,
        field,
    )
    try:
        with warnings.catch_warnings():
            # The library warns of large pictures and refuses enormous ones; the limit here is our own.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(BytesIO(raw), formats=FORMATS) as opened:
                if opened.width * opened.height > MOST_POINTS:
                    raise _too_wide(told, field)
                return _redrawn(opened)
    except Image.DecompressionBombError as error:
        raise _too_wide(told, field) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise Refused(unknown) from error


def _too_wide(told: dict[str, str], field: str) -> Refused:
    return Refused(
        Reason(
            "picture_too_wide",
            _("The picture “%(name)s” has more than 50 million points; send a smaller one."),
            told,
            field,
        )
    )


def _redrawn(opened: Image.Image) -> Picture:
    # A JPEG is read at no more than twice the size that is kept.
    opened.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
    upright = ImageOps.exif_transpose(opened)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    if upright.mode in ("RGBA", "LA", "P", "PA"):
        # Where it is transparent, it lies on white paper.
        pale = upright.convert("RGBA")
        paper = Image.new("RGB", pale.size, "white")
        paper.paste(pale, mask=pale.getchannel("A"))
        upright = paper
    elif upright.mode != "RGB":
        upright = upright.convert("RGB")
    target = BytesIO()
    upright.save(target, "JPEG", quality=QUALITY, optimize=True)
    return Picture(target.getvalue(), upright.width, upright.height)
