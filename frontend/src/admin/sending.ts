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
