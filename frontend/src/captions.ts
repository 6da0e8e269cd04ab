// Captions beside their video: a button plays from a caption, and the caption that is being spoken is marked.

const root = document.querySelector<HTMLElement>("[data-captions]");
const video = root?.querySelector("video");

function seconds(text: string): number | null {
  const found = /^(?:(\d{2,}):)?(\d\d):(\d\d)\.(\d{3})$/.exec(text.trim());
  return found ? Number(found[1] ?? 0) * 3600 + Number(found[2]) * 60 + Number(found[3]) + Number(found[4]) / 1000 : null;
}

function time(row: Element, name: "start" | "end"): number | null {
  return seconds(row.querySelector<HTMLInputElement>(`[data-${name}]`)?.value ?? "");
}

if (root && video) {
  const rows = Array.from(root.querySelectorAll<HTMLElement>("[data-cue]"));
  root.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-play]") : null;
    const row = button?.closest("[data-cue]");
    const start = row ? time(row, "start") : null;
    if (start === null) return;
    video.currentTime = start;
    void video.play();
  });
  video.addEventListener("timeupdate", () => {
    for (const row of rows) {
      const start = time(row, "start");
      const end = time(row, "end");
      const spoken = start !== null && end !== null && start <= video.currentTime && video.currentTime < end;
      row.classList.toggle("is-spoken", spoken);
    }
  });
}

export {};
