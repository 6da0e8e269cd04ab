"""The public face: front door, the site's own pages in the frame, news, and the check of certificates."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from academy.templatetags.shell import SITE_PAGES_KEY
from cms.models import HomePage, NewsIndexPage, NewsPage, StandardPage
from tests.factories import practicum as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(db):
    """A news list with two pieces, a page in the menu and one that is in none."""
    cache.delete(SITE_PAGES_KEY)
    home = HomePage.objects.get()
    index = NewsIndexPage.objects.first() or home.add_child(
        instance=NewsIndexPage(title="新闻动态", slug="news")
    )
    index.show_in_menus = True
    index.save()
    for day, title in ((1, "示例较早新闻"), (5, "示例最新新闻")):
        index.add_child(
            instance=NewsPage(
                title=title, slug=f"n{day}", introduction="示例", published_on=dt.date(2026, 3, day)
            )
        )
    home.add_child(instance=StandardPage(title="示例关于", slug="about", show_in_menus=True))
    home.add_child(instance=StandardPage(title="示例说明", slug="rules", show_in_menus=True))
    home.add_child(instance=StandardPage(title="示例不入菜单", slug="hidden"))
    return home


def test_a_stranger_finds_news_and_the_academy_in_the_frame(client, site):
    page = client.get("/").content.decode()
    main, _, foot = page.partition("<footer")
    assert "示例最新新闻" in main
    assert 'href="/about/"' in main
    assert "示例说明" not in main
    assert "示例说明" in foot
    assert "示例不入菜单" not in page
    assert f'href="{reverse("enrollment:certificate_check")}"' in foot


def test_the_front_door_shows_bases_that_receive_visitors(client, site):
    make.TrainingBaseFactory(name="示例开放基地")
    make.TrainingBaseFactory(name="示例停用基地", status="suspended")
    page = client.get("/").content.decode()
    assert "<dd>1</dd>" in page
    assert "示例停用基地" not in page


def test_the_front_door_costs_the_same_however_much_there_is(client, site):
    def cost() -> int:
        client.get("/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/").status_code == 200
        return len(queries)

    few = cost()
    for number in range(5):
        make.TrainingBaseFactory(name=f"示例基地{number}")
    assert cost() == few <= 3


def test_a_piece_of_news_leads_to_its_neighbours(client, site):
    page = client.get("/news/n5/").content.decode()
    assert 'rel="prev"' in page
    assert "示例较早新闻" in page
    assert 'rel="next"' not in page
    assert 'aria-current="page"' in page.partition("<main")[0]


@pytest.mark.parametrize("typed", ["../admin", "<script>", "a" * 41, "²"])
def test_what_is_no_code_is_not_confirmed_and_leads_nowhere(client, typed):
    answer = client.post(reverse("enrollment:certificate_check"), {"number": "1", "code": typed})
    assert answer.status_code in {404, 422}
    assert "<script>" not in answer.content.decode().partition("<main")[2]


def test_the_page_of_a_code_that_is_none_offers_another_try(client):
    answer = client.get(reverse("enrollment:certificate", args=["NOSUCHCODE"]))
    assert answer.status_code == 404
    assert 'name="code"' in answer.content.decode()
