"""Large files that come in pieces (tus 1.0): begun, continued after any interruption, taken over, cleared."""

from __future__ import annotations

import datetime as dt
import fcntl
from functools import partial
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from wagtail.log_actions import log

from cms.models import Upload
from cms.refusals import Refused
from cms.rules import uploads as rules

_CHUNK = 64 * 1024


class ArrivedFile(UploadedFile):  # type: ignore[type-arg]
    """A file that has come in pieces, in the shape in which forms know files. Storing it moves it."""

    def __init__(self, upload: Upload) -> None:
        super().__init__(upload.path.open("rb"), name=upload.name, size=upload.size)
        self.upload = upload

    def temporary_file_path(self) -> str:
        """From where a folder on this disk takes it without copying."""
        return str(self.upload.path)


def begin(*, owner: Any, name: str, size: int) -> Upload:
    """Let a file come.

    Raises:
        Refused: ``upload_kind``, ``upload_size`` or ``upload_too_many``.
    """
    reason = rules.judge(name, size, Upload.objects.visible_to(owner).count())
    if reason is not None:
        raise Refused(reason)
    upload = Upload(owner=owner, name=name[-200:], size=size)
    upload.path.parent.mkdir(parents=True, exist_ok=True)
    upload.path.touch()
    upload.save(force_insert=True)
    log(upload, "cms.upload.begin", user=owner, data={"name": upload.name, "size": size})
    return upload


def receive(*, upload: Upload, offset: int, piece: IO[bytes]) -> int:
    """Add a piece that begins at ``offset``; returns how much has come. What came stays when it breaks off.

    The file itself is held while it is written: of two pages that send the same file, one is told to wait.

    Raises:
        Refused: ``upload_gone``, ``upload_busy``, ``upload_wrong_place`` or ``upload_too_much``.
    """
    try:
        target = upload.path.open("ab")
    except FileNotFoundError as error:
        raise Refused(rules.GONE) from error
    with target:
        try:
            fcntl.flock(target, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(rules.BUSY) from error
        received = target.seek(0, 2)
        if received != offset:
            raise Refused(rules.WRONG_PLACE)
        most = min(upload.size, offset + rules.LARGEST_PIECE_BYTES)
        while chunk := piece.read(_CHUNK):
            if received + len(chunk) > most:
                raise Refused(rules.TOO_MUCH)
            target.write(chunk)
            received += len(chunk)
    return received


def arrived(*, key: str, owner: Any) -> ArrivedFile:
    """The file that has come completely.

    Raises:
        Refused: ``upload_gone`` or ``upload_not_whole``.
    """
    upload = Upload.objects.visible_to(owner).filter(key=key).first()
    if upload is None or not upload.path.exists():
        raise Refused(rules.GONE)
    if upload.received != upload.size:
        raise Refused(rules.NOT_WHOLE)
    return ArrivedFile(upload)


def take_over(key: str | None, owner: Any) -> None:
    """The file is kept elsewhere now; without a key there is nothing to do."""
    upload = Upload.objects.visible_to(owner).filter(key=key).first() if key else None
    if upload is not None:
        transaction.on_commit(partial(drop, upload=upload))


def drop(*, upload: Upload) -> None:
    """Take it away; what is gone is no error."""
    upload.path.unlink(missing_ok=True)
    upload.delete()


def clear(*, now: dt.datetime) -> int:
    """Every night: take away what nobody finished; returns how many."""
    old = list(Upload.objects.begun_before(now - dt.timedelta(days=rules.KEEP_DAYS)))
    for upload in old:
        drop(upload=upload)
    return len(old)
