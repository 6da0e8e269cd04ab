// Short notices above the page; their words stand in components/toasts.html, in the person's language.

export type Toast = "offline" | "failed" | "refused" | "restored" | "online";

/** How long a notice stays that asks for nothing. */
const STAYS_MS = 6000;
const again = new Map<HTMLElement, () => void>();

function close(note: HTMLElement): void {
  note.hidden = true;
  again.delete(note);
}

/** Show a notice; with `retry` its button does that, and the notice stays until it is done or closed. */
export function say(name: Toast, retry?: () => void): void {
  const note = document.getElementById(`toast-${name}`);
  if (!note) return;
  const button = note.querySelector<HTMLButtonElement>("[data-toast-action]");
  if (button) button.hidden = !retry;
  if (retry) again.set(note, retry);
  // Taken out and put back, so that a screen reader says it once more.
  note.hidden = true;
  window.setTimeout(() => {
    note.hidden = false;
  }, 30);
  if (name === "online") window.setTimeout(() => close(note), STAYS_MS);
}

/** Whether a notice stands there with something to try again. */
export function isAsking(name: Toast): boolean {
  const note = document.getElementById(`toast-${name}`);
  return note !== null && again.has(note);
}

export function unsay(...names: Toast[]): void {
  for (const name of names) {
    const note = document.getElementById(`toast-${name}`);
    if (note && !note.hidden) close(note);
  }
}

document.addEventListener("click", (event) => {
  const target = event.target;
  if (!(target instanceof Element)) return;
  const note = target.closest<HTMLElement>(".toast-note");
  if (!note) return;
  if (target.closest("[data-toast-close]")) {
    close(note);
  } else if (target.closest("[data-toast-action]")) {
    const retry = again.get(note);
    close(note);
    retry?.();
  }
});
