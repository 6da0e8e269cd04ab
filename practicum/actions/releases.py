"""The timetable in draft and its releases.

A draft holds nothing and nobody but the staff knows of it; what is public stays as it is until the release.
A release does all its changes through the same actions as everybody, or none of them, and tells each person
once. A planner drafts by ``draft_in_bulk``; people look at it, correct it and release it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import Max

from cms.refusals import Reason, Refused
from enrollment.actions.journal import note, note_many
from enrollment.models import User
from practicum.actions import release_news, sessions
from practicum.actions.plans import frozen, plan_of, thawed
from practicum.actions.sessions import SessionPlan
from practicum.models import (
    ChangeKind,
    ChangeSource,
    Occupation,
    Session,
    SessionStatus,
    TimetableChange,
    TimetableRelease,
    TrainingBase,
    VisitBatch,
)
from practicum.rules.reasons import reason

#: Two who release at one moment want the same number: the second takes the next.
NUMBERS_TRIED = 5
#: What ends comes first, so that what moves or is new finds its place free.
ORDER = (ChangeKind.CANCELLED, ChangeKind.MOVED, ChangeKind.REINSTATED, ChangeKind.NEW)


# --- Drafting ---------------------------------------------------------------------------------------------


def draft_new(*, plan: SessionPlan, actor: User | None, source: str = ChangeSource.HAND) -> TimetableChange:
    """Put a session that is to be held into the draft."""
    return draft_in_bulk(plans=[plan], actor=actor, source=source)[0]


@transaction.atomic
def draft_in_bulk(
    *, plans: Iterable[SessionPlan], actor: User | None, source: str = ChangeSource.PLANNER
) -> list[TimetableChange]:
    """Put many sessions into the draft; whether they can be held is judged by ``preview`` and the release."""
    rows = TimetableChange.objects.bulk_create(
        [
            TimetableChange(
                kind=ChangeKind.NEW,
                source=source,
                training_class=plan.training_class,
                plan=frozen(plan),
                drafted_by=actor,
            )
            for plan in plans
        ]
    )
    note_many(rows, "practicum.draft", actor=actor)
    return rows


@transaction.atomic
def draft_move(*, session: Session, plan: SessionPlan, actor: User | None) -> TimetableChange:
    """Put another time, place or content of a public session into the draft.

    Raises:
        Refused: the session is cancelled or settled, or belongs to a visit.
    """
    locked = _changeable(session)
    return _draft(locked, ChangeKind.MOVED, actor, plan=frozen(plan))


@transaction.atomic
def draft_cancel(*, session: Session, reason_given: str, actor: User | None) -> TimetableChange:
    """Put the end of a public session into the draft.

    Raises:
        Refused: as for moving; or no reason given.
    """
    if not reason_given.strip():
        raise Refused(reason("reason_missing", "reason"))
    locked = _changeable(session)
    return _draft(locked, ChangeKind.CANCELLED, actor, reason_given=reason_given.strip()[:200])


@transaction.atomic
def redraft(*, change: TimetableChange, plan: SessionPlan, actor: User | None) -> TimetableChange:
    """Change what the draft wants. It was looked at now: from here on it is the session as it is that counts.

    Raises:
        Refused: it was released meanwhile, or its session is cancelled or settled.
    """
    session = _changeable(change.session) if change.session is not None else None
    locked = _draft_of(change)
    if session is not None:
        locked.before = frozen(plan_of(session))
    locked.plan, locked.training_class, locked.drafted_by = frozen(plan), plan.training_class, actor
    locked.save()
    note(locked, "practicum.draft", actor=actor)
    return locked


@transaction.atomic
def discard(*, change: TimetableChange, actor: User | None) -> None:
    """Take a change out of the draft; nobody else knew of it.

    Raises:
        Refused: it was released meanwhile.
    """
    locked = _draft_of(change)
    note(locked, "practicum.draft_discard", actor=actor)
    locked.delete()


def _draft_of(change: TimetableChange) -> TimetableChange:
    locked = TimetableChange.objects.drafted().select_for_update().filter(pk=change.pk).first()
    if locked is None:
        raise Refused(reason("change_released"))
    return locked


def _changeable(session: Session) -> Session:
    locked = Session.objects.select_for_update(of=("self",)).with_place().get(pk=session.pk)
    if locked.is_cancelled:
        raise Refused(reason("session_cancelled"))
    if locked.is_settled:
        raise Refused(reason("session_settled"))
    if VisitBatch.objects.filter(session=locked).exists():
        raise Refused(reason("session_of_a_visit"))
    return locked


def _draft(
    session: Session,
    kind: str,
    actor: User | None,
    *,
    plan: dict[str, object] | None = None,
    reason_given: str = "",
) -> TimetableChange:
    """One change a session: a newer one takes the place of the older. The caller holds the session's lock."""
    change, _is_new = TimetableChange.objects.update_or_create(
        session=session,
        release=None,
        defaults={
            "kind": kind,
            "training_class": session.training_class,
            "plan": plan or {},
            "before": frozen(plan_of(session)),
            "reason": reason_given,
            "drafted_by": actor,
        },
    )
    note(change, "practicum.draft", actor=actor)
    return change


