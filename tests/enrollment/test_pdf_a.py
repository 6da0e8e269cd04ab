"""Certificates, proofs and printed forms can be kept for good: what PDF/A-2u asks, clause by clause."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.utils import timezone
from PIL import Image

from cms import forms_on_paper, pdf
from enrollment import certificate_pages, proof_pages
from enrollment.actions import certificates, classes, proofs
from enrollment.forms_on_paper import roster
from enrollment.models import CertificateTemplate, ProofKind
from tests.factories.enrollment import credited, ready_to_close, training_class
from tests.papers import needs_paper
from tests.pdf_a import violations
from tests.pdf_objects import Document

pytestmark = [pytest.mark.django_db, needs_paper, pytest.mark.slow]


@pytest.fixture
def certificate(zhang, chen):
    """A certificate with a seal that lets the paper through."""
    picture = io.BytesIO()
    Image.new("RGBA", (60, 60), (200, 0, 0, 90)).save(picture, "PNG")
    CertificateTemplate.objects.update(seal=picture.getvalue())
    opened = training_class(
        title="示例班", teacher=chen, starts_on=timezone.localdate() - dt.timedelta(days=9), days=2
    )
    classes.enrol(training_class=opened, trainee=zhang.trainee, actor=None)
    classes.transition(training_class=opened, to="running", actor=None)
    classes.transition(training_class=ready_to_close(opened), to="closed", actor=None)
    [issued] = certificates.issue_in_bulk(training_class=opened, actor=None)
    return issued


def test_a_certificate_with_a_seal(certificate):
    content = certificate_pages.one(certificate)
    # The picture is there, and was judged.
    assert any(found.get("Subtype") == "Image" for found in Document(content).dictionaries())
    assert violations(content) == []


def test_certificates_of_a_class_in_one_book(certificate):
    [(name, content)] = certificate_pages.books([certificate] * 3)
    assert name.endswith(".pdf")
    assert violations(content) == []
    assert sum(found.get("Type") == "Page" for found in Document(content).dictionaries()) == 3


@pytest.mark.parametrize("kind", ProofKind.values)
def test_a_proof_of_study(zhang, zhao, kind):
    year = credited(zhang.trainee, 6).year
    proof = proofs.issue_proof(
        trainee=zhang.trainee, kind=kind, year=year if kind == "year" else 0, day_year=year, actor=zhao
    )
    assert violations(proof_pages.content(proof)) == []


def test_a_printed_form(certificate, zhao):
    with pdf.on_paper():
        sheet = roster(certificate.training_class, zhao)
    content = pdf.render("pdf/form.html", {"sheet": sheet, "landscape": sheet.is_landscape})
    assert isinstance(sheet, forms_on_paper.Sheet)
    assert violations(content) == []


# --- What the checks find ------------------------------------------------------------------------------


def _plain(markup: str, variant: str | None = None) -> bytes:
    from weasyprint import HTML

    content: bytes = HTML(string=markup).write_pdf(pdf_variant=variant)
    return content


def test_control_an_ordinary_file_is_found_out():
    found = "\n".join(violations(_plain("<p lang=zh>学时证明</p>")))
    for clause in ("6.6.2.1", "6.2.3"):
        assert clause in found


@pytest.mark.parametrize(
    ("markup", "clause"),
    [
        (f'<p>字</p><img src="{pdf.picture(b"PICTURE")}">', "6.2.8"),
        ("<p></p>", "6.2.11"),
    ],
)
def test_control_what_a_template_breaks_is_found_out(markup, clause):
    picture = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(picture, "PNG")
    markup = markup.replace(pdf.picture(b"PICTURE"), pdf.picture(picture.getvalue()))
    assert clause in "\n".join(violations(_plain(markup, pdf.VARIANT)))


@pytest.mark.parametrize(
    ("before", "after", "clause"),
    [
        (b"%PDF-1.7", b"%PDF-2.0", "6.1.2"),
        (b"%%EOF", b"%%EOF\nmore", "6.1.3"),
    ],
)
def test_control_what_is_changed_in_a_file_is_found_out(before, after, clause):
    content = _plain("<p lang=zh>学时证明</p>", pdf.VARIANT)
    assert violations(content) == []
    assert clause in "\n".join(violations(content.replace(before, after)))
