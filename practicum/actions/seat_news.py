"""What people are told of seats; the actions that make the change call these."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from django.urls import reverse
from django.utils import timezone

from enrollment.actions.messages import notify
from enrollment.models import Trainee, User
from practicum.actions.invitations import invite
from practicum.actions.news import accounts_of, administrators, facts_of
from practicum.models import MissedSeat, SeatHold, Session, WaitingParty
from practicum.rules.seats import MEMORY


def _page(session: Session) -> str:
    return reverse("practicum:session", args=[session.pk])


def _users(trainees: Iterable[Trainee]) -> list[int]:
    return [one.user_id for one in trainees if one.user_id is not None]


def _moment() -> str:
    return f"{timezone.localtime():%Y%m%d%H%M%S%f}"


def tell_booked(session: Session, trainees: Collection[Trainee], *, actor: User | None) -> None:
    """Tell people that they have a seat and who booked it for them, with a calendar file."""
    users = _users(trainees)
    invite(session=session, users=users)
    mine = actor.pk if actor is not None else 0
    for people, by in (
        ([one for one in users if one != mine], actor or ""),
        ([mine] if mine in users else [], ""),
    ):
        notify(
            kind="seat_booked",
            recipients=people,
            key=f"seat:{session.pk}:booked:{_moment()}",
            context={**facts_of(session), "by": by, "calendar": session.pk},
            link=_page(session),
        )


def tell_given_back(session: Session, trainee: Trainee) -> None:
    """Take the session out of a calendar that it was sent to."""
    users = invite(session=session, users=_users([trainee]), is_cancelled=True)
    notify(
        kind="seat_returned",
        recipients=users,
        key=f"seat:{session.pk}:returned:{_moment()}",
        context={**facts_of(session), "calendar": session.pk},
        link=_page(session),
    )


def tell_moved_up(
    session: Session, party: WaitingParty, trainees: Sequence[Trainee], *, give_back_until: dt.datetime
) -> None:
    """Tell a party, and whoever asked for it, that all of it has seats now."""
    people = _users(trainees)
    invite(session=session, users=people)
    if party.asked_by_id is not None:
        people.append(party.asked_by_id)
    notify(
        kind="seat_moved_up",
        recipients=people,
        key=f"seat:{session.pk}:up:{party.pk}",
        context={
            **facts_of(session),
            "until": give_back_until,
            "people": len(trainees),
            "calendar": session.pk,
        },
        link=_page(session),
    )


def tell_free(session: Session, parties: Iterable[Sequence[Trainee]]) -> None:
    """Tell those who wait, once, that seats are free and that nobody gets one unasked any more."""
    notify(
        kind="seat_free",
        recipients=_users(one for members in parties for one in members),
        key=f"seat:{session.pk}:free",
        context=facts_of(session),
        link=_page(session),
    )


def tell_lapsed(hold: SeatHold) -> None:
    """Tell whoever kept seats that they were given to others."""
    if hold.held_by_id is None:
        return
    notify(
        kind="seat_hold_lapsed",
        recipients=[hold.held_by_id],
        key=f"seat-hold:{hold.pk}:lapsed",
        context={**facts_of(hold.session), "people": hold.seats, "organization": hold.organization},
        link=reverse("practicum:seat_people", args=[hold.session_id]),
    )


def tell_missed(session: Session, trainee_ids: Collection[int], *, now: dt.datetime) -> None:
    """Tell people that their seat stayed empty, and how to object; what counts no more tells nobody."""
    if now - session.ends_at > MEMORY:
        return
    notify(
        kind="seat_missed",
        recipients=accounts_of(trainee_ids),
        key=f"seat:{session.pk}:missed",
        context=facts_of(session),
        link=reverse("practicum:missed_seats"),
    )


def tell_appealed(missed: MissedSeat) -> None:
    """Tell the staff that somebody objects."""
    teacher = missed.session.training_class.teacher_id if missed.session.training_class else None
    notify(
        kind="seat_appealed",
        recipients=[teacher] if teacher is not None else sorted(administrators()),
        key=f"missed-seat:{missed.pk}:appealed",
        context={**facts_of(missed.session), "person": missed.trainee},
        link=reverse("practicum:appeals"),
    )


def tell_decided(missed: MissedSeat) -> None:
    """Tell the person what was decided."""
    notify(
        kind="seat_decided",
        recipients=accounts_of([missed.trainee_id]),
        key=f"missed-seat:{missed.pk}:decided",
        context={
            **facts_of(missed.session),
            "is_excused": missed.status == "excused",
            "answer": missed.answer,
        },
        link=reverse("practicum:missed_seats"),
    )
