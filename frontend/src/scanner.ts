// Staff and hosts scan personal codes with the camera. Each scan has a number of its own, so that sending it again after
// a lost connection counts once.
import jsQR from "jsqr";

interface Answer {
  outcome: string;
  direction?: string;
  name?: string;
  message?: string;
}

const PAUSE_SECONDS = 2.5;
const FRAME_SECONDS = 0.18;
const RETRY_SECONDS = 2;
const WIDTH = 480;

const root = document.getElementById("scanner");
const video = document.getElementById("scanner-video");
const result = document.getElementById("scanner-result");
const names = document.getElementById("scanner-list");

if (root && result && names && video instanceof HTMLVideoElement) {
  const words = root.dataset;
  const token = root.querySelector<HTMLInputElement>("input[name=csrfmiddlewaretoken]")?.value ?? "";
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let lastCode = "";
  let lastAt = 0;
  let busy = false;

  const nonce = (): string => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };

  const say = (text: string, tone: "" | "is-good" | "is-bad"): void => {
    result.textContent = text;
    result.className = `scanner-result ${tone}`.trim();
  };

  const send = async (code: string, once: string): Promise<Answer> => {
    const body = new URLSearchParams({ code, nonce: once, direction: words.direction ?? "in" });
    let lost = false;
    for (;;) {
      let answered = false;
      try {
        const answer = await fetch(words.url ?? "", {
          method: "POST",
          body,
          headers: { "X-CSRFToken": token, Accept: "application/json" },
        });
        answered = true;
        if (answer.status >= 500) throw new Error(String(answer.status));
        const said = (await answer.json()) as Answer;
        if (lost) window.dispatchEvent(new CustomEvent("academy:answered"));
        return said;
      } catch {
        say(words.lost ?? "", "is-bad");
        // It tries again by itself; the notice of the frame comes once, and its button does not wait.
        await new Promise<void>((done) => {
          window.setTimeout(done, RETRY_SECONDS * 1000);
          if (lost) return;
          window.dispatchEvent(new CustomEvent("academy:failed", { detail: { answered, retry: done } }));
        });
        lost = true;
      }
    }
  };

  const meet = async (code: string): Promise<void> => {
    busy = true;
    const answer = await send(code, nonce());
    const good = answer.outcome !== "refused";
    const done = answer.direction === "out" ? words.doneOut : words.doneIn;
    const who = answer.name || words.stranger || "";
    say(good ? `${who} · ${done ?? ""}` : `${answer.name ?? ""} ${answer.message ?? ""}`.trim(), good ? "is-good" : "is-bad");
    navigator.vibrate?.(good ? 80 : [80, 60, 80]);
    if (good) {
      const item = document.createElement("li");
      const time = document.createElement("span");
      time.textContent = new Date().toTimeString().slice(0, 5);
      item.append(who, time);
      names.prepend(item);
    }
    lastAt = Date.now();
    busy = false;
  };

  const look = (): void => {
    if (busy || !context || video.readyState < video.HAVE_ENOUGH_DATA) return;
    canvas.width = WIDTH;
    canvas.height = Math.round((video.videoHeight / video.videoWidth) * WIDTH);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const picture = context.getImageData(0, 0, canvas.width, canvas.height);
    const found = jsQR(picture.data, picture.width, picture.height, { inversionAttempts: "dontInvert" });
    if (!found?.data) return;
    if (found.data === lastCode && Date.now() - lastAt < PAUSE_SECONDS * 1000) return;
    lastCode = found.data;
    void meet(found.data);
  };

  void (async () => {
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      await video.play();
      window.setInterval(look, FRAME_SECONDS * 1000);
    } catch {
      say(words.noCamera ?? "", "is-bad");
    }
  })();
}
