"""Importing the directory of bases, step by step: receive, judge, apply what was confirmed, all or nothing.

Judging and applying are background work (``practicum.jobs``); done twice, they are done once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from cms.jobs import Progress
from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.models import User
from enrollment.rules import organization_table as shared
from enrollment.rules.organization_table import Line, Verdict
from practicum.actions.base_table import apply_lines, judge_lines, read_lines, summary
from practicum.models import BaseImport
from practicum.rules import base_table as rules

Status = BaseImport.Status
#: States in which an import may be applied: a worker killed while applying left nothing behind.
APPLICABLE = frozenset({Status.READY, Status.APPLYING})


def receive_table(*, file: IO[bytes], actor: User, name: str) -> BaseImport:
    """Keep ``file`` to be read in the background."""
    received = BaseImport(file_name=Path(name).name[-200:] or "table", uploaded_by=actor)
    file.seek(0)
    # The name on disk is ours: what people call a file is shown, never used as a path.
    received.file.save("table.dat", File(file), save=False)
    received.save()
    note(received, "practicum.bases_receive", actor=actor, data={"file": received.file_name})
    return received


def judge_table(*, received: BaseImport, progress: Progress | None = None) -> BaseImport:
    """Read and judge a received table; what it says is kept with the import."""
    if received.status != Status.READING:
        return received
    rows = BaseImport.objects.filter(pk=received.pk, status=Status.READING)
    try:
        with received.file.open("rb") as file:
            lines = read_lines(file, progress=progress)
        verdicts = judge_lines(lines)
    except FileNotFoundError:
        rows.update(status=Status.FAILED, error=str(shared.FILE_GONE)[:300])
    except Refused as refused:
        rows.update(status=Status.FAILED, error=refused.sentence[:300])
    else:
        kept = [[one.number, one.told] for one in lines]
        rows.update(status=Status.READY, error="", lines=kept, **_verdict(verdicts))
    received.refresh_from_db()
    return received


def _verdict(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """What the preview shows of ``verdicts``; reasons are said in the active language."""
    counts = Counter(one.outcome for one in verdicts)
    return {
        "shown": [list(one) for one in summary(verdicts)],
        "counts": {name: counts[name] for name in shared.OUTCOMES},
        "words": [_in_words(one) for one in verdicts if one.outcome != shared.UNCHANGED],
    }


def _in_words(one: Verdict) -> dict[str, Any]:
    told = one.line.told
    return {
        "number": one.line.number,
        "outcome": one.outcome,
        "name": told.get("name") or told.get("code", ""),
        "told": [str(reason) for reason in one.problems]
        or ["、".join(rules.TITLES[name][0] for name in one.changes)],
    }


def begin_applying(*, received: BaseImport) -> bool:
    """Mark an import as being applied, so that its page shows it; False when it has been applied already.

    Raises:
        Refused: it does not wait for confirmation, has rows with errors, or says nothing new.
    """
    with transaction.atomic():
        locked = BaseImport.objects.select_for_update(of=("self",)).get(pk=received.pk)
        if locked.status == Status.APPLIED:
            return False
        if locked.status not in APPLICABLE:
            raise Refused(shared.NOT_READY)
        if locked.counts[shared.ERROR] or not (locked.counts[shared.NEW] or locked.counts[shared.CHANGED]):
            raise Refused(shared.NOT_APPLICABLE)
        BaseImport.objects.filter(pk=locked.pk).update(status=Status.APPLYING, error="")
    return True


def apply_table(*, received: BaseImport, actor: User) -> BaseImport:
    """Write what the preview shows, in one transaction. Applying twice is once.

    Raises:
        Refused: nothing was written. When bases changed since the preview, the new preview is kept; otherwise
            the reason is.
    """
    try:
        with transaction.atomic():
            _apply_locked(received.pk, actor)
    except Refused as refused:
        current = BaseImport.objects.get(pk=received.pk)
        if current.status in APPLICABLE:
            fresh = _verdict(judge_lines(_lines(current)))
            BaseImport.objects.filter(pk=current.pk, status__in=APPLICABLE).update(
                status=Status.READY, error=refused.sentence[:300], **fresh
            )
        raise
    received.refresh_from_db()
    return received


def _lines(received: BaseImport) -> list[Line]:
    return [Line(number, told) for number, told in received.lines]


def _apply_locked(pk: int, actor: User) -> None:
    locked = BaseImport.objects.select_for_update(of=("self",)).get(pk=pk)
    if locked.status == Status.APPLIED:
        return
    if locked.status not in APPLICABLE:
        raise Refused(shared.NOT_READY)
    counts = apply_lines(lines=_lines(locked), shown=locked.shown, actor=actor)
    locked.status, locked.applied_at, locked.error = Status.APPLIED, timezone.now(), ""
    locked.save(update_fields=["status", "applied_at", "error"])
    note(locked, "practicum.bases_import", actor=actor, data=counts)


def discard_table(*, received: BaseImport, actor: User) -> None:
    """Drop an import that will not be applied, and its file. An applied one stays as it is."""
    with transaction.atomic():
        locked = BaseImport.objects.select_for_update(of=("self",)).get(pk=received.pk)
        if locked.status in (Status.APPLIED, Status.APPLYING, Status.DISCARDED):
            return
        BaseImport.objects.filter(pk=locked.pk).update(
            status=Status.DISCARDED, lines=[], shown=[], words=[], file=""
        )
        note(locked, "practicum.bases_discard", actor=actor)
    if received.file:
        received.file.delete(save=False)
