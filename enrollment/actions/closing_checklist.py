"""Vouching for items of a class's closing checklist, and taking that back."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment import closing
from enrollment.actions.classes import lock_class
from enrollment.actions.journal import note as log_note
from enrollment.models import ClosingTick, TrainingClass, User
from enrollment.rules import checklist as rules
from enrollment.rules.checklist import Checked


@transaction.atomic
def tick_items(*, training_class: TrainingClass, notes: Mapping[str, str], actor: User | None) -> int:
    """Vouch for items by code, each with a word on how it was done; return how many were new.

    Raises:
        Refused: no such item, one that only the records can speak for, no word, or the class does not run.
    """
    row = lock_class(training_class)
    known = {item.code: item for item in closing.items()}
    for code, note in notes.items():
        item = known.get(code)
        checked = None if item is None else Checked(code, may_be_ticked=item.may_be_vouched_for(row))
        refusal = rules.tick_refusal(checked, note=note, status=row.status)
        if refusal is not None:
            raise Refused(refusal)
    present = set(ClosingTick.objects.filter(training_class=row).values_list("code", flat=True))
    now = timezone.now()
    fresh = [
        ClosingTick(training_class=row, code=code, note=note.strip()[:200], ticked_by=actor, ticked_at=now)
        for code, note in notes.items()
        if code not in present
    ]
    ClosingTick.objects.bulk_create(fresh)
    for tick in fresh:
        log_note(row, "enrollment.closing.tick", actor=actor, data={"item": tick.code, "note": tick.note})
    return len(fresh)


@transaction.atomic
def untick_item(*, training_class: TrainingClass, code: str, actor: User | None) -> None:
    """Take back that somebody vouched for an item.

    Raises:
        Refused: the class does not run any more.
    """
    row = lock_class(training_class)
    if row.status != "running":
        raise Refused(rules.NOT_CLOSING)
    deleted, _rows = ClosingTick.objects.filter(training_class=row, code=code).delete()
    if deleted:
        log_note(row, "enrollment.closing.untick", actor=actor, data={"item": code})
