"""A sender killed for real while a gateway has its letter: the next one sends it again under the same key."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from enrollment.actions.messages import notify
from enrollment.models import Delivery, MessagePreference, User
from enrollment.rules import messages as rules
from tests.enrollment.gateways import receiver
from tests.enrollment.roster.test_killed_worker import copy_of_database

ROOT = Path(__file__).parents[2]
WORKER = """
import datetime, sys
import django
django.setup()
from django.conf import settings
from django.utils import timezone
from enrollment.actions import messages
from enrollment.models import Delivery
settings.SMS = {"URL": sys.argv[1], "TOKEN": "", "BODY": {"to": "{phone}"}}
now = timezone.now() + datetime.timedelta(seconds=int(sys.argv[2]))
sent = messages.send_due(now=now)
print(sent.sent, sent.failed, *Delivery.objects.order_by("pk").values_list("state", flat=True))
"""


def start(url: str, gateway: str, seconds_later: int = 0) -> subprocess.Popen[str]:
    environment = {
        **os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "academy.settings.test",
        "TEST_DATABASE_TEMPLATE": "",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, gateway, str(seconds_later)],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_a_sender_killed_while_it_sends(tmp_path, settings):
    settings.SMS = {"URL": "http://127.0.0.1:9/", "TOKEN": "", "BODY": {}}
    user = User.objects.create(username="zhang", phone="13800000003")
    MessagePreference.objects.create(
        user=user, channels={"classes": ["sms"]}, quiet_from="00:00", quiet_until="00:00", digest="daily"
    )
    notify(kind="class_enrolled", recipients=[user.pk], key="class-1", context={"title": "示例班"})
    Delivery.objects.update(due_at="2026-01-01T00:00:00Z")
    url, _path = copy_of_database(tmp_path)
    with receiver() as gateway:
        gateway.pause_seconds = 8
        worker = start(url, gateway.url)
        try:
            deadline = time.monotonic() + 60
            while not gateway.received and worker.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            assert len(gateway.received) == 1, "the letter never came to the gateway"
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.communicate()
        gateway.pause_seconds = 0

        at_once, _ = start(url, gateway.url).communicate(timeout=60)
        assert at_once.split() == ["0", "0", "sending"], "nobody takes it while its sender may be alive"
        after_the_lease, _ = start(url, gateway.url, rules.LEASE_SECONDS + 5).communicate(timeout=60)
        assert after_the_lease.split() == ["1", "0", "sent"]
        much_later, _ = start(url, gateway.url, 30 * 24 * 3600).communicate(timeout=60)
        assert much_later.split() == ["0", "0", "sent"]
    assert len(gateway.keys) == 2
    assert len(set(gateway.keys)) == 1, "a gateway that honours the key delivers once"
