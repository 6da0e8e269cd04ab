"""What a page costs the phone that opens it: bytes, script, the wait for its largest piece, its jumps."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Error, Page, Response

#: Installed before the page's own scripts; both kinds of entry are buffered from the first paint on.
WATCH = """
  window.seen = {largest: 0, shift: 0, worst: []};
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.seen.largest = entry.startTime;
  }).observe({type: "largest-contentful-paint", buffered: true});
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.hadRecentInput) continue;
      window.seen.shift += entry.value;
      for (const {node} of entry.sources ?? [])
        window.seen.worst.push(`${entry.value.toFixed(3)} ${node?.outerHTML?.slice(0, 100) ?? "gone"}`);
    }
  }).observe({type: "layout-shift", buffered: true});
"""
#: Pieces of a film: as many as the browser likes to have ahead, which says nothing about the page.
FILM = re.compile(r"/media/video/.*(\.ts|/file)$")
#: What the server hands out compressed: built files (deploy/nginx.conf). Pages come as they are.
BUILT = "/static/"


@dataclass
class Weight:
    """Bytes fetched by address, those of scripts; milliseconds to the largest paint; sum of the shifts."""

    files: dict[str, int] = field(default_factory=dict)
    scripts: int = 0
    largest_ms: float = 0.0
    shift: float = 0.0
    moved: list[str] = field(default_factory=list)

    @property
    def whole(self) -> int:
        """All bytes."""
        return sum(self.files.values())

    def heaviest(self) -> str:
        """The five largest files, for whoever has to make the page lighter."""
        largest = sorted(self.files.items(), key=lambda item: -item[1])[:5]
        return ", ".join(f"{name} {size / 1024:.0f} KB" for name, size in largest)


def _bytes_of(answer: Response) -> int:
    try:
        body = answer.body()
    except Error:
        # A redirect has none.
        return 0
    if urlsplit(answer.url).path.startswith(BUILT) and "content-encoding" not in answer.headers:
        return min(len(body), len(gzip.compress(body, 9)))
    return len(body)


def weigh(page: Page, path: str) -> Weight:
    """Open ``path`` in a fresh browser as far as a reader sees it without a touch: to its end, slowly."""
    answers: list[Response] = []
    # Playwright cannot listen with a method of a list.
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108
    page.add_init_script(WATCH)
    page.goto(path, wait_until="networkidle")
    found = Weight(largest_ms=page.evaluate("window.seen.largest"))
    # What is drawn when it comes near the window is part of the page; scrolling is no input to the observer.
    page.evaluate(
        """async () => {
          for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight / 2) {
            scrollTo(0, y);
            await new Promise((done) => setTimeout(done, 60));
          }
        }"""
    )
    page.wait_for_load_state("networkidle")
    seen = page.evaluate("window.seen")
    found.shift, found.moved = seen["shift"], seen["worst"]
    for answer in answers:
        name = urlsplit(answer.url).path
        if FILM.search(name) or not answer.ok:
            continue
        found.files[name] = size = _bytes_of(answer)
        if answer.request.resource_type == "script":
            found.scripts += size
    return found
