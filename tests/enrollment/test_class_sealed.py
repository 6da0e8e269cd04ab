"""The life of a class, kept by the database too; and everything at its end in one piece of work."""

from __future__ import annotations

import datetime as dt
import importlib

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from cms.actions import jobs
from cms.models import Job
from enrollment import closing
from enrollment.actions import classes
from enrollment.actions.archives import archive_class
from enrollment.models import Certificate, ClassArchive, ClassStatus, Enrollment, HourEntry, TrainingClass
from enrollment.rules import class_life
from practicum.actions.attendance import Attended, record_in_bulk
from tests.factories import practicum as make
from tests.factories.enrollment import ready_to_close, trainees, training_class
from tests.papers import needs_paper

pytestmark = pytest.mark.slow

TODAY = timezone.localdate()
PEOPLE = 5


@pytest.fixture
def running(soft, chen):
    """A class that is over but for its last session, which nobody has settled."""
    opened = training_class(
        title="示例结业班", teacher=chen, starts_on=TODAY - dt.timedelta(days=7), days=6, capacity=20
    )
    people = trainees(soft, PEOPLE)
    classes.enrol_in_bulk(training_class=opened, trainees=people, actor=None)
    row = classes.transition(training_class=opened, to="running", actor=None)
    session = make.session(training_class=row)
    over = timezone.now() - dt.timedelta(days=1)
    begun = over - dt.timedelta(hours=2)
    type(session).objects.filter(pk=session.pk).update(starts_at=begun, ends_at=over)
    session.refresh_from_db()
    record_in_bulk(attended=[Attended(session.pk, one.pk, begun, over) for one in people], actor=None)
    return row


def force(training_class, **values):
    TrainingClass.objects.filter(pk=training_class.pk).update(**values)


def test_the_database_knows_the_moves_of_the_rule():
    guards = importlib.import_module("enrollment.migrations.0022_classes_sealed")
    assert set(guards.MOVES) == {
        (before, after) for before, allowed in class_life.NEXT.items() for after in allowed
    }


@pytest.mark.parametrize("before", ClassStatus.values)
@pytest.mark.parametrize("after", ClassStatus.values)
def test_every_move_that_is_not_the_next_is_refused_by_the_database(db, before, after):
    opened = training_class()
    way = {
        "draft": [],
        "nominating": ["nominating"],
        "running": ["running"],
        "closed": ["running", "closed"],
        "archived": ["running", "closed", "archived"],
        "cancelled": ["cancelled"],
    }
    for status in way[before]:
        if status == "archived":
            sealed = {"file": "x.zip", "size": 1, "manifest": "{}", "digest": "x"}
            ClassArchive.objects.create(training_class=opened, sealed_at=timezone.now(), **sealed)
        force(opened, status=status)
    if before == after or after in class_life.NEXT[before]:
        if after == "archived" and before != after:
            with pytest.raises(IntegrityError, match="sealing"), transaction.atomic():
                force(opened, status=after)
            return
        force(opened, status=after)
    else:
        with pytest.raises(IntegrityError, match="cannot change to this status"), transaction.atomic():
            force(opened, status=after)


def test_what_is_archived_is_never_changed(running, zhao):
    closed = classes.transition(training_class=ready_to_close(_settled(running)), to="closed", actor=zhao)
    archive = archive_class(training_class=closed, actor=zhao, step=lambda _done, _whole: None)
    for change in ({"title": "改名"}, {"code": "X"}, {"ends_on": TODAY}, {"capacity": 99}):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            force(closed, **change)
    with connection.cursor() as cursor:
        for statement in (
            "UPDATE enrollment_classarchive SET digest = 'x' WHERE id = %s",
            "DELETE FROM enrollment_classarchive WHERE id = %s",
        ):
            with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
                cursor.execute(statement, [archive.pk])
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute("DELETE FROM enrollment_trainingclass WHERE id = %s", [closed.pk])


def _settled(running):
    closing.settle(running, None)
    return running


# --- Closing in one go -------------------------------------------------------------------------------


@needs_paper
def test_one_piece_of_work_closes_certifies_and_archives(running, chen, sign_in):
    ready_to_close(running)
    client = sign_in(user=chen)
    url = reverse("enrollment:class_closing", args=[running.pk])
    assert client.get(url).context["may_close"]
    client.post(url, {"close": "1", "archive": "1"})
    job = Job.objects.get()
    assert jobs.run(job_id=job.pk) == "done"
    running.refresh_from_db()
    assert running.status == "archived"
    assert HourEntry.objects.count() == PEOPLE
    assert Certificate.objects.filter(training_class=running).in_force().count() == PEOPLE
    assert set(Enrollment.objects.values_list("status", flat=True)) == {"completed"}
    job.refresh_from_db()
    assert (job.done, job.whole) == (100, 100)
    archive = ClassArchive.objects.get()
    import zipfile

    with archive.file.open("rb") as file:
        names = zipfile.ZipFile(file).namelist()
        code = running.code
        assert f"certificates/{code}-0001 – {code}-{PEOPLE:04d}.pdf" in names


def test_it_stops_with_the_reason_where_something_is_missing(running, chen):
    job = jobs.begin(kind="enrollment.close", owner=chen, title="结业", parameters={"class": running.pk})
    assert jobs.run(job_id=job.pk) == "failed"
    job.refresh_from_db()
    assert "满意度测评" in job.message
    running.refresh_from_db()
    # Hours of what was held are posted all the same; the class runs on.
    assert running.status == "running"
    assert HourEntry.objects.count() == PEOPLE


def test_a_worker_that_begins_anew_goes_on_where_the_last_one_stopped(running, chen):
    ready_to_close(_settled(running))
    classes.transition(training_class=running, to="closed", actor=chen)
    job = jobs.begin(kind="enrollment.close", owner=chen, title="结业", parameters={"class": running.pk})
    assert jobs.run(job_id=job.pk) == "done"
    assert Certificate.objects.count() == PEOPLE
    running.refresh_from_db()
    assert running.status == "closed"
