"""PDF files: what is written is read back; nothing outside the document is fetched."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

from cms import pdf
from cms.refusals import Refused
from cms.templatetags.ui import css_text
from tests.papers import fonts, metadata, needs_paper, pages, words


@pytest.fixture
def template(settings, tmp_path):
    """``template(markup)`` is the name of a template with that markup."""
    # Changing the setting makes Django put its engines together anew.
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [*settings.TEMPLATES[0]["DIRS"], str(tmp_path)]}]

    def write(markup: str) -> str:
        (tmp_path / "one.html").write_text(markup, encoding="utf-8")
        return "one.html"

    return write


@needs_paper
def test_it_is_an_archivable_file_with_its_fonts(template, tmp_path):
    name = template('{% extends "pdf/frame.html" %}{% block body %}<p>学时证明 {{ name }}</p>{% endblock %}')
    content = pdf.render(name, {"name": "龘学员<b>"})
    assert pages(content, tmp_path) == 1
    assert "学时证明龘学员<b>" in words(content, tmp_path)
    packet = metadata(content, tmp_path)
    assert 'pdfaid:part="2"' in packet
    assert 'pdfaid:conformance="U"' in packet
    found = fonts(content, tmp_path)
    assert found
    assert all("Noto" in font["name"] for font in found), found
    assert all(font["embedded"] and font["subset"] and font["unicode"] for font in found), found
    # One font of Noto CJK has some 25 MB: only the signs that occur are carried.
    assert len(content) < 300_000


@needs_paper
@pytest.mark.parametrize(
    "element",
    [
        '<img src="https://example.com/seal.png">',
        '<img src="file:///etc/hostname">',
        '<img src="//example.com/x.png">',
        '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">',
        '<style>@import "file:///etc/passwd";</style>',
        '<p style="background: url(https://example.com/x.png)">x</p>',
        '<img src="data:image/svg+xml,%3Csvg%20xmlns=%22http://www.w3.org/2000/svg%22/%3E">',
        '<link rel="attachment" href="file:///etc/passwd">',
    ],
)
def test_nothing_outside_the_document_is_fetched(template, element):
    name = template(f'<html lang="zh-Hans"><body>{element}<p>示例</p></body></html>')
    with pytest.raises(pdf.ForeignResource):
        pdf.render(name, {})


@needs_paper
def test_a_sheaf_is_one_file(template, tmp_path):
    name = template('{% extends "pdf/frame.html" %}{% block body %}<p>第{{ n }}张</p>{% endblock %}')
    sheaf = pdf.Sheaf()
    assert [sheaf.add(name, {"n": number}) for number in range(3)] == [1, 1, 1]
    content = sheaf.content()
    assert pages(content, tmp_path) == 3
    assert all(f"第{number}张" in words(content, tmp_path) for number in range(3))


def test_without_the_engine_one_sentence_says_so(monkeypatch):
    monkeypatch.setattr(pdf, "why_resting", lambda: pdf.ENGINE_MISSING)
    with pytest.raises(Refused) as refused:
        pdf.render("pdf/frame.html", {})
    assert refused.value.code == "pdf_engine_missing"


def test_words_in_the_margin_end_no_style_sheet():
    hostile = '"; } </style><script>alert(1)</script>'
    escaped = css_text(hostile)
    assert not set('"<>') & set(escaped)
    assert render_to_string("pdf/sheet.html", {}).count("</style>") == 2
