// What was typed is not lost when a form is sent after the session ended or while the network is away: it is kept in
// this tab until the server has answered with a page that is not the sign-in page, and put back after signing in.
import { drafts, person, storage } from "./person";
import { say } from "./toast";

interface Draft {
  /** The page that holds the form. */
  page: string;
  fields: [name: string, value: string][];
  /** It was sent, but what came back was the sign-in page or no page at all. */
  held: boolean;
}

interface Answered {
  elt: Element;
  successful: boolean;
  xhr: XMLHttpRequest;
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const UNKEPT = new Set(["password", "file", "hidden", "submit", "button", "image", "reset"]);
const here = location.pathname + location.search;

function isKept(form: HTMLFormElement): boolean {
  return (
    (form.method === "post" || form.hasAttribute("hx-post")) &&
    form.dataset.private === undefined &&
    !form.querySelector("input[type=password]") &&
    controls(form).length > 0
  );
}

function controls(form: HTMLFormElement): Control[] {
  return Array.from(form.elements).filter(
    (one): one is Control =>
      (one instanceof HTMLInputElement && !UNKEPT.has(one.type)) ||
      one instanceof HTMLSelectElement ||
      one instanceof HTMLTextAreaElement,
  );
}

/** The same form has the same name after the page was loaded again. */
function keyOf(form: HTMLFormElement): string {
  const target = form.getAttribute("action") || form.getAttribute("hx-post") || "";
  return `draft:${person}:${here}:${form.id || target}`;
}

function values(form: HTMLFormElement): [string, string][] {
  const found: [string, string][] = [];
  for (const control of controls(form)) {
    if (!control.name) continue;
    if (control instanceof HTMLInputElement && (control.type === "checkbox" || control.type === "radio")) {
      if (control.checked) found.push([control.name, control.value]);
    } else if (control instanceof HTMLSelectElement) {
      for (const option of control.selectedOptions) found.push([control.name, option.value]);
    } else {
      found.push([control.name, control.value]);
    }
  }
  return found;
}

function keep(form: HTMLFormElement): void {
  const draft: Draft = { page: here, fields: values(form), held: false };
  try {
    storage("sessionStorage")?.setItem(keyOf(form), JSON.stringify(draft));
  } catch {
    // Full: the form is sent all the same.
  }
}

function read(key: string): Draft | null {
  try {
    return JSON.parse(storage("sessionStorage")?.getItem(key) ?? "null") as Draft | null;
  } catch {
    return null;
  }
}

function put(form: HTMLFormElement, fields: [string, string][]): void {
  for (const control of controls(form)) {
    const mine = fields.filter(([name]) => name === control.name).map(([, value]) => value);
    if (control instanceof HTMLInputElement && (control.type === "checkbox" || control.type === "radio")) {
      control.checked = mine.includes(control.value);
    } else if (control instanceof HTMLSelectElement) {
      for (const option of control.options) option.selected = mine.includes(option.value);
    } else if (mine.length) {
      // Several controls of one name are filled in their order.
      control.value = mine.shift() ?? "";
      const used = fields.findIndex(([name, value]) => name === control.name && value === control.value);
      if (used >= 0) fields.splice(used, 1);
    }
    control.dispatchEvent(new Event("input", { bubbles: true }));
  }
  // What the server picks out again (data-restore names its field) goes along as it was, until its answer stands there.
  for (const place of form.querySelectorAll<HTMLElement>("[data-restore]")) {
    const name = place.dataset.restore ?? "";
    for (const [, value] of fields.filter(([one]) => one === name)) {
      if (place.querySelector(`[name="${name}"][value="${CSS.escape(value)}"]`)) continue;
      const kept = document.createElement("input");
      kept.type = "hidden";
      kept.name = name;
      kept.value = value;
      place.append(kept);
    }
    window.addEventListener("load", () => document.body.dispatchEvent(new Event("restored")));
  }
}

/** The sign-in page or the offline page came instead of an answer: hold what was sent. */
export function hold(): void {
  const store = storage("sessionStorage");
  let page = "";
  for (const key of drafts()) {
    const draft = read(key);
    // One that was held before leads nowhere any more: the person may be on another way by now.
    if (!draft || draft.held) continue;
    page = draft.page;
    store?.setItem(key, JSON.stringify({ ...draft, held: true }));
  }
  const form = document.querySelector<HTMLFormElement>('form[action$="/accounts/login/"]');
  if (!form || !page) return;
  // Back to the page of the form, not to the address that it is sent to.
  let next = form.querySelector<HTMLInputElement>("input[name=next]");
  if (!next) {
    next = document.createElement("input");
    next.type = "hidden";
    next.name = "next";
    form.append(next);
  }
  next.value = page;
}

/** Whether this page follows the sign-in: somebody quick has sent that before its scripts could hold anything. */
function cameIn(): boolean {
  return document.referrer.startsWith(`${location.origin}/accounts/`);
}

/** The server answered a signed-in person: what it took is dropped, what it never got is put back. */
function settle(): void {
  const store = storage("sessionStorage");
  const entry = performance.getEntriesByType("navigation")[0] as PerformanceNavigationTiming | undefined;
  for (const key of drafts()) {
    const draft = read(key);
    if (!draft || !key.startsWith(`draft:${person}:`)) {
      store?.removeItem(key);
    } else if (!draft.held && !cameIn()) {
      // Back by the browser's own button: it brings the fields back itself.
      if (entry?.type !== "back_forward") store?.removeItem(key);
    } else if (draft.page === here) {
      const form = Array.from(document.forms).find((one) => isKept(one) && keyOf(one) === key);
      if (!form) continue;
      put(form, draft.fields.slice());
      const panel = form.closest("details");
      if (panel) panel.open = true;
      store?.removeItem(key);
      say("restored");
    }
  }
}

export function watchForms(): void {
  // A step on the way in (second factor, password again) has no person yet, and is no answer either.
  if (document.body.classList.contains("entrance-page")) hold();
  else if (person) settle();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!person || event.defaultPrevented || !(form instanceof HTMLFormElement) || !isKept(form)) return;
    keep(form);
  });
  // A search inside the form may learn first that the session has ended, and leads to the sign-in page.
  document.body.addEventListener("htmx:beforeOnLoad", (event) => {
    const target = (event as CustomEvent<Answered>).detail.xhr.getResponseHeader("HX-Redirect");
    if (!person || !target?.startsWith("/accounts/")) return;
    for (const form of document.forms) if (isKept(form)) keep(form);
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful, xhr } = (event as CustomEvent<Answered>).detail;
    // An answer to a search inside the form says nothing about the form, which may be on its way meanwhile.
    if (!(elt instanceof HTMLFormElement)) return;
    if (successful && !xhr.getResponseHeader("HX-Redirect")) storage("sessionStorage")?.removeItem(keyOf(elt));
  });
}
