"""Keeping note of which sessions were sent to whose calendar, with a SEQUENCE that only rises."""

from __future__ import annotations

from collections.abc import Iterable

from practicum.models import CalendarInvitation, Session


def invite(*, session: Session, users: Iterable[int], is_cancelled: bool = False) -> list[int]:
    """Note that the calendars of ``users`` (keys of accounts) are told of ``session`` now; whose are.

    A session that was never sent is not taken back: who is cancelled without an invitation is left out. The
    caller tells them in the same transaction; the file is made when the mail goes out.
    """
    wanted = sorted(set(users))
    known = {row.user_id: row for row in CalendarInvitation.objects.filter(session=session, user__in=wanted)}
    for row in known.values():
        row.sequence = max(session.sequence, row.sequence + 1)
        row.is_cancelled = is_cancelled
    CalendarInvitation.objects.bulk_update(known.values(), ["sequence", "is_cancelled"])
    if is_cancelled:
        return sorted(known)
    CalendarInvitation.objects.bulk_create(
        [
            CalendarInvitation(session=session, user_id=user, sequence=session.sequence)
            for user in wanted
            if user not in known
        ],
        ignore_conflicts=True,
    )
    return wanted
