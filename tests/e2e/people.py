"""Who signs in, on which device, and through the door that everybody uses."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.words import said

#: As ``manage.py demo --sign-ins`` prints them.
PASSWORD = "Academy-demo-2026"
NAMES = {
    "zhang": "张学员",
    "wang": "王书记",
    "li": "李干事",
    "chen": "陈讲师",
    "zhao": "赵管理员",
    "sun": "孙主任",
    "qian": "钱顾问",
    "zhou": "周主任",
}
#: Where each begins the day.
BEGINNINGS = {
    "zhang": "/",
    "wang": "/",
    "li": "/workbench/",
    "chen": "/admin/",
    "zhao": "/admin/",
    "sun": "/practicum/host/",
    "qian": "/guide/",
    "zhou": "/zone/",
}

#: A machine that runs other tests as well takes its time, in milliseconds.
PATIENCE = 30_000

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
CHINA: dict[str, Any] = {"locale": "zh-CN", "timezone_id": "Asia/Shanghai"}


class NewContext(Protocol):
    """pytest-playwright's maker of contexts that keeps a trace of what fails."""

    def __call__(self, **options: Any) -> BrowserContext: ...


def fill_in_sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    """Fill in the sign-in page and send it."""
    page.get_by_label(said("User name or mobile phone")).fill(username)
    page.get_by_label(said("Password"), exact=True).fill(password)
    page.locator("main").get_by_role("button", name=said("Sign in"), exact=True).click()


def sign_in(page: Page, username: str) -> None:
    """Go to the sign-in page and through it."""
    page.goto("/accounts/login/")
    fill_in_sign_in(page, username)
    page.wait_for_url(lambda url: "/accounts/login/" not in url)


class Door:
    """Gives a page on a device to somebody who is signed in; each signs in once and is known from then on."""

    def __init__(self, new_context: NewContext, states: Path) -> None:
        self.new_context = new_context
        self.states = states

    def open(self, device: dict[str, Any], username: str = "", **options: Any) -> Page:
        """A page of ``username`` (of a stranger without one) on ``device``."""
        state = self._state_of(username) if username else None
        context = self.new_context(**CHINA, **device, **options, storage_state=state)
        context.set_default_timeout(PATIENCE)
        return context.new_page()

    def phone(self, username: str = "", **options: Any) -> Page:
        """A page on a phone."""
        return self.open(PHONE, username, **options)

    def desktop(self, username: str = "", **options: Any) -> Page:
        """A page on a desk."""
        return self.open(DESKTOP, username, **options)

    def _still_opens(self, state: Path) -> bool:
        """Whether the session is still there: another journey may have ended it."""
        context = self.new_context(**CHINA, storage_state=state)
        answer = context.request.get("/me/", max_redirects=0)
        context.close()
        return answer.status == HTTPStatus.OK

    def _state_of(self, username: str) -> Path:
        state = self.states / f"{username}.json"
        if not state.exists() or not self._still_opens(state):
            context = self.new_context(**CHINA, **DESKTOP)
            context.set_default_timeout(PATIENCE)
            page = context.new_page()
            sign_in(page, username)
            expect(page.locator("body")).to_contain_text(NAMES[username][0])
            context.storage_state(path=state)
            context.close()
        return state
