// The offline page: try again, and the lessons of this person that can be read without a network.
// No import: what this shared with main.ts would become a file of its own, and one request more for every page.
export {};

/** As in service_worker.ts. */
const LESSONS = "academy-lessons";

document.querySelector("[data-again]")?.addEventListener("click", () => location.reload());
window.addEventListener("online", () => location.reload());

async function list(): Promise<void> {
  const place = document.querySelector<HTMLElement>("[data-kept]");
  const rows = place?.querySelector("ul");
  if (!place || !rows || !("caches" in window) || !(await caches.has(LESSONS))) return;
  const cache = await caches.open(LESSONS);
  const pages = (await cache.keys()).filter((request) => new URL(request.url).pathname.startsWith("/courses/"));
  for (const request of pages.reverse()) {
    const text = (await (await cache.match(request))?.text()) ?? "";
    const title = new DOMParser().parseFromString(text, "text/html").querySelector("h1")?.textContent?.trim();
    if (!title) continue;
    const link = document.createElement("a");
    link.href = new URL(request.url).pathname;
    link.textContent = title;
    const row = document.createElement("li");
    row.append(link);
    rows.append(row);
  }
  place.hidden = rows.childElementCount === 0;
}

void list();
