"""Has the pages of a document made when it gets a file, and taken away with it. Plumbing only."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save

from cms.actions.documents import forget_pages, prepare_later
from cms.models import AcademyDocument, DocumentPages


def _saved(*, instance: AcademyDocument, **kwargs: Any) -> None:
    if not kwargs.get("raw"):
        prepare_later(document=instance)


def _gone(*, instance: DocumentPages, **kwargs: Any) -> None:
    folder = instance.folder
    if folder:
        storage = AcademyDocument._meta.get_field("file").storage
        transaction.on_commit(lambda: forget_pages(storage=storage, folder=folder))


def connect() -> None:
    """Listen to every way in which a document can get a file: upload, another file, import."""
    post_save.connect(_saved, sender=AcademyDocument, dispatch_uid="cms.document_watch.saved")
    post_delete.connect(_gone, sender=DocumentPages, dispatch_uid="cms.document_watch.gone")
