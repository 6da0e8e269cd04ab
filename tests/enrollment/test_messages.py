"""Telling people: written once, sent in the background, tried again, given up; and what they choose."""

from __future__ import annotations

import datetime as dt
import smtplib

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment import channels, letters
from enrollment.actions import messages
from enrollment.actions.messages import Notice, notify, notify_each, send_due
from enrollment.models import (
    AttemptIsAppendOnly,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Message,
    MessagePreference,
    User,
)
from enrollment.rules import messages as rules
from tests.enrollment.gateways import receiver

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NO_QUIET = {"quiet_from": dt.time(0), "quiet_until": dt.time(0)}
ABOUT = {"title": "组织生活会怎样开", "starts_on": dt.date(2026, 3, 2), "ends_on": dt.date(2026, 3, 6)}


@pytest.fixture
def channel():
    """The channel that ``gateway`` stands for; a test names another one by parametrizing it."""
    return "sms"


both_channels = pytest.mark.parametrize("channel", ["sms", "wecom"])


@pytest.fixture
def gateway(settings, channel):
    with receiver() as running:
        setattr(settings, "WECOM" if channel == "sms" else "SMS", {"URL": "", "TOKEN": "", "BODY": {}})
        told = {
            "URL": running.url,
            "TOKEN": "secret",
            "BODY": {"to": "{phone}", "says": ["{subject}", "{text}"], "id": "{key}", "sign": 7},
        }
        setattr(settings, channel.upper(), told)
        yield running


def wants(user: User, *names: str, digest: str = "at_once") -> User:
    """``user`` has a mail address and hears of everything on these channels, at any hour."""
    User.objects.filter(pk=user.pk).update(email=f"{user.username}@example.com")
    MessagePreference.objects.update_or_create(
        user=user,
        defaults={
            "channels": {group.value: list(names) for group in rules.Group},
            "digest": digest,
            **NO_QUIET,
        },
    )
    return User.objects.get(pk=user.pk)


def tell(*people: User, key: str = "class-1", kind: str = "class_enrolled", **changes) -> int:
    return notify(kind=kind, recipients=[one.pk for one in people], key=key, context={**ABOUT, **changes})


# --- Written once ------------------------------------------------------------------------------------


def test_the_same_key_reaches_a_person_once(zhang, wang):
    assert tell(zhang, zhang) == 1
    assert tell(zhang, wang) == 1
    assert tell(zhang, wang) == 0
    assert Message.objects.filter(recipient=zhang).count() == 1


def test_a_deed_that_is_taken_back_tells_nobody(zhang, django_capture_on_commit_callbacks):
    wants(zhang, "email")
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        tell(zhang)
        transaction.set_rollback(True)
    assert Message.objects.count() == 0
    assert mail.outbox == []


def test_closed_accounts_and_people_without_one_are_passed_over(zhang, wang):
    User.objects.filter(pk=zhang.pk).update(is_active=False)
    assert tell(zhang, wang) == 1
    assert notify(kind="class_enrolled", recipients=[999_999], key="k", context=ABOUT) == 0


def test_a_link_leads_nowhere_else(zhang):
    for link in ("https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"):
        with pytest.raises(ValueError, match="on this site"):
            notify(kind="class_enrolled", recipients=[zhang.pk], key="k", link=link)
    assert Message.objects.count() == 0


def test_queries_do_not_grow_with_people(tree, django_assert_num_queries):
    people = [User(username=f"u{number}", email=f"u{number}@example.com") for number in range(60)]
    people = list(User.objects.bulk_create(people))
    tell(people[0], key="warm")
    with django_assert_num_queries(6) as few:
        tell(*people[:2], key="few")
    with django_assert_num_queries(6) as many:
        tell(*people, key="many")
    assert len(few) == len(many)
    assert Delivery.objects.count() == 63


def test_every_kind_has_texts_in_both_languages(zhang):
    about = letters.frozen({**ABOUT, "people": 2, "organizations": 1, "coming": "9:00", "dropped": "10:00"})
    for kind in letters.KINDS:
        for language in ("en", "zh-hans"):
            found = letters.letter(kind, about, language)
            assert found.subject, kind
            assert found.body, kind
            assert "\n" not in found.subject


