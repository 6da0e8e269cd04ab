"""Archiving a class: one file of everything, sealed by a digest that is kept with the class.

The file is put together without a lock. To seal it the class is locked, the records are made again and
compared with what was packed: an archive never says what the database did not say when it was sealed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any

from django.contrib.contenttypes.models import ContentType
from django.core.files import File
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import timezone, translation
from wagtail.models import ModelLogEntry

from cms.refusals import Refused
from cms.spreadsheets import Sheet, write
from enrollment import archiving
from enrollment.actions.classes import lock_class, transition
from enrollment.actions.journal import note
from enrollment.archiving import Section, Table
from enrollment.models import (
    ClassArchive,
    ClassNotice,
    ClassStatus,
    Enrollment,
    TrainingClass,
    User,
)
from enrollment.rules import archive as rules
from enrollment.rules.archive import Difference, Entry

#: Called between parts: how many are done, and of how many.
Step = Callable[[int, int], None]
#: Every file in the .zip bears this day, so that the same content makes the same file.
ZIP_DAY = (1980, 1, 1, 0, 0, 0)
CHUNK_BYTES = 64 * 1024
LOG = "log.json"


@dataclass
class Packed:
    """An archive that is put together and not sealed yet."""

    file: IO[bytes]
    size: int
    manifest: bytes
    sealed_at: dt.datetime


def pack(*, training_class: TrainingClass, step: Step) -> Packed:
    """Put the archive of a closed class together.

    Raises:
        Refused: the class is not closed.
    """
    if training_class.status != ClassStatus.CLOSED:
        raise Refused(rules.NOT_CLOSED)
    sealed_at = timezone.now()
    parts = archiving.sections()
    target = tempfile.TemporaryFile()  # noqa: SIM115  # closed by whoever seals it
    files: dict[str, Entry] = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:

        def add(path: str, content: bytes) -> None:
            files[path] = Entry(rules.digest(content), len(content))
            package.writestr(zipfile.ZipInfo(path, ZIP_DAY), content, zipfile.ZIP_DEFLATED)

        made: list[tuple[Section, list[Table]]] = []
        for number, section in enumerate(parts, 1):
            step(number - 1, len(parts) + 2)
            tables = section.tables(training_class)
            made.append((section, tables))
            add(archiving.record_path(section), archiving.record_of(section.code, tables))
            add(f"tables/{number:02d}-{section.code}.xlsx", _workbook(tables))
            for path, content in section.files(training_class) if section.files else ():
                add(path, content)
                # A book of certificates takes a while: each file is a sign of life.
                step(number - 1, len(parts) + 2)
        step(len(parts), len(parts) + 2)
        add(LOG, rules.canonical(list(_log(training_class, sealed_at))))
        add("index.html", _page(training_class, made, sealed_at))
        step(len(parts) + 1, len(parts) + 2)
        manifest = rules.manifest(
            code=training_class.code,
            title=training_class.title,
            sealed_at=archiving.plain(sealed_at),
            files=files,
        )
        package.writestr(zipfile.ZipInfo(rules.MANIFEST, ZIP_DAY), manifest, zipfile.ZIP_DEFLATED)
    size = target.tell()
    target.seek(0)
    return Packed(target, size, manifest, sealed_at)


def _workbook(tables: list[Table]) -> bytes:
    book = BytesIO()
    write(
        book,
        [
            Sheet(
                str(table.title),
                [column.label for column in table.columns],
                archiving.readable(table),
                widths=[20] * len(table.columns),
            )
            for table in tables
        ],
    )
    return book.getvalue()


def _page(
    training_class: TrainingClass, made: list[tuple[Section, list[Table]]], sealed_at: dt.datetime
) -> bytes:
    """Everything on one page that needs nothing but a browser."""
    parts = [
        {
            "code": section.code,
            "label": section.label,
            "tables": [
                {
                    "title": table.title,
                    "heads": [column.label for column in table.columns],
                    "rows": list(archiving.readable(table)),
                }
                for table in tables
            ],
        }
        for section, tables in made
    ]
    context = {"training_class": training_class, "parts": parts, "sealed_at": sealed_at}
    with translation.override(translation.get_language() or "zh-hans"):
        return render_to_string("enrollment/papers/class_archive.html", context).encode()


def _log(training_class: TrainingClass, until: dt.datetime) -> Iterator[dict[str, Any]]:
    """What the audit log says of the class, its people and its notice, up to the moment of sealing."""
    people = [
        str(pk)
        for pk in Enrollment.objects.filter(training_class=training_class).values_list("pk", flat=True)
    ]
    written = [
        str(pk)
        for pk in ClassNotice.objects.filter(training_class=training_class).values_list("pk", flat=True)
    ]
    types = ContentType.objects.get_for_models(TrainingClass, Enrollment, ClassNotice)
    entries = (
        ModelLogEntry.objects.filter(
            Q(content_type=types[TrainingClass], object_id=str(training_class.pk))
            | Q(content_type=types[Enrollment], object_id__in=people)
            | Q(content_type=types[ClassNotice], object_id__in=written),
            timestamp__lte=until,
        )
        .select_related("user")
        .order_by("timestamp", "pk")
    )
    for entry in entries.iterator(chunk_size=1000):
        yield {
            "at": archiving.plain(entry.timestamp),
            "by": str(entry.user) if entry.user else "",
            "action": entry.action,
            "what": entry.label,
            "data": entry.data,
        }


def seal(*, training_class: TrainingClass, packed: Packed, actor: User | None) -> ClassArchive:
    """Keep the file, and move the class to the archive with the manifest's digest.

    Raises:
        Refused: the class is not closed any more, or its records changed while the file was put together.
    """
    field: Any = ClassArchive._meta.get_field("file")
    name = field.generate_filename(None, f"{training_class.pk}-{rules.digest(packed.manifest)[:16]}.zip")
    stored = field.storage.save(name, File(packed.file))
    try:
        return _seal(training_class, packed, stored, actor)
    except BaseException:
        field.storage.delete(stored)
        raise


@transaction.atomic
def _seal(training_class: TrainingClass, packed: Packed, stored: str, actor: User | None) -> ClassArchive:
    row = lock_class(training_class)
    if row.status != ClassStatus.CLOSED:
        raise Refused(rules.NOT_CLOSED)
    said = rules.digests_in(packed.manifest)
    if rules.record_differences(said, record_digests(row)):
        raise Refused(rules.CHANGED_MEANWHILE)
    archive = ClassArchive.objects.create(
        training_class=row,
        file=stored,
        size=packed.size,
        manifest=packed.manifest.decode(),
        digest=rules.digest(packed.manifest),
        sealed_at=packed.sealed_at,
        sealed_by=actor,
    )
    note(row, "enrollment.class.archive", actor=actor, data={"digest": archive.digest})
    transition(training_class=row, to=ClassStatus.ARCHIVED, actor=actor)
    return archive


def archive_class(*, training_class: TrainingClass, actor: User | None, step: Step) -> ClassArchive:
    """Put the archive of a class together and seal it; one that is sealed already is returned.

    Raises:
        Refused: see ``pack`` and ``seal``.
    """
    known = ClassArchive.objects.filter(training_class=training_class).first()
    if known is not None:
        return known
    packed = pack(training_class=training_class, step=step)
    try:
        return seal(training_class=training_class, packed=packed, actor=actor)
    finally:
        packed.file.close()


# --- Verifying -------------------------------------------------------------------------------------


def record_digests(training_class: TrainingClass) -> dict[str, str]:
    """The digest of every record as the database has it now, by path."""
    return {path: rules.digest(content) for path, content in archiving.records_of(training_class)}


def verify_records(archive: ClassArchive) -> list[Difference]:
    """Which records of the class are no longer as they were archived."""
    said = rules.digests_in(archive.manifest.encode())
    found = rules.record_differences(said, record_digests(archive.training_class))
    if rules.digest(archive.manifest.encode()) != archive.digest:
        found.insert(0, Difference(rules.Change.MANIFEST, rules.MANIFEST))
    return found


def verify_file(archive: ClassArchive, file: IO[bytes]) -> list[Difference]:
    """What in ``file`` is not as it was sealed.

    Raises:
        Refused: it is no archive, or too large a one to be unpacked.
    """
    try:
        with zipfile.ZipFile(file) as package:
            members = [one for one in package.infolist() if not one.is_dir()]
            if len(members) > rules.MOST_FILES or sum(one.file_size for one in members) > rules.MOST_BYTES:
                raise Refused(rules.TOO_LARGE)
            names = [one.filename for one in members]
            if len(names) != len(set(names)):
                raise Refused(rules.NOT_AN_ARCHIVE)
            manifest = package.read(rules.MANIFEST)
            found = {
                one.filename: _digest_of(package, one) for one in members if one.filename != rules.MANIFEST
            }
        return rules.differences(kept_digest=archive.digest, manifest_content=manifest, found=found)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Refused(rules.NOT_AN_ARCHIVE) from error


def _digest_of(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    """The digest of one file; what claims to be small and is not is stopped by the library's own check."""
    digest = hashlib.sha256()
    with package.open(member) as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
