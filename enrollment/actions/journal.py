"""Entries of the audit log, one at a time or many at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils import timezone
from wagtail.log_actions import log
from wagtail.models import ModelLogEntry

from enrollment.models import User

BATCH = 1000


def note(instance: Model, action: str, *, actor: User | None, data: Mapping[str, Any] | None = None) -> None:
    """Log that ``actor`` did ``action`` to ``instance``; ``data`` says what changed."""
    log(instance, action, user=actor, data=dict(data or {}))


def note_many(
    instances: Iterable[Model], action: str, *, actor: User | None, data: Mapping[str, Any] | None = None
) -> None:
    """The same for many rows of one model; they share an identifier, so that they read as one deed."""
    rows = list(instances)
    if not rows:
        return
    now, together = timezone.now(), uuid.uuid4()
    content_type = ContentType.objects.get_for_model(rows[0])
    ModelLogEntry.objects.bulk_create(
        [
            ModelLogEntry(
                content_type=content_type,
                object_id=str(row.pk),
                label=str(row)[:200],
                action=action,
                user=actor,
                uuid=together,
                timestamp=now,
                content_changed=False,
                deleted=False,
                data=dict(data or {}),
            )
            for row in rows
        ],
        batch_size=BATCH,
    )
