// The screen at the door: shows the code of the moment by the server's clock, and who has arrived. It holds the next
// codes too, so that it goes on through a short loss of the network.

interface Code {
  digits: string;
  from: number;
  until: number;
  qr: string;
}

interface State {
  now: number;
  window: number;
  open: boolean;
  codes: Code[];
  expected: number;
  done: number;
  names: string[];
}

const POLL_SECONDS = 3;
const FRAME_SECONDS = 0.25;

const frame = document.getElementById("code");
const first = document.getElementById("code-state");

function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`#${id} is missing`);
  return found;
}

if (frame && first?.textContent) {
  const stateUrl = frame.dataset.stateUrl ?? "";
  let state = JSON.parse(first.textContent) as State;
  /** What must be added to this machine's clock to have the server's; projectors' clocks are often wrong. */
  let offset = state.now - Date.now() / 1000;
  let shown = "";
  let listed: string[] = [];

  const draw = (): void => {
    const now = Date.now() / 1000 + offset;
    const code = state.codes.find((item) => item.from <= now && now < item.until);
    part("code-closed").hidden = state.open;
    if (!code) {
      // The codes in hand have run out: better none than a wrong one.
      shown = "";
      part("code-digits").textContent = "– – –";
      part("code-qr").replaceChildren();
      return;
    }
    if (code.digits !== shown) {
      shown = code.digits;
      part("code-digits").textContent = `${code.digits.slice(0, 3)} ${code.digits.slice(3)}`;
      part("code-qr").innerHTML = code.qr;
    }
    const left = (code.until - now) / state.window;
    part("code-clock").style.transform = `scaleX(${Math.max(0, Math.min(1, left)).toFixed(3)})`;
  };

  const list = (): void => {
    part("code-done").textContent = String(state.done);
    part("code-expected").textContent = String(state.expected);
    if (state.names.join("\n") === listed.join("\n")) return;
    const known = new Set(listed);
    part("code-names").replaceChildren(
      ...state.names.map((name) => {
        const item = document.createElement("li");
        item.textContent = name;
        if (!known.has(name)) item.className = "is-new";
        return item;
      }),
    );
    listed = state.names;
  };

  const ask = async (): Promise<void> => {
    try {
      const asked = Date.now() / 1000;
      const answer = await fetch(stateUrl, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (answer.redirected || answer.status === 403 || answer.status === 404) {
        window.location.reload();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      state = (await answer.json()) as State;
      const answered = Date.now() / 1000;
      offset = state.now - (asked + answered) / 2;
      part("code-offline").hidden = true;
      list();
    } catch {
      part("code-offline").hidden = false;
    }
  };

  draw();
  list();
  window.setInterval(draw, FRAME_SECONDS * 1000);
  window.setInterval(() => void ask(), POLL_SECONDS * 1000);

  document.getElementById("fullscreen")?.addEventListener("click", () => {
    if (document.fullscreenElement) void document.exitFullscreen();
    else void document.documentElement.requestFullscreen?.();
  });
}

export {};
