"""Importing organizations, step by step: receive a table, judge it, apply what was confirmed, all or nothing.

Judging and applying are background work (``enrollment.jobs``); done twice, they are done once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.jobs import Progress
from cms.refusals import Reason, Refused
from enrollment.actions.journal import note
from enrollment.actions.organization_history import Basis
from enrollment.actions.organization_import import apply_lines, judge_lines, read_lines, summary
from enrollment.models import OrganizationImport, User
from enrollment.rules import organization_records as records
from enrollment.rules import organization_table as rules
from enrollment.rules.organization_table import Line, Verdict

Status = OrganizationImport.Status
#: States in which an import may be applied: a worker killed while applying left nothing behind.
APPLICABLE = frozenset({Status.READY, Status.APPLYING})


def receive_table(*, file: IO[bytes], actor: User, name: str) -> OrganizationImport:
    """Keep ``file`` to be read in the background."""
    received = OrganizationImport(file_name=Path(name).name[-200:] or "table", uploaded_by=actor)
    file.seek(0)
    # The name on disk is ours: what people call a file is shown, never used as a path.
    received.file.save("table.dat", File(file), save=False)
    received.save()
    note(received, "enrollment.organization.receive", actor=actor, data={"file": received.file_name})
    return received


def judge_table(*, received: OrganizationImport, progress: Progress | None = None) -> OrganizationImport:
    """Read and judge a received table; what it says is kept with the import."""
    if received.status != Status.READING:
        return received
    rows = OrganizationImport.objects.filter(pk=received.pk, status=Status.READING)
    try:
        with received.file.open("rb") as file:
            lines = read_lines(file, progress=progress)
        verdicts = judge_lines(lines)
    except FileNotFoundError:
        rows.update(status=Status.FAILED, error=str(rules.FILE_GONE)[:300])
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
        "counts": {name: counts[name] for name in rules.OUTCOMES},
        "words": [_in_words(one) for one in verdicts if one.outcome != rules.UNCHANGED],
    }


def _in_words(one: Verdict) -> dict[str, Any]:
    told = one.line.told
    fields = [rules.TITLES[name][0] for name in one.changes if name not in records.KINDS]
    return {
        "number": one.line.number,
        "outcome": one.outcome,
        "name": told.get("name") or told.get("code", ""),
        "told": [str(reason) for reason in one.problems]
        or ["、".join(fields)][: len(fields)] + _records_in_words(one, ("titles", "pairings")),
        # Names and telephones are shown until it is decided, and not kept afterwards.
        "people": _records_in_words(one, ("contacts",)),
    }


def _records_in_words(one: Verdict, kinds: Sequence[str]) -> list[str]:
    """What comes, changes and goes beside an organization, a sentence each."""
    sentences = []
    for name in [name for name in kinds if name in one.changes]:
        title = rules.TITLES[name][0]
        change = records.difference(name, *one.changes[name])
        for what, rows in (("added", change.added), ("gone", change.gone)):
            for parts in rows:
                shown = {"title": title, "row": records.shown_row(name, parts)}
                sentences.append(str(Reason(what, records.IN_WORDS[what], shown)))
        for before, after in change.altered:
            shown = {
                "title": title,
                "before": records.shown_row(name, before),
                "row": records.shown_row(name, after),
            }
            sentences.append(str(Reason("altered", records.IN_WORDS["altered"], shown)))
    return sentences


def begin_applying(*, received: OrganizationImport) -> bool:
    """Mark an import as being applied, so that its page shows it; False when it has been applied already.

    Raises:
        Refused: it does not wait for confirmation, has rows with errors, or says nothing new.
    """
    with transaction.atomic():
        locked = OrganizationImport.objects.select_for_update(of=("self",)).get(pk=received.pk)
        if locked.status == Status.APPLIED:
            return False
        if locked.status not in APPLICABLE:
            raise Refused(rules.NOT_READY)
        if locked.counts[rules.ERROR] or not (locked.counts[rules.NEW] or locked.counts[rules.CHANGED]):
            raise Refused(rules.NOT_APPLICABLE)
        OrganizationImport.objects.filter(pk=locked.pk).update(status=Status.APPLYING, error="")
    return True


def apply_table(*, received: OrganizationImport, actor: User) -> OrganizationImport:
    """Write what the preview shows, in one transaction. Applying twice is once.

    Raises:
        Refused: nothing was written. When organizations changed since the preview, the new preview is kept;
            otherwise the reason is.
    """
    try:
        with transaction.atomic():
            _apply_locked(received.pk, actor)
    except Refused as refused:
        current = OrganizationImport.objects.get(pk=received.pk)
        if current.status in APPLICABLE:
            fresh = _verdict(judge_lines(_lines(current)))
            OrganizationImport.objects.filter(pk=current.pk, status__in=APPLICABLE).update(
                status=Status.READY, error=refused.sentence[:300], **fresh
            )
        raise
    received.refresh_from_db()
    return received


def _lines(received: OrganizationImport) -> list[Line]:
    return [Line(number, told) for number, told in received.lines]


def _apply_locked(pk: int, actor: User) -> None:
    locked = OrganizationImport.objects.select_for_update(of=("self",)).get(pk=pk)
    if locked.status == Status.APPLIED:
        return
    if locked.status not in APPLICABLE:
        raise Refused(rules.NOT_READY)
    basis = Basis(reason=_("Import of %(name)s") % {"name": locked.file_name[-150:]})
    apply_lines(lines=_lines(locked), shown=locked.shown, actor=actor, basis=basis)
    locked.status, locked.applied_at, locked.error = Status.APPLIED, timezone.now(), ""
    # It is not taken back as a whole, so its rows have done their work; contacts by name stand in them.
    locked.lines, locked.words = [], [{**words, "people": []} for words in locked.words]
    locked.save(update_fields=["status", "applied_at", "error", "lines", "words"])


def discard_table(*, received: OrganizationImport, actor: User) -> None:
    """Drop an import that will not be applied, and its file. An applied one stays as it is."""
    with transaction.atomic():
        locked = OrganizationImport.objects.select_for_update(of=("self",)).get(pk=received.pk)
        if locked.status in (Status.APPLIED, Status.APPLYING, Status.DISCARDED):
            return
        OrganizationImport.objects.filter(pk=locked.pk).update(
            status=Status.DISCARDED, lines=[], shown=[], words=[], file=""
        )
        note(locked, "enrollment.organization.discard", actor=actor)
    if received.file:
        received.file.delete(save=False)
