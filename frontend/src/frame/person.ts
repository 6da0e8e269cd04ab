// Whose page this is. What a browser keeps for one person is never shown to another, and goes with the sign-out.

const KNOWN = "academy-person";
export const LESSONS = "academy-lessons";
const DRAFTS = "draft:";

/** The person who is signed in on this page; empty for a stranger and on error pages. */
export const person = document.body.dataset.person ?? "";

/** Storage is closed in some in-app browsers: then nothing is kept, and nothing fails. */
export function storage(kind: "localStorage" | "sessionStorage"): Storage | null {
  try {
    return window[kind];
  } catch {
    return null;
  }
}

export function drafts(): string[] {
  const store = storage("sessionStorage");
  return store ? Object.keys(store).filter((key) => key.startsWith(DRAFTS)) : [];
}

/** Take away what was kept for whoever used this browser before. */
export function forget(): void {
  const store = storage("sessionStorage");
  for (const key of drafts()) store?.removeItem(key);
  storage("localStorage")?.removeItem(KNOWN);
  if ("caches" in window) void caches.delete(LESSONS);
}

export function watchPerson(): void {
  const store = storage("localStorage");
  if (person) {
    const before = store?.getItem(KNOWN);
    if (before && before !== person) forget();
    store?.setItem(KNOWN, person);
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!event.defaultPrevented && form instanceof HTMLFormElement && /\/logout\/$/.test(form.action)) forget();
  });
}
