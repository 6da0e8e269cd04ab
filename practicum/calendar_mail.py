"""What goes along with a mail about sessions: a calendar file for each, as it stands by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.urls import reverse

from enrollment.letters import File
from enrollment.models import User
from practicum.calendars import invitation_for
from practicum.models import CalendarInvitation, Session


def files_for(context: Mapping[str, Any], user_id: int) -> Sequence[File]:
    """Calendar files of the sessions that a message names (``calendar``: their keys), for one account.

    A mail that was delayed says how things are now, not how they were: the SEQUENCE is that of the last
    message. Two queries and one a session.
    """
    keys = [int(text) for text in str(context.get("calendar", "")).split(",") if text.isdecimal()]
    if not keys:
        return []
    user = User.objects.get(pk=user_id)
    sent = CalendarInvitation.objects.filter(user=user_id, session__in=keys)
    invitations = {row.session_id: row for row in sent}
    rows = Session.objects.with_place().filter(pk__in=invitations)
    theirs = set(rows.attended_by(user).values_list("pk", flat=True)) | set(
        rows.filter(lecturer__user=user).values_list("pk", flat=True)
    )
    _name, organizer = parseaddr(settings.DEFAULT_FROM_EMAIL)
    files = []
    for session in rows.order_by("starts_at", "pk"):
        row = invitations[session.pk]
        is_cancelled = row.is_cancelled or session.is_cancelled or session.pk not in theirs
        body = invitation_for(
            session,
            to=user,
            sequence=max(row.sequence, session.sequence),
            is_cancelled=is_cancelled,
            address=settings.WAGTAILADMIN_BASE_URL + reverse("practicum:session", args=[session.pk]),
            organizer=organizer,
        )
        method = "CANCEL" if is_cancelled else "REQUEST"
        files.append(File(f"session-{session.pk}.ics", body, f"text/calendar; method={method}"))
    return files
