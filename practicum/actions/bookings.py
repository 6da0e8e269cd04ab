"""Seats of open sessions: never more than there are, fair shares, and whoever waits moves up in order.

Everything here locks the session's row once, counts seats from the rows, and only then writes.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from cms.refusals import Reason, Refused
from enrollment.actions.journal import note, note_many
from enrollment.models import Organization, Trainee, User
from practicum.actions import seat_news
from practicum.actions.missed_seats import mend_late, note_late
from practicum.actions.occupation import agenda_around, clash_reasons, collisions, occupy
from practicum.actions.sessions import looking_again, wants_only_people
from practicum.models import (
    Audience,
    Booking,
    BookingStatus,
    HoldStatus,
    Occupation,
    ResourceKind,
    SeatHold,
    Session,
    WaitingParty,
    WaitingPerson,
    WaitingStatus,
)
from practicum.models.seat_counts import count_of, rules_of, standings_of
from practicum.rules.reasons import reason
from practicum.rules.seats import SeatCount, SeatRules, Waiting, booking_refusal, moving_up, share_of


def book(*, session: Session, trainee: Trainee, now: dt.datetime, actor: User | None) -> Booking:
    """Give ``trainee`` a seat. Booking twice gives the same seat.

    Raises:
        Refused: no seat is left, the organization has its share, seats cannot be booked, or the person is
        somewhere else at that time.
    """
    return book_together(session=session, trainees=[trainee], now=now, actor=actor)[0]


def book_together(
    *,
    session: Session,
    trainees: Sequence[Trainee],
    now: dt.datetime,
    actor: User | None,
    from_hold: bool = False,
) -> list[Booking]:
    """Give all of ``trainees`` seats, or none of them.

    With ``from_hold`` they sit first on what their organization keeps without names.

    Raises:
        Refused: as for ``book``.
    """
    if not trainees:
        raise Refused(reason("nobody_chosen", "people"))
    return looking_again(lambda: _book(session, trainees, now, actor, from_hold))


def _book(
    session: Session, trainees: Sequence[Trainee], now: dt.datetime, actor: User | None, from_hold: bool
) -> list[Booking]:
    locked = _locked(session)
    rules = rules_of(locked)
    # Seats may have become free since somebody looked (a hold ran out): they are the queue's first.
    _move_up(locked, rules, now)
    people = {one.pk: one for one in trainees}
    standing = {
        row.trainee_id: row for row in Booking.objects.booked().filter(session=locked, trainee__in=people)
    }
    fresh = [one for pk, one in sorted(people.items()) if pk not in standing]
    if fresh:
        _refuse_unless_open(locked, now)
        _leave_the_queue(locked, fresh)
        wanted = Counter(one.home_organization_id for one in fresh)
        count = count_of(locked, rules=rules, now=now, judged=wanted)
        code = count.refusal(wanted, from_hold=set(wanted) if from_hold else set())
        if code is not None:
            raise Refused(_refusal(code, locked, rules, count, wanted))
        _refuse_held_back(locked, rules, fresh, now)
        if from_hold:
            _use_holds(locked, wanted, now)
        for booking in _give(locked, fresh, actor):
            standing[booking.trainee_id] = booking
        mend_late(session=locked, trainees=fresh)
        seat_news.tell_booked(locked, fresh, actor=actor)
    return [standing[one.pk] for one in trainees]


def give_back(*, session: Session, trainee: Trainee, now: dt.datetime, actor: User | None) -> Booking:
    """Give a seat back before the session begins; whoever waits moves up.

    After the last day for it, the seat is noted as one that stayed empty.

    Raises:
        Refused: there is no seat, or the session has begun or was cancelled.
    """
    return looking_again(lambda: _give_back(session, trainee, now, actor))


def _give_back(session: Session, trainee: Trainee, now: dt.datetime, actor: User | None) -> Booking:
    locked = _locked(session)
    if locked.is_cancelled:
        raise Refused(reason("session_cancelled"))
    booking = Booking.objects.booked().filter(session=locked, trainee=trainee).first()
    if booking is None:
        raise Refused(reason("not_booked"))
    if now >= locked.starts_at:
        raise Refused(reason("session_has_begun"))
    booking.status = BookingStatus.CANCELLED
    booking.cancelled_at = now
    booking.save(update_fields=["status", "cancelled_at"])
    Occupation.objects.filter(
        session=locked, resource_type=ResourceKind.TRAINEE, resource_id=trainee.pk
    ).delete()
    note(booking, "practicum.give_back", actor=actor)
    rules = rules_of(locked)
    if locked.is_open and now > rules.give_back_until(locked.starts_at):
        note_late(session=locked, trainee=trainee, now=now)
    seat_news.tell_given_back(locked, trainee)
    _move_up(locked, rules, now)
    return booking


# --- Waiting ----------------------------------------------------------------------------------------------


def wait(
    *, session: Session, trainees: Sequence[Trainee], now: dt.datetime, actor: User | None
) -> WaitingParty:
    """Let ``trainees`` of one organization wait together; they get seats together.

    Whoever finds seats free gets them at once.

    Raises:
        Refused: seats cannot be booked, people of several organizations, more than ever fit, or somebody has
        a seat or waits already.
    """
    if not trainees:
        raise Refused(reason("nobody_chosen", "people"))
    return looking_again(lambda: _wait(session, trainees, now, actor))


def _wait(
    session: Session, trainees: Sequence[Trainee], now: dt.datetime, actor: User | None
) -> WaitingParty:
    locked = _locked(session)
    _refuse_unless_open(locked, now)
    people = sorted({one.pk: one for one in trainees}.values(), key=lambda one: one.pk)
    if len({one.home_organization_id for one in people}) > 1:
        raise Refused(reason("party_of_one_organization", "people"))
    if Booking.objects.booked().filter(session=locked, trainee__in=people).exists():
        raise Refused(reason("already_booked", "people"))
    rules = rules_of(locked)
    ever = min(locked.seats or 0, share_of(capacity=locked.seats or 0, percent=rules.share_percent) or 10**6)
    if len(people) > ever:
        raise Refused(reason("party_too_large", "people", people=len(people), share=ever))
    _refuse_held_back(locked, rules, people, now, may_come_later=True)
    _leave_the_queue(locked, people)
    party = WaitingParty.objects.create(
        session=locked, organization_id=people[0].home_organization_id, asked_by=actor
    )
    WaitingPerson.objects.bulk_create([WaitingPerson(party=party, trainee=one) for one in people])
    note(party, "practicum.seat_wait", actor=actor, data={"people": [one.pk for one in people]})
    _move_up(locked, rules, now)
    party.refresh_from_db()
    return party


@transaction.atomic
def stop_waiting(*, session: Session, trainees: Collection[Trainee], actor: User | None) -> int:
    """Take the parties of ``trainees`` out of the queue; how many.

    Raises:
        Refused: none of them waits.
    """
    locked = _locked(session)
    parties = list(
        WaitingParty.objects.waiting().filter(session=locked, members__trainee__in=trainees).distinct()
    )
    if not parties:
        raise Refused(reason("not_waiting"))
    WaitingParty.objects.filter(pk__in=[one.pk for one in parties]).update(status=WaitingStatus.WITHDRAWN)
    note_many(parties, "practicum.seat_wait_end", actor=actor)
    return len(parties)


@dataclass(frozen=True)
class Tended:
    """What came of looking after one session's seats."""

    lapsed: int = 0
    moved_up: int = 0
    closed: int = 0


