"""Visits to bases: every move goes through the table in ``practicum.rules.visits``.

Locks: the visit's link where there is one, the base's row, then the visit. Accepting one visit looks at the
others of that base, and two hosts may answer at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from cms.refusals import Reason, Refused
from enrollment.actions.journal import note
from enrollment.models import TrainingClass, User
from practicum.actions import host_links, news, sessions
from practicum.actions.sessions import SessionPlan
from practicum.models import (
    Audience,
    Blackout,
    CalendarDay,
    HostLink,
    Lecturer,
    Session,
    SessionKind,
    TrainingBase,
    Vehicle,
    Visit,
    VisitBatch,
    VisitStatus,
)
from practicum.models.projection import rosters_of
from practicum.rules.clash import overlaps
from practicum.rules.reasons import reason
from practicum.rules.visits import HOLDING_STAGES, PENDING_STAGES, Batch, Move, Party, next_stage, unmet_terms


def calendar() -> dict[dt.date, bool]:
    """Holidays and make-up workdays."""
    return dict(CalendarDay.objects.values_list("day", "is_working"))


def unmet(
    *,
    base: TrainingBase,
    batches: Sequence[Batch],
    now: dt.datetime,
    notice: bool = True,
    ignoring: Visit | None = None,
) -> list[Reason]:
    """Why ``base`` cannot take ``batches`` as they are.

    Empty when it can. ``notice`` asks for the lead time too.
    """
    if not batches:
        return [reason("no_batches")]
    closed = [(row.starts_on, row.ends_on, row.reason) for row in Blackout.objects.filter(base=base)]
    days = calendar()
    booked = Session.objects.standing().filter(base=base)
    if ignoring is not None:
        booked = booked.exclude(visit_batch__visit=ignoring)
    first = min(batch.starts_at for batch in batches) - dt.timedelta(days=1)
    last = max(batch.ends_at for batch in batches) + dt.timedelta(days=1)
    held = [
        timezone.localdate(moment)
        for moment in booked.held_between(first, last).values_list("starts_at", flat=True)
    ]
    reasons: list[Reason] = []
    for number, batch in enumerate(batches):
        start, end = timezone.localtime(batch.starts_at), timezone.localtime(batch.ends_at)
        if end <= start:
            reasons.append(reason("ends_before_it_begins", "ends_at"))
            continue
        day = start.date()
        others = held.count(day) + sum(
            timezone.localdate(other.starts_at) == day for other in batches[:number]
        )
        found = unmet_terms(
            Batch(start, end, batch.headcount),
            base.terms,
            batches_that_day=others,
            closed_for=closed,
            today=timezone.localdate(now) if notice else None,
            calendar=days,
        )
        reasons += [reason(refusal.code, "base", **dict(refusal.params)) for refusal in found]
    return list({found.code: found for found in reasons}.values())


@transaction.atomic
def request(
    *,
    base: TrainingBase,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    headcount: int,
    actor: User | None,
    now: dt.datetime,
    training_class: TrainingClass | None = None,
    title: str = "",
    details: Mapping[str, Any] | None = None,
) -> Visit:
    """Ask for a visit. It holds nothing yet; several may ask for the same time.

    A headcount over the base's capacity is let through: the base may propose several batches.

    Raises:
        Refused: the base is closed then, or wants more notice.
    """
    asked = Batch(starts_at, ends_at, headcount)
    reasons = [
        found for found in unmet(base=base, batches=[asked], now=now) if found.code != "base_over_capacity"
    ]
    if reasons:
        raise Refused(*reasons)
    visit = Visit.objects.create(
        base=base,
        training_class=training_class,
        title=title or str(base),
        starts_at=starts_at,
        ends_at=ends_at,
        headcount=headcount,
        requested_by=actor,
        **(details or {}),
    )
    VisitBatch.objects.create(
        visit=visit, number=1, starts_at=starts_at, ends_at=ends_at, headcount=headcount
    )
    note(visit, "practicum.visit_request", actor=actor)
    return visit


@transaction.atomic
def check(*, visit: Visit, actor: User | None) -> Visit:
    """The academy passes a request on to the base."""
    return _move(visit, Move.CHECK, Party.ACADEMY, actor=actor)


@transaction.atomic
def reject(*, visit: Visit, actor: User | None, reason_given: str) -> Visit:
    """The academy does not take a request up."""
    return _move(visit, Move.REJECT, Party.ACADEMY, actor=actor, answer=_given(reason_given))


def confirm(
    *,
    visit: Visit,
    actor: User | None,
    now: dt.datetime,
    party: Party = Party.BASE,
    via: HostLink | None = None,
) -> Visit:
    """The base takes the visit as asked for: its sessions are held, and rival requests are rejected.

    ``via`` is the link by which a base without an account said so.

    Raises:
        Refused: the group is too large, or somebody or something is taken then.
    """
    with transaction.atomic():
        return _hold(visit, Move.CONFIRM, party, actor=actor, now=now, via=via)


@transaction.atomic
def decline(*, visit: Visit, actor: User | None, reason_given: str, via: HostLink | None = None) -> Visit:
    """The base cannot receive the group."""
    return _move(visit, Move.DECLINE, Party.BASE, actor=actor, answer=_given(reason_given), via=via)


@transaction.atomic
def propose(
    *,
    visit: Visit,
    batches: Sequence[Batch],
    actor: User | None,
    now: dt.datetime,
    message: str = "",
    via: HostLink | None = None,
) -> Visit:
    """The base offers another date, or several batches, in place of what was asked for.

    Raises:
        Refused: the batches do not hold everybody, or the base itself could not take them.
    """
    if not batches:
        raise Refused(reason("no_batches"))
    seats = sum(batch.headcount for batch in batches)
    if seats < visit.headcount:
        raise Refused(reason("visit_headcount", "headcount", sum=seats, headcount=visit.headcount))
    # What a host offers is the host's to know: weekdays and notice are waived, capacity and closures are not.
    waived = {"base_closed_that_weekday", "base_closed_that_hour", "base_lead_time"}
    found = unmet(base=visit.base, batches=batches, now=now, notice=False, ignoring=visit)
    if reasons := [item for item in found if item.code not in waived]:
        raise Refused(*reasons)
    host_links.hold_link_of(visit)
    moved = _move(visit, Move.PROPOSE, Party.BASE, actor=actor, answer=message.strip()[:300], via=via)
    VisitBatch.objects.filter(visit=moved).delete()
    VisitBatch.objects.bulk_create(
        VisitBatch(
            visit=moved,
            number=number,
            starts_at=batch.starts_at,
            ends_at=batch.ends_at,
            headcount=batch.headcount,
        )
        for number, batch in enumerate(sorted(batches, key=lambda batch: batch.starts_at), start=1)
    )
    host_links.keep_open(moved, until=max(batch.ends_at for batch in batches))
    return moved


def accept(*, visit: Visit, actor: User | None, now: dt.datetime) -> Visit:
    """The academy accepts what the base proposed: its sessions are held, and rival requests are rejected."""
    with transaction.atomic():
        return _hold(visit, Move.ACCEPT, Party.ACADEMY, actor=actor, now=now)


@transaction.atomic
def refuse(*, visit: Visit, actor: User | None, reason_given: str) -> Visit:
    """The academy cannot take what the base proposed; the request as it was goes back to the base."""
    moved = _move(visit, Move.REFUSE, Party.ACADEMY, actor=actor, answer=_given(reason_given))
    VisitBatch.objects.filter(visit=moved).delete()
    VisitBatch.objects.create(
        visit=moved, number=1, starts_at=moved.starts_at, ends_at=moved.ends_at, headcount=moved.headcount
    )
    return moved


@transaction.atomic
def prepare(
    *,
    visit: Visit,
    actor: User | None,
    leader_name: str = "",
    leader_phone: str = "",
    is_insured: bool = False,
    has_safety_plan: bool = False,
    briefing: str = "",
) -> Visit:
    """Keep who leads, and what of insurance, safety plan and briefing is done."""
    locked = Visit.objects.select_for_update().get(pk=visit.pk)
    locked.leader_name, locked.leader_phone = leader_name, leader_phone
    locked.is_insured, locked.has_safety_plan, locked.briefing = is_insured, has_safety_plan, briefing
    locked.save(
        update_fields=[
            "leader_name",
            "leader_phone",
            "is_insured",
            "has_safety_plan",
            "briefing",
            "updated_at",
        ]
    )
    note(locked, "practicum.visit_prepare", actor=actor)
    return locked


#: What must be there before the briefing notice is sent.
BRIEFING_NEEDS = ("leader_name", "is_insured", "has_safety_plan", "briefing")


@transaction.atomic
def brief(*, visit: Visit, actor: User | None) -> Visit:
    """Send the briefing notice to visitors and base; leader, insurance, safety plan and text must be there.

    Raises:
        Refused: something of that is missing.
    """
    locked = Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    missing = [
        str(field.verbose_name)
        for field in Visit._meta.fields
        if field.name in BRIEFING_NEEDS and not getattr(locked, field.name)
    ]
    if missing:
        raise Refused(reason("visit_not_ready", missing="、".join(missing)))
    moved = _move(visit, Move.BRIEF, Party.ACADEMY, actor=actor)
    news.tell_visitors(moved)
    return moved


@transaction.atomic
def hold(*, visit: Visit, actor: User | None, now: dt.datetime) -> Visit:
    """Note that the visit took place."""
    if visit.ends_at > now:
        raise Refused(reason("visit_not_over"))
    return _move(visit, Move.HOLD, Party.ACADEMY, actor=actor)


@transaction.atomic
def keep_safety_note(*, visit: Visit, text: str, actor: User | None, via: HostLink | None = None) -> Visit:
    """Keep what the base wants visitors to mind: helmets, no photographs, where to gather.

    Raises:
        Refused: the visit is closed.
    """
    locked = Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    if not locked.is_open:
        raise Refused(reason("visit_over"))
    locked.safety_note = text.strip()[:1000]
    locked.save(update_fields=["safety_note", "updated_at"])
    note(locked, "practicum.visit_safety", actor=actor, data=_by(via))
    return locked


@transaction.atomic
def rate(
    *,
    visit: Visit,
    party: Party,
    stars: int,
    actor: User | None,
    now: dt.datetime,
    comment: str = "",
    received: int | None = None,
    via: HostLink | None = None,
) -> Visit:
    """Keep what one side thinks of the other, 1 to 5; the base also says how many people came.

    Raises:
        Refused: the visit was not held, or is not over yet.
    """
    locked = Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    if locked.status not in HOLDING_STAGES or locked.ends_at > now:
        raise Refused(reason("visit_not_over"))
    side = "host" if party == Party.BASE else "academy"
    setattr(locked, f"{side}_rating", stars)
    setattr(locked, f"{side}_comment", comment.strip()[:300])
    names = [f"{side}_rating", f"{side}_comment", "updated_at"]
    if party == Party.BASE and received is not None:
        locked.received = received
        names.append("received")
    locked.full_clean(validate_unique=False)
    locked.save(update_fields=names)
    note(
        locked,
        "practicum.visit_rate",
        actor=actor,
        data={"party": party.value, "stars": stars, "received": received, **_by(via)},
    )
    return locked


def _by(via: HostLink | None) -> dict[str, Any]:
    """What the log says of who acted without an account."""
    return {"link": via.pk} if via is not None else {}


@transaction.atomic
def archive(*, visit: Visit, actor: User | None) -> Visit:
    """Put a visit that was held away."""
    return _move(visit, Move.ARCHIVE, Party.ACADEMY, actor=actor)


@transaction.atomic
def cancel(*, visit: Visit, actor: User | None, reason_given: str) -> Visit:
    """Call a visit off, with its sessions.

    Raises:
        Refused: no reason given, or it was held already.
    """
    # Sessions stand left of the visit in the order of locks.
    standing = Session.objects.unsettled().filter(visit_batch__visit=visit)
    list(standing.select_for_update(of=("self",)).order_by("pk"))
    moved = _move(visit, Move.CANCEL, Party.ACADEMY, actor=actor, answer=_given(reason_given))
    for session in Session.objects.unsettled().filter(visit_batch__visit=moved):
        sessions.cancel(session=session, actor=actor, reason_given=reason_given)
    return moved


def schedule_visit(
    *,
    base: TrainingBase,
    training_class: TrainingClass,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    actor: User | None,
    now: dt.datetime,
    title: str = "",
    lecturer: Lecturer | None = None,
    vehicles: Sequence[Vehicle] = (),
    dimension: str = "",
) -> Visit:
    """Enter a visit that was agreed with the base by other means: request, check and confirmation in one go.

    Raises:
        Refused: the base's terms are not met (its lead time apart), or somebody or something is taken then.
    """
    with transaction.atomic():
        headcount = len(rosters_of([training_class.pk])[training_class.pk]) or 1
        found = unmet(base=base, batches=[Batch(starts_at, ends_at, headcount)], now=now, notice=False)
        if found:
            raise Refused(*found)
        visit = Visit.objects.create(
            base=base,
            training_class=training_class,
            title=title or str(base),
            starts_at=starts_at,
            ends_at=ends_at,
            headcount=headcount,
            requested_by=actor,
            lecturer=lecturer,
            dimension=dimension,
        )
        visit.vehicles.set(vehicles)
        VisitBatch.objects.create(
            visit=visit, number=1, starts_at=starts_at, ends_at=ends_at, headcount=headcount
        )
        note(visit, "practicum.visit_request", actor=actor)
        _move(visit, Move.CHECK, Party.ACADEMY, actor=actor, tells=False)
        return _hold(visit, Move.CONFIRM, Party.ACADEMY, actor=actor, now=now)


def _given(text: str) -> str:
    if not text.strip():
        raise Refused(reason("reason_missing", "reason"))
    return text.strip()[:300]


def _move(
    visit: Visit,
    move: Move,
    party: Party,
    *,
    actor: User | None,
    answer: str | None = None,
    tells: bool = True,
    via: HostLink | None = None,
) -> Visit:
    """Make one move, or refuse it, and tell the other side. The caller holds the transaction.

    Without ``tells`` the caller does, when all that is to be told has been written.
    """
    locked = Visit.objects.select_for_update(of=("self",)).select_related("base").get(pk=visit.pk)
    stage = next_stage(locked.status, move, party)
    if stage is None:
        raise Refused(reason("move_not_open", stage=locked.get_status_display()))
    before, locked.status = locked.status, VisitStatus(stage.value)
    if answer is not None:
        locked.answer = answer
    if locked.status == VisitStatus.WITH_BASE:
        locked.with_base_since = timezone.now()
    locked.save(update_fields=["status", "answer", "with_base_since", "updated_at"])
    note(
        locked,
        f"practicum.visit_{move.value}",
        actor=actor,
        data={
            "before": before,
            "after": locked.status,
            "party": party.value,
            "answer": locked.answer,
            **_by(via),
        },
    )
    if tells:
        news.tell_of_visit(locked, move, party, actor=actor)
    return locked


def _hold(
    visit: Visit,
    move: Move,
    party: Party,
    *,
    actor: User | None,
    now: dt.datetime,
    via: HostLink | None = None,
) -> Visit:
    """Confirm a visit: one session for each batch, and an end to rival requests."""
    host_links.hold_link_of(visit)
    TrainingBase.objects.select_for_update().get(pk=visit.base_id)
    moved = _move(visit, move, party, actor=actor, tells=False, via=via)
    batches = list(moved.batches.all())
    found = unmet(
        base=moved.base,
        batches=[Batch(row.starts_at, row.ends_at, row.headcount) for row in batches],
        now=now,
        notice=False,
        ignoring=moved,
    )
    # The base itself said yes: its hours are its own affair. Capacity, closures and the day's limit are not.
    if reasons := [
        item for item in found if item.code not in {"base_closed_that_weekday", "base_closed_that_hour"}
    ]:
        raise Refused(*reasons)
    groups = _groups(moved, batches)
    for row, people in zip(batches, groups, strict=True):
        row.session = sessions.schedule(plan=_plan(moved, row, people, len(batches)), actor=actor)
        row.save(update_fields=["session"])
    moved.starts_at, moved.ends_at = batches[0].starts_at, max(row.ends_at for row in batches)
    moved.save(update_fields=["starts_at", "ends_at", "updated_at"])
    host_links.keep_open(moved, until=moved.ends_at)
    _reject_rivals(moved, batches, actor=actor)
    news.tell_of_visit(moved, move, party, actor=actor)
    return moved


def _groups(visit: Visit, batches: Sequence[VisitBatch]) -> list[list[int]]:
    """Who goes with which batch.

    Groups of the class stay together, in order. One batch is the whole roster.
    """
    if visit.training_class is None or len(batches) == 1:
        return [[] for _batch in batches]
    rows = visit.training_class.enrollments.on_roster().order_by("group_number", "pk")
    people = list(rows.values_list("trainee_id", flat=True))
    groups, begin = [], 0
    for row in batches:
        groups.append(people[begin : begin + row.headcount])
        begin += row.headcount
    return groups


def _plan(visit: Visit, row: VisitBatch, people: Sequence[int], count: int) -> SessionPlan:
    whole_class = visit.training_class is not None and count == 1
    return SessionPlan(
        title=visit.title if count == 1 else f"{visit.title} ({row.number}/{count})",
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        kind=SessionKind.BASE_VISIT,
        training_class=visit.training_class,
        base=visit.base,
        lecturer=visit.lecturer,
        dimension=visit.dimension or None,
        vehicles=list(visit.vehicles.all()),
        audience=Audience.ROSTER if whole_class else Audience.BOOKINGS,
        seats=None if whole_class else row.headcount,
        trainee_ids=people,
    )


def _reject_rivals(visit: Visit, batches: Sequence[VisitBatch], *, actor: User | None) -> None:
    """Requests of others that want the base at a time that is now taken."""
    rivals = (
        Visit.objects.select_for_update(of=("self",))
        .filter(base=visit.base_id, status__in=PENDING_STAGES)
        .exclude(pk=visit.pk)
        .prefetch_related("batches")
        .order_by("pk")
    )
    for rival in rivals:
        if any(
            overlaps(mine.starts_at, mine.ends_at, theirs.starts_at, theirs.ends_at)
            for mine in batches
            for theirs in rival.batches.all()
        ):
            before, rival.status = rival.status, VisitStatus.REJECTED
            rival.answer = str(reason("visit_outrun"))[:300]
            rival.save(update_fields=["status", "answer", "updated_at"])
            note(
                rival,
                "practicum.visit_reject",
                actor=actor,
                data={"before": before, "after": rival.status, "in_favour_of": visit.pk},
            )
            news.tell_of_visit(rival, Move.REJECT, Party.ACADEMY, actor=actor)
