"""What every page must be: quiet in the console, no wider than the phone, usable with a screen reader."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Page


class Console:
    """What a page complained about: errors in its console, exceptions, requests that the server failed."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        page.on(
            "response",
            lambda answer: answer.status >= 500 and self.complaints.append(f"{answer.status} {answer.url}"),
        )

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")


def wider_than_screen(page: Page) -> list[str]:
    """What makes the page scroll sideways; empty when nothing does."""
    found: list[str] = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          const wide = [...document.body.querySelectorAll("*")].filter(
            (element) => element.getBoundingClientRect().right > width + 1);
          return [`${document.documentElement.scrollWidth} > ${width}`,
                  ...wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120))];
        }"""
    )
    return found


def barriers(page: Page) -> list[str]:
    """What axe finds on the page, of whatever impact, each with the first element it is about."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    # Only what is wrong comes over: what axe tells of the elements that are right is megabytes for a page.
    found: list[str] = page.evaluate(
        """async () => {
          const found = await axe.run(document, { resultTypes: ["violations"] });
          return found.violations.map(({ id, nodes: [first] }) =>
            `${id}: ${first.failureSummary} – ${first.html.slice(0, 160)}`);
        }"""
    )
    return found
