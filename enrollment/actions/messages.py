"""Messages: telling people something once, sending it out, and what they do with it.

``notify`` writes in the transaction of whoever calls it, so that a deed that is taken back tells nobody; what
goes out is sent after the commit, in the background. Any number of senders may run: a letter belongs to the
one whose claim stands on its rows, and a claim that is not settled in time falls to the next.
"""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django_q.tasks import async_task

from cms.refusals import Refused
from enrollment import channels, letters
from enrollment.channels import NotDelivered, Post
from enrollment.letters import KINDS, File
from enrollment.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Message,
    MessageChannel,
    MessageGroup,
    MessagePreference,
    User,
)
from enrollment.rules import messages as rules
from enrollment.rules.messages import Wishes

logger = logging.getLogger(__name__)

TASK = "enrollment.message_tasks.send_messages"
CHUNK = 500
#: A run of a sender takes so many letters at a time, and ends after so many seconds: others want the worker.
LETTERS_AT_ONCE = 100
RUN_SECONDS = 50
#: After so many failures in a row a channel is left alone until the next run.
FAILURES_IN_A_ROW = 3
DEFAULT_WISHES = Wishes()


@dataclass(frozen=True)
class Notice:
    """What one person is told. ``recipient`` is the key of an account; ``link`` a path on this site."""

    recipient: int
    key: str
    context: Mapping[str, Any] = field(default_factory=dict)
    link: str = ""


def notify(
    *,
    kind: str,
    recipients: Iterable[int],
    key: str,
    context: Mapping[str, Any] | None = None,
    link: str = "",
) -> int:
    """Tell the same to everybody of ``recipients`` (keys of accounts); return how many had not heard."""
    return notify_each(
        kind=kind, notices=[Notice(one, key, context or {}, link) for one in dict.fromkeys(recipients)]
    )


@transaction.atomic
def notify_each(*, kind: str, notices: Iterable[Notice]) -> int:
    """Tell each what is theirs; the same key reaches a person once, however often it is sent.

    Accounts that are closed are passed over. Costs the same queries for each ``CHUNK`` of people.

    Raises:
        KeyError: nobody registered this kind.
        ValueError: a link leads elsewhere.
    """
    about = KINDS[kind]
    # By account: two that tell the same people wait for one another in the same order.
    wanted = sorted(notices, key=lambda one: (one.recipient, one.key))
    if any(one.link and (one.link[0] != "/" or one.link.startswith("//")) for one in wanted):
        raise ValueError("A message leads to a path on this site.")
    now = timezone.localtime()
    offered = frozenset() if about.inbox_only else channels.offered()
    told, is_due = 0, False
    for begin in range(0, len(wanted), CHUNK):
        chunk = wanted[begin : begin + CHUNK]
        people = {
            user.pk: user
            for user in User.objects.filter(
                pk__in={one.recipient for one in chunk}, is_active=True
            ).select_related("message_preference")
        }
        fresh = [
            Message(
                recipient_id=one.recipient,
                kind=kind,
                key=one.key[:120],
                context=letters.frozen(one.context),
                link=one.link[:300],
                created_at=now,
            )
            for one in chunk
            if one.recipient in people
        ]
        # The unique key decides; who comes second waits for the first, then writes nothing.
        Message.objects.bulk_create(fresh, ignore_conflicts=True)
        new = set(Message.objects.filter(pk__in=[one.pk for one in fresh]).values_list("pk", flat=True))
        told += len(new)
        if not offered:
            continue
        on_their_way = []
        for message in fresh:
            if message.pk not in new:
                continue
            user = people[message.recipient_id]
            wishes = wishes_of(user)
            at = rules.due_at(now, wishes, is_urgent=about.is_urgent)
            on_their_way += [
                Delivery(message=message, channel=channel, due_at=at)
                for channel in rules.channels_for(
                    about.group, wishes, reachable=channels.reachable(user), offered=offered
                )
            ]
            is_due = is_due or (at <= now and bool(on_their_way))
        Delivery.objects.bulk_create(on_their_way)
    if is_due:
        transaction.on_commit(_queue)
    return told