# --- Sent --------------------------------------------------------------------------------------------


def test_mail_goes_after_the_commit_in_the_readers_language(zhang, wang, django_capture_on_commit_callbacks):
    wants(zhang, "email")
    wants(wang, "email")
    User.objects.filter(pk=wang.pk).update(language="en")
    with django_capture_on_commit_callbacks(execute=True):
        tell(zhang, wang)
        assert mail.outbox == []
    to = {letter.to[0]: letter for letter in mail.outbox}
    assert set(to) == {"zhang@example.com", "wang@example.com"}
    assert to["wang@example.com"].subject == "You are on the roster of 组织生活会怎样开"
    assert "2026-03-02" in to["wang@example.com"].body
    message = Message.objects.get(recipient=wang)
    assert f"/me/messages/{message.pk}/" in to["wang@example.com"].body
    assert to["zhang@example.com"].extra_headers["Message-ID"]
    assert set(Delivery.objects.values_list("state", flat=True)) == {DeliveryState.SENT}


def test_without_a_choice_mail_is_the_way_and_without_an_address_the_inbox_alone(zhang):
    tell(zhang)
    assert Delivery.objects.count() == 0
    User.objects.filter(pk=zhang.pk).update(email="zhang@example.com")
    tell(zhang, key="class-2")
    assert Delivery.objects.get().channel == "email"


def test_what_waited_together_goes_in_one_letter(zhang):
    wants(zhang, "email", digest="daily")
    for number in range(3):
        tell(zhang, key=f"class-{number}", title=f"第{number}班")
    assert send_due().sent == 0
    tomorrow = timezone.now() + dt.timedelta(days=1, minutes=1)
    assert send_due(now=tomorrow).sent == 1
    [letter] = mail.outbox
    assert all(f"第{number}班" in letter.body for number in range(3))
    assert DeliveryAttempt.objects.filter(outcome=DeliveryState.SENT).count() == 3
    assert send_due(now=tomorrow + dt.timedelta(days=30)).sent == 0


def test_what_is_urgent_waits_for_no_digest(zhang):
    wants(zhang, "email", digest="weekly")
    tell(zhang, kind="class_promoted")
    assert send_due().sent == 1


@both_channels
def test_a_text_message_goes_as_the_gateway_wants_it(zhang, gateway, channel):
    wants(zhang, channel)
    tell(zhang, title='A "quote", {phone} and \\ a slash')
    assert send_due().sent == 1
    [one] = gateway.received
    assert one["path"] == "/send?app=academy"
    assert one["token"] == "Bearer secret"
    assert one["body"]["to"] == zhang.phone
    assert one["body"]["sign"] == 7
    assert one["body"]["id"] == one["key"] == str(Delivery.objects.get().batch)
    assert 'A "quote", {phone} and \\ a slash' in one["body"]["says"][0]
    assert mail.outbox == []


def test_a_channel_that_is_not_configured_gets_nothing(zhang):
    wants(zhang, "sms", "wecom")
    tell(zhang)
    assert Delivery.objects.count() == 0
    assert Message.objects.count() == 1


# --- When it does not go -----------------------------------------------------------------------------


@both_channels
def test_a_failing_gateway_is_tried_again_with_the_same_key_and_then_given_up(zhang, gateway, channel):
    wants(zhang, channel)
    tell(zhang)
    gateway.status = 503
    now = timezone.now()
    for attempt in range(1, rules.MOST_ATTEMPTS + 1):
        done = send_due(now=now)
        row = Delivery.objects.get()
        assert row.attempts == attempt
        if attempt < rules.MOST_ATTEMPTS:
            assert (done.failed, row.state) == (1, DeliveryState.FAILED)
            assert send_due(now=now).failed == 0, "it waits before it is tried again"
            now = row.due_at
    assert (done.given_up, row.state) == (1, DeliveryState.GIVEN_UP)
    assert len(gateway.received) == rules.MOST_ATTEMPTS
    assert len(set(gateway.keys)) == 1
    errors = list(DeliveryAttempt.objects.values_list("number", "error"))
    assert errors == [(number, "It answered 503.") for number in range(1, rules.MOST_ATTEMPTS + 1)]


