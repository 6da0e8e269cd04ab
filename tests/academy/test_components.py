"""Pieces of pages, rendered alone."""

from __future__ import annotations

from django import forms
from django.template.loader import render_to_string


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
