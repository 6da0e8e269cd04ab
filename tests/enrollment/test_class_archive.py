"""The archive of a class: one file, sealed, and any later change of it or of the records is found out."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone, translation
from openpyxl import load_workbook

from cms.actions import jobs
from cms.models import Job
from cms.refusals import Refused
from enrollment import archiving
from enrollment.actions import archives, certificates, classes, notices
from enrollment.actions.archives import archive_class, verify_file, verify_records
from enrollment.models import ArchiveIsWrittenOnce, ClassArchive, Enrollment
from enrollment.rules import archive as rules
from enrollment.rules.archive import Change, Difference, Entry
from tests.factories.enrollment import ready_to_close, trainees, training_class

pytestmark = pytest.mark.slow

TODAY = timezone.localdate()


def no_step(_done, _whole):
    """Nobody looks at a bar."""


# --- Rules -------------------------------------------------------------------------------------------


def test_a_manifest_names_what_is_in_it():
    content = rules.manifest(
        code="A", title="班", sealed_at="", files={"b": Entry("2", 1), "a": Entry("1", 1)}
    )
    assert rules.digests_in(content) == {"a": "1", "b": "2"}
    kept = rules.digest(content)
    assert rules.differences(kept_digest=kept, manifest_content=content, found={"a": "1", "b": "2"}) == []
    assert rules.differences(kept_digest="x", manifest_content=content, found={"a": "9", "c": "3"}) == [
        Difference(Change.MANIFEST, "manifest.json"),
        Difference(Change.CHANGED, "a"),
        Difference(Change.MISSING, "b"),
        Difference(Change.ADDED, "c"),
    ]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"files": {"a": 1}}', b"\xff"])
def test_what_is_no_manifest(content):
    with pytest.raises(ValueError, match=r".*"):
        rules.digests_in(content)


# --- Archiving ---------------------------------------------------------------------------------------


@pytest.fixture
def closed(soft, chen, zhao):
    opened = training_class(
        title="书记示范班", teacher=chen, capacity=20, starts_on=TODAY - dt.timedelta(days=7), days=2
    )
    classes.set_quota(training_class=opened, organization=soft, seats=9, actor=zhao)
    classes.enrol_in_bulk(training_class=opened, trainees=trainees(soft, 3), actor=zhao)
    notice = notices.begin_notice(training_class=opened, actor=zhao)
    notices.publish_notice(notice=notice, actor=zhao)
    notices.attach(notice=notice, file=ContentFile(b"%PDF", name="日程.pdf"), actor=zhao)
    classes.transition(training_class=opened, to="running", actor=zhao)
    classes.transition(training_class=ready_to_close(opened), to="closed", actor=zhao)
    certificates.issue_in_bulk(training_class=opened, actor=zhao)
    opened.refresh_from_db()
    return opened


@pytest.fixture
def archive(closed, zhao):
    return archive_class(training_class=closed, actor=zhao, step=no_step)


def package(archive):
    with archive.file.open("rb") as file:
        return zipfile.ZipFile(BytesIO(file.read()))


def test_one_file_holds_everything(archive, closed):
    book = package(archive)
    names = set(book.namelist())
    codes = {section.code for section in archiving.sections()}
    assert codes >= {
        "class", "plan", "notice", "quotas", "roster", "groups", "timetable", "attendance", "hours",
        "leave", "closing", "certificates",
    }  # fmt: skip
    assert {f"records/{code}.json" for code in codes} <= names
    assert {"manifest.json", "index.html", "log.json", "notice/01-日程.pdf"} <= names
    roster = json.loads(book.read("records/roster.json"))
    assert len(roster["tables"][0]["rows"]) == 3
    [sheet] = [name for name in names if name.endswith("-roster.xlsx")]
    assert load_workbook(BytesIO(book.read(sheet))).active.max_row == 4
    assert "书记示范班" in book.read("index.html").decode()
    assert "enrollment.class.open" in book.read("log.json").decode()
    closed.refresh_from_db()
    assert closed.status == "archived"
    assert archive.digest == rules.digest(book.read("manifest.json"))
    assert not verify_records(archive)


def test_it_is_written_once(archive, closed, zhao):
    assert archive_class(training_class=closed, actor=zhao, step=no_step) == archive
    archive.digest = "0" * 64
    for deed in (
        archive.save,
        archive.delete,
        ClassArchive.objects.all().delete,
        lambda: ClassArchive.objects.update(digest="x"),
    ):
        with pytest.raises(ArchiveIsWrittenOnce):
            deed()


def test_only_a_closed_class_is_archived(zhao):
    with pytest.raises(Refused, match="archive_not_closed"):
        archive_class(training_class=training_class(), actor=zhao, step=no_step)
    assert not ClassArchive.objects.exists()


def kept_files():
    """What lies in this year's folder of archives."""
    storage = ClassArchive._meta.get_field("file").storage
    folder = f"archives/{timezone.now().year}"
    return set(storage.listdir(folder)[1]) if storage.exists(folder) else set()


