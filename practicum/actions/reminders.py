"""Calling to mind what is due, once each: headcount, roster, a silent base, tomorrow, kept seats.

Messages are unique by recipient and key, so that this may run as often as one likes.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from django.urls import reverse
from django.utils import timezone

from enrollment.actions.messages import Notice, notify, notify_each
from enrollment.models import Trainee
from practicum.actions.news import administrators
from practicum.actions.visits import calendar
from practicum.models import BaseHost, ReminderSettings, SeatHold, Session, Visit
from practicum.models.projection import expected_people, rosters_of
from practicum.rules.reminders import ReminderTerms, call_for, is_silent
from practicum.rules.visits import Stage

#: From this hour on people hear of tomorrow, so that a run at night tells nobody too early.
EVENING = 16
#: So far ahead visits are looked at.
AHEAD = dt.timedelta(days=40)
#: So many sessions of tomorrow stand in one message.
LINES_TOLD = 6


def remind(*, now: dt.datetime) -> int:
    """Tell everybody of what is due at ``now``; how many messages are new."""
    terms = ReminderSettings.load().terms
    return (
        _of_preparation(terms, now)
        + _of_silent_bases(terms, now)
        + _of_tomorrow(terms, now)
        + _of_kept_seats(terms, now)
    )


def _who_prepares(visit: Visit) -> list[int]:
    """Whoever asked and the class teacher; where nobody did, all who run the academy."""
    teacher = visit.training_class.teacher_id if visit.training_class is not None else None
    found = {one for one in (visit.requested_by_id, teacher) if one is not None}
    return sorted(found or administrators())


def _of_preparation(terms: ReminderTerms, now: dt.datetime) -> int:
    today = timezone.localdate(now)
    visits = list(
        Visit.objects.filter(
            status__in=[Stage.CONFIRMED, Stage.BRIEFED], starts_at__gt=now, starts_at__lt=now + AHEAD
        ).select_related("base", "training_class")
    )
    rosters = rosters_of({one.training_class_id for one in visits if one.training_class_id is not None})
    days = calendar()
    told = 0
    for visit in visits:
        call = call_for(
            today=today,
            visit_day=timezone.localdate(visit.starts_at),
            calendar=days,
            days=terms.headcount_days,
            is_stated=visit.headcount_stated_at is not None,
            headcount=visit.headcount,
            named=len(rosters.get(visit.training_class_id, ())) if visit.training_class_id else None,
        )
        if call is not None:
            told += notify(
                kind="visit_due",
                recipients=_who_prepares(visit),
                key=f"visit:{visit.pk}:due:{call}:{visit.starts_at:%Y%m%d}",
                context={**_facts(visit), "call": call.value},
                link=reverse("practicum:visit", args=[visit.pk]),
            )
    return told


def _of_silent_bases(terms: ReminderTerms, now: dt.datetime) -> int:
    today = timezone.localdate(now)
    days = calendar()
    told = 0
    waiting = Visit.objects.filter(status=Stage.WITH_BASE, starts_at__gt=now)
    for visit in waiting.select_related("base", "training_class"):
        # What the academy prepares meanwhile does not make the base's silence shorter.
        asked_on = timezone.localdate(visit.with_base_since or visit.updated_at)
        if not is_silent(asked_on=asked_on, today=today, calendar=days, days=terms.host_days):
            continue
        key = f"visit:{visit.pk}:silent:{asked_on:%Y%m%d}"
        hosts = BaseHost.objects.filter(base=visit.base_id).values_list("user_id", flat=True)
        for people, link in (
            (list(hosts), "practicum:host_visit"),
            (_who_prepares(visit), "practicum:visit"),
        ):
            told += notify(
                kind="visit_unanswered",
                recipients=people,
                key=key,
                context={**_facts(visit), "asked_on": asked_on},
                link=reverse(link, args=[visit.pk]),
            )
    return told


def _facts(visit: Visit) -> dict[str, object]:
    return {
        "title": visit.title,
        "base": visit.base,
        "starts_at": visit.starts_at,
        "headcount": visit.headcount,
    }


def _of_tomorrow(terms: ReminderTerms, now: dt.datetime) -> int:
    """One message a person in the evening before, with all of their sessions."""
    local = timezone.localtime(now)
    if not terms.tells_of_tomorrow or local.hour < EVENING:
        return 0
    start = local.replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
    rows = Session.objects.standing().filter(starts_at__gte=start, starts_at__lt=start + dt.timedelta(days=1))
    sessions = list(rows.with_place().order_by("starts_at", "pk"))
    expected = expected_people(sessions)
    accounts = dict(
        Trainee.objects.filter(
            pk__in={pk for people in expected.values() for pk in people}, user__isnull=False
        ).values_list("pk", "user_id")
    )
    theirs: dict[int, list[Session]] = defaultdict(list)
    for session in sessions:
        users = {accounts.get(pk) for pk in expected.get(session.pk, ())}
        users.add(session.lecturer.user_id if session.lecturer is not None else None)
        for user in users - {None}:
            theirs[user or 0].append(session)
    day = start.date()
    return notify_each(
        kind="tomorrow",
        notices=[
            Notice(
                user,
                f"tomorrow:{day}",
                {"day": day, "people": len(mine), "lines": "\n".join(_lines(mine))},
                reverse("practicum:schedule"),
            )
            for user, mine in theirs.items()
        ],
    )


def _lines(sessions: Iterable[Session]) -> list[str]:
    return [
        f"{timezone.localtime(one.starts_at):%H:%M} {one.title} {one.where}".strip()
        + (f" · {one.bring}" if one.bring else "")
        for one in list(sessions)[:LINES_TOLD]
    ]


def _of_kept_seats(terms: ReminderTerms, now: dt.datetime) -> int:
    """Whoever keeps seats hears in time that names are missing."""
    soon = now + dt.timedelta(hours=terms.names_hours)
    rows = SeatHold.objects.holding(now).filter(expires_at__lte=soon, held_by__isnull=False)
    return sum(
        notify(
            kind="names_due",
            recipients=[hold.held_by_id] if hold.held_by_id is not None else [],
            key=f"seat-hold:{hold.pk}:names",
            context={
                "title": hold.session.title,
                "organization": hold.organization,
                "people": hold.seats,
                "until": hold.expires_at,
            },
            link=reverse("practicum:seat_people", args=[hold.session_id]),
        )
        for hold in rows.select_related("session", "organization")
    )
