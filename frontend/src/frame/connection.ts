// The network comes and goes; an answer that did not come is said, not swallowed, and can be asked for again.
import htmx from "htmx.org";
import { isAsking, say, unsay } from "./toast";

interface Failed {
  elt: HTMLElement;
  xhr?: XMLHttpRequest;
  requestConfig: { verb: Parameters<typeof htmx.ajax>[0]; path: string };
}

/** The same request once more, with what stands in the form by then. */
function retry({ elt, requestConfig: { verb, path } }: Failed): () => void {
  return () => void htmx.ajax(verb, path, { source: elt });
}

export function watchConnection(): void {
  const body = document.body;
  body.addEventListener("htmx:sendError", (event) => {
    say("offline", retry((event as CustomEvent<Failed>).detail));
  });
  body.addEventListener("htmx:timeout", (event) => {
    say("offline", retry((event as CustomEvent<Failed>).detail));
  });
  body.addEventListener("htmx:responseError", (event) => {
    const detail = (event as CustomEvent<Failed>).detail;
    if ((detail.xhr?.status ?? 500) >= 500) say("failed", retry(detail));
    else say("refused");
  });
  body.addEventListener("htmx:afterOnLoad", (event) => {
    const status = (event as CustomEvent<Failed>).detail.xhr?.status ?? 0;
    if (status >= 200 && status < 400) unsay("offline", "failed", "refused");
  });
  // Scripts of a page say so with new CustomEvent("academy:failed", { detail: { retry } }) on the window.
  window.addEventListener("academy:failed", (event) => {
    const detail = (event as CustomEvent<{ retry?: () => void; answered?: boolean } | null>).detail;
    say(detail?.answered ? "failed" : "offline", detail?.retry);
  });
  // … and new CustomEvent("academy:answered") when what had failed has come through.
  window.addEventListener("academy:answered", () => unsay("offline", "failed"));
  // A form sent into nothing would leave the page for the browser's own error. Some in-app browsers believe to be away
  // when they are not: whoever asks a second time is let through.
  const anyway = new WeakSet<HTMLFormElement>();
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (navigator.onLine || !(form instanceof HTMLFormElement) || form.hasAttribute("hx-post")) return;
      if (anyway.has(form) || isAsking("offline")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const by = event.submitter;
      const button = by instanceof HTMLButtonElement || by instanceof HTMLInputElement ? by : undefined;
      say("offline", () => {
        anyway.add(form);
        form.requestSubmit(button);
        anyway.delete(form);
      });
    },
    true,
  );
  let away = false;
  window.addEventListener("offline", () => {
    away = true;
  });
  window.addEventListener("online", () => {
    // A notice that offers to try again stays until that is done.
    if (away && !isAsking("offline")) {
      unsay("offline");
      say("online");
    }
    away = false;
  });
}