@both_channels
def test_it_recovers(zhang, gateway, channel):
    wants(zhang, channel)
    tell(zhang)
    gateway.status = 500
    send_due()
    gateway.status = 200
    assert send_due(now=timezone.now() + dt.timedelta(minutes=2)).sent == 1
    assert [one.outcome for one in DeliveryAttempt.objects.all()] == ["failed", "sent"]


@both_channels
@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_for_good_is_not_repeated(zhang, gateway, channel, status):
    wants(zhang, channel)
    tell(zhang)
    gateway.status = status
    assert send_due().given_up == 1
    assert str(status) in DeliveryAttempt.objects.get().error


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b'{"errcode": 0, "errmsg": "ok"}', "sent"),
        (b'{"errcode": 81013, "errmsg": "user & party & tag all invalid"}', "given_up"),
        (b'{"errcode": 45009, "errmsg": "api freq out of limit"}', "failed"),
        (b"<html>thanks</html>", "sent"),
    ],
)
@pytest.mark.parametrize("channel", ["wecom"])
def test_wecom_says_in_the_body_what_is_wrong(zhang, gateway, channel, answer, outcome):
    wants(zhang, channel)
    tell(zhang)
    gateway.answer = answer
    send_due()
    assert Delivery.objects.get().state == outcome
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.error == "") == (outcome == "sent")
    if outcome == "failed":
        gateway.answer = b'{"errcode": 0}'
        assert send_due(now=timezone.now() + dt.timedelta(minutes=2)).sent == 1
        assert len(set(gateway.keys)) == 1


@pytest.mark.parametrize("channel", ["wecom"])
def test_sms_and_wecom_have_a_gateway_each(zhang, gateway, channel, settings):
    with receiver() as text_messages:
        settings.SMS = {"URL": text_messages.url, "TOKEN": "", "BODY": {"to": "{phone}"}}
        wants(zhang, "sms", "wecom")
        tell(zhang)
        gateway.status = 500
        done = send_due()
    assert (done.sent, done.failed) == (1, 1)
    assert [len(gateway.received), len(text_messages.received)] == [1, 1]


def test_redirects_are_not_followed(zhang, gateway):
    wants(zhang, "sms")
    tell(zhang)
    gateway.status, gateway.headers = 307, {"Location": gateway.url}
    assert send_due().given_up == 1
    assert len(gateway.received) == 1


@pytest.mark.parametrize("drips", [False, True])
def test_a_slow_gateway_holds_nobody(zhang, gateway, monkeypatch, drips):
    monkeypatch.setattr(channels, "TIMEOUT_SECONDS", 0.5)
    wants(zhang, "sms")
    tell(zhang)
    gateway.pause_seconds, gateway.drips = (0.0, True) if drips else (3.0, False)
    begun = timezone.now()
    done = send_due()
    assert (timezone.now() - begun).total_seconds() < 2.5
    # What said yes before it began to drip has taken the letter.
    assert (done.sent, done.failed) == ((1, 0) if drips else (0, 1))


def test_nobody_listens(zhang, settings):
    settings.SMS = {"URL": "http://127.0.0.1:9/", "TOKEN": "", "BODY": {"to": "{phone}"}}
    wants(zhang, "sms")
    tell(zhang)
    assert send_due().failed == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(zhang, settings, tmp_path):
    import ssl
    import subprocess
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
            "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        settings.SMS = {"URL": f"https://localhost:{server.server_port}/", "TOKEN": "", "BODY": {}}
        wants(zhang, "sms")
        tell(zhang)
        assert send_due().failed == 1
        assert "not trusted" in DeliveryAttempt.objects.get().error
    finally:
        server.shutdown()
        server.server_close()


