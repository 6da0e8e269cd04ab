"""The frame of every page, the choice of language, the manifest, the style page and the components."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.template.loader import get_template
from django.urls import reverse

TEMPLATES = Path("templates")
SPRITE = Path("academy/static/academy/icons.svg")


@pytest.mark.django_db
def test_the_language_is_kept_for_the_browser_and_the_account(sign_in, zhang):
    client = sign_in(user=zhang)
    answer = client.post(reverse("portal:language"), {"language": "en", "next": "/me/"})
    assert (answer.status_code, answer.url) == (302, "/me/")
    zhang.refresh_from_db()
    assert zhang.language == "en"
    page = client.get("/me/").content.decode()
    assert '<html lang="en">' in page
    assert "My study record" in page


@pytest.mark.django_db
@pytest.mark.parametrize("away", ["https://example.com/", "//example.com", "javascript:alert(1)", ""])
def test_the_choice_of_language_leads_nowhere_else(client, away):
    answer = client.post(reverse("portal:language"), {"language": "en", "next": away})
    assert answer.url == reverse("portal:home")


@pytest.mark.django_db
def test_an_unknown_language_changes_nothing(client):
    answer = client.post(reverse("portal:language"), {"language": "xx"})
    assert "django_language" not in answer.cookies


def test_the_manifest_names_the_academy_and_its_icons(client):
    data = client.get(reverse("portal:manifest")).json()
    assert data["name"] == "“两新”组织党建学院"
    assert {icon["sizes"] for icon in data["icons"]} == {"any", "192x192", "512x512"}


@pytest.mark.django_db
def test_the_style_page_is_for_staff(client, sign_in, everyone):
    assert client.get(reverse("portal:style")).status_code == 302
    expected = {"chen": 200, "zhao": 200}
    for name, user in everyone.items():
        answer = sign_in(user=user).get(reverse("portal:style"))
        assert answer.status_code == expected.get(name, 403), name


@pytest.mark.django_db
def test_the_frame_offers_each_person_their_own_places(sign_in, everyone):
    offers = {
        "zhang": set(),
        "li": {"portal:workbench"},
        "chen": {"enrollment:class_list", "wagtailadmin_home"},
        "sun": {"practicum:host"},
        "zhou": {"portal:zone"},
        "zhao": {"enrollment:class_list", "portal:zone", "wagtailadmin_home"},
    }
    work = {
        "enrollment:class_list",
        "portal:workbench",
        "wagtailadmin_home",
        "practicum:host",
        "portal:zone",
    }
    for name, offered in offers.items():
        page = sign_in(user=everyone[name]).get(reverse("portal:personal_data")).content.decode()
        found = {view for view in work if f'href="{reverse(view)}"' in page}
        assert found == offered, name


@pytest.mark.parametrize("piece", sorted(TEMPLATES.glob("components/*.html")), ids=lambda piece: piece.stem)
def test_every_component_lists_its_variables(piece):
    assert piece.read_text().startswith("{% comment %}")
    get_template(f"components/{piece.name}")


def test_every_icon_that_templates_name_is_in_the_sprite():
    known = set(re.findall(r'<symbol id="([\w-]+)"', SPRITE.read_text()))
    named = set()
    for template in TEMPLATES.rglob("*.html"):
        if "wagtailadmin_tags" not in (text := template.read_text()):
            named |= set(re.findall(r"{% icon [\"']([\w-]+)[\"']", text))
            named |= set(re.findall(r"icon_name=[\"']([\w-]+)[\"']", text))
    assert named - known == set()


@pytest.mark.parametrize(
    ("quarters", "written"), [(0, "0"), (1, "0.25"), (6, "1.5"), (128, "32"), (-2, "−0.5"), (4002, "1,000.5")]
)
def test_quarters_are_written_as_hours(quarters, written):
    assert Template("{% load ui %}{{ q|hours }}").render(Context({"q": quarters})) == written


def test_a_component_encloses_markup_and_hides_what_is_outside():
    source = '{% load ui %}{% component "card" title="甲" %}<b>{{ inner }}</b>{% endcomponent %}'
    text = Template(source).render(Context({"inner": "<乙>", "more_url": "/leak/"}))
    assert "<b>&lt;乙&gt;</b>" in text
    assert "/leak/" not in text
