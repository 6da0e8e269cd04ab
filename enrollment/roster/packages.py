"""Opens what people send as a table: one guard for every reader, and one sentence for whatever is wrong."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from cms.refusals import Refused
from enrollment.roster import guard, messages

MAX_COLUMNS = 100
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP_MAGIC = b"PK\x03\x04"


def is_workbook(file: IO[bytes]) -> bool:
    """Whether ``file`` (seekable, binary) is a package to be opened here; otherwise it is to be read as text.

    Raises:
        Refused: it is empty, too large, or an old or encrypted workbook.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size == 0:
        raise Refused(messages.file_reason("empty"))
    if size > guard.MAX_BYTES:
        raise Refused(messages.file_reason("too_large", megabytes=guard.MAX_BYTES // 1024 // 1024))
    magic = file.read(8)
    file.seek(0)
    if magic.startswith(_OLE_MAGIC):
        raise Refused(messages.file_reason("old_or_encrypted"))
    return magic.startswith(_ZIP_MAGIC)


@contextmanager
def opened_workbook(file: IO[bytes]) -> Iterator[tuple[Any, zipfile.ZipFile]]:
    """The workbook in ``file`` and its package, checked before anything is unpacked.

    Raises:
        Refused: the package is hostile or damaged, also where that shows only while it is being read.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            guard.check_package(archive, size)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                yield book, archive
            finally:
                book.close()
    except Refused:
        raise
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        EOFError,
        OSError,
        SyntaxError,
        NotImplementedError,
        OverflowError,
    ) as error:
        # Whatever a damaged package makes the library stumble over, people hear one sentence.
        raise Refused(messages.file_reason("broken")) from error
