"""What a release tells: each person once, with what of theirs is new, moved or cancelled."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.urls import reverse
from django.utils import timezone

from enrollment.actions.messages import Notice, notify_each
from enrollment.models import Trainee
from practicum.actions.invitations import invite
from practicum.actions.news import waiting_at
from practicum.models import ChangeKind, Lecturer, Session, TimetableChange, TimetableRelease
from practicum.models.projection import expected_people

#: So many lines stand in the message; the page of the release has all.
LINES_TOLD = 8


def people_of(changes: Iterable[TimetableChange]) -> dict[int, list[TimetableChange]]:
    """The changes by account: of those expected, of those who wait for a seat of what is cancelled, and of
    who teaches or was to teach. Five queries."""
    changes = [one for one in changes if one.session is not None]
    sessions: list[Session] = [one.session for one in changes if one.session is not None]
    expected = expected_people(sessions)
    ended = [one.session_id for one in changes if one.kind == ChangeKind.CANCELLED]
    for key, waiting in waiting_at([one for one in sessions if one.pk in ended]).items():
        expected[key] = [*expected.get(key, ()), *waiting]
    accounts: dict[int, int | None] = dict(
        Trainee.objects.filter(
            pk__in={pk for people in expected.values() for pk in people}, user__isnull=False
        ).values_list("pk", "user_id")
    )
    lecturers = {one.before.get("lecturer") for one in changes} | {one.lecturer_id for one in sessions}
    teachers: dict[int, int | None] = dict(
        Lecturer.objects.filter(
            pk__in=[pk for pk in lecturers if pk is not None], user__isnull=False
        ).values_list("pk", "user_id")
    )
    found: dict[int, dict[int, TimetableChange]] = defaultdict(dict)
    for change, session in zip(changes, sessions, strict=True):
        people = [accounts.get(pk) for pk in expected.get(session.pk, ())]
        people += [
            teachers.get(pk) for pk in (change.before.get("lecturer"), session.lecturer_id) if pk is not None
        ]
        for user in people:
            if user is not None:
                found[user][change.pk] = change
    return {user: list(rows.values()) for user, rows in found.items()}


def tell_released(release: TimetableRelease, changes: Sequence[TimetableChange], *, now: dt.datetime) -> int:
    """Tell everybody concerned once; how many. What lies in the past tells nobody."""
    coming = [
        one
        for one in changes
        if one.session is not None and (one.session.ends_at > now or _was_to_come(one, now))
    ]
    people = people_of(coming)
    for change in coming:
        assert change.session is not None
        invite(
            session=change.session,
            users=[user for user, rows in people.items() if change in rows],
            is_cancelled=change.kind == ChangeKind.CANCELLED,
        )
    notices = []
    for user, rows in people.items():
        kinds = [row.kind for row in rows]
        lines = [_line(row) for row in rows[:LINES_TOLD]]
        notices.append(
            Notice(
                user,
                f"release:{release.pk}",
                {
                    "number": release.number,
                    "note": release.note,
                    "new": kinds.count(ChangeKind.NEW) + kinds.count(ChangeKind.REINSTATED),
                    "moved": kinds.count(ChangeKind.MOVED),
                    "cancelled": kinds.count(ChangeKind.CANCELLED),
                    "lines": "\n".join(lines),
                    "calendar": ",".join(str(row.session_id) for row in rows),
                },
                reverse("practicum:release", args=[release.number]),
            )
        )
    return notify_each(kind="timetable_released", notices=notices)


def _was_to_come(change: TimetableChange, now: dt.datetime) -> bool:
    ended = change.before.get("ends_at")
    return ended is not None and dt.datetime.fromisoformat(ended) > now


def _line(change: TimetableChange) -> str:
    """One change in a line without words, so that it reads in any language."""
    session = change.session
    assert session is not None
    sign = {ChangeKind.CANCELLED.value: "✕", ChangeKind.MOVED.value: "→"}.get(change.kind, "+")
    when = f"{timezone.localtime(session.starts_at):%Y-%m-%d %H:%M}"
    return f"{sign} {session.title} {when} {session.where}".strip()