def tend(*, session: Session, now: dt.datetime) -> Tended:
    """Let expired holds lapse and whoever waits move up; close the queue of what began or was cancelled."""
    return looking_again(lambda: _tend(session, now))


def _tend(session: Session, now: dt.datetime) -> Tended:
    locked = _locked(session)
    waiting = WaitingParty.objects.waiting().filter(session=locked)
    if locked.is_cancelled or now >= locked.starts_at:
        SeatHold.objects.filter(session=locked, status=HoldStatus.STANDING).update(status=HoldStatus.LAPSED)
        return Tended(closed=waiting.update(status=WaitingStatus.CLOSED))
    lapsed = list(SeatHold.objects.expired(now).filter(session=locked).select_related("organization"))
    for hold in lapsed:
        hold.status = HoldStatus.LAPSED
        hold.save(update_fields=["status"])
        note(hold, "practicum.seat_hold_lapse", actor=None, data={"seats": hold.seats})
        seat_news.tell_lapsed(hold)
    return Tended(lapsed=len(lapsed), moved_up=_move_up(locked, rules_of(locked), now))


def move_up(*, session: Session, now: dt.datetime) -> int:
    """Let whoever waits have what is free; called by those who hold the session's lock."""
    return _move_up(session, rules_of(session), now)


def _move_up(locked: Session, rules: SeatRules, now: dt.datetime) -> int:
    """Give free seats to those who wait, in order, groups all or nothing; how many parties got theirs.

    After the last day to give back nobody is moved up unasked: who cannot come any more would be at fault.
    """
    parties = {
        one.pk: one
        for one in WaitingParty.objects.waiting()
        .filter(session=locked)
        .order_by("asked_at", "pk")
        .prefetch_related("members__trainee")
    }
    if not parties or locked.is_cancelled or not locked.is_open or now >= locked.starts_at:
        return 0
    count = count_of(locked, rules=rules, now=now, judged={one.organization_id for one in parties.values()})
    if count.left == 0:
        return 0
    if now >= rules.give_back_until(locked.starts_at):
        seat_news.tell_free(locked, [_members(one) for one in parties.values()])
        return 0
    everybody = [one for party in parties.values() for one in _members(party)]
    held_back = standings_of([one.pk for one in everybody], now=now)
    shares_run = now < rules.shares_end(locked.starts_at)
    barred = {pk for pk, (code, _until) in held_back.items() if shares_run or code == "booking_paused"}
    wants = wants_only_people(locked, [one.pk for one in everybody])
    busy = {found.resource.id for found in collisions(agenda_around(wants), wants)}
    ready = [
        Waiting(key, party.organization_id, len(members))
        for key, party in parties.items()
        if (members := _members(party)) and not {one.pk for one in members} & (barred | busy)
    ]
    seated = [parties[key] for key in moving_up(ready, count)]
    for party in seated:
        members = _members(party)
        _give(locked, members, party.asked_by)
        party.status = WaitingStatus.SEATED
        party.save(update_fields=["status"])
        note(party, "practicum.seat_move_up", actor=None, data={"people": [one.pk for one in members]})
        seat_news.tell_moved_up(
            locked, party, members, give_back_until=rules.give_back_until(locked.starts_at)
        )
    return len(seated)


