"""The files of an archive: looked into one by one, then put where pictures, documents and videos lie."""

from __future__ import annotations

import contextlib
import hashlib
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.db.models import Model
from django.db.models.fields.files import FieldFile
from PIL import Image, UnidentifiedImageError

from cms.actions.captions import check_captions
from cms.actions.video import probe
from cms.files import check
from cms.pictures import MOST_POINTS
from cms.refusals import Reason, Refused
from cms.rules.documents import Piece
from courses.rules import archives as rules
from courses.rules.archives import MANIFEST, Manifest, StoredFile, refusal

_CHUNK = 256 * 1024
#: What Pillow calls the kinds of pictures that are let in.
_FORMATS = {
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "png": "PNG",
    "gif": "GIF",
    "webp": "WEBP",
    "avif": "AVIF",
}


@contextlib.contextmanager
def opened(file: Any, name: str) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """The zip and its list, both judged; no file in it has been read yet.

    Raises:
        Refused: a reason of `courses.rules.archives`.
    """
    file.seek(0)
    try:
        package = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Refused(
            Reason("archive_is_none", rules.NO_ARCHIVE.message, {"name": name[:80]}, "file")
        ) from error
    with package:
        pieces = [
            Piece(piece.filename, piece.file_size, piece.compress_size, bool(piece.flag_bits & 1))
            for piece in package.infolist()
        ]
        reason = rules.judge_package(pieces)
        if reason is not None:
            raise Refused(reason)
        raw = b"".join(_content(package, MANIFEST, rules.LARGEST_MANIFEST))
        manifest = rules.read_manifest(raw, package.namelist())
        if isinstance(manifest, Reason):
            raise Refused(manifest)
        yield package, manifest


def _content(package: zipfile.ZipFile, path: str, most: int) -> Iterator[bytes]:
    """The bytes of one piece, never more than ``most`` whatever the directory says."""
    size = 0
    try:
        with package.open(path) as source:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > most:
                    raise Refused(refusal("archive_unsafe", piece=path))
                yield chunk
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise Refused(refusal("archive_broken", piece=path)) from error


def unpack_files(
    package: zipfile.ZipFile, manifest: Manifest, folder: Path, heard: Callable[[int, int], None]
) -> dict[str, Path]:
    """Every file of the archive in ``folder``, looked into; by its path in the archive.

    Raises:
        Refused: a file is damaged, was changed, or is not what its name says.
    """
    files = list(manifest.files())
    whole = sum(file.size for file in files)
    done = 0
    found: dict[str, Path] = {}
    for number, file in enumerate(files):
        # Names of ours: what the archive calls its files never becomes a place on the disk.
        path = folder / f"{number}.{file.path.rpartition('.')[2]}"
        digest, size = hashlib.sha256(), 0
        with path.open("wb") as local:
            for chunk in _content(package, file.path, file.size):
                digest.update(chunk)
                size += len(chunk)
                local.write(chunk)
                heard(done + size, whole)
        if size != file.size or digest.hexdigest() != file.sha256:
            raise Refused(refusal("archive_changed", piece=file.path))
        done += size
        _look_into(file, path)
        heard(done, whole)
        found[file.path] = path
    return found


def _look_into(file: StoredFile, path: Path) -> None:
    folder, _slash, _rest = file.path.partition("/")
    try:
        if folder == "images":
            _check_picture(path)
        elif folder == "videos":
            probe(path)
        elif folder == "captions":
            check_captions(path.read_bytes())
        else:
            with path.open("rb") as source:
                check(source, name=file.name)
    except Refused as refused:
        reason = refusal("archive_wrong_kind", piece=file.name, problem=refused.sentence)
        raise Refused(reason) from refused


def _check_picture(path: Path) -> None:
    wanted = _FORMATS[path.suffix[1:]]
    try:
        with warnings.catch_warnings():
            # The limit is our own.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=[wanted]) as picture:
                if picture.width * picture.height > MOST_POINTS:
                    raise Refused(refusal("archive_unsafe", piece=path.name))
                picture.verify()
    except (Image.DecompressionBombError, UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise Refused(rules.NO_PICTURE) from error


@dataclass(frozen=True)
class _Laid:
    """What was found out about one file: where it lies if it is new, and what it was held against."""

    storage: Any
    new: str
    before: str


class _Heard(File):  # type: ignore[type-arg]
    """A file that tells how much of it was taken; where telling fails it ends, and ``failure`` says why.

    Raised on the way, it would leave behind what the store has written by then, under a name nobody knows.
    """

    def __init__(self, file: IO[bytes], heard: Callable[[int], None]) -> None:
        super().__init__(file)
        self._heard = heard
        self.failure: Exception | None = None

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """The pieces of it."""
        for chunk in super().chunks(chunk_size or _CHUNK):
            yield chunk
            try:
                self._heard(len(chunk))
            except Exception as error:
                self.failure = error
                return


class Shelf:
    """Files put into the media store; those that no row names go again.

    Gigabytes are compared and copied (`lay`) before the transaction, in which other writers wait; inside of
    it only names are set (`name`).
    """

    def __init__(self, files: dict[str, Path]) -> None:
        self._files = files
        self._laid: dict[str, _Laid] = {}

    def lay(self, instance: Model, field: str, file: StoredFile, heard: Callable[[int], None]) -> None:
        """Put the file into the store, unless it is what ``field`` of ``instance`` holds."""
        definition: Any = instance._meta.get_field(field)
        stored: FieldFile = getattr(instance, field)
        new, source = "", None
        if _differs(stored, file, heard):
            with self._files[file.path].open("rb") as opened_file:
                source = _Heard(opened_file, heard)
                new = definition.storage.save(definition.generate_filename(instance, file.name), source)
        self._laid[file.path] = _Laid(definition.storage, new, str(stored.name or ""))
        if source is not None and source.failure is not None:
            raise source.failure

    def name(self, instance: Model, field: str, file: StoredFile) -> bool:
        """Name the file in ``field`` of ``instance``, which is not saved; whether it is another than before.

        Raises:
            Refused: what is there was exchanged since it was compared.
        """
        laid = self._laid[file.path]
        if str(getattr(instance, field).name or "") != laid.before:
            raise Refused(refusal("archive_at_once"))
        if laid.new:
            setattr(instance, field, laid.new)
        return bool(laid.new)

    def clear(self) -> None:
        """Take everything away that was put here."""
        for laid in self._laid.values():
            if laid.new:
                laid.storage.delete(laid.new)
        self._laid.clear()

    def picture_size(self, file: StoredFile) -> tuple[int, int]:
        """Width and height of a picture of the archive, in points."""
        with Image.open(self._files[file.path]) as picture:
            return picture.width, picture.height


def _differs(stored: FieldFile, file: StoredFile, heard: Callable[[int], None]) -> bool:
    """Whether what is stored is another file than that of the archive."""
    if not stored:
        return True
    digest = hashlib.sha256()
    try:
        with stored.storage.open(str(stored.name), "rb") as source:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                heard(0)
    except OSError:
        return True
    return digest.hexdigest() != file.sha256
