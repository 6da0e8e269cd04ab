"""Uploads that nobody confirms are cleared after their period; what was applied keeps its result."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from django_q.models import Schedule

from enrollment import tasks
from enrollment.actions import roster
from enrollment.actions.organization_imports import receive_table
from enrollment.actions.roster_undo import undo_roster
from enrollment.actions.uploads import clear_uploads
from enrollment.models import (
    Message,
    OrganizationImport,
    RetentionPeriod,
    RosterImport,
    Trainee,
    kept_until,
)
from enrollment.rules.retention import kept_until as kept_until_by
from practicum.actions.papers import clear_papers
from practicum.models import Visit, VisitPaper
from tests.enrollment.roster.sheets import person, workbook
from tests.factories.practicum import TrainingBaseFactory

TODAY = timezone.localdate()
OLD = timezone.now() - dt.timedelta(days=40)


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def sent(actor, name="花名册.xlsx", at=OLD, **more):
    row = roster.receive_roster(file=workbook([person(**more)]), organization=None, actor=actor, name=name)
    RosterImport.objects.filter(pk=row.pk).update(uploaded_at=at)
    return RosterImport.objects.get(pk=row.pk)


def judged(*args, **kwargs):
    return roster.judge_roster(roster_import=sent(*args, **kwargs))


def test_what_nobody_confirmed_is_cleared_and_told(tree, zhao):
    waiting = judged(zhao)
    file = Path(waiting.file.path)
    assert (waiting.status, file.exists()) == ("ready", True)
    fresh = judged(zhao, at=timezone.now(), phone="13900000002")
    assert tasks.clear_uploads() == 1
    waiting.refresh_from_db()
    assert (waiting.status, waiting.verdict, bool(waiting.file)) == ("discarded", {}, False)
    assert TODAY.isoformat() in waiting.error
    fresh.refresh_from_db()
    assert (fresh.status, bool(fresh.file)) == ("ready", True)
    message = Message.objects.get(recipient=zhao, kind="upload_cleared")
    assert message.link == reverse("portal:workbench_import", args=[waiting.pk])
    # Run again, nothing is left to do and nobody is told twice.
    assert clear_uploads(today=TODAY) == 0
    assert Message.objects.filter(kind="upload_cleared").count() == 1
    assert Trainee.objects.filter(name="张三").count() == 0


def test_its_page_says_what_happened(client, sign_in, tree, zhao):
    waiting = judged(zhao)
    client = sign_in(client, zhao)
    url = reverse("portal:workbench_import", args=[waiting.pk])
    until = client.get(url).context["waits_until"]
    assert until == kept_until("uploads", timezone.localdate(waiting.uploaded_at))
    assert until.isoformat() in client.get(url).content.decode()
    clear_uploads(today=TODAY)
    assert "到期清除" in client.get(url).content.decode()


def test_what_was_applied_loses_its_file_and_can_still_be_taken_back(
    tree, zhao, django_capture_on_commit_callbacks
):
    done = roster.apply_roster(roster_import=judged(zhao), actor=zhao)
    file = Path(done.file.path)
    with django_capture_on_commit_callbacks(execute=True):
        assert clear_uploads(today=TODAY) == 1
    assert not file.exists()
    done.refresh_from_db()
    assert (done.status, bool(done.file)) == ("applied", False)
    assert undo_roster(roster_import=done, actor=zhao).status == "undone"
    assert not Trainee.objects.active().filter(name="张三").exists()


def test_a_table_of_organizations_goes_the_same_way(tree, zhao):
    table = receive_table(file=ContentFile(b"x", name="t.csv"), actor=zhao, name="组织.csv")
    OrganizationImport.objects.filter(pk=table.pk).update(uploaded_at=OLD, status="ready", lines=[[2, {}]])
    assert clear_uploads(today=TODAY) == 1
    table.refresh_from_db()
    assert (table.status, table.lines, bool(table.file)) == ("discarded", [], False)
    assert Message.objects.filter(recipient=zhao, kind="upload_cleared").exists()


def test_a_longer_period_keeps_them_and_without_one_nothing_goes(tree, zhao):
    waiting = judged(zhao)
    RetentionPeriod.objects.filter(subject="uploads").update(months=3)
    assert clear_uploads(today=TODAY) == 0
    RetentionPeriod.objects.filter(subject="uploads").delete()
    assert clear_uploads(today=TODAY) == 0
    assert RosterImport.objects.get(pk=waiting.pk).status == "ready"
    assert kept_until("uploads", TODAY) is None


def test_until_when_is_counted_in_months():
    periods = [(dt.date(2019, 1, 1), 1)]
    assert kept_until_by(periods, dt.date(2026, 1, 31), today=TODAY) == dt.date(2026, 2, 28)
    assert kept_until_by(periods, dt.date(2026, 12, 5), today=dt.date(2018, 1, 1)) is None


def test_documents_of_old_visits_go_with_their_files(tree, zhao, django_capture_on_commit_callbacks):
    def paper(year):
        begins = timezone.make_aware(dt.datetime(year, 5, 1, 9))
        visit = Visit.objects.create(
            base=TrainingBaseFactory(), title="参观", headcount=5, starts_at=begins,
            ends_at=begins + dt.timedelta(hours=2),
        )  # fmt: skip
        return VisitPaper.objects.create(
            visit=visit, name="名单.pdf", size=1, added_at=begins, file=ContentFile(b"x", name="p.pdf")
        )

    old, new = paper(TODAY.year - 5), paper(TODAY.year - 1)
    file = Path(old.file.path)
    with django_capture_on_commit_callbacks(execute=True):
        assert clear_papers(today=TODAY) == 1
    assert not file.exists()
    assert list(VisitPaper.objects.all()) == [new]


@pytest.mark.django_db
def test_both_run_every_night():
    tasks_at_night = set(Schedule.objects.filter(schedule_type="D").values_list("func", flat=True))
    assert {"enrollment.tasks.clear_uploads", "practicum.tasks.clear_papers"} <= tasks_at_night