def test_a_channel_that_fails_again_and_again_is_left_alone_for_this_run(tree, gateway):
    people = User.objects.bulk_create(
        [User(username=f"u{number}", phone=f"1390000{number:04d}") for number in range(10)]
    )
    for user in people:
        wants(user, "sms")
    tell(*people)
    gateway.status = 502
    assert send_due().failed == messages.FAILURES_IN_A_ROW
    assert Delivery.objects.filter(attempts=0).count() == 10 - messages.FAILURES_IN_A_ROW


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (smtplib.SMTPRecipientsRefused({"zhang@example.com": (550, b"no such person")}), "given_up"),
        (smtplib.SMTPRecipientsRefused({"zhang@example.com": (451, b"later")}), "failed"),
        (smtplib.SMTPServerDisconnected("gone"), "failed"),
        (smtplib.SMTPDataError(554, b"spam"), "given_up"),
        (ConnectionRefusedError("refused"), "failed"),
    ],
)
def test_what_a_mail_server_says_decides(zhang, monkeypatch, error, state):
    wants(zhang, "email")
    tell(zhang)

    def fail(*_arguments, **_names):
        raise error

    monkeypatch.setattr("django.core.mail.EmailMessage.send", fail)
    send_due()
    assert Delivery.objects.get().state == state


def test_a_sender_that_is_silent_for_too_long_is_overtaken_and_writes_nothing(zhang, gateway):
    wants(zhang, "sms")
    tell(zhang)
    now = timezone.now()
    [candidate] = messages._candidates(now, [])
    held = messages._claim(*candidate, now=now)
    assert send_due(now=now).sent == 0, "somebody has it"
    later = now + dt.timedelta(seconds=rules.LEASE_SECONDS + 1)
    assert send_due(now=later).sent == 1
    messages._settle(held, DeliveryState.FAILED, now, "too late")
    assert Delivery.objects.get().state == DeliveryState.SENT
    assert DeliveryAttempt.objects.count() == 1


def test_a_letter_that_kills_its_sender_each_time_is_given_up(zhang, gateway):
    wants(zhang, "sms")
    tell(zhang)
    now = timezone.now()
    for _attempt in range(rules.MOST_ATTEMPTS):
        [candidate] = messages._candidates(now, [])
        assert messages._claim(*candidate, now=now)
        now += dt.timedelta(seconds=rules.LEASE_SECONDS + 1)
    assert send_due(now=now).given_up == 1
    assert gateway.received == []


def test_results_are_never_changed(zhang, gateway):
    wants(zhang, "sms")
    tell(zhang)
    send_due()
    result = DeliveryAttempt.objects.get()
    for change in (
        result.save,
        result.delete,
        DeliveryAttempt.objects.all().delete,
        lambda: DeliveryAttempt.objects.update(error="nothing"),
    ):
        with pytest.raises(AttemptIsAppendOnly):
            change()


# --- Choosing ----------------------------------------------------------------------------------------


def test_choices_are_kept_whole(zhang):
    messages.choose(
        user=zhang,
        channels_by_group={"classes": ["email"], "study": []},
        quiet_from=dt.time(21),
        quiet_until=dt.time(8),
        digest="weekly",
    )
    wishes = MessagePreference.objects.get(user=zhang).wishes
    assert wishes.channels == {"classes": ["email"], "schedule": [], "study": [], "work": []}
    assert (wishes.quiet_from, wishes.digest) == (dt.time(21), "weekly")


def test_wrong_choices_change_nothing(zhang):
    for changes, code in (
        ({"channels_by_group": {"classes": ["pigeon"]}}, "unknown_channel"),
        ({"quiet_until": None}, "half_quiet_hours"),
    ):
        values = {
            "channels_by_group": {},
            "quiet_from": dt.time(22),
            "quiet_until": dt.time(7),
            "digest": "daily",
        }
        with pytest.raises(Refused) as refused:
            messages.choose(user=zhang, **(values | changes))
        assert refused.value.code == code
    assert not MessagePreference.objects.exists()


def test_each_may_have_a_key_of_their_own(zhang, wang):
    notices = [
        Notice(zhang.pk, f"reminder-{zhang.pk}", {**ABOUT, "title": "甲"}),
        Notice(wang.pk, f"reminder-{wang.pk}", {**ABOUT, "title": "乙"}),
    ]
    assert notify_each(kind="class_enrolled", notices=notices) == 2
    assert notify_each(kind="class_enrolled", notices=notices) == 0
    assert {one.context["title"] for one in Message.objects.all()} == {"甲", "乙"}