def _queue() -> None:
    async_task(TASK, group="messages")


def wishes_of(user: User) -> Wishes:
    """What ``user`` chose, or the defaults."""
    chosen: MessagePreference | None = getattr(user, "message_preference", None)
    return chosen.wishes if chosen is not None else DEFAULT_WISHES


# --- Sending -----------------------------------------------------------------------------------------


@dataclass
class Sent:
    """What a run of a sender came to, in letters."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


def send_due(*, now: dt.datetime | None = None, seconds: float = RUN_SECONDS) -> Sent:
    """Send what is due, letter by letter, for at most about ``seconds``; what is left is the next run's.

    A channel that fails several times in a row is left alone for this run: its letters lose no attempt.
    """
    result = Sent()
    begun = timezone.now()
    failures: dict[str, int] = {}
    seen: set[Any] = set()
    while (timezone.now() - begun).total_seconds() < seconds:
        moment = now or timezone.now()
        tired = [channel for channel, count in failures.items() if count >= FAILURES_IN_A_ROW]
        candidates = [one for one in _candidates(moment, tired) if one not in seen]
        if not candidates:
            break
        for candidate in candidates:
            seen.add(candidate)
            channel = candidate[1]
            if failures.get(channel, 0) >= FAILURES_IN_A_ROW:
                continue
            rows = _claim(*candidate, now=moment)
            if not rows:
                continue
            state = _deliver(rows, moment)
            failures[channel] = failures.get(channel, 0) + 1 if state == DeliveryState.FAILED else 0
            result.sent += state == DeliveryState.SENT
            result.failed += state == DeliveryState.FAILED
            result.given_up += state == DeliveryState.GIVEN_UP
    return result


def _candidates(now: dt.datetime, tired: Sequence[str]) -> Iterator[tuple[int, str, uuid.UUID | None]]:
    """What waits to be sent: person, channel, and the letter where one was begun."""
    rows = (
        Delivery.objects.due(now)
        .exclude(channel__in=tired)
        .order_by("due_at", "pk")
        .values_list("message__recipient_id", "channel", "batch")[:LETTERS_AT_ONCE]
    )
    return iter(dict.fromkeys(rows))


@transaction.atomic
def _claim(recipient: int, channel: str, batch: uuid.UUID | None, *, now: dt.datetime) -> list[Delivery]:
    """Take one letter for this sender: its rows, or nothing when another was quicker."""
    claim = uuid.uuid4()
    rows = Delivery.objects.due(now).filter(channel=channel, batch=batch)
    if batch is None:
        rows = rows.filter(message__recipient_id=recipient)
    # One statement looks and takes: whoever waited for it finds the rows no longer due.
    taken = (
        Delivery.objects.filter(pk__in=rows.values("pk"))
        .due(now)
        .update(
            state=DeliveryState.SENDING,
            claim=claim,
            batch=batch or uuid.uuid4(),
            attempts=F("attempts") + 1,
            due_at=now + dt.timedelta(seconds=rules.LEASE_SECONDS),
        )
    )
    if not taken:
        return []
    return list(
        Delivery.objects.filter(claim=claim)
        .select_related("message__recipient__message_preference")
        .order_by("message__created_at", "message_id")
    )


def _deliver(rows: Sequence[Delivery], now: dt.datetime) -> DeliveryState:
    """Send one claimed letter and write down what came of it. No lock is held meanwhile."""
    first = rows[0]
    user = first.message.recipient
    try:
        _refuse_in_vain(first, user)
        channels.send(first.channel, _post(rows, user))
    except NotDelivered as failure:
        verdict = rules.after_failure(
            timezone.localtime(now),
            wishes_of(user),
            attempts=first.attempts - first.forgiven,
            may_go_later=failure.may_go_later,
        )
        state = DeliveryState.GIVEN_UP if verdict.next_try_at is None else DeliveryState.FAILED
        _settle(rows, state, verdict.next_try_at or now, failure.error)
        logger.warning("letter %s over %s: %s", first.batch, first.channel, failure.error)
        return state
    _settle(rows, DeliveryState.SENT, now, "")
    return DeliveryState.SENT


def _refuse_in_vain(first: Delivery, user: User) -> None:
    if first.attempts - first.forgiven > rules.MOST_ATTEMPTS:
        # Whoever had it was killed each time: it is not handed out for ever.
        raise NotDelivered("The sender was interrupted several times.", may_go_later=rules.REFUSED)
    if not user.is_active:
        raise NotDelivered("The account has been closed.", may_go_later=rules.REFUSED)


def _post(rows: Sequence[Delivery], user: User) -> Post:
    with translation.override(user.language):
        written = [letters.letter(row.message.kind, row.message.context) for row in rows]
    path = reverse("messages:open", args=[rows[0].message_id]) if len(rows) == 1 else reverse("messages:list")
    return Post(str(rows[0].batch), user, written, settings.WAGTAILADMIN_BASE_URL + path, _files(rows, user))


def _files(rows: Sequence[Delivery], user: User) -> list[File]:
    """What goes along with a mail; of two messages with the same file the later one's."""
    if rows[0].channel != MessageChannel.EMAIL:
        return []
    found: dict[str, File] = {}
    for row in rows:
        make = KINDS[row.message.kind].files
        if make is not None:
            with translation.override(user.language):
                found |= {file.name: file for file in make(row.message.context, user.pk)}
    return list(found.values())


