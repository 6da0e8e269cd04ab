// A form of the admin is sent only while somebody stands behind it. The editor's fields cannot be put back after a
// new sign-in as those of other pages are (frame/drafts.ts), so the page stays: one signs in beside it, and sends again.

interface Standing {
  /** Who is signed in; empty when nobody is. */
  person: string;
  /** What the next form has to bring along: a new sign-in makes the old one worthless. */
  token: string;
}

const notice = document.querySelector<HTMLDialogElement>("dialog[data-standing]");
/** Forms that have been looked after and go out now. */
const cleared = new WeakSet<HTMLFormElement>();
/** Editors' forms that Wagtail is saving by itself at this moment. */
const saving = new WeakSet<EventTarget>();
/** Forms on their way out: nothing is saved beside them any more. */
const leaving = new WeakSet<EventTarget>();

async function ask(address: string): Promise<Standing> {
  const answer = await fetch(address, { headers: { Accept: "application/json" }, cache: "no-store" });
  // A page instead of an answer: a step of signing in is still open.
  if (answer.redirected) return { person: "", token: "" };
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()) as Standing;
}

function tell(why: "ended" | "other" | "offline"): void {
  if (!notice) return;
  for (const text of notice.querySelectorAll<HTMLElement>("[data-why]")) text.hidden = text.dataset.why !== why;
  for (const link of notice.querySelectorAll<HTMLElement>("[data-sign-in]")) link.hidden = why === "offline";
  if (!notice.open) notice.showModal();
}

/** Wagtail lets a pressed button spin for half a minute; it can be pressed again at once. */
function release(button: HTMLElement | null): void {
  if (!(button instanceof HTMLButtonElement)) return;
  window.setTimeout(() => {
    button.disabled = false;
    if (button.dataset.wProgressLoadingValue) button.dataset.wProgressLoadingValue = "false";
  }, 100);
}

function renew(token: string): void {
  for (const field of document.querySelectorAll<HTMLInputElement>("input[name=csrfmiddlewaretoken]")) field.value = token;
  const settings = (window as { wagtailConfig?: { CSRF_TOKEN?: string } }).wagtailConfig;
  if (settings) settings.CSRF_TOKEN = token;
}

// A new page that saves itself has no address before the server has answered. Sent in that moment, its form would make
// the page a second time.
document.addEventListener("w-autosave:save", (event) => {
  if (!event.target) return;
  if (leaving.has(event.target)) event.preventDefault();
  else saving.add(event.target);
});
for (const name of ["w-autosave:success", "w-autosave:error"]) {
  document.addEventListener(name, (event) => {
    if (event.target) saving.delete(event.target);
  });
}
// Somebody who comes back to the page as it was left goes on writing.
window.addEventListener("pageshow", () => {
  for (const form of document.forms) leaving.delete(form);
});

/** Let what Wagtail is saving by itself reach the server first, and let nothing more begin. */
async function saved(form: HTMLFormElement): Promise<void> {
  leaving.add(form);
  if (!saving.has(form)) return;
  await new Promise<void>((resolve) => {
    const settled = (): void => {
      form.removeEventListener("w-autosave:success", settled);
      form.removeEventListener("w-autosave:error", settled);
      // The form takes on its new address and fields before it says so; other listeners hear it first.
      window.setTimeout(resolve);
    };
    form.addEventListener("w-autosave:success", settled);
    form.addEventListener("w-autosave:error", settled);
  });
}

async function send(form: HTMLFormElement, button: HTMLElement | null): Promise<void> {
  const { standing = "", person = "" } = notice?.dataset ?? {};
  let now: Standing;
  try {
    now = await ask(standing);
  } catch {
    tell("offline");
    release(button);
    return;
  }
  if (now.person !== person) {
    tell(now.person ? "other" : "ended");
    release(button);
    return;
  }
  renew(now.token);
  await saved(form);
  cleared.add(form);
  // A button that spins is disabled, and would not say any more which one it was.
  const waits = button instanceof HTMLButtonElement && button.disabled;
  if (waits) button.disabled = false;
  form.requestSubmit(button);
  if (waits) button.disabled = true;
}

if (notice) {
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (!(form instanceof HTMLFormElement) || form.method !== "post" || form.target) return;
      if (cleared.delete(form)) return;
      // What stands in a window of Wagtail's own (a chooser) asks by itself.
      if (form.closest(".modal")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      void send(form, event.submitter);
    },
    { capture: true },
  );
}

export {};
