"""Showing a document page by page: its pages are drawn in the background, in a process of its own."""

from __future__ import annotations

import datetime as dt
import secrets
import shutil
import tempfile
import time
from pathlib import Path

from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_q.tasks import async_task
from wagtail.models import Page, ReferenceIndex
from wagtail.search import index

from cms import converters
from cms.models import AcademyDocument, DocumentPages
from cms.refusals import Reason, Refused
from cms.rules import jobs as job_rules
from cms.rules.documents import kind_of
from cms.rules.jobs import Care

#: Pages are drawn so wide, in points: sharp on a phone held upright and on half a desk screen.
PAGE_WIDTH = 1280
#: Longer documents are for download.
MOST_PAGES = 300
#: Converters that take longer than this are stopped.
DRAW_SECONDS = 600
OFFICE_SECONDS = 300
DRAW_MEGABYTES = 1024
OFFICE_MEGABYTES = 4096
#: How often a worker says that it is alive, at most.
STEP_SECONDS = 1.0

CANNOT_BE_SHOWN = Reason(
    "document_cannot_be_shown",
    _("The pages of this document cannot be drawn. Print it into a new PDF file and upload that one."),
)
NO_OFFICE = Reason(
    "no_office",
    _(
        "PowerPoint files cannot be turned into pages on this server, because LibreOffice is not installed "
        "on it. Save the slides as PDF and choose that file."
    ),
)
TOO_MANY_PAGES = Reason(
    "too_many_pages",
    _("This document has more than %(most)s pages. Divide it, or offer it as a download."),
    {"most": MOST_PAGES},
)


class Stopped(Exception):
    """Raised inside an attempt that no longer counts."""


def prepare_later(*, document: AcademyDocument) -> DocumentPages | None:
    """Have the pages of ``document`` made once this transaction is committed, unless they are of this file.

    Nothing for kinds that have no pages. An attempt at an older file finds out at its next step.
    """
    if not document.is_paged:
        DocumentPages.objects.filter(document=document).delete()
        return None
    source = str(document.file.name)
    pages, is_new = DocumentPages.objects.get_or_create(document=document, defaults={"source": source})
    if not is_new:
        if pages.source == source:
            return pages
        pages.source, pages.status, pages.error = source, DocumentPages.Status.WAITING, ""
        pages.attempts, pages.queued_at, pages.seen_at = 0, timezone.now(), None
        pages.save(update_fields=["source", "status", "error", "attempts", "queued_at", "seen_at"])
    _queue(pages.pk)
    return pages


def _queue(pages_id: int) -> None:
    transaction.on_commit(lambda: async_task("cms.tasks.prepare_pages", pages_id, group="document"))


def prepare_pages(*, pages: DocumentPages) -> DocumentPages:
    """Draw the pages; a failure is kept as a sentence. While another worker is at it, nothing is done.

    Raises:
        Exception: whatever was not foreseen, after the failure was noted.
    """
    if not _take(pages):
        return pages
    try:
        with tempfile.TemporaryDirectory(prefix="academy-pages-") as folder:
            _draw(pages, Path(folder))
    except Stopped:
        pages.refresh_from_db()
    except Refused as refusal:
        _fail(pages, refusal.sentence)
    except Exception:
        _fail(pages, str(job_rules.UNEXPECTED))
        raise
    return pages


def _take(pages: DocumentPages) -> bool:
    """Take it for this worker, unless somebody is at it; of two that come at once one is let through."""
    pages.refresh_from_db()
    now = timezone.now()
    if pages.status == DocumentPages.Status.WORKING and not pages.pulse.has_stalled(now):
        return False
    taken = _as_read(pages).update(
        status=DocumentPages.Status.WORKING, error="", attempts=pages.attempts + 1, seen_at=now
    )
    pages.refresh_from_db()
    return bool(taken)


def _as_read(pages: DocumentPages) -> QuerySet[DocumentPages]:
    """The row, if nobody has touched it since it was read."""
    return DocumentPages.objects.filter(
        pk=pages.pk,
        status=pages.status,
        attempts=pages.attempts,
        source=pages.source,
        queued_at=pages.queued_at,
        seen_at=pages.seen_at,
    )


def _attempt(pages: DocumentPages) -> QuerySet[DocumentPages]:
    """The row, as long as this attempt is the one that counts."""
    return DocumentPages.objects.filter(
        pk=pages.pk, status=DocumentPages.Status.WORKING, attempts=pages.attempts, source=pages.source
    )


def _step(pages: DocumentPages) -> None:
    """The worker's sign of life.

    Raises:
        Stopped: the document was taken away, got another file, or was taken over by another worker.
    """
    if not _attempt(pages).update(seen_at=timezone.now()):
        raise Stopped


