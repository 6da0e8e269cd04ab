"""What the frame of a page offers to the person who looks at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from django import template
from django.core.cache import cache as cached
from django.http import HttpRequest
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page

from cms.models import NewsIndexPage, StandardPage
from enrollment.models import STAFF_ROLES, Role, Scope

register = template.Library()


@dataclass(frozen=True)
class Place:
    """One entry of the frame: ``section`` is what a page of it calls itself."""

    section: str
    view: str
    label: str | Promise
    icon: str


STUDY = (
    Place("home", "portal:home", _("Home"), "house"),
    Place("courses", "courses:catalog", _("Courses"), "book"),
    Place("schedule", "practicum:schedule", _("Schedule"), "calendar3"),
    Place("me", "portal:me", _("Me"), "person"),
)
#: For how long the site's own pages stay as they are in the frame.
SITE_SECONDS = 60
SITE_PAGES_KEY = "portal:site-pages"
PUBLIC = (
    Place("home", "portal:home", _("Home"), "house"),
    Place("courses", "courses:catalog", _("Courses"), "book"),
    Place("bases", "practicum:base_list", _("Training bases"), "geo-alt"),
)
WORKBENCH = Place("workbench", "portal:workbench", _("Workbench"), "briefcase")
CLASSES = Place("classes", "enrollment:class_list", _("Training classes"), "mortarboard")
ZONE = Place("zone", "portal:zone", _("Zone figures"), "bar-chart-line")
GUIDE = Place("guide", "portal:guide", _("Guided organizations"), "diagram-3")
TEACHING = Place("teaching", "courses:teaching", _("My teaching"), "easel")
HOST = Place("host", "practicum:host", _("My base"), "building")
ADMIN = Place("admin", "wagtailadmin_home", _("Administration"), "gear")
ACCOUNT = (
    Place("me", "portal:me", _("My study record"), "journal-text"),
    Place("account", "portal:personal_data", _("Personal data"), "person"),
    Place("security", "accounts:devices", _("Sign-in and devices"), "shield-lock"),
)
#: Only for those who have something to do besides studying.
JOBS = Place("jobs", "jobs:list", _("Background work"), "clock-history")
#: Which section a page belongs to, by the name space of its address.
SECTIONS = {"courses": "courses", "practicum": "schedule", "jobs": "jobs", "messages": "me"}
SECTIONS_OF_VIEWS = {
    "portal:home": "home",
    "practicum:base_list": "bases",
    "practicum:base": "bases",
    "practicum:host": "host",
    "courses:teaching": "teaching",
    "courses:teaching_reflections": "teaching",
    "courses:teaching_reflection": "teaching",
    "courses:teaching_questions": "teaching",
}
ME_VIEWS = frozenset({"me", "ledger", "explanation", "external", "personal_data", "certificates"})


#: The pages about oneself, as tabs of each.
ABOUT_ME = (
    ("portal:me", _("Study record")),
    ("messages:list", _("Messages")),
    ("portal:ledger", _("Ledger of hours")),
    ("portal:explanation", _("My target explained")),
    ("portal:external", _("External training")),
    ("portal:certificates", _("Certificates")),
    ("portal:personal_data", _("Personal data")),
)


@dataclass
class Shell:
    """The frame for one person: for study, for their tasks, and for their own things."""

    person: str = ""
    main: list[dict[str, object]] = field(default_factory=list)
    work: list[dict[str, object]] = field(default_factory=list)
    account: list[dict[str, object]] = field(default_factory=list)
    #: Messages not opened yet.
    unread: int = 0


def work_places(scope: Scope) -> list[Place]:
    """Where someone with ``scope`` works."""
    places = []
    if scope.managed_paths:
        places.append(WORKBENCH)
    if scope.everything or scope.has(*STAFF_ROLES):
        places.append(CLASSES)
    if scope.everything or scope.has(Role.ZONE_LEADER):
        places.append(ZONE)
    if scope.guided_paths:
        places.append(GUIDE)
    if scope.has(Role.INSTRUCTOR):
        places.append(TEACHING)
    if scope.has(Role.BASE_HOST):
        places.append(HOST)
    if scope.everything or scope.has(*STAFF_ROLES):
        places.append(ADMIN)
    return places


def section_of(request: HttpRequest) -> str:
    """The section of the frame that the page at this address belongs to."""
    match = request.resolver_match
    if match is None:
        return ""
    if match.view_name in SECTIONS_OF_VIEWS:
        return SECTIONS_OF_VIEWS[match.view_name]
    if match.namespace == "portal":
        name = match.url_name or ""
        if name in ME_VIEWS:
            return "me"
        return name.split("_")[0]
    return SECTIONS.get(match.namespace, "")


@cache
def _address(view: str) -> str:
    """The address of a view without arguments; it does not change while the process lives."""
    return reverse(view)


def site_pages() -> list[dict[str, str]]:
    """The site's own pages that its editors put into menus: news, about, help; read once a minute."""
    found: list[dict[str, str]] | None = cached.get(SITE_PAGES_KEY)
    if found is None:
        pages = Page.objects.live().public().in_menu().filter(depth=3).specific(defer=True)
        found = [
            {
                "slug": page.slug,
                "label": page.title,
                "url": page.url or "",
                "section": "news" if isinstance(page, NewsIndexPage) else page.slug,
            }
            for page in pages
            if isinstance(page, (NewsIndexPage, StandardPage))
        ]
        cached.set(SITE_PAGES_KEY, found, SITE_SECONDS)
    return found


