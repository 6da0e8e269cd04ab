"""Searching pages through Wagtail, on whichever database the tests run."""

import pytest
from wagtail.models import Page

from cms.models import HomePage, StandardPage

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages() -> dict[str, StandardPage]:
    home = HomePage.objects.get()
    found = {}
    for slug, title, introduction in [
        ("economy", "发展概况", "近年来，山东民营企业党建工作蓬勃发展，成效明显。"),
        ("charter", "党章学习", "逐条学习，结合实际。"),
        ("english", "Party building", "An introduction for visitors."),
    ]:
        page = StandardPage(slug=slug, title=title, introduction=introduction)
        home.add_child(instance=page)
        found[slug] = page
    return found


def slugs(query: str) -> set[str]:
    return {page.slug for page in StandardPage.objects.live().search(query)}


def test_a_word_inside_a_sentence_is_found(pages: dict[str, StandardPage]) -> None:
    assert slugs("民营企业") == {"economy"}
    assert slugs("党建工作") == {"economy"}


def test_characters_that_do_not_touch_are_not_a_word(pages: dict[str, StandardPage]) -> None:
    assert slugs("民企") == set()


def test_one_character_and_latin_words(pages: dict[str, StandardPage]) -> None:
    assert slugs("党") == {"economy", "charter"}
    assert slugs("visitors") == {"english"}


@pytest.mark.parametrize(
    "nonsense", ["，", '"', 'a"b OR (', "党* NEAR/2", "'; --", "%", "民营 -企业", "：*&|!"]
)
def test_whatever_is_typed_is_never_syntax(pages: dict[str, StandardPage], nonsense: str) -> None:
    assert isinstance(slugs(nonsense), set)
    assert isinstance(list(Page.objects.autocomplete(nonsense)), list)


def test_an_edited_page_is_found_by_its_new_words_only(pages: dict[str, StandardPage]) -> None:
    page = pages["economy"]
    page.introduction = "专题研讨"
    page.save()
    assert slugs("民营企业") == set()
    assert slugs("专题研讨") == {"economy"}


def test_autocomplete_while_typing(pages: dict[str, StandardPage]) -> None:
    assert {page.slug for page in Page.objects.autocomplete("党章")} == {"charter"}
    assert {page.slug for page in Page.objects.autocomplete("Par")} == {"english"}
