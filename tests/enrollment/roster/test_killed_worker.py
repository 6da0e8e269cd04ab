"""A worker killed for real in the middle of its work leaves nothing behind, and the next one goes on."""

import datetime as dt
import io
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from cms.actions import jobs
from enrollment.actions import departures, organization_imports, roster, roster_undo
from enrollment.jobs import APPLY_ORGANIZATIONS, ERASE
from enrollment.models import ERASED_NAME, Appointment, RetentionPeriod, RetentionSubject, RosterImport, User
from tests.enrollment.roster.sheets import person, workbook
from tests.factories.enrollment import trainees
from tests.people import plant

ROOT = Path(__file__).parents[3]
#: What the worker runs. Told to, it stops in the middle: before the call of that number of ``place``.
WORKER = """
import datetime, importlib, sys, time
from pathlib import Path
import django
django.setup()
from django.utils import timezone
from cms import tasks as work
from cms.actions import jobs
from cms.models import Job
from enrollment import tasks
from enrollment.actions import erasure

erasure.BATCH = 1
deed, number, place, calls, mark = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]
if mark:
    module_name, name = place.split(":")
    module = importlib.import_module(module_name)
    real, seen = getattr(module, name), []
    def stop(*args, **more):
        seen.append(1)
        if len(seen) < calls:
            return real(*args, **more)
        Path(mark).touch()
        time.sleep(120)
    setattr(module, name, stop)
if deed == "tend":
    # What is done every minute, once the killed worker has been silent for long.
    jobs.tend(now=timezone.now() + datetime.timedelta(minutes=5))
    print(Job.objects.get(pk=number).status)
elif deed == "job":
    print(work.run_job(number))
else:
    print(getattr(tasks, deed)(number, None))
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


def rows(path, statement):
    """What another connection sees."""
    if path is None:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()
    with closing(sqlite3.connect(path)) as database:
        return database.execute(statement).fetchall()


def start(url, media, deed, number, place="", calls=1, mark=""):
    environment = {
        **os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "academy.settings.test",
        "MEDIA_ROOT": str(media), "TEST_DATABASE_TEMPLATE": "",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, deed, str(number), place, str(calls), str(mark)],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def a_roster(_tree, _actor):
    """A roster of two that was confirmed."""
    sheet = workbook([person("张三"), person("李四", "13900000002")])
    received = roster.read_roster(file=sheet, organization=None, actor=None)
    roster.begin_applying(roster_import=received, actor=None)
    return received.pk


def a_roster_to_be_undone(tree, actor):
    """The same, applied, and to be taken back."""
    number = a_roster(tree, actor)
    applied = roster.apply_roster(roster_import=RosterImport.objects.get(pk=number), actor=None)
    roster_undo.begin_undoing(roster_import=applied)
    return number


def a_table(_tree, actor):
    """Two organizations, one founded and one renamed, confirmed and waiting for a worker."""
    rows = ("N1,示例新支部,党支部,PARK-B,市级｜2024-01-01", "BIO,示例更名支部,党支部,PARK-B,")
    text = "\n".join(("编号,名称,类别,上级编号,示范称号", *rows))
    received = organization_imports.receive_table(file=io.BytesIO(text.encode()), actor=actor, name="x.csv")
    received = organization_imports.judge_table(received=received)
    organization_imports.begin_applying(received=received)
    return _job(APPLY_ORGANIZATIONS, actor, {"import": received.pk})


def people_to_be_erased(tree, actor):
    """Two who left long ago."""
    subject = RetentionSubject.PEOPLE
    RetentionPeriod.objects.get_or_create(
        subject=subject, effective_from=dt.date(2020, 1, 1), defaults={"months": 24, "source": "示例"}
    )
    people = trainees(tree.make, 2)
    Appointment.objects.update(started_on=dt.date(2020, 1, 1))
    departures.depart_in_bulk(trainee_ids=[one.pk for one in people], on=dt.date(2023, 3, 1), actor=None)
    return _job(ERASE, actor, {})


def _job(kind, actor, parameters):
    # The queue of the tests would do it at once: here it waits for a worker, as it does in life.
    job = jobs.Job(kind=kind, owner=actor, title="x", language="zh-hans", parameters=parameters, digest="x")
    job.save()
    return job.pk


@dataclass(frozen=True)
class Case:
    """Work, where its worker is killed, and what another connection sees then and after the next worker."""

    prepare: Callable
    deeds: tuple[str, str]
    place: str
    calls: int
    statement: str
    killed: list
    said: str
    done: list


PEOPLE_AND_STATUS = "SELECT (SELECT count(*) FROM enrollment_trainee), status FROM enrollment_rosterimport"
CASES = {
    "a roster applied": Case(
        a_roster, ("apply_roster", "apply_roster"), "enrollment.actions.roster:let_leave", 1,
        PEOPLE_AND_STATUS, [(0, "applying")], "applied", [(2, "applied")],
    ),
    "a roster taken back": Case(
        a_roster_to_be_undone, ("undo_roster", "undo_roster"),
        "enrollment.actions.roster_undo:return_in_bulk", 1,
        PEOPLE_AND_STATUS, [(2, "undoing")], "undone", [(0, "undone")],
    ),
    "organizations": Case(
        a_table, ("job", "tend"), "enrollment.actions.organization_import:restate", 1,
        "SELECT (SELECT count(*) FROM enrollment_organization),"
        " (SELECT count(*) FROM enrollment_demonstrationtitle),"
        " (SELECT count(*) FROM enrollment_organizationchange WHERE kind = 'renamed'), status"
        " FROM enrollment_organizationimport",
        [(6, 0, 0, "applying")], "done", [(7, 1, 1, "applied")],
    ),
    # One batch stands, the other is as it was: nobody is half erased.
    "an erasure": Case(
        people_to_be_erased, ("job", "tend"), "enrollment.actions.erasure:note_many", 2,
        f"SELECT count(*), sum(CASE WHEN erased_at IS NULL THEN 0 ELSE 1 END),"
        f" sum(CASE WHEN name = '{ERASED_NAME}' THEN 1 ELSE 0 END),"
        f" sum(CASE WHEN phone IS NULL THEN 1 ELSE 0 END) FROM enrollment_trainee",
        [(2, 1, 1, 1)], "done", [(2, 2, 2, 2)],
    ),
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_worker_killed_in_the_middle(tmp_path, settings, name):
    case = CASES[name]
    settings.MEDIA_ROOT = tmp_path / "media"
    tree, actor = plant(), User.objects.create(username="actor", is_superuser=True)
    number = case.prepare(tree, actor)
    url, path = copy_of_database(tmp_path)
    mark = tmp_path / "in-the-middle"

    worker = start(url, settings.MEDIA_ROOT, case.deeds[0], number, case.place, case.calls, mark)
    try:
        deadline = time.monotonic() + 120
        while not mark.exists() and worker.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert mark.exists(), "the worker never came to the middle"
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
    assert rows(path, case.statement) == case.killed

    said, _ = start(url, settings.MEDIA_ROOT, case.deeds[1], number).communicate(timeout=120)
    assert said.strip() == case.said
    assert rows(path, case.statement) == case.done
