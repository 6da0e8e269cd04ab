"""Seats of open sessions: never more than there are."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.models import Trainee, User
from practicum.actions.occupation import agenda_around, clash_reasons, collisions, occupy
from practicum.actions.sessions import wants_only_people
from practicum.models import Audience, Booking, BookingStatus, Occupation, ResourceKind, Session
from practicum.rules.reasons import reason
from practicum.rules.seats import booking_refusal


def book(*, session: Session, trainee: Trainee, now: dt.datetime, actor: User | None) -> Booking:
    """Give ``trainee`` a seat. Booking twice gives the same seat.

    The session's row is locked, seats are counted, and only then is one taken: however many ask at once,
    no more are given than there are.

    Raises:
        Refused: no seat is left, seats cannot be booked, or the person is somewhere else at that time.
    """
    try:
        with transaction.atomic():
            return _book(session, trainee, now, actor)
    except IntegrityError as error:
        # PostgreSQL's exclusion constraint: the person was given another session at this moment.
        if "practicum_occupation" not in str(error):
            raise
        with transaction.atomic():
            return _book(session, trainee, now, actor)


def _book(session: Session, trainee: Trainee, now: dt.datetime, actor: User | None) -> Booking:
    locked = Session.objects.select_for_update().get(pk=session.pk)
    seats = Booking.objects.booked().filter(session=locked)
    if (existing := seats.filter(trainee=trainee).first()) is not None:
        return existing
    refusal = booking_refusal(
        capacity=locked.seats or 0,
        taken=seats.count(),
        is_open=locked.is_open and locked.audience == Audience.BOOKINGS,
        is_cancelled=locked.is_cancelled,
        starts_at=locked.starts_at,
        now=now,
    )
    if refusal is not None:
        raise Refused(reason(refusal))
    wants = wants_only_people(locked, [trainee.pk])
    if found := collisions(agenda_around(wants), wants):
        raise Refused(*clash_reasons(found))
    booking = Booking.objects.create(session=locked, trainee=trainee, booked_by=actor)
    Occupation.objects.bulk_create(occupy(locked, wants))
    note(booking, "practicum.book", actor=actor)
    return booking


@transaction.atomic
def give_back(*, session: Session, trainee: Trainee, now: dt.datetime, actor: User | None) -> Booking:
    """Give a seat back before the session begins; it can be booked again at once.

    Raises:
        Refused: there is no seat, or the session has begun.
    """
    locked = Session.objects.select_for_update().get(pk=session.pk)
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
    return booking
