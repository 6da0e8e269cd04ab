"""Messages told and sent by many at once: each person has one, each letter goes once; and controls."""

from __future__ import annotations

import pytest
from django.db import IntegrityError
from django.utils import timezone

from enrollment.actions import messages
from enrollment.actions.messages import notify, send_due
from enrollment.models import Delivery, DeliveryAttempt, Message, MessagePreference, User
from tests.enrollment.gateways import receiver

pytestmark = pytest.mark.race
THREADS = 8
PEOPLE = 12


@pytest.fixture
def people(race_db):
    made = User.objects.bulk_create(
        [User(username=f"u{number}", phone=f"1390000{number:04d}") for number in range(PEOPLE)]
    )
    MessagePreference.objects.bulk_create(
        # Weekly, so that nothing is sent before the race begins.
        [
            MessagePreference(
                user=user,
                channels={"classes": ["sms"]},
                quiet_from="00:00",
                quiet_until="00:00",
                digest="weekly",
            )
            for user in made
        ]
    )
    return made


@pytest.fixture
def gateway(settings):
    with receiver() as running:
        running.pause_seconds = 0.02
        settings.SMS = {"URL": running.url, "TOKEN": "", "BODY": {"to": "{phone}"}}
        yield running


def tell(people):
    return notify(
        kind="class_enrolled", recipients=[one.pk for one in people], key="k", context={"title": "示例班"}
    )


def errors(outcomes):
    return [outcome for outcome in outcomes if isinstance(outcome, Exception)]


def test_the_same_news_from_many_sides_is_told_once(people, gateway, race):
    outcomes = race(lambda number: tell(people if number % 2 else people[::-1]), THREADS)
    assert errors(outcomes) == []
    assert sum(outcomes) == PEOPLE
    assert Message.objects.count() == Delivery.objects.count() == PEOPLE


def test_control_looking_first_is_not_enough(people, gateway, race, meeting):
    """Without leaving the word to the constraint, all but one writer fail."""
    point = meeting(THREADS)

    def careless(_number):
        is_new = not Message.objects.filter(key="k").exists()
        point.wait()
        if is_new:
            Message.objects.create(
                recipient=people[0], kind="class_enrolled", key="k", created_at=timezone.now()
            )

    assert sum(isinstance(one, IntegrityError) for one in race(careless, THREADS)) == THREADS - 1


def test_many_senders_send_each_letter_once(people, gateway, race):
    tell(people)
    Delivery.objects.update(due_at=timezone.now())
    outcomes = race(lambda _number: send_due().sent, THREADS)
    assert errors(outcomes) == []
    assert sum(outcomes) == len(gateway.received) == PEOPLE
    assert len(set(gateway.keys)) == PEOPLE
    assert DeliveryAttempt.objects.count() == PEOPLE


def test_control_taking_without_asking_again_sends_twice(people, gateway, race, meeting, monkeypatch):
    """Look, then take in a second step: every sender that looked sends the letter."""
    tell(people[:1])
    Delivery.objects.update(due_at=timezone.now())
    point = meeting(THREADS)

    def careless(recipient, channel, batch, *, now):
        rows = list(
            Delivery.objects.due(now)
            .filter(channel=channel, message__recipient_id=recipient)
            .select_related("message__recipient__message_preference")
        )
        point.wait()
        return rows

    monkeypatch.setattr(messages, "_claim", careless)
    monkeypatch.setattr(messages, "_settle", lambda *_arguments: None)
    race(lambda _number: send_due().sent, THREADS)
    assert len(gateway.received) == THREADS
