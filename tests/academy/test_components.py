"""Pieces of pages, rendered alone."""

from __future__ import annotations

import re

from django import forms
from django.template.loader import render_to_string

from cms.models import Job, JobStatus


class Narrowing(forms.Form):
    """A small filter."""

    q = forms.CharField(required=False)


def bar(**context: object) -> str:
    return render_to_string("components/filter_bar.html", {"form": Narrowing({"q": "一"}), **context})


def test_a_filter_without_a_target_is_a_plain_form():
    assert 'method="get"' in bar()
    assert "hx-" not in bar()


def test_a_filter_with_a_target_leaves_the_old_query_behind():
    """A boosted form asks its own address without the query, as browsers do; an empty ``hx-get`` kept it."""
    form, actions = bar(target="bases", reset_url="?").split('<div class="filter-bar-actions"')
    assert 'hx-boost="true" hx-target="#bases" hx-select="#bases"' in form
    assert "hx-get" not in form
    # The link that clears everything also empties the fields: it loads the page.
    assert actions.startswith(' hx-boost="false"')


class Sending(forms.Form):
    """A form with a file that it needs and one that it does not."""

    roster = forms.FileField(label="Roster", widget=forms.FileInput(attrs={"accept": ".csv"}))
    picture = forms.FileField(label="Picture", required=False)


def test_a_file_field_wears_our_words_and_keeps_its_input():
    form = Sending({}, {})
    html = render_to_string("components/form.html", {"form": form})
    roster, picture = html.split('<div class="field">')[1:]
    assert 'id="id_roster_label" for="id_roster">Roster</label>' in roster
    control = re.search(r"<input[^>]*>", roster)
    assert control is not None
    for attribute in ('type="file"', 'accept=".csv"', 'aria-labelledby="id_roster_label"', "required"):
        assert attribute in control.group()
    assert "file-drop-input is-invalid" in control.group()
    assert "id_roster_error" in roster
    assert "field-optional" in picture
    assert "is-invalid" not in picture


def test_work_on_the_style_page_asks_for_nothing_and_real_work_does():
    job = Job(pk=7, title="花名册", status=JobStatus.RUNNING, done=3, whole=10)
    real = render_to_string("components/job.html", {"job": job, "csrf_token": "token"})
    assert 'hx-get="/jobs/7/status/"' in real
    assert 'action="/jobs/7/cancel/"' in real
    assert 'value="30"' in real
    still = render_to_string("components/job.html", {"job": job, "still": True})
    assert "hx-get" not in still
    assert "/jobs/7/" not in still
    assert "spinner-border" in still
