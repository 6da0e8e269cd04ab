"""The inbox: one's own messages, the number beside the bell, and what one chooses."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from enrollment.actions.messages import notify
from enrollment.models import Message, MessagePreference, User

pytestmark = pytest.mark.django_db


def tell(user: User, number: int = 1, **changes) -> Message:
    values = {"link": reverse("portal:certificates"), **changes}
    notify(
        kind="certificate_issued",
        recipients=[user.pk],
        key=f"certificate-{number}",
        context={"title": f"第{number}期示例班", "number": f"2026-{number:03d}"},
        **values,
    )
    return user.inbox.get(key=f"certificate-{number}")


def page(client, **params) -> str:
    answer = client.get(reverse("messages:list"), params)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_stranger_is_asked_to_sign_in(client, zhang):
    message = tell(zhang)
    for name, arguments in (("list", []), ("preferences", []), ("open", [message.pk])):
        answer = client.get(reverse(f"messages:{name}", args=arguments))
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("account_login"))
    message.refresh_from_db()
    assert message.read_at is None


def test_nothing_yet_is_said(sign_in, zhang):
    text = page(sign_in(user=zhang))
    assert 'class="empty' in text
    assert 'class="count"' not in text


def test_opening_leads_on_and_marks_read(sign_in, zhang):
    message = tell(zhang)
    client = sign_in(user=zhang)
    text = page(client)
    assert "第1期示例班" in text
    assert "is-new" in text
    assert 'class="count"' in text
    answer = client.get(reverse("messages:open", args=[message.pk]))
    assert answer.url == reverse("portal:certificates")
    message.refresh_from_db()
    first = message.read_at
    assert first is not None
    text = page(client)
    assert "is-new" not in text
    assert 'class="count"' not in text
    client.get(reverse("messages:open", args=[message.pk]))
    message.refresh_from_db()
    assert message.read_at == first, "the first time counts"


def test_without_a_place_it_leads_to_the_list(sign_in, zhang):
    message = tell(zhang, link="")
    answer = sign_in(user=zhang).get(reverse("messages:open", args=[message.pk]))
    assert answer.url == f"{reverse('messages:list')}#m-{message.pk}"


def test_nobody_reads_the_messages_of_another_administrators_included(sign_in, zhang, outsider, zhao):
    message = tell(zhang)
    for other in (outsider, zhao):
        client = sign_in(user=other)
        assert "第1期示例班" not in page(client)
        assert client.get(reverse("messages:open", args=[message.pk])).status_code == 404
        client.post(reverse("messages:read_all"))
    message.refresh_from_db()
    assert message.read_at is None


def test_all_are_read_at_once_by_a_form_and_not_by_a_link(sign_in, zhang):
    tell(zhang, 1)
    tell(zhang, 2)
    client = sign_in(user=zhang)
    assert client.get(reverse("messages:read_all")).status_code == 405
    assert client.post(reverse("messages:read_all")).status_code == 302
    assert not Message.objects.unread().exists()


def test_only_the_unread_and_pages(sign_in, zhang):
    messages = [tell(zhang, number) for number in range(1, 24)]
    client = sign_in(user=zhang)
    client.get(reverse("messages:open", args=[messages[-1].pk]))
    assert "第23期示例班" in page(client)
    assert "第23期示例班" not in page(client, show="unread")
    assert "第1期示例班" not in page(client)
    assert "第1期示例班" in page(client, page=2)
    assert "page=2" in page(client, show="unread")


def test_what_others_wrote_is_shown_as_text(sign_in, zhang):
    notify(
        kind="certificate_issued",
        recipients=[zhang.pk],
        key="x",
        context={"title": "<script>alert(1)</script>", "number": "1"},
    )
    text = page(sign_in(user=zhang))
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_kind_that_is_no_longer_there_breaks_nothing(sign_in, zhang):
    message = tell(zhang)
    Message.objects.filter(pk=message.pk).update(kind="of_yesterday")
    assert "is-new" in page(sign_in(user=zhang))


def test_queries_do_not_grow_with_messages(sign_in, zhang, django_assert_num_queries):
    client = sign_in(user=zhang)
    tell(zhang, 1)
    page(client)
    # Session with user; roles with the number of unread ones; how many there are; a page of them.
    with django_assert_num_queries(4):
        page(client)
    for number in range(2, 15):
        tell(zhang, number)
    with django_assert_num_queries(4):
        page(client)


def test_the_number_costs_the_first_page_no_query(sign_in, zhang, django_assert_num_queries):
    client = sign_in(user=zhang)
    client.get(reverse("portal:home"))
    with django_assert_num_queries(8):
        without = client.get(reverse("portal:home")).content.decode()
    for number in range(1, 121):
        tell(zhang, number)
    with django_assert_num_queries(8):
        found = client.get(reverse("portal:home")).content.decode()
    assert 'class="count"' not in without
    # In the bar and, on phones, in the tabs.
    assert found.count("99+") == 2


# --- Choices -----------------------------------------------------------------------------------------

CHOICE = {"classes": ["email"], "quiet_from": "21:30", "quiet_until": "08:00", "digest": "daily"}


def test_choices_are_shown_and_kept(sign_in, zhang):
    User.objects.filter(pk=zhang.pk).update(email="zhang@example.com")
    client = sign_in(user=zhang)
    address = reverse("messages:preferences")
    text = client.get(address).content.decode()
    assert text.count('type="checkbox"') == 4
    assert text.count("checked") == 5, "mail for each group, and at once"
    assert 'value="22:00"' in text
    assert client.post(address, CHOICE).status_code == 302
    kept = MessagePreference.objects.get(user=zhang)
    assert kept.channels == {"classes": ["email"], "schedule": [], "study": [], "work": []}
    assert (kept.quiet_from, kept.quiet_until, kept.digest) == (dt.time(21, 30), dt.time(8), "daily")
    text = client.get(address).content.decode()
    assert 'value="21:30"' in text
    assert text.count("checked") == 2


def test_no_quiet_hours_may_be_chosen(sign_in, zhang):
    client = sign_in(user=zhang)
    client.post(reverse("messages:preferences"), {"digest": "at_once"})
    kept = MessagePreference.objects.get(user=zhang)
    assert kept.quiet_from == kept.quiet_until
    assert 'value="00:00"' not in client.get(reverse("messages:preferences")).content.decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"quiet_until": ""},
        {"quiet_from": "25:00"},
        {"digest": "hourly"},
        {"digest": ""},
        {"classes": ["sms"]},
    ],
)
def test_wrong_choices_get_a_sentence_and_change_nothing(sign_in, zhang, changes):
    User.objects.filter(pk=zhang.pk).update(email="zhang@example.com")
    answer = sign_in(user=zhang).post(reverse("messages:preferences"), CHOICE | changes)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode() or "form-errors" in answer.content.decode()
    assert not MessagePreference.objects.exists()


def test_a_channel_that_is_away_keeps_its_choice(sign_in, zhang):
    User.objects.filter(pk=zhang.pk).update(email="zhang@example.com")
    MessagePreference.objects.create(user=zhang, channels={"classes": ["email", "sms"]})
    sign_in(user=zhang).post(reverse("messages:preferences"), CHOICE)
    assert MessagePreference.objects.get(user=zhang).channels["classes"] == ["email", "sms"]
