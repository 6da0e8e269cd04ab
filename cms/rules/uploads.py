"""Which large files may come in pieces."""

from __future__ import annotations

from cms.refusals import Reason
from cms.refusals import sentence as _
from cms.rules.documents import kind_of

GIGABYTE = 1024**3
LARGEST_BYTES = 4 * GIGABYTE
#: One piece; a proxy in front of the academy must let as much through.
PIECE_BYTES = 4 * 1024 * 1024
LARGEST_PIECE_BYTES = 2 * PIECE_BYTES
#: So many may be on their way for one person.
MOST_AT_ONCE = 5
#: What does not come to its end within so many days is taken away.
KEEP_DAYS = 7
VIDEO_KINDS = frozenset(
    {"mp4", "m4v", "mov", "mkv", "webm", "avi", "wmv", "flv", "mpg", "mpeg", "ts", "mts", "3gp"}
)

GONE = Reason("upload_gone", _("This upload does not exist any more. Choose the file again."))
NOT_WHOLE = Reason("upload_not_whole", _("The file has not arrived completely. Wait until it has."))
BUSY = Reason("upload_busy", _("Another page is sending this file at the moment."))
WRONG_PLACE = Reason("upload_wrong_place", _("This piece does not go on from where the file ends."))
TOO_MUCH = Reason("upload_too_much", _("More came than the file was said to hold."))


def judge(name: str, size: int, open_count: int) -> Reason | None:
    """Whether a video of this name and size may be sent; ``open_count`` others are on their way."""
    if kind_of(name) not in VIDEO_KINDS:
        return Reason(
            "upload_kind",
            _("“%(name)s” is no video file. Choose one that ends in .mp4, .mov, .mkv or .webm."),
            {"name": name[:80]},
        )
    if not 0 < size <= LARGEST_BYTES:
        return Reason(
            "upload_size",
            _("“%(name)s” is empty or larger than %(gigabytes)s GB. Make it smaller or divide it."),
            {"name": name[:80], "gigabytes": LARGEST_BYTES // GIGABYTE},
        )
    if open_count >= MOST_AT_ONCE:
        return Reason(
            "upload_too_many",
            _("%(most)s of your files are on their way already. Finish one of them first."),
            {"most": MOST_AT_ONCE},
        )
    return None
