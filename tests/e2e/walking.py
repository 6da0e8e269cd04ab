"""Go through the academy as a person could: from link to link, to one address of each view."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urljoin, urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Error, Page

#: Addresses that end something or hand out a file instead of a page.
PASSED_OVER = (
    # Without the rows that a script adds to the address, there is nothing to act on.
    "wagtail_bulk_action",
    "*logout*",
    "*export*",
    "*feed*",
    "*download*",
    "wagtaildocs_serve*",
    "wagtailimages_serve*",
    "*sprite*",
    "*jsi18n*",
    "*failwhale*",
)


@dataclass(frozen=True)
class Stop:
    """A page on the way: its view, where it is, and how it answered."""

    view: str
    path: str
    status: int


def view_of(path: str) -> str:
    """Return the name of the view at an address, pages of the site by their kind of address; or nothing."""
    try:
        match = resolve(path)
    except Resolver404:
        return ""
    name = match.view_name or match.route
    # Pages written in Wagtail share one view: each is a page of its own.
    return f"{name} {path}" if name == "wagtail_serve" else name


def links(page: Page) -> Iterator[str]:
    """Yield the addresses on this site that a page leads to."""
    for href in page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))"):
        target = urlsplit(urljoin(page.url, href))
        if target.netloc == urlsplit(page.url).netloc and target.scheme.startswith("http"):
            yield target.path + (f"?{target.query}" if target.query else "")


def walk(
    page: Page, beginnings: Iterable[str], *, enters: Callable[[str, str], bool] = lambda view, path: True
) -> Iterator[Stop]:
    """Open each view once, from ``beginnings`` on; while a stop is looked at, ``page`` stands there.

    ``enters(view, path)`` may keep the walk out of a part.
    """
    waiting, known = deque(beginnings), set[str]()
    while waiting:
        path = waiting.popleft()
        view = view_of(urlsplit(path).path)
        if not view or view in known or any(fnmatchcase(view, pattern) for pattern in PASSED_OVER):
            continue
        if not enters(view, path):
            continue
        known.add(view)
        try:
            answer = page.goto(path)
        except Error:
            continue  # a file
        if answer is None or "html" not in answer.headers.get("content-type", ""):
            continue
        waiting.extend(links(page))
        yield Stop(view, path, answer.status)
