"""Races about imports and erasure: confirm against discard or new columns, erase against coming back."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions import departures, erasure, organization_imports, roster, uploads
from enrollment.actions.roster_columns import choose_columns
from enrollment.models import (
    ERASED_NAME,
    Appointment,
    OrganizationImport,
    RetentionPeriod,
    RosterImport,
    Trainee,
    User,
)
from tests.enrollment.roster.sheets import person, workbook
from tests.factories.enrollment import trainees
from tests.people import plant

pytestmark = pytest.mark.race

THREADS = 8
LONG_AGO = dt.date(2023, 3, 1)


@pytest.fixture
def tree(race_db, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return plant()


@pytest.fixture
def actor(tree):
    return User.objects.create(username="actor", is_superuser=True)


def crashed(outcomes):
    return [one for one in outcomes if isinstance(one, Exception) and not isinstance(one, Refused)]


# --- A table of organizations ------------------------------------------------------------------------


@pytest.fixture
def table(tree, actor):
    file = io.BytesIO("编号,名称,类别,上级编号\nN1,示例新支部,党支部,PARK-B\n".encode())
    received = organization_imports.receive_table(file=ContentFile(file.read()), actor=actor, name="x.csv")
    return organization_imports.judge_table(received=received)


def test_a_table_is_either_confirmed_or_discarded(table, actor, race):
    assert table.status == "ready"

    def work(number):
        if number % 2:
            return organization_imports.begin_applying(received=table)
        return organization_imports.discard_table(received=table, actor=actor)

    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    after = OrganizationImport.objects.get()
    begun = any(one is True for one in outcomes)
    assert (after.status == "applying", bool(after.lines)) == (begun, begun)


def test_control_without_the_lock_what_was_discarded_is_applied(table, actor, race, meeting):
    """The one looks, the other discards, the one confirms: a table without rows is being applied."""
    looked, discarded = meeting(2), meeting(2)

    def work(number):
        if number == 0:
            looked.wait()
            organization_imports.discard_table(received=table, actor=actor)
            discarded.wait()
            return
        assert OrganizationImport.objects.get().status == "ready"
        looked.wait()
        discarded.wait()
        OrganizationImport.objects.filter(pk=table.pk).update(status="applying")

    assert crashed(race(work, 2)) == []
    after = OrganizationImport.objects.get()
    assert (after.status, after.lines) == ("applying", [])


# --- Uploads that nobody confirmed --------------------------------------------------------------------


@pytest.fixture
def forgotten(read):
    """A roster that has waited longer than uploads are kept."""
    RosterImport.objects.filter(pk=read.pk).update(uploaded_at=timezone.now() - dt.timedelta(days=90))
    return read


def test_an_upload_is_either_confirmed_or_cleared(forgotten, actor, race):
    def work(number):
        if number % 2:
            return ("apply", roster.begin_applying(roster_import=forgotten, actor=actor))
        return ("clear", uploads.clear_uploads(today=timezone.localdate()))

    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    begun = ("apply", True) in outcomes
    after = RosterImport.objects.get()
    assert (after.status, bool(after.verdict)) == (("applying", True) if begun else ("discarded", False))


def test_control_without_the_lock_what_was_cleared_is_applied(forgotten, actor, race, meeting):
    looked, cleared = meeting(2), meeting(2)

    def work(number):
        if number == 0:
            looked.wait()
            uploads.clear_uploads(today=timezone.localdate())
            cleared.wait()
            return
        assert RosterImport.objects.get().status == "ready"
        looked.wait()
        cleared.wait()
        RosterImport.objects.filter(pk=forgotten.pk).update(status="applying")

    assert crashed(race(work, 2)) == []
    after = RosterImport.objects.get()
    assert (after.status, after.verdict) == ("applying", {})


# --- Columns of a roster -----------------------------------------------------------------------------


@pytest.fixture
def read(tree, actor):
    found = roster.read_roster(file=workbook([person()]), organization=None, actor=actor)
    assert found.status == "ready"
    return found


TOLD = {1: "name", 7: "organization"}


def test_a_roster_is_either_confirmed_or_read_anew(read, actor, race):
    def work(number):
        if number % 2:
            return ("apply", roster.begin_applying(roster_import=read, actor=actor))
        return ("columns", choose_columns(roster_import=read, told=TOLD, actor=actor))

    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    won = {one[0] for one in outcomes if isinstance(one, tuple)}
    after = RosterImport.objects.get()
    assert won in ({"apply"}, {"columns"})
    assert (after.status, bool(after.verdict)) == (
        ("applying", True) if won == {"apply"} else ("reading", False)
    )


def test_control_without_the_lock_a_roster_without_a_verdict_is_applied(read, actor, race, meeting):
    looked, told = meeting(2), meeting(2)

    def work(number):
        if number == 0:
            looked.wait()
            choose_columns(roster_import=read, told=TOLD, actor=actor)
            told.wait()
            return
        assert RosterImport.objects.get().status == "ready"
        looked.wait()
        told.wait()
        RosterImport.objects.filter(pk=read.pk).update(status="applying")

    assert crashed(race(work, 2)) == []
    after = RosterImport.objects.get()
    assert (after.status, after.verdict) == ("applying", {})


# --- Erasure -----------------------------------------------------------------------------------------


@pytest.fixture
def gone(tree, actor):
    people = trainees(tree.make, 6)
    Appointment.objects.update(started_on=dt.date(2020, 1, 1))
    ids = [one.pk for one in people]
    departures.depart_in_bulk(trainee_ids=ids, on=LONG_AGO, actor=None)
    assert RetentionPeriod.objects.filter(subject="people").exists()
    return ids


def test_people_are_either_erased_or_back(gone, actor, race):
    def work(number):
        if number % 2:
            return erasure.erase_due(today=timezone.localdate(), actor=actor)
        return len(departures.return_in_bulk(trainee_ids=gone[:3], left_on=LONG_AGO, actor=None))

    outcomes = race(work, THREADS)
    assert crashed(outcomes) == []
    assert sum(outcomes) == len(gone)
    for one in Trainee.objects.filter(pk__in=gone):
        assert (one.name == ERASED_NAME, one.is_erased) == (one.left_on is not None,) * 2


def test_control_without_the_lock_somebody_who_is_back_would_be_erased(gone, actor, race, meeting):
    """Only the constraint is left to refuse it, and the whole batch fails."""
    looked, back = meeting(2), meeting(2)

    def work(number):
        if number == 0:
            looked.wait()
            departures.return_in_bulk(trainee_ids=gone[:3], left_on=LONG_AGO, actor=None)
            back.wait()
            return
        people = list(erasure.due(timezone.localdate()))
        assert len(people) == len(gone)
        looked.wait()
        back.wait()
        erasure._erase_trainees(people)

    [error] = crashed(race(work, 2))
    assert isinstance(error, IntegrityError)
