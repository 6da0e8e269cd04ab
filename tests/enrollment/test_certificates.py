"""Certificates: issued, printed, revoked, replaced; what their owner, staff and strangers see of them."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from wagtail.models import ModelLogEntry

from cms.actions import jobs
from cms.models import Job
from cms.refusals import Refused
from enrollment import certificate_pages, throttling
from enrollment.actions.certificate_templates import composed, save_template
from enrollment.actions.certificates import issue_in_bulk, reissue, revoke
from enrollment.actions.classes import enrol, transition
from enrollment.models import Certificate, CertificateTemplate, Enrollment, EnrollmentStatus, Trainee
from enrollment.models.certificates import VersionsStay
from enrollment.rules.certificate_template import Draft
from tests.factories.enrollment import ready_to_close, trainees, training_class
from tests.papers import needs_paper, pages, words

pytestmark = pytest.mark.slow

CHECK = "enrollment:certificate_check"


@pytest.fixture
def closed(zhang, zhao, chen):
    start = timezone.localdate() - dt.timedelta(days=7)
    one = training_class(starts_on=start, days=2, title="示例书记班", teacher=chen)
    enrol(training_class=one, trainee=zhang.trainee, actor=None)
    one = transition(training_class=one, to="running", actor=zhao)
    return transition(training_class=ready_to_close(one), to="closed", actor=zhao)


@pytest.fixture
def certificate(closed, zhao):
    return issue_in_bulk(training_class=closed, actor=zhao)[0]


def says(response):
    return response.content.decode()


def shown(client, certificate):
    return client.get(reverse("enrollment:certificate", args=[certificate.verification_code]))


def draft(**changes):
    current = CertificateTemplate.in_force().draft
    return Draft(**{**current.__dict__, **changes})


def saved(zhao, **changes):
    seal = changes.pop("seal", None)
    orientation = changes.pop("orientation", "landscape")
    based_on = changes.pop("based_on", CertificateTemplate.in_force().version)
    return save_template(
        draft=draft(**changes), orientation=orientation, seal=seal, based_on=based_on, actor=zhao
    )


def png(size=(40, 40), kind="PNG"):
    target = io.BytesIO()
    Image.new("RGB", size, "red").save(target, kind)
    return target.getvalue()


# --- What stands on it -----------------------------------------------------------------------------


def test_it_keeps_what_was_printed(certificate, closed, zhang):
    assert certificate.printed == {
        "name": "张学员",
        "organization": "中共示例软件有限公司支部委员会",
        "class": "示例书记班",
        "class_number": closed.code,
        "starts_on": f"{closed.starts_on.year}年{closed.starts_on.month}月{closed.starts_on.day}日",
        "ends_on": f"{closed.ends_on.year}年{closed.ends_on.month}月{closed.ends_on.day}日",
        "hours": "0",
        "number": f"{closed.code}-0001",
        "issued_on": certificate.printed["issued_on"],
    }
    assert certificate.template == CertificateTemplate.in_force()
    Trainee.objects.filter(pk=zhang.trainee.pk).update(name="张新名")
    certificate.refresh_from_db()
    assert certificate.holder == "张学员"


@pytest.fixture
def opened(soft):
    one = training_class(title="示例班")
    for person in trainees(soft, 3):
        Enrollment.objects.create(training_class=one, trainee=person, status=EnrollmentStatus.COMPLETED)
    return one


def test_queries_of_issuing_do_not_grow(opened, soft):
    with CaptureQueriesContext(connection) as few:
        issue_in_bulk(training_class=opened, actor=None)
    for person in trainees(soft, 30):
        Enrollment.objects.create(training_class=opened, trainee=person, status=EnrollmentStatus.COMPLETED)
    with CaptureQueriesContext(connection) as many:
        issue_in_bulk(training_class=opened, actor=None)
    assert len(many) == len(few)


@needs_paper
def test_the_paper_says_what_it_must(certificate, tmp_path):
    content = certificate_pages.one(certificate)
    text = words(content, tmp_path)
    assert pages(content, tmp_path) == 1
    for part in ("结业证书", "张学员", "示例书记班", certificate.number, "查验码"):
        assert part in text
    assert certificate.verification_code in text.replace("-", "")


# --- Taking it ---------------------------------------------------------------------------------------


@needs_paper
def test_who_may_take_it(certificate, everyone, sign_in):
    url = reverse("enrollment:certificate_pdf", args=[certificate.pk])
    allowed = {name for name, user in everyone.items() if sign_in(user=user).get(url).status_code == 200}
    assert allowed == {"zhang", "li", "chen", "zhao"}
    assert ModelLogEntry.objects.filter(action="enrollment.certificate.print").count() == len(allowed)


@needs_paper
def test_one_that_is_no_longer_in_force_is_not_printed(certificate, zhang, zhao, sign_in):
    url = reverse("enrollment:certificate_pdf", args=[certificate.pk])
    revoke(certificate=certificate, actor=zhao, reason="信息有误")
    assert sign_in(user=zhang).get(url).status_code == 404


def test_without_the_engine_the_page_says_why(certificate, zhang, sign_in, monkeypatch):
    from cms import pdf

    monkeypatch.setattr(pdf, "why_resting", lambda: pdf.ENGINE_MISSING)
    answer = sign_in(user=zhang).get(
        reverse("enrollment:certificate_pdf", args=[certificate.pk]), follow=True
    )
    assert answer.status_code == 200
    assert "libpango" in says(answer)


# --- A stranger --------------------------------------------------------------------------------------


def test_a_stranger_learns_that_it_is_genuine_and_nothing_else(client, certificate, zhang):
    response = client.get(reverse("enrollment:certificate", args=[certificate.verification_code.lower()]))
    page = says(response)
    assert response.status_code == 200
    for part in (certificate.number, "张*员", "示例书记班"):
        assert part in page
    for part in ("张学员", zhang.phone, "示例软件"):
        assert part not in page
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Cache-Control"] == "no-store"


def test_number_and_code_are_typed(client, certificate):
    code = certificate.verification_code
    typed = {"number": f" {certificate.number.lower()} ", "code": f"{code[:8]}-{code[8:]}"}
    answer = client.post(reverse(CHECK), typed)
    assert answer.status_code == 200
    assert "张*员" in says(answer)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("2000-001-0001", None),
        (None, "AAAABBBBCCCCDDDD"),
        ("2000-001-0001", "AAAABBBBCCCCDDDD"),
        (None, "甲"),
    ],
)
def test_unknown_and_mistyped_are_answered_alike(client, certificate, number, code):
    answer = client.post(
        reverse(CHECK),
        {"number": number or certificate.number, "code": code or certificate.verification_code},
    )
    assert answer.status_code == 404
    page = says(answer)
    assert "张*员" not in page
    assert "示例书记班" not in page
    by_link = client.get(reverse("enrollment:certificate", args=["AAAABBBBCCCCDDDD"]))
    assert by_link.status_code == 404
    sentence = "没有签发过"
    assert (sentence in page) is (sentence in says(by_link)) is True


def test_an_incomplete_form_is_no_check(client, certificate):
    answer = client.post(reverse(CHECK), {"number": certificate.number, "code": ""})
    assert answer.status_code == 422


def test_who_fails_too_often_waits(client, certificate):
    wrong = reverse("enrollment:certificate", args=["AAAABBBBCCCCDDDD"])
    for _ in range(throttling.FAILURES):
        assert client.get(wrong).status_code == 404
    for answer in (client.get(wrong), shown(client, certificate), client.post(reverse(CHECK), {})):
        assert answer.status_code == 429
        assert answer["Retry-After"]
    assert client.get(wrong, REMOTE_ADDR="203.0.113.9").status_code == 404
    cache.clear()
    assert shown(client, certificate).status_code == 200


def test_checks_that_succeed_wear_nobody_out(client, certificate):
    for _ in range(throttling.FAILURES + 5):
        assert shown(client, certificate).status_code == 200


def test_of_ipv6_the_network_counts(client, certificate):
    wrong = reverse("enrollment:certificate", args=["AAAABBBBCCCCDDDD"])
    for number in range(throttling.FAILURES):
        client.get(wrong, REMOTE_ADDR=f"2001:db8:1:2::{number:x}")
    assert client.get(wrong, REMOTE_ADDR="2001:db8:1:2::ffff").status_code == 429
    assert client.get(wrong, REMOTE_ADDR="2001:db8:1:3::1").status_code == 404


# --- Revoked and replaced ----------------------------------------------------------------------------


def test_a_revoked_certificate_says_so(client, certificate, zhao):
    revoke(certificate=certificate, actor=zhao, reason="信息有误")
    page = says(shown(client, certificate))
    assert "信息有误" not in page
    assert "已撤销" in page
    with pytest.raises(Refused) as again:
        revoke(certificate=certificate, actor=zhao, reason="信息有误")
    assert again.value.code == "certificate_revoked"


def test_a_replaced_one_names_the_other(client, certificate, zhang, zhao):
    Trainee.objects.filter(pk=zhang.trainee.pk).update(name="张新名")
    new = reissue(certificate=certificate, actor=zhao, reason="更名")
    certificate.refresh_from_db()
    assert new.number == f"{new.training_class.code}-0002"
    assert new.holder == "张新名"
    assert certificate.replaced_by == new
    assert Enrollment.objects.get(trainee=zhang.trainee).certificate == new
    page = says(shown(client, certificate))
    assert new.number in page
    assert "张*员" in page
    assert "更名" not in page
    assert says(shown(client, new)).count("张*名")
    entry = ModelLogEntry.objects.get(action="enrollment.certificate.reissue")
    assert entry.data == {"replaces": certificate.number, "reason": "更名"}
    for deed in (revoke, reissue):
        with pytest.raises(Refused) as refused:
            deed(certificate=certificate, actor=zhao, reason="再来")
        assert refused.value.code == "certificate_replaced"


def test_a_revoked_one_can_be_replaced_and_stays_revoked(client, certificate, zhao):
    revoke(certificate=certificate, actor=zhao, reason="信息有误")
    new = reissue(certificate=certificate, actor=zhao, reason="更正")
    assert "已撤销" in says(shown(client, certificate))
    assert shown(client, new).status_code == 200
    assert new.is_in_force


@pytest.mark.parametrize("deed", [revoke, reissue])
def test_nothing_without_a_reason(certificate, zhao, deed):
    with pytest.raises(Refused):
        deed(certificate=certificate, actor=zhao, reason="  ")
    certificate.refresh_from_db()
    assert certificate.is_in_force


def test_the_database_keeps_one_current_certificate(certificate):
    with pytest.raises(IntegrityError), transaction.atomic():
        Certificate.objects.filter(pk=certificate.pk).update(enrollment=None)


def test_the_page_for_those_who_run_the_class(certificate, closed, everyone, sign_in):
    url = reverse("enrollment:certificate_manage", args=[certificate.pk])
    listed = reverse("enrollment:class_certificates", args=[closed.pk])
    for name, user in everyone.items():
        expected = 200 if name in {"chen", "zhao"} else 404
        assert sign_in(user=user).get(url).status_code == expected, name
        assert sign_in(user=user).get(listed).status_code == expected, name
    client = sign_in(user=everyone["chen"])
    assert client.post(url, {"do": "reissue", "reason": ""}).status_code == 422
    answer = client.post(url, {"do": "reissue", "reason": "更名"}, follow=True)
    new = Certificate.objects.get(replaces=certificate)
    assert new.number in says(answer)
    assert client.post(url, {"do": "revoke", "reason": "晚了"}).status_code == 422
    assert client.post(url, {"do": "explode", "reason": "x"}).status_code == 404
    page = says(client.get(listed))
    assert certificate.number in page
    assert new.number in page


# --- A whole class -----------------------------------------------------------------------------------


def printed(closed, user, form):
    job = jobs.begin(
        kind="enrollment.certificates_print",
        owner=user,
        title="示例",
        parameters={"class": closed.pk, "as": form},
    )
    assert jobs.run(job_id=job.pk) == "done", Job.objects.get(pk=job.pk).message
    job.refresh_from_db()
    with job.file.open() as file:
        return job, file.read()


@needs_paper
def test_a_class_is_printed_in_the_background(opened, zhao, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr(jobs, "STEP_SECONDS", 0)
    monkeypatch.setattr(certificate_pages, "PIECE", 2)
    rows = issue_in_bulk(training_class=opened, actor=zhao)
    revoke(certificate=rows[0], actor=zhao, reason="信息有误")
    job, content = printed(opened, zhao, "pdf")
    assert (job.percent, job.whole) == (100, 2)
    assert pages(content, tmp_path) == 2
    text = words(content, tmp_path)
    assert rows[0].number not in text
    assert all(row.number in text and row.holder in text for row in rows[1:])
    _job, content = printed(opened, zhao, "zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert sorted(archive.namelist()) == [f"{row.number} {row.holder}.pdf" for row in rows[1:]]
        assert rows[2].number in words(archive.read(archive.namelist()[1]), tmp_path)


def test_only_who_runs_the_class_prints_it(opened, li, zhou):
    for user in (li, zhou):
        with pytest.raises(Refused):
            printed(opened, user, "pdf")


# --- The template ------------------------------------------------------------------------------------


@needs_paper
def test_a_change_is_a_version_and_what_was_issued_stays(certificate, zhao, tmp_path):
    before = words(certificate_pages.one(certificate), tmp_path)
    new = saved(zhao, title="培训证书", signatory="示例学院", seal=png(), orientation="portrait")
    assert new.version == certificate.template.version + 1
    assert CertificateTemplate.in_force() == new
    assert words(certificate_pages.one(Certificate.objects.get()), tmp_path) == before
    another = reissue(certificate=certificate, actor=zhao, reason="换版")
    text = words(certificate_pages.one(another), tmp_path)
    assert "培训证书" in text
    assert "示例学院" in text
    entry = ModelLogEntry.objects.get(action="enrollment.template.save")
    assert entry.data == {"version": new.version, "changed": ["title", "signatory", "orientation", "seal"]}


def test_versions_are_never_changed(db):
    current = CertificateTemplate.in_force()
    current.title = "别的"
    with pytest.raises(VersionsStay):
        current.save()
    with pytest.raises(VersionsStay):
        current.delete()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"body": "{姓名}{身份证号}"}, "template_unknown_placeholder"),
        ({"footer": "{二维码}"}, "template_number_missing"),
        ({"seal": b"<svg/>"}, "seal_unreadable"),
        ({"seal": png((4100, 10))}, "seal_too_large"),
        ({"seal": b"x" * (2 * 1024 * 1024 + 1)}, "seal_too_large"),
        ({}, "template_same"),
        ({"title": "新题", "based_on": 0}, "template_changed_meanwhile"),
        pytest.param({"body": "{姓名}" + "字" * 290}, "template_does_not_fit", marks=needs_paper),
    ],
)
def test_a_mistake_is_refused(zhao, changes, code):
    with pytest.raises(Refused) as refused:
        saved(zhao, **changes)
    assert refused.value.code == code
    assert CertificateTemplate.objects.count() == 1


def test_the_seal_is_written_anew_and_stays_until_told(zhao):
    picture = io.BytesIO()
    Image.new("RGB", (1200, 900), "red").save(picture, "JPEG", comment=b"secret of the camera")
    new = saved(zhao, seal=picture.getvalue())
    with Image.open(io.BytesIO(new.seal)) as kept:
        assert (kept.format, max(kept.size)) == ("PNG", 600)
    assert b"secret" not in new.seal
    assert bytes(saved(zhao, title="新题").seal) == new.seal
    current = CertificateTemplate.in_force()
    gone = composed(draft=draft(), orientation="landscape", seal=None, keep_seal=False)
    assert current.seal is not None
    assert gone.seal is None


@needs_paper
def test_the_page_of_the_template(zhao, li, chen, sign_in, tmp_path):
    url = reverse("enrollment:certificate_template")
    for user in (li, chen):
        assert sign_in(user=user).get(url).status_code == 403
    client = sign_in(user=zhao)
    assert "{二维码}" in says(client.get(url))
    given = {
        "based_on": 1,
        "title": "结业证书",
        "body": "{姓名}准予结业。",
        "footer": "{编号}{二维码}",
        "signatory": "示例学院",
        "orientation": "landscape",
    }
    preview = client.post(url, {**given, "do": "preview"})
    assert preview["Content-Type"] == "application/pdf"
    assert "示例学院" in words(preview.content, tmp_path)
    assert CertificateTemplate.objects.count() == 1
    wrong = client.post(url, {**given, "footer": "{编号}", "do": "save"})
    assert wrong.status_code == 422
    assert "{二维码}" in says(wrong)
    assert client.post(url, {**given, "do": "preview", "body": "{甲}"}).status_code == 422
    assert client.post(url, {**given, "do": "save"}).status_code == 302
    assert CertificateTemplate.in_force().signatory == "示例学院"
    sample = client.get(reverse("enrollment:certificate_sample", args=[1]))
    assert "“两新”组织党建学院" in words(sample.content, tmp_path)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"body": "同志参加培训"}, "names_the_person"),
        ({"footer": "编号：{编号}"}, "can_be_checked"),
        ({"footer": "{二维码}"}, "can_be_checked"),
        ({"title": ""}, "has_title_and_signatory"),
        ({"signatory": ""}, "has_title_and_signatory"),
    ],
)
def test_the_database_refuses_a_template_with_a_mistake(db, changes, constraint):
    current = CertificateTemplate.in_force()
    values = {name: getattr(current, name) for name in ("title", "body", "footer", "signatory")} | changes
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        CertificateTemplate.objects.create(version=current.version + 1, **values)