def _members(party: WaitingParty) -> list[Trainee]:
    return [one.trainee for one in party.members.all()]


# --- Seats without names ----------------------------------------------------------------------------------


def hold(
    *, session: Session, organization: Organization, seats: int, now: dt.datetime, actor: User | None
) -> SeatHold:
    """Keep ``seats`` for ``organization`` until it has named who comes, or the time for it is over.

    Raises:
        Refused: too few seats or share left, it keeps some already, or it is too late for that.
    """
    return looking_again(lambda: _hold(session, organization, seats, now, actor))


def _hold(
    session: Session, organization: Organization, seats: int, now: dt.datetime, actor: User | None
) -> SeatHold:
    locked = _locked(session)
    _refuse_unless_open(locked, now)
    rules = rules_of(locked)
    expires_at = rules.hold_until(locked.starts_at, now)
    if expires_at <= now:
        raise Refused(reason("hold_too_late"))
    _move_up(locked, rules, now)
    SeatHold.objects.expired(now).filter(session=locked, organization=organization).update(
        status=HoldStatus.LAPSED
    )
    if SeatHold.objects.holding(now).filter(session=locked, organization=organization).exists():
        raise Refused(reason("hold_exists", "seats", organization=organization))
    wanted = Counter({organization.pk: seats})
    count = count_of(locked, rules=rules, now=now, judged=wanted)
    if (code := count.refusal(wanted)) is not None:
        raise Refused(_refusal(code, locked, rules, count, wanted))
    kept = SeatHold.objects.create(
        session=locked, organization=organization, seats=seats, expires_at=expires_at, held_by=actor
    )
    note(kept, "practicum.seat_hold", actor=actor, data={"seats": seats, "until": expires_at.isoformat()})
    return kept


def release_hold(
    *, session: Session, organization: Organization, now: dt.datetime, actor: User | None
) -> None:
    """Give back what ``organization`` keeps without names; whoever waits moves up.

    Raises:
        Refused: it keeps nothing.
    """
    looking_again(lambda: _release(session, organization, now, actor))


