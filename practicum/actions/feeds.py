"""Secret addresses of calendars."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from enrollment.actions.journal import note
from enrollment.models import User
from practicum.models import CalendarFeed


def feed_of(*, user: User) -> CalendarFeed:
    """The address in force of ``user``; made at the first call."""
    feed = CalendarFeed.objects.filter(user=user, revoked_at__isnull=True).first()
    if feed is not None:
        return feed
    try:
        with transaction.atomic():
            return CalendarFeed.objects.create(user=user)
    except IntegrityError:
        # Two pages of one person asked at once.
        return CalendarFeed.objects.get(user=user, revoked_at__isnull=True)


@transaction.atomic
def renew(*, user: User, now: dt.datetime) -> CalendarFeed:
    """Revoke the address in force, which leads nowhere from now on, and make another."""
    for feed in CalendarFeed.objects.select_for_update().filter(user=user, revoked_at__isnull=True):
        feed.revoked_at = now
        feed.save(update_fields=["revoked_at"])
        note(feed, "practicum.revoke_feed", actor=user)
    return CalendarFeed.objects.create(user=user)
