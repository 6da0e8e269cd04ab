"""Secret addresses of calendars."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, models, transaction

from enrollment.actions.journal import note
from enrollment.models import User
from practicum.models import CalendarFeed, SharedFeed


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


def share(*, kind: str, thing: models.Model, actor: User | None, now: dt.datetime) -> SharedFeed:
    """Give the calendar of ``thing`` a new address; the one before leads nowhere from now on.

    ``kind`` is one of ``FEED_OF``. Of two who do so at once both get the address that stands: the unique
    constraint decides.
    """
    standing = SharedFeed.objects.standing().filter(**{kind: thing})
    try:
        with transaction.atomic():
            withdraw(kind=kind, thing=thing, actor=actor, now=now)
            feed = SharedFeed.objects.create(created_by=actor, **{kind: thing})
            note(feed, "practicum.share_feed", actor=actor)
            return feed
    except IntegrityError:
        return standing.get()


@transaction.atomic
def withdraw(*, kind: str, thing: models.Model, actor: User | None, now: dt.datetime) -> int:
    """Revoke the address of a thing's calendar, where there is one; how many were."""
    feeds = list(SharedFeed.objects.standing().filter(**{kind: thing}))
    revoked = 0
    for feed in feeds:
        # One statement looks and takes: whoever comes second revokes nothing and logs nothing.
        if SharedFeed.objects.standing().filter(pk=feed.pk).update(revoked_at=now):
            note(feed, "practicum.revoke_feed", actor=actor)
            revoked += 1
    return revoked