def _release(session: Session, organization: Organization, now: dt.datetime, actor: User | None) -> None:
    locked = _locked(session)
    kept = SeatHold.objects.holding(now).filter(session=locked, organization=organization).first()
    if kept is None:
        raise Refused(reason("no_hold"))
    kept.status = HoldStatus.RELEASED
    kept.save(update_fields=["status"])
    note(kept, "practicum.seat_hold_release", actor=actor, data={"seats": kept.seats})
    _move_up(locked, rules_of(locked), now)


def _use_holds(locked: Session, wanted: Counter[int], now: dt.datetime) -> None:
    for kept in SeatHold.objects.holding(now).filter(session=locked, organization__in=wanted):
        left = kept.seats - wanted[kept.organization_id]
        if left > 0:
            kept.seats = left
        else:
            kept.status = HoldStatus.USED
        kept.save(update_fields=["seats", "status"])


# --- Shared by all -----------------------------------------------------------------------------------------


def _locked(session: Session) -> Session:
    return Session.objects.select_for_update(of=("self",)).with_place().get(pk=session.pk)


def _refuse_unless_open(locked: Session, now: dt.datetime) -> None:
    code = booking_refusal(
        capacity=1,
        taken=0,
        is_open=locked.is_open and locked.audience == Audience.BOOKINGS,
        is_cancelled=locked.is_cancelled,
        starts_at=locked.starts_at,
        now=now,
    )
    if code is not None:
        raise Refused(reason(code))


def _refuse_held_back(
    locked: Session,
    rules: SeatRules,
    trainees: Sequence[Trainee],
    now: dt.datetime,
    *,
    may_come_later: bool = False,
) -> None:
    """Say who cannot book because seats of theirs stayed empty."""
    found = standings_of([one.pk for one in trainees], now=now)
    shares_end = rules.shares_end(locked.starts_at)
    if may_come_later or now >= shares_end:
        found = {pk: one for pk, one in found.items() if one[0] == "booking_paused"}
    if not found:
        return
    if len(trainees) > 1:
        raise Refused(
            reason(
                "people_cannot_book", "people", who="、".join(one.name for one in trainees if one.pk in found)
            )
        )
    ((code, until),) = found.values()
    raise Refused(
        reason(
            code,
            until=f"{until:%Y-%m-%d}",
            when=f"{timezone.localtime(shares_end):%Y-%m-%d %H:%M}",
        )
    )


def _refusal(code: str, locked: Session, rules: SeatRules, count: SeatCount, wanted: Counter[int]) -> Reason:
    if code != "share_used_up":
        return reason(code)
    full = next(one for one in wanted if count.of(one) + wanted[one] > (count.share(one) or 10**6))
    return reason(
        code,
        organization=Organization.objects.get(pk=full),
        share=count.share(full),
        when=f"{timezone.localtime(rules.shares_end(locked.starts_at)):%Y-%m-%d %H:%M}",
    )


def _leave_the_queue(locked: Session, trainees: Sequence[Trainee]) -> None:
    """Whoever waited alone stops waiting; whoever waits with others is left to them."""
    sizes: dict[int, set[int]] = defaultdict(set)
    rows = WaitingPerson.objects.filter(party__session=locked, party__status=WaitingStatus.WAITING)
    parties = rows.filter(trainee__in=trainees).values("party")
    for party_id, trainee_id in rows.filter(party__in=parties).values_list("party", "trainee"):
        sizes[party_id].add(trainee_id)
    wanted = {one.pk: one for one in trainees}
    split = {pk for people in sizes.values() if not people <= wanted.keys() for pk in people & wanted.keys()}
    if split:
        raise Refused(
            reason("already_waiting", "people", who="、".join(wanted[pk].name for pk in sorted(split)))
        )
    WaitingParty.objects.filter(pk__in=sizes).update(status=WaitingStatus.WITHDRAWN)


def _give(locked: Session, trainees: Sequence[Trainee], actor: User | None) -> list[Booking]:
    """Write seats and what they occupy.

    Raises:
        Refused: somebody is somewhere else at that time.
    """
    wants = wants_only_people(locked, [one.pk for one in trainees])
    if found := collisions(agenda_around(wants), wants):
        raise Refused(*clash_reasons(found))
    rows = Booking.objects.bulk_create(
        [Booking(session=locked, trainee=one, booked_by=actor) for one in trainees]
    )
    Occupation.objects.bulk_create(occupy(locked, wants))
    note_many(rows, "practicum.book", actor=actor)
    return rows
