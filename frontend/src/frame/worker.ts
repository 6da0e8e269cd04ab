// The service worker: shell and opened lessons without a network (src/service_worker.ts).

export function registerWorker(): void {
  // Private windows and some in-app browsers have none, or refuse; the academy works without.
  if (!("serviceWorker" in navigator)) return;
  window.addEventListener("load", () => {
    navigator.serviceWorker
      .register("/service-worker.js", { scope: "/" })
      .then(() => navigator.serviceWorker.ready)
      .then((registration) => {
        // The lesson that was opened before the worker was there is kept as well.
        const isLesson = document.querySelector("[data-lesson]") && !document.documentElement.dataset.offlineCopy;
        if (isLesson && !navigator.serviceWorker.controller) registration.active?.postMessage({ keep: location.href });
      })
      .catch(() => undefined);
  });
}
