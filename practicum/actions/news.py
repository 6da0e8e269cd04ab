"""What people are told of sessions and visits; the actions that make the change call these."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.urls import reverse
from django.utils import timezone

from enrollment.actions.messages import notify
from enrollment.models import Role, RoleGrant, Trainee, User
from practicum.actions.invitations import invite
from practicum.models import (
    BaseHost,
    Lecturer,
    Session,
    SessionSeries,
    Suspension,
    TrainingBase,
    Visit,
    WaitingPerson,
    WaitingStatus,
)
from practicum.models.projection import expected_people
from practicum.rules.visits import Move, Party, Stage

#: So many dates a message about a series names.
DATES_TOLD = 8
#: Moves that the other side hears of; the rest is the academy's own book-keeping.
TOLD = frozenset(
    {
        Move.CHECK,
        Move.REJECT,
        Move.CONFIRM,
        Move.DECLINE,
        Move.PROPOSE,
        Move.ACCEPT,
        Move.REFUSE,
        Move.BRIEF,
        Move.CANCEL,
    }
)


def accounts_of(trainee_ids: Iterable[int]) -> list[int]:
    """Keys of the accounts behind trainees; whoever has none is not told."""
    found = Trainee.objects.filter(pk__in=list(trainee_ids), user__isnull=False)
    return [user_id for user_id in found.values_list("user_id", flat=True) if user_id is not None]


def facts_of(session: Session) -> dict[str, object]:
    """What every message about a session says."""
    return {
        "title": session.title,
        "starts_at": session.starts_at,
        "ends_at": session.ends_at,
        "where": session.where,
    }


def tell_moved(
    session: Session, *, before: Mapping[str, str], after: Mapping[str, str], now: dt.datetime
) -> None:
    """Tell those expected that time or place of a coming session are others; ``before`` is what they knew."""
    if before == after or session.ends_at <= now:
        return
    people = accounts_of(expected_people([session]).get(session.pk, []))
    invite(session=session, users=people)
    notify(
        kind="session_moved",
        recipients=people,
        key=f"session:{session.pk}:moved:{session.sequence}",
        context={
            **facts_of(session),
            "was_when": before["when"],
            "was_where": before["where"],
            "calendar": session.pk,
        },
        link=reverse("practicum:session", args=[session.pk]),
    )


def tell_of_lecturer(session: Session, *, was: Lecturer, now: dt.datetime) -> None:
    """Tell those expected, and both lecturers, that another teaches a coming session that stays as it is."""
    taught_by = session.lecturer
    if taught_by is None or taught_by.pk == was.pk or session.ends_at <= now:
        return
    people = {*accounts_of(expected_people([session]).get(session.pk, [])), taught_by.user_id, was.user_id}
    told = told_place(session)
    notify(
        kind="session_moved",
        recipients=sorted(one for one in people if one is not None),
        key=f"session:{session.pk}:lecturer:{session.sequence}",
        context={
            **facts_of(session),
            "was_when": told["when"],
            "was_where": told["where"],
            "lecturer": str(taught_by),
            "was_lecturer": str(was),
            "calendar": session.pk,
        },
        link=reverse("practicum:session", args=[session.pk]),
    )


def told_place(session: Session) -> dict[str, str]:
    """When and where, as the log and the messages say it."""
    start, end = timezone.localtime(session.starts_at), timezone.localtime(session.ends_at)
    return {"when": f"{start:%Y-%m-%d %H:%M}–{end:%H:%M}", "where": session.where}


def tell_cancelled(session: Session, *, now: dt.datetime) -> None:
    """Tell those who were expected that a coming session does not take place."""
    if session.ends_at <= now:
        return
    people = accounts_of(
        [*expected_people([session]).get(session.pk, []), *waiting_at([session])[session.pk]]
    )
    invite(session=session, users=people, is_cancelled=True)
    notify(
        kind="session_cancelled",
        recipients=people,
        key=f"session:{session.pk}:cancelled:{session.sequence}",
        context={**facts_of(session), "reason": session.cancel_reason, "calendar": session.pk},
        link=reverse("practicum:session", args=[session.pk]),
    )


def tell_of_series(
    series: SessionSeries,
    *,
    moved: Sequence[Session],
    fresh: Sequence[Session],
    dropped: Sequence[Session],
) -> None:
    """Tell those expected in one message what changed in a series: what they will find, what falls away."""
    standing = sorted([*moved, *fresh], key=lambda session: session.starts_at)
    if not standing and not dropped:
        return
    expected, waiting = expected_people([*standing, *dropped]), waiting_at(dropped)
    people = {
        key: accounts_of([*expected.get(key, []), *waiting.get(key, [])]) for key in expected.keys() | waiting
    }
    for one in [*standing, *dropped]:
        invite(session=one, users=people.get(one.pk, []), is_cancelled=one in dropped)
    notify(
        kind="series_changed",
        recipients=sorted({user for found in people.values() for user in found}),
        key=f"series:{series.pk}:{series.sequence}",
        context={
            "title": series.title,
            "coming": "\n".join(_when_and_where(one) for one in standing[:DATES_TOLD]),
            "more": max(0, len(standing) - DATES_TOLD),
            "dropped": "、".join(
                f"{timezone.localtime(one.starts_at):%Y-%m-%d %H:%M}"
                for one in sorted(dropped, key=lambda one: one.starts_at)[:DATES_TOLD]
            ),
            "more_dropped": max(0, len(dropped) - DATES_TOLD),
            "calendar": ",".join(str(one.pk) for one in [*standing, *dropped]),
        },
        link=reverse("practicum:schedule"),
    )


def _when_and_where(session: Session) -> str:
    start, end = timezone.localtime(session.starts_at), timezone.localtime(session.ends_at)
    return f"{start:%Y-%m-%d %H:%M}–{end:%H:%M} {session.where}".rstrip()


def waiting_at(sessions: Iterable[Session]) -> dict[int, list[int]]:
    """Trainees who wait for a seat, by session: they are told as well when it does not take place."""
    found: dict[int, list[int]] = defaultdict(list)
    rows = WaitingPerson.objects.filter(
        party__session__in=[one.pk for one in sessions if one.is_open], party__status=WaitingStatus.WAITING
    )
    for session_id, trainee_id in rows.order_by("pk").values_list("party__session", "trainee"):
        found[session_id].append(trainee_id)
    return found


def tell_base(visit: Visit, *, what: str, actor: User | None, remark: str = "") -> None:
    """Tell the hosts of a base what changed in a visit it knows of: ``headcount`` or ``vehicles``."""
    if visit.status == Stage.REQUESTED:
        return
    hosts = set(BaseHost.objects.filter(base=visit.base_id).values_list("user_id", flat=True))
    hosts.discard(actor.pk if actor is not None else 0)
    notify(
        kind="visit_news",
        recipients=sorted(hosts),
        key=f"visit:{visit.pk}:{what}:{timezone.localtime(visit.updated_at):%Y%m%d%H%M%S%f}",
        context={
            "title": visit.title,
            "base": str(visit.base),
            "move": what,
            "starts_at": visit.starts_at,
            "ends_at": visit.ends_at,
            "headcount": visit.headcount,
            "answer": remark,
        },
        link=reverse("practicum:host_visit", args=[visit.pk]),
    )


def tell_visitors(visit: Visit) -> None:
    """Send the briefing notice to everybody expected at the visit; each batch has its own session."""
    for batch in visit.batches.select_related("session__base", "session__room__venue"):
        if (session := batch.session) is None or session.is_cancelled:
            continue
        notify(
            kind="visit_briefing",
            recipients=accounts_of(expected_people([session]).get(session.pk, [])),
            key=f"session:{session.pk}:briefing",
            context={**facts_of(session), "leader": visit.leader_name, "briefing": visit.briefing[:300]},
            link=reverse("practicum:briefing", args=[session.pk]),
        )


def tell_of_visit(visit: Visit, move: Move, party: Party, *, actor: User | None) -> None:
    """Tell the other side of a move: hosts of what the academy does, the academy of what the base does.

    A request that is not taken up never reached the base: that goes to whoever asked.
    """
    if move not in TOLD:
        return
    people: set[int | None]
    if party == Party.ACADEMY and move != Move.REJECT:
        people = set(BaseHost.objects.filter(base=visit.base_id).values_list("user_id", flat=True))
        link = reverse("practicum:host_visit", args=[visit.pk])
    else:
        # Whoever asked follows it; where nobody in particular did, all who run the academy.
        people = {visit.requested_by_id} if visit.requested_by_id is not None else set(administrators())
        link = reverse("practicum:visit", args=[visit.pk])
    people.discard(actor.pk if actor is not None else None)
    notify(
        kind="visit_news",
        recipients=[one for one in people if one is not None],
        key=f"visit:{visit.pk}:{move.value}:{timezone.localtime(visit.updated_at):%Y%m%d%H%M%S%f}",
        context={
            "title": visit.title,
            "base": str(visit.base),
            "move": move.value,
            "starts_at": visit.starts_at,
            "ends_at": visit.ends_at,
            "headcount": visit.headcount,
            "answer": visit.answer,
        },
        link=link,
    )


def tell_of_suspension(suspension: Suspension, *, stranded: int, actor: User | None) -> None:
    """Tell the other side that a base receives nobody, with how many visits are ``stranded``; or again."""
    base = suspension.base
    people = set(BaseHost.objects.filter(base=base).values_list("user_id", flat=True)) | administrators()
    people.discard(actor.pk if actor is not None else 0)
    is_over = suspension.lifted_at is not None
    notify(
        kind="base_suspended",
        recipients=sorted(people),
        key=f"suspension:{suspension.pk}:{'lifted' if is_over else 'begun'}",
        context={
            "base": str(base),
            "is_over": is_over,
            "reason": suspension.reason,
            "ends_on": suspension.ends_on,
            "visits": stranded,
        },
        link=reverse("practicum:base_suspension", args=[base.code]),
    )


def tell_of_title(base: TrainingBase) -> None:
    """Tell those who run the academy that a base's title of honour runs out soon; once for each date."""
    notify(
        kind="title_runs_out",
        recipients=sorted(administrators()),
        key=f"title:{base.pk}:{base.title_expires_on}",
        context={
            "base": str(base),
            "title": base.get_title_level_display(),
            "ends_on": base.title_expires_on,
        },
        link=reverse("practicum:base", args=[base.code]),
    )


def administrators() -> set[int]:
    """Keys of the accounts that run the academy."""
    return set(RoleGrant.objects.filter(role=Role.ADMINISTRATOR).values_list("user_id", flat=True))
