"""A page gets an address, whatever its title is written in."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from wagtail.test.utils.form_data import nested_form_data, streamfield

from cms.models import HomePage, NewsIndexPage, NewsPage

pytestmark = pytest.mark.django_db

MOMENT = dt.datetime(2026, 11, 22, 9, 30, 5, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture
def news(db) -> NewsIndexPage:
    found = NewsIndexPage.objects.first()
    if found is None:
        found = HomePage.objects.get().add_child(instance=NewsIndexPage(title="新闻动态", slug="news"))
    return found


@pytest.fixture(autouse=True)
def _clock(monkeypatch) -> None:
    monkeypatch.setattr(timezone, "localtime", lambda value=None, zone=None: value or MOMENT)


def form(news: NewsIndexPage, title: str, slug: str = "", instance: NewsPage | None = None):
    form_class = NewsPage.get_edit_handler().get_form_class()
    data = nested_form_data(
        {
            "title": title,
            "slug": slug,
            "published_on": "2026-11-22",
            "introduction": "示例",
            "body": streamfield([]),
            "seo_title": "",
            "search_description": "",
            "comments": {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": ""},
        }
    )
    page = instance or NewsPage()
    if instance is None:
        page.set_url_path(news)
    written = form_class(data, instance=page, parent_page=news)
    written.is_valid()
    return written


def address(*args, **kwargs) -> str:
    written = form(*args, **kwargs)
    assert "slug" not in written.errors
    return written.cleaned_data["slug"]


def neighbour(news: NewsIndexPage, slug: str) -> NewsPage:
    return news.add_child(
        instance=NewsPage(title="邻页", slug=slug, published_on=dt.date(2026, 11, 1), introduction="示例")
    )


def test_a_chinese_title_gets_kind_and_moment(news):
    assert address(news, "学院平台启用") == "news-20261122-093005"


def test_letters_and_figures_of_a_title_are_its_address(news):
    assert address(news, "“两新”组织 AI 2026 论坛") == "ai-2026"


def test_what_is_typed_is_taken(news):
    assert address(news, "学院平台启用", slug="opening") == "opening"


def test_what_is_typed_and_taken_is_refused(news):
    neighbour(news, "opening")
    assert "slug" in form(news, "学院平台启用", slug="opening").errors


def test_a_found_address_is_numbered_until_it_is_free(news):
    neighbour(news, "ai-2026")
    assert address(news, "AI 2026") == "ai-2026-2"
    neighbour(news, "ai-2026-2")
    assert address(news, "AI 2026") == "ai-2026-3"


def test_two_chinese_titles_in_one_second_get_two_addresses(news):
    neighbour(news, "news-20261122-093005")
    assert address(news, "又一条新闻") == "news-20261122-093005-2"


def test_another_place_has_addresses_of_its_own(news):
    HomePage.objects.get().add_child(instance=NewsIndexPage(title="通知", slug="ai-2026"))
    assert address(news, "AI 2026") == "ai-2026"


def test_a_found_address_is_no_longer_than_the_database_holds(news):
    # One sign may become several letters: 255 of these are 765.
    long = address(news, "ﬃ" * 255)
    assert long == "ffi" * 85
    neighbour(news, long)
    numbered = address(news, "ﬃ" * 255)
    assert len(numbered) == 255
    assert numbered == ("ffi" * 85)[:253] + "-2"


def test_a_typed_address_that_is_too_long_is_refused(news):
    assert "slug" in form(news, "学院平台启用", slug="a" * 256).errors


def test_a_page_keeps_its_address(news):
    page = neighbour(news, "kept")
    assert address(news, "Another title", instance=page) == "kept"


def test_without_a_title_there_is_still_an_address(news):
    written = form(news, "")
    assert list(written.errors) == ["title"]
    assert written.cleaned_data["slug"] == "news-20261122-093005"
