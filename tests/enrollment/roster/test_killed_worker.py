"""A worker killed for real while it applies a roster leaves nothing behind, and the next one goes on."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from enrollment.actions import roster
from enrollment.models import RosterImport, Trainee
from tests.enrollment.roster.sheets import person, workbook
from tests.people import plant

ROOT = Path(__file__).parents[3]
#: What the worker runs; told to, it stops in the middle: people admitted, nobody let go yet.
WORKER = """
import sys, time
from pathlib import Path
import django
django.setup()
from enrollment import tasks
from enrollment.actions import roster

mark = sys.argv[2]
if mark:
    def stop(*_args, **_):
        Path(mark).touch()
        time.sleep(120)
    roster.let_leave = stop
print(tasks.apply_roster(int(sys.argv[1]), None))
"""


def copy_of_database(tmp_path):
    """An address under which another process finds this database; SQLite in memory is copied to a file."""
    if connection.vendor == "sqlite":
        path = tmp_path / "academy.sqlite3"
        connection.ensure_connection()
        with closing(sqlite3.connect(path)) as target:
            connection.connection.backup(target)
        return f"sqlite:///{path}", path
    settings = connection.settings_dict
    user, password = quote(settings["USER"]), quote(settings["PASSWORD"] or "")
    host = settings["HOST"] or "localhost"
    if host.startswith("/"):
        host = quote(host, safe="")
    return f"postgres://{user}:{password}@{host}:{settings['PORT'] or 5432}/{settings['NAME']}", None


def state(path):
    """People, standings, and the import's status as another connection sees them."""
    if path is None:
        return Trainee.objects.count(), RosterImport.objects.get().status
    with closing(sqlite3.connect(path)) as database:
        [people] = database.execute("SELECT count(*) FROM enrollment_trainee").fetchone()
        [status] = database.execute("SELECT status FROM enrollment_rosterimport").fetchone()
        return people, status


def start(url, import_id, mark=""):
    environment = {
        **os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "academy.settings.test",
        "TEST_DATABASE_TEMPLATE": "",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(import_id), str(mark)],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_a_worker_killed_while_applying(tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path / "media"
    plant()
    sheet = workbook([person("张三"), person("李四", "13900000002")])
    received = roster.read_roster(file=sheet, organization=None, actor=None)
    roster.begin_applying(roster_import=received, actor=None)
    url, path = copy_of_database(tmp_path)
    mark = tmp_path / "in-the-middle"

    worker = start(url, received.pk, mark)
    try:
        deadline = time.monotonic() + 120
        while not mark.exists() and worker.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert mark.exists(), "the worker never came to the middle"
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
    assert state(path) == (0, "applying")

    again = start(url, received.pk)
    said, _ = again.communicate(timeout=120)
    assert said.strip() == "applied"
    assert state(path) == (2, "applied")
