"""The admin speaks Chinese to instructors and administrators, in Wagtail's own words too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from courses.models import CatalogPage, outlines
from tests.factories import courses as make
from tests.factories import practicum

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: Names, file formats, keys, and what is said of addresses: no words of a sentence.
NAMES = frozenset(
    {"wagtail", "webvtt", "scorm", "url", "http", "domain", "com", "work", "my-work", "csv", "xlsx"}
    | {"avif", "gif", "jpg", "jpeg", "png", "webp", "doc", "docx", "pdf", "txt"}
    # The program that a lesson may be written in.
    | {"word"}
    # Codes of the tests' organizations.
    | {"zone", "park-a", "park-b", "soft", "make", "bio"}
    | {"javascript", "esc", "ctrl", "shift", "alt", "english", "div", "chen", "zhao"}
)
#: A counter that stays hidden until a program fills it.
HIDDEN = frozenset({"None"})
SAID_ALOUD = ("aria-label", "title", "placeholder", "alt", "data-w-tooltip-content-value")
#: Not shown: programs, drawings, and what programs unfold later in their own words.
SILENT = frozenset({"script", "style", "svg", "template", "code", "head", "textarea"})
WORDS = re.compile(r"[A-Za-z][A-Za-z'-]{2,}")


class Speech(HTMLParser):
    """Everything that a page says to eyes and ears."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent += 1
        if not self.silent:
            self.said += [value for name, value in attrs if name in SAID_ALOUD and value]

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent -= 1

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.said.append(" ".join(data.split()))


def english_in(html: str) -> list[str]:
    """What is said in a foreign language: words of three letters and more that are no names."""
    speech = Speech()
    speech.feed(html)
    return [
        text
        for text in speech.said
        if any(word.lower() not in NAMES for word in WORDS.findall(text))
        and not is_a_name(text)
        and text not in HIDDEN
    ]


def is_a_name(text: str) -> bool:
    """Names of models, addresses and versions are written as machines have them: ``courses.lessonpage``."""
    return bool(re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+)+|v?[\d.]+|[\w.-]+/[\w./-]*", text))


@pytest.fixture(autouse=True)
def _no_catalogue_remembered() -> Iterator[None]:
    outlines.forget()
    yield
    outlines.forget()


@pytest.fixture
def lesson(chen, zhao):
    """A lesson of 陈讲师 that 赵管理员 sent back, with a question and a test beside it."""
    module = make.module(chen, title="示例模块")
    course = make.course(module=module, title="惠企政策解读", slug="policy")
    make.quiz(1, module=module)
    page = make.lesson(course, title="读懂政策", slug="reading", actor=chen, published=False)
    state = page.get_workflow().start(page, chen)
    state.current_task_state.task.specific.on_action(
        state.current_task_state, zhao, "reject", comment="请补充"
    )
    return page


LISTS = [
    "wagtailadmin_home",
    "wagtailadmin_explore_root",
    "wagtailadmin_pages:search",
    "wagtailimages:index",
    "wagtailimages:add_multiple",
    "wagtailimages_chooser:choose",
    "wagtaildocs:index",
    "wagtaildocs:add_multiple",
    "wagtailadmin_reports:workflow",
    "wagtailadmin_reports:workflow_tasks",
    "wagtailadmin_reports:site_history",
    "wagtailadmin_reports:aging_pages",
    "wagtailadmin_reports:page_types_usage",
    "wagtailsnippets_cms_video:list",
    "wagtailsnippets_cms_video:add",
    "wagtailsnippets_courses_question:list",
    "wagtailsnippets_courses_quiz:list",
    "wagtailsnippets_courses_quiz:add",
]
OFFICE = [
    "wagtailusers_users:index",
    "wagtailusers_users:add",
    "classes:index",
    "classes:add",
    "trainees:index",
    "organizations:index",
    "hour_entries:index",
    "hour_rules:index",
    "practicum_bases:index",
    "practicum_sessions:index",
    "practicum_sessions:add",
    "practicum_visits:index",
    "practicum_rooms:index",
    "practicum_lecturers:index",
    "practicum_calendar:index",
]
PAGE = ["edit", "history", "usage", "copy", "delete", "workflow_history"]


def addresses(lesson, *, of_the_office: bool) -> list[str]:
    course = lesson.get_parent()
    found = [reverse(name) for name in LISTS + (OFFICE if of_the_office else [])]
    found += [reverse(f"wagtailadmin_pages:{verb}", args=[lesson.pk]) for verb in PAGE]
    found += [
        reverse("wagtailadmin_explore", args=[course.pk]),
        reverse("wagtailadmin_pages:add_subpage", args=[course.pk]),
        reverse("wagtailadmin_pages:add", args=["courses", "lessonpage", course.pk]),
        reverse("wagtailadmin_pages:edit", args=[course.pk]),
        reverse("wagtailadmin_explore", args=[CatalogPage.objects.get().pk]),
    ]
    return found


@pytest.mark.parametrize("name", ["chen", "zhao"])
def test_nothing_is_left_in_english(name, lesson, chen, zhao, client):
    practicum.RoomFactory(name="一号教室")
    practicum.LecturerFactory(name="陈讲师", user=chen)
    client.force_login({"chen": chen, "zhao": zhao}[name])
    left: dict[str, str] = {}
    for address in addresses(lesson, of_the_office=name == "zhao"):
        answer = client.get(address, headers={"accept-language": "zh-CN"}, follow=True)
        assert answer.status_code == 200, address
        # Who may not enter is sent to the first page.
        assert (answer.redirect_chain or [("", 0)])[-1][0] != reverse("wagtailadmin_home"), address
        is_dialog = answer.headers["Content-Type"].startswith("application/json")
        for text in english_in(answer.json()["html"] if is_dialog else answer.content.decode()):
            left.setdefault(text, address)
    assert left == {}


def test_english_would_be_found():
    page = '<p>保存</p><b title="Save Selected">是</b><script>let English;</script><i>courses.lessonpage</i>'
    assert english_in(page) == ["Save Selected"]
    assert english_in("<p>See our <a>guide</a></p>") == ["See our", "guide"]
