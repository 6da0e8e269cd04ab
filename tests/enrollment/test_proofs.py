"""Proofs of study: equal to the ledger, confirmed to strangers, and honest about what changed since."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from academy.portal.own_data import sheets_about
from enrollment import proof_pages
from enrollment.actions.hours import reverse_entry
from enrollment.actions.proofs import issue_proof
from enrollment.models import ProofKind, StudyProof, Trainee
from enrollment.models.certificates import VersionsStay
from enrollment.reports_proofs import ledger_total
from tests.factories.enrollment import credited
from tests.papers import fonts, needs_paper, pages, words

pytestmark = pytest.mark.slow

YEAR = timezone.localdate().year


@pytest.fixture
def studied(zhang):
    credited(zhang.trainee, 4, title="示例课一", kind="online")
    credited(zhang.trainee, 6, title="示例课二", kind="classroom")
    return zhang.trainee


def proof(trainee, zhang, kind=ProofKind.YEAR):
    year = YEAR if kind == ProofKind.YEAR else 0
    return issue_proof(trainee=trainee, kind=kind, year=year, day_year=YEAR, actor=zhang)


def public(client, issued):
    return client.get(reverse("enrollment:certificate", args=[issued.verification_code])).content.decode()


def test_it_equals_the_ledger(studied, zhang):
    gone = credited(studied, 8, title="记错的课")
    reverse_entry(entry=gone, actor=zhang, reason="记错")
    issued = proof(studied, zhang)
    assert issued.quarters == 10 == ledger_total(studied, YEAR)
    assert sum(row["quarters"] for row in issued.printed["entries"]) == 10
    assert "记错的课" not in str(issued.printed)
    assert issued.number == f"XS{YEAR}-{issued.pk:06d}"


def test_asked_again_it_is_the_same_until_something_changes(studied, zhang):
    first = proof(studied, zhang)
    assert proof(studied, zhang) == first
    credited(studied, 2, title="示例课三")
    second = proof(studied, zhang)
    assert second != first
    assert StudyProof.objects.count() == 2
    assert ModelLogEntry.objects.filter(action="enrollment.proof.issue").count() == 3


def test_what_was_printed_is_confirmed_and_a_change_is_said(client, studied, zhang):
    issued = proof(studied, zhang)
    page = public(client, issued)
    for part in (issued.number, "张*员", ">2.5<", str(YEAR)):
        assert part in page
    for part in ("张学员", "示例软件", "示例课一", zhang.phone):
        assert part not in page
    assert "台账" not in page
    credited(studied, 2, title="示例课三")
    page = public(client, issued)
    assert ">2.5<" in page
    assert ">3<" not in page
    assert "已有变化" in page


def test_a_new_name_changes_no_figures(client, studied, zhang):
    issued = proof(studied, zhang)
    Trainee.objects.filter(pk=studied.pk).update(name="张新名")
    assert "已有变化" not in public(client, issued)
    studied.refresh_from_db()
    assert proof(studied, zhang) != issued


def test_the_record_is_about_all_years(client, studied, zhang):
    credited(
        studied,
        12,
        title="去年的课",
        occurred_at=timezone.now().replace(year=YEAR - 1, month=5, day=5),
        kind="branch",
    )
    issued = proof(studied, zhang, ProofKind.RECORD)
    assert issued.quarters == 22
    assert set(issued.printed["figures"]) == {str(YEAR - 1), str(YEAR)}
    assert f"{YEAR - 1}–{YEAR}" in public(client, issued)


def test_it_is_never_changed(studied, zhang):
    issued = proof(studied, zhang)
    issued.quarters = 999
    with pytest.raises(VersionsStay):
        issued.save()
    with pytest.raises(VersionsStay):
        StudyProof.objects.update(quarters=999)


@needs_paper
@pytest.mark.parametrize(("kind", "title"), [("year", "党员教育培训学时证明"), ("record", "党员学习档案")])
def test_the_papers(studied, zhang, tmp_path, kind, title):
    issued = proof(studied, zhang, ProofKind(kind))
    content = proof_pages.content(issued)
    text = words(content, tmp_path)
    for part in (title, "张学员", "2.5", issued.number, "第1页共1页"):
        assert part in text
    assert issued.verification_code in text.replace("-", "")
    assert all(font["embedded"] for font in fonts(content, tmp_path))


@needs_paper
def test_a_long_year_repeats_the_head_of_its_table(studied, zhang, tmp_path):
    for number in range(70):
        credited(studied, 1, title=f"第{number}课", occurred_at=timezone.now() - dt.timedelta(minutes=number))
    content = proof_pages.content(proof(studied, zhang))
    assert pages(content, tmp_path) >= 3
    assert words(content, tmp_path).count("培训内容") == pages(content, tmp_path)


@needs_paper
def test_who_may_print_whose(studied, everyone, sign_in):
    url = reverse("enrollment:proof", args=[studied.pk])
    allowed = {
        name
        for name, user in everyone.items()
        if sign_in(user=user).post(url, {"kind": "year", "year": YEAR}).status_code == 200
    }
    assert allowed == {"zhang", "li", "zhao"}


@pytest.mark.parametrize(
    "given",
    [{"kind": "year"}, {"kind": "year", "year": "1999"}, {"kind": "diploma"}, {"kind": "year", "year": "²"}],
)
def test_nonsense_is_not_found(studied, zhang, sign_in, given):
    assert sign_in(user=zhang).post(reverse("enrollment:proof", args=[studied.pk]), given).status_code == 404
    assert not StudyProof.objects.exists()


def test_certificates_and_proofs_are_in_the_copy_of_ones_own_data(studied, zhang):
    issued = proof(studied, zhang)
    sheet = next(sheet for sheet in sheets_about(zhang, studied) if sheet.title == "证书与证明")
    assert [row[0] for row in sheet.rows] == [issued.number]
