"""Deliveries that did not go through: tried again or given up by somebody; and old messages that go.

Like sending, this takes no row lock: each step is one conditional UPDATE, so a letter that a sender has in
its hands, or that has gone out meanwhile, is not touched.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django_q.tasks import async_task

from enrollment.actions.journal import note_many
from enrollment.actions.messages import TASK, wishes_of
from enrollment.models import (
    Delivery,
    DeliveryState,
    Message,
    RetentionSubject,
    User,
    kept_since,
)
from enrollment.models.messages import DeliveryQuerySet
from enrollment.rules import messages as rules

CHUNK = 500


def retry(*, deliveries: DeliveryQuerySet, actor: User, now: dt.datetime | None = None) -> int:
    """Have stuck deliveries tried again, whole letters, outside the quiet hours; returns how many rows.

    The count of attempts begins anew; what earlier attempts came to stays written down.
    """
    moment = timezone.localtime(now)
    retried = 0
    for rows in _letters(deliveries):
        by_time: dict[dt.datetime, list[int]] = defaultdict(list)
        for row in rows:
            by_time[rules.after_quiet(moment, wishes_of(row.message.recipient))].append(row.pk)
        with transaction.atomic():
            for due_at, pks in by_time.items():
                retried += (
                    Delivery.objects.stuck()
                    .filter(pk__in=pks)
                    .update(state=DeliveryState.WAITING, due_at=due_at, forgiven=F("attempts"), claim=None)
                )
            note_many(rows, "enrollment.message.retry", actor=actor)
            transaction.on_commit(_send)
    return retried


def give_up(*, deliveries: DeliveryQuerySet, actor: User) -> int:
    """Try these deliveries no more; the message stays in the inbox. Returns how many rows."""
    ended = 0
    for letters in _letters(deliveries):
        rows = [row for row in letters if row.state == DeliveryState.FAILED]
        with transaction.atomic():
            ended += Delivery.objects.filter(
                pk__in=[row.pk for row in rows], state=DeliveryState.FAILED
            ).update(state=DeliveryState.GIVEN_UP, claim=None)
            note_many(rows, "enrollment.message.give_up", actor=actor)
    return ended


def _send() -> None:
    async_task(TASK, group="messages")


def _letters(deliveries: DeliveryQuerySet) -> Iterator[Sequence[Delivery]]:
    """All stuck rows of the letters that ``deliveries`` belong to, chunk by chunk."""
    batches = list(dict.fromkeys(deliveries.stuck().order_by("pk").values_list("batch", flat=True)))
    for start in range(0, len(batches), CHUNK):
        rows = (
            Delivery.objects.stuck()
            .filter(batch__in=batches[start : start + CHUNK])
            .select_related("message__recipient__message_preference")
        )
        yield list(rows.order_by("pk"))


def clear_messages(*, today: dt.date) -> int:
    """Delete messages older than their retention period with all that became of them; returns how many."""
    since = kept_since(RetentionSubject.MESSAGES, today)
    if since is None:
        return 0
    before = timezone.make_aware(dt.datetime.combine(since, dt.time.min))
    cleared = 0
    while pks := list(
        Message.objects.filter(created_at__lt=before).order_by().values_list("pk", flat=True)[:CHUNK]
    ):
        with transaction.atomic():
            Message.objects.filter(pk__in=pks).delete()
        cleared += len(pks)
    return cleared
