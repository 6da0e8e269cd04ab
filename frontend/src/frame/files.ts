// File fields (components/file_drop.html): what is dropped on the frame is taken, and what was chosen is told.

const KILO = 1024;

/** 640 KB, 12.3 MB. */
function size(bytes: number): string {
  const kilobytes = Math.max(1, Math.round(bytes / KILO));
  return kilobytes < KILO ? `${kilobytes} KB` : `${(bytes / KILO / KILO).toFixed(1)} MB`;
}

function tell(input: HTMLInputElement): void {
  const words = input.closest(".file-drop")?.querySelector<HTMLElement>("[data-file-chosen]");
  if (words) words.textContent = Array.from(input.files ?? [], (file) => `${file.name} · ${size(file.size)}`).join("、");
}

/** The frame and the input of an event, where it is about a file field. */
function dropOf(event: Event): { drop: HTMLElement; input: HTMLInputElement } | undefined {
  const drop = event.target instanceof Element ? event.target.closest<HTMLElement>(".file-drop") : null;
  const input = drop?.querySelector<HTMLInputElement>("input[type=file]");
  return drop && input && !input.disabled ? { drop, input } : undefined;
}

export function watchFiles(): void {
  document.addEventListener("change", (event) => {
    const found = dropOf(event);
    if (found) tell(found.input);
  });
  // A form that is emptied, and a page that the browser brings back with its fields.
  document.addEventListener("reset", () => window.setTimeout(tellAll));
  window.addEventListener("pageshow", tellAll);

  for (const moment of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(moment, (event) => {
      const found = dropOf(event);
      if (!found || !(event instanceof DragEvent)) return;
      event.preventDefault();
      found.drop.classList.toggle("is-over", moment === "dragover");
      const files = event.dataTransfer?.files;
      if (moment !== "drop" || !files?.length) return;
      // A field for one file takes the first of several.
      const taken = new DataTransfer();
      for (const file of found.input.multiple ? files : Array.from(files).slice(0, 1)) taken.items.add(file);
      found.input.files = taken.files;
      found.input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}

function tellAll(): void {
  document.querySelectorAll<HTMLInputElement>(".file-drop input[type=file]").forEach(tell);
}
