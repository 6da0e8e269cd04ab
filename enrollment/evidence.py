"""Files sent in as evidence: judged by what is in them, cleaned of what a camera adds, kept private."""

from __future__ import annotations

import hashlib
import io
import uuid
from dataclasses import dataclass
from typing import IO

from django.core.files.base import ContentFile
from PIL import Image, ImageOps, UnidentifiedImageError

from cms.refusals import Refused
from enrollment.rules import claims as rules

MAX_BYTES = 10 * 1024 * 1024
#: A picture of more pixels is a bomb, not a photograph.
MAX_PIXELS = 60_000_000
#: Longer sides gain nothing on a certificate.
LONGEST_SIDE = 3000
CONTENT_TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True)
class EvidenceFile:
    """A file as it is kept; ``digest`` is that of what was sent, so that the same file is known again."""

    kind: str
    digest: str
    content: bytes

    def stored(self) -> ContentFile:
        """The file under a name that tells nothing."""
        return ContentFile(self.content, name=f"{uuid.uuid4().hex}.{self.kind}")


def inspect(source: IO[bytes], size: int | None) -> EvidenceFile:
    """Judge what was sent and return what is kept: a PDF as it is, a picture without its hidden data.

    Raises:
        Refused: empty, larger than 10 MB, neither PDF nor JPG nor PNG by content, or unreadable.
    """
    if size is not None and size > MAX_BYTES:
        raise Refused(rules.too_large(MAX_BYTES // 1024 // 1024))
    content = source.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise Refused(rules.too_large(MAX_BYTES // 1024 // 1024))
    if not content:
        raise Refused(rules.EMPTY_FILE)
    digest = hashlib.sha256(content).hexdigest()
    if content.startswith(b"%PDF-"):
        if b"%%EOF" not in content[-2048:]:
            raise Refused(rules.BROKEN_FILE)
        return EvidenceFile("pdf", digest, content)
    if content.startswith(b"\xff\xd8\xff"):
        return EvidenceFile("jpg", digest, _cleaned(content, "JPEG"))
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return EvidenceFile("png", digest, _cleaned(content, "PNG"))
    raise Refused(rules.WRONG_FILE)


def _cleaned(content: bytes, kind: str) -> bytes:
    """The picture upright and drawn anew: no place, no device, nothing behind its end (domain §6)."""
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Refused(rules.BROKEN_FILE)
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            drawn = upright.convert(
                "RGB" if kind == "JPEG" or upright.mode not in {"RGBA", "L"} else upright.mode
            )
            target = io.BytesIO()
            Image.frombytes(drawn.mode, drawn.size, drawn.tobytes()).save(target, kind, quality=88)
            return target.getvalue()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refused(rules.BROKEN_FILE) from None