@transaction.atomic
def _settle(rows: Sequence[Delivery], state: DeliveryState, due_at: dt.datetime, error: str) -> None:
    """Write down what came of a letter, unless its claim has passed to another sender."""
    mine = Delivery.objects.filter(claim=rows[0].claim, state=DeliveryState.SENDING)
    if not mine.update(state=state, due_at=due_at, claim=None):
        return
    now = timezone.now()
    DeliveryAttempt.objects.bulk_create(
        [
            DeliveryAttempt(
                delivery=row,
                number=row.attempts,
                outcome=state,
                error=error[: rules.ERROR_LENGTH],
                ended_at=now,
            )
            for row in rows
        ]
    )


# --- Reading and choosing --------------------------------------------------------------------------


def mark_read(*, message: Message) -> None:
    """Note that a message was opened; once is enough."""
    Message.objects.filter(pk=message.pk).unread().update(read_at=timezone.now())


def mark_all_read(*, user: User) -> int:
    """Note that everything in one's inbox was seen; return how much was new."""
    return Message.objects.visible_to(user).unread().update(read_at=timezone.now())


def choose(
    *,
    user: User,
    channels_by_group: Mapping[str, Sequence[str]],
    quiet_from: dt.time | None,
    quiet_until: dt.time | None,
    digest: str,
) -> MessagePreference:
    """Keep what ``user`` wants to hear, how and when; messages on their way keep the time they have.

    Raises:
        Refused: ``unknown_channel``, or ``half_quiet_hours``: one of the two times is missing.
    """
    chosen = {group: list(channels_by_group.get(group, ())) for group in MessageGroup.values}
    if any(name not in MessageChannel.values for names in chosen.values() for name in names):
        raise Refused(rules.UNKNOWN_CHANNEL)
    if (quiet_from is None) != (quiet_until is None):
        raise Refused(rules.HALF_QUIET)
    nothing = dt.time(0, 0)
    preference, _is_new = MessagePreference.objects.update_or_create(
        user=user,
        defaults={
            "channels": chosen,
            "quiet_from": quiet_from or nothing,
            "quiet_until": quiet_until or nothing,
            "digest": digest,
        },
    )
    return preference
