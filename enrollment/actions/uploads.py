"""Uploaded files are not kept for ever: what nobody confirms is cleared; what was applied loses its file."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from enrollment.actions.journal import note
from enrollment.actions.messages import notify
from enrollment.models import OrganizationImport, RetentionSubject, RosterImport, TableImport, kept_since
from enrollment.rules import retention as rules

#: States in which somebody still has to do something.
WAITING = ("reading", "columns", "ready", "failed")
Upload = RosterImport | TableImport
Kind = type[RosterImport] | type[TableImport]
#: Kinds of uploads; apps add theirs when they start (`offer`).
KINDS: list[Kind] = [RosterImport, OrganizationImport]
NO_TABLE: dict[str, Any] = {"lines": [], "shown": [], "words": [], "counts": {}}
EMPTY: dict[type[Model], dict[str, Any]] = {
    RosterImport: {"verdict": {}},
    OrganizationImport: NO_TABLE,
}
PAGES: dict[type[Model], str] = {
    RosterImport: "portal:workbench_import",
    OrganizationImport: "organizations:import_one",
}
ACTIONS: dict[type[Model], str] = {
    RosterImport: "enrollment.roster.clear",
    OrganizationImport: "enrollment.organization.clear",
}


def offer(model: type[TableImport], *, page: str, action: str) -> None:
    """Have uploads of ``model`` cleared as well: ``page`` shows one, ``action`` stands in the log."""
    KINDS.append(model)
    EMPTY[model], PAGES[model], ACTIONS[model] = NO_TABLE, page, action


def clear_uploads(*, today: dt.date) -> int:
    """Discard what waited longer than its period, and take away older files; returns how many were touched.

    What waited is told to whoever sent it. An import that was applied keeps its verdict, so that it can be
    taken back; only its file goes. Nothing happens while no period is in force.
    """
    since = kept_since(RetentionSubject.UPLOADS, today)
    if since is None:
        return 0
    before = timezone.make_aware(dt.datetime.combine(since, dt.time.min))
    cleared = 0
    for model in KINDS:
        rows = model._default_manager.filter(uploaded_at__lt=before)
        for pk in list(rows.filter(status__in=WAITING).values_list("pk", flat=True)):
            cleared += _discard(model, pk, today)
        for pk in list(rows.exclude(file="").exclude(status="applying").values_list("pk", flat=True)):
            cleared += forget_file(model, pk)
    return cleared


def _discard(model: Kind, pk: int, today: dt.date) -> int:
    """Discard one, unless somebody has confirmed it meanwhile."""
    with transaction.atomic():
        row: Upload | None = (
            model._default_manager.select_for_update(of=("self",)).filter(pk=pk, status__in=WAITING).first()
        )
        if row is None:
            return 0
        failed = row.status == "failed"
        sentence = row.error if failed else str(rules.cleared_unconfirmed(today))
        model._default_manager.filter(pk=pk).update(status="discarded", error=sentence[:300], **EMPTY[model])
        note(row, ACTIONS[model], actor=None, data={"file": row.file_name})
        if row.uploaded_by_id is not None and not failed:
            notify(
                kind="upload_cleared",
                recipients=[row.uploaded_by_id],
                key=f"{model._meta.model_name}-{pk}-cleared",
                context={"title": row.file_name, "day": today},
                link=reverse(PAGES[model], args=[pk]),
            )
    forget_file(model, pk)
    return 1


def forget_file(model: Kind, pk: int) -> int:
    """Take the file of an upload away once this stands; 1 where there was one."""
    row: Upload | None = model._default_manager.filter(pk=pk).exclude(file="").only("pk", "file").first()
    if row is None:
        return 0
    storage, name = row.file.storage, str(row.file.name)
    with transaction.atomic():
        model._default_manager.filter(pk=pk).update(file="")
        transaction.on_commit(lambda: storage.delete(name))
    return 1