# --- Releasing --------------------------------------------------------------------------------------------


@dataclass
class Outlook:
    """What a release would do: whom it concerns, and what stands against it, by change."""

    people: int = 0
    obstacles: dict[int, list[str]] = field(default_factory=dict)


def preview(*, changes: Sequence[TimetableChange], actor: User | None) -> Outlook:
    """Do everything as a release would, see what comes of it, and take it back."""
    outlook = Outlook()
    with transaction.atomic():
        done, obstacles = _apply(_locked(changes), actor=actor)
        outlook.obstacles = {pk: [str(one) for one in found] for pk, found in obstacles.items()}
        outlook.people = len(release_news.people_of(done))
        transaction.set_rollback(True)
    return outlook


def release(
    *, changes: Sequence[TimetableChange], note_given: str = "", now: dt.datetime, actor: User | None
) -> TimetableRelease:
    """Make ``changes`` public together, number the release and tell everybody concerned once.

    Raises:
        Refused: there is nothing to release, or something stands against a change; each reason names it.
    """
    return _numbered(lambda: _release(changes, note_given, now, actor, None))


def roll_back(
    *, release: TimetableRelease, reason_given: str, now: dt.datetime, actor: User | None
) -> TimetableRelease:
    """Undo a release by a new one: what was new is called off, the rest is as before.

    Raises:
        Refused: no reason given; rolled back already; something was held or changed since, is in the draft
        again, or its place is taken.
    """
    if not reason_given.strip():
        raise Refused(reason("reason_missing", "reason"))

    def attempt() -> TimetableRelease:
        locked = TimetableRelease.objects.select_for_update().get(pk=release.pk)
        if TimetableRelease.objects.filter(rolls_back=locked).exists():
            raise Refused(reason("release_rolled_back"))
        inverse = []
        # Held before they are compared, so that nobody changes one between the look and the roll-back.
        keys = locked.changes.values_list("session", flat=True)
        held = Session.objects.select_for_update(of=("self",)).filter(pk__in=list(keys)).order_by("pk")
        sessions_now = {one.pk: one for one in held}
        # One draft a session: somebody's work is not thrown away for the roll-back unasked.
        if drafts := list(TimetableChange.objects.drafted().filter(session__in=sessions_now).order_by("pk")):
            raise Refused(*(reason("draft_in_the_way", title=str(one)) for one in drafts))
        for change in locked.changes.order_by("pk"):
            session = sessions_now[change.session_id or 0]
            if session.sequence != change.left_at:
                raise Refused(reason("changed_since", title=session.title))
            inverse.append(_inverse(change, session, reason_given.strip()[:200], actor))
        rows = TimetableChange.objects.bulk_create(inverse)
        return _release(rows, reason_given.strip()[:200], now, actor, locked)

    return _numbered(attempt)


def _inverse(
    change: TimetableChange, session: Session, reason_given: str, actor: User | None
) -> TimetableChange:
    kinds = {
        ChangeKind.NEW.value: ChangeKind.CANCELLED,
        ChangeKind.REINSTATED.value: ChangeKind.CANCELLED,
        ChangeKind.MOVED.value: ChangeKind.MOVED,
        ChangeKind.CANCELLED.value: ChangeKind.REINSTATED,
    }
    kind = kinds[change.kind]
    return TimetableChange(
        kind=kind,
        source=ChangeSource.ROLL_BACK,
        training_class=change.training_class,
        session=session,
        plan={} if kind == ChangeKind.CANCELLED else change.before,
        reason=reason_given,
        drafted_by=actor,
    )


