"""Wagtail's page editor, as somebody uses it with mouse and keyboard."""

from __future__ import annotations

from playwright.sync_api import FrameLocator, Page, expect

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
        self.page.keyboard.type(text)
        expect(area).to_contain_text(text)

    def append(self, text: str) -> None:
        """Go on writing at the end of the last paragraph."""
        area = self.page.locator(".public-DraftEditor-content").last
        area.click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(text)
        expect(area).to_contain_text(text)

    def preview(self) -> FrameLocator:
        """Open the panel beside the form that shows the page as a reader will see it."""
        self.page.locator("[data-side-panel-toggle='preview'], button[aria-label='预览开关']").first.click()
        return self.page.frame_locator("iframe#w-preview-iframe, iframe[id*=preview]").first

    def choose(self, action: str) -> None:
        """Take one of the actions at the foot of the form, out of their menu where it stands in there."""
        button = self.page.get_by_role("button", name=action).first
        if not button.is_visible():
            self.page.get_by_role("button", name=said("More actions")).last.click()
        button.click()