def test_a_change_while_it_is_put_together_is_noticed(closed, zhao):
    packed = archives.pack(training_class=closed, step=no_step)
    before = kept_files()
    Enrollment.objects.filter(training_class=closed).update(note="改动")
    with pytest.raises(Refused, match="archive_changed_meanwhile"):
        archives.seal(training_class=closed, packed=packed, actor=zhao)
    closed.refresh_from_db()
    assert closed.status == "closed"
    assert kept_files() == before


def test_a_record_reads_the_same_in_every_language(closed):
    with translation.override("en"):
        english = dict(archiving.records_of(closed))
    with translation.override("zh-hans"):
        assert dict(archiving.records_of(closed)) == english


# --- Finding changes ---------------------------------------------------------------------------------


def rewritten(archive, changes):
    """The archive with ``changes`` made to it: content by path, None takes a file out."""
    old, target = package(archive), BytesIO()
    with zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = changes.pop(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in changes.items():
            new.writestr(name, content)
    target.seek(0)
    return target


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"records/roster.json": b"{}"}, ["changed records/roster.json"]),
        ({"log.json": None}, ["missing log.json"]),
        ({"more.txt": b"x"}, ["added more.txt"]),
    ],
)
def test_a_changed_file_is_found_out(archive, changes, found):
    result = verify_file(archive, rewritten(archive, changes))
    assert [f"{one.change} {one.path}" for one in result] == found


def test_who_changes_the_list_of_files_as_well_is_found_out(archive):
    said = json.loads(package(archive).read("manifest.json"))
    said["files"]["records/roster.json"]["sha256"] = rules.digest(b"{}")
    changes = {"records/roster.json": b"{}", "manifest.json": rules.canonical(said)}
    result = verify_file(archive, rewritten(archive, changes))
    assert [one.change for one in result] == [Change.MANIFEST]


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_what_is_no_archive(archive, content):
    with pytest.raises(Refused, match="not_an_archive"):
        verify_file(archive, BytesIO(content))


def test_a_bomb_is_not_unpacked(archive, monkeypatch):
    monkeypatch.setattr(rules, "MOST_BYTES", 10)
    with pytest.raises(Refused, match="archive_too_large"):
        verify_file(archive, rewritten(archive, {}))


def test_changed_records_are_found_out(archive, closed, zhao):
    Enrollment.objects.filter(training_class=closed).update(is_monitor=True)
    certificates.revoke(certificate=closed.enrollments.first().certificate, actor=zhao, reason="错发")
    assert [one.path for one in verify_records(archive)] == [
        "records/certificates.json",
        "records/roster.json",
    ]


def test_the_command_says_so_with_its_status(archive, closed, tmp_path, capsys):
    call_command("verify_archive", closed.code)
    assert archive.digest in capsys.readouterr().out
    path = tmp_path / "changed.zip"
    path.write_bytes(rewritten(archive, {"log.json": b"[]"}).getvalue())
    with pytest.raises(CommandError, match="1 differences"):
        call_command("verify_archive", closed.code, "--file", str(path))
    with pytest.raises(CommandError, match="No class"):
        call_command("verify_archive", "NOWHERE")


# --- Page and background work ------------------------------------------------------------------------


def test_from_the_page_it_is_done_in_the_background(closed, chen, li, sign_in):
    url = reverse("enrollment:class_archive", args=[closed.pk])
    roster = reverse("enrollment:class_roster", args=[closed.pk])
    client = sign_in(user=chen)
    response = client.post(roster, {"do": "transition", "to": "archived"})
    job = Job.objects.get()
    assert response["Location"] == job.get_absolute_url()
    assert client.post(url, {"do": "archive"})["Location"] == job.get_absolute_url()
    assert jobs.run(job_id=job.pk) == "done"
    archive = ClassArchive.objects.get()
    page = client.get(url)
    assert archive.digest in page.content.decode()
    fetched = client.get(reverse("enrollment:class_archive_file", args=[closed.pk]))
    content = b"".join(fetched.streaming_content)
    good = client.post(url, {"do": "file", "file": SimpleUploadedFile("a.zip", content)})
    assert good.context["found"] == []
    bad = rewritten(archive, {"log.json": b"[]"}).getvalue()
    assert client.post(url, {"do": "file", "file": SimpleUploadedFile("a.zip", bad)}).context["lines"]
    assert client.post(url, {"do": "file", "file": SimpleUploadedFile("a.zip", b"x")}).status_code == 422
    assert client.post(url, {"do": "records"}).context["found"] == []
    assert sign_in(user=li).get(url).status_code == 404


def test_a_worker_that_begins_anew_finds_it_sealed(closed, chen):
    job = jobs.begin(kind="enrollment.archive", owner=chen, title="示例", parameters={"class": closed.pk})
    archive_class(training_class=closed, actor=chen, step=no_step)
    assert jobs.run(job_id=job.pk) == "done"
    assert ClassArchive.objects.count() == 1
