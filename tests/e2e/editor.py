"""Wagtail's page editor, as somebody uses it with mouse and keyboard."""

from __future__ import annotations

import re

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.e2e.words import said


class Editor:
    """The editor of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, path: str) -> None:
        """Go there, and wait until the editor's own scripts have set it up."""
        self.page.goto(path)
        expect(self.page.locator(".c-sf-add-button").first).to_be_visible()

    def add_block(self, label: str) -> None:
        """Add a block of the kind called ``label`` at the end of the body."""
        self.page.locator(".c-sf-add-button").last.click()
        self.page.get_by_role("option", name=label, exact=True).click()

    def write_heading(self, text: str) -> None:
        """Add a heading."""
        self.add_block(said("Heading"))
        self.page.locator("[data-streamfield-child] input[type=text]").last.fill(text)

    def write_paragraph(self, text: str) -> None:
        """Add a paragraph and type it into the rich text editor."""
        self.add_block(said("Text"))
        area = self.page.locator(".public-DraftEditor-content").last
        area.click()
        self._type(area, text)

    def append(self, text: str) -> None:
        """Go on writing at the end of the last paragraph."""
        area = self.page.locator(".public-DraftEditor-content").last
        area.click()
        self.page.keyboard.press("Control+End")
        self._type(area, text)

    def _type(self, area: Locator, text: str) -> None:
        """Type, and wait until the editor has handed the text to the form: it does so a moment later."""
        self.page.keyboard.type(text)
        expect(area).to_contain_text(text)
        wrapper = "ancestor::div[contains(@class, 'Draftail-Editor__wrapper')]"
        handed_over = area.locator(f"xpath={wrapper}/preceding-sibling::input[@type='hidden']")
        expect(handed_over).to_have_value(re.compile(re.escape(text)))

    def preview(self) -> FrameLocator:
        """Open the panel beside the form that shows the page as a reader will see it."""
        self.side_panel("preview")
        return self.page.frame_locator("[data-side-panel='preview'] iframe").first

    def side_panel(self, name: str) -> None:
        """Open a panel beside the form, if it is not open yet (the editor remembers)."""
        toggle = self.page.locator(f"[data-side-panel-toggle='{name}']").first
        if toggle.get_attribute("aria-expanded") != "true":
            toggle.click()
        expect(toggle).to_have_attribute("aria-expanded", "true")

    def choose(self, action: str) -> None:
        """Take one of the actions at the foot of the form, out of their menu where it stands in there."""
        button = self.page.get_by_role("button", name=action).first
        if not button.is_visible():
            self.page.get_by_role("button", name=said("More actions")).last.click()
        button.click()
