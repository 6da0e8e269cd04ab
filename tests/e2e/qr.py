"""Reading a QR code off a screen, the way a phone does: from the picture."""

from __future__ import annotations

import base64

from playwright.sync_api import Locator

from tests.e2e.running import ROOT

READER = ROOT / "node_modules" / "jsqr" / "dist" / "jsQR.js"


def read(code: Locator) -> str:
    """What the QR code drawn in ``code`` says; it is photographed and read in a page of its own."""
    picture = base64.b64encode(code.screenshot()).decode()
    browser = code.page.context.browser
    assert browser is not None
    page = browser.new_page()
    try:
        page.add_script_tag(path=READER)
        text: str | None = page.evaluate(
            """async (source) => {
              const image = new Image();
              image.src = `data:image/png;base64,${source}`;
              await image.decode();
              const canvas = document.createElement("canvas");
              canvas.width = image.width;
              canvas.height = image.height;
              const brush = canvas.getContext("2d");
              brush.drawImage(image, 0, 0);
              const pixels = brush.getImageData(0, 0, image.width, image.height);
              return jsQR(pixels.data, pixels.width, pixels.height)?.data ?? null;
            }""",
            picture,
        )
    finally:
        page.close()
    assert text, "The QR code on the screen cannot be read."
    return text
