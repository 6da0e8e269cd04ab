// On every page: htmx, the few Bootstrap behaviours we use, and the menus of the frame.
import "bootstrap/js/dist/alert";
import "bootstrap/js/dist/collapse";
import "bootstrap/js/dist/modal";
import htmx from "htmx.org";
import { watchConnection } from "./frame/connection";
import { watchForms } from "./frame/drafts";
import { watchFiles } from "./frame/files";
import { watchPerson } from "./frame/person";
import { registerWorker } from "./frame/worker";

watchPerson();
watchConnection();

/** The menus of the frame that stand open. */
function openMenus(): HTMLDetailsElement[] {
  return Array.from(document.querySelectorAll<HTMLDetailsElement>("details.menu[open]"));
}

document.addEventListener("click", (event) => {
  for (const menu of openMenus()) {
    if (!menu.contains(event.target as Node)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
  }
});

// A select marked so sends its form at once; without script the form's own button does.
document.addEventListener("change", (event) => {
  const control = event.target;
  if (control instanceof HTMLSelectElement && control.dataset.submit !== undefined) control.form?.requestSubmit();
});

document.addEventListener("click", (event) => {
  const target = event.target;
  if (target instanceof Element && target.closest("[data-print]")) window.print();
});

// A form is sent once, however often the button is pressed; the browser's back button brings it back usable.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !(form instanceof HTMLFormElement) || form.method !== "post") return;
  // A form that answers with a file, or that stays in place, says data-repeat.
  if (form.hasAttribute("hx-post") || form.dataset.repeat !== undefined) return;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "";
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) delete form.dataset.sent;
});

watchFiles();
watchForms();
registerWorker();

export { htmx };
