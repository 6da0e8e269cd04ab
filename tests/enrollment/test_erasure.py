"""Erasing people who left: what goes, what stays, who is due, and what a certificate says afterwards."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from wagtail.models import ModelLogEntry

from cms.actions import jobs
from cms.models import Job
from cms.refusals import Refused
from courses.models import QuizAttempt, StudyClock
from enrollment import erasure as registry
from enrollment.actions import certificates, departures, roster
from enrollment.actions.erasure import BATCH, due, erase_due
from enrollment.actions.hours import credit_hours
from enrollment.actions.invitations import invite_trainees
from enrollment.actions.messages import notify
from enrollment.actions.people import admit, amend
from enrollment.actions.roles import grant_role, revoke_role
from enrollment.actions.verification import verify
from enrollment.models import (
    ERASED_NAME,
    Certificate,
    ClassLeave,
    Enrollment,
    Exemption,
    ExternalTraining,
    Guidance,
    HourEntry,
    Message,
    OrganizationStanding,
    PersonTransfer,
    RetentionPeriod,
    Role,
    RosterImport,
    Standing,
    StudyProof,
    Trainee,
    User,
)
from enrollment.rules.retention import kept_since, months_before
from tests.enrollment.roster.sheets import person, workbook
from tests.factories import practicum as make

URL = reverse("erasure:index")
LONG_AGO = dt.date(2023, 3, 1)


# --- Rules -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (dt.date(2026, 11, 26), 24, dt.date(2024, 11, 26)),
        (dt.date(2026, 3, 31), 1, dt.date(2026, 2, 28)),
        (dt.date(2026, 1, 15), 13, dt.date(2024, 12, 15)),
    ],
)
def test_months_before(day, months, before):
    assert months_before(day, months) == before


def test_the_latest_period_that_has_begun_holds():
    today = dt.date(2026, 11, 26)
    periods = [(dt.date(2019, 1, 1), 24), (dt.date(2026, 1, 1), 12), (dt.date(2027, 1, 1), 1)]
    assert kept_since(periods, today) == dt.date(2025, 11, 26)
    assert kept_since([(dt.date(2027, 1, 1), 1)], today) is None


# --- What goes and what stays -----------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _own_media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


def leave(trainee, on=LONG_AGO):
    """Somebody who left long ago, whatever their posts say."""
    trainee.appointments.update(started_on=dt.date(2020, 1, 1))
    departures.depart_in_bulk(trainee_ids=[trainee.pk], on=on, actor=None)


@pytest.fixture
def left(zhang, soft, zhao, li):
    """张学员 with a trace everywhere, who left long ago."""
    trainee = zhang.trainee
    amend(trainee=trainee, actor=li, phone="13900007777", note="住院", born_on=dt.date(1990, 3, 4))
    Trainee.objects.filter(pk=trainee.pk).update(identity_digest="d" * 64, identity_tail="002X")
    Exemption.objects.create(trainee=trainee, ground="illness", reason="重病", starts_on=dt.date(2022, 1, 1))
    Guidance.objects.create(
        organization=soft, guide_name="钱", way="visit", held_on=LONG_AGO, summary="见到张学员", nonce="n"
    )
    invite_trainees(trainees=[trainee], actor=li)
    notify(kind="certificate_issued", recipients=[zhang.pk], key="x", context={"title": "培训班"})
    leave(trainee)
    trainee.refresh_from_db()
    return trainee


def test_what_goes(left, zhang, zhao):
    assert erase_due(today=timezone.localdate(), actor=zhao) == 1
    left.refresh_from_db()
    bare = (left.name, left.phone, left.identity_digest, left.identity_tail, left.born_on, left.note)
    assert bare == (ERASED_NAME, None, None, "", None, "")
    assert left.user is None
    assert left.is_erased
    account = User.objects.get(pk=zhang.pk)
    assert (account.username, account.name, account.phone, account.email) == (
        f"erased-{zhang.pk}",
        "",
        None,
        "",
    )
    assert not account.is_active
    assert not account.has_usable_password()
    assert not Message.objects.filter(recipient=zhang).exists()
    assert not left.invitations.exists()
    assert Guidance.objects.get().summary == f"见到{ERASED_NAME}"
    exemption = left.exemptions.get()
    assert (exemption.ground, exemption.reason, exemption.starts_on) == (
        "other",
        ERASED_NAME,
        dt.date(2022, 1, 1),
    )


def test_nothing_of_the_person_is_left_in_any_table(left, zhang, zhao):
    """Every text and every document of the database is looked through for what only this person had."""
    erase_due(today=timezone.localdate(), actor=zhao)
    for model in apps.get_models():
        texts = [
            field.attname
            for field in model._meta.concrete_fields
            if isinstance(field, (models.CharField, models.TextField, models.JSONField))
        ]
        for row in model._base_manager.values(*texts) if texts else []:
            said = str(row)
            assert "张学员" not in said, model
            assert "13900007777" not in said, model


def test_nothing_is_left_on_papers(left, zhang, zhao, soft, bio, django_capture_on_commit_callbacks):
    """What was printed, sent in or handed over keeps its number and its figures."""
    training_class = make.TrainingClassFactory(status="closed")
    finished = Enrollment.objects.create(training_class=training_class, trainee=left, status="completed")
    first = certificates.issue(enrollment=finished, actor=zhao)
    certificates.reissue(certificate=first, actor=zhao, reason="更名")
    ClassLeave.objects.create(
        enrollment=finished,
        reason="张学员住院",
        starts_at=timezone.now(),
        ends_at=timezone.now() + dt.timedelta(hours=1),
    )
    year = LONG_AGO.year
    content = {"name": left.name, "figures": {str(year): 4}, "posts": ["张学员"]}
    proof = StudyProof.objects.create(
        number="P1", verification_code="P1", kind="year", trainee=left, year=year, quarters=4,
        printed=content, digest="x", issued_by=zhao,
    )  # fmt: skip
    PersonTransfer.objects.create(
        trainee=left, from_organization=soft, to_organization=bio, on=LONG_AGO, reason="张学员调动",
        state="declined", sheet={"name": "张学员"}, started_by=zhao, started_at=timezone.now(),
        answered_by=zhao, answered_at=timezone.now(), answer="张学员",
    )  # fmt: skip
    claim = ExternalTraining.objects.create(
        trainee=left, title="培训", organizer="党校", unit="day", amount=1, quarters=32, submission_key="k",
        starts_at=timezone.now(), ends_at=timezone.now() + dt.timedelta(hours=6), submitted_by=zhang,
        evidence=ContentFile(b"x", name="x.pdf"), evidence_name="张学员证明.pdf", evidence_digest="e",
    )  # fmt: skip
    assert claim.evidence.storage.exists(claim.evidence.name)
    with django_capture_on_commit_callbacks(execute=True):
        test_nothing_of_the_person_is_left_in_any_table(left, zhang, zhao)
    assert not claim.evidence.storage.exists(claim.evidence.name)
    proof.refresh_from_db()
    assert proof.printed["figures"] == {str(year): 4}
    assert {row.holder for row in Certificate.objects.all()} == {ERASED_NAME}


def test_what_stays_and_the_ledger_still_agrees(left, zhao, session_of_left):
    before = list(HourEntry.objects.order_by("pk").values())
    standings = list(Standing.objects.order_by("pk").values())
    figures = list(OrganizationStanding.objects.order_by("pk").values())
    assert before
    erase_due(today=timezone.localdate(), actor=zhao)
    assert list(HourEntry.objects.order_by("pk").values()) == before
    assert list(Standing.objects.order_by("pk").values()) == standings
    assert list(OrganizationStanding.objects.order_by("pk").values()) == figures
    assert not verify().differences
    call_command("verify_ledger", stdout=io.StringIO())


@pytest.fixture
def session_of_left(left, zhao):
    """Hours that were earned before leaving."""
    return credit_hours(
        trainee=left,
        kind="external",
        quarters=8,
        title="外出培训",
        evidence_type="external",
        evidence_id="1",
        occurred_at=timezone.make_aware(dt.datetime(2023, 2, 1, 9)),
        actor=zhao,
    )


def test_the_log_keeps_the_deed_and_not_the_person(left, zhang, zhao):
    erase_due(today=timezone.localdate(), actor=zhao)
    entry = ModelLogEntry.objects.get(action="enrollment.person.erase")
    assert (entry.label, entry.data, entry.user) == (ERASED_NAME, {}, zhao)
    about = ModelLogEntry.objects.filter(object_id=str(left.pk), content_type=entry.content_type)
    assert about.count() > 1
    assert set(about.values_list("label", flat=True)) == {ERASED_NAME}


def test_a_certificate_stays_genuine_without_a_name(client, left, zhao):
    training_class = make.TrainingClassFactory(status="closed")
    finished = Enrollment.objects.create(training_class=training_class, trainee=left, status="completed")
    certificate = certificates.issue(enrollment=finished, actor=zhao)
    erase_due(today=timezone.localdate(), actor=zhao)
    page = client.get(reverse("enrollment:certificate", args=[certificate.verification_code]))
    text = page.content.decode()
    assert page.context["found"].state == "genuine"
    assert certificate.number in text
    assert ERASED_NAME not in text
    # The labels are lazy: which language a test before this one left must not matter.
    with translation.override("zh-hans"):
        assert "张" not in dict(page.context["found"].facts)["姓名"]


def test_rows_of_an_import_are_stripped(tree, zhao, li):
    roster.import_file(
        workbook([person("赵离开", "13900006666"), person("钱留下", "13900006667")]), actor=zhao
    )
    gone = Trainee.objects.get(name="赵离开")
    leave(gone)
    erase_due(today=timezone.localdate(), actor=zhao)
    verdict = RosterImport.objects.get().verdict
    assert "赵离开" not in str(verdict)
    assert "13900006666" not in str(verdict)
    assert "钱留下" in str(verdict)
    assert verdict["counts"]["new"] == 2


# --- Who is due ------------------------------------------------------------------------------------


def test_only_who_left_long_enough_ago(left, wang, bio, zhao):
    recent = admit(name="周刚走", organization=bio, phone="13900005555", post="member", actor=None)
    leave(recent, on=timezone.localdate() - dt.timedelta(days=30))
    assert list(due(timezone.localdate())) == [left]
    RetentionPeriod.objects.create(
        subject="people", months=240, effective_from=dt.date(2020, 1, 1), source="某办法"
    )
    assert not due(timezone.localdate())
    RetentionPeriod.objects.filter(subject="people").delete()
    assert not due(timezone.localdate())
    with pytest.raises(Refused, match="erasure_no_period"):
        erase_due(today=timezone.localdate(), actor=zhao)


def test_whoever_holds_a_role_stays_until_it_is_withdrawn(left, zhang, zhao):
    grant_role(user=zhang, role=Role.INSTRUCTOR, actor=zhao)
    assert [person.is_held for person in due(timezone.localdate())] == [True]
    assert erase_due(today=timezone.localdate(), actor=zhao) == 0
    revoke_role(user=zhang, role=Role.INSTRUCTOR, actor=zhao)
    assert erase_due(today=timezone.localdate(), actor=zhao) == 1
    assert erase_due(today=timezone.localdate(), actor=zhao) == 0


def test_nobody_comes_back_and_nothing_is_written_again(left, zhao):
    erase_due(today=timezone.localdate(), actor=zhao)
    assert departures.return_in_bulk(trainee_ids=[left.pk], left_on=LONG_AGO, actor=zhao) == []
    with pytest.raises(IntegrityError), transaction.atomic():
        Trainee.objects.filter(pk=left.pk).update(name="张学员")


def test_higher_apps_take_part(left, zhang, zhao):
    assert len(registry.ERASERS) >= 2
    names = {eraser.__module__.partition(".")[0] for eraser in registry.ERASERS}
    assert {"practicum", "courses"} <= names
    assert not StudyClock.objects.filter(user=zhang).exists()
    erase_due(today=timezone.localdate(), actor=zhao)
    assert not QuizAttempt.objects.filter(user=zhang).exclude(answers={}).exists()


def test_the_cost_does_not_grow_with_people(tree, zhao):
    def measured(number, first):
        people = [
            admit(name=f"人{first + one}", organization=tree.soft, phone=None, post="member", actor=None)
            for one in range(number)
        ]
        for one in people:
            leave(one)
        with CaptureQueriesContext(connection) as queries:
            assert erase_due(today=timezone.localdate(), actor=zhao) == number
        # The index of SQLite takes one statement a row, as when people are admitted.
        return sum("indexentry" not in query["sql"] for query in queries)

    assert BATCH >= 12
    measured(1, 100)
    assert measured(12, 10) == measured(2, 0)


# --- The page --------------------------------------------------------------------------------------


@pytest.fixture
def admin(client, zhao, sign_in):
    return sign_in(client, zhao)


def test_the_page_lists_and_erases(admin, left, django_capture_on_commit_callbacks):
    page = admin.get(URL)
    assert page.context["number"] == 1
    assert "张学员" in page.content.decode()
    refused = admin.post(URL, {})
    assert refused.context["form"].errors["understood"]
    with django_capture_on_commit_callbacks(execute=True):
        admin.post(URL, {"understood": "on"})
    assert Job.objects.get().status == "done"
    left.refresh_from_db()
    assert left.is_erased
    after = admin.get(URL)
    assert after.context["number"] == 0
    assert Job.objects.get().message in after.content.decode()
    # Pressed again in an old tab: a sentence, and no second job.
    admin.post(URL, {"understood": "on"})
    assert Job.objects.count() == 1


def test_what_was_begun_goes_on_in_another_worker(admin, left, zhao):
    """The first worker was killed: its job is run again, and nobody is erased twice."""
    job = jobs.begin(kind="enrollment.erase", owner=zhao, title="x", parameters={"on": "2026-11-26"})
    assert jobs.run(job_id=job.pk) == "done"
    assert ModelLogEntry.objects.filter(action="enrollment.person.erase").count() == 1


@pytest.mark.parametrize("who", ["li", "chen", "zhou", "outsider"])
def test_only_administrators(client, sign_in, everyone, who):
    client = sign_in(client, everyone[who])
    assert client.get(URL).status_code in {302, 403}
    assert client.post(URL, {"understood": "on"}).status_code in {302, 403}