def _fail(pages: DocumentPages, sentence: str) -> None:
    pages.status, pages.error = DocumentPages.Status.FAILED, sentence[:300]
    if not _attempt(pages).update(status=pages.status, error=pages.error):
        pages.refresh_from_db()


def _draw(pages: DocumentPages, folder: Path) -> None:
    document = AcademyDocument.objects.get(pk=pages.document_id)
    storage = document.file.storage
    source = folder / f"source.{kind_of(pages.source)}"
    with storage.open(pages.source, "rb") as stored, source.open("wb") as local:
        shutil.copyfileobj(stored, local)
    if source.suffix == ".pptx":
        source = _as_pdf(source, folder)
    drawn = folder / "pages"
    drawn.mkdir()
    sheets, told = [], time.monotonic()
    try:
        for said in converters.lines(
            "pdf_pages",
            source,
            drawn,
            PAGE_WIDTH,
            MOST_PAGES,
            seconds=DRAW_SECONDS,
            megabytes=DRAW_MEGABYTES,
        ):
            if said.get("pages", 0) > MOST_PAGES:
                raise Refused(TOO_MANY_PAGES)
            if "page" in said:
                sheets.append({name: said[name] for name in ("width", "height", "text")})
            if time.monotonic() - told >= STEP_SECONDS:
                told = time.monotonic()
                _step(pages)
    except converters.Failed as error:
        raise Refused(CANNOT_BE_SHOWN) from error
    if not sheets:
        raise Refused(CANNOT_BE_SHOWN)
    _keep(pages, storage, drawn, sheets)


def _as_pdf(source: Path, folder: Path) -> Path:
    if converters.office() is None:
        raise Refused(NO_OFFICE)
    try:
        return converters.to_pdf(source, folder, seconds=OFFICE_SECONDS, megabytes=OFFICE_MEGABYTES)
    except converters.Failed as error:
        raise Refused(CANNOT_BE_SHOWN) from error


def _keep(pages: DocumentPages, storage: Storage, drawn: Path, sheets: list[dict[str, object]]) -> None:
    """Put the pages where they are served from; those of an older file go only when these count."""
    before, after = pages.folder, f"documents/pages/{pages.pk}/{secrets.token_hex(8)}"
    for path in sorted(drawn.iterdir()):
        storage.save(f"{after}/{path.name}", ContentFile(path.read_bytes()))
    counted = _attempt(pages).update(status=DocumentPages.Status.READY, folder=after, sheets=sheets, error="")
    if not counted:
        forget_pages(storage=storage, folder=after)
        raise Stopped
    pages.status, pages.folder, pages.sheets = DocumentPages.Status.READY, after, sheets
    if before:
        forget_pages(storage=storage, folder=before)
    _tell_search(pages)


def _tell_search(pages: DocumentPages) -> None:
    """Pages of the site that show the document are found by its words from now on."""
    references = ReferenceIndex.get_references_to(AcademyDocument(pk=pages.document_id))
    showing = references.filter(base_content_type=ContentType.objects.get_for_model(Page))
    pks = {int(pk) for pk in showing.values_list("object_id", flat=True)}
    for page in Page.objects.filter(pk__in=pks).specific():
        index.insert_or_update_object(page)


def forget_pages(*, storage: Storage, folder: str) -> None:
    """Take the pictures in ``folder`` away; what is not there is no error."""
    try:
        _folders, names = storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        storage.delete(f"{folder}/{name}")


def tend(*, now: dt.datetime) -> int:
    """Every minute: queue again what lost its worker, or give it up; returns how many."""
    silent = now - dt.timedelta(seconds=job_rules.STALL_SECONDS)
    lost = now - dt.timedelta(seconds=job_rules.LOST_SECONDS)
    wanting = DocumentPages.objects.filter(
        Q(status=DocumentPages.Status.WORKING, seen_at__lt=silent)
        | Q(status=DocumentPages.Status.WORKING, seen_at=None)
        | Q(status=DocumentPages.Status.WAITING, queued_at__lt=lost)
    )
    return sum(_tend(pages, now) for pages in list(wanting.defer("sheets")))


def _tend(pages: DocumentPages, now: dt.datetime) -> bool:
    care = job_rules.care_for(pages.pulse, now)
    if care is Care.GIVE_UP:
        error = str(job_rules.INTERRUPTED)[:300]
        return bool(_as_read(pages).update(status=DocumentPages.Status.FAILED, error=error))
    if care is Care.QUEUE and _as_read(pages).update(status=DocumentPages.Status.WAITING, queued_at=now):
        _queue(pages.pk)
        return True
    return False