def _public_pages(here: str) -> list[dict[str, object]]:
    """News and what the academy is: what a stranger looks for first; the others stand in the foot."""
    icons = {"news": "newspaper", "about": "info-circle"}
    return [
        {**page, "icon": icons[page["section"]], "current": page["section"] == here}
        for page in site_pages()
        if page["section"] in icons
    ]


def _entries(places: tuple[Place, ...] | list[Place], here: str) -> list[dict[str, object]]:
    return [
        {
            "url": _address(place.view),
            "label": place.label,
            "icon": place.icon,
            "current": place.section == here,
        }
        for place in places
    ]


@register.simple_tag(takes_context=True)
def shell(context: Context) -> Shell:
    """The frame for the person who asks; their roles and unread messages cost one query."""
    request = context.get("request")
    user = getattr(request, "user", None)
    here = context.get("section") or (section_of(request) if request is not None else "")
    if user is None or not user.is_authenticated:
        return Shell(main=[*_entries(PUBLIC, here), *_public_pages(here)])
    work = work_places(user.scope)
    return Shell(
        person=user.get_full_name(),
        main=_entries(STUDY, here),
        work=_entries(work, here),
        account=_entries((*ACCOUNT, JOBS) if work else ACCOUNT, here),
        unread=user.unread_messages,
    )


@register.simple_tag
def me_tabs(here: str) -> list[dict[str, object]]:
    """The pages about oneself; ``here`` is the view that is shown."""
    return [{"label": label, "url": _address(view), "current": view == here} for view, label in ABOUT_ME]


@cache
def _toasts(language: str) -> SafeString:
    """The same on every page: put together once for each language."""
    return render_to_string("components/toasts.html")


@register.simple_tag
def site_links() -> SafeString:
    """The links at the foot of every page, put together once a minute for each language."""
    key = f"portal:site-links:{translation.get_language()}"
    found: SafeString | None = cached.get(key)
    if found is None:
        found = render_to_string("components/footer_links.html", {"pages": site_pages()})
        cached.set(key, found, SITE_SECONDS)
    return found


@register.simple_tag
def toasts() -> SafeString:
    """The notices that a page may need when the network or the server fails."""
    return _toasts(translation.get_language() or "")
