"""The Wagtail menu arranged by the work: content, people, practicum, reports, settings.

The apps register their entries as Wagtail tells them to; this module only lays them in place, by the app that
an entry's address belongs to. Nobody has to know the order of anybody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.menu import Menu, MenuItem, SubmenuMenuItem
from wagtail.admin.wagtail_hooks import ExplorerMenuItem


@dataclass(frozen=True)
class Group:
    """One heading of the menu."""

    name: str
    label: str | Promise
    icon: str
    order: int


CONTENT = Group("content", _("Teaching content"), "doc-full", 100)
PEOPLE = Group("people", _("Trainees and classes"), "group", 200)
PRACTICUM = Group("practicum", _("Practice and attendance"), "date", 300)
GROUPS = (CONTENT, PEOPLE, PRACTICUM)

GROUP_OF_APP = {
    "cms": CONTENT,
    "courses": CONTENT,
    "enrollment": PEOPLE,
    "practicum": PRACTICUM,
}
#: What Wagtail's own headings are called here.
HEADINGS = {"reports": _("Reports"), "settings": _("Settings")}
#: Wagtail's own entries that belong to content.
CONTENT_NAMES = frozenset({"explorer", "images", "documents", "snippets", "media"})


class AllPagesMenuItem(ExplorerMenuItem):
    """The tree of pages as a plain link: Wagtail's flying panel opens only from the first level."""

    def render_component(self, request: HttpRequest) -> object:
        return MenuItem.render_component(self, request)


@cache
def app_of(url: str) -> str:
    """The app that the view at ``url`` serves: its model's, or the one it is written in."""
    try:
        match = resolve(url)
    except Resolver404:
        return ""
    model = getattr(match.func, "view_initkwargs", {}).get("model")
    if model is not None:
        return str(model._meta.app_label)
    view = getattr(match.func, "view_class", match.func)
    return str(view.__module__).partition(".")[0]


def group_of(item: MenuItem) -> Group | None:
    """Where ``item`` goes; nothing for entries that stay where they are."""
    if item.name in CONTENT_NAMES:
        return CONTENT
    return GROUP_OF_APP.get(app_of(item.url))


def _leaves(item: MenuItem, request: HttpRequest) -> Iterable[MenuItem]:
    if isinstance(item, SubmenuMenuItem):
        return sorted(item.menu.menu_items_for_request(request), key=lambda leaf: leaf.order)
    return [item]


def arrange(request: HttpRequest, items: list[MenuItem]) -> None:
    """Lay ``items`` under the headings, in place."""
    kept: list[MenuItem] = []
    grouped: dict[Group, list[MenuItem]] = {group: [] for group in GROUPS}
    for item in sorted(items, key=lambda entry: entry.order):
        if item.name == "help":
            # Its links lead out to Wagtail's own site, for people who build with it.
            continue
        if item.name in {"reports", "settings"}:
            item.label = HEADINGS[item.name]
            kept.append(item)
            continue
        for leaf in _leaves(item, request):
            if isinstance(leaf, ExplorerMenuItem):
                leaf = AllPagesMenuItem(
                    _("All pages"), leaf.url, name="explorer", icon_name="folder-open-inverse", order=1
                )
            group = group_of(leaf)
            (grouped[group] if group else kept).append(leaf)
    for group, leaves in grouped.items():
        if leaves:
            kept.append(
                SubmenuMenuItem(
                    group.label,
                    Menu(items=leaves),
                    name=group.name,
                    icon_name=group.icon,
                    order=group.order,
                )
            )
    items[:] = kept
