// A film is sent in pieces as soon as it was chosen, and goes on after a lost connection, after a reload, or on another day.
import type { Upload } from "tus-js-client";

const PIECE_BYTES = 4 * 1024 * 1024;
/** Short gaps are bridged without a word; longer ones wait until the browser says that the network is back. */
const AGAIN_MS = [0, 1000, 3000, 5000, 10_000, 20_000];

function watch(panel: HTMLElement, input: HTMLInputElement, form: HTMLFormElement): void {
  // Wagtail draws the form's hidden fields at its end.
  const key = form.querySelector<HTMLInputElement>("input[name=upload]");
  const bar = panel.querySelector<HTMLElement>("[data-upload-bar]");
  const words = panel.querySelector<HTMLElement>("[data-upload-words]");
  const endpoint = panel.dataset.upload ?? "";
  let going: Upload | null = null;
  let name = "";

  const say = (kind: string, why = ""): void => {
    if (words) words.textContent = (panel.dataset[kind] ?? "").replace("NAME", name).replace("WHY", why);
  };
  const show = (percent: number): void => {
    if (!bar) return;
    bar.hidden = false;
    const progress = bar.querySelector("progress");
    const text = bar.querySelector<HTMLElement>("[data-upload-percent]");
    if (progress) progress.value = percent;
    if (text) text.textContent = `${Math.floor(percent)}%`;
  };

  async function send(file: File): Promise<void> {
    const tus = await import("tus-js-client");
    void going?.abort();
    name = file.name;
    if (key) key.value = "";
    const token = (): string => form.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ?? "";
    const upload = new tus.Upload(file, {
      endpoint,
      chunkSize: PIECE_BYTES,
      retryDelays: AGAIN_MS,
      metadata: { filename: file.name },
      removeFingerprintOnSuccess: true,
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", token()),
      onProgress: (sent, whole) => {
        say("going");
        show(whole ? (100 * sent) / whole : 0);
      },
      onSuccess: () => {
        going = null;
        show(100);
        if (key) key.value = /([0-9a-f-]{36})\/?$/.exec(upload.url ?? "")?.[1] ?? "";
        // The file is there already: the form need not carry it once more.
        input.value = "";
        input.required = false;
        say("arrived");
      },
      onError: (error) => {
        const answer = "originalResponse" in error ? error.originalResponse : null;
        const status = answer?.getStatus() ?? 0;
        if (status >= 400 && status < 500) {
          going = null;
          say("failed", answer?.getBody() || String(status));
        } else {
          say("waiting");
        }
      },
    });
    going = upload;
    say("going");
    const [before] = await upload.findPreviousUploads();
    if (before) upload.resumeFromPreviousUpload(before);
    upload.start();
  }

  input.addEventListener("change", () => {
    const file = input.files?.[0];
    if (file) void send(file);
  });
  window.addEventListener("offline", () => {
    if (going) say("waiting");
  });
  window.addEventListener("online", () => {
    if (!going) return;
    const upload = going;
    void upload.abort().then(() => upload.start());
  });
  form.addEventListener(
    "submit",
    (event) => {
      if (!going) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (words) words.textContent = panel.dataset.busy ?? "";
      words?.scrollIntoView({ block: "center" });
    },
    { capture: true },
  );

  // What was begun here before the page was loaded anew.
  void import("tus-js-client").then(async (tus) => {
    const [before] = (await tus.defaultOptions.urlStorage.findAllUploads()).filter((one) => one.metadata.filename);
    if (!before || going) return;
    name = before.metadata.filename ?? "";
    say("unfinished");
  });
}

export function watchUploads(): void {
  const panel = document.querySelector<HTMLElement>("[data-upload]");
  const form = panel?.closest("form");
  const input = form?.querySelector<HTMLInputElement>("input[type=file][name=file]");
  if (panel && form && input) watch(panel, input, form);
}
