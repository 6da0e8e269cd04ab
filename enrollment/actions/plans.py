"""The annual plan: its entries, its life, and the classes that come of it.

The plan's row is locked first; a class that is opened from an entry comes after it (docs/locking.md).
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict, Unpack

from django.db import IntegrityError, transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.classes import open_class
from enrollment.actions.journal import note as log_note
from enrollment.models import AnnualPlan, Cohort, PlanEntry, PlanStatus, TrainingClass, User
from enrollment.rules import plans as rules
from enrollment.rules.plans import Entry


class EntryDetails(TypedDict, total=False):
    """What stands in an entry besides title, month, days and seats."""

    cohort: Cohort | None
    budget: Decimal | None
    responsible: str
    note: str


def begin_plan(*, year: int, actor: User | None) -> AnnualPlan:
    """Begin the plan of a year.

    Raises:
        Refused: there is one, or the year is none.
    """
    if not 2000 <= year <= 2100:
        raise Refused(rules.BAD_YEAR)
    try:
        with transaction.atomic():
            plan = AnnualPlan.objects.create(year=year)
            log_note(plan, "enrollment.plan.begin", actor=actor)
    except IntegrityError:
        raise Refused(rules.PLAN_EXISTS) from None
    return plan


def _lock(plan: AnnualPlan) -> AnnualPlan:
    return AnnualPlan.objects.select_for_update(of=("self",), no_key=True).get(pk=plan.pk)


@transaction.atomic
def save_entry(
    *,
    plan: AnnualPlan,
    title: str,
    month: int,
    days: int,
    seats: int,
    actor: User | None,
    entry: PlanEntry | None = None,
    **details: Unpack[EntryDetails],
) -> PlanEntry:
    """Add an entry, or change ``entry``.

    Raises:
        Refused: the plan is no draft, or what is planned is none.
    """
    row = _lock(plan)
    if not row.is_draft:
        raise Refused(rules.NOT_DRAFT)
    against = rules.entry_refusals(Entry(title, month, days, seats, details.get("budget")))
    if against:
        raise Refused(*against)
    kept = PlanEntry(plan=row) if entry is None else PlanEntry.objects.get(pk=entry.pk, plan=row)
    kept.title, kept.month, kept.days, kept.seats = title.strip(), month, days, seats
    for name, value in details.items():
        setattr(kept, name, value)
    kept.save()
    log_note(kept, "enrollment.plan.entry", actor=actor, data={"is_new": entry is None})
    return kept


@transaction.atomic
def remove_entry(*, entry: PlanEntry, actor: User | None) -> None:
    """Take an entry out of a draft.

    Raises:
        Refused: the plan is no draft, or a class was opened from the entry.
    """
    row = _lock(entry.plan)
    kept = PlanEntry.objects.get(pk=entry.pk)
    if not row.is_draft:
        raise Refused(rules.NOT_DRAFT)
    if kept.training_class_id is not None:
        raise Refused(rules.HAS_CLASS)
    log_note(row, "enrollment.plan.remove", actor=actor, data={"title": kept.title})
    kept.delete()


@transaction.atomic
def move_plan(*, plan: AnnualPlan, to: str, actor: User) -> AnnualPlan:
    """Approve, publish, or take back to draft.

    Raises:
        Refused: not a next status, or nothing in it.
    """
    row = _lock(plan)
    refusal = rules.move_refusal(row.status, to, entries=row.entries.count())
    if refusal is not None:
        raise Refused(refusal)
    now = timezone.now()
    if to == PlanStatus.APPROVED:
        row.approved_by, row.approved_at = actor, now
    elif to == PlanStatus.PUBLISHED:
        row.published_at = now
    log_note(row, "enrollment.plan.move", actor=actor, data={"before": row.status, "after": to})
    row.status = to
    row.save()
    return row


@transaction.atomic
def open_from_entry(*, entry: PlanEntry, actor: User) -> TrainingClass:
    """Open the class of an entry as a draft, with its cohort, seats and days.

    Raises:
        Refused: the plan is not approved, or the class was opened before.
    """
    row = _lock(entry.plan)
    kept = PlanEntry.objects.get(pk=entry.pk)
    refusal = rules.opening_refusal(row.status, has_class=kept.training_class_id is not None)
    if refusal is not None:
        raise Refused(refusal)
    first, last = rules.dates_of(row.year, kept.month, kept.days, today=timezone.localdate())
    kept.training_class = open_class(
        title=kept.title,
        starts_on=first,
        ends_on=last,
        actor=actor,
        cohort=kept.cohort,
        capacity=kept.seats,
        description=kept.note,
    )
    kept.save(update_fields=["training_class"])
    log_note(kept, "enrollment.plan.open", actor=actor, data={"class": kept.training_class.code})
    return kept.training_class


@transaction.atomic
def link_class(*, entry: PlanEntry, training_class: TrainingClass, actor: User | None) -> PlanEntry:
    """Say that a class which was opened without the plan is this entry's.

    Raises:
        Refused: the entry has a class, the class is another entry's, or the plan is a draft.
    """
    row = _lock(entry.plan)
    kept = PlanEntry.objects.get(pk=entry.pk)
    refusal = rules.opening_refusal(row.status, has_class=kept.training_class_id is not None)
    if refusal is not None:
        raise Refused(refusal)
    kept.training_class = training_class
    try:
        with transaction.atomic():
            kept.save(update_fields=["training_class"])
    except IntegrityError:
        raise Refused(rules.NO_CLASS_OUTSIDE) from None
    log_note(kept, "enrollment.plan.link", actor=actor, data={"class": training_class.code})
    return kept