def _numbered(attempt: Callable[[], TimetableRelease]) -> TimetableRelease:
    for go in range(NUMBERS_TRIED):
        try:
            return sessions.looking_again(attempt)
        except IntegrityError as error:
            if "number" not in str(error) or go == NUMBERS_TRIED - 1:
                raise
    raise AssertionError("unreachable")


def _release(
    changes: Sequence[TimetableChange],
    note_given: str,
    now: dt.datetime,
    actor: User | None,
    rolls_back: TimetableRelease | None,
) -> TimetableRelease:
    locked = _locked(changes)
    if not locked:
        raise Refused(reason("nothing_to_release"))
    done, obstacles = _apply(locked, actor=actor)
    if obstacles:
        raise Refused(
            *(
                reason("release_line", title=str(change), why=" ".join(map(str, obstacles[change.pk])))
                for change in locked
                if change.pk in obstacles
            )
        )
    last = TimetableRelease.objects.aggregate(number=Max("number"))["number"] or 0
    made = TimetableRelease.objects.create(
        number=last + 1,
        note=note_given.strip()[:200],
        rolls_back=rolls_back,
        released_by=actor,
        released_at=now,
    )
    for change in done:
        change.release = made
    TimetableChange.objects.bulk_update(done, ["release", "session", "before", "left_at"])
    made.people_told = release_news.tell_released(made, done, now=now)
    made.save(update_fields=["people_told"])
    note(made, "practicum.release", actor=actor, data={"changes": len(done), "people": made.people_told})
    return made


def _locked(changes: Sequence[TimetableChange]) -> list[TimetableChange]:
    """The sessions, then their drafts, then their bases, each ascending (docs/locking.md)."""
    drafted = TimetableChange.objects.drafted().filter(pk__in=[one.pk for one in changes])
    # As drafting does it: the session comes first. Which one a draft is of never changes, so it is read
    # unlocked.
    keys = list(drafted.filter(session__isnull=False).values_list("session", flat=True))
    list(Session.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))
    # Asked again under the lock: what was released or discarded meanwhile is a draft no longer.
    rows = list(drafted.select_for_update(of=("self",)).order_by("pk"))
    bases = {one.plan.get("base") for one in rows if one.plan.get("base")}
    list(TrainingBase.objects.select_for_update().filter(pk__in=bases).order_by("pk").values_list("pk"))
    return rows


def _apply(
    changes: Sequence[TimetableChange], *, actor: User | None
) -> tuple[list[TimetableChange], dict[int, list[Reason]]]:
    """Do all that can be done; what stands against the others, by key of the change."""
    # What moves leaves its place before anything takes one, so that two can change places.
    moving = [one.session_id for one in changes if one.kind == ChangeKind.MOVED]
    Occupation.objects.filter(session__in=moving).delete()
    done, obstacles = [], {}
    for change in sorted(changes, key=lambda one: (ORDER.index(ChangeKind(one.kind)), one.pk)):
        try:
            with transaction.atomic():
                _do(change, actor=actor)
        except Refused as refused:
            obstacles[change.pk] = list(refused.reasons)
        else:
            done.append(change)
    return done, obstacles


def _do(change: TimetableChange, *, actor: User | None) -> None:
    if change.kind == ChangeKind.NEW:
        held = sessions.schedule(plan=thawed(change.plan), actor=actor)
    else:
        assert change.session_id is not None
        session = Session.objects.with_place().get(pk=change.session_id)
        present = frozen(plan_of(session))
        # A draft keeps the whole session: what became public after it was drafted would be undone unseen.
        # A roll-back has been compared by the session's number already.
        if change.source != ChangeSource.ROLL_BACK and change.before != present:
            raise Refused(reason("changed_since_draft", title=session.title))
        change.before = present
        if change.kind == ChangeKind.CANCELLED:
            held = sessions.cancel(session=session, actor=actor, reason_given=change.reason, tell=False)
        else:
            if change.kind == ChangeKind.REINSTATED:
                _stand_up(session)
            held = sessions.reschedule(
                session=session,
                plan=thawed(change.plan),
                actor=actor,
                reason_given=change.reason,
                tell=False,
            )
    change.session = held
    change.left_at = held.sequence


def _stand_up(session: Session) -> None:
    """A cancelled session is planned again; rescheduling it next judges whether its place is free."""
    Session.objects.filter(pk=session.pk, status=SessionStatus.CANCELLED).update(
        status=SessionStatus.SCHEDULED, cancel_reason=""
    )
