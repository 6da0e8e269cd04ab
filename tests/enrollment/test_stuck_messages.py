"""Deliveries that did not go through: shown with the reason, tried again, given up; old messages go."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from enrollment import channels
from enrollment.actions import stuck_messages
from enrollment.actions.messages import send_due
from enrollment.channels import NotDelivered
from enrollment.message_tasks import clear_messages
from enrollment.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Message,
    MessagePreference,
    RetentionPeriod,
)
from enrollment.rules import messages as rules
from tests.enrollment.test_messages import tell, wants

pytestmark = pytest.mark.django_db
URL = reverse("stuck_messages:index")


@pytest.fixture
def refusing(monkeypatch):
    """The mail server refuses; ``may_go_later`` and the answer can be changed."""
    answer = {"error": "550 no such mailbox", "may_go_later": rules.REFUSED, "sent": []}

    def send(channel, post):
        if answer["error"]:
            raise NotDelivered(answer["error"], may_go_later=answer["may_go_later"])
        answer["sent"].append(post.key if hasattr(post, "key") else post)

    monkeypatch.setattr(channels, "send", send)
    return answer


@pytest.fixture
def given_up(zhang, refusing):
    """A letter to 张学员 that was refused for good."""
    wants(zhang, "email")
    tell(zhang)
    send_due()
    row = Delivery.objects.get()
    assert row.state == DeliveryState.GIVEN_UP
    return row


@pytest.fixture
def admin(client, zhao, sign_in):
    return sign_in(client, zhao)


def test_why_and_when_are_shown_and_not_what_it_says(admin, given_up):
    page = admin.get(URL).content.decode()
    assert "550 no such mailbox" in page
    assert "张学员" in page
    assert "组织生活会怎样开" not in page


def test_one_is_tried_again_and_goes_out(admin, given_up, refusing, zhao):
    refusing["error"] = ""
    admin.post(URL, {"delivery": given_up.pk, "do": "retry"})
    row = Delivery.objects.get()
    assert (row.state, row.forgiven, row.batch) == (DeliveryState.WAITING, row.attempts, given_up.batch)
    assert send_due().sent == 1
    assert Delivery.objects.get().state == DeliveryState.SENT
    # What came of the first attempt stays written down; the second has the next number.
    assert list(DeliveryAttempt.objects.order_by("number").values_list("number", "outcome")) == [
        (1, "given_up"),
        (2, "sent"),
    ]
    assert ModelLogEntry.objects.get(action="enrollment.message.retry").user == zhao


def test_the_count_of_attempts_begins_anew(given_up, refusing, zhao):
    refusing["may_go_later"] = rules.RETRY
    now = timezone.now()
    Delivery.objects.update(attempts=rules.MOST_ATTEMPTS)
    stuck_messages.retry(deliveries=Delivery.objects.all(), actor=zhao)
    assert send_due(now=now + dt.timedelta(days=1)).failed == 1
    row = Delivery.objects.get()
    assert (row.state, row.attempts) == (DeliveryState.FAILED, rules.MOST_ATTEMPTS + 1)
    assert row.due_at > now + dt.timedelta(days=1)


def test_nothing_goes_out_in_quiet_hours(given_up, zhao, zhang):
    MessagePreference.objects.filter(user=zhang).update(quiet_from=dt.time(22), quiet_until=dt.time(7))
    night = timezone.make_aware(dt.datetime(2026, 3, 2, 23, 30))
    stuck_messages.retry(deliveries=Delivery.objects.all(), actor=zhao, now=night)
    assert timezone.localtime(Delivery.objects.get().due_at) == timezone.make_aware(
        dt.datetime(2026, 3, 3, 7)
    )


def test_all_that_the_filter_leaves(admin, zhang, wang, refusing):
    for person in (zhang, wang):
        wants(person, "email")
        tell(person)
    send_due()
    Delivery.objects.filter(message__recipient=wang).update(state=DeliveryState.FAILED)
    admin.post(f"{URL}?state=given_up", {"do": "retry"})
    assert Delivery.objects.get(message__recipient=zhang).state == DeliveryState.WAITING
    assert Delivery.objects.get(message__recipient=wang).state == DeliveryState.FAILED
    assert "王书记" in admin.get(f"{URL}?state=failed").content.decode()
    admin.post(URL, {"do": "retry"})
    assert not Delivery.objects.stuck().exists()
    assert admin.get(URL).context["page"].paginator.count == 0


def test_giving_up(admin, given_up, zhang, refusing):
    Delivery.objects.update(state=DeliveryState.FAILED, due_at=timezone.now())
    admin.post(URL, {"delivery": given_up.pk, "do": "give_up"})
    assert Delivery.objects.get().state == DeliveryState.GIVEN_UP
    assert send_due().sent == 0
    assert Message.objects.filter(recipient=zhang).exists()


def test_what_a_sender_has_in_hand_is_not_touched(given_up, zhao):
    for state in (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.WAITING):
        Delivery.objects.update(state=state)
        assert stuck_messages.retry(deliveries=Delivery.objects.all(), actor=zhao) == 0
        assert stuck_messages.give_up(deliveries=Delivery.objects.all(), actor=zhao) == 0
        assert Delivery.objects.get().state == state


def test_a_letter_is_tried_again_whole(zhang, refusing, zhao):
    wants(zhang, "email")
    tell(zhang, key="one")
    tell(zhang, key="two")
    send_due()
    first, second = Delivery.objects.order_by("pk")
    assert first.batch == second.batch
    assert stuck_messages.retry(deliveries=Delivery.objects.filter(pk=first.pk), actor=zhao) == 2


def test_the_page_costs_the_same_for_many(admin, zhang, wang, li, refusing):
    def measured():
        with CaptureQueriesContext(connection) as queries:
            admin.get(URL)
        return len(queries)

    wants(zhang, "email")
    tell(zhang)
    send_due()
    measured()
    few = measured()
    for person in (wang, li):
        wants(person, "email")
        for number in range(5):
            tell(person, key=f"k{number}")
    send_due()
    assert Delivery.objects.stuck().count() == 11
    assert measured() == few


@pytest.mark.parametrize("who", ["li", "chen", "zhou", "outsider"])
def test_only_administrators(client, sign_in, everyone, given_up, who):
    client = sign_in(client, everyone[who])
    assert client.get(URL).status_code in {302, 403}
    assert client.post(URL, {"do": "retry"}).status_code in {302, 403}
    assert Delivery.objects.get().state == DeliveryState.GIVEN_UP


# --- Old messages ----------------------------------------------------------------------------------


def test_old_messages_go_with_all_that_became_of_them(given_up, wang):
    tell(wang)
    Message.objects.filter(pk=given_up.message_id).update(created_at=timezone.now() - dt.timedelta(days=400))
    assert clear_messages() == 1
    assert not Delivery.objects.filter(pk=given_up.pk).exists()
    assert not DeliveryAttempt.objects.exists()
    assert Message.objects.filter(recipient=wang).exists()
    assert clear_messages() == 0


def test_without_a_period_messages_stay(given_up):
    RetentionPeriod.objects.all().delete()
    assert stuck_messages.clear_messages(today=dt.date(2036, 1, 1)) == 0
